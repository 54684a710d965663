// The lock port. Locks make hot accounts fast; they are never what makes the ledger right.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "ledger/account.h"
#include "ledger/circuit_state.h"
#include "ledger/clock.h"
#include "ledger/export.h"
#include "ledger/result.h"

namespace ledger {

/// The leases of one batch. Destroying it releases them, and only its own: a lease that ran out and
/// was granted to another holder is left alone. Destroying never blocks on a network.
class LEDGER_EXPORT Leases {
 public:
  virtual ~Leases();
  /// The accounts that another holder has, sorted. All others that were asked for are granted.
  [[nodiscard]] virtual const std::vector<AccountId>& refused() const = 0;
};

/// Grants leases on accounts. All methods may be called from any thread. A provider that grants
/// everything is correct; one that dies, forgets or lies costs conflicts in the store and no money.
class LEDGER_EXPORT LockProvider {
 public:
  virtual ~LockProvider();

  /// Asks for all of `accounts` (sorted, unique) at once and waits for none: what another holder
  /// has is in Leases::refused(), and the engine decides how to go on. Fails with
  /// store_unavailable when the service cannot be asked before `deadline`; the engine then goes on
  /// without leases.
  [[nodiscard]] virtual Result<std::unique_ptr<Leases>> acquire(std::span<const AccountId> accounts,
                                                                SteadyTime deadline) = 0;

  /// True when acquire() refuses nothing and costs nothing. The engine then spares the look-up of
  /// keys that otherwise comes before it (a replay must not wait for a lease).
  [[nodiscard]] virtual bool grants_everything() const noexcept { return false; }

  /// What the circuit breaker of a provider that has one (make_guarded_lock) is doing; nothing for
  /// the others. Never blocks. It is for people and monitors: the engine does not ask.
  [[nodiscard]] virtual std::optional<CircuitState> circuit_state() const noexcept {
    return std::nullopt;
  }
};

}  // namespace ledger
