#include "query.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "ledger/statement.h"
#include "rfc3339.h"

namespace ledgerd {
namespace {

constexpr std::size_t kMaxEchoedName = 64;

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// nullopt: a percent sign without two hexadecimal digits.
std::optional<std::string> decode(std::string_view text) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    const int high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const int low = i + 2 < text.size() ? hex_value(text[i + 2]) : -1;
    if (high < 0 || low < 0) return std::nullopt;
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return out;
}

/// All there is to ask for, keys and references too, is written in these. A database may not even
/// take others for text.
bool is_printable(char c) { return c >= ' ' && c <= '~'; }

}  // namespace

ApiError invalid_query(std::string_view name, std::string_view problem) {
  return bad_request(codes::kInvalidQuery,
                     fmt::format("{}: {}", name.substr(0, kMaxEchoedName), problem));
}

std::variant<Query, ApiError> Query::parse(std::string_view target,
                                           std::span<const std::string_view> names) {
  Query query;
  const auto mark = target.find('?');
  if (mark == std::string_view::npos) return query;
  std::string_view rest = target.substr(mark + 1);
  while (!rest.empty()) {
    const std::string_view pair = rest.substr(0, rest.find('&'));
    rest.remove_prefix(std::min(pair.size() + 1, rest.size()));
    const auto equals = std::min(pair.find('='), pair.size());
    const auto name = decode(pair.substr(0, equals));
    auto value = decode(pair.substr(std::min(equals + 1, pair.size())));
    if (!name) return invalid_query(pair.substr(0, equals), "is not percent-encoded");
    if (std::find(names.begin(), names.end(), *name) == names.end()) {
      return invalid_query(*name, "there is no such parameter");
    }
    if (query.has(*name)) return invalid_query(*name, "given more than once");
    if (!value) return invalid_query(*name, "is not percent-encoded");
    if (value->empty()) return invalid_query(*name, "has no value");
    if (!std::all_of(value->begin(), value->end(), is_printable)) {
      return invalid_query(*name, "must be printable ASCII");
    }
    query.parameters_.emplace_back(*name, std::move(*value));
  }
  return query;
}

const std::string* Query::find(std::string_view name) const {
  for (const auto& [own, value] : parameters_) {
    if (own == name) return &value;
  }
  return nullptr;
}

std::optional<ApiError> Query::require_only(std::span<const std::string_view> names) const {
  for (const auto& [name, value] : parameters_) {
    if (std::find(names.begin(), names.end(), name) != names.end()) continue;
    return invalid_query(name, "does not go with the other parameters");
  }
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t min) {
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < min) return std::nullopt;
  if (text.starts_with('-') || (text.starts_with('0') && text.size() > 1)) return std::nullopt;
  return value;
}

std::optional<ApiError> read_integer(const Query& query, std::string_view name, std::int64_t min,
                                     std::int64_t& value) {
  const std::string* text = query.find(name);
  if (text == nullptr) return std::nullopt;
  const auto number = parse_integer(*text, min);
  if (!number) {
    return invalid_query(name,
                         fmt::format("must be an integer from {} to 9223372036854775807", min));
  }
  value = *number;
  return std::nullopt;
}

std::optional<ApiError> read_limit(const Query& query, std::size_t& value) {
  const std::string* text = query.find("limit");
  if (text == nullptr) return std::nullopt;
  const auto number = parse_integer(*text, 1);
  if (!number || static_cast<std::size_t>(*number) > ledger::kMaxPage) {
    return invalid_query("limit", fmt::format("must be an integer from 1 to {}", ledger::kMaxPage));
  }
  value = static_cast<std::size_t>(*number);
  return std::nullopt;
}

std::optional<ApiError> read_time(const Query& query, std::string_view name,
                                  std::optional<ledger::Timestamp>& value) {
  const std::string* text = query.find(name);
  if (text == nullptr) return std::nullopt;
  value = parse_rfc3339(*text);
  if (!value) return invalid_query(name, kTimeExpected);
  return std::nullopt;
}

std::optional<ApiError> read_boolean(const Query& query, std::string_view name,
                                     std::optional<bool>& value) {
  const std::string* text = query.find(name);
  if (text == nullptr) return std::nullopt;
  if (*text != "true" && *text != "false") return invalid_query(name, "must be true or false");
  value = *text == "true";
  return std::nullopt;
}

}  // namespace ledgerd
