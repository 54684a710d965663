// Armed points, in one process: what they do to the requests beside theirs.
#include <doctest/doctest.h>
#include <unistd.h>

#include <memory>
#include <string>
#include <vector>

#include "chaos.h"
#include "chaos_backends.h"
#include "ledger/ledger.h"
#include "ledger/memory_store.h"
#include "ledger/no_lock.h"

namespace ledgerd {
namespace {

using ledger::AccountId;

TEST_CASE("every value names a point, and every point has its name back") {
  CHECK(chaos_values() ==
        "before-commit, after-commit, before-release, kill-before-commit, kill-after-commit, "
        "kill-before-release, kill-before-reply, true");
  for (const char* value : {"before-commit", "after-commit", "before-release", "kill-before-commit",
                            "kill-after-commit", "kill-before-release", "kill-before-reply"}) {
    CAPTURE(value);
    REQUIRE(parse_chaos_point(value));
    CHECK(name(*parse_chaos_point(value)) == value);
  }
  CHECK(parse_chaos_point("true") == ChaosPoint::after_commit);
}

/// A ledger over armed points, with two accounts.
struct Fixture {
  Fixture() {
    REQUIRE(bank.create_account(
        {.key = "world", .currency = usd, .id = AccountId{1}, .min_balance = std::nullopt}));
    REQUIRE(bank.create_account({.key = "payee", .currency = usd, .id = AccountId{2}}));
  }

  [[nodiscard]] ledger::TransferRequest request(const std::string& key) const {
    return {
        .key = key,
        .legs = {{.from = AccountId{1}, .to = AccountId{2}, .amount = ledger::Amount(100, usd)}}};
  }

  Logger logger{LogLevel::error, LogFormat::text, STDERR_FILENO};
  Chaos chaos{logger};
  ledger::Currency usd = *ledger::Currency::iso("USD");
  ledger::Ledger bank = *ledger::Ledger::open(
      {}, make_chaos_store(chaos, ledger::make_memory_store()),
      make_chaos_locks(chaos, ledger::make_no_lock(), std::chrono::seconds(1)));
};

TEST_CASE("a batch that ends before its commit is applied for none of its requests") {
  Fixture ledger;
  const std::vector<ledger::TransferRequest> batch = {ledger.request("a"), ledger.request("b")};
  {
    const ArmedChaos armed(ledger.chaos, "a", ChaosPoint::before_commit);
    for (const auto& result : ledger.bank.submit(batch)) {
      REQUIRE_FALSE(result.has_value());
      CHECK(name(result.error().code) == name(ledger::ErrorCode::store_unavailable));
    }
    CHECK(armed.must_drop());
    CHECK(ledger.bank.account(AccountId{2})->balance == 0);
  }
  for (const auto& result : ledger.bank.submit(batch))
    CHECK(result.has_value());
  CHECK(ledger.bank.account(AccountId{2})->balance == 200);
}

TEST_CASE("a batch that ends after its commit drops the request that asked for it alone") {
  Fixture ledger;
  const ArmedChaos armed(ledger.chaos, "a", ChaosPoint::after_commit);
  const ArmedChaos idle(ledger.chaos, "c", ChaosPoint::after_commit);
  const std::vector<ledger::TransferRequest> batch = {ledger.request("a"), ledger.request("b")};
  for (const auto& result : ledger.bank.submit(batch))
    CHECK(result.has_value());
  CHECK(armed.must_drop());
  CHECK_FALSE(idle.must_drop());
}

TEST_CASE("a key is armed by the first who asks, until its request has been answered") {
  Fixture ledger;
  {
    const ArmedChaos first(ledger.chaos, "a", ChaosPoint::after_commit);
    const ArmedChaos second(ledger.chaos, "a", ChaosPoint::kill_before_reply);
    REQUIRE(ledger.bank.transfer(ledger.request("a")));
    CHECK_FALSE(second.must_drop());
    CHECK(first.must_drop());
  }
  const ArmedChaos replayed(ledger.chaos, "a", ChaosPoint::after_commit);
  CHECK(ledger.bank.transfer(ledger.request("a"))->replayed);
  CHECK_FALSE(replayed.must_drop());
}

}  // namespace
}  // namespace ledgerd
