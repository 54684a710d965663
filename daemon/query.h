// The query of a request's target, read strictly.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "api_error.h"
#include "ledger/account.h"
#include "ledger/clock.h"

namespace ledgerd {

/// Percent-decoded parameters, each at most once; `+` stands for a space, as in forms.
class Query {
 public:
  /// Of the target "/path?a=1&b=2". Fails with invalid_query for a parameter that is not one of
  /// `names`, comes twice, has no value, is not percent-encoded or stands for more than printable
  /// ASCII.
  static std::variant<Query, ApiError> parse(std::string_view target,
                                             std::span<const std::string_view> names);

  /// nullptr: not given.
  [[nodiscard]] const std::string* find(std::string_view name) const;
  [[nodiscard]] bool has(std::string_view name) const { return find(name) != nullptr; }

  /// invalid_query for the first parameter that is none of `names`: those that do not go together.
  [[nodiscard]] std::optional<ApiError> require_only(std::span<const std::string_view> names) const;

 private:
  std::vector<std::pair<std::string, std::string>> parameters_;
};

// Each leaves `value` alone where the parameter is not given, and fails with invalid_query where it
// makes no sense.

/// An integer from `min` to 2^63 − 1.
std::optional<ApiError> read_integer(const Query& query, std::string_view name, std::int64_t min,
                                     std::int64_t& value);
/// 1 to ledger::kMaxPage.
std::optional<ApiError> read_limit(const Query& query, std::size_t& value);
std::optional<ApiError> read_time(const Query& query, std::string_view name,
                                  std::optional<ledger::Timestamp>& value);
/// true or false.
std::optional<ApiError> read_boolean(const Query& query, std::string_view name,
                                     std::optional<bool>& value);

ApiError invalid_query(std::string_view name, std::string_view problem);

/// A decimal integer from `min` to 2^63 − 1, without sign or leading zeros.
std::optional<std::int64_t> parse_integer(std::string_view text, std::int64_t min);

}  // namespace ledgerd
