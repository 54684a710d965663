#include "engine/committer.h"

#include <algorithm>
#include <utility>

namespace ledger::engine {

Committer::Committer(BatchRunner runner, Clock& clock, const QueueLimits& limits)
    : runner_(std::move(runner)), clock_(clock), queue_(limits) {}

Committer::~Committer() {
  std::thread thread;
  {
    base::MutexLock lock(mutex_);
    closing_ = true;
    async_.changed_.notify_one();
    thread = std::move(async_thread_);
  }
  if (thread.joinable()) thread.join();
}

void Committer::run(std::span<PendingRequest> requests) {
  Waiter waiter;
  base::MutexLock lock(mutex_);
  for (PendingRequest& request : requests)
    enqueue(request, waiter);
  wait(waiter);
}

void Committer::run_async(PendingRequest request, Done done) {
  auto owned = std::make_unique<AsyncRequest>(std::move(request), std::move(done));
  {
    base::MutexLock lock(mutex_);
    if (closing_) {
      owned->fail(ErrorCode::shutting_down);
    } else if (enqueue(*owned, async_)) {
      start_async_thread();
      if (!leading_) async_.changed_.notify_one();
      static_cast<void>(owned.release());  // call_back() takes it up again
      return;
    }
  }
  owned->done(std::move(*owned->answer));
}

bool Committer::enqueue(PendingRequest& request, Waiter& waiter) {
  request.waiter = &waiter;
  if (!queue_.push(&request)) {
    request.fail(ErrorCode::queue_full);
    return false;
  }
  ++waiter.unanswered_;
  return true;
}

void Committer::wait(Waiter& waiter) {
  while (waiter.unanswered_ > 0)
    lead_or_sleep(waiter);
}

void Committer::lead_or_sleep(Waiter& waiter) {
  const auto now = clock_.steady_now();
  if (!leading_ && queue_.has_ready(now)) {
    lead(now);
  } else {
    sleep(waiter, now);
  }
}

void Committer::lead(SteadyTime now) {
  leading_ = true;
  const auto batch = queue_.take_batch(now);
  mutex_.unlock();
  runner_.run(batch);
  mutex_.lock();
  leading_ = false;
  for (PendingRequest* request : batch)
    settle(request);
  wake_successor();
}

void Committer::sleep(Waiter& waiter, SteadyTime now) {
  expire(now);
  if (waiter.unanswered_ == 0) {
    if (!leading_) wake_successor();  // the one it leaves behind may have relied on it
    return;
  }
  // Whoever sleeps while nobody leads wakes in time for the first paused request; a leader wakes
  // its successor.
  auto until = queue_.next_deadline();
  if (!leading_) {
    if (const auto ready = queue_.next_ready()) until = until ? std::min(*until, *ready) : *ready;
  }
  if (until) {
    waiter.changed_.wait_for(mutex_, *until - now);
  } else {
    waiter.changed_.wait(mutex_);
  }
}

void Committer::settle(PendingRequest* request) {
  if (!request->answer) {
    queue_.push_paused(request);
    return;
  }
  Waiter& waiter = *request->waiter;
  if (&waiter == &async_) waiter.answered_.push_back(request);
  if (--waiter.unanswered_ == 0 || &waiter == &async_) waiter.changed_.notify_one();
}

void Committer::expire(SteadyTime now) {
  for (PendingRequest* request : queue_.take_expired(now)) {
    request->fail(request->held_up_by);
    settle(request);
  }
}

void Committer::wake_successor() {
  // A paused request's owner must wake too: it may have gone to sleep while there was a leader, and
  // would not know when to lead.
  if (PendingRequest* next = queue_.head()) {
    next->waiter->changed_.notify_one();
  } else if (PendingRequest* paused = queue_.any_paused()) {
    paused->waiter->changed_.notify_one();
  }
}

void Committer::start_async_thread() {
  if (!async_thread_.joinable()) async_thread_ = std::thread([this] { serve_async(); });
}

void Committer::serve_async() {
  base::MutexLock lock(mutex_);
  while (!closing_ || async_.unanswered_ > 0 || !async_.answered_.empty()) {
    if (!async_.answered_.empty()) {
      const auto answered = std::exchange(async_.answered_, {});
      lock.unlock();
      call_back(answered);
      lock.lock();
    } else if (async_.unanswered_ > 0) {
      lead_or_sleep(async_);
    } else {
      async_.changed_.wait(mutex_);
    }
  }
}

void Committer::call_back(const std::vector<PendingRequest*>& answered) {
  for (PendingRequest* request : answered) {
    // Only run_async() enters requests for the asynchronous waiter.
    const std::unique_ptr<AsyncRequest> owned(static_cast<AsyncRequest*>(request));
    owned->done(std::move(*owned->answer));
  }
}

}  // namespace ledger::engine
