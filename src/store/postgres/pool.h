// The store's connections, and what is known about whether Postgres is there.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ledger/clock.h"
#include "ledger/result.h"
#include "store/postgres/session.h"
#include "store/postgres/settings.h"

namespace ledger::postgres {

/// Thread-safe. Starts no thread: while Postgres is away, every caller is refused at once but one,
/// now and then, that tries to connect.
class Pool {
 public:
  /// `settings` must outlive the pool and everything lent.
  explicit Pool(const Settings& settings) : settings_(settings) {}

  /// Opens the first one. Fails as Session::open() does.
  Result<void> open_first() LEDGER_EXCLUDES(mutex_);
  /// A session that was alive a moment ago. Waits until `deadline` for one to come back when all
  /// are lent. Fails with deadline_exceeded then, and with store_unavailable when Postgres is away.
  Result<std::unique_ptr<Session>> take(SteadyTime deadline) LEDGER_EXCLUDES(mutex_);
  /// Takes it back; one that is not usable is closed.
  void give_back(std::unique_ptr<Session> session) LEDGER_EXCLUDES(mutex_);

 private:
  /// A live one of those at rest; null: there is none.
  std::unique_ptr<Session> take_idle() LEDGER_REQUIRES(mutex_);
  /// A session at rest, or null: the caller has leave to open one more.
  Result<std::unique_ptr<Session>> take_idle_or_leave(SteadyTime deadline) LEDGER_EXCLUDES(mutex_);
  Result<std::unique_ptr<Session>> open_another() LEDGER_EXCLUDES(mutex_);

  const Settings& settings_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<std::unique_ptr<Session>> idle_ LEDGER_GUARDED_BY(mutex_);
  std::size_t open_ LEDGER_GUARDED_BY(mutex_) = 0;  // idle, lent and about to be opened

  bool is_away_ LEDGER_GUARDED_BY(mutex_) = false;
  bool is_probing_ LEDGER_GUARDED_BY(mutex_) = false;
  std::string why_away_ LEDGER_GUARDED_BY(mutex_);
  SteadyTime next_attempt_ LEDGER_GUARDED_BY(mutex_);
};

}  // namespace ledger::postgres
