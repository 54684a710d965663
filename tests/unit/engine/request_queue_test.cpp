#include "engine/request_queue.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace std::chrono_literals;
using namespace ledger;
using engine::PendingRequest;
using engine::RequestQueue;

namespace {

const SteadyTime kStart{1000s};

PendingRequest pending(std::size_t key_size = 1) {
  const Amount amount(1, *Currency::iso("USD"));
  PendingRequest request;
  request.operation = *core::make_operation(
      TransferRequest{std::string(key_size, 'k'), {{AccountId{1}, AccountId{2}, amount}}});
  request.deadline = kStart + 5s;
  return request;
}

}  // namespace

TEST_CASE("requests are taken in order of arrival, up to the batch's limit") {
  RequestQueue queue({.queued_requests = 10, .batch_requests = 2, .batch_bytes = 1 << 20});
  auto a = pending();
  auto b = pending();
  auto c = pending();
  REQUIRE(queue.push(&a));
  REQUIRE(queue.push(&b));
  REQUIRE(queue.push(&c));
  CHECK(queue.take_batch(kStart) == std::vector{&a, &b});
  CHECK(queue.head() == &c);
  CHECK(queue.take_batch(kStart) == std::vector{&c});
  CHECK_FALSE(queue.has_ready(kStart));
}

TEST_CASE("a full queue refuses the next request") {
  RequestQueue queue({.queued_requests = 1, .batch_requests = 1, .batch_bytes = 1 << 20});
  auto a = pending();
  auto b = pending();
  CHECK(queue.push(&a));
  CHECK_FALSE(queue.push(&b));
  static_cast<void>(queue.take_batch(kStart));
  CHECK(queue.push(&b));
}

TEST_CASE("a batch is capped by bytes, but one larger request still goes alone") {
  auto small = pending(1);
  auto large = pending(250);
  RequestQueue queue(
      {.queued_requests = 10, .batch_requests = 10, .batch_bytes = small.operation.bytes() * 2});
  REQUIRE(queue.push(&small));
  REQUIRE(queue.push(&large));
  REQUIRE(queue.push(&small));
  CHECK(queue.take_batch(kStart) == std::vector{&small});
  CHECK(queue.take_batch(kStart) == std::vector{&large});
  CHECK(queue.take_batch(kStart) == std::vector{&small});
}

TEST_CASE("a paused request is taken when its time has come, before those that came later") {
  RequestQueue queue({.queued_requests = 10, .batch_requests = 10, .batch_bytes = 1 << 20});
  auto paused = pending();
  auto longer = pending();
  auto fresh = pending();
  paused.not_before = kStart + 10ms;
  longer.not_before = kStart + 20ms;
  queue.push_paused(&longer);
  queue.push_paused(&paused);
  CHECK(queue.next_ready() == kStart + 10ms);
  CHECK_FALSE(queue.has_ready(kStart));
  REQUIRE(queue.push(&fresh));
  CHECK(queue.take_batch(kStart + 10ms) == std::vector{&paused, &fresh});
  CHECK(queue.any_paused() == &longer);
}

TEST_CASE("late requests are removed wherever they wait, but not those in doubt") {
  RequestQueue queue({.queued_requests = 10, .batch_requests = 10, .batch_bytes = 1 << 20});
  auto ready = pending();
  auto paused = pending();
  auto doubtful = pending();
  auto young = pending();
  paused.not_before = kStart + 10s;
  doubtful.not_before = kStart + 10s;
  doubtful.resolve_deadline = kStart + 20s;
  young.deadline = kStart + 6s;
  REQUIRE(queue.push(&ready));
  REQUIRE(queue.push(&young));
  queue.push_paused(&paused);
  queue.push_paused(&doubtful);
  CHECK(queue.next_deadline() == kStart + 5s);
  CHECK(queue.take_expired(kStart + 4s).empty());
  CHECK(queue.take_expired(kStart + 5s) == std::vector{&ready, &paused});
  CHECK(queue.next_deadline() == kStart + 6s);
  CHECK(queue.take_expired(kStart + 6s) == std::vector{&young});
  CHECK_FALSE(queue.next_deadline());
  CHECK(queue.any_paused() == &doubtful);
}

TEST_CASE("requests that keep conflicting are taken in smaller batches, at last alone") {
  RequestQueue queue({.queued_requests = 100, .batch_requests = 16, .batch_bytes = 1 << 20});
  std::vector<PendingRequest> requests(20, pending());
  const auto batch_size = [&](std::size_t conflicts) {
    for (auto& request : requests) {
      request.conflicts = conflicts;
      REQUIRE(queue.push(&request));
    }
    const auto size = queue.take_batch(kStart).size();
    while (queue.has_ready(kStart))
      static_cast<void>(queue.take_batch(kStart));
    return size;
  };
  CHECK(batch_size(0) == 16);
  CHECK(batch_size(3) == 16);
  CHECK(batch_size(4) == 8);
  CHECK(batch_size(6) == 2);
  CHECK(batch_size(7) == 1);
  CHECK(batch_size(1000) == 1);
}

TEST_CASE("a request that keeps conflicting does not join a batch of others") {
  RequestQueue queue({.queued_requests = 100, .batch_requests = 16, .batch_bytes = 1 << 20});
  auto fresh = pending();
  auto poisoned = pending();
  poisoned.conflicts = 50;
  REQUIRE(queue.push(&fresh));
  REQUIRE(queue.push(&poisoned));
  CHECK(queue.take_batch(kStart) == std::vector{&fresh});
  CHECK(queue.take_batch(kStart) == std::vector{&poisoned});
}
