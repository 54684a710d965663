#include "engine/backoff.h"

#include <algorithm>

namespace ledger::engine {

Backoff::Backoff(std::chrono::nanoseconds shortest, std::chrono::nanoseconds longest,
                 std::uint64_t seed)
    : shortest_(shortest), longest_(longest), random_(seed) {}

std::chrono::nanoseconds Backoff::pause(std::size_t attempt) {
  auto most = shortest_;
  for (std::size_t i = 1; i < attempt && most < longest_; ++i)
    most *= 2;
  most = std::min(most, longest_);
  const auto half = most.count() / 2;
  return std::chrono::nanoseconds(
      std::uniform_int_distribution<std::int64_t>(most.count() - half, most.count())(random_));
}

}  // namespace ledger::engine
