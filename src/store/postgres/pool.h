// The store's connections, and what is known about whether Postgres is there.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "base/mutex.h"
#include "ledger/clock.h"
#include "ledger/result.h"
#include "store/postgres/session.h"
#include "store/postgres/settings.h"

namespace ledger::postgres {

/// Thread-safe. Once it knows that Postgres is away, every caller is refused at once, while a
/// thread of the pool's own tries to connect until Postgres is back.
class Pool {
 public:
  /// `settings` must outlive the pool and everything lent.
  explicit Pool(const Settings& settings) : settings_(settings) {}
  /// Waits for an attempt to connect that is under way.
  ~Pool();
  Pool(const Pool&) = delete;
  Pool& operator=(const Pool&) = delete;

  /// Opens the first one. Call it once, before all else. Fails as Session::open() does.
  Result<void> start() LEDGER_EXCLUDES(mutex_);
  /// A session that was alive a moment ago. Waits until `deadline` for one to come back when all
  /// are lent. Fails with deadline_exceeded then, and with store_unavailable when Postgres is away.
  Result<std::unique_ptr<Session>> take(SteadyTime deadline) LEDGER_EXCLUDES(mutex_);
  /// Takes it back; one that is not usable is closed. One that waited in vain for Postgres casts
  /// doubt on all the others.
  void give_back(std::unique_ptr<Session> session) LEDGER_EXCLUDES(mutex_);

  /// From now on lends no session of another server than the one that was started then. The same
  /// happens when a new connection leads to another server than those before: one that was replaced
  /// may go on for a while for those who are connected to it.
  void keep_to(std::int64_t server_started) LEDGER_EXCLUDES(mutex_);

  /// Closes the sessions at rest. Others are opened when they are needed.
  void close_idle() LEDGER_EXCLUDES(mutex_);

  /// Fails with store_unavailable while Postgres is known to be away.
  Result<void> check_there() LEDGER_EXCLUDES(mutex_);

 private:
  enum class State {
    there,
    /// Something went wrong: an attempt to connect will tell. Callers wait for it, but a moment.
    in_question,
    away,
  };

  /// A live one of those at rest, on the right server; null: there is none.
  std::unique_ptr<Session> take_idle() LEDGER_REQUIRES(mutex_);
  /// A session at rest, or null: the caller has leave to open one more.
  Result<std::unique_ptr<Session>> take_idle_or_leave(SteadyTime deadline) LEDGER_EXCLUDES(mutex_);
  Result<std::unique_ptr<Session>> open_another() LEDGER_EXCLUDES(mutex_);

  void question() LEDGER_REQUIRES(mutex_);
  /// The pool's thread.
  void look_after() LEDGER_EXCLUDES(mutex_);
  /// Gives the mutex up meanwhile.
  void try_to_connect() LEDGER_REQUIRES(mutex_);
  void pause(SteadyTime until) LEDGER_REQUIRES(mutex_);

  const Settings& settings_;
  base::Mutex mutex_;
  base::CondVar changed_;
  std::vector<std::unique_ptr<Session>> idle_ LEDGER_GUARDED_BY(mutex_);
  std::size_t open_ LEDGER_GUARDED_BY(mutex_) = 0;             // idle, lent and about to be opened
  std::int64_t server_started_ LEDGER_GUARDED_BY(mutex_) = 0;  // of the one to work on

  State state_ LEDGER_GUARDED_BY(mutex_) = State::there;
  std::string why_away_ LEDGER_GUARDED_BY(mutex_);
  SteadyTime patience_ends_ LEDGER_GUARDED_BY(mutex_){};  ///< while in question
  bool closing_ LEDGER_GUARDED_BY(mutex_) = false;
  std::thread thread_;
};

}  // namespace ledger::postgres
