// The Idempotency-Key header.
#pragma once

#include <span>
#include <string>
#include <variant>

#include "api_error.h"

namespace ledgerd {

inline constexpr std::string_view kIdempotencyKeyHeader = "Idempotency-Key";

/// Reads the key from every value the header was sent with. The key is 1 to 255 printable ASCII
/// characters without a space at either end, sent bare or as a quoted string of RFC 8941 with the
/// escapes \" and \\ (the two ways of writing one key are the same key).
///
/// Fails with 400 invalid_key, also when the header is missing or sent twice: which of two keys
/// counts must not be for us to guess.
std::variant<std::string, ApiError> read_idempotency_key(std::span<const std::string> values);

}  // namespace ledgerd
