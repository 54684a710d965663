#include "ledger/clock.h"

namespace ledger {
namespace {

class SystemClock final : public Clock {
 public:
  Timestamp now() override {
    return std::chrono::time_point_cast<std::chrono::microseconds>(
        std::chrono::system_clock::now());
  }
  SteadyTime steady_now() override { return std::chrono::steady_clock::now(); }
};

}  // namespace

Clock::~Clock() = default;

std::shared_ptr<Clock> system_clock() {
  static const auto clock = std::make_shared<SystemClock>();
  return clock;
}

}  // namespace ledger
