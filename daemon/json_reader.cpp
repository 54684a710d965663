#include "json_reader.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>
#include <simdjson.h>

namespace ledgerd {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::string_view kWhiteSpace = " \t\r\n";
constexpr std::size_t kMaxEchoedName = 64;

ApiError malformed(simdjson::error_code error) {
  return malformed_json(simdjson::error_message(error));
}

/// simdjson's tokens reach up to the next one.
std::string_view without_trailing_space(std::string_view source) {
  return source.substr(0, source.find_last_not_of(kWhiteSpace) + 1);
}

bool is_plain_literal(std::string_view source) {
  return source == "null" || source == "true" || source == "false" || is_json_number(source);
}

std::optional<ApiError> check_value(ondemand::value value, int depth);

std::optional<ApiError> check_object(ondemand::value& value, int depth) {
  ondemand::object object;
  if (const auto error = value.get_object().get(object)) return malformed(error);
  for (auto result : object) {
    ondemand::field member;
    if (const auto error = std::move(result).get(member)) return malformed(error);
    if (const auto error = member.unescaped_key().error()) return malformed(error);
    if (auto error = check_value(member.value(), depth + 1)) return error;
  }
  return std::nullopt;
}

std::optional<ApiError> check_array(ondemand::value& value, int depth) {
  ondemand::array array;
  if (const auto error = value.get_array().get(array)) return malformed(error);
  for (auto result : array) {
    ondemand::value element;
    if (const auto error = result.get(element)) return malformed(error);
    if (auto error = check_value(element, depth + 1)) return error;
  }
  return std::nullopt;
}

/// simdjson checks lazily: what nobody looks at may be no JSON.
std::optional<ApiError> check_value(ondemand::value value, int depth) {
  const std::string_view source = without_trailing_space(value.raw_json_token());
  if (source.starts_with('"')) {
    const auto error = value.get_string().error();
    return error ? std::optional(malformed(error)) : std::nullopt;
  }
  const bool nests = source.starts_with('{') || source.starts_with('[');
  if (!nests) {
    if (is_plain_literal(source)) return std::nullopt;
    return malformed_json("there is a value that is none");
  }
  if (depth > kMaxJsonDepth) {
    return malformed_json(fmt::format("it nests deeper than {}", kMaxJsonDepth));
  }
  return source.starts_with('{') ? check_object(value, depth) : check_array(value, depth);
}

/// The source of a value that nests, checked to its end.
std::optional<ApiError> read_nested(ondemand::value value, JsonToken& token) {
  const char* begin = value.raw_json_token().data();
  if (auto error = check_value(value, 1)) return error;
  const char* end = nullptr;
  // There is something behind it: the bracket of the object that it is a member of.
  if (const auto error = value.current_location().get(end)) return malformed(error);
  token.kind = *begin == '{' ? JsonToken::Kind::object : JsonToken::Kind::array;
  token.text = without_trailing_space({begin, static_cast<std::size_t>(end - begin)});
  return std::nullopt;
}

std::optional<ApiError> read_token(const JsonField& field, ondemand::value value,
                                   JsonToken& token) {
  const std::string_view source = without_trailing_space(value.raw_json_token());
  if (source.starts_with('"')) {
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return malformed(error);
    token = {JsonToken::Kind::string, std::string(text)};
    return std::nullopt;
  }
  if (source.starts_with('{') || source.starts_with('[')) {
    if (field.nests) return read_nested(value, token);
    return wrong_type(field.name, "a plain value, not an object or array");
  }
  const bool boolean = source == "true" || source == "false";
  token.kind = source == "null" ? JsonToken::Kind::null
               : boolean        ? JsonToken::Kind::boolean
                                : JsonToken::Kind::literal;
  token.text = source;
  return std::nullopt;
}

/// Reads one member into its place in `tokens`.
std::optional<ApiError> read_member(ondemand::field& member, std::span<const JsonField> fields,
                                    JsonTokens tokens) {
  std::string_view name;
  if (const auto error = member.unescaped_key().get(name)) return malformed(error);
  const auto known = std::find_if(fields.begin(), fields.end(),
                                  [name](const JsonField& field) { return field.name == name; });
  if (known == fields.end()) {
    return bad_request(codes::kUnknownField,
                       fmt::format("{}: there is no such field", name.substr(0, kMaxEchoedName)));
  }
  auto& token = tokens[static_cast<std::size_t>(known - fields.begin())];
  if (token) {
    return bad_request(codes::kDuplicateField,
                       fmt::format("{}: given more than once", known->name));
  }
  return read_token(*known, member.value(), token.emplace());
}

}  // namespace

struct JsonReader::State {
  ondemand::parser parser;
  /// The object and the padding that simdjson reads beyond it.
  std::string padded;
};

JsonReader::JsonReader() : state_(std::make_unique<State>()) {}
JsonReader::~JsonReader() = default;

/// Every member is visited and every value is looked at, by simdjson or by who takes the token. A
/// value that must not nest and does ends it: whatever follows, the object is refused.
std::optional<ApiError> JsonReader::read_object(std::string_view source,
                                                std::span<const JsonField> fields,
                                                JsonTokens tokens) {
  if (source.starts_with(kByteOrderMark)) return malformed_json("it starts with a byte order mark");
  std::string& padded = state_->padded;
  padded.assign(source);
  padded.append(simdjson::SIMDJSON_PADDING, '\0');
  ondemand::document document;
  const simdjson::padded_string_view view(padded.data(), source.size(), padded.size());
  if (const auto error = state_->parser.iterate(view).get(document)) return malformed(error);
  ondemand::object object;
  if (const auto error = document.get_object().get(object)) {
    if (error != simdjson::INCORRECT_TYPE) return malformed(error);
    return wrong_type("the body", "a JSON object");
  }
  for (auto result : object) {
    ondemand::field member;
    if (const auto error = std::move(result).get(member)) return malformed(error);
    if (auto error = read_member(member, fields, tokens)) return error;
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  if (!at_end) return malformed_json("something follows the object");
  return std::nullopt;
}

std::optional<std::string> json_member(std::string_view body, std::string_view name) {
  const simdjson::padded_string padded(body);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::value value;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (document.find_field_unordered(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  JsonToken token;
  const auto failed = read_token({name}, value, token);
  if (failed || token.kind == JsonToken::Kind::null) return std::nullopt;
  return std::move(token.text);
}

bool is_json_number(std::string_view text) {
  const auto skip_digits = [&text] {
    const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
    text.remove_prefix(end);
    return end;
  };
  if (text.starts_with('-')) text.remove_prefix(1);
  const bool leading_zero = text.starts_with('0');
  const auto integer_digits = skip_digits();
  if (integer_digits == 0 || (leading_zero && integer_digits > 1)) return false;
  if (text.starts_with('.')) {
    text.remove_prefix(1);
    if (skip_digits() == 0) return false;
  }
  if (text.starts_with('e') || text.starts_with('E')) {
    text.remove_prefix(1);
    if (text.starts_with('+') || text.starts_with('-')) text.remove_prefix(1);
    if (skip_digits() == 0) return false;
  }
  return text.empty();
}

ApiError malformed_json(std::string_view what) {
  return bad_request(codes::kMalformedJson, fmt::format("the body is not valid JSON: {}", what));
}

ApiError wrong_type(std::string_view field, std::string_view expected) {
  return bad_request(codes::kWrongType, fmt::format("{}: must be {}", field, expected));
}

}  // namespace ledgerd
