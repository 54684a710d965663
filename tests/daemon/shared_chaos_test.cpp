// X-Simulate-Chaos, over Postgres and Redis.
#include <doctest/doctest.h>

#include <string>

#include "daemon/chaos_cases.h"
#include "support/postgres_server.h"
#include "support/redis_server.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::PostgresServer;
using ledger::testing::RedisServer;
using ledger::testing::wait_until;

struct Servers {
  PostgresServer postgres;
  RedisServer redis;

  [[nodiscard]] Variables variables() const {
    return {{"DB_URL", postgres.url()}, {"REDIS_ADDR", redis.address()}};
  }
  /// Whether somebody has a lease on the account that pays.
  [[nodiscard]] bool is_leased() const { return redis.ask("EXISTS ledger:lock:1") == ":1\r\n"; }
};

void rehearse_over_servers(const std::string& point) {
  const Servers servers;
  ChaosDaemon daemon({"--lock-ttl", "1"}, servers.variables());
  rehearse(daemon, point);
}

TEST_CASE("chaos over Postgres and Redis: true commits, then drops the connection") {
  rehearse_over_servers("true");
}
TEST_CASE("chaos over Postgres and Redis: before-commit moves nothing") {
  rehearse_over_servers("before-commit");
}
TEST_CASE("chaos over Postgres and Redis: after-commit is recovered by the retry") {
  rehearse_over_servers("after-commit");
}
TEST_CASE("chaos over Postgres and Redis: before-release is recovered by the retry") {
  rehearse_over_servers("before-release");
}
TEST_CASE("chaos over Postgres and Redis: kill-before-commit moves nothing") {
  rehearse_over_servers("kill-before-commit");
}
TEST_CASE("chaos over Postgres and Redis: kill-after-commit is recovered by the retry") {
  rehearse_over_servers("kill-after-commit");
}
TEST_CASE("chaos over Postgres and Redis: kill-before-release is recovered by the retry") {
  rehearse_over_servers("kill-before-release");
}
TEST_CASE("chaos over Postgres and Redis: kill-before-reply is recovered by the retry") {
  rehearse_over_servers("kill-before-reply");
}

TEST_CASE("leases are left in Redis by what ends before their release, and by nothing else") {
  const Servers servers;
  ChaosDaemon daemon({"--lock-ttl", "86400"}, servers.variables());
  for (const char* released : {"before-commit", "after-commit"}) {
    CAPTURE(released);
    CHECK(daemon.is_dropped(released, released));
    CHECK(wait_until([&] { return !servers.is_leased(); }));
  }
  for (const char* left : {"before-release", "kill-before-release", "kill-before-commit"}) {
    CAPTURE(left);
    CHECK(daemon.is_dropped(left, left));
    CHECK(servers.is_leased());
    if (std::string_view(left).starts_with("kill-")) {
      REQUIRE(daemon.process().run().wait());
      daemon.process().restart();
    }
    CHECK(daemon.transfer("other").code() == "lock_not_granted");
    servers.redis.flush();
  }
  CHECK(is_first(daemon.transfer("other")));
  CHECK(daemon.has_moved(4));
}

TEST_CASE("another ledgerd answers the retry of a request that killed the first") {
  const Servers servers;
  ChaosDaemon first({"--lock-ttl", "1"}, servers.variables());
  ChaosDaemon second({"--lock-ttl", "1"}, servers.variables());
  CHECK(first.is_dropped("kill-after-commit", "a"));
  CHECK(is_recovered(second.transfer("a")));
  REQUIRE(first.process().run().wait());
  first.process().restart();
  REQUIRE(wait_until([&] { return !servers.is_leased(); }));  // by the one that was killed
  CHECK(first.is_dropped("kill-before-commit", "b"));
  CHECK(is_first(second.transfer_when_possible("b")));
  CHECK(second.has_moved(2));
}

}  // namespace
}  // namespace ledgerd::testing
