// Counts of what a workload did.
#pragma once

#include <array>
#include <chrono>
#include <cstdint>

namespace ledgerd::stress {

/// How long answers took, within 6%, in constant space. Not thread-safe.
class Latencies {
 public:
  void add(std::chrono::microseconds time);
  void merge(const Latencies& other);
  /// The time that this share of the answers took at most; zero if there are none.
  [[nodiscard]] std::chrono::microseconds percentile(double share) const;

 private:
  // 16 steps for each power of two.
  std::array<std::uint64_t, 32UL * 16> counts_{};
  std::uint64_t total_ = 0;
};

/// Not thread-safe: each caller keeps its own, and they are merged.
struct Tally {
  std::uint64_t requests = 0;  ///< sent, retries included
  std::uint64_t ok = 0;
  std::uint64_t replayed = 0;
  std::uint64_t declined = 0;
  std::uint64_t retried = 0;
  std::uint64_t in_doubt = 0;  ///< transfers that had no answer, or were said to be in doubt
  std::uint64_t resolved = 0;  ///< and of these, those that had a verdict after all
  Latencies latencies;

  void merge(const Tally& other);
};

}  // namespace ledgerd::stress
