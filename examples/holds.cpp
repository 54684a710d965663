// Reserves money for an order, takes part of it when the goods are sent, and lets go of the rest.
#include <ledger/ledger.h>

#include <chrono>
#include <cstdio>

int main() {
  const auto usd = *ledger::Currency::iso("USD");
  auto bank = ledger::Ledger::open({.store = "memory:"});
  if (!bank) return std::puts(bank.error().message().c_str()), 1;
  auto world = bank->create_account({.key = "world", .currency = usd, .min_balance = std::nullopt});
  auto ada = bank->create_account({.key = "ada", .currency = usd});
  auto shop = bank->create_account({.key = "shop", .currency = usd});
  if (!world || !ada || !shop) return std::puts("cannot open the accounts"), 1;
  const auto customer = ada->account.id;
  if (!bank->transfer("deposit-1", world->account.id, customer, {100'00, usd})) return 1;

  const auto hold =
      bank->hold({.key = "order-42",
                  .legs = {{.from = customer, .to = shop->account.id, .amount = {30'00, usd}}},
                  .expires_at = ledger::system_clock()->now() + std::chrono::hours(24 * 7)});
  if (!hold) return std::puts(hold.error().message().c_str()), 1;

  const auto sent = bank->capture({.key = "order-42-sent",
                                   .hold = hold->id,
                                   .amount = ledger::Amount(20'00, usd),
                                   .release_rest = true});
  if (!sent) return std::puts(sent.error().message().c_str()), 1;

  const auto late = bank->void_hold({.key = "order-42-cancelled", .hold = hold->id});
  const auto after = bank->account(customer);
  if (late || !after) return 1;
  std::printf("Ada has %s, of which %s is held; cancelling now: %s\n",
              ledger::Amount(after->balance, usd).to_string().c_str(),
              ledger::Amount(after->held, usd).to_string().c_str(), late.error().message().c_str());
  return after->balance == 80'00 && after->held == 0 ? 0 : 1;
}
