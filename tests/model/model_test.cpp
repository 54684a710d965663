// The real ledger against the naive one: a seeded random workload, one request at a time and in
// batches; each answer and, at the end, each balance must agree.
#include <doctest/doctest.h>

#include <map>
#include <random>
#include <string>
#include <vector>

#include "ledger/ledger.h"
#include "model/naive_ledger.h"
#include "support/seed.h"
#include "support/temp_folder.h"

using namespace ledger;
using model::NaiveLedger;
using model::NaiveLeg;

namespace {

constexpr std::int64_t kAccounts = 12;  // ids from 1; a few more are named and do not exist

class Workload {
 public:
  /// Most accounts are there from the start, so that every result is within reach of any seed.
  Workload(Ledger& ledger, std::uint64_t seed) : ledger_(ledger), random_(seed) {
    for (std::int64_t id = 1; id <= kAccounts - 2; ++id) {
      open_account(id, id > 8 ? "EUR" : "USD", "first-" + std::to_string(id));
    }
  }

  void step() {
    const auto kind = pick(0, 99);
    if (kind < 4)
      return open_account(pick(1, kAccounts), pick(0, 1) ? "EUR" : "USD", new_or_used_key());
    if (kind < 60) return check(make_transfer());
    submit();
  }

  void check_balances() {
    for (const auto& [id, expected] : naive_.accounts) {
      const auto account = ledger_.account(AccountId{id});
      REQUIRE(account);
      CHECK(account->balance == static_cast<MinorUnits>(expected.balance));
      CHECK(account->version == expected.entries);
    }
    const auto sound = ledger_.verify();
    CHECK_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message()));
  }

  /// What the workload reached; a result that it never met was never tested.
  std::map<std::string, int> reached;

 private:
  struct Planned {
    TransferRequest request;
    NaiveLedger::Answer expected;
  };

  std::int64_t pick(std::int64_t low, std::int64_t high) {
    return std::uniform_int_distribution<std::int64_t>(low, high)(random_);
  }

  std::string new_or_used_key() {
    if (!used_keys_.empty() && pick(0, 9) < 3) {
      return used_keys_[static_cast<std::size_t>(pick(0, std::ssize(used_keys_) - 1))];
    }
    used_keys_.push_back("key-" + std::to_string(used_keys_.size()));
    return used_keys_.back();
  }

  void open_account(std::int64_t id, const std::string& currency, const std::string& key) {
    NaiveLedger::Account account{.currency = currency, .floor = 0, .ceiling = {}};
    if (id <= 4) account.floor.reset();
    if (id == 5) account.floor = -500;
    if (id == 6) account.ceiling = 1000;
    const auto expected = naive_.open(key, id, account);
    const auto actual = ledger_.create_account({.key = key,
                                                .currency = *Currency::iso(currency),
                                                .id = AccountId{id},
                                                .min_balance = account.floor,
                                                .max_balance = account.ceiling});
    compare(expected, actual ? Error{} : actual.error(), actual && actual->replayed);
  }

  NaiveLeg random_leg() {
    NaiveLeg leg{pick(1, kAccounts + 1), pick(1, kAccounts + 1), pick(1, 400),
                 pick(0, 9) == 0 ? "EUR" : "USD"};
    if (leg.to == leg.from) leg.to = leg.from % kAccounts + 1;
    if (pick(0, 19) == 0) leg.amount = INT64_MAX - pick(0, 5);
    return leg;
  }

  Planned make_transfer() {
    const auto key = new_or_used_key();
    auto& legs = legs_of_[key];
    // A used key mostly comes with the request it came with before, as a retry does.
    if (legs.empty() || pick(0, 3) == 0) {
      legs.clear();
      const auto count = pick(0, 4) == 0 ? pick(2, 5) : 1;
      for (std::int64_t i = 0; i < count; ++i)
        legs.push_back(random_leg());
    }
    TransferRequest request{.key = key};
    for (const auto& leg : legs) {
      request.legs.push_back({AccountId{leg.from}, AccountId{leg.to},
                              Amount(leg.amount, *Currency::iso(leg.currency))});
    }
    return {std::move(request), naive_.transfer(key, legs)};
  }

  void check(const Planned& planned) {
    const auto actual = ledger_.transfer(planned.request);
    compare(planned.expected, actual ? Error{} : actual.error(), actual && actual->replayed);
  }

  void submit() {
    std::vector<TransferRequest> requests;
    std::vector<NaiveLedger::Answer> expected;
    for (auto left = pick(1, 40); left > 0; --left) {
      auto planned = make_transfer();
      requests.push_back(std::move(planned.request));
      expected.push_back(planned.expected);
    }
    const auto actual = ledger_.submit(requests);
    REQUIRE(actual.size() == expected.size());
    for (std::size_t i = 0; i < actual.size(); ++i) {
      compare(expected[i], actual[i] ? Error{} : actual[i].error(),
              actual[i] && actual[i]->replayed);
    }
  }

  void compare(const NaiveLedger::Answer& expected, const Error& error, bool replayed) {
    const bool ok = error.code == ErrorCode{};
    REQUIRE(expected.result == (ok ? "ok" : name(error.code)));
    REQUIRE(expected.replayed == (ok ? replayed : error.replayed));
    ++reached[expected.result + (expected.replayed ? " (replayed)" : "")];
  }

  Ledger& ledger_;
  NaiveLedger naive_;
  std::mt19937_64 random_;
  std::vector<std::string> used_keys_;
  std::map<std::string, std::vector<NaiveLeg>> legs_of_;
};

void agree(const Options& options, int steps) {
  const auto seed = testing::test_seed();
  MESSAGE("LEDGER_TEST_SEED=", seed);
  auto ledger = Ledger::open(options);
  REQUIRE(ledger);
  Workload workload(*ledger, seed);
  for (int i = 0; i < steps; ++i)
    workload.step();
  workload.check_balances();

  for (const std::string result :
       {"ok", "ok (replayed)", "key_reused", "account_exists", "from_account_not_found",
        "to_account_not_found", "currency_mismatch", "insufficient_funds",
        "insufficient_funds (replayed)", "balance_limit_exceeded", "balance_overflow"}) {
    CHECK_MESSAGE(workload.reached[result] > 0, "the workload never reached: ", result);
  }
}

}  // namespace

TEST_CASE("the ledger in memory agrees with a naive one") {
  agree({.store = "memory:"}, testing::test_count("LEDGER_TEST_MODEL_STEPS", 4000));
}

TEST_CASE("the ledger in memory with in-process locks agrees with a naive one") {
  agree({.store = "memory:", .locks = "in-process"},
        testing::test_count("LEDGER_TEST_MODEL_STEPS", 4000));
}

TEST_CASE("the ledger in SQLite agrees with a naive one") {
  const testing::TempFolder folder;
  agree({.store = "sqlite:" + folder.file("model.db")},
        testing::test_count("LEDGER_TEST_MODEL_STEPS", 1500));
}
