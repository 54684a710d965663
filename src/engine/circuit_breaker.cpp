#include "engine/circuit_breaker.h"

#include <algorithm>

namespace ledger {

std::string_view name(CircuitState state) noexcept {
  switch (state) {
    case CircuitState::closed:
      return "closed";
    case CircuitState::open:
      return "open";
    case CircuitState::half_open:
      return "half_open";
  }
  return "unknown";
}

}  // namespace ledger

namespace ledger::engine {

CircuitBreaker::CircuitBreaker(const CircuitBreakerOptions& options)
    : options_(options), bad_(options.window), open_for_(options.open_for) {}

std::optional<CircuitBreaker::Permit> CircuitBreaker::permit(SteadyTime now) {
  if (state_ == CircuitState::half_open) return std::nullopt;
  if (state_ == CircuitState::open) {
    if (now < try_at_) return std::nullopt;
    enter(CircuitState::half_open);
  }
  return Permit{generation_, now};
}

void CircuitBreaker::report(const Permit& permit, bool failed, SteadyTime now) {
  if (permit.generation != generation_) return;
  const bool bad = failed || now - permit.began > options_.slow_call;
  if (state_ == CircuitState::closed) {
    note(bad, now);
  } else if (bad) {
    open_for_ = std::min(2 * open_for_, std::max(options_.open_for, options_.max_open_for));
    open(now);
  } else {
    open_for_ = options_.open_for;
    enter(CircuitState::closed);
  }
}

void CircuitBreaker::note(bool bad, SteadyTime now) {
  const std::size_t place = calls_ % bad_.size();
  bad_count_ -= bad_[place] ? 1 : 0;
  bad_count_ += bad ? 1 : 0;
  bad_[place] = bad;
  ++calls_;
  bad_in_a_row_ = bad ? bad_in_a_row_ + 1 : 0;
  if (is_too_bad()) open(now);
}

/// The percentage counts once the window is full: of the first two calls one bad one is no sign.
bool CircuitBreaker::is_too_bad() const {
  if (bad_in_a_row_ >= options_.bad_in_a_row) return true;
  return calls_ >= bad_.size() && bad_count_ * 100 >= options_.bad_percent * bad_.size() &&
         bad_count_ > 0;
}

void CircuitBreaker::open(SteadyTime now) {
  try_at_ = now + open_for_;
  enter(CircuitState::open);
}

void CircuitBreaker::enter(CircuitState state) {
  state_ = state;
  ++generation_;
  std::fill(bad_.begin(), bad_.end(), false);
  calls_ = 0;
  bad_count_ = 0;
  bad_in_a_row_ = 0;
}

}  // namespace ledger::engine
