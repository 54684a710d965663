// The bodies that clients send.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "api_error.h"
#include "json_reader.h"
#include "ledger/account.h"
#include "ledger/transfer.h"

namespace ledgerd {

// All are strict: exactly one JSON object in valid UTF-8 to the last byte, each field known, once,
// and of its type. Ids are integers from 1 to 2^63 − 1, written without fraction or exponent.
// Failures are 400 with a code of `codes`, or with a 1xx code of the ledger for a value that its
// types cannot hold; the message names the field.

/// POST /transfer: {"from_id":1,"to_id":2,"amount":100.00}.
struct TransferBody {
  ledger::AccountId from_id{};
  ledger::AccountId to_id{};
  /// The number as it was written, whether as a JSON number or in a string. Not yet an amount: that
  /// takes a currency. It never was a double.
  std::string amount;
};
std::variant<TransferBody, ApiError> parse_transfer_body(std::string_view body);

/// POST /v1/accounts: {"currency":"USD"} and optionally "id", "min_balance", "max_balance",
/// "reference", "metadata".
struct AccountBody {
  std::string currency;
  std::optional<ledger::AccountId> id;
  /// Decimal strings in the currency; nullopt (JSON null): no limit.
  std::optional<std::string> min_balance = "0";
  std::optional<std::string> max_balance;
  std::string reference;
  std::string metadata;
};
std::variant<AccountBody, ApiError> parse_account_body(std::string_view body);

/// PATCH /v1/accounts/{id}: what is to be changed.
struct AccountChangeBody {
  /// An inner nullopt (JSON null): no limit any more.
  std::optional<std::optional<std::string>> min_balance;
  std::optional<std::optional<std::string>> max_balance;
  std::optional<ledger::AccountStatus> status;
  std::optional<std::string> metadata;  ///< "" (JSON null): none any more
};
std::variant<AccountChangeBody, ApiError> parse_account_change_body(std::string_view body);

/// Which of ledger::Request a body asks for.
enum class RequestKind : std::uint8_t { transfer, hold, capture, void_hold, reversal };

struct LegBody {
  ledger::AccountId from{};
  ledger::AccountId to{};
  std::string amount;  ///< a decimal number in the currency
  std::string currency;
};

/// Any request that moves or reserves money, alone or as an item of a batch.
struct RequestBody {
  RequestKind kind = RequestKind::transfer;
  std::optional<std::string> key;  ///< an item's own
  /// What is captured, voided or reversed. An item names it; alone, the path does.
  ledger::TransferId target{};
  std::vector<LegBody> legs;  ///< transfers and holds
  bool short_form = false;    ///< the one leg was given by fields of its own, without "legs"
  std::optional<ledger::Timestamp> expires_at;
  std::optional<std::string> amount;  ///< captures and reversals
  std::string currency;               ///< the amount's
  bool release_rest = false;
  ledger::Details details;
};

/// The body of a request of that kind.
std::variant<RequestBody, ApiError> parse_request_body(JsonReader& reader, RequestKind kind,
                                                       std::string_view body);
/// An item of a batch: the same, with "key", "kind" and "hold" or "transfer".
std::variant<RequestBody, ApiError> parse_batch_item(JsonReader& reader, std::string_view item);

/// "transfer", "hold", "capture", "void" or "reversal".
std::optional<RequestKind> parse_request_kind(std::string_view name);

}  // namespace ledgerd
