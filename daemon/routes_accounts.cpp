#include <charconv>
#include <variant>

#include <fmt/format.h>

#include "idempotency_key.h"
#include "json_writer.h"
#include "rfc3339.h"
#include "routes.h"

namespace ledgerd {
namespace {

std::string_view name(ledger::AccountStatus status) {
  switch (status) {
    case ledger::AccountStatus::open:
      return "open";
    case ledger::AccountStatus::frozen:
      return "frozen";
    case ledger::AccountStatus::closed:
      return "closed";
  }
  return "unknown";
}

std::string account_json(const ledger::Account& account) {
  const ledger::Currency currency = account.terms.currency;
  const auto decimal = [currency](ledger::MinorUnits units) {
    return ledger::Amount(units, currency).to_string();
  };
  const auto limit = [&decimal](std::optional<ledger::MinorUnits> units) {
    return units ? std::optional(decimal(*units)) : std::nullopt;
  };
  JsonObject json;
  json.raw("id", std::to_string(to_int(account.id)))
      .text("currency", currency.code())
      .text("status", name(account.terms.status))
      .text("balance", decimal(account.balance))
      .text("held", decimal(account.held))
      .text("available", decimal(account.available()))
      .text_or_null("min_balance", limit(account.terms.min_balance))
      .text_or_null("max_balance", limit(account.terms.max_balance))
      .raw("version", std::to_string(account.version))
      .text("created_at", rfc3339(account.created_at));
  return json.finish();
}

/// Reads a limit of the body into `units`; nothing stands for no limit.
std::optional<ApiError> parse_limit(std::string_view field, const std::optional<std::string>& text,
                                    ledger::Currency currency,
                                    std::optional<ledger::MinorUnits>& units) {
  units.reset();
  if (!text) return std::nullopt;
  const auto amount = ledger::Amount::parse(*text, currency);
  if (!amount) {
    return bad_request(
        amount.error().code,
        fmt::format("{}: must be a decimal number that fits {}, such as \"{}\"", field,
                    currency.code(), ledger::Amount(0, currency).to_string()));
  }
  units = amount->minor_units();
  return std::nullopt;
}

std::variant<ledger::AccountRequest, ApiError> to_account_request(const ledger::Ledger& ledger,
                                                                  std::string key,
                                                                  const AccountBody& body) {
  const auto currency = ledger.currency(body.currency);
  if (!currency) {
    return bad_request(currency.error().code,
                       fmt::format("currency: {}", describe(currency.error().code)));
  }
  ledger::AccountRequest request{.key = std::move(key), .currency = *currency, .id = body.id};
  if (auto error = parse_limit("min_balance", body.min_balance, *currency, request.min_balance)) {
    return std::move(*error);
  }
  if (auto error = parse_limit("max_balance", body.max_balance, *currency, request.max_balance)) {
    return std::move(*error);
  }
  return request;
}

}  // namespace

Reply create_account(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  auto key = read_idempotency_key(request.idempotency_keys);
  if (const auto* error = std::get_if<ApiError>(&key)) return problem_reply(*error);
  const auto body = parse_account_body(request.body);
  if (const auto* error = std::get_if<ApiError>(&body)) return problem_reply(*error);
  const auto account_request = to_account_request(ledger, std::get<std::string>(std::move(key)),
                                                  std::get<AccountBody>(body));
  if (const auto* error = std::get_if<ApiError>(&account_request)) return problem_reply(*error);

  const auto created = ledger.create_account(std::get<ledger::AccountRequest>(account_request));
  if (!created) {
    log_failure(logger, "opening an account failed", created.error());
    return problem_reply(to_api_error(created.error()));
  }
  Reply reply{.status = 201, .body = account_json(created->account)};
  reply.headers.emplace_back("Location",
                             fmt::format("/v1/accounts/{}", to_int(created->account.id)));
  if (created->replayed) reply.headers.emplace_back("Idempotent-Replayed", "true");
  return reply;
}

Reply get_account(ledger::Ledger& ledger, Logger& logger, std::string_view id) {
  std::int64_t number = 0;
  const auto [end, error] = std::from_chars(id.data(), id.data() + id.size(), number);
  if (error != std::errc() || end != id.data() + id.size() || number < 1 || id.front() == '0') {
    constexpr auto kCode = ledger::ErrorCode::invalid_account_id;
    return problem_reply(bad_request(kCode, fmt::format("id: {}", describe(kCode))));
  }
  const auto account = ledger.account(ledger::AccountId{number});
  if (!account) {
    log_failure(logger, "reading an account failed", account.error());
    return problem_reply(to_api_error(account.error()));
  }
  return {.status = 200, .body = account_json(*account)};
}

}  // namespace ledgerd
