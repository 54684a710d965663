// Seeds of randomised tests.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <random>

namespace ledger::testing {

/// LEDGER_TEST_SEED where it is set, to run a failure again; otherwise a fresh one. Print it.
inline std::uint64_t test_seed() {
  if (const char* fixed = std::getenv("LEDGER_TEST_SEED")) return std::strtoull(fixed, nullptr, 10);
  return std::random_device{}();
}

/// `fallback`, or the number in the environment variable `name`.
inline int test_count(const char* name, int fallback) {
  const char* given = std::getenv(name);
  return given != nullptr ? std::atoi(given) : fallback;
}

}  // namespace ledger::testing
