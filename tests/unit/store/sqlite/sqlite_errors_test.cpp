#include "store/sqlite/errors.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <string>

namespace ledger::sqlite {
namespace {

struct Row {
  int result;
  ErrorCode opening;
  ErrorCode working;
  ErrorCode committing;
};

using enum ErrorCode;

constexpr Row kTable[] = {
    {SQLITE_BUSY, store_in_use, store_unavailable, store_unavailable},
    {SQLITE_BUSY_RECOVERY, store_in_use, store_unavailable, store_unavailable},
    {SQLITE_BUSY_SNAPSHOT, store_in_use, store_unavailable, store_unavailable},
    {SQLITE_LOCKED, store_in_use, store_unavailable, store_unavailable},
    {SQLITE_CONSTRAINT_UNIQUE, conflict, conflict, commit_in_doubt},
    {SQLITE_CONSTRAINT_PRIMARYKEY, conflict, conflict, commit_in_doubt},
    {SQLITE_CONSTRAINT_ROWID, conflict, conflict, commit_in_doubt},
    {SQLITE_CONSTRAINT_CHECK, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_CONSTRAINT_NOTNULL, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_CONSTRAINT_TRIGGER, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_CONSTRAINT_DATATYPE, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_CONSTRAINT, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_FULL, store_full, store_full, commit_in_doubt},
    {SQLITE_IOERR, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_IOERR_READ, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_IOERR_WRITE, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_IOERR_FSYNC, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_IOERR_NOMEM, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_IOERR_CORRUPTFS, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_CORRUPT, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_CORRUPT_INDEX, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_NOTADB, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_FORMAT, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_MISMATCH, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_ERROR, store_corrupt, store_corrupt, commit_in_doubt},
    {SQLITE_NOMEM, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_CANTOPEN, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_CANTOPEN_ISDIR, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_READONLY, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_READONLY_DBMOVED, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_PERM, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_AUTH, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_TOOBIG, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_PROTOCOL, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_INTERRUPT, store_unavailable, store_unavailable, commit_in_doubt},
    {SQLITE_MISUSE, store_unavailable, store_unavailable, commit_in_doubt},
};

TEST_CASE("sqlite errors: every result code has one meaning in each situation") {
  for (const Row& row : kTable) {
    CAPTURE(sqlite3_errstr(row.result));
    CAPTURE(row.result);
    CHECK(name(error_code(row.result, During::opening)) == name(row.opening));
    CHECK(name(error_code(row.result, During::working)) == name(row.working));
    CHECK(name(error_code(row.result, During::committing)) == name(row.committing));
  }
}

TEST_CASE("sqlite errors: no code of a failed commit claims that nothing was written, but BUSY") {
  for (int primary = 1; primary < 100; ++primary) {
    for (int extension = 0; extension < 40; ++extension) {
      const bool busy = primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
      const ErrorCode code = error_code(primary | (extension << 8), During::committing);
      CHECK((code == commit_in_doubt) == !busy);
    }
  }
}

TEST_CASE("sqlite errors: the detail says what failed and why") {
  const Error error = make_error(nullptr, SQLITE_FULL, During::working, "cannot append");
  CHECK(error.code == store_full);
  CHECK(error.detail == "cannot append: database or disk is full (SQLite 13)");
}

}  // namespace
}  // namespace ledger::sqlite
