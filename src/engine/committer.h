// Group commit: many callers, one transaction at a time.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "engine/batch_runner.h"
#include "engine/pending_request.h"
#include "engine/request_queue.h"

namespace ledger::engine {

/// A caller that waits for some requests. It sleeps on a mutex of its own: woken under the
/// Committer's, a batch of callers would all run into that at once.
class Waiter {
 private:
  friend class Committer;

  /// Until it is called, has been told the end, or that long (nullopt: without end).
  void sleep(std::optional<std::chrono::nanoseconds> patience) LEDGER_EXCLUDES(mutex_);
  /// Makes it look again. REQUIRES: Committer::mutex_, and something unanswered.
  void call() LEDGER_EXCLUDES(mutex_);
  /// Tells it that all is answered. Then it may be gone.
  void end() LEDGER_EXCLUDES(mutex_);
  [[nodiscard]] bool has_ended() LEDGER_EXCLUDES(mutex_);

  base::Mutex mutex_;  // taken after Committer::mutex_, or without
  base::CondVar changed_;
  bool called_ LEDGER_GUARDED_BY(mutex_) = false;
  bool ended_ LEDGER_GUARDED_BY(mutex_) = false;

  std::size_t unanswered_ = 0;               // guarded by Committer::mutex_
  std::vector<PendingRequest*> answered_{};  // the same; only filled for the asynchronous waiter
};

/// The blocking layer over RequestQueue and BatchRunner, after LevelDB's writers' queue
/// (DBImpl::Write): a caller that finds no leader leads, and takes whatever has queued up as one
/// batch; the others wait and are answered by it. A lone caller never waits for company. When a
/// leader is done it wakes one successor, so nobody is stranded and no thread is needed but the
/// callers' own; asynchronous requests have one thread, which is a caller like the others.
///
/// Thread-safe. The clock's steady time and the machine's must run at one speed: waits are timed by
/// the machine.
class Committer {
 public:
  using Done = std::function<void(Answer)>;

  Committer(BatchRunner runner, Clock& clock, const QueueLimits& limits);
  /// Waits until every asynchronous request has been answered.
  ~Committer();
  Committer(const Committer&) = delete;
  Committer& operator=(const Committer&) = delete;

  /// Returns when each of `requests` has its answer. They enter the queue together, in order.
  void run(std::span<PendingRequest> requests) LEDGER_EXCLUDES(mutex_);

  /// Calls `done` once, on the asynchronous thread, or here and now when the request is refused.
  void run_async(PendingRequest request, Done done) LEDGER_EXCLUDES(mutex_);

 private:
  using Waiters = std::vector<Waiter*>;

  struct AsyncRequest : PendingRequest {
    AsyncRequest(PendingRequest request, Done callback)
        : PendingRequest(std::move(request)), done(std::move(callback)) {}
    Done done;
  };

  /// False: the queue is full, and the request has been failed.
  bool enqueue(PendingRequest& request, Waiter& waiter) LEDGER_REQUIRES(mutex_);
  /// Leads one batch, or waits for something to happen.
  void lead_or_sleep(Waiter& waiter) LEDGER_EXCLUDES(mutex_);
  void lead(SteadyTime now) LEDGER_REQUIRES(mutex_);
  /// How long whoever has nothing to do may sleep.
  [[nodiscard]] std::optional<std::chrono::nanoseconds> patience(SteadyTime now) const
      LEDGER_REQUIRES(mutex_);
  /// Puts requests without an answer back to pause. Who has no other left is to be told so, without
  /// the mutex.
  Waiters settle(const std::vector<PendingRequest*>& requests) LEDGER_REQUIRES(mutex_);
  Waiters expire(SteadyTime now) LEDGER_REQUIRES(mutex_);
  static void end(const Waiters& waiters);
  void wake_successor() LEDGER_REQUIRES(mutex_);

  void start_async_thread() LEDGER_REQUIRES(mutex_);
  void serve_async() LEDGER_EXCLUDES(mutex_);
  void call_back(const std::vector<PendingRequest*>& answered) LEDGER_EXCLUDES(mutex_);

  BatchRunner runner_;  // used by the leader only, without the mutex
  Clock& clock_;

  base::Mutex mutex_;
  bool leading_ LEDGER_GUARDED_BY(mutex_) = false;
  RequestQueue queue_ LEDGER_GUARDED_BY(mutex_);
  bool closing_ LEDGER_GUARDED_BY(mutex_) = false;
  Waiter async_;
  std::thread async_thread_ LEDGER_GUARDED_BY(mutex_);
};

}  // namespace ledger::engine
