// The shared, durable store: a PostgreSQL database that any number of processes write to.
#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>

#include "ledger/export.h"
#include "ledger/result.h"
#include "ledger/store.h"

namespace ledger {

/// How transactions are kept apart. Either way a batch's rows are locked, every account it moves
/// money on is updated under its expected version, and keys and ids are unique.
enum class PostgresIsolation : std::uint8_t {
  /// Postgres proves on top of that that the outcome is that of some serial order, and makes one of
  /// two transactions try again where it cannot tell. Two processes that work on the same accounts
  /// at one time do so often: leases keep them apart.
  serializable,
  /// Accounts are locked first, in the order of their ids, and read when all are locked; who comes
  /// second waits instead of trying again. Safe, because each request depends on nothing but its
  /// key (unique) and its accounts (locked, or unique when new). Choose it for accounts that many
  /// processes write to at once, or without leases.
  read_committed,
};

/// Durations are rounded up to whole milliseconds by whoever waits for them.
struct PostgresOptions {
  /// A connection URI as libpq reads it, `postgres://user:password@host:port/database?…`, or its
  /// `key=value` form. Several hosts may be named: the one that can be written to is used, a
  /// replica never. What the URL leaves open comes from libpq's environment variables and files.
  std::string url{};

  /// The Postgres schema that holds the ledger's tables; one ledger each. Lower-case letters,
  /// digits and `_`, not starting with a digit or `pg_`, at most 63.
  std::string schema = "ledger";

  PostgresIsolation isolation = PostgresIsolation::serializable;

  /// The most connections held at once, 1 to 1000; they are opened as they are needed. Also how
  /// many transactions may be open at once. settle() takes one beside these.
  std::size_t connections = 8;

  /// Creates the schema, or brings an older one up to date, when the store is opened. Several
  /// processes may do so at once. Off: an operator does it, with migrate_postgres_store().
  bool migrate = true;

  /// How the connections show in pg_stat_activity.
  std::string application_name = "libledger";

  /// For one host to take a connection. libpq counts in seconds, and waits 2 or more.
  std::chrono::milliseconds connect_timeout{2'000};
  /// How long the store waits between attempts to connect while Postgres is away. All that is asked
  /// of it meanwhile fails with store_unavailable at once.
  std::chrono::milliseconds reconnect_pause{500};
  /// For a statement, and for a read as a whole.
  std::chrono::milliseconds statement_timeout{10'000};
  /// For a row that another transaction has locked; then conflict, and the request tries again. Its
  /// whole batch waits with it, so keep it short; but longer than a commit of another process
  /// takes.
  std::chrono::milliseconds lock_timeout{250};
  /// After which Postgres ends a transaction whose client went silent, and frees its locks.
  std::chrono::milliseconds idle_transaction_timeout{10'000};
  /// For the answer to a COMMIT; then commit_in_doubt.
  std::chrono::milliseconds commit_timeout{10'000};
  /// For sent bytes to be acknowledged by the other machine; then the connection is lost.
  std::chrono::milliseconds tcp_user_timeout{5'000};
};

/// Connects, and brings the schema up to date (see PostgresOptions::migrate). Postgres 15 or newer.
///
/// The store knows when Postgres is away: begin() and reads then fail with store_unavailable at
/// once, while a thread of its own tries to connect; it serves again by itself when Postgres is
/// back. Destroying it waits for an attempt that is under way. It needs a connection that stays
/// with one server session: a pooler in front may pool sessions, not transactions.
///
/// Commits are durable as far as the server is: `fsync` must be on there, and with synchronous
/// replication an acknowledged commit is on the standby too. Sessions that come with
/// `synchronous_commit=off` get it turned on; `local` and `remote_write` are left as they are, and
/// promise less of the standby. While a commit of this store is in doubt, what is recorded is not
/// told before that is settled; of another process's doubts it cannot know.
///
/// Fails with invalid_option (the detail names the option, and never holds the URL),
/// store_unavailable, store_too_new, store_corrupt or store_full. No error holds a password.
LEDGER_EXPORT Result<std::unique_ptr<Store>> open_postgres_store(const PostgresOptions& options);

/// Creates the schema or brings it up to date, whatever `migrate` says, and nothing else. Fails as
/// open_postgres_store() does.
LEDGER_EXPORT Result<void> migrate_postgres_store(const PostgresOptions& options);

}  // namespace ledger
