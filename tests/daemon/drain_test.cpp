// SIGTERM: what was accepted is finished, what is new is refused, and it ends in time.
#include <doctest/doctest.h>

#include <atomic>
#include <csignal>
#include <mutex>
#include <set>
#include <string>
#include <thread>
#include <vector>

#include "support/ledgerd_process.h"
#include "support/raw_http.h"

namespace ledgerd::testing {
namespace {

/// A client that asks a lot and reads nothing keeps requests under way for as long as a test needs.
class StuckClient {
 public:
  explicit StuckClient(std::uint16_t port) : connection_(port) {
    connection_.send_until_stuck(request_bytes("GET", "/v1/accounts/1", {}, ""));
  }

  /// Reads what it was sent: how many responses of each status.
  std::map<int, int> read_all() {
    std::map<int, int> statuses;
    while (const auto response = connection_.receive())
      ++statuses[response->status];
    return statuses;
  }

 private:
  RawConnection connection_;
};

bool wait_for_draining(const LedgerdProcess& ledgerd) {
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (ledgerd.run().err().find("draining") == std::string::npos) {
    if (std::chrono::steady_clock::now() > deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  return true;
}

const Arguments kPatient = {"--demo", "--grace", "600", "--write-timeout", "600"};

TEST_CASE("with nothing to do, either signal ends it with 0, and idle connections are closed") {
  for (const int signal : {SIGTERM, SIGINT}) {
    CAPTURE(signal);
    LedgerdProcess ledgerd(kPatient);
    RawConnection idle(ledgerd.port());
    REQUIRE(idle.send(request_bytes("GET", "/healthz", {}, "")));
    REQUIRE(idle.receive());
    ledgerd.run().send_signal(signal);
    CHECK(idle.ended_by_peer());
    const auto ended = ledgerd.run().wait();
    REQUIRE(ended);
    CAPTURE(ended->err);
    CHECK(ended->exit_code == 0);
  }
}

TEST_CASE("while it drains, what was accepted is answered and what is new is refused with 503") {
  LedgerdProcess ledgerd(kPatient);
  StuckClient client(ledgerd.port());
  ledgerd.run().send_signal(SIGTERM);
  REQUIRE(wait_for_draining(ledgerd));

  for (const char* target : {"/readyz", "/v1/accounts/1"}) {
    const auto refused = ask(ledgerd.port(), "GET", target);
    REQUIRE(refused);
    CHECK(refused->status == 503);
    CHECK(refused->code() == "shutting_down");
    CHECK(refused->body.starts_with(
        R"({"type":"urn:libledger:problem:shutting_down",)"
        R"("title":"the ledger is shutting down; try again with the same key","status":503,)"));
    CHECK(!refused->header("Retry-After").empty());
  }
  const auto statuses = client.read_all();
  CHECK(statuses.contains(200));
  for (const auto& [status, count] : statuses)
    CHECK((status == 200 || status == 503));
  const auto ended = ledgerd.run().wait();
  REQUIRE(ended);
  CAPTURE(ended->err);
  CHECK(ended->exit_code == 0);
}

TEST_CASE("when the grace time is over it gives up with 1") {
  LedgerdProcess ledgerd({"--demo", "--grace", "0.2", "--write-timeout", "600"});
  StuckClient client(ledgerd.port());
  ledgerd.run().send_signal(SIGTERM);
  const auto ended = ledgerd.run().wait();
  REQUIRE(ended);
  CAPTURE(ended->err);
  CHECK(ended->exit_code == 1);
  CHECK(ended->err.find("grace time") != std::string::npos);
}

TEST_CASE("a second signal ends it at once with 1") {
  LedgerdProcess ledgerd(kPatient);
  StuckClient client(ledgerd.port());
  ledgerd.run().send_signal(SIGTERM);
  REQUIRE(wait_for_draining(ledgerd));
  ledgerd.run().send_signal(SIGINT);
  const auto ended = ledgerd.run().wait();
  REQUIRE(ended);
  CAPTURE(ended->err);
  CHECK(ended->exit_code == 1);
}

TEST_CASE("a drain under load loses no transfer that was acknowledged") {
  LedgerdProcess ledgerd(kPatient);
  std::mutex mutex;
  std::set<std::string> acknowledged;
  std::atomic<int> count{0};
  constexpr int kThreads = 4;
  std::vector<std::thread> threads;
  threads.reserve(kThreads);
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&, thread] {
      for (int i = 0;; ++i) {
        const std::string key = std::to_string(thread) + '-' + std::to_string(i);
        const auto response = ask(ledgerd.port(), "POST", "/transfer", {{"Idempotency-Key", key}},
                                  R"({"from_id":1,"to_id":2,"amount":0.01})");
        if (!response || response->status != 200) return;
        std::lock_guard lock(mutex);
        acknowledged.insert(key);
        ++count;
      }
    });
  }
  while (count < 200)
    std::this_thread::sleep_for(std::chrono::milliseconds(1));
  ledgerd.run().send_signal(SIGTERM);
  for (std::thread& thread : threads)
    thread.join();
  const auto ended = ledgerd.run().wait();
  REQUIRE(ended);
  CAPTURE(ended->err);
  CHECK(ended->exit_code == 0);

  ledgerd.restart();
  for (const std::string& key : acknowledged) {
    const auto replay = ask(ledgerd.port(), "POST", "/transfer", {{"Idempotency-Key", key}},
                            R"({"from_id":1,"to_id":2,"amount":0.01})");
    REQUIRE(replay);
    CHECK(replay->header("X-Db-Hit") == "true");
  }
}

}  // namespace
}  // namespace ledgerd::testing
