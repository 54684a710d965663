#include "stress/tally.h"

#include <algorithm>
#include <bit>
#include <cmath>
#include <limits>

namespace ledgerd::stress {
namespace {

constexpr std::uint32_t kStepBits = 4;
constexpr std::uint32_t kSteps = 1U << kStepBits;

/// The numbers below kSteps have a bucket each; above, the first bits after the leading one count.
std::size_t bucket_of(std::uint32_t value) {
  if (value < kSteps) return value;
  const auto shift = static_cast<std::uint32_t>(std::bit_width(value)) - kStepBits - 1;
  return (shift + 1) * kSteps + ((value >> shift) - kSteps);
}

std::uint64_t upper_end(std::size_t bucket) {
  if (bucket < kSteps) return bucket;
  const std::size_t shift = bucket / kSteps - 1;
  return ((bucket % kSteps + kSteps + 1) << shift) - 1;
}

}  // namespace

void Latencies::add(std::chrono::microseconds time) {
  constexpr std::int64_t kMost = std::numeric_limits<std::uint32_t>::max();
  const auto value = std::clamp<std::int64_t>(time.count(), 0, kMost);
  ++counts_[bucket_of(static_cast<std::uint32_t>(value))];
  ++total_;
}

void Latencies::merge(const Latencies& other) {
  std::ranges::transform(counts_, other.counts_, counts_.begin(), std::plus<>());
  total_ += other.total_;
}

std::chrono::microseconds Latencies::percentile(double share) const {
  const auto wanted = static_cast<std::uint64_t>(std::ceil(share * static_cast<double>(total_)));
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < counts_.size(); ++bucket) {
    seen += counts_[bucket];
    if (seen >= wanted && seen > 0) return std::chrono::microseconds(upper_end(bucket));
  }
  return {};
}

void Tally::merge(const Tally& other) {
  requests += other.requests;
  ok += other.ok;
  replayed += other.replayed;
  declined += other.declined;
  retried += other.retried;
  in_doubt += other.in_doubt;
  resolved += other.resolved;
  latencies.merge(other.latencies);
}

}  // namespace ledgerd::stress
