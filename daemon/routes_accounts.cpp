#include <utility>
#include <variant>

#include <fmt/format.h>

#include "etag.h"
#include "idempotency_key.h"
#include "ledger_json.h"
#include "requests.h"
#include "routes.h"

namespace ledgerd {
namespace {

/// Whose currency limits are in while there is no account: then the ledger says that it is missing.
constexpr std::string_view kDefaultCurrency = "USD";

bool has_limits(const AccountChangeBody& body) { return body.min_balance || body.max_balance; }

/// The account's currency; that of `fallback` where there is no such account.
ledger::Result<ledger::Currency> currency_of(ledger::Ledger& ledger, ledger::AccountId id,
                                             ledger::Currency fallback) {
  const auto account = ledger.account(id);
  if (account) return account->terms.currency;
  if (account.error().code == ledger::ErrorCode::account_not_found) return fallback;
  return account.error();
}

/// One PATCH, with all that was read of it.
struct Change {
  std::string key;
  ledger::AccountId account{};
  AccountChangeBody body;
  std::optional<std::int64_t> expected_version;
};

std::variant<ledger::Result<ledger::ChangedAccount>, ApiError> attempt(ledger::Ledger& ledger,
                                                                       const Change& change,
                                                                       ledger::Currency currency) {
  auto request = to_account_change(change.key, change.account, change.body, currency);
  if (auto* error = std::get_if<ApiError>(&request)) return std::move(*error);
  auto& account_change = std::get<ledger::AccountChange>(request);
  account_change.expected_version = change.expected_version;
  return ledger.update_account(account_change);
}

Reply changed_reply(Logger& logger, const ledger::Result<ledger::ChangedAccount>& changed) {
  if (!changed) return failure_reply(logger, "changing an account failed", changed.error());
  Reply reply{.status = 200, .body = {}};
  append_changed_account(reply.body, changed->account);
  reply.headers.emplace_back("ETag", etag(changed->account.version));
  if (changed->replayed) reply.headers.emplace_back(kReplayedHeader, "true");
  return reply;
}

Reply apply(ledger::Ledger& ledger, Logger& logger, const Change& change) {
  const auto fallback = ledger.currency(kDefaultCurrency);
  if (!fallback) return failure_reply(logger, "changing an account failed", fallback.error());
  const auto currency =
      has_limits(change.body) ? currency_of(ledger, change.account, *fallback) : fallback;
  if (!currency) return failure_reply(logger, "changing an account failed", currency.error());
  auto changed = attempt(ledger, change, *currency);
  if (const auto* error = std::get_if<ApiError>(&changed)) return problem_reply(*error);
  const auto& result = std::get<ledger::Result<ledger::ChangedAccount>>(changed);
  const bool reused = !result && result.error().code == ledger::ErrorCode::key_reused;
  if (!reused || *currency == *fallback) return changed_reply(logger, result);

  // This very change may have been declined when the account did not exist yet. Asking in that
  // currency finds the record; it cannot change anything, since the key is taken.
  const auto recorded = attempt(ledger, change, *fallback);
  const auto* known = std::get_if<ledger::Result<ledger::ChangedAccount>>(&recorded);
  const bool found = known != nullptr && !*known && known->error().replayed;
  return changed_reply(logger, found ? *known : result);
}

}  // namespace

std::optional<std::int64_t> parse_path_id(std::string_view id) { return parse_integer(id, 1); }

Reply bad_path_id(ledger::ErrorCode code) {
  return problem_reply(bad_request(code, fmt::format("id: {}", describe(code))));
}

Reply create_account(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  auto key = read_idempotency_key(request.idempotency_keys);
  if (const auto* error = std::get_if<ApiError>(&key)) return problem_reply(*error);
  auto body = parse_account_body(request.body);
  if (const auto* error = std::get_if<ApiError>(&body)) return problem_reply(*error);
  const auto account_request = to_account_request(ledger, std::get<std::string>(std::move(key)),
                                                  std::get<AccountBody>(std::move(body)));
  if (const auto* error = std::get_if<ApiError>(&account_request)) return problem_reply(*error);

  const auto created = ledger.create_account(std::get<ledger::AccountRequest>(account_request));
  if (!created) return failure_reply(logger, "opening an account failed", created.error());
  Reply reply{.status = 201, .body = {}};
  append_account(reply.body, created->account);
  reply.headers.emplace_back("Location",
                             fmt::format("/v1/accounts/{}", to_int(created->account.id)));
  if (created->replayed) reply.headers.emplace_back(kReplayedHeader, "true");
  return reply;
}

Reply change_account(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  auto key = read_idempotency_key(request.idempotency_keys);
  if (const auto* error = std::get_if<ApiError>(&key)) return problem_reply(*error);
  const auto id = parse_path_id(request.id);
  if (!id) return bad_path_id(ledger::ErrorCode::invalid_account_id);
  const auto version = expected_version(request.if_match);
  if (const auto* error = std::get_if<ApiError>(&version)) return problem_reply(*error);
  auto body = parse_account_change_body(request.body);
  if (const auto* error = std::get_if<ApiError>(&body)) return problem_reply(*error);
  return apply(ledger, logger,
               {.key = std::get<std::string>(std::move(key)),
                .account = ledger::AccountId{*id},
                .body = std::get<AccountChangeBody>(std::move(body)),
                .expected_version = std::get<std::optional<std::int64_t>>(version)});
}

}  // namespace ledgerd
