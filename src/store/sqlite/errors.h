// What SQLite's result codes mean to a ledger. The only place that decides.
#pragma once

#include <string>

#include "ledger/error.h"

struct sqlite3;

namespace ledger::sqlite {

/// When a call failed: the same code means different things before, during and after a commit.
enum class During {
  opening,     ///< before the store is handed out
  working,     ///< reading, or writing what a COMMIT would still have to make true
  committing,  ///< the COMMIT itself
};

/// Maps a primary or extended result code that is not SQLITE_OK, SQLITE_ROW or SQLITE_DONE.
[[nodiscard]] ErrorCode error_code(int result, During during) noexcept;

/// The same as an Error whose detail is `what`, SQLite's message, the extended code and what the
/// operating system said. `database` may be null.
[[nodiscard]] Error make_error(sqlite3* database, int result, During during, std::string what);

}  // namespace ledger::sqlite
