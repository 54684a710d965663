// JSON that we send and log.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace ledgerd {

/// `text` as a JSON string, with quotes. Control characters (C1 too, which terminals obey) are
/// escaped, and bytes that are not UTF-8 become U+FFFD: valid JSON on one line, whatever comes in.
std::string json_string(std::string_view text);

/// Writes one JSON object, member by member.
class JsonObject {
 public:
  JsonObject& text(std::string_view name, std::string_view value);
  /// `value` is JSON already: a number, true, false or null.
  JsonObject& raw(std::string_view name, std::string_view value);
  /// A string, or null.
  JsonObject& text_or_null(std::string_view name, const std::optional<std::string>& value);

  /// The object. Nothing can be added any more.
  [[nodiscard]] std::string finish() {
    members_ += '}';
    return std::move(members_);
  }

 private:
  std::string members_ = "{";
};

}  // namespace ledgerd
