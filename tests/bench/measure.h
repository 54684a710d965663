// What the benchmarks against servers share: time, spread, and giving up.
#pragma once

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "ledger/result.h"

namespace ledger::bench {

using SteadyClock = std::chrono::steady_clock;

[[noreturn]] inline void die(const std::string& what) {
  std::fprintf(stderr, "bench: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) die(result.error().message());
  return std::move(*result);
}

inline void must(const Result<void>& result) {
  if (!result) die(result.error().message());
}

inline SteadyClock::time_point soon() { return SteadyClock::now() + std::chrono::seconds(30); }

inline double seconds_since(SteadyClock::time_point start) {
  return std::chrono::duration<double>(SteadyClock::now() - start).count();
}

template <class Work>
double micros(Work&& work) {
  const auto start = SteadyClock::now();
  work();
  return seconds_since(start) * 1e6;
}

using Samples = std::vector<double>;

inline double quantile(Samples values, double q) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

inline double median(const Samples& values) { return quantile(values, 0.5); }

/// Round by round, so that a neighbour's load meets both sides.
inline Samples ratios(const Samples& over, const Samples& under) {
  Samples result;
  for (std::size_t i = 0; i < over.size(); ++i)
    result.push_back(over[i] / under[i]);
  return result;
}

inline void print_rates(const std::string& what, const Samples& values) {
  std::printf("  %-56s %9.0f/s  (%.0f to %.0f)\n", what.c_str(), median(values),
              quantile(values, 0), quantile(values, 1));
}

inline void print_ratios(const std::string& what, const Samples& values,
                         std::optional<double> aim = {}) {
  std::printf("  %-56s %9.2fx   (%.2f to %.2f)", what.c_str(), median(values), quantile(values, 0),
              quantile(values, 1));
  if (aim) std::printf("   aim: %gx or more", *aim);
  std::printf("\n");
}

}  // namespace ledger::bench
