// A lock provider behind a circuit breaker. Its public factory is ledger/circuit_breaker.h.
#pragma once

#include <atomic>
#include <memory>

#include "base/mutex.h"
#include "engine/circuit_breaker.h"
#include "ledger/lock_provider.h"

namespace ledger::engine {

/// Thread-safe.
class GuardedLock final : public LockProvider {
 public:
  GuardedLock(std::unique_ptr<LockProvider> inner, const CircuitBreakerOptions& options,
              CircuitCallback on_change, std::shared_ptr<Clock> clock);

  Result<std::unique_ptr<Leases>> acquire(std::span<const AccountId> accounts,
                                          SteadyTime deadline) override LEDGER_EXCLUDES(mutex_);
  [[nodiscard]] bool grants_everything() const noexcept override {
    return inner_->grants_everything();
  }
  [[nodiscard]] std::optional<CircuitState> circuit_state() const noexcept override {
    return state_.load();
  }

 private:
  std::optional<CircuitBreaker::Permit> permit() LEDGER_EXCLUDES(mutex_);
  void report(const CircuitBreaker::Permit& permit, bool failed) LEDGER_EXCLUDES(mutex_);
  /// Under the mutex, so that the changes are told in order.
  void tell_changes() LEDGER_REQUIRES(mutex_);

  const std::unique_ptr<LockProvider> inner_;
  const CircuitCallback on_change_;
  const std::shared_ptr<Clock> clock_;

  base::Mutex mutex_;
  CircuitBreaker breaker_ LEDGER_GUARDED_BY(mutex_);
  std::atomic<CircuitState> state_{
      CircuitState::closed};  ///< the breaker's, for those without mutex
};

}  // namespace ledger::engine
