#include "engine/committer.h"

#include <algorithm>
#include <utility>

namespace ledger::engine {

void Waiter::sleep(std::optional<std::chrono::nanoseconds> patience) {
  base::MutexLock lock(mutex_);
  if (!called_ && !ended_) {
    if (patience) {
      changed_.wait_for(mutex_, *patience);
    } else {
      changed_.wait(mutex_);
    }
  }
  called_ = false;
}

void Waiter::call() {
  base::MutexLock lock(mutex_);
  called_ = true;
  changed_.notify_one();
}

void Waiter::end() {
  base::MutexLock lock(mutex_);
  ended_ = true;
  changed_.notify_one();
}

bool Waiter::has_ended() {
  base::MutexLock lock(mutex_);
  return ended_;
}

Committer::Committer(BatchRunner runner, Clock& clock, const QueueLimits& limits)
    : runner_(std::move(runner)), clock_(clock), queue_(limits) {}

Committer::~Committer() {
  std::thread thread;
  {
    base::MutexLock lock(mutex_);
    closing_ = true;
    async_.call();
    thread = std::move(async_thread_);
  }
  if (thread.joinable()) thread.join();
}

void Committer::run(std::span<PendingRequest> requests) {
  Waiter waiter;
  {
    base::MutexLock lock(mutex_);
    for (PendingRequest& request : requests)
      enqueue(request, waiter);
    if (waiter.unanswered_ == 0) return;
  }
  while (!waiter.has_ended())
    lead_or_sleep(waiter);
}

void Committer::run_async(PendingRequest request, Done done) {
  auto owned = std::make_unique<AsyncRequest>(std::move(request), std::move(done));
  {
    base::MutexLock lock(mutex_);
    if (closing_) {
      owned->fail(ErrorCode::shutting_down);
    } else if (enqueue(*owned, async_)) {
      start_async_thread();
      if (!leading_) async_.call();
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

void Committer::lead_or_sleep(Waiter& waiter) {
  base::MutexLock lock(mutex_);
  const auto now = clock_.steady_now();
  if (!leading_ && waiter.unanswered_ > 0 && queue_.has_ready(now)) return lead(now);
  const Waiters expired = expire(now);
  // Those who leave may have been relied on.
  if (!expired.empty() && !leading_) wake_successor();
  const auto longest = patience(now);
  lock.unlock();
  end(expired);
  waiter.sleep(longest);
}

void Committer::lead(SteadyTime now) {
  leading_ = true;
  const auto batch = queue_.take_batch(now);
  mutex_.unlock();
  runner_.run(batch);
  mutex_.lock();
  const Waiters answered = settle(batch);
  // Told before the next batch is taken: who comes back at once is part of it.
  mutex_.unlock();
  end(answered);
  mutex_.lock();
  leading_ = false;
  wake_successor();
}

std::optional<std::chrono::nanoseconds> Committer::patience(SteadyTime now) const {
  // Whoever sleeps while nobody leads wakes in time for the first paused request; a leader wakes
  // its successor.
  auto until = queue_.next_deadline();
  if (!leading_) {
    if (const auto ready = queue_.next_ready()) until = until ? std::min(*until, *ready) : *ready;
  }
  if (!until) return std::nullopt;
  return *until - now;
}

Committer::Waiters Committer::settle(const std::vector<PendingRequest*>& requests) {
  Waiters ended;
  for (PendingRequest* request : requests) {
    if (!request->answer) {
      queue_.push_paused(request);
      continue;
    }
    Waiter& waiter = *request->waiter;
    --waiter.unanswered_;
    if (&waiter == &async_) {
      waiter.answered_.push_back(request);
    } else if (waiter.unanswered_ == 0) {
      ended.push_back(&waiter);
    }
  }
  if (!async_.answered_.empty()) async_.call();
  return ended;
}

Committer::Waiters Committer::expire(SteadyTime now) {
  const auto expired = queue_.take_expired(now);
  for (PendingRequest* request : expired)
    request->fail(request->held_up_by);
  return settle(expired);
}

void Committer::end(const Waiters& waiters) {
  for (Waiter* waiter : waiters)
    waiter->end();
}

void Committer::wake_successor() {
  // A paused request's owner must wake too: it may have gone to sleep while there was a leader, and
  // would not know when to lead.
  if (PendingRequest* next = queue_.head()) {
    next->waiter->call();
  } else if (PendingRequest* paused = queue_.any_paused()) {
    paused->waiter->call();
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
      continue;
    }
    const bool is_idle = async_.unanswered_ == 0;
    lock.unlock();
    if (is_idle) {
      async_.sleep(std::nullopt);
    } else {
      lead_or_sleep(async_);
    }
    lock.lock();
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
