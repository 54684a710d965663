#include "idempotency_key.h"

#include <algorithm>
#include <optional>
#include <string_view>

#include <fmt/format.h>

namespace ledgerd {
namespace {

constexpr std::size_t kMaxLength = 255;

ApiError refuse(std::string_view problem) {
  return bad_request(ledger::ErrorCode::invalid_key,
                     fmt::format("{}: {}", kIdempotencyKeyHeader, problem));
}

/// The content of a quoted string of RFC 8941, or nothing if `value` is not exactly one.
std::optional<std::string> unquote(std::string_view value) {
  std::string content;
  for (std::size_t i = 1; i < value.size(); ++i) {
    if (value[i] == '"') {
      if (i + 1 != value.size()) return std::nullopt;
      return content;
    }
    if (value[i] == '\\') {
      ++i;
      if (i == value.size() || (value[i] != '"' && value[i] != '\\')) return std::nullopt;
    }
    content += value[i];
  }
  return std::nullopt;
}

bool is_printable(char c) { return c >= ' ' && c <= '~'; }

}  // namespace

std::variant<std::string, ApiError> read_idempotency_key(std::span<const std::string> values) {
  if (values.empty()) return refuse("the header is missing");
  if (values.size() > 1) return refuse("the header was sent more than once");

  std::string key = values.front();
  if (key.starts_with('"')) {
    auto content = unquote(key);
    if (!content) return refuse("a quoted key must be one string with the escapes \\\" and \\\\");
    key = *content;
  }
  if (key.empty()) return refuse("the key is empty");
  if (key.size() > kMaxLength) return refuse("the key is longer than 255 characters");
  if (!std::all_of(key.begin(), key.end(), is_printable)) {
    return refuse("the key must be printable ASCII");
  }
  if (key.front() == ' ' || key.back() == ' ') return refuse("the key has a space at an end");
  return key;
}

}  // namespace ledgerd
