// Releases, off the path of those who held the leases.
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "ledger/account.h"
#include "redis/connection.h"

namespace ledger::redis {

/// Leases that their holder no longer wants.
struct GivenUp {
  std::string token;
  std::vector<AccountId> accounts;
  Deadline expires;  ///< no lease is left by then, whoever releases it
};

/// A bounded queue and the thread that empties it. Thread-safe.
class Releaser {
 public:
  using Batch = std::vector<std::shared_ptr<const GivenUp>>;
  /// Releases them; false: it could not, and is to be asked again. Called by the thread only.
  using Send = std::function<bool(const Batch&)>;

  explicit Releaser(Send send);
  ~Releaser() { stop(); }
  Releaser(const Releaser&) = delete;
  Releaser& operator=(const Releaser&) = delete;

  /// Never waits. What does not fit into the queue, or comes after stop(), is left to expire.
  void give_up(GivenUp leases) LEDGER_EXCLUDES(mutex_);

  /// What was given up and is not known to be released.
  Batch waiting() LEDGER_EXCLUDES(mutex_);

  /// Sends what is waiting, trying once, and ends the thread. `send` is not called any more.
  void stop() LEDGER_EXCLUDES(mutex_);

 private:
  void serve() LEDGER_EXCLUDES(mutex_);
  void drop_expired() LEDGER_REQUIRES(mutex_);
  void pop_front() LEDGER_REQUIRES(mutex_);
  Batch next_batch() LEDGER_REQUIRES(mutex_);
  void pause() LEDGER_REQUIRES(mutex_);

  const Send send_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::deque<std::shared_ptr<const GivenUp>> queue_ LEDGER_GUARDED_BY(mutex_);
  std::size_t queued_accounts_ LEDGER_GUARDED_BY(mutex_) = 0;
  bool stopping_ LEDGER_GUARDED_BY(mutex_) = false;
  std::thread thread_;  // the last member: it starts when all others are there
};

}  // namespace ledger::redis
