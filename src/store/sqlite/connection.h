// How a ledger's file is opened: under an exclusive lock, durable, and only if it is a ledger.
#pragma once

#include <sys/types.h>

#include <string>

#include "ledger/result.h"
#include "store/sqlite/database.h"

namespace ledger::sqlite {

/// Tells a file from another one that took its name.
struct FileIdentity {
  dev_t device{};
  ino_t inode{};

  friend bool operator==(const FileIdentity&, const FileIdentity&) = default;
};

struct Connection {
  Database database;
  FileIdentity file{};
  std::string path{};  ///< absolute, symbolic links resolved: still right after a chdir
};

/// Opens the file, creating it when absent, and brings its schema up to date. What it then shows is
/// durable. Fails as open_sqlite_store() does.
Result<Connection> open_connection(const std::string& path);

/// Opens the same file again, after the connection before it was closed without a checkpoint. When
/// it succeeds, a commit that was in doubt is visible and durable, or will never be either:
/// recovery has read the WAL, and found its commit frame whole or not. Fails with
/// store_unavailable.
Result<Connection> reopen_connection(const std::string& path, const FileIdentity& file);

/// Lets the coming close of a connection in good order move everything into the database file and
/// remove the WAL. Without it, closing leaves both as they are.
void allow_checkpoint_on_close(Database& database);

}  // namespace ledger::sqlite
