// The judge of `ledgerd stress` must find what it is there for: each kind of breach is made up
// here.
#include <doctest/doctest.h>

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "stress/checks.h"

namespace ledgerd::stress {
namespace {

constexpr std::int64_t kWorld = 1;
constexpr std::int64_t kAda = 2;
constexpr std::int64_t kBob = 3;

Verdict moved(std::int64_t cents) { return {.status = 200, .cents = cents}; }
Verdict declined(const std::string& code) { return {.status = 422, .code = code}; }

constexpr Transfer kFunds{.from = kWorld, .to = kAda, .cents = 100'00};
constexpr Transfer kFirst{.from = kAda, .to = kBob, .cents = 60'00};

/// A run in which all went well: Ada gets 100.00, and one of two payments of 60.00 can be made.
Evidence sound_run() {
  Evidence evidence;
  evidence.accounts = {{kWorld, "world", true}, {kAda, "ada"}, {kBob, "bob"}};
  History& history = evidence.history;
  history.hear("fund", kFunds, moved(100'00), false);
  history.hear("pay-1", kFirst, moved(60'00), false);
  history.hear("pay-1", kFirst, moved(60'00), true);
  history.hear("pay-2", kFirst, declined("insufficient_funds"), false);
  history.hear("pay-1", {kAda, kBob, 61'00}, declined("key_reused"), false);
  evidence.races = {{{"pay-1", "pay-2"}}};
  const Reading world{-100'00, 1};
  const Reading ada{40'00, 2};
  const Reading bob{60'00, 1};
  evidence.readings = {{kWorld, {world, world}}, {kAda, {ada, ada}}, {kBob, {bob, bob}}};
  evidence.lowest_cents = {{kWorld, -100'00}, {kAda, 0}, {kBob, 0}};
  return evidence;
}

/// What both servers say about an account.
void set_reading(Evidence& evidence, std::int64_t account, const Reading& reading) {
  evidence.readings[account] = {reading, reading};
}

/// The names of the checks that did not hold.
std::vector<std::string> breached(const Evidence& evidence) {
  std::vector<std::string> names;
  for (const Check& check : run_checks(evidence)) {
    if (!check.breaches.empty()) names.push_back(check.name);
  }
  return names;
}

std::string all_breaches(const Evidence& evidence) {
  std::string text;
  for (const Check& check : run_checks(evidence)) {
    for (const std::string& breach : check.breaches)
      text += breach + '\n';
  }
  return text;
}

using Names = std::vector<std::string>;

TEST_CASE("the stress test's judge finds nothing wrong with a sound run") {
  const Evidence evidence = sound_run();
  CHECK(breached(evidence) == Names{});
  CHECK(unresolved_keys(evidence.history).empty());
  const auto checks = run_checks(evidence);
  CHECK(std::ranges::none_of(checks, [](const Check& check) { return check.is_open; }));
}

TEST_CASE("the stress test's judge finds an acknowledged transfer that is not in the ledger") {
  Evidence evidence = sound_run();
  set_reading(evidence, kAda, {100'00, 1});
  set_reading(evidence, kBob, {0, 0});
  CHECK(breached(evidence) == Names{"exactly once"});
  CHECK(all_breaches(evidence) ==
        "account 2 (ada): expected 40.00 after 2 transfers, got 100.00 after 1\n"
        "account 3 (bob): expected 60.00 after 1 transfers, got 0.00 after 0\n");
}

TEST_CASE("the stress test's judge finds a transfer that moved its money twice") {
  Evidence evidence = sound_run();
  set_reading(evidence, kAda, {-20'00, 3});
  set_reading(evidence, kBob, {120'00, 2});
  evidence.saw_balance(kAda, -20'00);
  CHECK(breached(evidence) == Names{"exactly once", "no overdraft"});
}

TEST_CASE("the stress test's judge finds a transfer and its opposite, which only versions show") {
  Evidence evidence = sound_run();
  set_reading(evidence, kAda, {40'00, 4});
  set_reading(evidence, kBob, {60'00, 3});
  CHECK(breached(evidence) == Names{"exactly once"});
}

TEST_CASE("the stress test's judge finds a key that moved money first-hand twice") {
  Evidence evidence = sound_run();
  evidence.history.hear("pay-1", kFirst, moved(60'00), false);
  CHECK(breached(evidence) == Names{"same answers"});
  CHECK(all_breaches(evidence) ==
        "key pay-1: expected one answer, first-hand at most once, got 200, 60.00 moved (2 times "
        "first-hand, 1 times replayed)\n");
}

TEST_CASE("the stress test's judge finds an account that was overdrawn for a moment") {
  Evidence evidence = sound_run();
  evidence.saw_balance(kAda, -1);
  CHECK(breached(evidence) == Names{"no overdraft"});
  CHECK(all_breaches(evidence) == "account 2 (ada): expected 0.00 or more, got -0.01\n");
}

TEST_CASE("the stress test's judge finds a race that two won, and one that nobody won") {
  Evidence evidence = sound_run();
  SUBCASE("two") {
    evidence.history.hear("pay-3", kFirst, moved(60'00), false);
    evidence.races = {{{"pay-1", "pay-3"}}};
    set_reading(evidence, kAda, {-20'00, 3});
    set_reading(evidence, kBob, {120'00, 2});
    CHECK(breached(evidence) == Names{"one winner per race"});
  }
  SUBCASE("nobody") {
    evidence.history.hear("pay-3", kFirst, declined("insufficient_funds"), false);
    evidence.races = {{{"pay-2", "pay-3"}}};
    CHECK(breached(evidence) == Names{"one winner per race"});
  }
}

TEST_CASE("the stress test's judge finds a duplicate that got another answer") {
  Evidence evidence = sound_run();
  evidence.history.hear("pay-1", kFirst, declined("insufficient_funds"), true);
  CHECK(breached(evidence) == Names{"same answers"});
}

TEST_CASE("the stress test's judge finds a key that two different requests got through with") {
  Evidence evidence = sound_run();
  const Transfer other{.from = kAda, .to = kBob, .cents = 10'00};
  evidence.history.hear("pay-1", other, moved(10'00), false);
  const auto names = breached(evidence);
  CHECK(std::ranges::count(names, "one request per key") == 1);
}

TEST_CASE("the stress test's judge finds a key that is refused for every request") {
  Evidence evidence = sound_run();
  evidence.history.hear("lost", kFirst, declined("key_reused"), false);
  CHECK(breached(evidence) == Names{"one request per key"});
}

TEST_CASE("the stress test's judge finds money that came from nowhere") {
  Evidence evidence = sound_run();
  set_reading(evidence, kBob, {60'01, 1});
  CHECK(breached(evidence) == Names{"money is conserved", "exactly once"});
  CHECK(all_breaches(evidence).starts_with("expected a sum of 0.00, got 0.01\n"));
}

TEST_CASE("the stress test's judge finds two servers that show different books") {
  Evidence evidence = sound_run();
  evidence.readings[kBob].back() = {0, 0};
  CHECK(breached(evidence) == Names{"servers agree"});
}

TEST_CASE("the stress test's judge finds answers that make no sense") {
  Evidence evidence = sound_run();
  SUBCASE("a decline for a reason that cannot be") {
    evidence.history.hear("pay-3", kFirst, declined("from_account_not_found"), false);
  }
  SUBCASE("another amount than was asked for") {
    evidence.history.hear("none", {kAda, kBob, 0}, moved(1), false);
    set_reading(evidence, kAda, {40'00, 3});
    set_reading(evidence, kBob, {60'00, 2});
  }
  SUBCASE("a status that the contract does not have") {
    evidence.oddities = {"key pay-3: expected 200, 422 or 503, got 404 "};
  }
  CHECK(breached(evidence) == Names{"answers fit the contract"});
}

TEST_CASE("the stress test's judge leaves balances open while a key is not resolved") {
  Evidence evidence = sound_run();
  evidence.history.ask("pay-3", kFirst);
  set_reading(evidence, kAda, {-20'00, 3});
  set_reading(evidence, kBob, {120'00, 2});
  CHECK(breached(evidence) == Names{});
  CHECK(unresolved_keys(evidence.history) == Names{"pay-3"});
  const auto checks = run_checks(evidence);
  const auto open = std::ranges::find_if(checks, &Check::is_open);
  REQUIRE(open != checks.end());
  CHECK(open->name == "exactly once");
}

TEST_CASE("what several clients of the stress test saw is put together") {
  Evidence one = sound_run();
  Evidence other;
  other.history.hear("pay-1", kFirst, declined("insufficient_funds"), false);
  other.saw_balance(kAda, -5);
  other.saw_balance(kAda, 7);
  one.merge(other);
  CHECK(breached(one) == Names{"no overdraft", "same answers"});
}

}  // namespace
}  // namespace ledgerd::stress
