// The bodies that clients send, and those that we answer with. The only user of simdjson.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "api_error.h"
#include "ledger/account.h"

namespace ledgerd {

/// The body of POST /transfer: {"from_id":1,"to_id":2,"amount":100.00}.
struct TransferBody {
  ledger::AccountId from_id{};
  ledger::AccountId to_id{};
  /// The number as it was written, whether as a JSON number or in a string. Not yet an amount: that
  /// takes a currency. It never was a double.
  std::string amount;
};

/// The body of POST /v1/accounts: {"currency":"USD"} and optionally "id", "min_balance",
/// "max_balance".
struct AccountBody {
  std::string currency;
  std::optional<ledger::AccountId> id;
  /// Decimal strings in the currency; nullopt (JSON null): no limit.
  std::optional<std::string> min_balance = "0";
  std::optional<std::string> max_balance;
};

/// Strict: exactly one JSON object in valid UTF-8 to the last byte, each field known, once, and of
/// its type. Ids are integers from 1 to 2^63 − 1, written without fraction or exponent.
/// Fails with 400 and a code of `codes`, invalid_account_id or invalid_amount; the message names
/// the field.
std::variant<TransferBody, ApiError> parse_transfer_body(std::string_view body);
std::variant<AccountBody, ApiError> parse_account_body(std::string_view body);

/// The member `name` of a JSON object: a string's content, or a number as it is written.
/// Nothing where there is no such member, it is null, or the body is not such an object. Made for
/// the answers of ledgerd: other members do not matter, so that an older client understands them.
std::optional<std::string> json_member(std::string_view body, std::string_view name);

}  // namespace ledgerd
