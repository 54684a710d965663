#include "store/postgres/schema.h"

#include <chrono>
#include <iterator>
#include <span>
#include <string>

namespace ledger::postgres {
namespace {

// As in the SQLite store: rows are appended and only the key of a transfer's first row is indexed;
// an account is one short row, updated in place. {s} is the schema.
constexpr const char* kVersion1[] = {
    R"(CREATE TABLE {s}.journal(
  seq bigint PRIMARY KEY,
  kind smallint NOT NULL,
  decline integer NOT NULL,
  key text COLLATE "C",
  fingerprint bytea,
  legs integer NOT NULL,
  from_account bigint NOT NULL,
  to_account bigint NOT NULL,
  amount bigint NOT NULL,
  currency text COLLATE "C",
  scale smallint NOT NULL,
  from_version bigint NOT NULL,
  from_balance bigint NOT NULL,
  from_held bigint NOT NULL,
  from_previous bigint NOT NULL,
  to_version bigint NOT NULL,
  to_balance bigint NOT NULL,
  to_held bigint NOT NULL,
  to_previous bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  refers_to bigint,
  effective_at timestamptz,
  expires_at timestamptz,
  reference text COLLATE "C",
  metadata text,
  terms_currency text COLLATE "C",
  terms_scale smallint,
  terms_status smallint,
  terms_min_balance bigint,
  terms_max_balance bigint
))",
    "CREATE UNIQUE INDEX journal_key ON {s}.journal(key) WHERE key IS NOT NULL",
    R"(CREATE FUNCTION {s}.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the journal is append-only';
END $$)",
    R"(CREATE TRIGGER journal_refuses_change BEFORE UPDATE OR DELETE OR TRUNCATE ON {s}.journal
FOR EACH STATEMENT EXECUTE FUNCTION {s}.refuse_change())",
    "ALTER TABLE {s}.journal ENABLE ALWAYS TRIGGER journal_refuses_change",
    "REVOKE UPDATE, DELETE, TRUNCATE ON {s}.journal FROM PUBLIC, CURRENT_USER",
    // The checks are the last line of defence; the core never asks for what they refuse. Room is
    // left in each page, so that a new version of a row stays on it and no index is touched.
    R"(CREATE TABLE {s}.accounts(
  id bigint PRIMARY KEY,
  currency text COLLATE "C",
  scale smallint NOT NULL,
  status smallint NOT NULL,
  min_balance bigint,
  max_balance bigint,
  balance bigint NOT NULL,
  held bigint NOT NULL,
  version bigint NOT NULL,
  last_seq bigint NOT NULL,
  created_at timestamptz NOT NULL,
  reference text COLLATE "C",
  metadata text,
  CONSTRAINT available_not_below_min_balance CHECK (balance - held >= min_balance),
  CONSTRAINT balance_not_above_max_balance CHECK (balance <= max_balance),
  CONSTRAINT held_not_negative CHECK (held >= 0)
) WITH (fillfactor = 50))",
    R"(CREATE UNIQUE INDEX accounts_reference ON {s}.accounts(reference)
WHERE reference IS NOT NULL)",
    R"(CREATE TABLE {s}.checkpoints(
  account bigint NOT NULL,
  version bigint NOT NULL,
  seq bigint NOT NULL,
  recorded_at timestamptz NOT NULL,
  PRIMARY KEY (account, version)
))",
    // What Store::identity() gives out.
    R"(CREATE TABLE {s}.identity AS
SELECT uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) AS secret)",
    "CREATE SEQUENCE {s}.journal_seq",
    // Sets `rows` consecutive numbers aside and returns the first. The lock makes the two steps
    // one; it is the session's, because a transaction's would be held until the commit. So no
    // rollback frees it: left behind, it would stop every writer until the session ends.
    R"(CREATE FUNCTION {s}.reserve_rows(rows bigint) RETURNS bigint LANGUAGE plpgsql AS $$
DECLARE
  lock_key CONSTANT bigint :=
    (1279742546::bigint << 32) | '{s}.journal_seq'::regclass::oid::bigint;
  first bigint;
BEGIN
  PERFORM pg_advisory_lock(lock_key);
  first := nextval('{s}.journal_seq');
  IF rows > 1 THEN
    PERFORM setval('{s}.journal_seq', first + rows - 1);
  END IF;
  PERFORM pg_advisory_unlock(lock_key);
  RETURN first;
EXCEPTION WHEN query_canceled OR OTHERS THEN
  IF EXISTS (SELECT FROM pg_locks WHERE pid = pg_backend_pid() AND locktype = 'advisory'
      AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
      AND classid = (lock_key >> 32)::oid AND objid = (lock_key & 4294967295)::oid AND objsubid = 1
      AND granted) THEN
    PERFORM pg_advisory_unlock(lock_key);
  END IF;
  RAISE;
END $$)",
    // The fence: whoever computed from an older version of an account writes nothing.
    R"(CREATE FUNCTION {s}.require_rows(updated bigint, wanted bigint) RETURNS void
LANGUAGE plpgsql AS $$
BEGIN
  IF updated <> wanted THEN
    RAISE EXCEPTION '% of % accounts are not at their expected version',
      wanted - updated, wanted USING ERRCODE = '40001';
  END IF;
END $$)",
};

// Holds and reversals, what became of them, and look-ups beside the key. Plain transfers leave the
// new columns of the journal empty and are in none of its new indexes.
constexpr const char* kVersion2[] = {
    // These two keep everybody out until the end, in the order in which transactions lock. The
    // checks add to the limits, because what is added to NULL cannot overflow.
    R"(ALTER TABLE {s}.accounts
  ADD COLUMN incoming bigint NOT NULL DEFAULT 0,
  ADD COLUMN last_at timestamptz NOT NULL DEFAULT '1970-01-01 00:00:00+00',
  DROP CONSTRAINT available_not_below_min_balance,
  DROP CONSTRAINT balance_not_above_max_balance,
  ADD CONSTRAINT available_not_below_min_balance CHECK (balance >= min_balance + held),
  ADD CONSTRAINT balance_and_incoming_not_above_max_balance
    CHECK (balance <= max_balance - incoming),
  ADD CONSTRAINT incoming_not_negative CHECK (incoming >= 0))",
    R"(ALTER TABLE {s}.journal
  ADD COLUMN from_incoming bigint,
  ADD COLUMN to_incoming bigint)",
    // Programs of version 1 that are still connected write no more: they know nothing of what is
    // incoming.
    "ALTER FUNCTION {s}.reserve_rows(bigint) RENAME TO reserve_journal_rows",
    R"(CREATE FUNCTION {s}.reserve_rows(rows bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION 'the ledger''s schema is newer than this program' USING ERRCODE = '0A000';
END $$)",
    R"(UPDATE {s}.accounts SET last_at = recorded_at
FROM {s}.journal WHERE seq = last_seq)",
    R"(CREATE INDEX journal_reference ON {s}.journal(reference, seq)
WHERE reference IS NOT NULL AND key IS NOT NULL AND decline = 0 AND kind < 7)",
    R"(CREATE INDEX journal_refers_to ON {s}.journal(refers_to, seq)
WHERE refers_to IS NOT NULL AND key IS NOT NULL AND decline = 0 AND kind < 7)",
    "CREATE INDEX checkpoints_time ON {s}.checkpoints(account, recorded_at, version)",
    R"(CREATE TABLE {s}.transfer_states(
  id bigint PRIMARY KEY,
  status smallint NOT NULL,
  settled bigint NOT NULL,
  expires_at timestamptz,
  CONSTRAINT settled_not_negative CHECK (settled >= 0)
))",
    // The open holds that end by themselves.
    R"(CREATE INDEX transfer_states_due ON {s}.transfer_states(expires_at, id)
WHERE status = 3 AND expires_at IS NOT NULL)",
};

// kSteps[n] brings version n to n + 1.
constexpr std::span<const char* const> kSteps[] = {kVersion1, kVersion2};
static_assert(std::size(kSteps) == static_cast<std::size_t>(kSchemaVersion));

constexpr std::chrono::hours kLongestMigration{24};

/// Taken by whoever migrates; one for each schema of a database.
constexpr const char* kLock =
    "SELECT pg_advisory_xact_lock(hashtextextended('libledger migrates {s}', 0))";

// Whether the schema holds anything, and whether that is a ledger.
constexpr const char* kFindVersion = R"(SELECT
  to_regnamespace('{s}') IS NOT NULL AND EXISTS (
    SELECT FROM pg_class WHERE relnamespace = to_regnamespace('{s}')),
  to_regclass('{s}.schema_version') IS NOT NULL)";
constexpr const char* kReadVersion = "SELECT max(version) FROM {s}.schema_version";

bool read_bool(ColumnReader& columns) { return columns.text() == std::string_view("\1", 1); }

Result<Reply> ask(Connection& connection, const std::string& sql, SteadyTime deadline) {
  if (auto sent = connection.send_sql(sql); !sent) return sent.error();
  return connection.run(deadline);
}

Result<void> execute(Connection& connection, const std::string& sql, SteadyTime deadline) {
  auto reply = ask(connection, sql, deadline);
  if (!reply) return reply.error();
  return {};
}

Result<void> apply_steps(Connection& connection, const Settings& settings, std::int64_t version,
                         SteadyTime deadline) {
  const auto queue = [&](const std::string& sql) {
    return connection.send_sql(settings.with_schema(sql));
  };
  Result<void> sent;
  if (version == 0) {
    // Not IF NOT EXISTS for those who may use a schema that is there, but create none.
    sent = queue(
        "DO $$ BEGIN IF to_regnamespace('{s}') IS NULL THEN CREATE SCHEMA {s}; END IF; END $$");
    if (sent) {
      sent = queue(
          "CREATE TABLE {s}.schema_version(version bigint PRIMARY KEY, applied_at timestamptz "
          "NOT NULL DEFAULT now())");
    }
  }
  for (std::int64_t step = version; step < kSchemaVersion; ++step) {
    for (const char* sql : kSteps[step]) {
      if (sent) sent = queue(sql);
    }
    if (sent) {
      sent = queue("INSERT INTO {s}.schema_version VALUES(" + std::to_string(step + 1) + ")");
    }
  }
  if (!sent) return sent;
  auto done = connection.run(deadline);
  if (!done) return done.error();
  return {};
}

/// Between BEGIN and COMMIT.
Result<void> migrate_locked(Connection& connection, const Settings& settings) {
  // A step may have to read all of a large journal.
  const SteadyTime deadline = std::chrono::steady_clock::now() + kLongestMigration;
  if (auto locked = execute(connection, settings.with_schema(kLock), deadline); !locked) {
    return locked;
  }
  const auto version = read_schema_version(connection, settings, deadline);
  if (!version) return version.error();
  if (*version == kSchemaVersion) return {};  // who held the lock before has done it
  return apply_steps(connection, settings, *version, deadline);
}

/// Conflicts mean nothing to whoever opens a store.
Error while_opening(const Error& error) {
  const bool is_transient = error.code == ErrorCode::conflict;
  return Error{is_transient ? ErrorCode::store_unavailable : error.code,
               "cannot bring the schema up to date: " + error.detail};
}

}  // namespace

Result<std::int64_t> read_schema_version(Connection& connection, const Settings& settings,
                                         SteadyTime deadline) {
  auto found = ask(connection, settings.with_schema(kFindVersion), deadline);
  if (!found) return found.error();
  ColumnReader columns(found->get(), 0);
  const bool has_tables = read_bool(columns);
  const bool has_version = read_bool(columns);
  if (!has_version && has_tables) {
    return Error{ErrorCode::store_corrupt,
                 "the schema " + settings.options.schema + " holds tables, but no ledger"};
  }
  if (!has_version) return std::int64_t{0};

  auto read = ask(connection, settings.with_schema(kReadVersion), deadline);
  if (!read) return read.error();
  const std::int64_t version = ColumnReader(read->get(), 0).integer();
  if (version > kSchemaVersion) {
    return Error{ErrorCode::store_too_new, "the database has schema version " +
                                               std::to_string(version) + ", this program knows " +
                                               std::to_string(kSchemaVersion)};
  }
  if (version < 1) return Error{ErrorCode::store_corrupt, "the schema's version is missing"};
  return version;
}

Result<void> migrate_schema(Connection& connection, const Settings& settings, SteadyTime deadline) {
  const auto version = read_schema_version(connection, settings, deadline);
  if (!version) return version.error();
  if (*version == kSchemaVersion) return {};
  // Whoever waits here is not waiting for a row of the ledger.
  for (const char* sql :
       {"BEGIN READ WRITE", "SET LOCAL lock_timeout = 0", "SET LOCAL statement_timeout = 0"}) {
    if (auto done = execute(connection, sql, deadline); !done) return while_opening(done.error());
  }
  if (auto done = migrate_locked(connection, settings); !done) {
    return while_opening(done.error());
  }
  const SteadyTime soon = std::chrono::steady_clock::now() + settings.options.commit_timeout;
  auto committed = ask(connection, "COMMIT", soon);
  // A COMMIT in doubt needs no care here: opening fails, and the next one finds either version.
  if (!committed) return while_opening(committed.error());
  if (!says_committed(*committed)) {
    return Error{ErrorCode::store_unavailable, "the schema was rolled back"};
  }
  return {};
}

}  // namespace ledger::postgres
