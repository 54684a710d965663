#include "ledger/error.h"

namespace ledger {
namespace {

struct Entry {
  ErrorCode code;
  Outcome outcome;
  std::string_view name;
  std::string_view description;
};

using enum ErrorCode;
using enum Outcome;

// The one table of errors: number, outcome, name and text cannot drift apart.
constexpr Entry kErrors[] = {
    {invalid_key, declined, "invalid_key",
     "the idempotency key must be 1 to 255 printable ASCII characters without a space at an end"},
    {no_legs, declined, "no_legs", "the transfer has no legs"},
    {too_many_legs, declined, "too_many_legs", "the transfer has more than 1000 legs"},
    {invalid_account_id, declined, "invalid_account_id",
     "an account id must be from 1 to 9223372036854775807"},
    {same_account, declined, "same_account", "from and to are the same account"},
    {invalid_amount, declined, "invalid_amount",
     "the amount must be a plain decimal number above zero"},
    {amount_too_precise, declined, "amount_too_precise",
     "the amount has more decimals than its currency"},
    {amount_out_of_range, declined, "amount_out_of_range",
     "the amount does not fit 64 bits of minor units"},
    {unknown_currency, declined, "unknown_currency",
     "the currency is neither in ISO 4217 nor registered"},
    {invalid_balance_limit, declined, "invalid_balance_limit",
     "min_balance must be zero or less, and max_balance zero or more"},
    {invalid_transfer_id, declined, "invalid_transfer_id",
     "a transfer id must be from 1 to 9223372036854775807"},
    {invalid_reference, declined, "invalid_reference",
     "a reference must be 1 to 255 printable ASCII characters without a space at an end"},
    {invalid_metadata, declined, "invalid_metadata",
     "metadata must be a JSON object in UTF-8 of at most 4096 bytes"},
    {invalid_timestamp, declined, "invalid_timestamp", "a time must be in the years 1 to 9999"},
    {nothing_to_change, declined, "nothing_to_change", "the change of an account sets nothing"},
    {batch_too_large, declined, "batch_too_large",
     "an atomic batch must not have more than 10000 requests"},
    {invalid_page, declined, "invalid_page",
     "limit must be from 1 to 1000, and a cursor one that an earlier page gave"},

    {key_reused, declined, "key_reused", "the idempotency key was used for another request"},
    {account_exists, declined, "account_exists", "an account with this id exists already"},
    {from_account_not_found, declined, "from_account_not_found",
     "the account to pay from does not exist"},
    {to_account_not_found, declined, "to_account_not_found",
     "the account to pay to does not exist"},
    {from_account_not_open, declined, "from_account_not_open",
     "the account to pay from is frozen or closed"},
    {to_account_not_open, declined, "to_account_not_open",
     "the account to pay to is frozen or closed"},
    {currency_mismatch, declined, "currency_mismatch",
     "the amount and both accounts must have one currency"},
    {insufficient_funds, declined, "insufficient_funds", "insufficient funds"},
    {balance_limit_exceeded, declined, "balance_limit_exceeded",
     "the receiving account would exceed its max_balance"},
    {balance_overflow, declined, "balance_overflow", "a balance would not fit 64 bits"},
    {account_ids_exhausted, declined, "account_ids_exhausted", "no account id is left to assign"},
    {unknown_account, declined, "unknown_account", "the account to change does not exist"},
    {reference_exists, declined, "reference_exists", "another account has this reference"},
    {version_mismatch, declined, "version_mismatch", "the account is not at the expected version"},
    {account_closed, declined, "account_closed", "the account is closed"},
    {account_not_empty, declined, "account_not_empty",
     "an account can be closed only with a zero balance and without holds"},
    {limit_not_met, declined, "limit_not_met", "the account does not meet the new limit"},
    {transfer_not_found, declined, "transfer_not_found", "no committed transfer has this id"},
    {not_a_hold, declined, "not_a_hold", "only a hold can be captured or voided"},
    {hold_captured, declined, "hold_captured", "the hold has been captured"},
    {hold_voided, declined, "hold_voided", "the hold has been voided"},
    {hold_expired, declined, "hold_expired", "the hold has expired"},
    {not_reversible, declined, "not_reversible", "only a transfer or a capture can be reversed"},
    {already_reversed, declined, "already_reversed", "all of it has been reversed"},
    {partial_of_many_legs, declined, "partial_of_many_legs",
     "a hold or transfer of several legs is captured or reversed as a whole, without an amount"},
    {amount_exceeds_rest, declined, "amount_exceeds_rest",
     "the amount is more than what is left to capture or to reverse"},
    {expiry_passed, declined, "expiry_passed", "the time at which the hold expires has passed"},
    {atomic_batch_declined, declined, "atomic_batch_declined",
     "another request of the atomic batch was declined"},

    {queue_full, not_applied, "queue_full", "too many requests are waiting; try again"},
    {deadline_exceeded, not_applied, "deadline_exceeded",
     "the request was not started in time; try again with the same key"},
    {lock_not_granted, not_applied, "lock_not_granted",
     "an account is locked by another holder; try again with the same key"},
    {conflict, not_applied, "conflict",
     "other writers kept changing the accounts; try again with the same key"},
    {store_unavailable, not_applied, "store_unavailable",
     "the store is not available; try again with the same key"},
    {store_full, not_applied, "store_full",
     "the store has no space left; try again with the same key"},
    {commit_failed, not_applied, "commit_failed",
     "the commit failed and nothing was written; try again with the same key"},
    {shutting_down, not_applied, "shutting_down",
     "the ledger is shutting down; try again with the same key"},

    {commit_in_doubt, in_doubt, "commit_in_doubt",
     "the commit may or may not have been applied; resolve the key, or retry with the same key"},

    {key_not_found, not_applied, "key_not_found", "nothing is recorded under this key"},
    {account_not_found, not_applied, "account_not_found", "the account does not exist"},
    {invalid_option, not_applied, "invalid_option", "an option is not valid"},
    {store_in_use, not_applied, "store_in_use", "another process has the database open"},
    {store_too_new, not_applied, "store_too_new",
     "the database was written by a newer version of the library"},
    {store_corrupt, not_applied, "store_corrupt", "the database is damaged or not a ledger"},
};

constexpr Entry kUnknown{ErrorCode{0}, not_applied, "unknown", "unknown error"};

const Entry& find(ErrorCode code) noexcept {
  for (const Entry& entry : kErrors) {
    if (entry.code == code) return entry;
  }
  return kUnknown;
}

}  // namespace

std::string_view name(ErrorCode code) noexcept { return find(code).name; }

std::string_view describe(ErrorCode code) noexcept { return find(code).description; }

Outcome outcome(ErrorCode code) noexcept { return find(code).outcome; }

std::string_view name(Outcome outcome) noexcept {
  switch (outcome) {
    case declined:
      return "declined";
    case not_applied:
      return "not_applied";
    case in_doubt:
      return "in_doubt";
  }
  return "unknown";
}

std::string Error::message() const {
  std::string text(describe(code));
  if (!detail.empty()) text.append(": ").append(detail);
  return text;
}

}  // namespace ledger
