// A thread that does something again and again.
#pragma once

#include <chrono>
#include <functional>
#include <thread>

#include "base/mutex.h"

namespace ledger::engine {

/// Calls `work` at once and then every `interval` after it has returned, on a thread of its own,
/// until it is destroyed, which waits for a call under way. An interval of 0: no thread, no call.
class Repeater {
 public:
  Repeater(std::chrono::milliseconds interval, std::function<void()> work);
  ~Repeater();
  Repeater(const Repeater&) = delete;
  Repeater& operator=(const Repeater&) = delete;

 private:
  void run() LEDGER_EXCLUDES(mutex_);

  const std::chrono::milliseconds interval_;
  const std::function<void()> work_;
  base::Mutex mutex_;
  base::CondVar stopped_;
  bool stop_ LEDGER_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ledger::engine
