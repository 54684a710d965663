// Many threads, few accounts, shared keys: whatever the interleaving, the books are sound, each key
// has one outcome, and all who asked with it got the same.
#include <doctest/doctest.h>

#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger.h"
#include "model/agreement.h"
#include "model/hold_race.h"
#include "support/seed.h"
#include "support/temp_folder.h"

using namespace ledger;

namespace {

constexpr int kThreads = 64;
constexpr int kPerThread = 60;
constexpr int kKeys = kThreads * kPerThread / 4;  // each key is used about four times
constexpr std::int64_t kAccounts = 8;
constexpr MinorUnits kFunds = 1000;

const Currency kUsd = *Currency::iso("USD");

/// What all requests with one key were told.
struct Told {
  std::set<std::string> outcomes;  // transfer id or decline
  int first_answers = 0;           // not marked as replays
};

/// The request is a function of its key, so that every use of the key is a retry.
TransferRequest request_of(int key) {
  std::mt19937 random(static_cast<unsigned>(key));
  const std::int64_t from = 2 + static_cast<std::int64_t>(random() % kAccounts);
  const std::int64_t to =
      2 + (from - 2 + 1 + static_cast<std::int64_t>(random() % (kAccounts - 1))) % kAccounts;
  return {"key-" + std::to_string(key),
          {{AccountId{from}, AccountId{to},
            Amount(static_cast<MinorUnits>(1 + random() % 400), kUsd)}}};
}

void open_accounts(Ledger& ledger) {
  REQUIRE(ledger.create_account(
      {.key = "world", .currency = kUsd, .id = AccountId{1}, .min_balance = std::nullopt}));
  for (std::int64_t id = 2; id < 2 + kAccounts; ++id) {
    const auto text = std::to_string(id);
    REQUIRE(ledger.create_account({.key = "open" + text, .currency = kUsd, .id = AccountId{id}}));
    REQUIRE(ledger.transfer("fund" + text, AccountId{1}, AccountId{id}, Amount(kFunds, kUsd)));
  }
}

void storm(const Options& options) {
  const auto seed = testing::test_seed();
  MESSAGE("LEDGER_TEST_SEED=", seed);
  auto opened = Ledger::open(options);
  REQUIRE(opened);
  Ledger& ledger = *opened;
  open_accounts(ledger);

  std::mutex mutex;
  std::map<int, Told> told;
  const auto note = [&](int key, const Result<Receipt>& result) {
    const std::lock_guard lock(mutex);
    Told& told_of = told[key];
    told_of.outcomes.insert(result ? std::to_string(to_int(result->id))
                                   : std::string(name(result.error().code)));
    told_of.first_answers += (result ? result->replayed : result.error().replayed) ? 0 : 1;
  };
  std::vector<std::thread> threads;
  for (int t = 0; t < kThreads; ++t) {
    threads.emplace_back([&, t] {
      std::mt19937_64 random(seed + static_cast<std::uint64_t>(t));
      for (int i = 0; i < kPerThread; ++i) {
        const int key = static_cast<int>(random() % kKeys);
        note(key, ledger.transfer(request_of(key)));
      }
    });
  }
  for (auto& thread : threads)
    thread.join();

  int committed = 0;
  for (const auto& [number, told_of] : told) {
    const auto key = number;  // clang 14 captures no structured binding
    CAPTURE(key);
    CHECK(told_of.outcomes.size() == 1);
    CHECK(told_of.first_answers == 1);
    const auto recorded = ledger.resolve("key-" + std::to_string(key));
    committed += recorded ? 1 : 0;
    CHECK(*told_of.outcomes.begin() == (recorded ? std::to_string(to_int(recorded->id))
                                                 : std::string(name(recorded.error().code))));
  }
  std::int64_t entries = 0;
  MinorUnits sum = 0;
  const auto accounts = ledger.accounts(AccountId{0}, 100);
  REQUIRE(accounts);
  for (const Account& account : *accounts) {
    entries += account.version;
    sum += account.balance;
  }
  CHECK(sum == 0);
  CHECK(entries == 2 * (committed + kAccounts));
  const auto sound = ledger.verify();
  CHECK_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message()));
}

}  // namespace

TEST_CASE("64 threads with shared keys on one SQLite ledger leave sound books") {
  const testing::TempFolder folder;
  storm({.store = "sqlite:" + folder.file("storm.db")});
}

TEST_CASE("64 threads with shared keys on one ledger in memory leave sound books") {
  storm({.store = "memory:"});
}

TEST_CASE("64 threads with shared keys and in-process locks leave sound books") {
  const testing::TempFolder folder;
  storm({.store = "sqlite:" + folder.file("storm.db"), .locks = "in-process"});
}

TEST_CASE("64 threads and one transaction per transfer leave sound books") {
  const testing::TempFolder folder;
  storm({.store = "sqlite:" + folder.file("storm.db"), .max_batch_requests = 1});
}

TEST_CASE("captures, voids, reversals and expiries that race in memory give nothing out twice") {
  model::race_for_holds({.store = "memory:"});
}

TEST_CASE("captures, voids, reversals and expiries that race in SQLite give nothing out twice") {
  const testing::TempFolder folder;
  model::race_for_holds({.store = "sqlite:" + folder.file("race.db")});
}

TEST_CASE("threads side by side on a ledger in memory each agree with a naive one") {
  model::work_side_by_side({.store = "memory:"}, model::operations_to_make());
}

TEST_CASE("threads side by side on a ledger in SQLite each agree with a naive one") {
  const testing::TempFolder folder;
  model::work_side_by_side({.store = "sqlite:" + folder.file("side.db")},
                           model::fewer_operations_to_make());
}
