// One field of a body at a time: its token, and what it must be.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "api_error.h"
#include "json_reader.h"
#include "ledger/account.h"
#include "ledger/clock.h"

namespace ledgerd {

/// The error for a token that `field` has no use for.
ApiError unexpected(std::string_view field, const JsonToken& token, std::string_view expected);
ApiError missing(std::string_view field);

/// An integer from 1 to 2^63 − 1; `code` where it is another number.
std::optional<ApiError> read_id(std::string_view field, const JsonToken& token,
                                ledger::ErrorCode code, std::int64_t& id);
std::optional<ApiError> read_account_id(std::string_view field, const JsonToken& token,
                                        ledger::AccountId& id);
std::optional<ApiError> read_string(std::string_view field, JsonToken& token, std::string& text);
/// A decimal number in a string.
std::optional<ApiError> read_decimal(std::string_view field, JsonToken& token, std::string& text);
/// The same, or null for no limit.
std::optional<ApiError> read_limit(std::string_view field, JsonToken& token,
                                   std::optional<std::string>& limit);
std::optional<ApiError> read_boolean(std::string_view field, const JsonToken& token, bool& value);

// null stands for what is left out.
std::optional<ApiError> read_reference(std::string_view field, JsonToken& token,
                                       std::string& reference);
std::optional<ApiError> read_metadata(std::string_view field, JsonToken& token,
                                      std::string& metadata);
std::optional<ApiError> read_time(std::string_view field, const JsonToken& token,
                                  std::optional<ledger::Timestamp>& time);

}  // namespace ledgerd
