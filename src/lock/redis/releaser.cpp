#include "lock/redis/releaser.h"

#include <utility>

namespace ledger::redis {
namespace {

constexpr std::size_t kMostWaiting = 1024;
constexpr std::size_t kMostWaitingAccounts = 262'144;
constexpr std::size_t kAccountsPerCommand = 8192;  // while it runs, Redis serves nobody else
constexpr std::chrono::milliseconds kRetryPause{100};

}  // namespace

Releaser::Releaser(Send send) : send_(std::move(send)), thread_([this] { serve(); }) {}

void Releaser::give_up(GivenUp leases) {
  if (leases.accounts.empty()) return;
  auto shared = std::make_shared<const GivenUp>(std::move(leases));
  base::MutexLock lock(mutex_);
  const std::size_t accounts = queued_accounts_ + shared->accounts.size();
  const bool fits = queue_.size() < kMostWaiting && accounts <= kMostWaitingAccounts;
  if (stopping_ || !fits) return;
  queued_accounts_ = accounts;
  queue_.push_back(std::move(shared));
  changed_.notify_one();
}

std::vector<std::shared_ptr<const GivenUp>> Releaser::waiting() {
  base::MutexLock lock(mutex_);
  return {queue_.begin(), queue_.end()};
}

void Releaser::stop() {
  {
    base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  if (thread_.joinable()) thread_.join();
}

/// What is being sent stays at the front of the queue until it has been.
void Releaser::serve() {
  base::MutexLock lock(mutex_);
  for (;;) {
    drop_expired();
    if (queue_.empty()) {
      if (stopping_) return;
      changed_.wait(mutex_);
      continue;
    }
    const Batch batch = next_batch();
    const bool last_try = stopping_;
    lock.unlock();
    const bool sent = send_(batch);
    lock.lock();
    if (sent) {
      for (std::size_t i = 0; i < batch.size(); ++i)
        pop_front();
    } else if (last_try) {
      return;
    } else {
      pause();
    }
  }
}

void Releaser::drop_expired() {
  const auto now = std::chrono::steady_clock::now();
  while (!queue_.empty() && queue_.front()->expires <= now)
    pop_front();
}

void Releaser::pop_front() {
  queued_accounts_ -= queue_.front()->accounts.size();
  queue_.pop_front();
}

/// Never empty.
Releaser::Batch Releaser::next_batch() {
  Batch batch;
  std::size_t accounts = 0;
  for (const auto& leases : queue_) {
    accounts += leases->accounts.size();
    if (!batch.empty() && accounts > kAccountsPerCommand) break;
    batch.push_back(leases);
  }
  return batch;
}

void Releaser::pause() {
  const auto until = std::chrono::steady_clock::now() + kRetryPause;
  while (!stopping_) {
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) return;
    changed_.wait_for(mutex_, left);
  }
}

}  // namespace ledger::redis
