// One Redis that dies, hangs, forgets, or is something else.
#include "ledger/redis_lock.h"

#include <doctest/doctest.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "fakes/fake_clock.h"
#include "fault/odd_server.h"
#include "support/redis_server.h"

using namespace std::chrono_literals;
using namespace ledger;
using std::chrono::steady_clock;
using testing::OddServer;
using testing::RedisServer;
using testing::wait_until;

namespace {

using Ids = std::vector<AccountId>;

/// Beyond a time-out, for a machine that is busy with other things.
constexpr auto kSlack = 2s;

const Ids kOne{AccountId{1}};

RedisLockOptions options_for(std::string address) {
  return {.address = std::move(address), .ttl = 60s, .connect_timeout = 3s, .command_timeout = 3s};
}

std::unique_ptr<LockProvider> make(const RedisLockOptions& options) {
  auto locks = make_redis_lock(options);
  REQUIRE_MESSAGE(locks.has_value(), locks.error().message());
  return std::move(*locks);
}

std::unique_ptr<LockProvider> make(const RedisServer& server) {
  return make(options_for(server.address()));
}

Result<std::unique_ptr<Leases>> try_acquire(LockProvider& locks, const Ids& accounts = kOne) {
  return locks.acquire(accounts, steady_clock::now() + 30s);
}

std::unique_ptr<Leases> acquire(LockProvider& locks, const Ids& accounts = kOne) {
  auto leases = try_acquire(locks, accounts);
  REQUIRE_MESSAGE(leases.has_value(), leases.error().message());
  return std::move(*leases);
}

bool is_granted(LockProvider& locks, const Ids& accounts = kOne) {
  return acquire(locks, accounts)->refused().empty();
}

template <class Action>
steady_clock::duration time_of(Action action) {
  const auto began = steady_clock::now();
  action();
  return steady_clock::now() - began;
}

}  // namespace

TEST_CASE("a frozen Redis costs a batch the command time-out, and the late answer is not taken") {
  RedisServer server;
  auto options = options_for(server.address());
  options.command_timeout = 200ms;
  const auto locks = make(options);
  const auto others = make(server);
  const Ids two{AccountId{2}};
  const auto held = acquire(*others, two);
  REQUIRE(is_granted(*locks));

  server.freeze();
  for (int i = 0; i < 3; ++i) {  // the first over a kept connection, the others over new ones
    const auto took = time_of([&] {
      const auto leases = try_acquire(*locks);
      REQUIRE_FALSE(leases.has_value());
      CHECK(leases.error().code == ErrorCode::store_unavailable);
      CHECK(leases.error().detail.find("in time") != std::string::npos);
    });
    CHECK(took >= 190ms);
    CHECK(took < 200ms + kSlack);
  }
  server.thaw();
  // The late answers said "granted"; this one must not.
  CHECK(acquire(*locks, two)->refused() == two);
}

TEST_CASE("what a frozen Redis grants when it thaws is given up, not left to expire") {
  RedisServer server;
  auto options = options_for(server.address());
  options.command_timeout = 100ms;
  const auto locks = make(options);
  const auto others = make(server);
  REQUIRE(is_granted(*locks));
  REQUIRE(wait_until([&] { return is_granted(*others); }));
  server.freeze();
  REQUIRE_FALSE(try_acquire(*locks).has_value());
  server.thaw();
  CHECK(wait_until([&] { return is_granted(*others); }, 20s));
}

TEST_CASE("acquire returns by its deadline, on the clock that it was given") {
  RedisServer server;
  server.freeze();
  auto options = options_for(server.address());
  options.command_timeout = 20s;
  const auto locks = make(options);
  const auto took = time_of([&] {
    CHECK_FALSE(locks->acquire(kOne, steady_clock::now() + 100ms).has_value());
    CHECK_FALSE(locks->acquire(kOne, steady_clock::now() - 1s).has_value());
  });
  CHECK(took < 100ms + kSlack);

  server.thaw();
  const auto clock = std::make_shared<fakes::FakeClock>();  // far behind the machine's
  options.clock = clock;
  const auto fake_time = make(options);
  const auto leases = fake_time->acquire(kOne, clock->steady_now() + 10s);
  CHECK_MESSAGE(leases.has_value(), leases.error().message());
  CHECK(fake_time->acquire(kOne, SteadyTime::max()).has_value());
}

TEST_CASE("a Redis that was killed fails at once and, restarted, is used again by itself") {
  RedisServer server;
  const auto locks = make(server);
  for (int round = 0; round < 3; ++round) {
    REQUIRE(is_granted(*locks));
    server.kill_hard();
    const auto took = time_of([&] {
      const auto leases = try_acquire(*locks);
      REQUIRE_FALSE(leases.has_value());
      CHECK(leases.error().code == ErrorCode::store_unavailable);
      CHECK(leases.error().detail.find(server.address()) != std::string::npos);
    });
    CHECK(took < kSlack);
    server.restart();
  }
  CHECK(is_granted(*locks));
  // The first call after a restart finds its kept connections dead, and must not fail for it.
  server.kill_hard();
  server.restart();
  CHECK(try_acquire(*locks).has_value());
}

TEST_CASE("a provider can be made and destroyed while Redis is away, holding leases or not") {
  RedisServer server;
  auto locks = make(server);
  auto held = acquire(*locks);
  server.kill_hard();
  const auto took = time_of([&] {
    auto fresh = make(server);
    CHECK_FALSE(try_acquire(*fresh).has_value());
    CHECK(fresh->acquire({}, steady_clock::now() + 1s).has_value());  // asks nobody
    held.reset();
    locks.reset();
  });
  CHECK(took < kSlack);
}

TEST_CASE("a lease that expired goes to another, and its late release takes nothing away") {
  RedisServer server;
  auto options = options_for(server.address());
  options.ttl = 200ms;
  const auto brief = make(options);
  const auto others = make(server);
  auto expiring = acquire(*brief);
  std::unique_ptr<Leases> next;
  REQUIRE(wait_until([&] {
    next = acquire(*others);
    return next->refused().empty();
  }));
  const std::string token = server.ask("GET ledger:lock:1");
  expiring.reset();
  // The releases of one provider are in order: once this one is done, so is that one.
  acquire(*brief, {AccountId{2}}).reset();
  REQUIRE(wait_until([&] { return server.ask("EXISTS ledger:lock:2") == ":0\r\n"; }));
  CHECK(server.ask("GET ledger:lock:1") == token);
  CHECK_FALSE(is_granted(*brief));
}

TEST_CASE("every lease has a time to live, and a token that no other has") {
  RedisServer server;
  const auto locks = make(server);
  const auto others = make(server);
  const auto first = acquire(*locks, {AccountId{1}, AccountId{2}});
  const auto second = acquire(*locks, {AccountId{3}});
  const auto third = acquire(*others, {AccountId{4}});
  for (const char* key : {"1", "2", "3", "4"}) {
    const std::string left = server.ask(std::string("PTTL ledger:lock:") + key);
    REQUIRE(left.front() == ':');
    CHECK(std::stoi(left.substr(1)) > 30'000);
    CHECK(std::stoi(left.substr(1)) <= 60'000);
  }
  CHECK(server.ask("GET ledger:lock:1") == server.ask("GET ledger:lock:2"));
  CHECK(server.ask("GET ledger:lock:1") != server.ask("GET ledger:lock:3"));
  CHECK(server.ask("GET ledger:lock:1") != server.ask("GET ledger:lock:4"));
}

TEST_CASE("a Redis that forgot its leases and its scripts is used as if it were new") {
  RedisServer server;
  const auto locks = make(server);
  const auto held = acquire(*locks);
  server.flush();
  static_cast<void>(server.ask("SCRIPT FLUSH"));
  CHECK(is_granted(*locks));
  CHECK(is_granted(*locks, {AccountId{1}, AccountId{2}}));
}

TEST_CASE("ledgers with different prefixes or databases do not hinder each other") {
  RedisServer server;
  const auto plain = make(server);
  auto options = options_for(server.address());
  options.key_prefix = "other:";
  const auto prefixed = make(options);
  const auto in_db = make(options_for("redis://" + server.address() + "/3"));
  const auto held = acquire(*plain);
  CHECK(is_granted(*prefixed));
  CHECK(is_granted(*in_db));
  CHECK_FALSE(is_granted(*make(options_for("redis://" + server.address() + "/0"))));
}

TEST_CASE("a key of another kind counts as held by another") {
  RedisServer server;
  static_cast<void>(server.ask("RPUSH ledger:lock:1 x"));
  const auto locks = make(server);
  acquire(*locks, {AccountId{2}}).reset();  // so that tokens given up are looked for
  CHECK(acquire(*locks, {AccountId{1}, AccountId{2}})->refused() == kOne);
}

TEST_CASE("with the right password it logs in; without, the error says so and tells no password") {
  const RedisServer server({.password = "right-one"});
  CHECK(is_granted(*make(options_for("redis://:right-one@" + server.address()))));
  CHECK(is_granted(*make(options_for("redis://default:right%2Done@" + server.address() + "/2"))));

  for (const char* user : {":hunter2@", "ada:hunter2@"}) {
    const auto locks = make(options_for("redis://" + std::string(user) + server.address()));
    const auto leases = try_acquire(*locks);
    REQUIRE_FALSE(leases.has_value());
    CHECK(leases.error().code == ErrorCode::store_unavailable);
    CHECK(leases.error().detail.find("log-in: WRONGPASS") != std::string::npos);
    CHECK(leases.error().detail.find("hunter2") == std::string::npos);
  }
  const auto none = make(options_for(server.address()));
  CHECK(try_acquire(*none).error().detail.find("NOAUTH") != std::string::npos);
  const auto bad_db = make(options_for("redis://:right-one@" + server.address() + "/99999"));
  CHECK(try_acquire(*bad_db).error().detail.find("log-in: ERR") != std::string::npos);
}

TEST_CASE("a server that quotes the log-in does not get the password into an error") {
  const OddServer server("-ERR unknown command 'AUTH', with args beginning with: 'hunter2'\r\n");
  const auto locks = make(options_for("redis://:hunter2@" + server.address()));
  const auto leases = try_acquire(*locks);
  REQUIRE_FALSE(leases.has_value());
  CHECK(leases.error().detail.find("hunter2") == std::string::npos);
}

TEST_CASE("answers that make no sense are failures, not leases") {
  for (const char* reply :
       {":1\r\n", "+OK\r\n", "$-1\r\n", "*1\r\n:0\r\n", "*1\r\n:2\r\n", "*2\r\n:1\r\n:1\r\n",
        "*1\r\n:-1\r\n", "*1\r\n$1\r\n1\r\n", "*1\r\n*0\r\n", "*-1\r\n", "*1\r\n", "*99999999\r\n",
        "HTTP/1.1 400 Bad Request\r\n\r\n", "-ERR no\r\n", "-READONLY no\r\n", "-NOSCRIPT no\r\n",
        "", "\r\n"}) {
    CAPTURE(std::string(reply));
    const OddServer server(reply);
    auto options = options_for(server.address());
    options.command_timeout = 500ms;
    const auto leases = try_acquire(*make(options));
    REQUIRE_FALSE(leases.has_value());
    CHECK(leases.error().code == ErrorCode::store_unavailable);
  }
}

TEST_CASE("a server that dribbles its answer does not stretch the time-out") {
  const OddServer server("$100\r\n" + std::string(100, 'x') + "\r\n", 30ms);
  auto options = options_for(server.address());
  options.command_timeout = 200ms;
  const auto locks = make(options);
  const auto took = time_of([&] { CHECK_FALSE(try_acquire(*locks).has_value()); });
  CHECK(took < 1500ms);  // of 3 s
}

TEST_CASE("options out of range are refused, each by its name") {
  const auto refused = [](auto change) {
    RedisLockOptions options;
    change(options);
    const auto locks = make_redis_lock(options);
    REQUIRE_FALSE(locks.has_value());
    CHECK(locks.error().code == ErrorCode::invalid_option);
    return locks.error().detail;
  };
  using O = RedisLockOptions;
  CHECK(refused([](O& o) { o.ttl = 0ms; }).starts_with("ttl "));
  CHECK(refused([](O& o) { o.ttl = 25h; }).starts_with("ttl "));
  CHECK(refused([](O& o) { o.connect_timeout = 0ms; }).starts_with("connect_timeout "));
  CHECK(refused([](O& o) { o.command_timeout = -1ms; }).starts_with("command_timeout "));
  CHECK(refused([](O& o) { o.address = "h"; }).starts_with("Redis address: "));
}
