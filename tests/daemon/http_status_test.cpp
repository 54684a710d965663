#include "http_status.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <set>

#include "api_error.h"

namespace ledgerd {
namespace {

using ledger::ErrorCode;

// Written out, not derived: this is the contract.
struct Row {
  int status;
  std::set<ErrorCode> codes;
};
const Row kContract[] = {
    {400,
     {ErrorCode::invalid_key, ErrorCode::no_legs, ErrorCode::too_many_legs,
      ErrorCode::invalid_account_id, ErrorCode::same_account, ErrorCode::invalid_amount,
      ErrorCode::amount_too_precise, ErrorCode::amount_out_of_range, ErrorCode::unknown_currency,
      ErrorCode::invalid_balance_limit, ErrorCode::invalid_transfer_id,
      ErrorCode::invalid_reference, ErrorCode::invalid_metadata, ErrorCode::invalid_timestamp,
      ErrorCode::nothing_to_change, ErrorCode::batch_too_large, ErrorCode::invalid_page}},
    {404,
     {ErrorCode::key_not_found, ErrorCode::account_not_found, ErrorCode::unknown_account,
      ErrorCode::transfer_not_found}},
    {409, {ErrorCode::account_exists, ErrorCode::reference_exists}},
    {412, {ErrorCode::version_mismatch}},
    {422, {ErrorCode::key_reused,           ErrorCode::from_account_not_found,
           ErrorCode::to_account_not_found, ErrorCode::from_account_not_open,
           ErrorCode::to_account_not_open,  ErrorCode::currency_mismatch,
           ErrorCode::insufficient_funds,   ErrorCode::balance_limit_exceeded,
           ErrorCode::balance_overflow,     ErrorCode::account_ids_exhausted,
           ErrorCode::account_closed,       ErrorCode::account_not_empty,
           ErrorCode::limit_not_met,        ErrorCode::not_a_hold,
           ErrorCode::hold_captured,        ErrorCode::hold_voided,
           ErrorCode::hold_expired,         ErrorCode::not_reversible,
           ErrorCode::already_reversed,     ErrorCode::partial_of_many_legs,
           ErrorCode::amount_exceeds_rest,  ErrorCode::expiry_passed,
           ErrorCode::atomic_batch_declined}},
    {503,
     {ErrorCode::queue_full, ErrorCode::deadline_exceeded, ErrorCode::lock_not_granted,
      ErrorCode::conflict, ErrorCode::store_unavailable, ErrorCode::store_full,
      ErrorCode::commit_failed, ErrorCode::shutting_down}},
    {500,
     {ErrorCode::commit_in_doubt, ErrorCode::invalid_option, ErrorCode::store_in_use,
      ErrorCode::store_too_new, ErrorCode::store_corrupt}},
};

TEST_CASE("every error code has the documented status") {
  std::set<ErrorCode> seen;
  for (const Row& row : kContract) {
    for (const ErrorCode code : row.codes) {
      CAPTURE(ledger::name(code));
      CHECK(http_status(code) == row.status);
      seen.insert(code);
    }
  }
  for (std::uint16_t number = 1; number < 1000; ++number) {
    const auto code = static_cast<ErrorCode>(number);
    if (ledger::name(code) == "unknown") {
      CHECK(http_status(code) == 500);
    } else {
      CAPTURE(ledger::name(code));
      CHECK(seen.contains(code));
    }
  }
}

TEST_CASE("only a request that was not applied is told when to come back") {
  for (std::uint16_t number = 1; number < 1000; ++number) {
    const auto code = static_cast<ErrorCode>(number);
    CAPTURE(number);
    CHECK(retry_after_seconds(code).has_value() == (http_status(code) == 503));
    CHECK(retry_after_seconds(code).value_or(1) >= 1);
  }
}

TEST_CASE("a decline tells its detail and whether it was recorded before") {
  const auto error =
      to_api_error({.code = ErrorCode::insufficient_funds, .detail = "from 7", .replayed = true});
  CHECK(error.status == 422);
  CHECK(error.code == "insufficient_funds");
  CHECK(error.message.ends_with("from 7"));
  CHECK(error.replayed);
  CHECK(!error.retry_after_seconds);
}

TEST_CASE("a problem's title is its code's, whatever the detail") {
  for (std::uint16_t number = 1; number < 1000; ++number) {
    const auto code = static_cast<ErrorCode>(number);
    CAPTURE(number);
    CHECK(to_api_error({.code = code, .detail = "x"}).title == ledger::describe(code));
    CHECK(bad_request(code, "y").title == ledger::describe(code));
  }
  CHECK(bad_request(codes::kInvalidQuery, "limit").title == codes::kInvalidQuery.title);
  // The HTTP layer has this code, too, and says the same: see drain_test.cpp.
  CHECK(ledger::describe(ErrorCode::shutting_down) ==
        "the ledger is shutting down; try again with the same key");
}

TEST_CASE("what a store said about its failure stays inside") {
  for (const ErrorCode code : {ErrorCode::store_unavailable, ErrorCode::commit_in_doubt,
                               ErrorCode::store_corrupt, ErrorCode::store_full}) {
    const auto error = to_api_error({.code = code, .detail = "/secret/path: disk"});
    CAPTURE(ledger::name(code));
    CHECK(error.code == ledger::name(code));
    CHECK(error.message.find("secret") == std::string::npos);
    CHECK(!error.message.empty());
  }
}

}  // namespace
}  // namespace ledgerd
