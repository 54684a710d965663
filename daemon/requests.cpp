#include "requests.h"

#include <utility>

#include <fmt/format.h>

namespace ledgerd {
namespace {

std::optional<ApiError> read_amount(std::string_view field, const std::string& text,
                                    ledger::Currency currency, ledger::Amount& amount) {
  const auto parsed = ledger::Amount::parse(text, currency);
  if (!parsed) {
    return bad_request(
        parsed.error().code,
        fmt::format("{}: must be a decimal number that fits {}, such as \"{}\"", field,
                    currency.code(), ledger::Amount(0, currency).to_string()));
  }
  amount = *parsed;
  return std::nullopt;
}

/// An amount in a currency that is named beside it.
std::optional<ApiError> read_amount(const ledger::Ledger& ledger, const std::string& text,
                                    const std::string& code, ledger::Amount& amount) {
  const auto currency = ledger.currency(code);
  if (!currency) {
    return bad_request(currency.error().code,
                       fmt::format("currency: {}", describe(currency.error().code)));
  }
  return read_amount("amount", text, *currency, amount);
}

/// nullopt stands for no limit.
std::optional<ApiError> read_limit(std::string_view field, const std::optional<std::string>& text,
                                   ledger::Currency currency,
                                   std::optional<ledger::MinorUnits>& units) {
  units.reset();
  if (!text) return std::nullopt;
  ledger::Amount amount;
  if (auto error = read_amount(field, *text, currency, amount)) return error;
  units = amount.minor_units();
  return std::nullopt;
}

std::optional<ApiError> read_legs(const ledger::Ledger& ledger, const RequestBody& body,
                                  std::vector<ledger::Leg>& legs) {
  legs.reserve(body.legs.size());
  for (const LegBody& leg : body.legs) {
    ledger::Leg& read = legs.emplace_back(ledger::Leg{leg.from, leg.to, {}});
    auto error = read_amount(ledger, leg.amount, leg.currency, read.amount);
    if (!error) continue;
    if (!body.short_form) {
      error->message = fmt::format("legs[{}]: {}", legs.size() - 1, error->message);
    }
    return error;
  }
  return std::nullopt;
}

/// Fills in what all kinds have, and the amount or legs of those that have some.
template <class T>
std::variant<ledger::Request, ApiError> complete(const ledger::Ledger& ledger, T request,
                                                 std::string&& key, RequestBody& body) {
  request.key = std::move(key);
  request.details = std::move(body.details);
  std::optional<ApiError> error;
  if constexpr (requires { request.legs; }) error = read_legs(ledger, body, request.legs);
  if constexpr (requires { request.amount; }) {
    if (body.amount) {
      error = read_amount(ledger, *body.amount, body.currency, request.amount.emplace());
    }
  }
  if (error) return std::move(*error);
  return ledger::Request(std::move(request));
}

}  // namespace

std::variant<ledger::Request, ApiError> to_request(const ledger::Ledger& ledger, std::string key,
                                                   RequestBody body) {
  switch (body.kind) {
    case RequestKind::transfer:
      return complete(ledger, ledger::TransferRequest{}, std::move(key), body);
    case RequestKind::hold:
      return complete(ledger, ledger::HoldRequest{.expires_at = body.expires_at}, std::move(key),
                      body);
    case RequestKind::capture:
      return complete(
          ledger, ledger::CaptureRequest{.hold = body.target, .release_rest = body.release_rest},
          std::move(key), body);
    case RequestKind::void_hold:
      return complete(ledger, ledger::VoidRequest{.hold = body.target}, std::move(key), body);
    case RequestKind::reversal:
      return complete(ledger, ledger::ReversalRequest{.transfer = body.target}, std::move(key),
                      body);
  }
  return wrong_type("kind", "one of a request");
}

std::variant<ledger::AccountRequest, ApiError> to_account_request(const ledger::Ledger& ledger,
                                                                  std::string key,
                                                                  AccountBody body) {
  const auto currency = ledger.currency(body.currency);
  if (!currency) {
    return bad_request(currency.error().code,
                       fmt::format("currency: {}", describe(currency.error().code)));
  }
  ledger::AccountRequest request{.key = std::move(key),
                                 .currency = *currency,
                                 .id = body.id,
                                 .reference = std::move(body.reference),
                                 .metadata = std::move(body.metadata)};
  auto error = read_limit("min_balance", body.min_balance, *currency, request.min_balance);
  if (!error) error = read_limit("max_balance", body.max_balance, *currency, request.max_balance);
  if (error) return std::move(*error);
  return request;
}

std::variant<ledger::AccountChange, ApiError> to_account_change(std::string key,
                                                                ledger::AccountId account,
                                                                const AccountChangeBody& body,
                                                                ledger::Currency currency) {
  ledger::AccountChange change{
      .key = std::move(key), .account = account, .status = body.status, .metadata = body.metadata};
  std::optional<ApiError> error;
  if (body.min_balance) {
    error = read_limit("min_balance", *body.min_balance, currency, change.min_balance.emplace());
  }
  if (!error && body.max_balance) {
    error = read_limit("max_balance", *body.max_balance, currency, change.max_balance.emplace());
  }
  if (error) return std::move(*error);
  return change;
}

}  // namespace ledgerd
