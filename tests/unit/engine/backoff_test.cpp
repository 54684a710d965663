#include "engine/backoff.h"

#include <doctest/doctest.h>

using namespace std::chrono_literals;
using ledger::engine::Backoff;

TEST_CASE("a pause doubles from attempt to attempt up to the longest, with jitter of one half") {
  Backoff backoff(1ms, 100ms, 42);
  for (std::size_t attempt = 1; attempt <= 70; ++attempt) {
    const auto most = attempt <= 7 ? 1ms * (1 << (attempt - 1)) : 100ms;
    for (int i = 0; i < 20; ++i) {
      const std::chrono::nanoseconds pause = backoff.pause(attempt);
      CHECK(pause >= most / 2);
      CHECK(pause <= most);
    }
  }
}

TEST_CASE("pauses differ, and the same seed gives the same ones") {
  Backoff one(1ms, 100ms, 7);
  Backoff same(1ms, 100ms, 7);
  Backoff other(1ms, 100ms, 8);
  bool differs = false;
  for (int i = 0; i < 10; ++i) {
    const auto pause = one.pause(5);
    CHECK(pause == same.pause(5));
    differs = differs || pause != other.pause(5);
  }
  CHECK(differs);
}
