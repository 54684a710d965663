// ledgerd dies by SIGKILL at random moments under load, again and again. Clients do what they
// should: they repeat a request with its key until it is answered. In the end every request has
// exactly one outcome, and the balances are those outcomes and nothing else.
#include <doctest/doctest.h>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <map>
#include <optional>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "support/ledgerd_process.h"
#include "support/raw_http.h"
#include "support/seed.h"

namespace ledgerd::testing {
namespace {

constexpr int kClients = 4;
constexpr int kDeaths = 6;
constexpr int kAccounts = 5;
constexpr std::int64_t kFunds = 10'000;  // minor units
constexpr auto kGiveUp = std::chrono::seconds(90);

/// A request, and the one outcome that it was told.
struct Outcome {
  int from = 0;
  int to = 0;
  std::int64_t amount = 0;
  int status = 0;
  std::string code{};
};
using Outcomes = std::map<std::string, Outcome>;

std::string decimal(std::int64_t units) {
  const std::string cents = std::to_string(100 + units % 100).substr(1);
  return std::to_string(units / 100) + '.' + cents;
}

std::string body_of(const Outcome& request) {
  return "{\"from_id\":" + std::to_string(request.from) +
         ",\"to_id\":" + std::to_string(request.to) + ",\"amount\":" + decimal(request.amount) +
         '}';
}

std::optional<RawResponse> send(std::uint16_t port, const std::string& key,
                                const Outcome& request) {
  return ask(port, "POST", "/transfer", {{"Idempotency-Key", key}}, body_of(request));
}

/// Not decided yet: no answer, or one that says to try again.
bool is_undecided(const std::optional<RawResponse>& response) {
  return !response || response->status == 503 || response->code() == "commit_in_doubt";
}

/// A client: each of its requests is repeated until it is decided.
class Client {
 public:
  Client(int number, std::uint64_t seed, std::uint16_t port)
      : number_(number), random_(seed + static_cast<std::uint64_t>(number)), port_(port) {}

  void run(const std::atomic<bool>& stop, std::atomic<int>& decided) {
    const auto deadline = std::chrono::steady_clock::now() + kGiveUp;
    for (int i = 0; !stop && !gave_up; ++i) {
      const std::string key = std::to_string(number_) + '-' + std::to_string(i);
      Outcome request = next();
      auto response = send(port_, key, request);
      while (is_undecided(response) && !gave_up) {
        ++retries;
        std::this_thread::sleep_for(std::chrono::milliseconds(1));
        gave_up = std::chrono::steady_clock::now() > deadline;
        response = send(port_, key, request);
      }
      if (!response) return;
      request.status = response->status;
      request.code = response->code();
      outcomes.emplace(key, request);
      ++decided;
    }
  }

  Outcomes outcomes;
  int retries = 0;
  bool gave_up = false;

 private:
  /// Amounts large enough that some are declined for want of funds.
  Outcome next() {
    std::uniform_int_distribution<int> account(1, kAccounts);
    std::uniform_int_distribution<int> step(1, kAccounts - 1);
    std::uniform_int_distribution<std::int64_t> amount(1, kFunds);
    const int from = account(random_);
    return {
        .from = from, .to = (from - 1 + step(random_)) % kAccounts + 1, .amount = amount(random_)};
  }

  int number_;
  std::mt19937_64 random_;
  std::uint16_t port_;
};

void open_accounts(const LedgerdProcess& ledgerd) {
  const auto post = [&ledgerd](std::string_view target, std::string_view key,
                               const std::string& body) {
    const auto response =
        ask(ledgerd.port(), "POST", target, {{"Idempotency-Key", std::string(key)}}, body);
    REQUIRE(response);
    REQUIRE(response->status < 300);
  };
  post("/v1/accounts", "world", R"({"currency":"USD","id":1000,"min_balance":null})");
  for (int id = 1; id <= kAccounts; ++id) {
    const std::string text = std::to_string(id);
    post("/v1/accounts", "open-" + text, R"({"currency":"USD","id":)" + text + '}');
    post("/transfer", "fund-" + text, body_of({.from = 1000, .to = id, .amount = kFunds}));
  }
}

std::string balance(const LedgerdProcess& ledgerd, int id) {
  const auto response = ask(ledgerd.port(), "GET", "/v1/accounts/" + std::to_string(id));
  REQUIRE(response);
  constexpr std::string_view kName = R"("balance":")";
  const auto begin = response->body.find(kName) + kName.size();
  return response->body.substr(begin, response->body.find('"', begin) - begin);
}

/// Balances are exactly what the outcomes add up to. Each is a sum of what was moved between the
/// accounts, so their total is conserved as well.
void check_balances(const LedgerdProcess& ledgerd, const Outcomes& outcomes) {
  std::array<std::int64_t, kAccounts + 1> expected{};
  expected.fill(kFunds);
  for (const auto& [key, outcome] : outcomes) {
    if (outcome.status != 200) continue;
    expected[static_cast<std::size_t>(outcome.from)] -= outcome.amount;
    expected[static_cast<std::size_t>(outcome.to)] += outcome.amount;
  }
  for (int id = 1; id <= kAccounts; ++id) {
    CAPTURE(id);
    CHECK(expected[static_cast<std::size_t>(id)] >= 0);
    CHECK(balance(ledgerd, id) == decimal(expected[static_cast<std::size_t>(id)]));
  }
  CHECK(balance(ledgerd, 1000) == '-' + decimal(kAccounts * kFunds));
}

void check_replays(const LedgerdProcess& ledgerd, const Outcomes& outcomes) {
  for (const auto& decided : outcomes) {
    const std::string& key = decided.first;
    const Outcome& outcome = decided.second;
    CAPTURE(key);
    const auto replay = send(ledgerd.port(), key, outcome);
    REQUIRE(replay);
    CHECK(replay->status == outcome.status);
    CHECK(replay->code() == outcome.code);
    CHECK(replay->header("Idempotent-Replayed") == "true");
    CHECK((replay->header("X-Db-Hit") == "true") == (outcome.status == 200));
  }
}

/// Waits until the clients got somewhere since the last death, then kills within milliseconds.
void die_at_random(LedgerdProcess& ledgerd, const std::atomic<int>& decided,
                   std::mt19937_64& random) {
  const int enough = decided + std::uniform_int_distribution<int>(1, 200)(random);
  const auto deadline = std::chrono::steady_clock::now() + kPatience;
  while (decided < enough && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::sleep_for(std::chrono::microseconds(100));
  }
  std::this_thread::sleep_for(
      std::chrono::microseconds(std::uniform_int_distribution<int>(0, 3000)(random)));
  ledgerd.kill_hard();
  ledgerd.restart();
}

TEST_CASE("killed at random moments under load, every request still has exactly one outcome") {
  const std::uint64_t seed = ledger::testing::test_seed();
  MESSAGE("LEDGER_TEST_SEED=", seed);
  std::mt19937_64 random(seed);
  LedgerdProcess ledgerd;
  open_accounts(ledgerd);

  std::atomic<bool> stop{false};
  std::atomic<int> decided{0};
  std::vector<Client> clients;
  clients.reserve(kClients);
  for (int i = 0; i < kClients; ++i)
    clients.emplace_back(i, seed, ledgerd.port());
  std::vector<std::thread> threads;
  threads.reserve(kClients);
  for (Client& client : clients) {
    threads.emplace_back([&client, &stop, &decided] { client.run(stop, decided); });
  }
  for (int death = 0; death < kDeaths; ++death)
    die_at_random(ledgerd, decided, random);
  stop = true;
  for (std::thread& thread : threads)
    thread.join();

  Outcomes outcomes;
  int retries = 0;
  for (Client& client : clients) {
    REQUIRE(!client.gave_up);
    retries += client.retries;
    outcomes.merge(client.outcomes);
  }
  MESSAGE(outcomes.size(), " requests, ", retries, " retries, ", kDeaths, " deaths");
  CHECK(retries > 0);
  check_balances(ledgerd, outcomes);
  check_replays(ledgerd, outcomes);
  check_balances(ledgerd, outcomes);
  ledgerd.kill_hard();
  ledgerd.restart();
  check_balances(ledgerd, outcomes);
  check_replays(ledgerd, outcomes);
}

TEST_CASE("what was acknowledged just before a kill is there after it") {
  LedgerdProcess ledgerd({"--demo"});
  for (int round = 1; round <= 5; ++round) {
    CAPTURE(round);
    const std::string key = "round-" + std::to_string(round);
    const Outcome request{.from = 1, .to = 2, .amount = 100};
    const auto acknowledged = send(ledgerd.port(), key, request);
    REQUIRE(acknowledged);
    REQUIRE(acknowledged->status == 200);
    ledgerd.kill_hard();
    ledgerd.restart();
    const auto replay = send(ledgerd.port(), key, request);
    REQUIRE(replay);
    CHECK(replay->body ==
          R"j({"status":"success","message":"Transfer Complete (Recovered)","amount":1.00})j");
    CHECK(balance(ledgerd, 1) == decimal(100'000 - round * 100));
    CHECK(balance(ledgerd, 2) == decimal(100'000 + round * 100));
  }
}

}  // namespace
}  // namespace ledgerd::testing
