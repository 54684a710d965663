// A clock that stands still until it is moved.
#pragma once

#include <atomic>

#include "ledger/clock.h"

namespace ledger::fakes {

/// Thread-safe.
class FakeClock final : public Clock {
 public:
  Timestamp now() override { return Timestamp(std::chrono::microseconds(1) * elapsed_.load()); }
  SteadyTime steady_now() override {
    return SteadyTime(std::chrono::microseconds(elapsed_.load()));
  }

  void advance(std::chrono::microseconds by) { elapsed_ += by.count(); }
  void advance_to(SteadyTime time) {
    const auto target =
        std::chrono::ceil<std::chrono::microseconds>(time.time_since_epoch()).count();
    if (target > elapsed_) elapsed_ = target;
  }

 private:
  std::atomic<std::int64_t> elapsed_{1'000'000'000};
};

}  // namespace ledger::fakes
