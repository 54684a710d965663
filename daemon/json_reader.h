// JSON that we are sent. The only user of simdjson.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "api_error.h"

namespace ledgerd {

/// Metadata may nest; deeper than this it is refused.
inline constexpr int kMaxJsonDepth = 64;

/// A member's value.
struct JsonToken {
  enum class Kind : std::uint8_t {
    string,  ///< text: the decoded content
    null,
    boolean,  ///< text: true or false
    literal,  ///< text: the source of a number, or of something that is no JSON value at all
    object,   ///< text: the source, which is JSON to its last byte
    array,    ///< the same
  };
  Kind kind{};
  std::string text{};
};

/// A member that an object may have.
struct JsonField {
  std::string_view name;
  /// Whether its value may be an object or array. Otherwise the first byte of one ends the reading.
  bool nests = false;
};

using JsonTokens = std::span<std::optional<JsonToken>>;

/// Reads objects one after the other, and keeps its memory: some ten times the largest one's.
/// Not thread-safe.
class JsonReader {
 public:
  JsonReader();
  ~JsonReader();
  JsonReader(const JsonReader&) = delete;
  JsonReader& operator=(const JsonReader&) = delete;

  /// Fills `tokens` with the values of `fields`, in that order. Strict: exactly one JSON object in
  /// valid UTF-8 to the last byte, each member known and there once. Fails with 400 and a code of
  /// `codes`; the message names the field.
  std::optional<ApiError> read_object(std::string_view source, std::span<const JsonField> fields,
                                      JsonTokens tokens);

 private:
  struct State;
  std::unique_ptr<State> state_;
};

/// The member `name` of a JSON object: a string's content, or a number as it is written.
/// Nothing where there is no such member, it is null, or the body is not such an object. Made for
/// the answers of ledgerd: other members do not matter, so that an older client understands them.
std::optional<std::string> json_member(std::string_view body, std::string_view name);

/// Whether a token's literal is a JSON number. Others get that far because simdjson leaves numbers
/// to us.
bool is_json_number(std::string_view text);

ApiError malformed_json(std::string_view what);
ApiError wrong_type(std::string_view field, std::string_view expected);

}  // namespace ledgerd
