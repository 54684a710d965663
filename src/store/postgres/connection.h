// RAII over a libpq connection in pipeline mode. Nothing here knows what a ledger is.
// https://www.postgresql.org/docs/current/libpq-pipeline-mode.html
#pragma once

#include <libpq-fe.h>

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>

#include "ledger/clock.h"
#include "ledger/result.h"
#include "store/postgres/encoding.h"
#include "store/postgres/errors.h"
#include "store/postgres/settings.h"

namespace ledger::postgres {

struct ClearResult {
  void operator()(pg_result* result) const noexcept { PQclear(result); }
};
using Reply = std::unique_ptr<pg_result, ClearResult>;

/// Whether a COMMIT's reply says that it committed: for a transaction that had failed before, it is
/// a success that says ROLLBACK.
[[nodiscard]] bool says_committed(const Reply& reply);

/// Statements by the names under which they are sent.
using StatementTexts = std::map<std::string, std::string, std::less<>>;

/// One server process, told apart from every other that ever had its pid. Times are as the server
/// counts them.
struct Backend {
  std::int64_t pid = 0;
  std::int64_t started = 0;
  std::int64_t server_started = 0;

  friend bool operator==(const Backend&, const Backend&) = default;
};

/// Used by one thread at a time. Statements are queued, flushed together, and their replies read in
/// the same order; sync() ends a group, and after a failure the rest of its group is skipped.
///
/// Once `broken()`, every call fails; the only thing left is to destroy it.
class Connection {
 public:
  /// Connects to a server that can be written to. Fails with store_unavailable.
  static Result<std::unique_ptr<Connection>> open(const Settings& settings);
  /// A connection that stays its caller's, in whose session nothing is prepared or set: statements
  /// are sent by their texts. Usable while there is a PipelineMode, and backend() is not known.
  static std::unique_ptr<Connection> borrow(pg_conn* handle, StatementTexts texts);
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  // Queue. They fail with store_unavailable, and nothing was executed for them.
  Result<void> prepare(const std::string& name, const std::string& sql);
  Result<void> send(const char* statement, const Parameters& parameters = {});
  Result<void> send_sql(const std::string& sql, const Parameters& parameters = {});
  Result<void> sync();

  /// Hands what is queued to the operating system.
  Result<void> flush(SteadyTime deadline);
  /// The next statement's reply. A failed statement, or none by the deadline, is an Error with the
  /// code that errors.h gives for `during`; the latter breaks the connection.
  Result<Reply> receive(SteadyTime deadline, During during = During::working);
  /// Reads what is left of one group, or of every group that was queued.
  Result<void> finish_group(SteadyTime deadline);
  Result<void> finish(SteadyTime deadline);
  /// sync(), flush(), and every reply of the group; the last statement's is returned.
  Result<Reply> run(SteadyTime deadline);

  [[nodiscard]] bool broken() const noexcept { return broken_; }
  void abandon() noexcept { broken_ = true; }
  /// Whether a wait for the server was in vain: it may be away although the connection stands.
  [[nodiscard]] bool went_silent() const noexcept { return silent_; }
  /// While nothing is queued: false when the server has closed it meanwhile.
  [[nodiscard]] bool is_alive();
  [[nodiscard]] bool in_transaction() const;

  /// The last WARNING since the flag was cleared, with its code; empty: none.
  [[nodiscard]] const std::string& warning() const noexcept { return warning_; }
  void clear_warning() { warning_.clear(); }

  [[nodiscard]] const Backend& backend() const noexcept { return backend_; }

 private:
  struct Finish {
    bool is_borrowed = false;
    void operator()(pg_conn* handle) const noexcept {
      if (!is_borrowed) PQfinish(handle);
    }
  };
  explicit Connection(pg_conn* handle, bool is_borrowed = false)
      : handle_(handle, Finish{is_borrowed}) {}

  Result<void> set_up(const Settings& settings);
  Result<void> queued(int accepted);
  Error lost(During during, const char* what);
  bool wait_until_readable(SteadyTime deadline, bool or_writable = false);
  static void note(void* connection, const pg_result* notice);

  std::unique_ptr<pg_conn, Finish> handle_;
  StatementTexts texts_;  // empty: all are prepared
  Backend backend_;
  std::string warning_;
  int open_groups_ = 0;
  int unsynced_ = 0;  // statements queued since the last sync()
  bool broken_ = false;
  bool silent_ = false;
};

/// Keeps a borrowed connection in pipeline mode, and leaves it as it was.
class PipelineMode {
 public:
  explicit PipelineMode(pg_conn* handle);
  ~PipelineMode();
  PipelineMode(const PipelineMode&) = delete;
  PipelineMode& operator=(const PipelineMode&) = delete;

  /// False: the connection is busy, broken, or in pipeline mode already.
  [[nodiscard]] bool entered() const noexcept { return entered_; }

 private:
  pg_conn* const handle_;
  const int was_nonblocking_;
  bool entered_ = false;
};

}  // namespace ledger::postgres
