// Ledgers whose Redis fails: no money is lost, and they go on.
#include <doctest/doctest.h>

#include <atomic>
#include <chrono>
#include <functional>
#include <mutex>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ledger/circuit_breaker.h"
#include "ledger/ledger.h"
#include "ledger/memory_store.h"
#include "ledger/redis_lock.h"
#include "ledger/sqlite_store.h"
#include "ledger/store_wrapper.h"
#include "support/redis_server.h"
#include "support/seed.h"
#include "support/temp_folder.h"

using namespace std::chrono_literals;
using namespace ledger;
using std::chrono::steady_clock;
using testing::RedisServer;
using testing::wait_until;

namespace {

const Currency kUsd = *Currency::iso("USD");
const AccountId kWorld{1};
constexpr std::int64_t kAccounts = 4;
constexpr MinorUnits kFunds = 100'000;
constexpr auto kServiceTimeout = 100ms;

void open_accounts(Ledger& ledger) {
  REQUIRE(ledger.create_account(
      {.key = "world", .currency = kUsd, .id = kWorld, .min_balance = std::nullopt}));
  for (std::int64_t id = 2; id < 2 + kAccounts; ++id) {
    const auto text = std::to_string(id);
    REQUIRE(ledger.create_account({.key = "open" + text, .currency = kUsd, .id = AccountId{id}}));
    REQUIRE(ledger.transfer("fund" + text, kWorld, AccountId{id}, Amount(kFunds, kUsd)));
  }
}

/// What the breaker told, in order.
struct States {
  std::mutex mutex;
  std::vector<CircuitState> told;

  void add(CircuitState state) {
    const std::lock_guard lock(mutex);
    told.push_back(state);
  }
};

/// Redis behind a breaker that tells `states`, if there are any.
std::unique_ptr<LockProvider> make_locks(const std::string& address,
                                         const std::shared_ptr<States>& states = nullptr) {
  auto redis = make_redis_lock({.address = address,
                                .ttl = 2s,
                                .connect_timeout = kServiceTimeout,
                                .command_timeout = kServiceTimeout});
  REQUIRE_MESSAGE(redis.has_value(), redis.error().message());
  CircuitCallback on_change;
  if (states) on_change = [states](CircuitState state) { states->add(state); };
  return make_guarded_lock(std::move(*redis), {}, on_change);
}

/// A ledger of its own, and a count of its transfers.
class Bench {
 public:
  explicit Bench(Options options) : ledger_(must(Ledger::open(std::move(options)))) {
    open_accounts(ledger_);
  }
  Bench(std::unique_ptr<Store> store, std::unique_ptr<LockProvider> locks)
      : ledger_(must(Ledger::open({}, std::move(store), std::move(locks)))) {
    open_accounts(ledger_);
  }

  Ledger& ledger() { return ledger_; }
  void transfer() {
    const auto receipt = ledger_.transfer("t" + std::to_string(++count_), AccountId{2},
                                          AccountId{3}, Amount(1, kUsd));
    REQUIRE_MESSAGE(receipt.has_value(), receipt.error().message());
  }
  void check_books() {
    const auto sound = ledger_.verify();
    CHECK_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message()));
    CHECK(ledger_.account(AccountId{3})->balance == kFunds + count_);
  }

 private:
  static Ledger must(Result<Ledger> ledger) {
    REQUIRE_MESSAGE(ledger.has_value(), ledger.error().message());
    return std::move(*ledger);
  }

  Ledger ledger_;
  int count_ = 0;
};

void survives_an_outage(std::unique_ptr<Store> store, const std::string& address,
                        const RedisServer& server, const std::function<void()>& begin,
                        const std::function<void()>& end) {
  const auto states = std::make_shared<States>();
  Bench bench(std::move(store), make_locks(address, states));
  CHECK(bench.ledger().locks_state() == CircuitState::closed);
  begin();
  for (int i = 0; i < 3; ++i)  // each of them waits for Redis, and is committed without
    bench.transfer();
  CHECK(bench.ledger().locks_state() == CircuitState::open);

  const auto began = steady_clock::now();
  for (int i = 0; i < 20; ++i)
    bench.transfer();
  CHECK(steady_clock::now() - began < 20 * kServiceTimeout);  // did not wait any more

  end();
  CHECK(wait_until([&] {
    bench.transfer();
    return bench.ledger().locks_state() == CircuitState::closed;
  }));
  CHECK(server.ask("INFO commandstats").find("evalsha") != std::string::npos);
  CHECK(states->told.front() == CircuitState::open);
  CHECK(states->told.back() == CircuitState::closed);
  bench.check_books();
}

/// Two ledgers with Redis locks over one store, each with some threads, all on a few accounts.
class Load {
 public:
  explicit Load(const std::string& locks) : store_(make_memory_store()) {
    for (int i = 0; i < 2; ++i)
      ledgers_.push_back(open(locks));
    open_accounts(ledgers_[0]);
  }

  /// REQUIRES: `disturb` does its part while the transfers run.
  void run(const std::function<void()>& disturb) {
    const auto seed = testing::test_seed();
    MESSAGE("LEDGER_TEST_SEED=", seed);
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (unsigned i = 0; i < kThreads; ++i)
      threads.emplace_back([this, i, seed] { transfer(i, seed + i); });
    disturb();
    stopping_ = true;
    for (std::thread& thread : threads)
      thread.join();
  }

  void check_books() {
    MESSAGE(done_.load(), " transfers");
    CHECK(done_ > 100);
    CHECK_MESSAGE(failed_ == 0, last_error_);
    for (Ledger& ledger : ledgers_) {
      const auto sound = ledger.verify();
      CHECK_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message()));
    }
    MinorUnits sum = 0;
    for (std::int64_t id = 2; id < 2 + kAccounts; ++id)
      sum += ledgers_[1].account(AccountId{id})->balance;
    CHECK(sum == kAccounts * kFunds);
    const auto accounts = ledgers_[0].accounts(kWorld, kAccounts);
    std::int64_t entries = 0;
    for (const Account& account : *accounts)
      entries += account.version;
    CHECK(entries == kAccounts + 2 * done_);  // each once
  }

  void wait_for_more_transfers() {
    const auto before = done_.load();
    REQUIRE(wait_until([&] { return done_ > before + 200; }, 60s));
  }

  /// Until both ledgers use Redis again.
  void wait_for_recovery() {
    REQUIRE(wait_until([&] {
      return ledgers_[0].locks_state() == CircuitState::closed &&
             ledgers_[1].locks_state() == CircuitState::closed;
    }));
  }

 private:
  static constexpr unsigned kThreads = 6;

  Ledger open(const std::string& locks) {
    Options options;
    options.lock_wait = 30s;  // leases that nobody releases expire
    options.request_timeout = 60s;
    auto ledger = Ledger::open(options, std::make_unique<StoreWrapper>(store_), make_locks(locks));
    REQUIRE(ledger.has_value());
    return std::move(*ledger);
  }

  void transfer(unsigned thread, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    Ledger& ledger = ledgers_[thread % ledgers_.size()];
    for (int i = 0; !stopping_; ++i) {
      const auto from = static_cast<std::int64_t>(random() % kAccounts);
      const auto to =
          (from + 1 + static_cast<std::int64_t>(random() % (kAccounts - 1))) % kAccounts;
      const auto key = std::to_string(thread) + '-' + std::to_string(i);
      const auto receipt =
          ledger.transfer(key, AccountId{2 + from}, AccountId{2 + to}, Amount(1, kUsd));
      if (receipt) {
        ++done_;
      } else {
        const std::lock_guard lock(mutex_);
        ++failed_;
        last_error_ = receipt.error().message();
      }
    }
  }

  const std::shared_ptr<Store> store_;
  std::vector<Ledger> ledgers_;
  std::atomic<bool> stopping_ = false;
  std::atomic<std::int64_t> done_ = 0;
  std::mutex mutex_;
  int failed_ = 0;
  std::string last_error_;
};

}  // namespace

TEST_CASE(
    "a ledger goes on without a frozen Redis, at once when the breaker is open, and returns") {
  RedisServer server;
  survives_an_outage(
      make_memory_store(), server.address(), server, [&] { server.freeze(); },
      [&] { server.thaw(); });
}

TEST_CASE("a durable ledger goes on without a killed Redis, and returns to it when it is back") {
  const testing::TempFolder folder;
  RedisServer server;
  auto store = open_sqlite_store({.path = folder.file("bank.db")});
  REQUIRE_MESSAGE(store.has_value(), store.error().message());
  survives_an_outage(
      std::move(*store), "redis://" + server.address() + "/1", server, [&] { server.kill_hard(); },
      [&] { server.restart(); });
}

TEST_CASE("a ledger opens and works while Redis is away, or has another password") {
  RedisServer server({.password = "right"});
  Bench wrong({.store = "memory:", .locks = "redis://:wrong@" + server.address()});
  server.kill_hard();
  Bench away({.store = "memory:", .locks = "redis://:right@" + server.address()});
  for (Bench* bench : {&wrong, &away}) {
    for (int i = 0; i < 3; ++i)
      bench->transfer();
    CHECK(bench->ledger().locks_state() == CircuitState::open);
    bench->check_books();
  }
}

TEST_CASE("a ledger without a lock service has no breaker, and a malformed address opens none") {
  CHECK_FALSE(Bench({.store = "memory:"}).ledger().locks_state().has_value());
  const auto refused = [](const std::string& locks) {
    const auto ledger = Ledger::open({.store = "memory:", .locks = locks});
    REQUIRE_FALSE(ledger.has_value());
    CHECK(ledger.error().code == ErrorCode::invalid_option);
    CHECK(ledger.error().detail.starts_with("locks"));
    CHECK(ledger.error().detail.find("hunter2") == std::string::npos);
  };
  refused("redis");
  refused("localhost:99999");
  refused("redis://:hunter2@h:99999");
  refused("rediss://:hunter2@h");
}

TEST_CASE("two ledgers with Redis locks lose no money when it is flushed in the middle") {
  const RedisServer server;
  Load load(server.address());
  load.run([&] {
    for (int i = 0; i < 20; ++i) {
      load.wait_for_more_transfers();
      server.flush();
    }
  });
  load.check_books();
}

TEST_CASE("two ledgers with Redis locks lose no money when it is frozen in the middle") {
  RedisServer server;
  Load load(server.address());
  load.run([&] {
    for (int i = 0; i < 2; ++i) {
      load.wait_for_more_transfers();
      server.freeze();
      load.wait_for_more_transfers();
      server.thaw();
      load.wait_for_recovery();
    }
  });
  load.check_books();
}

TEST_CASE("two ledgers with Redis locks lose no money when it is killed in the middle") {
  RedisServer server;
  Load load(server.address());
  load.run([&] {
    for (int i = 0; i < 2; ++i) {
      load.wait_for_more_transfers();
      server.kill_hard();
      load.wait_for_more_transfers();
      server.restart();
      load.wait_for_recovery();
    }
  });
  load.check_books();
}
