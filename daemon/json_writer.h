// JSON that we send and log.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace ledgerd {

/// Appends `text` as a JSON string, with quotes. Control characters (C1 too, which terminals obey)
/// are escaped, and bytes that are not UTF-8 become U+FFFD: valid JSON on one line, whatever comes
/// in.
void append_json_string(std::string& out, std::string_view text);
std::string json_string(std::string_view text);

/// Writes one JSON object at the end of a string, member by member, so that large answers are
/// written once and never copied. Names are our own and need no escapes.
class JsonObject {
 public:
  /// `out` must outlive it.
  explicit JsonObject(std::string& out) : out_(out) { out_ += '{'; }

  JsonObject& text(std::string_view name, std::string_view value);
  /// `value` is JSON already: a number, true, false, null, or a caller's metadata.
  JsonObject& raw(std::string_view name, std::string_view value);
  JsonObject& number(std::string_view name, std::int64_t value);
  JsonObject& boolean(std::string_view name, bool value);
  /// A string, or null.
  JsonObject& text_or_null(std::string_view name, const std::optional<std::string>& value);
  /// Writes the name alone. Its value must be appended to what is returned, before anything else.
  std::string& member(std::string_view name);

  /// The end of the object. Nothing can be added any more.
  void close() { out_ += '}'; }

 private:
  std::string& out_;
  bool first_ = true;
};

/// The same for the elements of an array: `[` when it is made, then begin() before each element,
/// which the caller appends to what is returned.
class JsonArray {
 public:
  explicit JsonArray(std::string& out) : out_(out) { out_ += '['; }
  std::string& begin();
  void close() { out_ += ']'; }

 private:
  std::string& out_;
  bool first_ = true;
};

}  // namespace ledgerd
