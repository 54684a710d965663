#include "etag.h"

#include <algorithm>
#include <string_view>

#include <fmt/format.h>

#include "http/ascii.h"
#include "query.h"

namespace ledgerd {
namespace {

/// nullopt: no strong tag of ours.
std::optional<std::int64_t> version_of(std::string_view tag) {
  if (tag.size() < 3 || !tag.starts_with('"') || !tag.ends_with('"')) return std::nullopt;
  return parse_integer(tag.substr(1, tag.size() - 2), 0);
}

/// If-None-Match compares weakly: W/ does not count.
bool names(std::string_view list, std::int64_t version) {
  while (!list.empty()) {
    const auto comma = std::min(list.find(','), list.size());
    std::string_view tag = http::trim(list.substr(0, comma));
    if (tag == "*") return true;
    if (tag.starts_with("W/")) tag.remove_prefix(2);
    if (version_of(tag) == version) return true;
    list.remove_prefix(std::min(comma + 1, list.size()));
  }
  return false;
}

}  // namespace

std::string etag(std::int64_t version) { return fmt::format("\"{}\"", version); }

bool names_version(std::span<const std::string> if_none_match, std::int64_t version) {
  return std::any_of(if_none_match.begin(), if_none_match.end(),
                     [version](const std::string& list) { return names(list, version); });
}

std::variant<std::optional<std::int64_t>, ApiError> expected_version(
    std::span<const std::string> if_match) {
  if (if_match.empty()) return std::nullopt;
  const std::string_view tag = http::trim(if_match.front());
  if (if_match.size() == 1 && tag == "*") return std::nullopt;
  const auto version = if_match.size() == 1 ? version_of(tag) : std::nullopt;
  if (!version) {
    return bad_request(codes::kInvalidPrecondition,
                       "If-Match: must be one entity tag as ETag had it, such as \"3\"");
  }
  return version;
}

}  // namespace ledgerd
