#include "engine/repeater.h"

#include <utility>

namespace ledger::engine {

Repeater::Repeater(std::chrono::milliseconds interval, std::function<void()> work)
    : interval_(interval), work_(std::move(work)) {
  if (interval_ > std::chrono::milliseconds::zero()) thread_ = std::thread([this] { run(); });
}

Repeater::~Repeater() {
  {
    base::MutexLock lock(mutex_);
    stop_ = true;
  }
  stopped_.notify_one();
  if (thread_.joinable()) thread_.join();
}

void Repeater::run() {
  base::MutexLock lock(mutex_);
  while (!stop_) {
    lock.unlock();
    work_();
    lock.lock();
    if (!stop_) stopped_.wait_for(mutex_, interval_);
  }
}

}  // namespace ledger::engine
