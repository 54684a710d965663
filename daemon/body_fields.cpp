#include "body_fields.h"

#include <utility>

#include <fmt/format.h>

#include "query.h"
#include "rfc3339.h"

namespace ledgerd {

using Kind = JsonToken::Kind;

ApiError unexpected(std::string_view field, const JsonToken& token, std::string_view expected) {
  if (token.kind == Kind::literal && !is_json_number(token.text)) {
    return malformed_json(fmt::format("{} has no JSON value", field));
  }
  return wrong_type(field, expected);
}

ApiError missing(std::string_view field) {
  return bad_request(codes::kMissingField, fmt::format("{}: missing", field));
}

std::optional<ApiError> read_id(std::string_view field, const JsonToken& token,
                                ledger::ErrorCode code, std::int64_t& id) {
  constexpr std::string_view kExpected = "an integer from 1 to 9223372036854775807";
  if (token.kind != Kind::literal) return unexpected(field, token, kExpected);
  const auto value = parse_integer(token.text, 1);
  if (!value) return bad_request(code, fmt::format("{}: must be {}", field, kExpected));
  id = *value;
  return std::nullopt;
}

std::optional<ApiError> read_account_id(std::string_view field, const JsonToken& token,
                                        ledger::AccountId& id) {
  std::int64_t number = 0;
  auto error = read_id(field, token, ledger::ErrorCode::invalid_account_id, number);
  id = ledger::AccountId{number};
  return error;
}

std::optional<ApiError> read_string(std::string_view field, JsonToken& token, std::string& text) {
  if (token.kind != Kind::string) return unexpected(field, token, "a string");
  text = std::move(token.text);
  return std::nullopt;
}

std::optional<ApiError> read_decimal(std::string_view field, JsonToken& token, std::string& text) {
  if (token.kind != Kind::string) return unexpected(field, token, "a decimal number in a string");
  text = std::move(token.text);
  return std::nullopt;
}

std::optional<ApiError> read_limit(std::string_view field, JsonToken& token,
                                   std::optional<std::string>& limit) {
  limit.reset();
  if (token.kind == Kind::null) return std::nullopt;
  if (token.kind != Kind::string) {
    return unexpected(field, token, "a decimal number in a string, or null");
  }
  limit = std::move(token.text);
  return std::nullopt;
}

std::optional<ApiError> read_boolean(std::string_view field, const JsonToken& token, bool& value) {
  if (token.kind != Kind::boolean) return unexpected(field, token, "true or false");
  value = token.text == "true";
  return std::nullopt;
}

std::optional<ApiError> read_reference(std::string_view field, JsonToken& token,
                                       std::string& reference) {
  if (token.kind == Kind::null) return std::nullopt;
  if (token.kind != Kind::string) return unexpected(field, token, "a string, or null");
  // To the ledger this is how no reference is written; to a client it is one that is too short.
  if (token.text.empty()) {
    return bad_request(ledger::ErrorCode::invalid_reference,
                       fmt::format("{}: must not be empty", field));
  }
  reference = std::move(token.text);
  return std::nullopt;
}

std::optional<ApiError> read_metadata(std::string_view field, JsonToken& token,
                                      std::string& metadata) {
  metadata.clear();
  if (token.kind == Kind::null) return std::nullopt;
  if (token.kind != Kind::object) return unexpected(field, token, "an object, or null");
  metadata = std::move(token.text);
  return std::nullopt;
}

std::optional<ApiError> read_time(std::string_view field, const JsonToken& token,
                                  std::optional<ledger::Timestamp>& time) {
  if (token.kind == Kind::null) return std::nullopt;
  if (token.kind != Kind::string) return unexpected(field, token, "a string, or null");
  time = parse_rfc3339(token.text);
  if (time) return std::nullopt;
  return bad_request(ledger::ErrorCode::invalid_timestamp,
                     fmt::format("{}: {}", field, kTimeExpected));
}

}  // namespace ledgerd
