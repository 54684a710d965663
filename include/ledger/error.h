// What can go wrong, and what the caller may do about it.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/export.h"

namespace ledger {

/// What became of a request that did not succeed. Every ErrorCode has exactly one.
enum class Outcome : std::uint8_t {
  /// Decided for good: a retry of the same request gets the same answer. Nothing moved.
  declined,
  /// Nothing was written. A retry with the same key may succeed.
  not_applied,
  /// The commit was sent and its fate is not known yet. Call Ledger::resolve(key), or retry with
  /// the SAME key; another key could move the money twice.
  in_doubt,
};

/// Permanent numbers: they are stored in the journal and returned by the daemon. A number is never
/// given another meaning.
///
/// Precedence: the first failing check is the error. All 1xx (the request itself) come before all
/// 2xx (the request against the ledger), in the order of their numbers. Of the 2xx key_reused comes
/// first; then what the request is about (212 to 227), then what it does to accounts (202 to 211,
/// leg by leg), each in the order of their numbers; and atomic_batch_declined last.
/// docs/reference/errors.md has the table.
enum class ErrorCode : std::uint16_t {
  // 1xx: the request is malformed. Declined, never recorded under its key.
  invalid_key = 101,            ///< not 1 to 255 printable ASCII characters, or a space at an end
  no_legs = 102,                ///< a transfer without legs
  too_many_legs = 103,          ///< more than kMaxLegs
  invalid_account_id = 104,     ///< not in 1 … 2^63 − 1
  same_account = 105,           ///< from and to are one account
  invalid_amount = 106,         ///< not a decimal number, or not above zero
  amount_too_precise = 107,     ///< more decimals than the currency's scale
  amount_out_of_range = 108,    ///< does not fit 64 bits of minor units
  unknown_currency = 109,       ///< neither ISO 4217 nor registered in Options::currencies
  invalid_balance_limit = 110,  ///< min_balance above max_balance, or zero not between them
  invalid_transfer_id = 111,    ///< not in 1 … 2^63 − 1
  invalid_reference = 112,      ///< not formed as a key is
  invalid_metadata = 113,       ///< not a JSON object in UTF-8, or above kMaxMetadataBytes
  invalid_timestamp = 114,      ///< not in the years 1 to 9999
  nothing_to_change = 115,      ///< a change of an account that sets nothing
  batch_too_large = 116,        ///< an atomic batch of more than kMaxAtomicRequests
  invalid_page = 117,           ///< a query: limit not in 1 … kMaxPage, or a negative cursor

  // 2xx: the ledger says no. Declined, recorded under the key and replayed (key_reused is not: the
  // key already holds another request's outcome; nor is atomic_batch_declined where a request of
  // the batch is malformed).
  key_reused = 201,      ///< the key belongs to another request
  account_exists = 202,  ///< an account with this id is there already
  from_account_not_found = 203,
  to_account_not_found = 204,
  from_account_not_open = 205,   ///< frozen or closed
  to_account_not_open = 206,     ///< frozen or closed
  currency_mismatch = 207,       ///< the amount's currency is not that of both accounts
  insufficient_funds = 208,      ///< available would fall below min_balance
  balance_limit_exceeded = 209,  ///< balance would rise above max_balance
  balance_overflow = 210,        ///< balance would not fit 64 bits
  account_ids_exhausted = 211,   ///< no id is left to assign
  unknown_account = 212,         ///< the account to change is not there
  reference_exists = 213,        ///< another account has this reference
  version_mismatch = 214,        ///< the account is not at AccountChange::expected_version
  account_closed = 215,          ///< a closed account cannot be changed
  account_not_empty = 216,      ///< closing needs a zero balance, nothing held and nothing incoming
  limit_not_met = 217,          ///< the account does not meet its new limit
  transfer_not_found = 218,     ///< no committed transfer or hold has this id
  not_a_hold = 219,             ///< a capture or void of something else
  hold_captured = 220,          ///< the hold has been captured
  hold_voided = 221,            ///< the hold has been voided
  hold_expired = 222,           ///< the hold's time is over
  not_reversible = 223,         ///< neither a transfer nor a capture
  already_reversed = 224,       ///< all of it has been reversed
  partial_of_many_legs = 225,   ///< an amount for a hold or transfer of several legs
  amount_exceeds_rest = 226,    ///< more than is left to capture or to reverse
  expiry_passed = 227,          ///< a hold's expires_at has come already
  atomic_batch_declined = 228,  ///< another request of its atomic batch was declined

  // 3xx: nothing was written; retry with the same key.
  queue_full = 301,         ///< Options::max_queued_requests are waiting
  deadline_exceeded = 302,  ///< Options::request_timeout passed before the commit was sent
  lock_not_granted = 303,   ///< another holder kept the lease past Options::lock_wait
  conflict = 304,           ///< other writers won every attempt
  store_unavailable = 305,  ///< the store cannot be reached or read
  store_full = 306,         ///< the disk or quota is full
  commit_failed = 307,      ///< the commit failed, and the key was then seen not to be there
  shutting_down = 308,      ///< the ledger is being closed

  // 4xx: the fate of the commit is unknown.
  commit_in_doubt = 401,  ///< see Outcome::in_doubt

  // 5xx: reading and opening.
  key_not_found = 501,      ///< resolve: no outcome is recorded under the key (yet)
  account_not_found = 502,  ///< no such account
  invalid_option = 503,     ///< Options: the message names the field
  store_in_use = 504,       ///< another process has the database open
  store_too_new = 505,      ///< the schema was written by a newer version
  store_corrupt = 506,      ///< the database is damaged or not a ledger
};

/// The permanent snake_case name, e.g. "insufficient_funds"; "unknown" for a number without one.
LEDGER_EXPORT std::string_view name(ErrorCode code) noexcept;

/// One sentence for a person, without request data.
LEDGER_EXPORT std::string_view describe(ErrorCode code) noexcept;

LEDGER_EXPORT Outcome outcome(ErrorCode code) noexcept;

/// "declined", "not_applied" or "in_doubt".
LEDGER_EXPORT std::string_view name(Outcome outcome) noexcept;

/// A failure. A plain value.
struct Error {
  ErrorCode code{};
  /// More for a person or a log: which field, what the store said. May be empty. Not stable.
  std::string detail{};
  /// True when this outcome had been recorded by an earlier request with the same key.
  bool replayed = false;

  [[nodiscard]] Outcome outcome() const noexcept { return ledger::outcome(code); }
  /// describe(code), followed by the detail.
  [[nodiscard]] LEDGER_EXPORT std::string message() const;

  friend bool operator==(const Error& a, const Error& b) noexcept { return a.code == b.code; }
};

}  // namespace ledger
