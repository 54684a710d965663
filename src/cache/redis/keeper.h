// What is to be kept, on its way to Redis.
#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "ledger/journal.h"

namespace ledger::cache {

/// A bounded queue and the thread that empties it. Thread-safe.
class Keeper {
 public:
  using Rows = std::vector<JournalRow>;
  /// Called by the thread only.
  using Send = std::function<void(const Rows&)>;

  explicit Keeper(Send send);
  /// What is still waiting is dropped.
  ~Keeper();
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;

  /// Never waits: what does not fit is dropped.
  void add(Rows rows) LEDGER_EXCLUDES(mutex_);

 private:
  void serve() LEDGER_EXCLUDES(mutex_);

  const Send send_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<Rows> queue_ LEDGER_GUARDED_BY(mutex_);
  std::size_t queued_rows_ LEDGER_GUARDED_BY(mutex_) = 0;
  bool stopping_ LEDGER_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the last member: it starts when all others are there
};

}  // namespace ledger::cache
