#include "store/sqlite/database.h"

#include <limits>
#include <utility>

namespace ledger::sqlite {

Run& Run::bind(std::int64_t value) noexcept {
  keep(sqlite3_bind_int64(handle_, ++parameter_, value));
  return *this;
}

Run& Run::bind(std::optional<std::int64_t> value) noexcept {
  return value.has_value() ? bind(*value) : bind_null();
}

Run& Run::bind_text(std::string_view text) noexcept {
  if (text.empty()) return bind_null();
  keep(sqlite3_bind_text64(handle_, ++parameter_, text.data(), text.size(), SQLITE_STATIC,
                           SQLITE_UTF8));
  return *this;
}

Run& Run::bind_blob(const void* data, std::size_t size) noexcept {
  keep(sqlite3_bind_blob64(handle_, ++parameter_, data, size, SQLITE_STATIC));
  return *this;
}

Run& Run::bind_null() noexcept {
  keep(sqlite3_bind_null(handle_, ++parameter_));
  return *this;
}

int Run::step() noexcept {
  column_ = 0;
  return bound_ == SQLITE_OK ? sqlite3_step(handle_) : bound_;
}

std::int64_t Run::integer() noexcept { return sqlite3_column_int64(handle_, column_++); }

std::optional<std::int64_t> Run::optional_integer() noexcept {
  if (sqlite3_column_type(handle_, column_) == SQLITE_NULL) {
    ++column_;
    return std::nullopt;
  }
  return integer();
}

std::string_view Run::text() noexcept {
  const int column = column_++;
  const unsigned char* data = sqlite3_column_text(handle_, column);
  if (data == nullptr) return {};
  return {reinterpret_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

std::string_view Run::blob() noexcept {
  const int column = column_++;
  const void* data = sqlite3_column_blob(handle_, column);
  if (data == nullptr) return {};
  return {static_cast<const char*>(data),
          static_cast<std::size_t>(sqlite3_column_bytes(handle_, column))};
}

Result<Database> Database::open(const std::string& path, IfAbsent if_absent) {
  // A relative name gets a folder: ":memory:" and "file:…" are then file names like any other.
  // https://www.sqlite.org/c3ref/open.html
  const std::string name = path.starts_with('/') ? path : "./" + path;
  int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE;
  if (if_absent == IfAbsent::create) flags |= SQLITE_OPEN_CREATE;

  sqlite3* handle = nullptr;
  const int result = sqlite3_open_v2(name.c_str(), &handle, flags, nullptr);
  Database database(handle);  // must be closed even when opening failed
  if (result != SQLITE_OK) return database.error(result, During::opening, "cannot open " + path);
  return database;
}

int Database::execute(const char* sql) noexcept {
  return sqlite3_exec(handle_.get(), sql, nullptr, nullptr, nullptr);
}

Result<std::int64_t> Database::query_integer(const char* sql, During during) {
  const auto statement = prepare(sql, during);
  if (!statement) return statement.error();
  Run run(*statement);
  const int result = run.step();
  if (result == SQLITE_DONE) return std::int64_t{0};
  if (result != SQLITE_ROW) return error(result, during, sql);
  return run.integer();
}

Result<std::string> Database::query_text(const char* sql, During during) {
  const auto statement = prepare(sql, during);
  if (!statement) return statement.error();
  Run run(*statement);
  const int result = run.step();
  if (result == SQLITE_DONE) return std::string{};
  if (result != SQLITE_ROW) return error(result, during, sql);
  return std::string(run.text());
}

Result<Statement> Database::prepare(const std::string& sql, During during) {
  if (sql.size() > static_cast<std::size_t>(std::numeric_limits<int>::max())) {
    return Error{ErrorCode::store_unavailable, "statement too long"};
  }
  sqlite3_stmt* handle = nullptr;
  const int result = sqlite3_prepare_v3(handle_.get(), sql.c_str(), static_cast<int>(sql.size()),
                                        SQLITE_PREPARE_PERSISTENT, &handle, nullptr);
  Statement statement(handle);
  if (result != SQLITE_OK) return error(result, during, sql);
  return statement;
}

}  // namespace ledger::sqlite
