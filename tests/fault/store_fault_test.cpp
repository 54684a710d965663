// The store fails at call N, before or after its effect, for every N: whatever the caller is told
// is true, and a retry with the same key ends in exactly one effect.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "fakes/faulty_store.h"
#include "ledger/in_process_lock.h"
#include "ledger/ledger.h"
#include "ledger/memory_store.h"
#include "ledger/no_lock.h"

using namespace std::chrono_literals;
using namespace ledger;
using fakes::Call;
using fakes::Fault;

namespace {

const Currency kUsd = *Currency::iso("USD");
const std::vector<TransferRequest> kTransfers{
    {"a", {{AccountId{1}, AccountId{2}, Amount(100, kUsd)}}},
    {"b",
     {{AccountId{2}, AccountId{3}, Amount(60, kUsd)},
      {AccountId{3}, AccountId{1}, Amount(5, kUsd)}}},
    {"poor", {{AccountId{2}, AccountId{3}, Amount(60, kUsd)}}},
    {"c", {{AccountId{3}, AccountId{2}, Amount(50, kUsd)}}},
};
/// Leave the balances as they are: the second moves what the first had moved back.
const std::vector<TransferRequest> kTogether{
    {"d", {{AccountId{1}, AccountId{2}, Amount(7, kUsd)}}},
    {"e", {{AccountId{2}, AccountId{1}, Amount(7, kUsd)}}},
};

/// Fails the N-th call it is armed for, and counts calls.
struct FaultAt {
  int armed_for = 0;
  int calls = 0;
  Fault fault{};
  std::optional<Fault> operator()() {
    return ++calls == armed_for ? std::optional(fault) : std::nullopt;
  }
};

class Scenario {
 public:
  Scenario(int fail_at, Fault fault, bool with_locks) {
    auto store = std::make_unique<fakes::FaultyStore>(make_memory_store(),
                                                      [this](Call call) { return plan(call); });
    auto ledger = Ledger::open({.resolve_timeout = 0ms, .expiry_interval = 0ms}, std::move(store),
                               with_locks ? make_in_process_lock() : make_no_lock());
    REQUIRE(ledger);
    ledger_.emplace(std::move(*ledger));
    for (std::int64_t id = 1; id <= 3; ++id) {
      REQUIRE(ledger_->create_account(
          {.key = "open" + std::to_string(id),
           .currency = kUsd,
           .id = AccountId{id},
           .min_balance = id == 1 ? std::nullopt : std::optional<MinorUnits>(0)}));
    }
    at_ = {.armed_for = fail_at, .fault = fault};
  }

  /// Each transfer until it is answered for good; false when no fault was met.
  bool play() {
    for (const auto& request : kTransfers) {
      const auto told =
          retry_until_decided(request.key, [&] { return ledger_->transfer(request); });
      CHECK(told.has_value() == (request.key != "poor"));
    }
    hold_capture_and_reverse();
    for (const auto& result : retry_until_decided("d", [&] { return submit_together(); }))
      CHECK(result.has_value());
    const bool met = at_.calls >= at_.armed_for;
    at_ = {};
    check_books();
    return met;
  }

 private:
  std::optional<Fault> plan(Call call) {
    auto fault = at_();
    // Only a commit can leave doubt behind it, and only after its effect can it have had any.
    if (fault && call != Call::commit) {
      fault->after_effect = false;
      if (fault->code == ErrorCode::commit_in_doubt) fault->code = ErrorCode::store_unavailable;
    }
    return fault;
  }

  /// Moves 30 from 2 to 3 and back, by way of a hold of which 10 are released.
  void hold_capture_and_reverse() {
    const auto held = retry_until_decided("hold", [&] {
      return ledger_->hold(
          {.key = "hold", .legs = {{AccountId{2}, AccountId{3}, Amount(40, kUsd)}}});
    });
    const auto captured = retry_until_decided("capture", [&] {
      return ledger_->capture(
          {.key = "capture", .hold = held->id, .amount = Amount(30, kUsd), .release_rest = true});
    });
    const auto back = retry_until_decided(
        "back", [&] { return ledger_->reverse({.key = "back", .transfer = captured->id}); });
    CHECK(back->legs.front().leg.amount == Amount(30, kUsd));
  }

  std::vector<Result<Receipt>> submit_together() {
    return ledger_->submit(kTogether, BatchMode::atomic);
  }

  static const Result<Receipt>& first_of(const Result<Receipt>& result) { return result; }
  static const Result<Receipt>& first_of(const std::vector<Result<Receipt>>& results) {
    return results.front();
  }

  template <class Ask>
  auto retry_until_decided(const std::string& key, Ask ask) -> decltype(ask()) {
    for (int attempt = 0; attempt < 5; ++attempt) {
      auto told = ask();
      const Result<Receipt>& first = first_of(told);
      if (first || first.error().outcome() == Outcome::declined) return told;
      if (first.error().outcome() == Outcome::not_applied) {
        CHECK(ledger_->resolve(key).error().code == ErrorCode::key_not_found);
      }
    }
    FAIL("not decided after five attempts: ", key);
    return ask();
  }

  void check_books() {
    CHECK(ledger_->account(AccountId{1})->balance == -95);
    CHECK(ledger_->account(AccountId{2})->balance == 90);
    CHECK(ledger_->account(AccountId{3})->balance == 5);
    CHECK(ledger_->resolve("poor").error().code == ErrorCode::insufficient_funds);
    const auto sound = ledger_->verify();
    CHECK_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message()));
  }

  FaultAt at_;
  std::optional<Ledger> ledger_;
};

void fail_at_every_call(Fault fault, bool with_locks) {
  int n = 1;
  while (Scenario(n, fault, with_locks).play())
    ++n;
  CHECK(n > 16);  // eight requests of at least two calls each were failed one by one
}

}  // namespace

TEST_CASE("a store that is away at call N, for every N, costs a retry and nothing else") {
  fail_at_every_call({ErrorCode::store_unavailable}, false);
  fail_at_every_call({ErrorCode::store_unavailable}, true);
}

TEST_CASE("a conflict at call N, for every N, costs a retry and nothing else") {
  fail_at_every_call({ErrorCode::conflict}, false);
  fail_at_every_call({ErrorCode::conflict}, true);
}

TEST_CASE("a commit in doubt at call N, for every N, before its effect, ends in one effect") {
  fail_at_every_call({ErrorCode::commit_in_doubt, false}, false);
  fail_at_every_call({ErrorCode::commit_in_doubt, false}, true);
}

TEST_CASE("a commit in doubt at call N, for every N, after its effect, ends in one effect") {
  fail_at_every_call({ErrorCode::commit_in_doubt, true}, false);
  fail_at_every_call({ErrorCode::commit_in_doubt, true}, true);
}

// The checks above must be able to fail: a store that lies about a commit breaks them.
TEST_CASE("a store that reports a commit as failed after its effect is caught") {
  auto lie = std::optional<Fault>();
  auto store = std::make_unique<fakes::FaultyStore>(
      make_memory_store(), [&](Call call) { return call == Call::commit ? lie : std::nullopt; });
  auto ledger = Ledger::open({}, std::move(store), make_no_lock());
  REQUIRE(ledger);
  REQUIRE(ledger->create_account(
      {.key = "o", .currency = kUsd, .id = AccountId{1}, .min_balance = {}}));
  REQUIRE(ledger->create_account({.key = "p", .currency = kUsd, .id = AccountId{2}}));
  lie = Fault{ErrorCode::store_unavailable, true};
  const auto told = ledger->transfer(kTransfers[0]);
  REQUIRE_FALSE(told);
  CHECK(told.error().outcome() == Outcome::not_applied);
  CHECK(ledger->resolve("a").has_value());  // what retry_until_decided() would have flagged
}
