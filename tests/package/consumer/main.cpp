// What a user of the installed package writes. Says nothing and returns 0 when a transfer works.
#include <ledger/ledger.h>

#include <cstdio>

int main() {
  const auto fail = [](const ledger::Error& error) {
    std::fprintf(stderr, "%s\n", error.message().c_str());
    return 1;
  };

  ledger::Options options;
  options.store = "memory:";
  auto ledger = ledger::Ledger::open(options);
  if (!ledger) return fail(ledger.error());

  const auto usd = ledger::Currency::iso("USD");
  if (!usd) return fail(usd.error());
  const auto world =
      ledger->create_account({.key = "world", .currency = *usd, .min_balance = std::nullopt});
  const auto shop = ledger->create_account({.key = "shop", .currency = *usd});
  if (!world) return fail(world.error());
  if (!shop) return fail(shop.error());

  const auto amount = ledger::Amount::parse("100.00", *usd);
  if (!amount) return fail(amount.error());
  const auto receipt = ledger->transfer("order-42", world->account.id, shop->account.id, *amount);
  if (!receipt) return fail(receipt.error());
  return receipt->legs.at(0).to_balance == 10000 ? 0 : 1;
}
