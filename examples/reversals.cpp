// Gives part of a payment back, and then the rest; more than was paid never goes back.
#include <ledger/ledger.h>

#include <cstdio>

int main() {
  const auto usd = *ledger::Currency::iso("USD");
  auto bank = ledger::Ledger::open({.store = "memory:"});
  if (!bank) return std::puts(bank.error().message().c_str()), 1;
  auto ada = bank->create_account({.key = "ada", .currency = usd, .min_balance = -100'00});
  auto shop = bank->create_account({.key = "shop", .currency = usd});
  if (!ada || !shop) return std::puts("cannot open the accounts"), 1;
  const auto paid = bank->transfer("order-42", ada->account.id, shop->account.id, {30'00, usd});
  if (!paid) return std::puts(paid.error().message().c_str()), 1;

  const auto part = bank->reverse({.key = "order-42-refund-1",
                                   .transfer = paid->id,
                                   .amount = ledger::Amount(10'00, usd),
                                   .details = {.reference = "one of three was broken"}});
  const auto rest = bank->reverse({.key = "order-42-refund-2", .transfer = paid->id});
  const auto more = bank->reverse({.key = "order-42-refund-3", .transfer = paid->id});
  if (!part || !rest || more) return std::puts("the reversals went otherwise"), 1;

  const auto now = bank->find_transfer(paid->id);
  if (!now) return std::puts(now.error().message().c_str()), 1;
  std::printf("The rest was %s, in %zu reversals altogether; one more: %s\n",
              rest->legs.front().leg.amount.to_string().c_str(), now->followed_by.size(),
              more.error().message().c_str());
  return now->state.status == ledger::TransferStatus::reversed ? 0 : 1;
}
