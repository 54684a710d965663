// X-Request-Id: the name of a request in the client's log and in ours.
#pragma once

#include <string>
#include <string_view>

namespace ledgerd {

inline constexpr std::string_view kRequestIdHeader = "X-Request-Id";

/// The id that the client sent in a framed request's `head`, if it sent one of 1 to 64 characters
/// of A–Z a–z 0–9 . _ and -; else a new one. Thread-safe.
std::string request_id(std::string_view head);

/// Adds the header to the complete `response`, right after its status line.
void add_request_id(std::string& response, std::string_view id);

}  // namespace ledgerd
