// A fixed number of threads over a bounded queue of connections that have a request to answer.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"

namespace ledgerd::http {

class Connection;

/// Thread-safe. The pool does not own the connections.
class WorkerPool {
 public:
  using Work = std::function<void(Connection&)>;

  /// `work` must not throw. At most `max_queued` connections wait for a free thread.
  WorkerPool(std::size_t max_queued, Work work);
  /// Stops.
  ~WorkerPool();
  WorkerPool(const WorkerPool&) = delete;
  WorkerPool& operator=(const WorkerPool&) = delete;

  /// Starts `threads` threads. Returns the reason if the system refuses one; the pool is then
  /// stopped. REQUIRES: not started before.
  std::optional<std::string> start(std::size_t threads);

  /// Hands `connection` to a thread. False, and nothing happens, if the queue is full or the pool
  /// is stopped.
  bool try_submit(Connection& connection);

  /// Drops what is queued, waits for the work under way, joins. Safe to call again. Not from a
  /// worker.
  void stop();

 private:
  void run();
  /// Null once the pool is stopped.
  Connection* take();

  const std::size_t max_queued_;
  const Work work_;
  ledger::base::Mutex mutex_;
  ledger::base::CondVar available_;
  std::deque<Connection*> queue_ LEDGER_GUARDED_BY(mutex_);
  bool stopped_ LEDGER_GUARDED_BY(mutex_) = false;
  std::vector<std::thread> threads_;
};

}  // namespace ledgerd::http
