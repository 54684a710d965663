#include "cache/redis/keeper.h"

#include <utility>

namespace ledger::cache {
namespace {

/// Some 20 MB, and a second of the highest load that was measured.
constexpr std::size_t kMostRows = 65'536;

}  // namespace

Keeper::Keeper(Send send) : send_(std::move(send)), thread_([this] { serve(); }) {}

Keeper::~Keeper() {
  {
    const base::MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void Keeper::add(Rows rows) {
  if (rows.empty()) return;
  const base::MutexLock lock(mutex_);
  if (queued_rows_ + rows.size() > kMostRows) return;
  queued_rows_ += rows.size();
  queue_.push_back(std::move(rows));
  changed_.notify_one();
}

void Keeper::serve() {
  base::MutexLock lock(mutex_);
  while (!stopping_) {
    if (queue_.empty()) {
      changed_.wait(mutex_);
      continue;
    }
    const Rows rows = std::move(queue_.front());
    queue_.pop_front();
    queued_rows_ -= rows.size();
    lock.unlock();
    send_(rows);
    lock.lock();
  }
}

}  // namespace ledger::cache
