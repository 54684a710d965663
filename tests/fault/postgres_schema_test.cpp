// How the schema comes to be, and what it refuses.
#include <doctest/doctest.h>

#include <atomic>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "support/postgres_ledger.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

const testing::PostgresServer& server() {
  static const testing::PostgresServer server;
  return server;
}

TEST_CASE("many processes may create the schema at one time") {
  for (int round = 0; round < 5; ++round) {
    const PostgresOptions options{.url = server().url(),
                                  .schema = "together_" + std::to_string(round)};
    std::atomic<int> opened = 0;
    std::vector<std::thread> threads;
    for (int i = 0; i < 4; ++i) {
      threads.emplace_back([&] {
        const auto store = open_postgres_store(options);
        if (store) {
          ++opened;
        } else {
          MESSAGE(store.error().message());
        }
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    CHECK(opened == 4);
    CHECK(server().query("SELECT count(*) FROM " + options.schema + ".schema_version") == "1");
  }
}

TEST_CASE("a schema of a newer version is refused") {
  const PostgresOptions options{.url = server().url(), .schema = "newer"};
  REQUIRE(migrate_postgres_store(options).has_value());
  server().execute("INSERT INTO newer.schema_version VALUES(1000)");
  for (const bool migrate : {true, false}) {
    PostgresOptions again = options;
    again.migrate = migrate;
    const auto store = open_postgres_store(again);
    REQUIRE_FALSE(store.has_value());
    CHECK(name(store.error().code) == name(ErrorCode::store_too_new));
  }
}

TEST_CASE("a schema is not migrated unless that was asked for") {
  PostgresOptions options{.url = server().url(), .schema = "by_hand", .migrate = false};
  const auto store = open_postgres_store(options);
  REQUIRE_FALSE(store.has_value());
  CHECK(name(store.error().code) == name(ErrorCode::store_unavailable));
  CHECK(store.error().detail.find("migration") != std::string::npos);
  CHECK(migrate_postgres_store(options).has_value());
  CHECK(migrate_postgres_store(options).has_value());
  CHECK(open_postgres_store(options).has_value());
}

TEST_CASE("a schema with other tables is no ledger") {
  server().execute("CREATE SCHEMA others; CREATE TABLE others.journal(id int)");
  server().execute("GRANT ALL ON SCHEMA others TO " + std::string(testing::PostgresServer::kUser));
  const auto store = open_postgres_store({.url = server().url(), .schema = "others"});
  REQUIRE_FALSE(store.has_value());
  CHECK(name(store.error().code) == name(ErrorCode::store_corrupt));
}

TEST_CASE("the journal refuses every change, even a superuser's") {
  const auto store = testing::must_open({.url = server().url(), .schema = "append_only"});
  testing::fill(*store, 100);
  constexpr const char* kUpsert =
      "INSERT INTO append_only.journal SELECT * FROM append_only.journal ON CONFLICT (seq) "
      "DO UPDATE SET amount = 1";
  for (const char* sql :
       {"UPDATE append_only.journal SET amount = 1", "DELETE FROM append_only.journal",
        "TRUNCATE append_only.journal", "UPDATE append_only.journal SET amount = 1 WHERE false",
        "SET session_replication_role = replica; DELETE FROM append_only.journal", kUpsert}) {
    CAPTURE(sql);
    CHECK_THROWS_AS(server().execute(sql), std::runtime_error);
  }
  // Its owner has not even the right to.
  CHECK(server().query("SELECT has_table_privilege('ledger_test', 'append_only.journal', "
                       "'UPDATE, DELETE, TRUNCATE')") == "f");
  CHECK(server().query("SELECT count(*) FROM append_only.journal") == "1");
}

TEST_CASE("no error holds the password") {
  const std::string right = server().url();
  const std::string password = testing::PostgresServer::kPassword;
  std::vector<std::string> urls = {right + "?sslmode=require", right + "x",
                                   right + "?options=-c%20nonsense%3D1",
                                   right + "?target_session_attrs=any&port=1"};
  std::string wrong_user = right;
  urls.push_back(wrong_user.replace(wrong_user.find("ledger_test"), 11, "nobody_here"));
  for (const std::string& url : urls) {
    const auto store = open_postgres_store({.url = url});
    REQUIRE_FALSE(store.has_value());
    CAPTURE(store.error().message());
    CHECK(name(store.error().code) == name(ErrorCode::store_unavailable));
    CHECK(store.error().message().find(password) == std::string::npos);
  }
}

TEST_CASE("a server that only reads is not taken") {
  const testing::PostgresServer reader({"default_transaction_read_only = on"});
  const auto store = open_postgres_store({.url = reader.socket_url()});
  REQUIRE_FALSE(store.has_value());
  CHECK(name(store.error().code) == name(ErrorCode::store_unavailable));
}

TEST_CASE("of several hosts the one that can be written to is used") {
  const testing::PostgresServer reader({"default_transaction_read_only = on"});
  const std::string port = std::to_string(server().port());
  std::string url = server().url();
  const std::string host = "127.0.0.1:" + port;
  url.replace(url.find(host), host.size(),
              "127.0.0.1:1,127.0.0.1:" + std::to_string(reader.port()) + "," + host);
  const auto store = testing::must_open({.url = url, .schema = "several_hosts"});
  CHECK(store->check().has_value());
}

}  // namespace
}  // namespace ledger
