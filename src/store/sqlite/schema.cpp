#include "store/sqlite/schema.h"

#include <span>
#include <string>

namespace ledger::sqlite {
namespace {

struct Object {
  const char* name;
  const char* sql;
};

// What a batch pays for is B-tree pages at random places: each dirty one is written whole, to the
// WAL and again to the file. So:
// - journal rows are appended; nothing indexes them but the key of a transfer's first row. Keys
// that
//   grow with time keep that index append-only as well;
// - an entry is found through the account's newest row and Entry::previous, and only every
//   kCheckpointInterval-th version enters an index (checkpoints);
// - an account is one short row, updated in place.
//
// What later kinds of rows need is here (every field of JournalRow). A table of holds that are
// still open would start empty, since nothing has written a hold yet: adding it then migrates no
// row.
constexpr Object kVersion1[] = {
    {"journal", R"(CREATE TABLE journal(
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
) STRICT)"},
    {"journal_key", "CREATE UNIQUE INDEX journal_key ON journal(key) WHERE key IS NOT NULL"},
    // They cost an INSERT nothing. INSERT OR REPLACE would slip past them; a new row under an old
    // seq is refused by every plain INSERT.
    {"journal_refuses_update", R"(CREATE TRIGGER journal_refuses_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END)"},
    {"journal_refuses_delete", R"(CREATE TRIGGER journal_refuses_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END)"},
    // The checks are the last line of defence; the core never asks for what they refuse.
    {"accounts", R"(CREATE TABLE accounts(
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
  metadata TEXT,
  CONSTRAINT available_not_below_min_balance CHECK (balance - held >= min_balance),
  CONSTRAINT balance_not_above_max_balance CHECK (balance <= max_balance),
  CONSTRAINT held_not_negative CHECK (held >= 0)
) STRICT)"},
    {"accounts_reference",
     "CREATE UNIQUE INDEX accounts_reference ON accounts(reference) WHERE reference IS NOT NULL"},
    {"checkpoints", R"(CREATE TABLE checkpoints(
  account INTEGER NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (account, version)
) STRICT, WITHOUT ROWID)"},
};

// kSteps[n] brings version n to n + 1.
constexpr std::span<const Object> kSteps[] = {kVersion1};
static_assert(std::size(kSteps) == static_cast<std::size_t>(kSchemaVersion));

Error not_a_ledger(const std::string& why) {
  return Error{ErrorCode::store_corrupt, "not a ledger: " + why};
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

Result<void> migrate_schema(Database& database, std::int64_t version) {
  if (version == kSchemaVersion) return {};
  int result = database.execute("BEGIN IMMEDIATE");
  for (std::int64_t step = version; result == SQLITE_OK && step < kSchemaVersion; ++step) {
    for (const Object& object : kSteps[step]) {
      if (result == SQLITE_OK) result = database.execute(object.sql);
    }
  }
  const std::string header = "PRAGMA application_id=" + std::to_string(kApplicationId) +
                             ";PRAGMA user_version=" + std::to_string(kSchemaVersion);
  if (result == SQLITE_OK) result = database.execute(header.c_str());
  // A COMMIT in doubt needs no care here: opening fails, and the next one finds either version.
  if (result == SQLITE_OK) result = database.execute("COMMIT");
  if (result == SQLITE_OK) return {};

  Error error = database.error(result, During::opening, "cannot bring the schema up to date");
  if (database.in_transaction()) database.execute("ROLLBACK");
  return error;
}

Result<void> verify_schema(Database& database) {
  const auto statement =
      database.prepare("SELECT sql FROM sqlite_schema WHERE name = ?", During::opening);
  if (!statement) return statement.error();
  for (const auto& step : kSteps) {
    for (const Object& object : step) {
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
  }
  // A trigger of someone else's could change what a transaction writes.
  const auto triggers = database.query_integer(
      "SELECT count(*) FROM sqlite_schema WHERE type = 'trigger' AND name NOT IN "
      "('journal_refuses_update', 'journal_refuses_delete')",
      During::opening);
  if (!triggers) return triggers.error();
  if (*triggers != 0) return Error{ErrorCode::store_corrupt, "the schema has unknown triggers"};
  return {};
}

}  // namespace ledger::sqlite
