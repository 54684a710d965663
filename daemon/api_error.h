// A failure as an HTTP client is told it.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "ledger/error.h"

namespace ledgerd {

/// Independent of the route: `/transfer` and `/v1` only write it down differently.
struct ApiError {
  int status = 400;
  /// Stable; clients match on it. An ErrorCode's name, or one of the codes below.
  std::string code;
  /// For a person. Never what a store or the system said about a failure.
  std::string message;
  std::optional<int> retry_after_seconds{};
  bool replayed = false;
};

/// What is wrong with a request before the ledger sees it, beside the 1xx codes of ErrorCode.
namespace codes {
inline constexpr std::string_view kMalformedJson = "malformed_json";
inline constexpr std::string_view kUnknownField = "unknown_field";
inline constexpr std::string_view kDuplicateField = "duplicate_field";
inline constexpr std::string_view kMissingField = "missing_field";
inline constexpr std::string_view kWrongType = "wrong_type";
inline constexpr std::string_view kInvalidChaos = "invalid_chaos";
}  // namespace codes

/// The detail of a decline is part of the message. That of any other failure is not: it may name
/// files and hosts, and belongs in the log.
ApiError to_api_error(const ledger::Error& error);

/// Malformed: 400 with the name of a 1xx code, and what exactly is wrong.
ApiError bad_request(ledger::ErrorCode code, std::string message);
ApiError bad_request(std::string_view code, std::string message);

}  // namespace ledgerd
