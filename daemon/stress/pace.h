// How much of a workload is left.
#pragma once

#include <algorithm>
#include <atomic>
#include <barrier>
#include <chrono>
#include <cstdint>
#include <optional>

namespace ledgerd::stress {

/// Thread-safe.
class Pace {
 public:
  using Clock = std::chrono::steady_clock;

  Pace(std::optional<std::chrono::milliseconds> duration, std::optional<std::uint64_t> transfers)
      : duration_(duration), transfers_(transfers) {}

  /// From now on; before the threads that take.
  void start() { began_ = Clock::now(); }

  /// Whether `count` more transfers may be asked for, which are counted then.
  bool take(std::uint64_t count) {
    if (is_over()) return false;
    taken_ += count;
    return true;
  }

  /// The servers are gone for good.
  void end() { ended_ = true; }

  [[nodiscard]] bool is_over() const {
    return ended_ || (duration_ && elapsed() >= *duration_) ||
           (transfers_ && taken_ >= *transfers_);
  }

  /// From 0 to 1.
  [[nodiscard]] double progress() const {
    double done = 0;
    if (duration_) done = std::chrono::duration<double>(elapsed()) / *duration_;
    if (transfers_) {
      done = std::max(done, static_cast<double>(taken_) / static_cast<double>(*transfers_));
    }
    return std::min(done, 1.0);
  }

  [[nodiscard]] std::uint64_t taken() const { return taken_; }
  [[nodiscard]] Clock::duration elapsed() const { return Clock::now() - began_; }

 private:
  Clock::time_point began_ = Clock::now();
  const std::optional<std::chrono::milliseconds> duration_;
  const std::optional<std::uint64_t> transfers_;
  std::atomic<std::uint64_t> taken_{0};
  std::atomic<bool> ended_{false};
};

/// Rounds that all clients begin at the same moment. Thread-safe; each client is one thread, calls
/// begin() until it is false, and then no more.
class Rounds {
 public:
  Rounds(std::uint64_t clients, Pace& pace)
      : start_(static_cast<std::ptrdiff_t>(clients), Start{this}),
        middle_(static_cast<std::ptrdiff_t>(clients)),
        clients_(clients),
        pace_(pace) {}
  Rounds(const Rounds&) = delete;
  Rounds& operator=(const Rounds&) = delete;

  /// Waits for all; the same answer for all: whether there is another round.
  bool begin() {
    start_.arrive_and_wait();
    return goes_on_;
  }

  /// Waits for all, within a round.
  void meet() { middle_.arrive_and_wait(); }

  /// From 1. Changes in begin() only.
  [[nodiscard]] std::uint64_t number() const { return number_; }

 private:
  struct Start {
    Rounds* rounds;
    void operator()() const noexcept {
      rounds->goes_on_ = rounds->pace_.take(rounds->clients_);
      ++rounds->number_;
    }
  };

  std::barrier<Start> start_;
  std::barrier<> middle_;
  const std::uint64_t clients_;
  Pace& pace_;
  // Written by the last to arrive, before the others go on.
  bool goes_on_ = true;
  std::uint64_t number_ = 0;
};

}  // namespace ledgerd::stress
