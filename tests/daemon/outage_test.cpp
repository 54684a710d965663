// ledgerd while Postgres or Redis is away.
#include <doctest/doctest.h>

#include <string>

#include "support/ledgerd_process.h"
#include "support/postgres_server.h"
#include "support/redis_server.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::PostgresServer;
using ledger::testing::RedisServer;
using ledger::testing::wait_until;

RawResponse transfer(const LedgerdProcess& ledgerd, const std::string& key) {
  const auto answer = ask(ledgerd.port(), "POST", "/transfer", {{"Idempotency-Key", key}},
                          R"({"from_id":1,"to_id":2,"amount":1})");
  REQUIRE(answer);
  return *answer;
}

RawResponse readiness(const LedgerdProcess& ledgerd) {
  const auto answer = ask(ledgerd.port(), "GET", "/readyz");
  REQUIRE(answer);
  return *answer;
}

std::string balance_of_payee(const LedgerdProcess& ledgerd) {
  const auto answer = ask(ledgerd.port(), "GET", "/v1/accounts/2");
  REQUIRE(answer);
  constexpr std::string_view kName = R"("balance":")";
  const auto begin = answer->body.find(kName) + kName.size();
  return answer->body.substr(begin, answer->body.find('"', begin) - begin);
}

TEST_CASE("without Postgres a recent transfer is recovered from the cache") {
  PostgresServer postgres;
  const RedisServer redis;
  LedgerdProcess ledgerd({"--demo", "--outcome-cache", "600"},
                         {{"DB_URL", postgres.url()}, {"REDIS_ADDR", redis.address()}});
  CHECK(transfer(ledgerd, "before").status == 200);
  // What is kept goes to Redis behind the answer.
  CHECK(wait_until([&] { return redis.ask("EXISTS ledger:outcome:before") == ":1\r\n"; }));
  postgres.stop_at_once();
  const RawResponse again = transfer(ledgerd, "before");
  CHECK(again.status == 200);
  CHECK(again.header("X-Db-Hit") == "true");
  CHECK(transfer(ledgerd, "after").status == 503);
}

TEST_CASE("without Postgres requests are not applied and told so at once, until it is back") {
  PostgresServer postgres;
  LedgerdProcess ledgerd({"--demo"}, {{"DB_URL", postgres.url()}});
  CHECK(transfer(ledgerd, "before").status == 200);
  CHECK(readiness(ledgerd).body == R"({"status":"ready"})");

  postgres.stop_at_once();
  const auto began = std::chrono::steady_clock::now();
  constexpr int kRequests = 50;
  for (int i = 0; i < kRequests; ++i) {
    const RawResponse refused = transfer(ledgerd, "during-" + std::to_string(i));
    CHECK(refused.status == 503);
    CHECK(refused.code() == "store_unavailable");
    CHECK(refused.header("Retry-After") == "1");
  }
  // Waiting for a connection, or for its own time to be over, would cost each of them seconds.
  CHECK(std::chrono::steady_clock::now() - began < kRequests * std::chrono::milliseconds(500));
  const RawResponse unready = readiness(ledgerd);
  CHECK(unready.status == 503);
  CHECK(unready.header("Retry-After") == "1");
  CHECK(ledgerd.is_alive());

  postgres.start();
  CHECK(wait_until([&] { return transfer(ledgerd, "during-0").status == 200; }));
  CHECK(readiness(ledgerd).status == 200);
  CHECK(transfer(ledgerd, "before").header("X-Db-Hit") == "true");
  CHECK(balance_of_payee(ledgerd) == "1002.00");
}

TEST_CASE("without Redis transfers go on, and readiness says what the breaker does") {
  const PostgresServer postgres;
  RedisServer redis;
  LedgerdProcess ledgerd({"--demo"}, {{"DB_URL", postgres.url()}, {"REDIS_ADDR", redis.address()}});
  const auto breaker_is = [&](const std::string& state) {
    const RawResponse ready = readiness(ledgerd);
    return ready.status == 200 && ready.body == R"({"status":"ready","locks":")" + state + "\"}";
  };
  int count = 0;
  const auto move = [&] { return transfer(ledgerd, "t" + std::to_string(++count)).status; };
  CHECK(move() == 200);
  CHECK(breaker_is("closed"));
  CHECK(redis.ask("INFO commandstats").find("cmdstat_evalsha") != std::string::npos);

  redis.kill_hard();
  CHECK(wait_until([&] { return move() == 200 && breaker_is("open"); }));
  CHECK(ledgerd.run().err().find("warn Redis fails or is slow") != std::string::npos);

  redis.restart();
  CHECK(wait_until([&] { return move() == 200 && breaker_is("closed"); }));
  CHECK(ledgerd.run().err().find("info Redis is well again") != std::string::npos);
  CHECK(balance_of_payee(ledgerd) == std::to_string(1000 + count) + ".00");
}

TEST_CASE("leases of ledgers in different schemas of one Redis do not meet") {
  const PostgresServer postgres;
  const RedisServer redis;
  LedgerdProcess ledgerd({"--demo", "--db-schema", "bank", "--lock-ttl", "60"},
                         {{"DB_URL", postgres.url()}, {"REDIS_ADDR", redis.address()}});
  // Another ledger's leases on the same accounts.
  for (const char* account : {"1", "2"})
    REQUIRE(redis.ask(std::string("SET ledger:lock:") + account + " another PX 60000") ==
            "+OK\r\n");
  CHECK(transfer(ledgerd, "k").status == 200);
  for (const char* account : {"1", "2"})
    REQUIRE(redis.ask(std::string("SET bank:lock:") + account + " another PX 60000") == "+OK\r\n");
  CHECK(transfer(ledgerd, "refused").code() == "lock_not_granted");
}

}  // namespace
}  // namespace ledgerd::testing
