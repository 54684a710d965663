// Two and four ledgerd over one Postgres and one Redis, with `ledgerd stress` against all of them:
// whatever the lock service does, the books are right.
#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cstdint>
#include <random>
#include <string>

#include "support/child_process.h"
#include "support/granting_redis.h"
#include "support/redis_server.h"
#include "support/seed.h"
#include "support/shared_ledger.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::GrantingRedis;
using ledger::testing::RedisServer;
using ledger::testing::wait_until;

/// For each run; LEDGER_TEST_STRESS_TRANSFERS sets another number.
int transfers() { return ledger::testing::test_count("LEDGER_TEST_STRESS_TRANSFERS", 1'500); }

std::uint64_t printed_seed() {
  const std::uint64_t seed = ledger::testing::test_seed();
  MESSAGE("LEDGER_TEST_SEED=", seed);
  return seed;
}

void stress(SharedLedger& ledger) {
  StressRun run(ledger, transfers(), printed_seed());
  run.must_hold();
  ledger.check_books();
}

TEST_CASE("two ledgerd under stress keep sound books with leases in Redis") {
  const RedisServer redis;
  SharedLedger ledger(2, {}, {{"REDIS_ADDR", redis.address()}});
  stress(ledger);
}

TEST_CASE("four ledgerd under stress keep sound books with leases in Redis, read committed") {
  const RedisServer redis;
  SharedLedger ledger(4, {"--db-isolation", "read-committed", "--db-connections", "4"},
                      {{"REDIS_ADDR", redis.address()}});
  stress(ledger);
}

TEST_CASE("two ledgerd under stress keep sound books without any locks") {
  SharedLedger ledger(2, {"--locks", "none"});
  stress(ledger);
}

TEST_CASE("four ledgerd under stress keep sound books without any locks, read committed") {
  SharedLedger ledger(
      4, {"--locks", "none", "--db-isolation", "read-committed", "--db-connections", "4"});
  stress(ledger);
}

TEST_CASE("two ledgerd under stress keep sound books with a lock service that grants everything") {
  const GrantingRedis redis;
  SharedLedger ledger(2, {}, {{"REDIS_ADDR", redis.address()}});
  stress(ledger);
  CHECK(redis.scripts() > 0);
}

/// Redis in trouble, again and again, while the stress tester runs. Between two steps the ledger
/// has to get on: that is what is waited for.
class RedisTrouble {
 public:
  RedisTrouble(SharedLedger& ledger, StressRun& run, RedisServer& redis, std::uint64_t seed)
      : ledger_(ledger), run_(run), redis_(redis), random_(seed) {}

  /// In random order, each kind as often as any other, and each at least once.
  void make() {
    std::array<int, 3> kinds = {0, 1, 2};
    while (!run_.has_ended()) {
      std::ranges::shuffle(kinds, random_);
      for (const int kind : kinds)
        make(kind);
    }
  }

  [[nodiscard]] int kills() const { return kills_; }
  [[nodiscard]] int freezes() const { return freezes_; }
  [[nodiscard]] int flushes() const { return flushes_; }

 private:
  void make(int kind) {
    let_it_run();
    if (run_.has_ended()) return;
    if (kind == 0) {
      redis_.kill_hard();
      let_it_run();
      redis_.restart();
      ++kills_;
    } else if (kind == 1) {
      redis_.freeze();
      let_it_run();
      redis_.thaw();
      ++freezes_;
    } else {
      redis_.flush();
      ++flushes_;
    }
  }

  /// Until some more was written.
  void let_it_run() {
    const auto until =
        ledger_.progress() + std::uniform_int_distribution<std::int64_t>(5, 60)(random_);
    const bool got_on = wait_until([&] { return run_.has_ended() || ledger_.progress() >= until; });
    CHECK(got_on);
  }

  SharedLedger& ledger_;
  StressRun& run_;
  RedisServer& redis_;
  std::mt19937_64 random_;
  int kills_ = 0;
  int freezes_ = 0;
  int flushes_ = 0;
};

void stress_while_redis_is_in_trouble(SharedLedger& ledger, RedisServer& redis) {
  const std::uint64_t seed = printed_seed();
  StressRun run(ledger, transfers(), seed);
  RedisTrouble trouble(ledger, run, redis, seed);
  trouble.make();
  run.must_hold();
  ledger.check_books();
  MESSAGE("Redis was killed ", trouble.kills(), " times, stopped ", trouble.freezes(),
          " times and flushed ", trouble.flushes(), " times");
  CHECK(trouble.kills() > 0);
  CHECK(trouble.freezes() > 0);
  CHECK(trouble.flushes() > 0);
}

TEST_CASE("two ledgerd under stress keep sound books while Redis is killed, stopped and flushed") {
  RedisServer redis;
  SharedLedger ledger(2, {}, {{"REDIS_ADDR", redis.address()}});
  stress_while_redis_is_in_trouble(ledger, redis);
}

TEST_CASE("four ledgerd keep sound books while Redis is in trouble, read committed") {
  RedisServer redis;
  SharedLedger ledger(4, {"--db-isolation", "read-committed", "--db-connections", "4"},
                      {{"REDIS_ADDR", redis.address()}});
  stress_while_redis_is_in_trouble(ledger, redis);
}

}  // namespace
}  // namespace ledgerd::testing
