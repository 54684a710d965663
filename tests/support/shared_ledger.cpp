#include "support/shared_ledger.h"

#include <doctest/doctest.h>

#include <chrono>
#include <utility>

#include "ledger/ledger.h"

namespace ledgerd::testing {
namespace {

/// Every account's entries, and what they come to. By kind: 1 transfer, 2 hold, 3 capture, 4 void,
/// 5 expiry, 6 reversal.
constexpr const char* kEntries = R"(
WITH rows AS (
  SELECT *, amount * (kind IN (1, 3, 6))::integer AS moved,
         amount * ((kind = 2)::integer - (kind IN (3, 4, 5))::integer) AS reserved
  FROM ledger.journal
), entries AS (
  SELECT from_account AS account, from_version AS version, from_balance AS balance,
         from_held AS held, coalesce(from_incoming, 0) AS incoming,
         -moved AS change, reserved AS held_change, 0::bigint AS incoming_change
  FROM rows WHERE from_version > 0
  UNION ALL
  SELECT to_account, to_version, to_balance, to_held, coalesce(to_incoming, 0),
         moved, 0, reserved
  FROM rows WHERE to_version > 0
), sums AS (
  SELECT account, count(*) AS entries, count(DISTINCT version) AS versions, max(version) AS last,
         sum(change) AS balance, sum(held_change) AS held, sum(incoming_change) AS incoming
  FROM entries GROUP BY account
)
)";

/// Versions have no gaps, and every amount is the sum of the entries and what the last one shows.
constexpr const char* kWrongAccounts = R"(
SELECT count(*) FROM ledger.accounts a
LEFT JOIN sums s ON s.account = a.id
LEFT JOIN entries e ON e.account = a.id AND e.version = a.version
WHERE (coalesce(s.entries, 0), coalesce(s.versions, 0), coalesce(s.last, 0))
   <> (a.version, a.version, a.version)
   OR (coalesce(s.balance, 0), coalesce(s.held, 0), coalesce(s.incoming, 0))
   <> (a.balance, a.held, a.incoming)
   OR (coalesce(e.balance, 0), coalesce(e.held, 0), coalesce(e.incoming, 0))
   <> (a.balance, a.held, a.incoming)
)";

}  // namespace

SharedLedger::SharedLedger(int servers, const Arguments& arguments, Variables variables) {
  variables["DB_URL"] = postgres_.url();
  for (int i = 0; i < servers; ++i)
    servers_.push_back(std::make_unique<LedgerdProcess>(arguments, variables));
}

Arguments SharedLedger::urls() const {
  Arguments words;
  for (const auto& server : servers_) {
    words.emplace_back("--url");
    words.push_back("http://127.0.0.1:" + std::to_string(server->port()));
  }
  return words;
}

std::int64_t SharedLedger::progress() const {
  return std::stoll(postgres_.query("SELECT last_value FROM ledger.journal_seq"));
}

void SharedLedger::check_books() const {
  CHECK(postgres_.query(std::string(kEntries) + kWrongAccounts) == "0");
  CHECK(postgres_.query(std::string(kEntries) + "SELECT coalesce(sum(change), 0) FROM entries") ==
        "0");
  CHECK(postgres_.query("SELECT coalesce(sum(balance), 0) FROM ledger.accounts") == "0");
  CHECK(postgres_.query("SELECT coalesce(sum(held) - sum(incoming), 0) FROM ledger.accounts") ==
        "0");
  CHECK(postgres_.query(
            "SELECT count(*) FROM ledger.accounts WHERE balance - held < min_balance") == "0");
  CHECK(postgres_.query("SELECT count(key) - count(DISTINCT key) FROM ledger.journal") == "0");
  auto opened = ledger::Ledger::open({.store = postgres_.url()});
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
  const auto verified = opened->verify();
  CHECK_MESSAGE(verified.has_value(), verified.error().message());
}

StressRun::StressRun(const SharedLedger& ledger, int transfers, std::uint64_t seed) {
  Arguments arguments = {
      "stress", "--clients",         "8", "--transfers", std::to_string(transfers),
      "--seed", std::to_string(seed)};
  const Arguments urls = ledger.urls();
  arguments.insert(arguments.end(), urls.begin(), urls.end());
  run_ = std::make_unique<LedgerdRun>(folder_.path(), arguments, Variables{});
}

bool StressRun::has_ended() { return run_->wait(std::chrono::milliseconds(0)).has_value(); }

void StressRun::must_hold() {
  const auto ended = run_->wait(std::chrono::minutes(4));
  REQUIRE(ended);
  MESSAGE(ended->out, ended->err);
  CHECK(ended->exit_code == 0);
}

}  // namespace ledgerd::testing
