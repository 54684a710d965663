#include "model/hold_race.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <map>
#include <mutex>
#include <random>
#include <set>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "fakes/wall_clock.h"
#include "ledger/ledger.h"
#include "model/translate.h"
#include "model/workload.h"
#include "support/seed.h"

namespace ledger::model {

namespace {

constexpr int kThreads = 16;
constexpr int kPerThread = 200;
constexpr int kHolds = 160;
constexpr int kNearby = 4;  // of the holds that are worked on at a time
constexpr int kKeysPerHold = 12;
constexpr std::int64_t kAccounts = 4;
constexpr MinorUnits kHeld = 100;

const Currency kUsd = Currency::iso("USD").value();

/// What the threads were told, by key: for each the outcomes (an id or a decline) and the receipt.
struct Told {
  std::set<std::string> outcomes{};
  int first_answers = 0;
  std::optional<Receipt> receipt{};
};

/// What became of a hold or a capture, added up from the receipts.
struct Sum {
  MinorUnits moved = 0;
  MinorUnits released = 0;
  int ends = 0;  ///< receipts that leave nothing of a hold
};

class Race {
 public:
  explicit Race(Options options)
      : seed_(testing::test_seed()), clock_(std::make_shared<fakes::WallClock>()) {
    MESSAGE("LEDGER_TEST_SEED=", seed_);
    options.clock = clock_;
    options.expiry_interval = std::chrono::milliseconds(0);
    auto opened = Ledger::open(options);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
    ledger_.emplace(std::move(*opened));
    prepare();
  }

  void run() {
    std::vector<std::thread> threads;
    for (int t = 0; t < kThreads; ++t)
      threads.emplace_back([this, t] { work(static_cast<std::uint64_t>(t)); });
    for (auto& thread : threads)
      thread.join();
    CHECK(ledger_->expire_holds());
    add_up();
    check_holds();
    check_captures();
    check_accounts();
    const auto sound = ledger_->verify();
    CHECK_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message()));
    for (const auto& [what, times] : reached_)
      MESSAGE(what, ": ", times);
    // How the others end is the scheduler's choice.
    for (const char* const what : {"capture", "void", "reversal"})
      CHECK_MESSAGE(reached_[what] > 0, "the race never came to: ", what);
  }

 private:
  void prepare() {
    REQUIRE(ledger_->create_account(
        {.key = "world", .currency = kUsd, .id = AccountId{1}, .min_balance = std::nullopt}));
    for (std::int64_t id = 2; id < 2 + kAccounts; ++id) {
      const auto text = std::to_string(id);
      REQUIRE(
          ledger_->create_account({.key = "open" + text, .currency = kUsd, .id = AccountId{id}}));
      REQUIRE(ledger_->transfer("fund" + text, AccountId{1}, AccountId{id},
                                Amount(kHolds * kHeld, kUsd)));
    }
    for (int i = 0; i < kHolds; ++i) {
      const std::int64_t from = 2 + i % kAccounts;
      HoldRequest request{
          .key = "hold" + std::to_string(i),
          .legs = {{AccountId{from}, AccountId{2 + (i + 1) % kAccounts}, Amount(kHeld, kUsd)}}};
      // A third of them runs out just when the threads, which move the clock, come to it.
      if (i % 3 == 0) {
        const int until = kThreads * kPerThread * i / kHolds;
        request.expires_at = clock_->now() + std::chrono::microseconds(until + 1);
      }
      const auto hold = ledger_->hold(request);
      REQUIRE(hold);
      holds_.push_back(hold->id);
    }
  }

  void work(std::uint64_t thread) {
    std::mt19937_64 random(seed_ + thread);
    for (int i = 0; i < kPerThread; ++i) {
      clock_->advance(std::chrono::microseconds(1));
      const auto roll = random() % 100;
      if (roll < 5) {
        const auto swept = ledger_->expire_holds(1 + random() % 3);
        if (!swept) note(" sweep", swept.error());
      } else if (roll < 15) {
        change_limit(static_cast<std::int64_t>(random()));
      } else if (roll < 45) {
        reverse_some(random());
      } else {
        // All go through the holds in the same order, side by side.
        const int hold = i * kHolds / kPerThread + static_cast<int>(random() % kNearby);
        follow(std::min(hold, kHolds - 1), static_cast<int>(random() % kKeysPerHold));
      }
    }
  }

  /// What is asked is a function of the key, so that every use of a key is a retry.
  void follow(int hold, int number) {
    const auto key = "follow" + std::to_string(hold) + '-' + std::to_string(number);
    const TransferId id = holds_[static_cast<std::size_t>(hold)];
    if (number == 0) return note(key, ledger_->void_hold({.key = key, .hold = id}));
    CaptureRequest request{.key = key, .hold = id};
    if (number > 2) request.amount = Amount(MinorUnits{7} * number, kUsd);
    request.release_rest = number == 3;
    note(key, ledger_->capture(request));
  }

  void reverse_some(std::uint64_t roll) {
    TransferId capture{};
    {
      const std::lock_guard lock(mutex_);
      if (captures_.empty()) return;
      capture = captures_[roll % captures_.size()];
    }
    const auto number = roll / 1000 % 4;
    const auto key = "reverse" + std::to_string(to_int(capture)) + '-' + std::to_string(number);
    ReversalRequest request{.key = key, .transfer = capture};
    if (number > 0) request.amount = Amount(static_cast<MinorUnits>(9 * number), kUsd);
    note(key, ledger_->reverse(request));
  }

  /// Up and down again; whether it can be met is for the ledger to say.
  void change_limit(std::int64_t roll) {
    AccountChange change{.key = "limit" + std::to_string(roll),
                         .account = AccountId{2 + (roll & 0xff) % kAccounts}};
    change.min_balance = std::optional<MinorUnits>((roll & 0xff00) == 0 ? 100 : 0);
    const auto changed = ledger_->update_account(change);
    const std::lock_guard lock(mutex_);
    ++reached_[changed ? "limit changed" : std::string(name(changed.error().code))];
  }

  void note(const std::string& key, const Result<Receipt>& result) {
    const std::lock_guard lock(mutex_);
    Told& told = told_[key];
    const auto outcome =
        result ? std::to_string(to_int(result->id)) : std::string(name(result.error().code));
    const bool known = !told.outcomes.insert(outcome).second;
    told.first_answers += (result ? result->replayed : result.error().replayed) ? 0 : 1;
    ++reached_[result ? model::name(naive_kind(result->kind)) : outcome];
    if (!result || known) return;
    told.receipt = *result;
    if (result->kind == JournalKind::capture) captures_.push_back(result->id);
  }

  void add_up() {
    for (const auto& entry : told_) {
      const std::string& key = entry.first;
      const Told& told = entry.second;
      CAPTURE(key);
      CHECK(told.outcomes.size() == 1);
      CHECK(told.first_answers == 1);
      if (!told.receipt) continue;
      const Receipt& receipt = *told.receipt;
      Sum& sum = sums_[*receipt.refers_to];
      const MinorUnits amount = receipt.legs.front().leg.amount.minor_units();
      if (receipt.kind == JournalKind::void_hold) {
        sum.released += amount;
      } else {
        sum.moved += amount;
      }
      sum.released += receipt.released;
    }
  }

  void check_holds() {
    for (const TransferId id : holds_) {
      CAPTURE(to_int(id));
      const auto hold = ledger_->find_transfer(id);
      REQUIRE(hold);
      Sum sum = sums_[id];
      for (const TransferId follower : hold->followed_by) {
        const auto found = ledger_->find_transfer(follower);
        REQUIRE(found);
        const Receipt& receipt = found->receipt;
        const MinorUnits amount = receipt.legs.front().leg.amount.minor_units();
        const bool lets_go = receipt.kind != JournalKind::capture;
        sum.ends += lets_go || receipt.released > 0 ? 1 : 0;
        if (receipt.kind == JournalKind::expire) sum.released += amount;
        if (receipt.kind == JournalKind::expire) ++reached_["expiry"];
      }
      CHECK(sum.ends <= 1);
      CHECK(hold->state.settled == sum.moved);
      if (hold->state.status == TransferStatus::held) {
        CHECK(sum.released == 0);
        CHECK(sum.moved < kHeld);
        open_rest_ += kHeld - sum.moved;
      } else {
        CHECK(sum.moved + sum.released == kHeld);
      }
    }
  }

  void check_captures() {
    for (const TransferId id : captures_) {
      CAPTURE(to_int(id));
      const auto capture = ledger_->find_transfer(id);
      REQUIRE(capture);
      const MinorUnits captured = capture->receipt.legs.front().leg.amount.minor_units();
      CHECK(sums_[id].moved <= captured);
      CHECK(capture->state.settled == sums_[id].moved);
      CHECK((capture->state.status == TransferStatus::reversed) == (sums_[id].moved == captured));
    }
  }

  void check_accounts() {
    const auto accounts = ledger_->accounts(AccountId{0}, 100);
    REQUIRE(accounts);
    MinorUnits sum = 0;
    MinorUnits held = 0;
    MinorUnits incoming = 0;
    for (const ledger::Account& account : *accounts) {
      sum += account.balance;
      held += account.held;
      incoming += account.incoming;
      if (account.terms.min_balance) CHECK(account.available() >= *account.terms.min_balance);
    }
    CHECK(sum == 0);
    CHECK(held == open_rest_);
    CHECK(incoming == open_rest_);
  }

  std::uint64_t seed_;
  std::shared_ptr<fakes::WallClock> clock_;
  std::optional<Ledger> ledger_;
  std::vector<TransferId> holds_;
  std::mutex mutex_;
  std::map<std::string, Told> told_;
  std::vector<TransferId> captures_;
  std::map<std::string, int> reached_;
  std::map<TransferId, Sum> sums_;
  MinorUnits open_rest_ = 0;
};

}  // namespace

void race_for_holds(Options options) { Race(std::move(options)).run(); }

void work_side_by_side(Options options, int operations) {
  constexpr std::size_t kWorkers = 4;
  const auto seed = testing::test_seed();
  MESSAGE("LEDGER_TEST_SEED=", seed);
  const auto clock = std::make_shared<fakes::WallClock>();
  options.clock = clock;
  options.expiry_interval = std::chrono::milliseconds(0);
  options.currencies = {gem()};
  auto ledger = Ledger::open(options);
  REQUIRE_MESSAGE(ledger.has_value(), ledger.error().message());

  std::array<std::string, kWorkers> wrong;
  std::vector<std::thread> threads;
  for (std::size_t t = 0; t < kWorkers; ++t) {
    threads.emplace_back([&, t] {
      const Scope scope{.prefix = "worker-" + std::to_string(t) + '-',
                        .first_account = 1 + static_cast<std::int64_t>(t) * 1'000'000'000,
                        .alone = false};
      try {
        Workload workload(*ledger, *clock, {.seed = seed + t, .scope = scope});
        while (workload.operations() * static_cast<std::int64_t>(kWorkers) < operations)
          workload.step();
        workload.finish();
      } catch (const Disagreement& disagreement) {
        wrong[t] = disagreement.what();
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  for (const std::string& what : wrong)
    CHECK(what == "");
  const auto sound = ledger->verify();
  CHECK_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message()));
}

}  // namespace ledger::model
