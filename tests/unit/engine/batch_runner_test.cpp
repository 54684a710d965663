#include "engine/batch_runner.h"

#include <doctest/doctest.h>

#include <deque>
#include <map>
#include <string>

#include "fakes/fake_clock.h"
#include "fakes/faulty_store.h"
#include "fakes/scripted_locks.h"
#include "ledger/memory_store.h"
#include "ledger/no_lock.h"

using namespace std::chrono_literals;
using namespace ledger;
using engine::PendingRequest;
using fakes::Call;
using fakes::Fault;

namespace {

const Currency kUsd = *Currency::iso("USD");

/// A runner over a memory store with world account 1 and accounts 2 and 3, and faults by call.
class Bench {
 public:
  explicit Bench(bool with_locks = false, engine::RunnerOptions options = default_options())
      : store_(make_memory_store(), [this](Call call) { return next_fault(call); }),
        locks_(with_locks ? std::make_unique<fakes::ScriptedLocks>(script) : make_no_lock()),
        runner_(store_, *locks_, clock, engine::Backoff(1ms, 100ms, 1), options) {
    open(1, std::nullopt);
    open(2, 0);
    open(3, 0);
  }

  static engine::RunnerOptions default_options() {
    return {.rules = {}, .lock_wait = 50ms, .resolve_timeout = 200ms};
  }

  PendingRequest transfer(const std::string& key, std::int64_t from, std::int64_t to,
                          MinorUnits amount) {
    return pending(*core::make_operation(
        TransferRequest{key, {{AccountId{from}, AccountId{to}, Amount(amount, kUsd)}}}));
  }

  template <class Request>
  PendingRequest request(Request request) {
    return pending(*core::make_operation(std::move(request)));
  }

  /// Transfers of 10 from 1 to 2 under these keys, all or none, and one of more than 3 has.
  PendingRequest together(const std::vector<std::string>& keys, bool with_a_poor_one = false) {
    core::AtomicRequest group;
    for (const std::string& key : keys)
      group.parts.push_back(transfer(key, 1, 2, 10).operation);
    if (with_a_poor_one) group.parts.push_back(transfer("poor", 3, 2, 1'000'000).operation);
    return pending({.request = std::move(group)});
  }

  void run(std::initializer_list<PendingRequest*> requests) {
    runner_.run(std::span(requests.begin(), requests.size()));
  }

  MinorUnits balance(std::int64_t id) { return (*store_.find_account(AccountId{id}))->balance; }

  std::map<Call, std::deque<std::optional<Fault>>> faults;
  fakes::FakeClock clock;
  std::shared_ptr<fakes::ScriptedLocks::Script> script =
      std::make_shared<fakes::ScriptedLocks::Script>();

 private:
  PendingRequest pending(core::Operation operation) {
    PendingRequest request;
    request.operation = std::move(operation);
    request.deadline = clock.steady_now() + 5s;
    return request;
  }

  void open(std::int64_t id, std::optional<MinorUnits> floor) {
    auto request = pending(*core::make_operation(AccountRequest{.key = "open" + std::to_string(id),
                                                                .currency = kUsd,
                                                                .id = AccountId{id},
                                                                .min_balance = floor},
                                                 true));
    run({&request});
    REQUIRE(std::get<Result<CreatedAccount>>(*request.answer).has_value());
  }

  std::optional<Fault> next_fault(Call call) {
    auto& planned = faults[call];
    if (planned.empty()) return std::nullopt;
    const auto fault = planned.front();
    planned.pop_front();
    return fault;
  }

  fakes::FaultyStore store_;
  std::unique_ptr<LockProvider> locks_;
  engine::BatchRunner runner_;
};

/// Remembers all it is given, and the keys it was asked for.
class FakeCache final : public OutcomeCache {
 public:
  std::vector<JournalRow> find(std::span<const std::string_view> keys) override {
    std::vector<JournalRow> found;
    for (const std::string_view key : keys) {
      for (const JournalRow& row : kept) {
        if (row.key == key) found.push_back(row);
      }
    }
    return found;
  }
  void keep(std::vector<JournalRow> rows) override {
    kept.insert(kept.end(), rows.begin(), rows.end());
  }

  std::vector<JournalRow> kept;
};

engine::RunnerOptions with_cache(OutcomeCache& cache) {
  auto options = Bench::default_options();
  options.cache = &cache;
  return options;
}

const Result<Receipt>& receipt(const PendingRequest& request) {
  REQUIRE(request.answer);
  return std::get<Result<Receipt>>(*request.answer);
}

const engine::Receipts& receipts(const PendingRequest& request) {
  REQUIRE(request.answer);
  return std::get<engine::Receipts>(*request.answer);
}

ErrorCode error(const PendingRequest& request) { return receipt(request).error().code; }

}  // namespace

TEST_CASE("a declined request is answered beside good ones of its batch") {
  Bench bench;
  auto good = bench.transfer("a", 1, 2, 100);
  auto poor = bench.transfer("b", 3, 2, 1);
  auto later = bench.transfer("c", 2, 3, 40);
  bench.run({&good, &poor, &later});
  CHECK(receipt(good).has_value());
  CHECK(error(poor) == ErrorCode::insufficient_funds);
  CHECK(receipt(later)->legs[0].to_balance == 40);
  CHECK(bench.balance(2) == 60);
}

TEST_CASE("requests with one key in one batch move money once") {
  Bench bench;
  auto first = bench.transfer("k", 1, 2, 100);
  auto again = bench.transfer("k", 1, 2, 100);
  auto other = bench.transfer("k", 1, 2, 101);
  bench.run({&first, &again, &other});
  CHECK_FALSE(receipt(first)->replayed);
  CHECK(receipt(again)->replayed);
  CHECK(receipt(again)->id == receipt(first)->id);
  CHECK(error(other) == ErrorCode::key_reused);
  CHECK(bench.balance(2) == 100);
}

TEST_CASE("a conflict pauses the whole batch, and the next attempt succeeds") {
  Bench bench;
  bench.faults[Call::begin] = {Fault{ErrorCode::conflict}};
  bench.faults[Call::commit] = {Fault{ErrorCode::conflict}};
  auto request = bench.transfer("k", 1, 2, 100);
  for (int attempt = 1; attempt <= 2; ++attempt) {
    bench.run({&request});
    REQUIRE_FALSE(request.answer);
    CHECK(request.not_before > bench.clock.steady_now());
    CHECK(request.not_before <= bench.clock.steady_now() + attempt * 1ms);
    bench.clock.advance_to(request.not_before);
  }
  bench.run({&request});
  CHECK(receipt(request).has_value());
  CHECK(bench.balance(2) == 100);
}

TEST_CASE("conflicts until the deadline end as conflict with nothing written") {
  Bench bench;
  bench.faults[Call::commit].assign(10'000, Fault{ErrorCode::conflict});
  auto request = bench.transfer("k", 1, 2, 100);
  int attempts = 0;
  for (; !request.answer; ++attempts) {
    bench.clock.advance_to(request.not_before);
    bench.run({&request});
  }
  CHECK(attempts > 50);
  CHECK(error(request) == ErrorCode::conflict);
  CHECK(bench.balance(2) == 0);
}

TEST_CASE("a store that is away or full answers at once and nothing is written") {
  for (const ErrorCode code : {ErrorCode::store_unavailable, ErrorCode::store_full}) {
    for (const Call call : {Call::begin, Call::commit}) {
      Bench bench;
      bench.faults[call] = {Fault{code}};
      auto request = bench.transfer("k", 1, 2, 100);
      bench.run({&request});
      CHECK(error(request) == code);
      CHECK(receipt(request).error().outcome() == Outcome::not_applied);
      CHECK(bench.balance(2) == 0);
    }
  }
}

TEST_CASE("a commit in doubt that took effect is found out and is no replay") {
  Bench bench;
  bench.faults[Call::commit] = {Fault{ErrorCode::commit_in_doubt, true}};
  auto request = bench.transfer("k", 1, 2, 100);
  auto duplicate = bench.transfer("k", 1, 2, 100);
  auto poor = bench.transfer("p", 3, 2, 1);
  bench.run({&request, &duplicate, &poor});
  CHECK_FALSE(request.answer);
  bench.run({&request, &duplicate, &poor});
  CHECK_FALSE(receipt(request)->replayed);
  CHECK(receipt(duplicate)->replayed);
  CHECK(error(poor) == ErrorCode::insufficient_funds);
  CHECK(bench.balance(2) == 100);
}

TEST_CASE("a commit in doubt that took no effect ends as commit_failed and is not tried again") {
  Bench bench;
  bench.faults[Call::commit] = {Fault{ErrorCode::commit_in_doubt, false}};
  auto request = bench.transfer("k", 1, 2, 100);
  bench.run({&request});
  bench.run({&request});
  CHECK(error(request) == ErrorCode::commit_failed);
  CHECK(receipt(request).error().outcome() == Outcome::not_applied);
  CHECK(bench.balance(2) == 0);
}

TEST_CASE("a commit in doubt that cannot be resolved in time is reported as in doubt") {
  for (const Call away : {Call::settle, Call::find_recorded}) {
    Bench bench;
    bench.faults[Call::commit] = {Fault{ErrorCode::commit_in_doubt, true}};
    bench.faults[away].assign(10'000, Fault{ErrorCode::store_unavailable});
    auto request = bench.transfer("k", 1, 2, 100);
    while (!request.answer) {
      bench.clock.advance_to(request.not_before);
      bench.run({&request});
    }
    CHECK(error(request) == ErrorCode::commit_in_doubt);
    CHECK(receipt(request).error().outcome() == Outcome::in_doubt);

    bench.faults.clear();
    auto retry = bench.transfer("k", 1, 2, 100);
    bench.run({&retry});
    CHECK(receipt(retry)->replayed);
    CHECK(bench.balance(2) == 100);
  }
}

TEST_CASE("a doubtful commit is looked into past the request's own deadline") {
  Bench bench;
  bench.faults[Call::commit] = {Fault{ErrorCode::commit_in_doubt, true}};
  auto request = bench.transfer("k", 1, 2, 100);
  bench.run({&request});
  bench.clock.advance(6s);
  bench.run({&request});
  CHECK(receipt(request).has_value());
}

TEST_CASE("replays of a batch in doubt are answered without waiting for it") {
  Bench bench;
  auto before = bench.transfer("old", 1, 2, 5);
  bench.run({&before});
  bench.faults[Call::commit] = {Fault{ErrorCode::commit_in_doubt, false}};
  auto replay = bench.transfer("old", 1, 2, 5);
  auto fresh = bench.transfer("new", 1, 2, 5);
  bench.run({&replay, &fresh});
  CHECK(receipt(replay)->replayed);
  CHECK_FALSE(fresh.answer);
}

TEST_CASE("a late request is not started") {
  Bench bench;
  auto request = bench.transfer("k", 1, 2, 100);
  bench.clock.advance(5s);
  bench.run({&request});
  CHECK(error(request) == ErrorCode::deadline_exceeded);
  CHECK(bench.balance(2) == 0);
}

TEST_CASE("a refused lease holds up only the requests that need it") {
  Bench bench(true);
  bench.script->refuse = [](AccountId id) { return id == AccountId{3}; };
  auto free = bench.transfer("a", 1, 2, 10);
  auto held = bench.transfer("b", 1, 3, 10);
  bench.run({&free, &held});
  CHECK(receipt(free).has_value());
  CHECK_FALSE(held.answer);

  bench.script->refuse = [](AccountId) { return false; };
  bench.clock.advance_to(held.not_before);
  bench.run({&held});
  CHECK(receipt(held).has_value());
}

TEST_CASE("a lease refused for longer than lock_wait ends as lock_not_granted") {
  Bench bench(true);
  bench.script->refuse = [](AccountId) { return true; };
  auto request = bench.transfer("k", 1, 2, 10);
  const auto start = bench.clock.steady_now();
  while (!request.answer) {
    bench.clock.advance_to(request.not_before);
    bench.run({&request});
  }
  CHECK(error(request) == ErrorCode::lock_not_granted);
  CHECK(bench.clock.steady_now() - start <= 50ms);
}

TEST_CASE("with a lock_wait of zero a refused lease fails at once") {
  auto options = Bench::default_options();
  options.lock_wait = 0ms;
  Bench bench(true, options);
  bench.script->refuse = [](AccountId) { return true; };
  auto request = bench.transfer("k", 1, 2, 10);
  bench.run({&request});
  CHECK(error(request) == ErrorCode::lock_not_granted);
}

TEST_CASE("the ledger goes on without leases while the lock service is down") {
  Bench bench(true);
  bench.script->down = true;
  auto request = bench.transfer("k", 1, 2, 10);
  bench.run({&request});
  CHECK(receipt(request).has_value());
}

TEST_CASE("a replay takes no lease") {
  Bench bench(true);
  auto first = bench.transfer("k", 1, 2, 10);
  bench.run({&first});
  const int calls = bench.script->calls;
  auto again = bench.transfer("k", 1, 2, 10);
  auto other = bench.transfer("k", 1, 2, 11);
  bench.run({&again, &other});
  CHECK(receipt(again)->replayed);
  CHECK(error(other) == ErrorCode::key_reused);
  CHECK(bench.script->calls == calls);
}

TEST_CASE("a cached outcome is answered without the store, the rest goes on to it") {
  FakeCache cache;
  Bench bench(false, with_cache(cache));
  auto first = bench.transfer("k", 1, 2, 100);
  bench.run({&first});
  auto again = bench.transfer("k", 1, 2, 100);
  auto other = bench.transfer("k", 1, 2, 101);
  auto fresh = bench.transfer("fresh", 1, 2, 1);
  bench.faults[Call::begin] = {Fault{ErrorCode::store_unavailable}};
  bench.run({&again, &other, &fresh});
  CHECK(receipt(again)->replayed);
  CHECK(receipt(again)->id == receipt(first)->id);
  CHECK(error(other) == ErrorCode::key_reused);
  CHECK(error(fresh) == ErrorCode::store_unavailable);
}

TEST_CASE("only what is committed for certain is given to the cache") {
  FakeCache cache;
  Bench bench(false, with_cache(cache));
  cache.kept.clear();
  auto request = bench.transfer("k", 1, 2, 100);
  bench.faults[Call::commit] = {Fault{ErrorCode::commit_in_doubt, true},
                                Fault{ErrorCode::conflict}};
  bench.faults[Call::settle] = {Fault{ErrorCode::store_unavailable}};
  bench.run({&request});
  auto refused = bench.transfer("refused", 1, 2, 100);
  bench.run({&refused});
  CHECK(cache.kept.empty());
  auto declined = bench.transfer("declined", 3, 2, 100);
  bench.run({&declined});
  REQUIRE(cache.kept.size() == 1);
  CHECK(cache.kept[0].decline == static_cast<std::uint16_t>(ErrorCode::insufficient_funds));
}

TEST_CASE("a capture's accounts are those of its hold, and need their leases") {
  Bench bench(true);
  auto held = bench.request(
      HoldRequest{.key = "h", .legs = {{AccountId{1}, AccountId{2}, Amount(50, kUsd)}}});
  bench.run({&held});
  const CaptureRequest request{.key = "c", .hold = receipt(held)->id};
  bench.script->refuse = [](AccountId id) { return id == AccountId{2}; };
  auto capture = bench.request(request);
  bench.run({&capture});
  CHECK_FALSE(capture.answer);

  bench.script->refuse = [](AccountId) { return false; };
  bench.clock.advance_to(capture.not_before);
  bench.run({&capture});
  CHECK(receipt(capture)->legs.front().to_balance == 50);
}

TEST_CASE("a store that cannot be asked for a hold fails its capture, and no other request") {
  Bench bench;
  auto held = bench.request(
      HoldRequest{.key = "h", .legs = {{AccountId{1}, AccountId{2}, Amount(50, kUsd)}}});
  bench.run({&held});
  bench.faults[Call::find_transfers] = {Fault{ErrorCode::store_unavailable}};
  auto capture = bench.request(CaptureRequest{.key = "c", .hold = receipt(held)->id});
  auto other = bench.transfer("t", 1, 2, 10);
  bench.run({&capture, &other});
  CHECK(error(capture) == ErrorCode::store_unavailable);
  CHECK(receipt(other).has_value());

  auto again = bench.request(CaptureRequest{.key = "c", .hold = receipt(held)->id});
  bench.run({&again});
  CHECK_FALSE(receipt(again)->replayed);
}

TEST_CASE("a hold that was not there yet is looked for again by the next attempt") {
  Bench bench;
  auto capture = bench.request(CaptureRequest{.key = "c", .hold = TransferId{4}});
  bench.faults[Call::begin] = {Fault{ErrorCode::conflict}};
  bench.run({&capture});
  REQUIRE_FALSE(capture.answer);
  auto held = bench.request(
      HoldRequest{.key = "h", .legs = {{AccountId{1}, AccountId{2}, Amount(50, kUsd)}}});
  bench.run({&held});
  REQUIRE(receipt(held)->id == TransferId{4});
  bench.run({&capture});
  CHECK(receipt(capture).has_value());
}

TEST_CASE("an atomic batch gets one answer for each part, and all again when it is repeated") {
  for (const bool with_locks : {false, true}) {
    Bench bench(with_locks);
    auto group = bench.together({"a", "b"});
    bench.run({&group});
    CHECK(receipts(group)[0]->key == "a");
    CHECK_FALSE(receipts(group)[1]->replayed);
    auto again = bench.together({"a", "b"});
    bench.run({&again});
    CHECK(receipts(again)[0]->replayed);
    CHECK(receipts(again)[1]->replayed);
    CHECK(bench.balance(2) == 20);
  }
}

TEST_CASE("an atomic batch of which a part is known is decided with what is recorded") {
  for (const bool with_locks : {false, true}) {
    Bench bench(with_locks);
    auto single = bench.transfer("a", 1, 2, 10);
    bench.run({&single});
    auto group = bench.together({"a", "b"});
    bench.run({&group});
    CHECK(receipts(group)[0]->replayed);
    CHECK_FALSE(receipts(group)[1]->replayed);
    CHECK(bench.balance(2) == 20);

    auto poor = bench.together({"b", "c"}, true);
    bench.run({&poor});
    CHECK(receipts(poor)[0]->replayed);
    CHECK(receipts(poor)[1].error().code == ErrorCode::atomic_batch_declined);
    CHECK(receipts(poor)[2].error().code == ErrorCode::insufficient_funds);
    CHECK(bench.balance(2) == 20);
  }
}

TEST_CASE("an atomic batch in doubt is found out as a whole") {
  for (const bool took_effect : {true, false}) {
    Bench bench;
    auto known = bench.transfer("a", 1, 2, 10);
    bench.run({&known});
    bench.faults[Call::commit] = {Fault{ErrorCode::commit_in_doubt, took_effect}};
    auto group = bench.together({"a", "b", "c"});
    bench.run({&group});
    REQUIRE_FALSE(group.answer);
    bench.run({&group});
    CHECK(receipts(group)[0]->replayed);
    for (const std::size_t fresh : {1U, 2U}) {
      if (took_effect) {
        CHECK_FALSE(receipts(group)[fresh]->replayed);
      } else {
        CHECK(receipts(group)[fresh].error().code == ErrorCode::commit_failed);
      }
    }
    CHECK(bench.balance(2) == (took_effect ? 30 : 10));
  }
}

TEST_CASE("an atomic batch fails as a whole, and nothing of it is written") {
  Bench bench;
  bench.faults[Call::commit] = {Fault{ErrorCode::store_full}};
  auto group = bench.together({"a", "b"});
  bench.run({&group});
  CHECK(receipts(group)[0].error().code == ErrorCode::store_full);
  CHECK(receipts(group)[1].error().code == ErrorCode::store_full);
  CHECK(bench.balance(2) == 0);
}
