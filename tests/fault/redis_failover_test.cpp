// Several servers, and which of them leads.
#include <doctest/doctest.h>

#include <chrono>
#include <string>

#include "ledger/redis_lock.h"
#include "support/redis_server.h"

using namespace std::chrono_literals;
using namespace ledger;
using testing::RedisServer;
using testing::wait_until;

namespace {

const AccountId kAccount{1};

std::unique_ptr<LockProvider> make(std::string address) {
  auto locks = make_redis_lock(
      {.address = std::move(address), .ttl = 60s, .connect_timeout = 2s, .command_timeout = 2s});
  REQUIRE_MESSAGE(locks.has_value(), locks.error().message());
  return std::move(*locks);
}

Result<std::unique_ptr<Leases>> try_acquire(LockProvider& locks) {
  return locks.acquire({&kAccount, 1}, std::chrono::steady_clock::now() + 30s);
}

void check_granted(LockProvider& locks) {
  const auto leases = try_acquire(locks);
  REQUIRE_MESSAGE(leases.has_value(), leases.error().message());
  CHECK((*leases)->refused().empty());
}

bool has_lease(const RedisServer& server) { return server.ask("EXISTS ledger:lock:1") == ":1\r\n"; }

/// A release that the replica has not received when it takes over is one for the time to live.
void wait_for_release(const RedisServer& replica) {
  REQUIRE(wait_until([&] { return !has_lease(replica); }));
}

}  // namespace

TEST_CASE("of several servers a dead one is passed over, and the one that answered is kept") {
  RedisServer first;
  RedisServer second;
  const auto locks = make(first.address() + ',' + second.address());
  first.kill_hard();
  {
    const auto held = try_acquire(*locks);
    REQUIRE_MESSAGE(held.has_value(), held.error().message());
    CHECK(has_lease(second));
  }
  first.restart();
  {
    const auto held = try_acquire(*locks);
    CHECK(held.has_value());
    CHECK_FALSE(has_lease(first));
  }
  second.kill_hard();
  {
    const auto held = try_acquire(*locks);
    REQUIRE_MESSAGE(held.has_value(), held.error().message());
    CHECK(has_lease(first));
  }
  first.kill_hard();
  const auto none = try_acquire(*locks);
  REQUIRE_FALSE(none.has_value());
  CHECK(none.error().detail.find("127.0.0.1:") != std::string::npos);
}

TEST_CASE("of several servers one that hangs is passed over by the next call") {
  RedisServer first;
  const RedisServer second;
  auto locks = make_redis_lock({.address = first.address() + ',' + second.address(),
                                .connect_timeout = 100ms,
                                .command_timeout = 100ms});
  REQUIRE(locks.has_value());
  first.freeze();
  CHECK_FALSE(try_acquire(**locks).has_value());
  check_granted(**locks);
  first.thaw();
}

TEST_CASE("a replica is passed over for its master, also when it was the master before") {
  RedisServer master;
  const RedisServer replica({.replica_of = master.port()});
  REQUIRE(wait_until([&] { return replica.ask("ROLE").find("connected") != std::string::npos; }));
  const auto locks = make(replica.address() + ',' + master.address());
  check_granted(*locks);
  wait_for_release(replica);

  // They change places, and the kept connections with them.
  REQUIRE(replica.ask("REPLICAOF NO ONE").starts_with("+OK"));
  REQUIRE(master.ask("REPLICAOF 127.0.0.1 " + std::to_string(replica.port())).starts_with("+OK"));
  REQUIRE(wait_until([&] { return master.ask("ROLE").find("connected") != std::string::npos; }));
  for (int i = 0; i < 5; ++i)
    check_granted(*locks);
}

TEST_CASE("a failover by the sentinels is followed") {
  testing::RedisFailoverGroup group;
  const auto locks = make(group.address());
  check_granted(*locks);
  const auto old_port = group.master().port();
  REQUIRE(group.leader_port() == old_port);
  wait_for_release(group.replica());

  group.master().kill_hard();
  CHECK_FALSE(try_acquire(*locks).has_value());
  REQUIRE(wait_until([&] { return group.leader_port() == group.replica().port(); }, 60s));
  CHECK(wait_until([&] { return try_acquire(*locks).has_value(); }, 60s));
  CHECK(group.replica().ask("ROLE").find("master") != std::string::npos);
  check_granted(*locks);
}

TEST_CASE("sentinels that do not know the master, or are none, are named in the error") {
  const RedisServer server;
  const RedisServer sentinel({.sentinel_of = server.port()});
  const auto unknown = make("sentinel://" + sentinel.address() + "/nobody");
  CHECK(try_acquire(*unknown).error().detail.find("no master of that name") != std::string::npos);
  const auto none = make("sentinel://" + server.address() + "/ledger");
  const auto error = try_acquire(*none).error();
  CHECK(error.detail.find(server.address()) != std::string::npos);
  check_granted(*make("sentinel://" + server.address() + ',' + sentinel.address() + "/ledger"));
}
