// When to leave a failing service alone, and when to try it again.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/circuit_breaker.h"
#include "ledger/clock.h"

namespace ledger::engine {

/// A plain state machine: it is told the time, starts no thread and never sleeps. Not thread-safe.
class CircuitBreaker {
 public:
  /// Leave for one call. Calls that were let through before the last change of state are out of
  /// date: what becomes of them says nothing about the service now.
  struct Permit {
    std::uint64_t generation;
    SteadyTime began;
  };

  explicit CircuitBreaker(const CircuitBreakerOptions& options);

  /// Nothing: the call must not be made. Each permit must be given back to report().
  std::optional<Permit> permit(SteadyTime now);
  void report(const Permit& permit, bool failed, SteadyTime now);

  [[nodiscard]] CircuitState state() const noexcept { return state_; }

 private:
  void note(bool bad, SteadyTime now);
  [[nodiscard]] bool is_too_bad() const;
  void enter(CircuitState state);
  void open(SteadyTime now);

  const CircuitBreakerOptions options_;
  CircuitState state_ = CircuitState::closed;
  std::uint64_t generation_ = 0;

  // While closed: the last calls, a ring of options_.window.
  std::vector<bool> bad_;
  std::size_t calls_ = 0;
  std::size_t bad_count_ = 0;
  std::size_t bad_in_a_row_ = 0;

  // While open.
  std::chrono::milliseconds open_for_;
  SteadyTime try_at_{};
};

}  // namespace ledger::engine
