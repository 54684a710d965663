// Two ledgerd over one Postgres that are asked for what excludes each other, at the same moment:
// at most one wins, and the books are right.
#include <doctest/doctest.h>

#include <array>
#include <barrier>
#include <chrono>
#include <optional>
#include <random>
#include <string>
#include <thread>

#include "support/child_process.h"
#include "support/redis_server.h"
#include "support/seed.h"
#include "support/shared_ledger.h"

namespace ledgerd::testing {
namespace {

using ledger::testing::RedisServer;
using ledger::testing::wait_until;

/// For each kind of race; LEDGER_TEST_RACES sets another number.
int rounds() { return ledger::testing::test_count("LEDGER_TEST_RACES", 60); }

/// What is asked of one of the two servers.
struct Ask {
  std::string method;
  std::string target;
  std::string key;
  std::string body;
};

std::string id_of(const RawResponse& response) {
  const auto at = response.body.find("\"id\":");
  REQUIRE(at != std::string::npos);
  const auto digits = response.body.substr(at + 5);
  return digits.substr(0, digits.find_first_not_of("0123456789"));
}

bool contains(const RawResponse& response, const std::string& text) {
  return response.body.find(text) != std::string::npos;
}

std::string utc(std::chrono::system_clock::time_point time) {
  const auto seconds = std::chrono::system_clock::to_time_t(time);
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  std::tm parts{};
  gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  return std::string(text.data()) + "." + std::to_string(1000 + millis).substr(1) + "Z";
}

/// A world and two accounts, served twice.
class Races {
 public:
  explicit Races(const Arguments& arguments = {}, Variables variables = {})
      : ledger_(2, arguments, std::move(variables)) {
    open_account("1", "null");
    open_account("2", "\"0.00\"");
    open_account("3", "\"0.00\"");
    must({"POST", "/v1/transfers", "fund", leg("1", "2", "1000000.00")}, 201);
  }

  SharedLedger& ledger() { return ledger_; }

  static std::string leg(const std::string& from, const std::string& to,
                         const std::string& amount) {
    return R"({"from":)" + from + R"(,"to":)" + to + R"(,"amount":")" + amount +
           R"(","currency":"USD"})";
  }

  void open_account(const std::string& id, const std::string& min_balance) {
    must({"POST", "/v1/accounts", "open-" + id,
          R"({"currency":"USD","id":)" + id + R"(,"min_balance":)" + min_balance + "}"},
         201);
  }

  /// Until it is decided: a 503 is asked again with the same key, as clients do.
  RawResponse decide(std::size_t server, const Ask& asked) {
    for (int attempt = 0; attempt < 200; ++attempt) {
      auto answer = ask(ledger_.server(server).port(), asked.method, asked.target,
                        {{"Idempotency-Key", asked.key}}, asked.body);
      if (answer && answer->status != 503) return *answer;
    }
    return {};
  }

  RawResponse must(const Ask& asked, int status) {
    auto answer = decide(0, asked);
    REQUIRE_MESSAGE(answer.status == status, answer.body);
    return answer;
  }

  /// Both at the same moment, the first of the first server.
  std::array<RawResponse, 2> race(const std::array<Ask, 2>& asked) {
    std::array<RawResponse, 2> answers;
    std::barrier start(2);
    std::thread other([&] {
      start.arrive_and_wait();
      answers[1] = decide(1, asked[1]);
    });
    start.arrive_and_wait();
    answers[0] = decide(0, asked[0]);
    other.join();
    return answers;
  }

  RawResponse get(const std::string& target) {
    auto answer = ask(ledger_.server(0).port(), "GET", target);
    REQUIRE(answer);
    return *answer;
  }

 private:
  SharedLedger ledger_;
};

using SystemClock = std::chrono::system_clock;

/// When the hold of round `i` expires: every fourth while it is fought for, or about then, every
/// fourth before that, the others never.
std::optional<SystemClock::time_point> expiry_of(int i, std::mt19937_64& random) {
  if (i % 2 != 0) return std::nullopt;
  return SystemClock::now() +
         std::chrono::milliseconds(std::uniform_int_distribution(3, 25)(random));
}

/// A hold that is captured at one server and voided at the other, while its time runs out or not.
void race_captures_voids_and_expiry(Races& races, std::mt19937_64& random) {
  std::array<int, 3> won{};  // capture, void, expiry
  for (int i = 0; i < rounds(); ++i) {
    CAPTURE(i);
    const std::string n = std::to_string(i);
    const auto expiry = expiry_of(i, random);
    auto body = Races::leg("2", "3", "10.00");
    if (expiry) body.insert(body.size() - 1, R"(,"expires_at":")" + utc(*expiry) + '"');
    const auto held =
        races.decide(static_cast<std::size_t>(i % 2), {"POST", "/v1/holds", "hold-" + n, body});
    if (contains(held, "expiry_passed")) continue;
    REQUIRE_MESSAGE(held.status == 201, held.body);
    if (expiry && i % 4 == 0) wait_until([&] { return SystemClock::now() >= *expiry; });
    const std::string hold = "/v1/holds/" + id_of(held);
    const auto answers = races.race({Ask{"POST", hold + "/capture", "capture-" + n, "{}"},
                                     Ask{"POST", hold + "/void", "void-" + n, ""}});
    for (const RawResponse& answer : answers)
      REQUIRE_MESSAGE((answer.status == 201 || answer.status == 422), answer.body);
    const bool captured = answers[0].status == 201;
    const bool voided = answers[1].status == 201;
    CHECK_FALSE((captured && voided));
    const std::string target = "/v1/transfers/" + id_of(held);
    if (!captured && !voided) {
      wait_until([&] { return contains(races.get(target), R"("status":"expired")"); });
      ++won[2];
    } else {
      CHECK(contains(races.get(target),
                     captured ? R"("status":"captured")" : R"("status":"voided")"));
      ++won[captured ? 0 : 1];
    }
  }
  MESSAGE("captured ", won[0], ", voided ", won[1], ", expired ", won[2]);
  CHECK(won[0] > 0);
  CHECK(won[1] > 0);
  CHECK(won[2] > 0);
}

/// One capture of a hold is reversed by both servers; then the other is captured by one, while the
/// other server reverses it as soon as it can.
void race_reversals_and_captures(Races& races) {
  for (int i = 0; i < rounds(); ++i) {
    CAPTURE(i);
    const std::string n = std::to_string(i);
    const auto held =
        races.must({"POST", "/v1/holds", "h-" + n, Races::leg("2", "3", "10.00")}, 201);
    const std::string hold = "/v1/holds/" + id_of(held);
    const auto first = races.must(
        {"POST", hold + "/capture", "c1-" + n, R"({"amount":"4.00","currency":"USD"})"}, 201);
    const std::string reverse = "/v1/transfers/" + id_of(first) + "/reverse";
    const auto both =
        races.race({Ask{"POST", reverse, "ra-" + n, R"({"amount":"3.00","currency":"USD"})"},
                    Ask{"POST", reverse, "rb-" + n, R"({"amount":"3.00","currency":"USD"})"}});
    CHECK(both[0].status + both[1].status == 201 + 422);
    CHECK(contains(both[both[0].status == 422 ? 0 : 1], "amount_exceeds_rest"));

    const auto mixed = races.race(
        {Ask{"POST", hold + "/capture", "c2-" + n, "{}"}, Ask{"POST", reverse, "rc-" + n, "{}"}});
    CHECK(mixed[0].status == 201);
    CHECK(mixed[1].status == 201);
    CHECK(contains(mixed[0], R"("amount":"6.00")"));
    CHECK(contains(mixed[1], R"("amount":"1.00")"));
  }
}

/// A floor that is raised at one server, and a payment at the other that it would forbid.
void race_limits_and_transfers(Races& races) {
  std::array<int, 2> won{};
  for (int i = 0; i < rounds(); ++i) {
    CAPTURE(i);
    const std::string n = std::to_string(i);
    const std::string id = std::to_string(100 + i);
    races.open_account(id, "\"0.00\"");
    races.must({"POST", "/v1/transfers", "f-" + n, Races::leg("2", id, "100.00")}, 201);
    const auto answers =
        races.race({Ask{"PATCH", "/v1/accounts/" + id, "limit-" + n, R"({"min_balance":"60.00"})"},
                    Ask{"POST", "/v1/transfers", "pay-" + n, Races::leg(id, "3", "50.00")}});
    const bool limited = answers[0].status == 200;
    const bool paid = answers[1].status == 201;
    CHECK_MESSAGE(limited != paid, answers[0].body, answers[1].body);
    ++won[limited ? 0 : 1];
  }
  MESSAGE("limits ", won[0], ", payments ", won[1]);
}

void race_all(Races& races) {
  const auto seed = ledger::testing::test_seed();
  MESSAGE("LEDGER_TEST_SEED=", seed);
  std::mt19937_64 random(seed);
  race_captures_voids_and_expiry(races, random);
  race_reversals_and_captures(races);
  race_limits_and_transfers(races);
  races.ledger().check_books();
  CHECK(races.ledger().postgres().query("SELECT sum(held) + sum(incoming) FROM ledger.accounts") ==
        "0");
}

TEST_CASE("of two servers that capture and void, reverse and capture, limit and pay, one wins") {
  Races races;
  race_all(races);
}

TEST_CASE("of two servers one wins with leases in Redis, too, when they read what is committed") {
  const RedisServer redis;
  Races races({"--db-isolation", "read-committed"}, {{"REDIS_ADDR", redis.address()}});
  race_all(races);
}

}  // namespace
}  // namespace ledgerd::testing
