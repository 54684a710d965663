// How long to pause before another attempt.
#pragma once

#include <chrono>
#include <cstdint>
#include <random>

namespace ledger::engine {

/// Capped exponential backoff, with jitter over the upper half so that writers who collided do not
/// meet again. Not thread-safe: the engine asks it from one batch at a time.
class Backoff {
 public:
  Backoff(std::chrono::nanoseconds shortest, std::chrono::nanoseconds longest, std::uint64_t seed);

  /// The pause after the `attempt`-th attempt (1, 2, 3 …): in (d/2, d] with
  /// d = min(longest, shortest · 2^(attempt − 1)).
  std::chrono::nanoseconds pause(std::size_t attempt);

 private:
  std::chrono::nanoseconds shortest_;
  std::chrono::nanoseconds longest_;
  std::mt19937_64 random_;
};

}  // namespace ledger::engine
