#include "conformance/lock_conformance.h"

#include <doctest/doctest.h>

#include "ledger/circuit_breaker.h"
#include "ledger/in_process_lock.h"
#include "ledger/no_lock.h"
#ifdef LEDGER_WITH_REDIS
#include "ledger/redis_lock.h"
#include "support/redis_server.h"
#endif

namespace ledger {
namespace {

TEST_CASE("no locks keep the contract") {
  conformance::LocksUnderTest locks;
  locks.make = make_no_lock;
  locks.grants_everything = true;
  conformance::check_locks(locks);
}

TEST_CASE("in-process locks keep the contract") {
  const auto table = make_in_process_lock_table();
  conformance::LocksUnderTest locks;
  locks.make = [&] { return make_in_process_lock(table); };
  conformance::check_locks(locks);
}

#ifdef LEDGER_WITH_REDIS
/// Expired is released, too: what outlives its provider is not released otherwise.
constexpr std::chrono::seconds kRedisTtl{5};

RedisLockOptions options_for(const testing::RedisServer& server) {
  return {.address = server.address(),
          .ttl = kRedisTtl,
          .connect_timeout = std::chrono::seconds(10),
          .command_timeout = std::chrono::seconds(10)};
}

std::unique_ptr<LockProvider> make_redis(const testing::RedisServer& server) {
  auto locks = make_redis_lock(options_for(server));
  REQUIRE_MESSAGE(locks.has_value(), locks.error().message());
  return std::move(*locks);
}

TEST_CASE("Redis locks keep the contract") {
  const testing::RedisServer server;
  conformance::LocksUnderTest locks;
  locks.make = [&] { return make_redis(server); };
  locks.released_within = 2 * kRedisTtl;
  conformance::check_locks(locks);
}

TEST_CASE("Redis locks behind a circuit breaker keep the contract") {
  const testing::RedisServer server;
  conformance::LocksUnderTest locks;
  locks.make = [&] { return make_guarded_lock(make_redis(server)); };
  locks.released_within = 2 * kRedisTtl;
  conformance::check_locks(locks);
}
#endif

TEST_CASE("in-process providers without a common table do not know of each other") {
  const auto one = make_in_process_lock();
  const auto other = make_in_process_lock();
  const AccountId account{1};
  const auto deadline = std::chrono::steady_clock::now();
  const auto held = one->acquire({&account, 1}, deadline);
  const auto also = other->acquire({&account, 1}, deadline);
  REQUIRE(held.has_value());
  REQUIRE(also.has_value());
  CHECK((*also)->refused().empty());
}

}  // namespace
}  // namespace ledger
