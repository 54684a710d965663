#include <array>
#include <variant>

#include <fmt/format.h>

#include "idempotency_key.h"
#include "json_writer.h"
#include "routes.h"

namespace ledgerd {
namespace {

constexpr std::string_view kDefaultCurrency = "USD";
/// Bounds the cache at about 10 MB.
constexpr std::size_t kMaxCachedCurrencies = 100'000;

/// A header of old clients: the answer came out of the database.
constexpr std::string_view kDbHitHeader = "X-Db-Hit";

Reply success(const ledger::Receipt& receipt) {
  const std::string_view message =
      receipt.replayed ? "Transfer Complete (Recovered)" : "Transfer Complete";
  Reply reply;
  JsonObject(reply.body)
      .text("status", "success")
      .text("message", message)
      .raw("amount", receipt.legs.front().leg.amount.to_string())
      .close();
  if (receipt.replayed) {
    reply.headers.emplace_back(kDbHitHeader, "true");
    reply.headers.emplace_back(kReplayedHeader, "true");
  }
  return reply;
}

Reply failure(const ApiError& error) {
  Reply reply{.status = error.status, .body = {}};
  JsonObject(reply.body)
      .text("status", "error")
      .text("code", error.code)
      .text("message", error.message)
      .close();
  if (error.replayed) reply.headers.emplace_back(kReplayedHeader, "true");
  if (error.retry_after_seconds) {
    reply.headers.emplace_back("Retry-After", std::to_string(*error.retry_after_seconds));
  }
  return reply;
}

bool is_key_reused(const ledger::Result<ledger::Receipt>& result) {
  return !result && result.error().code == ledger::ErrorCode::key_reused;
}

}  // namespace

Reply TransferRoute::post(const Request& request) {
  const auto key = read_idempotency_key(request.idempotency_keys);
  if (const auto* error = std::get_if<ApiError>(&key)) return failure(*error);
  const auto body = parse_transfer_body(request.body);
  if (const auto* error = std::get_if<ApiError>(&body)) return failure(*error);

  const auto& text = std::get<std::string>(key);
  const auto& asked = std::get<TransferBody>(body);
  if (chaos_ == nullptr || request.chaos.empty()) return answer(text, asked);
  return answer_with_chaos(text, asked, request.chaos);
}

Reply TransferRoute::answer(const std::string& key, const TransferBody& body) {
  const auto result = transfer(key, body);
  if (result) return success(*result);
  log_failure(logger_, "transfer failed", result.error());
  return failure(to_api_error(result.error()));
}

Reply TransferRoute::answer_with_chaos(const std::string& key, const TransferBody& body,
                                       const std::vector<std::string>& values) {
  const auto point = values.size() == 1 ? parse_chaos_point(values.front()) : std::nullopt;
  if (!point) {
    return failure(bad_request(codes::kInvalidChaos,
                               fmt::format("{} must be one of {}", kChaosHeader, chaos_values())));
  }
  const ArmedChaos armed(*chaos_, key, *point);
  Reply reply = answer(key, body);
  if (armed.must_drop()) return {.status = http::kNoAnswer, .body = {}};
  return reply;
}

/// The request names no currency: it is that of the account that pays, else of the account that is
/// paid, else the default, and then the ledger says which account is missing.
ledger::Result<ledger::Receipt> TransferRoute::transfer(const std::string& key,
                                                        const TransferBody& body) {
  const auto fallback = ledger_.currency(kDefaultCurrency);
  if (!fallback) return fallback.error();
  const auto from = currency_of(body.from_id);
  if (!from) return from.error();
  const auto to = currency_of(body.to_id);
  if (!to) return to.error();

  const auto currency = from->value_or(to->value_or(*fallback));
  auto result = attempt(key, body, currency);
  if (!is_key_reused(result)) return result;

  // This very request may have been declined when one of the accounts did not exist yet, and have
  // been recorded under another currency. Asking in that currency finds the record; it cannot move
  // money, since the key is taken.
  for (const auto& other : {to->value_or(*fallback), *fallback}) {
    if (other == currency) continue;
    auto recorded = attempt(key, body, other);
    if (recorded || recorded.error().replayed) return recorded;
  }
  return result;
}

ledger::Result<ledger::Receipt> TransferRoute::attempt(const std::string& key,
                                                       const TransferBody& body,
                                                       ledger::Currency currency) {
  const auto amount = ledger::Amount::parse(body.amount, currency);
  if (!amount) {
    return ledger::Error{amount.error().code,
                         fmt::format("{} has {} decimals", currency.code(), currency.scale())};
  }
  return ledger_.transfer(key, body.from_id, body.to_id, *amount);
}

ledger::Result<std::optional<ledger::Currency>> TransferRoute::currency_of(ledger::AccountId id) {
  {
    ledger::base::MutexLock lock(mutex_);
    const auto cached = currencies_.find(to_int(id));
    if (cached != currencies_.end()) return std::optional(cached->second);
  }
  const auto account = ledger_.account(id);
  if (!account) {
    if (account.error().code != ledger::ErrorCode::account_not_found) return account.error();
    return std::optional<ledger::Currency>();
  }
  ledger::base::MutexLock lock(mutex_);
  if (currencies_.size() >= kMaxCachedCurrencies) currencies_.clear();
  currencies_.emplace(to_int(id), account->terms.currency);
  return std::optional(account->terms.currency);
}

}  // namespace ledgerd
