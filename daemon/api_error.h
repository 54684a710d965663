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
  /// One sentence for a person that is the same for every failure with this code. A literal.
  std::string_view title{};
  std::optional<int> retry_after_seconds{};
  bool replayed = false;
};

/// What can be wrong beside the codes of ErrorCode, and its title.
struct ApiCode {
  std::string_view code;
  std::string_view title;
};
namespace codes {
inline constexpr ApiCode kMalformedJson{"malformed_json", "the body is not valid JSON"};
inline constexpr ApiCode kUnknownField{"unknown_field", "the body has a field that nobody knows"};
inline constexpr ApiCode kDuplicateField{"duplicate_field", "the body has a field twice"};
inline constexpr ApiCode kMissingField{"missing_field", "the body lacks a field"};
inline constexpr ApiCode kWrongType{"wrong_type", "a field of the body is of the wrong type"};
inline constexpr ApiCode kInvalidQuery{"invalid_query", "the query is not one of this path"};
inline constexpr ApiCode kInvalidPrecondition{"invalid_precondition",
                                              "If-Match is not an entity tag of an account"};
inline constexpr ApiCode kInvalidChaos{"invalid_chaos", "there is no such chaos"};
// As the HTTP layer says it, which has no other title than the status.
inline constexpr ApiCode kBodyTooLarge{"body_too_large", "Content Too Large"};
inline constexpr ApiCode kOverloaded{"overloaded", "Service Unavailable"};
}  // namespace codes

/// The detail of a decline is part of the message. That of any other failure is not: it may name
/// files and hosts, and belongs in the log.
ApiError to_api_error(const ledger::Error& error);

/// Malformed: 400 with the name of a 1xx code, and what exactly is wrong.
ApiError bad_request(ledger::ErrorCode code, std::string message);
ApiError bad_request(const ApiCode& code, std::string message);

}  // namespace ledgerd
