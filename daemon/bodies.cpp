#include "bodies.h"

#include <array>
#include <utility>

#include <fmt/format.h>

#include "body_fields.h"
#include "json_scanner.h"

namespace ledgerd {
namespace {

using Token = std::optional<JsonToken>;
using MaybeError = std::optional<ApiError>;

MaybeError read_account(const std::array<JsonField, 6>& fields, std::array<Token, 6>& tokens,
                        AccountBody& account) {
  auto& [currency, id, min_balance, max_balance, reference, metadata] = tokens;
  if (!currency) return missing("currency");
  MaybeError error = read_string(fields[0].name, *currency, account.currency);
  if (!error && id) error = read_account_id(fields[1].name, *id, account.id.emplace());
  if (!error && min_balance) {
    error = read_limit(fields[2].name, *min_balance, account.min_balance);
  }
  if (!error && max_balance) {
    error = read_limit(fields[3].name, *max_balance, account.max_balance);
  }
  if (!error && reference) error = read_reference(fields[4].name, *reference, account.reference);
  if (!error && metadata) error = read_metadata(fields[5].name, *metadata, account.metadata);
  return error;
}

MaybeError read_status(JsonToken& token, std::optional<ledger::AccountStatus>& status) {
  constexpr std::string_view kExpected = R"("open", "frozen" or "closed")";
  if (token.kind == JsonToken::Kind::string) {
    if (token.text == "open") status = ledger::AccountStatus::open;
    if (token.text == "frozen") status = ledger::AccountStatus::frozen;
    if (token.text == "closed") status = ledger::AccountStatus::closed;
  }
  return status ? std::nullopt : std::optional(unexpected("status", token, kExpected));
}

// Requests that move or reserve money, alone and in a batch, are read by one table. What is not of
// the kind is an unknown field.

enum Field : std::size_t {
  kKey,
  kKind,
  kHold,
  kTransfer,
  kLegs,
  kFrom,
  kTo,
  kAmount,
  kCurrency,
  kExpiresAt,
  kReleaseRest,
  kReference,
  kMetadata,
  kEffectiveAt,
  kFieldCount,
};

constexpr std::array<JsonField, kFieldCount> kFields = {{
    {"key"},
    {"kind"},
    {"hold"},
    {"transfer"},
    {"legs", true},
    {"from"},
    {"to"},
    {"amount"},
    {"currency"},
    {"expires_at"},
    {"release_rest"},
    {"reference"},
    {"metadata", true},
    {"effective_at"},
}};

using RequestTokens = std::array<Token, kFieldCount>;

constexpr unsigned bit(Field field) { return 1U << field; }

constexpr unsigned kDetailFields = bit(kReference) | bit(kMetadata) | bit(kEffectiveAt);
constexpr unsigned kLegFields = bit(kFrom) | bit(kTo) | bit(kAmount) | bit(kCurrency);

/// The fields of a body of that kind.
constexpr unsigned fields_of(RequestKind kind) {
  switch (kind) {
    case RequestKind::transfer:
      return kDetailFields | kLegFields | bit(kLegs);
    case RequestKind::hold:
      return kDetailFields | kLegFields | bit(kLegs) | bit(kExpiresAt);
    case RequestKind::capture:
      return kDetailFields | bit(kAmount) | bit(kCurrency) | bit(kReleaseRest);
    case RequestKind::void_hold:
      return kDetailFields;
    case RequestKind::reversal:
      return kDetailFields | bit(kAmount) | bit(kCurrency);
  }
  return 0;
}

/// The field by which an item says what it is about; kFieldCount: none.
constexpr Field target_of(RequestKind kind) {
  switch (kind) {
    case RequestKind::capture:
    case RequestKind::void_hold:
      return kHold;
    case RequestKind::reversal:
      return kTransfer;
    default:
      return kFieldCount;
  }
}

MaybeError refuse_other_fields(const RequestTokens& tokens, unsigned allowed) {
  for (std::size_t i = 0; i < kFieldCount; ++i) {
    if (!tokens[i] || (allowed >> i & 1U) != 0) continue;
    return bad_request(codes::kUnknownField,
                       fmt::format("{}: there is no such field here", kFields[i].name));
  }
  return std::nullopt;
}

/// "from", "to", "amount" and "currency", all of them.
MaybeError read_leg(std::span<const JsonField> fields, std::span<Token> tokens, LegBody& leg) {
  for (std::size_t i = 0; i < 4; ++i) {
    if (!tokens[i]) return missing(fields[i].name);
  }
  MaybeError error = read_account_id(fields[0].name, *tokens[0], leg.from);
  if (!error) error = read_account_id(fields[1].name, *tokens[1], leg.to);
  if (!error) error = read_decimal(fields[2].name, *tokens[2], leg.amount);
  if (!error) error = read_string(fields[3].name, *tokens[3], leg.currency);
  return error;
}

MaybeError read_leg_object(JsonReader& reader, std::string_view source, LegBody& leg) {
  constexpr std::span<const JsonField> kOfLeg = std::span(kFields).subspan(kFrom, 4);
  if (!source.starts_with('{')) return wrong_type("a leg", "an object");
  std::array<Token, 4> tokens;
  if (auto error = reader.read_object(source, kOfLeg, tokens)) return error;
  return read_leg(kOfLeg, tokens, leg);
}

MaybeError read_legs(JsonReader& reader, const JsonToken& token, std::vector<LegBody>& legs) {
  if (token.kind != JsonToken::Kind::array) return unexpected("legs", token, "an array of objects");
  JsonScanner scanner(token.text);
  scanner.take('[');
  if (scanner.take(']')) return std::nullopt;
  do {
    auto error = read_leg_object(reader, scanner.value(), legs.emplace_back());
    if (!error) continue;
    error->message = fmt::format("legs[{}]: {}", legs.size() - 1, error->message);
    return error;
  } while (scanner.take(','));
  return std::nullopt;
}

MaybeError read_all_legs(JsonReader& reader, RequestTokens& tokens, RequestBody& body) {
  const std::span<Token> of_leg = std::span(tokens).subspan(kFrom, 4);
  unsigned given = 0;
  for (std::size_t i = 0; i < of_leg.size(); ++i)
    given += of_leg[i] ? 1 : 0;
  if (!tokens[kLegs] && given == 0) return missing("legs");
  if (tokens[kLegs]) {
    const unsigned others = fields_of(body.kind) & ~kLegFields;
    if (given > 0) return refuse_other_fields(tokens, others | bit(kKey) | bit(kKind));
    return read_legs(reader, *tokens[kLegs], body.legs);
  }
  body.short_form = true;
  return read_leg(std::span(kFields).subspan(kFrom, 4), of_leg, body.legs.emplace_back());
}

/// Of a capture or reversal: both or none.
MaybeError read_amount(RequestTokens& tokens, RequestBody& body) {
  if (!tokens[kAmount] && !tokens[kCurrency]) return std::nullopt;
  if (!tokens[kAmount]) return missing("amount");
  if (!tokens[kCurrency]) return missing("currency");
  MaybeError error = read_decimal("amount", *tokens[kAmount], body.amount.emplace());
  if (!error) error = read_string("currency", *tokens[kCurrency], body.currency);
  return error;
}

MaybeError read_details(RequestTokens& tokens, ledger::Details& details) {
  MaybeError error;
  if (auto& token = tokens[kReference])
    error = read_reference("reference", *token, details.reference);
  if (auto& token = tokens[kMetadata]; !error && token) {
    error = read_metadata("metadata", *token, details.metadata);
  }
  if (auto& token = tokens[kEffectiveAt]; !error && token) {
    error = read_time("effective_at", *token, details.effective_at);
  }
  return error;
}

/// All but what only items have.
MaybeError read_request(JsonReader& reader, RequestTokens& tokens, RequestBody& body) {
  MaybeError error = read_details(tokens, body.details);
  if (auto& token = tokens[kExpiresAt]; !error && token) {
    error = read_time("expires_at", *token, body.expires_at);
  }
  if (auto& token = tokens[kReleaseRest]; !error && token) {
    error = read_boolean("release_rest", *token, body.release_rest);
  }
  if (error) return error;
  const bool has_legs = body.kind == RequestKind::transfer || body.kind == RequestKind::hold;
  return has_legs ? read_all_legs(reader, tokens, body) : read_amount(tokens, body);
}

MaybeError read_kind(RequestTokens& tokens, RequestKind& kind) {
  if (!tokens[kKind]) return std::nullopt;
  const JsonToken& token = *tokens[kKind];
  const auto read =
      token.kind == JsonToken::Kind::string ? parse_request_kind(token.text) : std::nullopt;
  if (!read) {
    return unexpected("kind", token, R"("transfer", "hold", "capture", "void" or "reversal")");
  }
  kind = *read;
  return std::nullopt;
}

MaybeError read_target(const RequestTokens& tokens, RequestBody& body) {
  const Field field = target_of(body.kind);
  if (field == kFieldCount) return std::nullopt;
  const std::string_view name = kFields[field].name;
  if (!tokens[field]) return missing(name);
  std::int64_t id = 0;
  auto error = read_id(name, *tokens[field], ledger::ErrorCode::invalid_transfer_id, id);
  body.target = ledger::TransferId{id};
  return error;
}

MaybeError read_item(JsonReader& reader, std::string_view item, RequestBody& body) {
  RequestTokens tokens;
  if (auto error = reader.read_object(item, kFields, tokens)) return error;
  if (auto error = read_kind(tokens, body.kind)) return error;
  const Field target = target_of(body.kind);
  const unsigned own = bit(kKey) | bit(kKind) | (target == kFieldCount ? 0 : bit(target));
  if (auto error = refuse_other_fields(tokens, fields_of(body.kind) | own)) return error;
  if (tokens[kKey]) {
    if (auto error = read_string("key", *tokens[kKey], body.key.emplace())) return error;
  }
  if (auto error = read_target(tokens, body)) return error;
  return read_request(reader, tokens, body);
}

}  // namespace

std::variant<TransferBody, ApiError> parse_transfer_body(std::string_view body) {
  static constexpr std::array<JsonField, 3> kOfTransfer = {{{"from_id"}, {"to_id"}, {"amount"}}};
  std::array<Token, kOfTransfer.size()> tokens;
  JsonReader reader;
  if (auto error = reader.read_object(body, kOfTransfer, tokens)) return std::move(*error);
  for (std::size_t i = 0; i < kOfTransfer.size(); ++i) {
    if (!tokens[i]) return missing(kOfTransfer[i].name);
  }
  auto& [from, to, amount] = tokens;
  TransferBody transfer;
  if (auto error = read_account_id("from_id", *from, transfer.from_id)) return std::move(*error);
  if (auto error = read_account_id("to_id", *to, transfer.to_id)) return std::move(*error);
  // A literal such as `+1` or `NaN` is left to Amount::parse: what it says about it fits best.
  if (amount->kind != JsonToken::Kind::literal && amount->kind != JsonToken::Kind::string) {
    return wrong_type("amount", "a decimal number, plain or in a string");
  }
  transfer.amount = std::move(amount->text);
  return transfer;
}

std::variant<AccountBody, ApiError> parse_account_body(std::string_view body) {
  static constexpr std::array<JsonField, 6> kOfAccount = {
      {{"currency"}, {"id"}, {"min_balance"}, {"max_balance"}, {"reference"}, {"metadata", true}}};
  std::array<Token, kOfAccount.size()> tokens;
  JsonReader reader;
  if (auto error = reader.read_object(body, kOfAccount, tokens)) return std::move(*error);
  AccountBody account;
  if (auto error = read_account(kOfAccount, tokens, account)) return std::move(*error);
  return account;
}

std::variant<AccountChangeBody, ApiError> parse_account_change_body(std::string_view body) {
  static constexpr std::array<JsonField, 4> kOfChange = {
      {{"min_balance"}, {"max_balance"}, {"status"}, {"metadata", true}}};
  std::array<Token, kOfChange.size()> tokens;
  JsonReader reader;
  if (auto error = reader.read_object(body, kOfChange, tokens)) return std::move(*error);
  auto& [min_balance, max_balance, status, metadata] = tokens;
  AccountChangeBody change;
  MaybeError error;
  if (min_balance) error = read_limit("min_balance", *min_balance, change.min_balance.emplace());
  if (!error && max_balance) {
    error = read_limit("max_balance", *max_balance, change.max_balance.emplace());
  }
  if (!error && status) error = read_status(*status, change.status);
  if (!error && metadata) error = read_metadata("metadata", *metadata, change.metadata.emplace());
  if (error) return std::move(*error);
  return change;
}

std::optional<RequestKind> parse_request_kind(std::string_view name) {
  if (name == "transfer") return RequestKind::transfer;
  if (name == "hold") return RequestKind::hold;
  if (name == "capture") return RequestKind::capture;
  if (name == "void") return RequestKind::void_hold;
  if (name == "reversal") return RequestKind::reversal;
  return std::nullopt;
}

std::variant<RequestBody, ApiError> parse_request_body(JsonReader& reader, RequestKind kind,
                                                       std::string_view body) {
  RequestBody request;
  request.kind = kind;
  RequestTokens tokens;
  if (auto error = reader.read_object(body, kFields, tokens)) return std::move(*error);
  if (auto error = refuse_other_fields(tokens, fields_of(kind))) return std::move(*error);
  if (auto error = read_request(reader, tokens, request)) return std::move(*error);
  return request;
}

std::variant<RequestBody, ApiError> parse_batch_item(JsonReader& reader, std::string_view item) {
  RequestBody request;
  if (auto error = read_item(reader, item, request)) return std::move(*error);
  return request;
}

}  // namespace ledgerd
