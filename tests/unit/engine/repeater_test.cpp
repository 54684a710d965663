#include "engine/repeater.h"

#include <doctest/doctest.h>

#include <atomic>
#include <chrono>

using namespace std::chrono_literals;
using ledger::engine::Repeater;

TEST_CASE("a repeater calls again and again, until it is destroyed") {
  std::atomic<int> calls{0};
  {
    const Repeater repeater(1ms, [&] {
      ++calls;
      calls.notify_all();
    });
    for (int seen = calls; seen < 3; seen = calls)
      calls.wait(seen);
  }
  const int after = calls;
  CHECK(after >= 3);
  CHECK(calls == after);
}

TEST_CASE("a repeater without an interval never calls") {
  std::atomic<int> calls{0};
  {
    const Repeater repeater(0ms, [&] { ++calls; });
  }
  CHECK(calls == 0);
}

TEST_CASE("destroying a repeater does not wait for its interval to pass") {
  std::atomic<bool> called{false};
  {
    const Repeater repeater(24h, [&] {
      called = true;
      called.notify_all();
    });
    called.wait(false);
  }
  CHECK(called);
}
