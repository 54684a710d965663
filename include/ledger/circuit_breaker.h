// A breaker in front of a lock service: one that is away or slow is left alone for a while.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>

#include "ledger/circuit_state.h"
#include "ledger/clock.h"
#include "ledger/export.h"
#include "ledger/lock_provider.h"

namespace ledger {

/// When a breaker opens and closes. A call is *bad* when it fails or takes longer than slow_call.
struct CircuitBreakerOptions {
  /// This many bad calls in a row open it. Default 3. Fewer leave a service sooner that only
  /// stumbled; more make that many batches wait for the call's time-out.
  std::size_t bad_in_a_row = 3;

  /// Of this many last calls, the percentage of bad ones that opens it, too: a service that answers
  /// every other call never fails three times in a row. Defaults 20 calls and 50 %.
  std::size_t window = 20;
  std::size_t bad_percent = 50;

  /// A call above this is bad although it was answered. Default 100 ms: slower than what the leases
  /// save. Raise it when batches are large and the service is far away.
  std::chrono::milliseconds slow_call{100};

  /// How long it stays open before one call may try; doubled after each such call that was bad, up
  /// to max_open_for. Defaults 1 s and 8 s. A call that tries may cost its batch the whole
  /// time-out.
  std::chrono::milliseconds open_for{1000};
  std::chrono::milliseconds max_open_for{8000};
};

/// Told of each change of state: one at a time, in order, by the thread whose call brought it
/// about. It must be quick, must not throw, and must not call the provider, save circuit_state().
using CircuitCallback = std::function<void(CircuitState)>;

/// A provider that passes calls on to `inner` while it is well, and fails them with
/// store_unavailable at once while the breaker is open. What was granted stays granted.
/// Thread-safe, as every provider is.
///
/// `clock`: nullptr is the machine's; give it the ledger's. REQUIRES: options.window and
/// options.bad_in_a_row above zero.
LEDGER_EXPORT std::unique_ptr<LockProvider> make_guarded_lock(
    std::unique_ptr<LockProvider> inner, const CircuitBreakerOptions& options = {},
    CircuitCallback on_change = nullptr, std::shared_ptr<Clock> clock = nullptr);

}  // namespace ledger
