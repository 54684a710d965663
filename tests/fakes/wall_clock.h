// A wall clock that stands still until it is moved, beside the machine's steady clock.
#pragma once

#include <atomic>

#include "ledger/clock.h"

namespace ledger::fakes {

/// For ledgers over servers, whose stores wait in real time. Thread-safe.
class WallClock final : public Clock {
 public:
  Timestamp now() override { return Timestamp(std::chrono::microseconds(elapsed_.load())); }
  SteadyTime steady_now() override { return std::chrono::steady_clock::now(); }

  void advance(std::chrono::microseconds by) { elapsed_ += by.count(); }

 private:
  std::atomic<std::int64_t> elapsed_{1'000'000'000};
};

}  // namespace ledger::fakes
