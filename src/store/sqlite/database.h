// RAII over SQLite's handles. Nothing here knows what a ledger is.
#pragma once

#include <sqlite3.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "ledger/result.h"
#include "store/sqlite/errors.h"

namespace ledger::sqlite {

/// A prepared statement that is kept and run many times.
class Statement {
 public:
  /// Empty; assign a prepared one before use.
  Statement() = default;
  explicit Statement(sqlite3_stmt* handle) noexcept : handle_(handle) {}

  [[nodiscard]] sqlite3_stmt* handle() const noexcept { return handle_.get(); }

 private:
  struct Finalize {
    void operator()(sqlite3_stmt* handle) const noexcept { sqlite3_finalize(handle); }
  };
  std::unique_ptr<sqlite3_stmt, Finalize> handle_;
};

/// One run of a statement: bind in the order of the parameters, step, read the columns in their
/// order. Destroying it makes the statement ready for the next run.
class Run {
 public:
  explicit Run(const Statement& statement) noexcept : handle_(statement.handle()) {}
  ~Run() { sqlite3_reset(handle_); }
  Run(const Run&) = delete;
  Run& operator=(const Run&) = delete;

  /// Binding failures are kept and returned by step(). Text and blobs are not copied: they must
  /// live until the run ends.
  Run& bind(std::int64_t value) noexcept;
  Run& bind(std::optional<std::int64_t> value) noexcept;  ///< nullopt: NULL
  Run& bind_text(std::string_view text) noexcept;         ///< empty: NULL
  Run& bind_blob(const void* data, std::size_t size) noexcept;
  Run& bind_null() noexcept;

  /// SQLITE_ROW, SQLITE_DONE, or an extended error code. Columns are read from the first again.
  [[nodiscard]] int step() noexcept;

  [[nodiscard]] std::int64_t integer() noexcept;  ///< 0 when NULL
  [[nodiscard]] std::optional<std::int64_t> optional_integer() noexcept;
  [[nodiscard]] std::string_view text() noexcept;  ///< until the next step; empty when NULL
  [[nodiscard]] std::string_view blob() noexcept;  ///< until the next step; empty when NULL

 private:
  void keep(int result) noexcept {
    if (bound_ == SQLITE_OK) bound_ = result;
  }

  sqlite3_stmt* handle_;
  int bound_ = SQLITE_OK;
  int parameter_ = 0;
  int column_ = 0;
};

/// An open connection. Used by one thread at a time.
class Database {
 public:
  enum class IfAbsent { create, fail };

  /// Opens the file for reading and writing. `path` is never taken as a URI or a special name.
  static Result<Database> open(const std::string& path, IfAbsent if_absent);

  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

  /// Runs one or more statements and ignores their rows. Returns a result code.
  int execute(const char* sql) noexcept;
  /// The first column of the first row; NULL and no row give 0 or "".
  Result<std::int64_t> query_integer(const char* sql, During during);
  Result<std::string> query_text(const char* sql, During during);
  Result<Statement> prepare(const std::string& sql, During during);

  /// True between BEGIN and COMMIT or ROLLBACK. SQLite rolls back by itself after some failures:
  /// https://www.sqlite.org/lang_transaction.html#response_to_errors_within_a_transaction
  [[nodiscard]] bool in_transaction() const noexcept {
    return sqlite3_get_autocommit(handle_.get()) == 0;
  }

  /// The error of the call that just returned `result`.
  [[nodiscard]] Error error(int result, During during, std::string what) const {
    return make_error(handle_.get(), result, during, std::move(what));
  }

 private:
  struct Close {
    void operator()(sqlite3* handle) const noexcept { sqlite3_close(handle); }
  };
  explicit Database(sqlite3* handle) noexcept : handle_(handle) {}

  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace ledger::sqlite
