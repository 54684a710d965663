// Where the ledger takes time from.
#pragma once

#include <chrono>
#include <memory>

#include "ledger/export.h"

namespace ledger {

/// A point in UTC, to the microsecond (what Postgres keeps).
using Timestamp = std::chrono::sys_time<std::chrono::microseconds>;

/// A point on a clock that never goes back; only differences mean anything.
using SteadyTime = std::chrono::steady_clock::time_point;

/// Time, as a port: tests inject their own. No invariant depends on it; it stamps journal rows and
/// measures deadlines. Implementations must be safe to call from any thread.
class LEDGER_EXPORT Clock {
 public:
  virtual ~Clock();
  [[nodiscard]] virtual Timestamp now() = 0;
  [[nodiscard]] virtual SteadyTime steady_now() = 0;
};

/// The machine's clocks.
LEDGER_EXPORT std::shared_ptr<Clock> system_clock();

}  // namespace ledger
