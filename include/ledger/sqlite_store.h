// The embedded, durable store: one SQLite file.
#pragma once

#include <memory>
#include <string>

#include "ledger/export.h"
#include "ledger/result.h"
#include "ledger/store.h"

namespace ledger {

struct SqliteOptions {
  /// The database file; created when absent (its folder must exist). While it is open, and after a
  /// crash, a `-wal` file beside it holds the last commits: move and copy both together, or after
  /// the store was destroyed. A `-wal` file of another database must never come to lie beside it:
  /// SQLite cannot tell. A file with several hard links is refused.
  std::string path;
};

/// Opens the file in WAL mode with synchronous=FULL, both read back, under an exclusive lock: one
/// process at a time. Brings an older schema up to date in one transaction.
///
/// Fails with store_in_use (another process has it; at once, without waiting), store_too_new,
/// store_corrupt (damaged, or not a ledger), store_full, or store_unavailable (cannot be opened or
/// created; the detail says why).
LEDGER_EXPORT Result<std::unique_ptr<Store>> open_sqlite_store(const SqliteOptions& options);

}  // namespace ledger
