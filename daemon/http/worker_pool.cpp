#include "http/worker_pool.h"

#include <system_error>
#include <utility>

namespace ledgerd::http {

using ledger::base::MutexLock;

WorkerPool::WorkerPool(std::size_t max_queued, Work work)
    : max_queued_(max_queued), work_(std::move(work)) {}

WorkerPool::~WorkerPool() { stop(); }

std::optional<std::string> WorkerPool::start(std::size_t threads) {
  try {
    threads_.reserve(threads);
    while (threads_.size() < threads)
      threads_.emplace_back([this] { run(); });
  } catch (const std::exception& error) {
    stop();
    return std::string("cannot start worker threads: ") + error.what();
  }
  return std::nullopt;
}

bool WorkerPool::try_submit(Connection& connection) {
  {
    MutexLock lock(mutex_);
    if (stopped_ || queue_.size() >= max_queued_) return false;
    queue_.push_back(&connection);
  }
  available_.notify_one();
  return true;
}

void WorkerPool::stop() {
  {
    MutexLock lock(mutex_);
    stopped_ = true;
    queue_.clear();
  }
  available_.notify_all();
  for (std::thread& thread : threads_)
    thread.join();
  threads_.clear();
}

void WorkerPool::run() {
  while (Connection* connection = take())
    work_(*connection);
}

Connection* WorkerPool::take() {
  MutexLock lock(mutex_);
  while (queue_.empty() && !stopped_)
    available_.wait(mutex_);
  if (stopped_) return nullptr;
  Connection* connection = queue_.front();
  queue_.pop_front();
  return connection;
}

}  // namespace ledgerd::http
