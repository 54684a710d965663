// Ends servers at random moments and starts them again, by the user's commands.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>

#include "stress/options.h"

namespace ledgerd::stress {

/// Whether every server answers /readyz with 200 within `options.patience`. Else `problem` says
/// which does not.
bool await_ready(const Options& options, std::string& problem);

/// Works in a thread of its own, from start() to stop(), if there are commands.
class Crasher {
 public:
  explicit Crasher(const Options& options) : options_(options) {}
  ~Crasher();
  Crasher(const Crasher&) = delete;
  Crasher& operator=(const Crasher&) = delete;

  void start();
  /// Waits for the last restart. Returns with every server ready, or a problem().
  void stop();

  [[nodiscard]] std::uint64_t crashes() const { return crashes_; }
  /// Why it gave up; empty: it did not. Known after stop().
  [[nodiscard]] const std::string& problem() const { return problem_; }

 private:
  void serve();
  bool crash(std::size_t server);

  const Options& options_;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> crashes_{0};
  std::string problem_;
  std::thread thread_;
};

}  // namespace ledgerd::stress
