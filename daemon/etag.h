// Entity tags: an account's is its version in quotes.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>

#include "api_error.h"

namespace ledgerd {

std::string etag(std::int64_t version);

/// Whether If-None-Match, as it was sent, names `version`. What is no tag of ours names none.
bool names_version(std::span<const std::string> if_none_match, std::int64_t version);

/// The version that If-Match asks for; nullopt: none, for lack of the header or with `*`. Fails
/// with invalid_precondition where it is not exactly one tag of ours: a change can be bound to one
/// version only.
std::variant<std::optional<std::int64_t>, ApiError> expected_version(
    std::span<const std::string> if_match);

}  // namespace ledgerd
