#include "engine/guarded_lock.h"

#include <utility>

namespace ledger {

namespace engine {

GuardedLock::GuardedLock(std::unique_ptr<LockProvider> inner, const CircuitBreakerOptions& options,
                         CircuitCallback on_change, std::shared_ptr<Clock> clock)
    : inner_(std::move(inner)),
      on_change_(std::move(on_change)),
      clock_(std::move(clock)),
      breaker_(options) {}

Result<std::unique_ptr<Leases>> GuardedLock::acquire(std::span<const AccountId> accounts,
                                                     SteadyTime deadline) {
  const auto permitted = permit();
  if (!permitted) {
    return Error{ErrorCode::store_unavailable, "the lock service failed and is left alone"};
  }
  auto leases = inner_->acquire(accounts, deadline);
  report(*permitted, !leases);
  return leases;
}

std::optional<CircuitBreaker::Permit> GuardedLock::permit() {
  base::MutexLock lock(mutex_);
  auto permitted = breaker_.permit(clock_->steady_now());
  tell_changes();
  return permitted;
}

void GuardedLock::report(const CircuitBreaker::Permit& permit, bool failed) {
  base::MutexLock lock(mutex_);
  breaker_.report(permit, failed, clock_->steady_now());
  tell_changes();
}

void GuardedLock::tell_changes() {
  if (breaker_.state() == state_.load()) return;
  state_.store(breaker_.state());
  if (on_change_) on_change_(breaker_.state());
}

}  // namespace engine

std::unique_ptr<LockProvider> make_guarded_lock(std::unique_ptr<LockProvider> inner,
                                                const CircuitBreakerOptions& options,
                                                CircuitCallback on_change,
                                                std::shared_ptr<Clock> clock) {
  return std::make_unique<engine::GuardedLock>(std::move(inner), options, std::move(on_change),
                                               clock ? std::move(clock) : system_clock());
}

}  // namespace ledger
