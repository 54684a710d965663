// What every side of the comparison is asked to do.
#pragma once

#include <cstdint>
#include <cstdio>
#include <random>
#include <string>

namespace ledger::bench {

constexpr std::int64_t kAccounts = 10'000;
constexpr std::int64_t kHotAccount = 1;
/// No account may go below; none comes near.
constexpr std::int64_t kOverdraft = 1'000'000'000;

struct Pair {
  std::int64_t from;
  std::int64_t to;
};

/// One caller's requests: random pairs, or random payers and one receiver, under random keys, the
/// costliest for an index.
class Requests {
 public:
  Requests(std::uint64_t seed, bool hot) : random_(seed), hot_(hot) {}

  Pair pair() {
    for (;;) {
      const Pair pair{pick_(random_), hot_ ? kHotAccount : pick_(random_)};
      if (pair.from != pair.to) return pair;
    }
  }

  std::string key() {
    char text[40];
    std::snprintf(text, sizeof text, "%016llx%016llx", static_cast<unsigned long long>(random_()),
                  static_cast<unsigned long long>(random_()));
    return text;
  }

  std::mt19937_64& random() { return random_; }

 private:
  std::mt19937_64 random_;
  std::uniform_int_distribution<std::int64_t> pick_{1, kAccounts};
  const bool hot_;
};

/// Different for every caller and run, the same each time the program runs.
class Seeds {
 public:
  std::uint64_t next() { return 0x9E3779B97F4A7C15ULL * ++count_; }

 private:
  std::uint64_t count_ = 0;
};

}  // namespace ledger::bench
