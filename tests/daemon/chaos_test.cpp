// X-Simulate-Chaos, over SQLite.
#include <doctest/doctest.h>

#include <atomic>
#include <string>
#include <thread>
#include <vector>

#include "daemon/chaos_cases.h"

namespace ledgerd::testing {
namespace {

void rehearse_over_sqlite(const std::string& point) {
  ChaosDaemon daemon({"--lock-ttl", "0.5"});
  rehearse(daemon, point);
}

TEST_CASE("chaos over SQLite: true commits, then drops the connection") {
  rehearse_over_sqlite("true");
}
TEST_CASE("chaos over SQLite: before-commit moves nothing") {
  rehearse_over_sqlite("before-commit");
}
TEST_CASE("chaos over SQLite: after-commit is recovered by the retry") {
  rehearse_over_sqlite("after-commit");
}
TEST_CASE("chaos over SQLite: before-release is recovered by the retry") {
  rehearse_over_sqlite("before-release");
}
TEST_CASE("chaos over SQLite: kill-before-commit moves nothing") {
  rehearse_over_sqlite("kill-before-commit");
}
TEST_CASE("chaos over SQLite: kill-after-commit is recovered by the retry") {
  rehearse_over_sqlite("kill-after-commit");
}
TEST_CASE("chaos over SQLite: kill-before-release is recovered by the retry") {
  rehearse_over_sqlite("kill-before-release");
}
TEST_CASE("chaos over SQLite: kill-before-reply is recovered by the retry") {
  rehearse_over_sqlite("kill-before-reply");
}

TEST_CASE("without locks the points of their release come all the same") {
  for (const char* point : {"before-release", "kill-before-release"}) {
    ChaosDaemon daemon({"--locks", "none"});
    rehearse(daemon, point);
  }
}

TEST_CASE("without CHAOS_MODE the chaos header does nothing, whatever it says") {
  LedgerdProcess ledgerd({"--demo"});
  for (const char* value : {"true", "before-commit", "kill-before-commit", "nonsense", ""}) {
    CAPTURE(value);
    const auto answer =
        ask(ledgerd.port(), "POST", "/transfer",
            {{"Idempotency-Key", std::string("k-") + value}, {"X-Simulate-Chaos", value}},
            R"({"from_id":1,"to_id":2,"amount":1.00})");
    REQUIRE(answer);
    CHECK(is_first(*answer));
  }
  CHECK(ledgerd.run().err().find("chaos") == std::string::npos);
  CHECK(ledgerd.run().err().find("CHAOS") == std::string::npos);
}

TEST_CASE("chaos mode is told loudly, and does nothing to requests that do not ask for it") {
  ChaosDaemon daemon({});
  CHECK(daemon.process().run().err().find("warn CHAOS_MODE is on") != std::string::npos);
  CHECK(is_first(daemon.transfer("k")));
  CHECK(is_recovered(daemon.transfer("k")));
}

TEST_CASE("an unknown kind of chaos is refused with the known ones, and moves nothing") {
  ChaosDaemon daemon({});
  for (const char* value : {"maybe", "TRUE", "", "kill", "true, true"}) {
    CAPTURE(value);
    const RawResponse refused = daemon.transfer_with(value, "k");
    CHECK(refused.status == 400);
    CHECK(refused.code() == "invalid_chaos");
    for (const char* known :
         {"true", "before-commit", "after-commit", "before-release", "kill-before-commit",
          "kill-after-commit", "kill-before-release", "kill-before-reply"}) {
      CHECK(refused.body.find(known) != std::string::npos);
    }
  }
  const auto twice =
      ask(daemon.process().port(), "POST", "/transfer",
          {{"Idempotency-Key", "k"}, {"X-Simulate-Chaos", "true"}, {"X-Simulate-Chaos", "true"}},
          R"({"from_id":1,"to_id":2,"amount":100.00})");
  REQUIRE(twice);
  CHECK(twice->code() == "invalid_chaos");
  CHECK(daemon.has_moved(0));
  CHECK(is_first(daemon.transfer("k")));
}

TEST_CASE("leases that were lost before their release keep others out until they expire") {
  ChaosDaemon daemon({"--lock-ttl", "86400"});
  CHECK(daemon.is_dropped("before-release", "k"));
  CHECK(is_recovered(daemon.transfer("k")));  // takes no lease
  CHECK(daemon.transfer("other").code() == "lock_not_granted");
  daemon.process().kill_hard();
  daemon.process().restart();
  CHECK(is_first(daemon.transfer("other")));
}

TEST_CASE("a dropped connection is that of its request alone") {
  ChaosDaemon daemon({});
  constexpr int kClients = 8;
  constexpr int kTransfers = 20;
  std::atomic<int> wrong{0};
  std::vector<std::thread> clients;
  clients.reserve(kClients);
  for (int client = 0; client < kClients; ++client) {
    clients.emplace_back([&daemon, &wrong, client] {
      const bool asks = client % 2 == 0;
      for (int i = 0; i < kTransfers; ++i) {
        Headers headers = {{"Idempotency-Key", std::to_string(client) + '-' + std::to_string(i)}};
        if (asks) headers.emplace_back("X-Simulate-Chaos", "after-commit");
        const auto answer = ask(daemon.process().port(), "POST", "/transfer", headers,
                                R"({"from_id":1,"to_id":2,"amount":0.01})");
        if (answer.has_value() == asks) ++wrong;
      }
    });
  }
  for (std::thread& client : clients)
    client.join();
  CHECK(wrong == 0);
  const auto payee = ask(daemon.process().port(), "GET", "/v1/accounts/2");
  REQUIRE(payee);
  CHECK(payee->body.find(R"("balance":"1001.60")") != std::string::npos);
}

}  // namespace
}  // namespace ledgerd::testing
