#include "store/sqlite/schema.h"

#include <string>

namespace ledger::sqlite {
namespace {

struct Object {
  std::int64_t since;  ///< the schema version that brought it
  const char* name;
  const char* sql;  ///< as SQLite keeps it
};

// What a batch pays for is B-tree pages at random places: each dirty one is written whole, to the
// WAL and again to the file. So:
// - journal rows are appended; of a plain transfer nothing is indexed but the key of its first row.
//   Keys that grow with time keep that index append-only as well;
// - an entry is found through the account's newest row and Entry::previous, and only every
//   kCheckpointInterval-th version enters an index (checkpoints);
// - an account is one short row, updated in place;
// - what changes of a transfer once it is in the journal (transfer_states) has a row only for holds
//   and for what was reversed.
//
// A column that a later version added stands where ALTER TABLE puts it: behind the last column, on
// its line or, without table constraints, before the closing parenthesis.
constexpr Object kObjects[] = {
    {1, "journal", R"(CREATE TABLE journal(
  seq INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  decline INTEGER NOT NULL,
  key TEXT,
  fingerprint BLOB,
  legs INTEGER NOT NULL,
  from_account INTEGER NOT NULL,
  to_account INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT,
  scale INTEGER NOT NULL,
  from_version INTEGER NOT NULL,
  from_balance INTEGER NOT NULL,
  from_held INTEGER NOT NULL,
  from_previous INTEGER NOT NULL,
  to_version INTEGER NOT NULL,
  to_balance INTEGER NOT NULL,
  to_held INTEGER NOT NULL,
  to_previous INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  refers_to INTEGER,
  effective_at INTEGER,
  expires_at INTEGER,
  reference TEXT,
  metadata TEXT,
  terms_currency TEXT,
  terms_scale INTEGER,
  terms_status INTEGER,
  terms_min_balance INTEGER,
  terms_max_balance INTEGER
, from_incoming INTEGER, to_incoming INTEGER) STRICT)"},
    {1, "journal_key", "CREATE UNIQUE INDEX journal_key ON journal(key) WHERE key IS NOT NULL"},
    // They cost an INSERT nothing. INSERT OR REPLACE would slip past them; a new row under an old
    // seq is refused by every plain INSERT.
    {1, "journal_refuses_update",
     R"(CREATE TRIGGER journal_refuses_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END)"},
    {1, "journal_refuses_delete",
     R"(CREATE TRIGGER journal_refuses_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END)"},
    // The checks are the last line of defence; the core never asks for what they refuse.
    {1, "accounts", R"(CREATE TABLE accounts(
  id INTEGER PRIMARY KEY,
  currency TEXT,
  scale INTEGER NOT NULL,
  status INTEGER NOT NULL,
  min_balance INTEGER,
  max_balance INTEGER,
  balance INTEGER NOT NULL,
  held INTEGER NOT NULL,
  version INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  reference TEXT,
  metadata TEXT, last_at INTEGER NOT NULL DEFAULT 0, incoming INTEGER NOT NULL DEFAULT 0
  CONSTRAINT incoming_not_negative CHECK (incoming >= 0)
  CONSTRAINT incoming_fits_max_balance CHECK (balance + incoming <= max_balance),
  CONSTRAINT available_not_below_min_balance CHECK (balance - held >= min_balance),
  CONSTRAINT balance_not_above_max_balance CHECK (balance <= max_balance),
  CONSTRAINT held_not_negative CHECK (held >= 0)
) STRICT)"},
    {1, "accounts_reference",
     "CREATE UNIQUE INDEX accounts_reference ON accounts(reference) WHERE reference IS NOT NULL"},
    {1, "checkpoints", R"(CREATE TABLE checkpoints(
  account INTEGER NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (account, version)
) STRICT, WITHOUT ROWID)"},
    {2, "transfer_states", R"(CREATE TABLE transfer_states(
  id INTEGER PRIMARY KEY,
  status INTEGER NOT NULL,
  settled INTEGER NOT NULL,
  expires_at INTEGER,
  CONSTRAINT settled_not_negative CHECK (settled >= 0)
) STRICT)"},
    // Holds that are open and end by themselves (status: TransferStatus::held).
    {2, "transfer_states_due",
     "CREATE INDEX transfer_states_due ON transfer_states(expires_at) "
     "WHERE status = 3 AND expires_at IS NOT NULL"},
    // Two indexes of the journal that are tables of their own, for what has a reference or refers
    // to something: an INSERT opens every index of its table, whether or not the row belongs there.
    {2, "transfers_by_reference", R"(CREATE TABLE transfers_by_reference(
  reference TEXT NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (reference, id)
) STRICT, WITHOUT ROWID)"},
    {2, "transfers_by_origin", R"(CREATE TABLE transfers_by_origin(
  refers_to INTEGER NOT NULL,
  id INTEGER NOT NULL,
  PRIMARY KEY (refers_to, id)
) STRICT, WITHOUT ROWID)"},
};

/// What brings an older file to the texts above.
struct Change {
  std::int64_t since;
  const char* sql;
};

constexpr Change kAlterations[] = {
    {2, "ALTER TABLE journal ADD COLUMN from_incoming INTEGER"},
    {2, "ALTER TABLE journal ADD COLUMN to_incoming INTEGER"},
    {2, "ALTER TABLE accounts ADD COLUMN last_at INTEGER NOT NULL DEFAULT 0"},
    {2, R"(ALTER TABLE accounts ADD COLUMN incoming INTEGER NOT NULL DEFAULT 0
  CONSTRAINT incoming_not_negative CHECK (incoming >= 0)
  CONSTRAINT incoming_fits_max_balance CHECK (balance + incoming <= max_balance))"},
};

/// What fills the new columns and tables of an older file from its rows. Kinds below 7 are
/// transfers; nothing referred to anything in version 1.
constexpr Change kFillings[] = {
    {2,
     "UPDATE accounts SET last_at = (SELECT recorded_at FROM journal WHERE seq = last_seq) "
     "WHERE last_seq <> 0"},
    {2,
     "INSERT INTO transfers_by_reference SELECT reference, seq FROM journal "
     "WHERE reference IS NOT NULL AND key IS NOT NULL AND decline = 0 AND kind < 7"},
};

/// Runs all that a file of `version` lacks. Returns a result code.
template <class List>
int run_newer(Database& database, std::int64_t version, const List& list) {
  int result = SQLITE_OK;
  for (const auto& item : list) {
    if (result == SQLITE_OK && item.since > version) result = database.execute(item.sql);
  }
  return result;
}

/// Brings a file of `version` to the current one. Returns a result code.
int apply_changes(Database& database, std::int64_t version) {
  const bool is_new = version == 0;  // gets its tables as they are now
  int result = is_new ? SQLITE_OK : run_newer(database, version, kAlterations);
  if (result == SQLITE_OK) result = run_newer(database, version, kObjects);
  if (result == SQLITE_OK && !is_new) result = run_newer(database, version, kFillings);
  const std::string header = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                             ";PRAGMA user_version=" + std::to_string(kSchemaVersion);
  return result == SQLITE_OK ? database.execute(header.c_str()) : result;
}

Error not_a_ledger(const std::string& why) {
  return Error{ErrorCode::store_corrupt, "not a ledger: " + why};
}

/// Whether our tables, indexes and triggers are as they should be; others are let be.
Result<void> verify_objects(Database& database) {
  const auto statement =
      database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?", During::opening);
  if (!statement) return statement.error();
  for (const Object& object : kObjects) {
    Run run(*statement);
    run.bind_text(object.name);
    const int result = run.step();
    if (result != SQLITE_ROW && result != SQLITE_DONE) {
      return database.error(result, During::opening, "cannot read the schema");
    }
    if (result == SQLITE_DONE || run.text() != object.sql) {
      return Error{ErrorCode::store_corrupt,
                   std::string("the schema's ") + object.name + " is missing or altered"};
    }
  }
  return {};
}

/// Of someone else's: one could change what a transaction writes.
Result<void> refuse_unknown_triggers(Database& database) {
  const auto triggers = database.query_integer(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name NOT IN "
      "('journal_refuses_update', 'journal_refuses_delete')",
      During::opening);
  if (!triggers) return triggers.error();
  if (*triggers != 0) return Error{ErrorCode::store_corrupt, "the schema has unknown triggers"};
  return {};
}

}  // namespace

Result<std::int64_t> read_schema_version(Database& database) {
  const auto application = database.query_integer("PRAGMA application_id", During::opening);
  if (!application) return application.error();
  const auto version = database.query_integer("PRAGMA user_version", During::opening);
  if (!version) return version.error();
  const auto objects =
      database.query_integer("SELECT count(*) FROM sqlite_schema", During::opening);
  if (!objects) return objects.error();

  if (*application == 0 && *version == 0 && *objects == 0) return std::int64_t{0};
  if (*application != kApplicationId) {
    return not_a_ledger("a SQLite database with application_id " + std::to_string(*application));
  }
  if (*version > kSchemaVersion) {
    return Error{ErrorCode::store_too_new, "the file has schema version " +
                                               std::to_string(*version) + ", this program knows " +
                                               std::to_string(kSchemaVersion)};
  }
  if (*version < 1) return not_a_ledger("schema version " + std::to_string(*version));
  return *version;
}

Result<void> update_schema(Database& database, std::int64_t version) {
  if (auto known = refuse_unknown_triggers(database); !known) return known;
  if (version == kSchemaVersion) return verify_objects(database);
  int result = database.execute("BEGIN IMMEDIATE");
  if (result == SQLITE_OK) result = apply_changes(database, version);
  Result<void> done;
  if (result == SQLITE_OK) done = verify_objects(database);  // a damaged file is left as it was
  // A COMMIT in doubt needs no care here: opening fails, and the next one finds either version.
  if (result == SQLITE_OK && done) result = database.execute("COMMIT");
  if (result != SQLITE_OK) {
    done = database.error(result, During::opening, "cannot bring the schema up to date");
  }
  if (database.in_transaction()) database.execute("ROLLBACK");
  return done;
}

}  // namespace ledger::sqlite
