// Whatever goes wrong, ledgerd tells nobody a password.
#include <doctest/doctest.h>

#include <string>

#include "support/ledgerd_process.h"
#include "support/postgres_server.h"
#include "support/redis_server.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::PostgresServer;
using ledger::testing::RedisServer;
using ledger::testing::TempFolder;

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

/// Starts with these, and expects it to end with `exit_code` and to say `what`.
void fails(const Variables& variables, int exit_code, std::string_view what) {
  const TempFolder folder;
  for (const Arguments& arguments :
       {Arguments{"--listen", "127.0.0.1:0"},
        {"--listen", "127.0.0.1:0", "--log-format", "json", "--log-level", "debug"}}) {
    const Ended ended = run_ledgerd(folder.path(), arguments, variables);
    CAPTURE(ended.err);
    CHECK(ended.exit_code == exit_code);
    CHECK(contains(ended.err, what));
    CHECK_FALSE(contains(ended.out + ended.err, "hunter2"));
  }
}

TEST_CASE("a wrong password is refused without being told") {
  const PostgresServer postgres;
  const std::string place = "@127.0.0.1:" + std::to_string(postgres.port()) + "/postgres";
  const std::string user = PostgresServer::kUser;
  fails({{"DB_URL", "postgres://" + user + ":hunter2" + place}}, 1, "cannot open the ledger");
  fails({{"DB_URL", "postgres://127.0.0.1:" + std::to_string(postgres.port()) +
                        "/postgres?password=hunter2&user=" + user}},
        1, "cannot open the ledger");
}

TEST_CASE("an unreachable Postgres is one clear failure, for a restart policy to try again") {
  const std::string port = std::to_string(ledger::testing::unused_port());
  fails({{"DB_URL", "postgres://user:hunter2@127.0.0.1:" + port + "/db"}}, 1, "store_unavailable");
}

TEST_CASE("a URL that cannot be read is a mistake in a setting, and is not repeated") {
  for (const char* url :
       {"postgres://user:hunter2@[::1/db", "postgres://user:hunter2%zz@host/db",
        "postgres://user:x@hunter2@127.0.0.1/db", "postgres://user:5/hunter2@127.0.0.1/db",
        "postgres://user:x?hunter2@127.0.0.1/db", "postgres://127.0.0.1:hunter2/db",
        "postgres://user@127.0.0.1/db?passwort=hunter2", "postgress://user:hunter2@127.0.0.1/db"}) {
    CAPTURE(url);
    fails({{"DB_URL", url}}, 2, "--db (DB_URL)");
  }
  fails({{"DB_URL", "postgres://user:hunter2@127.0.0.1/db"}, {"LEDGER_DB_SCHEMA", "pg_x"}}, 2,
        "--db-schema (LEDGER_DB_SCHEMA)");
}

TEST_CASE("a Redis address that cannot be read is a mistake in a setting, and is not repeated") {
  for (const char* address :
       {"redis", "redis://:hunter2@h:port", "rediss://:hunter2@h", "user:hunter2@h:1",
        "redis://user:hun/hunter2@h", "sentinel://:hunter2@h:1"}) {
    CAPTURE(address);
    fails({{"DB_URL", "memory:"}, {"REDIS_ADDR", address}}, 2, "--redis (REDIS_ADDR)");
  }
}

TEST_CASE("the log names Redis and Postgres without their passwords") {
  const PostgresServer postgres;
  RedisServer redis({.password = "hunter2"});
  LedgerdProcess ledgerd(
      {"--demo", "--log-level", "debug"},
      {{"DB_URL", postgres.url()}, {"REDIS_ADDR", "redis://:hunter2@" + redis.address() + "/1"}});
  redis.kill_hard();
  for (int i = 0; i < 3; ++i) {  // each waits for Redis, and goes on without
    const auto transfer =
        ask(ledgerd.port(), "POST", "/transfer", {{"Idempotency-Key", std::to_string(i)}},
            R"({"from_id":1,"to_id":2,"amount":1})");
    REQUIRE(transfer);
    CHECK(transfer->status == 200);
  }
  const std::string err = ledgerd.run().err();
  CAPTURE(err);
  CHECK(contains(err, "redis=redis://" + redis.address() + "/1"));
  CHECK_FALSE(contains(err, "hunter2"));
  CHECK_FALSE(contains(err, PostgresServer::kPassword));
}

}  // namespace
}  // namespace ledgerd::testing
