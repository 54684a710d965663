#include "ledger/ledger.h"

#include <doctest/doctest.h>

#include <atomic>
#include <functional>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "fakes/fake_clock.h"
#include "fakes/faulty_store.h"
#include "ledger/memory_store.h"
#include "ledger/no_lock.h"

using namespace std::chrono_literals;
using namespace ledger;

namespace {

const Currency kUsd = *Currency::iso("USD");
const AccountId kWorld{1};
const AccountId kAda{2};
const AccountId kBen{3};

Amount usd(MinorUnits units) { return {units, kUsd}; }

void open_accounts(Ledger& ledger) {
  REQUIRE(ledger.create_account(
      {.key = "world", .currency = kUsd, .id = kWorld, .min_balance = std::nullopt}));
  REQUIRE(ledger.create_account({.key = "ada", .currency = kUsd, .id = kAda}));
  REQUIRE(ledger.create_account({.key = "ben", .currency = kUsd, .id = kBen}));
}

Ledger open_ledger(Options options = {}) {
  options.store = "memory:";
  auto ledger = Ledger::open(std::move(options));
  REQUIRE(ledger);
  open_accounts(*ledger);
  return std::move(*ledger);
}

/// A store whose begin() waits at a gate, so that a test can fill the queue behind a batch.
struct Gate {
  std::promise<void> open;
  std::shared_future<void> opened = open.get_future().share();
  std::atomic<int> arrivals{0};
};

Ledger open_gated(const std::shared_ptr<Gate>& gate,
                  const std::shared_ptr<std::atomic<bool>>& closed, Options options = {}) {
  auto store = std::make_unique<fakes::FaultyStore>(
      make_memory_store(), [gate, closed](fakes::Call call) -> std::optional<fakes::Fault> {
        if (call == fakes::Call::begin && *closed) {
          ++gate->arrivals;
          gate->opened.wait();
        }
        return std::nullopt;
      });
  auto ledger = Ledger::open(std::move(options), std::move(store), make_no_lock());
  REQUIRE(ledger);
  open_accounts(*ledger);
  *closed = true;
  return std::move(*ledger);
}

void wait_until(const std::function<bool()>& condition) {
  while (!condition())
    std::this_thread::sleep_for(1ms);
}

}  // namespace

TEST_CASE("a transfer moves money once, and its retry replays the receipt") {
  auto ledger = open_ledger();
  const auto first = ledger.transfer("k", kWorld, kAda, usd(100));
  REQUIRE(first);
  CHECK_FALSE(first->replayed);
  const auto again = ledger.transfer("k", kWorld, kAda, usd(100));
  REQUIRE(again);
  CHECK(again->replayed);
  CHECK(again->id == first->id);
  CHECK(again->legs == first->legs);
  CHECK(again->recorded_at == first->recorded_at);
  CHECK(ledger.account(kAda)->balance == 100);
  CHECK(ledger.account(kWorld)->balance == -100);
  CHECK(ledger.verify());
}

TEST_CASE("a declined transfer stays declined when there is money later") {
  auto ledger = open_ledger();
  CHECK(ledger.transfer("k", kAda, kBen, usd(1)).error().code == ErrorCode::insufficient_funds);
  REQUIRE(ledger.transfer("fund", kWorld, kAda, usd(100)));
  const auto again = ledger.transfer("k", kAda, kBen, usd(1));
  REQUIRE_FALSE(again);
  CHECK(again.error().code == ErrorCode::insufficient_funds);
  CHECK(again.error().replayed);
  CHECK(ledger.account(kBen)->balance == 0);
}

TEST_CASE("without record_declines the same key may succeed later") {
  auto ledger = open_ledger({.record_declines = false});
  CHECK_FALSE(ledger.transfer("k", kAda, kBen, usd(1)));
  REQUIRE(ledger.transfer("fund", kWorld, kAda, usd(100)));
  CHECK(ledger.transfer("k", kAda, kBen, usd(1)));
}

TEST_CASE("resolve tells what became of a key") {
  auto ledger = open_ledger();
  REQUIRE(ledger.transfer("paid", kWorld, kAda, usd(5)));
  CHECK_FALSE(ledger.transfer("poor", kBen, kAda, usd(5)));
  CHECK(ledger.resolve("paid")->replayed);
  CHECK(ledger.resolve("poor").error().code == ErrorCode::insufficient_funds);
  CHECK(ledger.resolve("poor").error().replayed);
  CHECK(ledger.resolve("none").error().code == ErrorCode::key_not_found);
  CHECK(ledger.resolve("ada").error().code == ErrorCode::key_reused);
  CHECK(ledger.resolve("").error().code == ErrorCode::invalid_key);
}

TEST_CASE("an account's opening is replayed as it was, and its key serves nothing else") {
  auto ledger = open_ledger();
  const AccountRequest request{.key = "new", .currency = kUsd, .max_balance = 500};
  const auto first = ledger.create_account(request);
  REQUIRE(first);
  CHECK(first->account.id == AccountId{4});
  REQUIRE(ledger.transfer("fund", kWorld, first->account.id, usd(7)));
  const auto again = ledger.create_account(request);
  REQUIRE(again);
  CHECK(again->replayed);
  CHECK(again->account == first->account);
  CHECK(ledger.create_account({.key = "new", .currency = kUsd}).error().code ==
        ErrorCode::key_reused);
  CHECK(ledger.transfer("new", kWorld, kAda, usd(1)).error().code == ErrorCode::key_reused);
  CHECK(ledger.create_account({.key = "dup", .currency = kUsd, .id = kAda}).error().code ==
        ErrorCode::account_exists);
}

TEST_CASE("a currency of one's own is used once it is registered") {
  const auto points = *Currency::custom("POINTS", 0);
  auto plain = open_ledger();
  CHECK(plain.create_account({.key = "p", .currency = points}).error().code ==
        ErrorCode::unknown_currency);
  auto ledger = open_ledger({.currencies = {points}});
  CHECK(*ledger.currency("POINTS") == points);
  CHECK(ledger.create_account({.key = "p", .currency = points}));
  const auto other_scale = *Currency::custom("POINTS", 2);
  CHECK(ledger.create_account({.key = "q", .currency = other_scale}).error().code ==
        ErrorCode::unknown_currency);
}

TEST_CASE("accounts are listed in order of id, page by page") {
  auto ledger = open_ledger();
  const auto first = ledger.accounts(AccountId{0}, 2);
  REQUIRE(first->size() == 2);
  CHECK(first->back().id == kAda);
  const auto second = ledger.accounts(kAda, 2);
  REQUIRE(second->size() == 1);
  CHECK(second->front().id == kBen);
  CHECK(ledger.account(AccountId{99}).error().code == ErrorCode::account_not_found);
}

TEST_CASE("submit answers each request in order, malformed and declined ones too") {
  auto ledger = open_ledger({.max_batch_requests = 2});
  const auto request = [](const char* key, AccountId from, AccountId to, MinorUnits units) {
    return TransferRequest{key, {{from, to, usd(units)}}};
  };
  const std::vector<TransferRequest> requests{
      request("a", kWorld, kAda, 100), request("", kWorld, kAda, 1),
      request("b", kAda, kBen, 101),   request("c", kAda, kBen, 100),
      request("a", kWorld, kAda, 100), request("d", kBen, kBen, 1)};
  const auto results = ledger.submit(requests);
  REQUIRE(results.size() == 6);
  CHECK(results[0]);
  CHECK(results[1].error().code == ErrorCode::invalid_key);
  CHECK(results[2].error().code == ErrorCode::insufficient_funds);
  CHECK(results[3]);
  CHECK(results[4]->replayed);
  CHECK(results[5].error().code == ErrorCode::same_account);
  CHECK(ledger.submit(std::span<const TransferRequest>()).empty());
}

TEST_CASE("transfer_async answers every request, and closing waits for them") {
  constexpr int kRequests = 500;
  std::atomic<int> succeeded{0};
  {
    auto ledger = open_ledger();
    for (int i = 0; i < kRequests; ++i) {
      ledger.transfer_async({std::to_string(i), {{kWorld, kAda, usd(1)}}},
                            [&](const Result<Receipt>& result) { succeeded += result ? 1 : 0; });
    }
  }
  CHECK(succeeded == kRequests);
}

TEST_CASE("a callback may send the next asynchronous transfer") {
  auto ledger = open_ledger();
  std::promise<MinorUnits> done;
  std::function<void(int)> send = [&](int left) {
    ledger.transfer_async({"n" + std::to_string(left), {{kWorld, kAda, usd(1)}}},
                          [&, left](const Result<Receipt>& result) {
                            if (left > 1) return send(left - 1);
                            done.set_value(result->legs[0].to_balance);
                          });
  };
  send(10);
  CHECK(done.get_future().get() == 10);
}

TEST_CASE("asynchronous and blocking callers share one queue") {
  auto ledger = open_ledger();
  std::atomic<int> answered{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 4; ++t) {
    threads.emplace_back([&, t] {
      for (int i = 0; i < 200; ++i) {
        const auto key = std::to_string(t) + "-" + std::to_string(i);
        ledger.transfer_async({key + "a", {{kWorld, kAda, usd(1)}}},
                              [&](const Result<Receipt>& r) { answered += r ? 1 : 0; });
        answered += ledger.transfer(key + "b", kWorld, kAda, usd(1)) ? 1 : 0;
      }
    });
  }
  for (auto& thread : threads)
    thread.join();
  wait_until([&] { return answered == 1600; });
  CHECK(ledger.account(kAda)->balance == 1600);
}

TEST_CASE("requests that arrive during a commit are committed together") {
  auto gate = std::make_shared<Gate>();
  auto closed = std::make_shared<std::atomic<bool>>(false);
  auto ledger = open_gated(gate, closed);
  std::atomic<int> answered{0};
  const auto send = [&](const std::string& key) {
    ledger.transfer_async({key, {{kWorld, kAda, usd(1)}}},
                          [&](const Result<Receipt>& r) { answered += r ? 1 : 0; });
  };
  send("first");
  wait_until([&] { return gate->arrivals == 1; });
  for (int i = 0; i < 100; ++i)
    send(std::to_string(i));
  gate->open.set_value();
  wait_until([&] { return answered == 101; });
  CHECK(gate->arrivals == 2);
}

TEST_CASE("a full queue refuses at once, and a request that waits too long is not applied") {
  auto gate = std::make_shared<Gate>();
  auto closed = std::make_shared<std::atomic<bool>>(false);
  auto ledger = open_gated(
      gate, closed, {.max_batch_requests = 2, .max_queued_requests = 2, .request_timeout = 200ms});
  auto running = std::async(std::launch::async,
                            [&] { return ledger.transfer("running", kWorld, kAda, usd(1)); });
  wait_until([&] { return gate->arrivals == 1; });
  auto late =
      std::async(std::launch::async, [&] { return ledger.transfer("late", kWorld, kAda, usd(2)); });
  std::promise<ErrorCode> late_async;
  ledger.transfer_async({"late2", {{kWorld, kAda, usd(4)}}}, [&](const Result<Receipt>& result) {
    late_async.set_value(result ? ErrorCode{} : result.error().code);
  });
  // Answered while the store still hangs.
  CHECK(late.get().error().code == ErrorCode::deadline_exceeded);
  CHECK(late_async.get_future().get() == ErrorCode::deadline_exceeded);

  std::vector<std::future<Result<Receipt>>> waiting;
  std::atomic<int> full{0};
  for (int i = 0; i < 5; ++i) {
    ledger.transfer_async({"w" + std::to_string(i), {{kWorld, kAda, usd(8)}}},
                          [&](const Result<Receipt>& result) {
                            if (!result && result.error().code == ErrorCode::queue_full) ++full;
                          });
  }
  CHECK(full == 3);
  gate->open.set_value();
  CHECK(running.get());
}

TEST_CASE("each option out of range is refused by its name") {
  const std::vector<std::pair<Options, std::string>> cases{
      {{.store = "mysql:x"}, "store"},
      {{.store = "sqlite:"}, "store"},
      {{.store = "memory:", .locks = "redis"}, "locks"},
      {{.store = "memory:", .max_batch_requests = 0}, "max_batch_requests"},
      {{.store = "memory:", .max_batch_requests = 100'001}, "max_batch_requests"},
      {{.store = "memory:", .max_batch_bytes = 0}, "max_batch_bytes"},
      {{.store = "memory:", .max_queued_requests = 1}, "max_queued_requests"},
      {{.store = "memory:", .request_timeout = 0ms}, "request_timeout"},
      {{.store = "memory:", .resolve_timeout = -1ms}, "resolve_timeout"},
      {{.store = "memory:", .lock_wait = -1ms}, "lock_wait"},
      {{.store = "memory:", .min_backoff = 0ms}, "min_backoff"},
      {{.store = "memory:", .min_backoff = 200ms}, "min_backoff"},
      {{.store = "memory:",
        .currencies = {*Currency::custom("GOLD", 2), *Currency::custom("GOLD", 3)}},
       "currencies"},
  };
  for (const auto& [options, named] : cases) {
    const auto& field = named;  // clang 14 captures no structured binding
    CAPTURE(field);
    const auto ledger = Ledger::open(options);
    REQUIRE_FALSE(ledger);
    CHECK(ledger.error().code == ErrorCode::invalid_option);
    CHECK(ledger.error().detail.find(field) != std::string::npos);
  }
}

TEST_CASE("a hold whose time has come is released by itself") {
  auto clock = std::make_shared<fakes::FakeClock>();
  auto ledger = open_ledger({.expiry_interval = 1ms, .clock = clock});
  REQUIRE(ledger.transfer("in", kWorld, kAda, usd(100)));
  const auto held = ledger.hold({.key = "h",
                                 .legs = {{kAda, kBen, usd(60)}},
                                 .expires_at = clock->now() + std::chrono::seconds(10)});
  REQUIRE(held);
  CHECK(ledger.account(kAda)->available() == 40);
  clock->advance(10s);
  wait_until([&] { return ledger.account(kAda)->available() == 100; });
  CHECK(ledger.find_transfer(held->id)->state.status == TransferStatus::expired);
  CHECK(ledger.verify());
}

TEST_CASE("holds are released on demand, as many as asked for") {
  auto clock = std::make_shared<fakes::FakeClock>();
  auto ledger = open_ledger({.expiry_interval = 0ms, .clock = clock});
  REQUIRE(ledger.transfer("in", kWorld, kAda, usd(100)));
  for (const char* key : {"a", "b", "c"}) {
    REQUIRE(ledger.hold({.key = key,
                         .legs = {{kAda, kBen, usd(10)}},
                         .expires_at = clock->now() + std::chrono::seconds(10)}));
  }
  CHECK(*ledger.expire_holds() == 0);
  clock->advance(10s);
  CHECK(*ledger.expire_holds(2) == 2);
  CHECK(ledger.account(kAda)->held == 10);
  CHECK(*ledger.expire_holds() == 1);
  CHECK(*ledger.expire_holds() == 0);
}

TEST_CASE("requests of every kind can be submitted together") {
  auto ledger = open_ledger();
  REQUIRE(ledger.transfer("in", kWorld, kAda, usd(100)));
  const auto held = ledger.hold({.key = "h", .legs = {{kAda, kBen, usd(60)}}});
  REQUIRE(held);
  const std::vector<Request> requests{
      CaptureRequest{.key = "c", .hold = held->id, .amount = usd(20)},
      VoidRequest{.key = "v", .hold = held->id},
      VoidRequest{.key = "w", .hold = TransferId{0}},
      ReversalRequest{.key = "r", .transfer = held->id},
      HoldRequest{.key = "i", .legs = {{kBen, kAda, usd(20)}}},
      TransferRequest{.key = "t", .legs = {{kAda, kBen, usd(80)}}}};
  const auto results = ledger.submit(requests);
  REQUIRE(results.size() == requests.size());
  CHECK(results[0]->kind == JournalKind::capture);
  CHECK(results[1]->kind == JournalKind::void_hold);
  CHECK(results[2].error().code == ErrorCode::invalid_transfer_id);
  CHECK(results[3].error().code == ErrorCode::not_reversible);
  CHECK(results[4]->kind == JournalKind::hold);
  CHECK(results[5]->legs.front().to_balance == 100);
  CHECK(ledger.verify());
}

TEST_CASE("an atomic batch is one commit, however small the commits are to be") {
  auto ledger = open_ledger({.max_batch_requests = 2});
  std::vector<TransferRequest> requests;
  for (int i = 0; i < 9; ++i)
    requests.push_back({"t" + std::to_string(i), {{kWorld, kAda, usd(1)}}});
  requests.push_back({"poor", {{kBen, kAda, usd(1)}}});
  const auto declined = ledger.submit(requests, BatchMode::atomic);
  REQUIRE(declined.size() == 10);
  CHECK(declined[0].error().code == ErrorCode::atomic_batch_declined);
  CHECK(declined[9].error().code == ErrorCode::insufficient_funds);
  CHECK(ledger.account(kAda)->balance == 0);

  requests.pop_back();
  for (auto& request : requests)
    request.key += " again";
  for (const auto& result : ledger.submit(requests, BatchMode::atomic))
    CHECK(result.has_value());
  CHECK(ledger.account(kAda)->balance == 9);
}

TEST_CASE("a change of an account is idempotent by its key") {
  auto ledger = open_ledger();
  AccountChange change{.key = "limit", .account = kAda};
  change.min_balance.emplace(-50);
  const auto first = ledger.update_account(change);
  REQUIRE(first);
  CHECK(first->account.terms.min_balance == -50);
  CHECK(first->account.version == 1);
  REQUIRE(ledger.transfer("spend", kAda, kBen, usd(50)));
  const auto again = ledger.update_account(change);
  REQUIRE(again);
  CHECK(again->replayed);
  CHECK(again->account == first->account);
  change.min_balance.emplace(0);
  CHECK(ledger.update_account(change).error().code == ErrorCode::key_reused);
  CHECK(ledger.resolve("limit").error().code == ErrorCode::key_reused);
}

TEST_CASE("an account is found by its reference") {
  auto ledger = open_ledger();
  REQUIRE(ledger.create_account({.key = "k", .currency = kUsd, .reference = "customer-1"}));
  CHECK(ledger.account_by_reference("customer-1")->id == AccountId{4});
  // What is no reference is one of nothing, and no store is asked for it.
  for (const std::string_view other : {std::string_view("customer-2"), std::string_view(),
                                       std::string_view("\xff"), std::string_view("a\0b", 3)}) {
    CHECK(ledger.account_by_reference(other).error().code == ErrorCode::account_not_found);
    CHECK(ledger.transfers_by_reference(other, TransferId{0}, 10)->empty());
  }
}
