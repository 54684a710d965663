// Outcomes remembered in Redis: a flushed, stale or lying cache costs time at worst.
#include "ledger/redis_cache.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

#include "cache/redis/entry.h"
#include "fakes/faulty_store.h"
#include "ledger/ledger.h"
#include "ledger/memory_store.h"
#include "ledger/no_lock.h"
#include "ledger/store_wrapper.h"
#include "support/child_process.h"
#include "support/redis_server.h"

namespace ledger {
namespace {

using std::chrono::milliseconds;

constexpr const char* kSecret = "0123456789abcdef";
constexpr AccountId kWorld{1};
constexpr AccountId kAda{2};

Amount dollars(MinorUnits cents) { return {cents, Currency::iso("USD").value()}; }

RedisCacheOptions options_for(const testing::RedisServer& server) {
  return {.address = server.address(),
          .secret = kSecret,
          .connect_timeout = std::chrono::seconds(5),
          .command_timeout = std::chrono::seconds(5),
          .pause = milliseconds(50)};
}

/// One journal, and ledgers over it that can be kept from reaching it.
class Processes {
 public:
  Processes() {
    Ledger ledger = open(nullptr);
    for (const AccountId id : {kWorld, kAda}) {
      const auto min = id == kWorld ? std::optional<MinorUnits>() : 0;
      REQUIRE(ledger
                  .create_account({.key = "open-" + std::to_string(to_int(id)),
                                   .currency = dollars(0).currency(),
                                   .id = id,
                                   .min_balance = min})
                  .has_value());
    }
  }

  Ledger open(std::unique_ptr<OutcomeCache> cache) {
    auto store =
        std::make_unique<fakes::FaultyStore>(std::make_unique<StoreWrapper>(journal_),
                                             [this](fakes::Call) -> std::optional<fakes::Fault> {
                                               if (!away) return std::nullopt;
                                               return fakes::Fault{ErrorCode::store_unavailable};
                                             });
    auto opened = Ledger::open({}, std::move(store), make_no_lock(), std::move(cache));
    REQUIRE(opened.has_value());
    return std::move(*opened);
  }
  Ledger open(const testing::RedisServer& server) { return open(options_for(server)); }
  Ledger open(const RedisCacheOptions& options) {
    auto cache = make_redis_cache(options);
    REQUIRE_MESSAGE(cache.has_value(), cache.error().message());
    return open(std::move(*cache));
  }

  bool away = false;

 private:
  std::shared_ptr<Store> journal_ = make_memory_store();
};

/// Whether this key is answered although the store is away: by the cache, that is.
bool is_remembered(Processes& processes, Ledger& ledger, const std::string& key) {
  processes.away = true;
  const auto answer = ledger.transfer(key, kWorld, kAda, dollars(100));
  processes.away = false;
  if (answer) CHECK(answer->replayed);
  return answer.has_value();
}

/// What is kept is sent by a thread of the cache's own.
bool becomes_remembered(Processes& processes, Ledger& ledger, const std::string& key) {
  return testing::wait_until([&] { return is_remembered(processes, ledger, key); });
}

TEST_CASE("a recent outcome is answered without the store, by every process") {
  const testing::RedisServer server;
  Processes processes;
  Ledger one = processes.open(server);
  Ledger other = processes.open(server);
  const auto first = one.transfer("order-1", kWorld, kAda, dollars(100));
  REQUIRE(first.has_value());
  const auto declined = one.transfer("declined", kAda, kWorld, dollars(500));
  CHECK(name(declined.error().code) == name(ErrorCode::insufficient_funds));
  REQUIRE(becomes_remembered(processes, one, "order-1"));
  REQUIRE(becomes_remembered(processes, other, "order-1"));

  processes.away = true;
  const auto again = other.transfer("order-1", kWorld, kAda, dollars(100));
  CHECK(again->id == first->id);
  CHECK(again->recorded_at == first->recorded_at);
  CHECK(again->legs == first->legs);
  const auto reused = other.transfer("order-1", kWorld, kAda, dollars(101));
  CHECK(name(reused.error().code) == name(ErrorCode::key_reused));
  CHECK(testing::wait_until([&] {
    const auto refused = other.transfer("declined", kAda, kWorld, dollars(500));
    return refused.error().code == ErrorCode::insufficient_funds && refused.error().replayed;
  }));
  const auto fresh = other.transfer("order-2", kWorld, kAda, dollars(1));
  CHECK(name(fresh.error().code) == name(ErrorCode::store_unavailable));
}

TEST_CASE("a flushed cache asks the store, and is filled again") {
  const testing::RedisServer server;
  Processes processes;
  Ledger ledger = processes.open(server);
  REQUIRE(ledger.transfer("order-1", kWorld, kAda, dollars(100)).has_value());
  REQUIRE(becomes_remembered(processes, ledger, "order-1"));
  server.flush();
  CHECK_FALSE(is_remembered(processes, ledger, "order-1"));
  CHECK(ledger.transfer("order-1", kWorld, kAda, dollars(100))->replayed);
  CHECK(becomes_remembered(processes, ledger, "order-1"));
  CHECK(ledger.account(kAda)->balance == 100);
}

TEST_CASE("what another hand put into the cache is not believed, and costs nothing") {
  const testing::RedisServer server;
  Processes processes;
  Ledger ledger = processes.open(server);
  REQUIRE(ledger.transfer("honest", kWorld, kAda, dollars(100)).has_value());
  REQUIRE(becomes_remembered(processes, ledger, "honest"));

  // A true entry under a false key, noise, another kind of value, and one of another journal.
  const std::string forged = server.ask(
      "EVAL \"redis.call('SET','ledger:outcome:copied',redis.call('GET','ledger:outcome:honest')) "
      "redis.call('SET','ledger:outcome:noise','paid in full') "
      "redis.call('LPUSH','ledger:outcome:list','paid') return 1\" 0");
  CHECK(forged == ":1\r\n");
  RedisCacheOptions foreign = options_for(server);
  foreign.secret = "fedcba9876543210";
  Processes elsewhere;
  Ledger stranger = elsewhere.open(foreign);
  REQUIRE(stranger.transfer("foreign", kWorld, kAda, dollars(100)).has_value());
  REQUIRE(becomes_remembered(elsewhere, stranger, "foreign"));

  MinorUnits balance = 100;
  for (const char* key : {"copied", "noise", "list", "foreign"}) {
    CAPTURE(key);
    CHECK_FALSE(is_remembered(processes, ledger, key));
    const auto moved = ledger.transfer(key, kWorld, kAda, dollars(100));
    REQUIRE_MESSAGE(moved.has_value(), moved.error().message());
    CHECK_FALSE(moved->replayed);
    CHECK(ledger.account(kAda)->balance == (balance += 100));
  }
}

TEST_CASE("without Redis, or with one that hangs, the ledger goes on, and returns to it") {
  testing::RedisServer server;
  Processes processes;
  RedisCacheOptions options = options_for(server);
  options.connect_timeout = options.command_timeout = milliseconds(100);
  Ledger ledger = processes.open(options);
  int transfers = 0;
  const auto go_on = [&] {
    const std::string key = "order-" + std::to_string(++transfers);
    CHECK_FALSE(ledger.transfer(key, kWorld, kAda, dollars(100))->replayed);
    CHECK(ledger.transfer(key, kWorld, kAda, dollars(100))->replayed);
  };
  server.freeze();
  go_on();
  server.thaw();
  server.kill_hard();
  go_on();
  server.restart();
  CHECK(testing::wait_until([&] {
    go_on();
    return is_remembered(processes, ledger, "order-" + std::to_string(transfers));
  }));
  CHECK(ledger.account(kAda)->balance == 100 * transfers);
}

TEST_CASE("an outcome is remembered for the time that was set") {
  const testing::RedisServer server;
  Processes processes;
  RedisCacheOptions options = options_for(server);
  options.ttl = milliseconds(200);
  Ledger ledger = processes.open(options);
  REQUIRE(ledger.transfer("order-1", kWorld, kAda, dollars(100)).has_value());
  CHECK(testing::wait_until([&] { return server.ask("DBSIZE") == ":0\r\n"; }));
  CHECK(ledger.transfer("order-1", kWorld, kAda, dollars(100))->replayed);
}

TEST_CASE("options of the cache out of range are refused by their names, without secrets") {
  const auto refused = [](const RedisCacheOptions& options) {
    const auto made = make_redis_cache(options);
    REQUIRE_FALSE(made.has_value());
    CHECK(name(made.error().code) == name(ErrorCode::invalid_option));
    CHECK(made.error().detail.find("short") == std::string::npos);
    return made.error().detail;
  };
  CHECK(refused({.secret = "short"}).starts_with("secret"));
  CHECK(refused({.secret = kSecret, .ttl = milliseconds(0)}).starts_with("ttl"));
  CHECK(refused({.secret = kSecret, .pause = milliseconds(0)}).starts_with("pause"));
  CHECK(refused({.secret = kSecret, .command_timeout = milliseconds(-1)})
            .starts_with("command_timeout"));
  CHECK_FALSE(refused({.address = "redis://x:short@", .secret = kSecret}).empty());
}

}  // namespace
}  // namespace ledger
