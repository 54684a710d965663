// Two ledgerd, Postgres and Redis die by SIGKILL, at random times and at the named points of a
// transfer, over and over, while clients transfer and repeat what was not answered. Then every
// acknowledged transfer is there once, and the books are right.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "support/child_process.h"
#include "support/redis_server.h"
#include "support/seed.h"
#include "support/shared_ledger.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::RedisServer;
using ledger::testing::test_count;
using ledger::testing::wait_until;

/// LEDGER_TEST_KILLS sets another number of kills.
constexpr int kKills = 60;
/// Of one run of the stress tester; as many runs follow each other as the kills last.
constexpr int kTransfers = 3'000;
constexpr std::array<std::string_view, 4> kPoints = {"kill-before-commit", "kill-after-commit",
                                                     "kill-before-release", "kill-before-reply"};

std::string id_in(const RawResponse& response) {
  const auto begin = response.body.find(':') + 1;
  return response.body.substr(begin, response.body.find(',') - begin);
}

/// Transfers whose own request kills the server that gets it.
class DeadlyTransfers {
 public:
  explicit DeadlyTransfers(SharedLedger& ledger) : ledger_(ledger) {
    world_ = open_account("deadly-world", "null");
    payee_ = open_account("deadly-payee", "\"0.00\"");
  }

  /// Sends one to a server until that has died of it, and restarts the server.
  void kill(std::size_t server, std::string_view point) {
    const std::string key = "deadly-" + std::to_string(keys_.size());
    keys_.push_back(key);
    const bool died = wait_until([&] {
      const auto answer = send(server, key, point);
      if (answer) CHECK(answer->status == 503);  // not applied, so not come to the point either
      return ledger_.server(server).run().wait(std::chrono::milliseconds(0)).has_value();
    });
    CAPTURE(point);
    REQUIRE(died);
    ledger_.server(server).restart();
  }

  /// Each of them, repeated at either server, has moved its money, and only once.
  void check() {
    for (const std::string& key : keys_) {
      CAPTURE(key);
      for (std::size_t server = 0; server < ledger_.size(); ++server) {
        REQUIRE(wait_until([&] {
          const auto answer = send(server, key, "");
          if (!answer || answer->status == 503 || answer->code() == "commit_in_doubt") return false;
          CHECK(answer->status == 200);
          return true;
        }));
      }
    }
    const auto answer = ask(ledger_.server(0).port(), "GET", "/v1/accounts/" + payee_);
    REQUIRE(answer);
    const std::string count = std::to_string(keys_.size());
    CHECK(answer->body.find(R"("balance":")" + count + R"(.00")") != std::string::npos);
    CHECK(answer->body.find(R"("version":)" + count + ',') != std::string::npos);
  }

 private:
  std::string open_account(const std::string& key, const std::string& minimum) {
    const auto answer =
        ask(ledger_.server(0).port(), "POST", "/v1/accounts", {{"Idempotency-Key", key}},
            R"({"currency":"USD","min_balance":)" + minimum + '}');
    REQUIRE(answer);
    REQUIRE(answer->status == 201);
    return id_in(*answer);
  }

  std::optional<RawResponse> send(std::size_t server, const std::string& key,
                                  std::string_view point) {
    Headers headers = {{"Idempotency-Key", key}};
    if (!point.empty()) headers.emplace_back("X-Simulate-Chaos", point);
    return ask(ledger_.server(server).port(), "POST", "/transfer", headers,
               R"({"from_id":)" + world_ + R"(,"to_id":)" + payee_ + R"(,"amount":1.00})");
  }

  SharedLedger& ledger_;
  std::string world_;
  std::string payee_;
  std::vector<std::string> keys_;
};

/// Ends what serves, in every way there is, and starts it again.
class Killer {
 public:
  Killer(SharedLedger& ledger, RedisServer& redis, std::uint64_t seed)
      : ledger_(ledger), redis_(redis), deadly_(ledger), random_(seed) {}

  /// Kills, each time after something was written, until there were `enough` or `is_over()`.
  void kill_until(int enough, const std::function<bool()>& is_over) {
    while (kills_ < enough) {
      if (!let_it_run(is_over)) return;
      kill();
    }
  }

  [[nodiscard]] int kills() const { return kills_; }
  void check_deadly_transfers() { deadly_.check(); }
  /// "ledgerd 12, Postgres 9 …"
  [[nodiscard]] std::string summary() const {
    std::string text;
    for (const auto& [what, count] : counts_)
      text += (text.empty() ? "" : ", ") + what + ' ' + std::to_string(count);
    return text;
  }

 private:
  int pick(int below) { return std::uniform_int_distribution<int>(0, below - 1)(random_); }
  std::size_t pick_server() {
    return static_cast<std::size_t>(pick(static_cast<int>(ledger_.size())));
  }

  void count(const std::string& what) {
    ++counts_[what];
    ++kills_;
  }

  /// False if it is over.
  bool let_it_run(const std::function<bool()>& is_over) {
    const auto until = ledger_.progress() + 1 + pick(100);
    bool over = false;
    const bool got_on = wait_until([&] {
      over = is_over();
      return over || ledger_.progress() >= until;
    });
    CHECK(got_on);
    std::this_thread::sleep_for(std::chrono::microseconds(pick(5'000)));
    return got_on && !over;
  }

  void kill() {
    switch (pick(10)) {
      case 0:
      case 1:
        kill_postgres();
        ledger_.postgres().start();
        break;
      case 2:
      case 3:
        kill_redis();
        redis_.restart();
        break;
      case 4:
        kill_everything();
        break;
      case 5:
      case 6:
      case 7:
        kill_at_a_point();
        break;
      default: {
        const std::size_t server = pick_server();
        kill_ledgerd(server);
        ledger_.server(server).restart();
        break;
      }
    }
  }

  void kill_at_a_point() {
    const std::string_view point =
        kPoints[static_cast<std::size_t>(deadly_count_++) % kPoints.size()];
    deadly_.kill(pick_server(), point);
    count(std::string(point));
  }

  void kill_postgres() {
    ledger_.postgres().stop_at_once();
    count("Postgres");
  }

  void kill_redis() {
    redis_.kill_hard();
    count("Redis");
  }

  void kill_ledgerd(std::size_t server) {
    ledger_.server(server).kill_hard();
    count("ledgerd");
  }

  /// As a power cut would.
  void kill_everything() {
    kill_redis();
    kill_postgres();
    for (std::size_t server = 0; server < ledger_.size(); ++server)
      kill_ledgerd(server);
    ledger_.postgres().start();
    for (std::size_t server = 0; server < ledger_.size(); ++server)
      ledger_.server(server).restart();
    redis_.restart();
  }

  SharedLedger& ledger_;
  RedisServer& redis_;
  DeadlyTransfers deadly_;
  std::mt19937_64 random_;
  int kills_ = 0;
  int deadly_count_ = 0;
  std::map<std::string, int> counts_;
};

TEST_CASE("whatever is killed, and whenever, every acknowledged transfer is there exactly once") {
  const std::uint64_t seed = ledger::testing::test_seed();
  const int enough = test_count("LEDGER_TEST_KILLS", kKills);
  MESSAGE("LEDGER_TEST_SEED=", seed);
  RedisServer redis;
  // What a dead process had leased must not be waited for long.
  SharedLedger ledger(2, {"--lock-ttl", "1"},
                      {{"REDIS_ADDR", redis.address()}, {"CHAOS_MODE", "true"}});
  Killer killer(ledger, redis, seed);
  for (std::uint64_t round = 0; killer.kills() < enough; ++round) {
    StressRun stress(ledger, kTransfers, seed + round);
    killer.kill_until(enough, [&stress] { return stress.has_ended(); });
    stress.must_hold();
    ledger.check_books();
  }
  killer.check_deadly_transfers();
  ledger.check_books();
  MESSAGE(killer.kills(), " kills: ", killer.summary());
}

}  // namespace
}  // namespace ledgerd::testing
