#include "store/sqlite/errors.h"

#include <sqlite3.h>

#include <system_error>
#include <utility>

namespace ledger::sqlite {
namespace {

ErrorCode constraint_code(int extended) noexcept {
  switch (extended) {
    case SQLITE_CONSTRAINT_UNIQUE:
    case SQLITE_CONSTRAINT_PRIMARYKEY:
    case SQLITE_CONSTRAINT_ROWID:
      return ErrorCode::conflict;
    default:
      // CHECK, NOT NULL, STRICT's types, the append-only triggers: the core never asks for what
      // these refuse, so what is stored or what computes is not what it should be.
      return ErrorCode::store_corrupt;
  }
}

ErrorCode working_code(int result) noexcept {
  switch (result & 0xff) {
    case SQLITE_CONSTRAINT:
      return constraint_code(result);
    case SQLITE_FULL:
      return ErrorCode::store_full;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_FORMAT:
    case SQLITE_MISMATCH:
    case SQLITE_ERROR:  // our SQL is fixed: a table or column is missing
      return ErrorCode::store_corrupt;
    case SQLITE_IOERR:
      return result == SQLITE_IOERR_CORRUPTFS ? ErrorCode::store_corrupt
                                              : ErrorCode::store_unavailable;
    default:
      return ErrorCode::store_unavailable;
  }
}

}  // namespace

ErrorCode error_code(int result, During during) noexcept {
  const int primary = result & 0xff;
  const bool busy = primary == SQLITE_BUSY || primary == SQLITE_LOCKED;
  switch (during) {
    case During::opening:
      return busy ? ErrorCode::store_in_use : working_code(result);
    case During::working:
      return working_code(result);
    case During::committing:
      // BUSY leaves the transaction open and nothing written. Any other failure may come after the
      // commit frame reached the WAL (a failed fsync, a full disk behind it): recovery after a
      // crash would then apply it. https://www.sqlite.org/walformat.html#recovery
      return busy ? ErrorCode::store_unavailable : ErrorCode::commit_in_doubt;
  }
  return ErrorCode::store_unavailable;
}

Error make_error(sqlite3* database, int result, During during, std::string what) {
  std::string detail = std::move(what);
  detail += ": ";
  // The connection's message belongs to its last failed call; it may have moved on since.
  const bool own = database != nullptr && sqlite3_extended_errcode(database) == result;
  detail += own ? sqlite3_errmsg(database) : sqlite3_errstr(result);
  detail += " (SQLite " + std::to_string(result) + ")";
  const int system = own ? sqlite3_system_errno(database) : 0;
  if (system != 0) detail += ": " + std::generic_category().message(system);
  return Error{error_code(result, during), std::move(detail)};
}

}  // namespace ledger::sqlite
