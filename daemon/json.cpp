#include "json.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <cstdint>
#include <span>
#include <utility>
#include <vector>

#include <fmt/format.h>
#include <simdjson.h>

namespace ledgerd {
namespace {

namespace ondemand = simdjson::ondemand;

constexpr std::string_view kByteOrderMark = "\xef\xbb\xbf";
constexpr std::size_t kMaxEchoedName = 64;

/// A member's value. No body nests, so there is no other kind.
struct Token {
  enum class Kind : std::uint8_t {
    string,  ///< text: the decoded content
    null,
    boolean,
    literal,  ///< text: the source of a number, or of something that is no JSON value at all
  };
  Kind kind{};
  std::string text{};
};

ApiError malformed(std::string_view what) {
  return bad_request(codes::kMalformedJson, fmt::format("the body is not valid JSON: {}", what));
}

ApiError malformed(simdjson::error_code error) { return malformed(simdjson::error_message(error)); }

ApiError wrong_type(std::string_view field, std::string_view expected) {
  return bad_request(codes::kWrongType, fmt::format("{}: must be {}", field, expected));
}

std::variant<Token, ApiError> read_token(std::string_view name, ondemand::value value) {
  std::string_view source = value.raw_json_token();
  const auto end = source.find_last_not_of(" \t\r\n");
  source = source.substr(0, end == std::string_view::npos ? 0 : end + 1);
  if (source.starts_with('"')) {
    std::string_view text;
    if (const auto error = value.get_string().get(text)) return malformed(error);
    return Token{Token::Kind::string, std::string(text)};
  }
  if (source.starts_with('{') || source.starts_with('[')) {
    return wrong_type(name, "a plain value, not an object or array");
  }
  if (source == "null") return Token{Token::Kind::null};
  if (source == "true" || source == "false") return Token{Token::Kind::boolean};
  return Token{Token::Kind::literal, std::string(source)};
}

/// Reads one member into its place in `tokens`.
std::optional<ApiError> read_member(ondemand::field& member,
                                    std::span<const std::string_view> names,
                                    std::span<std::optional<Token>> tokens) {
  std::string_view name;
  if (const auto error = member.unescaped_key().get(name)) return malformed(error);
  const auto known = std::find(names.begin(), names.end(), name);
  if (known == names.end()) {
    return bad_request(codes::kUnknownField,
                       fmt::format("{}: there is no such field", name.substr(0, kMaxEchoedName)));
  }
  auto& token = tokens[static_cast<std::size_t>(known - names.begin())];
  if (token) {
    return bad_request(codes::kDuplicateField, fmt::format("{}: given more than once", *known));
  }
  auto read = read_token(*known, member.value());
  if (auto* error = std::get_if<ApiError>(&read)) return std::move(*error);
  token = std::get<Token>(std::move(read));
  return std::nullopt;
}

/// Fills `tokens` with the values of the fields called `names`, in that order.
///
/// simdjson checks lazily, so every member is visited and every value is looked at, by simdjson or
/// by who takes the token. The first nested value ends it: whatever follows, the body is refused.
std::optional<ApiError> read_object(std::string_view body, std::span<const std::string_view> names,
                                    std::span<std::optional<Token>> tokens) {
  if (body.starts_with(kByteOrderMark)) return malformed("it starts with a byte order mark");
  const simdjson::padded_string padded(body);
  ondemand::parser parser;
  ondemand::document document;
  if (const auto error = parser.iterate(padded).get(document)) return malformed(error);
  ondemand::object object;
  if (const auto error = document.get_object().get(object)) {
    if (error != simdjson::INCORRECT_TYPE) return malformed(error);
    return wrong_type("the body", "a JSON object");
  }
  for (auto result : object) {
    ondemand::field member;
    if (const auto error = std::move(result).get(member)) return malformed(error);
    if (auto error = read_member(member, names, tokens)) return error;
  }
  const bool at_end = document.current_location().error() == simdjson::OUT_OF_BOUNDS;
  if (!at_end) return malformed("something follows the object");
  return std::nullopt;
}

/// A literal that is a JSON number. Others get this far because simdjson leaves numbers to us.
bool is_number(std::string_view text) {
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

/// The error for a token that `field` has no use for.
ApiError unexpected(std::string_view field, const Token& token, std::string_view expected) {
  if (token.kind == Token::Kind::literal && !is_number(token.text)) {
    return malformed(fmt::format("{} has no JSON value", field));
  }
  return wrong_type(field, expected);
}

ApiError missing(std::string_view field) {
  return bad_request(codes::kMissingField, fmt::format("{}: missing", field));
}

std::optional<ApiError> read_id(std::string_view field, const Token& token, ledger::AccountId& id) {
  constexpr std::string_view kExpected = "an integer from 1 to 9223372036854775807";
  if (token.kind != Token::Kind::literal) return unexpected(field, token, kExpected);
  const std::string_view text = token.text;
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || value < 1 || text[0] == '0') {
    return bad_request(ledger::ErrorCode::invalid_account_id,
                       fmt::format("{}: must be {}", field, kExpected));
  }
  id = ledger::AccountId{value};
  return std::nullopt;
}

/// null stands for no limit.
std::optional<ApiError> read_limit(std::string_view field, Token& token,
                                   std::optional<std::string>& limit) {
  switch (token.kind) {
    case Token::Kind::string:
      limit = std::move(token.text);
      return std::nullopt;
    case Token::Kind::null:
      limit.reset();
      return std::nullopt;
    case Token::Kind::boolean:
    case Token::Kind::literal:
      break;
  }
  return unexpected(field, token, "a decimal number in a string, or null");
}

}  // namespace

std::variant<TransferBody, ApiError> parse_transfer_body(std::string_view body) {
  static constexpr std::array<std::string_view, 3> kNames = {"from_id", "to_id", "amount"};
  std::array<std::optional<Token>, kNames.size()> tokens;
  if (auto error = read_object(body, kNames, tokens)) return std::move(*error);
  for (std::size_t i = 0; i < kNames.size(); ++i) {
    if (!tokens[i]) return missing(kNames[i]);
  }
  auto& [from, to, amount] = tokens;
  TransferBody transfer;
  if (auto error = read_id("from_id", *from, transfer.from_id)) return std::move(*error);
  if (auto error = read_id("to_id", *to, transfer.to_id)) return std::move(*error);
  // A literal such as `+1` or `NaN` is left to Amount::parse: what it says about it fits best.
  if (amount->kind != Token::Kind::literal && amount->kind != Token::Kind::string) {
    return wrong_type("amount", "a decimal number, plain or in a string");
  }
  transfer.amount = std::move(amount->text);
  return transfer;
}

std::variant<AccountBody, ApiError> parse_account_body(std::string_view body) {
  static constexpr std::array<std::string_view, 4> kNames = {"currency", "id", "min_balance",
                                                             "max_balance"};
  std::array<std::optional<Token>, kNames.size()> tokens;
  if (auto error = read_object(body, kNames, tokens)) return std::move(*error);
  auto& [currency, id, min_balance, max_balance] = tokens;
  if (!currency) return missing("currency");
  if (currency->kind != Token::Kind::string) return unexpected("currency", *currency, "a string");

  AccountBody account;
  account.currency = std::move(currency->text);
  if (id) {
    if (auto error = read_id("id", *id, account.id.emplace())) return std::move(*error);
  }
  if (min_balance) {
    if (auto error = read_limit("min_balance", *min_balance, account.min_balance)) {
      return std::move(*error);
    }
  }
  if (max_balance) {
    if (auto error = read_limit("max_balance", *max_balance, account.max_balance)) {
      return std::move(*error);
    }
  }
  return account;
}

std::optional<std::string> json_member(std::string_view body, std::string_view name) {
  const simdjson::padded_string padded(body);
  ondemand::parser parser;
  ondemand::document document;
  ondemand::value value;
  if (parser.iterate(padded).get(document) != simdjson::SUCCESS) return std::nullopt;
  if (document.find_field_unordered(name).get(value) != simdjson::SUCCESS) return std::nullopt;
  auto read = read_token(name, value);
  auto* token = std::get_if<Token>(&read);
  if (token == nullptr || token->kind == Token::Kind::null) return std::nullopt;
  return std::move(token->text);
}

}  // namespace ledgerd
