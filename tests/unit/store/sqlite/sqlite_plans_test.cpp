// How SQLite goes about the store's statements.
#include <doctest/doctest.h>
#include <sqlite3.h>

#include <memory>
#include <string>
#include <vector>

#include "ledger/sqlite_store.h"
#include "support/temp_folder.h"

namespace ledger {
namespace {

sqlite3* opened = nullptr;

int remember(sqlite3* database, const char** /*error*/, const sqlite3_api_routines* /*api*/) {
  opened = database;
  return SQLITE_OK;
}

/// Opens a store. Its connection is then in `opened`.
std::unique_ptr<Store> open_watched(const std::string& path) {
  const auto hook = reinterpret_cast<void (*)()>(remember);
  REQUIRE(sqlite3_auto_extension(hook) == SQLITE_OK);
  auto store = open_sqlite_store({path});
  sqlite3_cancel_auto_extension(hook);
  REQUIRE_MESSAGE(store.has_value(), store.error().message());
  REQUIRE(opened != nullptr);
  return std::move(*store);
}

std::vector<std::string> kept_statements() {
  std::vector<std::string> all;
  for (auto* statement = sqlite3_next_stmt(opened, nullptr); statement != nullptr;
       statement = sqlite3_next_stmt(opened, statement)) {
    all.emplace_back(sqlite3_sql(statement));
  }
  return all;
}

std::string plan(const std::string& sql) {
  std::string lines;
  const auto add = [](void* out, int, char** values, char**) {
    *static_cast<std::string*>(out) +=
        std::string(values[3]) + "\n";  // id, parent, notused, detail
    return 0;
  };
  const std::string explain = "EXPLAIN QUERY PLAN " + sql;
  const int result = sqlite3_exec(opened, explain.c_str(), add, &lines, nullptr);
  CHECK_MESSAGE(result == SQLITE_OK, sqlite3_errmsg(opened));
  return lines;
}

TEST_CASE("sqlite: no statement of the store goes through a whole table, or sorts") {
  const testing::TempFolder folder;
  const auto store = open_watched(folder.file("plans.db"));
  const auto statements = kept_statements();
  CHECK(statements.size() > 20);
  for (const std::string& sql : statements) {
    const std::string steps = plan(sql);
    CAPTURE(sql);
    CAPTURE(steps);
    CHECK(steps.find("SCAN") == std::string::npos);
    CHECK(steps.find("TEMP B-TREE") == std::string::npos);
  }
  // And the test would see it.
  CHECK(plan("SELECT amount FROM journal ORDER BY amount").find("SCAN") != std::string::npos);
  CHECK(plan("SELECT amount FROM journal ORDER BY amount").find("TEMP B-TREE") !=
        std::string::npos);
}

}  // namespace
}  // namespace ledger
