#include "demo.h"

#include <optional>

#include <fmt/format.h>

namespace ledgerd {
namespace {

constexpr ledger::AccountId kWorld{1'000'000};
constexpr ledger::AccountId kAccounts[] = {ledger::AccountId{1}, ledger::AccountId{2}};
constexpr ledger::MinorUnits kFunds = 100'000;  // 1,000.00 USD

/// Written first: the ledger is the demo's if, and only if, it knows this key.
constexpr std::string_view kWorldKey = "ledgerd-demo-world";

/// Whether `key` opened an account. Writes nothing.
ledger::Result<bool> opened_account(ledger::Ledger& ledger, std::string_view key) {
  const auto recorded = ledger.resolve(key);
  if (recorded || recorded.error().code == ledger::ErrorCode::key_not_found) return false;
  if (recorded.error().code == ledger::ErrorCode::key_reused) return true;
  return recorded.error();
}

ledger::Result<bool> may_seed(ledger::Ledger& ledger) {
  const auto accounts = ledger.accounts(ledger::AccountId{0}, 1);
  if (!accounts) return accounts.error();
  if (accounts->empty()) return true;
  return opened_account(ledger, kWorldKey);
}

std::optional<ledger::Error> open_account(ledger::Ledger& ledger,
                                          const ledger::AccountRequest& request) {
  const auto opened = ledger.create_account(request);
  return opened ? std::nullopt : std::optional(opened.error());
}

std::optional<ledger::Error> seed(ledger::Ledger& ledger) {
  const auto usd = ledger.currency("USD");
  if (!usd) return usd.error();
  if (auto error = open_account(ledger, {.key = std::string(kWorldKey),
                                         .currency = *usd,
                                         .id = kWorld,
                                         .min_balance = std::nullopt})) {
    return error;
  }
  for (const ledger::AccountId id : kAccounts) {
    const auto key = fmt::format("ledgerd-demo-account-{}", to_int(id));
    if (auto error = open_account(ledger, {.key = key, .currency = *usd, .id = id})) return error;
    const auto funded = ledger.transfer(fmt::format("ledgerd-demo-fund-{}", to_int(id)), kWorld, id,
                                        ledger::Amount(kFunds, *usd));
    if (!funded) return funded.error();
  }
  return std::nullopt;
}

}  // namespace

ledger::Result<bool> seed_demo(ledger::Ledger& ledger, Logger& logger) {
  const auto wanted = may_seed(ledger);
  if (!wanted) return wanted.error();
  if (!*wanted) {
    logger.warn("the ledger is not empty and not the demo's: no demo accounts were added");
    return false;
  }
  if (auto error = seed(ledger)) return std::move(*error);
  return true;
}

std::string demo_curl(std::string_view base_url) {
  return fmt::format(
      "curl -i '{}/transfer' -H 'Content-Type: application/json' -H 'Idempotency-Key: demo-1' "
      "-d '{{\"from_id\":1,\"to_id\":2,\"amount\":100.00}}'",
      base_url);
}

}  // namespace ledgerd
