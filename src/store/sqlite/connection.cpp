#include "store/sqlite/connection.h"

#include <sys/stat.h>

#include <algorithm>
#include <cerrno>
#include <iterator>
#include <system_error>
#include <utility>
#include <vector>

#include "store/sqlite/schema.h"

namespace ledger::sqlite {

// STRICT tables and SQLITE_OPEN_EXRESCODE.
static_assert(SQLITE_VERSION_NUMBER >= 3037000, "SQLite 3.37 or newer is needed");

namespace {

Error unavailable(std::string detail) {
  return Error{ErrorCode::store_unavailable, std::move(detail)};
}

/// Refuses what SQLite would make something strange of. A file that is not there is fine.
Result<void> check_path(const std::string& path) {
  if (path.empty()) return unavailable("the path of the database is empty");
  if (path.find('\0') != std::string::npos) return unavailable("the path contains a NUL");
  struct stat status {};
  if (::stat(path.c_str(), &status) != 0) {
    if (errno == ENOENT) return {};
    return unavailable("cannot open " + path + ": " + std::generic_category().message(errno));
  }
  if (!S_ISREG(status.st_mode)) return unavailable(path + " is not a regular file");
  return {};
}

/// The opened file under its real name. Fails when opening it would lose or mix up its WAL.
Result<FileIdentity> check_file(Database& database, const std::string& path) {
  if (sqlite3_db_readonly(database.handle(), "main") != 0) {
    return unavailable(path + " can be read but not written");
  }
  const char* name = sqlite3_db_filename(database.handle(), "main");  // symbolic links resolved
  struct stat file {};
  if (name == nullptr || ::stat(name, &file) != 0) {
    return unavailable(path + " was removed while it was opened");
  }
  // SQLite takes one byte for none, and would write over it.
  if (file.st_size == 1) return Error{ErrorCode::store_corrupt, path + " is not a database"};
  // The WAL is found by the file's name: under another name its last commits would be missed.
  // https://www.sqlite.org/howtocorrupt.html#_multiple_links_to_the_same_file
  if (file.st_nlink > 1) return unavailable(path + " has several hard links; one is safe");
  // SQLite would delete the WAL of a database that is gone, and start anew.
  struct stat wal {};
  if (file.st_size == 0 && ::stat(sqlite3_filename_wal(name), &wal) == 0 && wal.st_size > 0) {
    return Error{ErrorCode::store_corrupt,
                 path + " is empty, but its -wal file is not: the database itself is missing"};
  }
  return FileIdentity{file.st_dev, file.st_ino};
}

/// Takes the exclusive lock and finds out what the file is, without writing to it.
Result<std::int64_t> lock_and_identify(Database& database) {
  // Must come before the first access in WAL mode: no shared memory is used then, and no second
  // process gets in. https://www.sqlite.org/wal.html#noshm
  const auto mode = database.query_text("PRAGMA locking_mode=EXCLUSIVE", During::opening);
  if (!mode) return mode.error();
  if (*mode != "exclusive") return unavailable("exclusive locking was refused");

  const int result = database.execute("BEGIN EXCLUSIVE");
  if (result != SQLITE_OK) {
    return database.error(result, During::opening, "cannot lock the database");
  }
  auto version = read_schema_version(database);
  database.execute("ROLLBACK");  // in exclusive mode the lock stays
  return version;
}

/// Sets what durability and speed need, and reads back what durability needs.
Result<void> configure(Database& database) {
  // fullfsync: macOS alone, where fsync does not reach the disk.
  // mmap_size: an I/O error on mapped memory is a signal, not a result.
  // secure_delete: Debian turns it on; nothing is deleted here but index cells that move.
  // cache_size (KiB) and wal_autocheckpoint (pages) were measured with tests/bench/sqlite_bench.
  int result = database.execute(
      "PRAGMA synchronous=FULL;"
      "PRAGMA fullfsync=ON;"
      "PRAGMA mmap_size=0;"
      "PRAGMA secure_delete=OFF;"
      "PRAGMA trusted_schema=OFF;"
      "PRAGMA cache_size=-65536;"
      "PRAGMA wal_autocheckpoint=4000");
  if (result != SQLITE_OK) {
    return database.error(result, During::opening, "cannot configure the database");
  }
  const auto journal_mode = database.query_text("PRAGMA journal_mode=WAL", During::opening);
  if (!journal_mode) return journal_mode.error();
  if (*journal_mode != "wal") return unavailable("WAL mode was refused: " + *journal_mode);
  const auto synchronous = database.query_integer("PRAGMA synchronous", During::opening);
  if (!synchronous) return synchronous.error();
  if (*synchronous != 2) return unavailable("synchronous=FULL was refused");
  return {};
}

/// Makes what is visible durable: writes the WAL's bytes over themselves and syncs them. Recovery
/// shows commits that a killed process never synced, or whose sync failed. A second sync may then
/// succeed without having written anything (the kernel drops the dirty mark with the error), and a
/// checkpoint would move into the database what the WAL can still lose. Only what is written again
/// is known to reach the disk; in place, so that a full one does not stand in the way.
/// https://wiki.postgresql.org/wiki/Fsync_Errors
Result<void> make_durable(Database& database) {
  sqlite3_file* wal = nullptr;
  int result = sqlite3_file_control(database.handle(), "main", SQLITE_FCNTL_JOURNAL_POINTER, &wal);
  if (result == SQLITE_OK && (wal == nullptr || wal->pMethods == nullptr)) return {};  // none yet
  sqlite3_int64 size = 0;
  if (result == SQLITE_OK) result = wal->pMethods->xFileSize(wal, &size);
  std::vector<char> bytes(1 << 16);
  for (sqlite3_int64 offset = 0; result == SQLITE_OK && offset < size;) {
    const int count = static_cast<int>(std::min<sqlite3_int64>(size - offset, std::ssize(bytes)));
    result = wal->pMethods->xRead(wal, bytes.data(), count, offset);
    if (result == SQLITE_OK) result = wal->pMethods->xWrite(wal, bytes.data(), count, offset);
    offset += count;
  }
  if (result == SQLITE_OK && size > 0) result = wal->pMethods->xSync(wal, SQLITE_SYNC_FULL);
  if (result != SQLITE_OK) {
    return database.error(result, During::opening, "cannot make the last commits durable");
  }
  return {};
}

Result<Connection> open_configured(const std::string& path, Database::IfAbsent if_absent,
                                   std::int64_t& version) {
  if (auto checked = check_path(path); !checked) return checked.error();
  auto database = Database::open(path, if_absent);
  if (!database) return database.error();
  // Closing must not touch a file that is not ours, nor settle what is in doubt its own way: it
  // deletes the WAL without syncing the folder, and a power loss could bring it back.
  sqlite3_db_config(database->handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1, nullptr);
  sqlite3_db_config(database->handle(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);

  const auto file = check_file(*database, path);
  if (!file) return file.error();
  const auto found = lock_and_identify(*database);
  if (!found) return found.error();
  version = *found;
  if (auto configured = configure(*database); !configured) return configured.error();
  if (auto durable = make_durable(*database); !durable) return durable.error();
  std::string real_path = sqlite3_db_filename(database->handle(), "main");
  return Connection{std::move(*database), *file, std::move(real_path)};
}

}  // namespace

Result<Connection> open_connection(const std::string& path) {
  std::int64_t version = 0;
  auto connection = open_configured(path, Database::IfAbsent::create, version);
  if (!connection) return connection.error();
  if (auto done = update_schema(connection->database, version); !done) return done.error();
  return connection;
}

Result<Connection> reopen_connection(const std::string& path, const FileIdentity& file) {
  std::int64_t version = 0;
  auto connection = open_configured(path, Database::IfAbsent::fail, version);
  if (!connection) return unavailable("cannot reopen: " + connection.error().detail);
  if (connection->file != file || version != kSchemaVersion) {
    return unavailable(path + " was replaced by another file");
  }
  return connection;
}

void allow_checkpoint_on_close(Database& database) {
  sqlite3_db_config(database.handle(), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 0, nullptr);
}

}  // namespace ledger::sqlite
