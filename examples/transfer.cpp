#include <ledger/ledger.h>

#include <cstdio>

int main() {
  const auto usd = *ledger::Currency::iso("USD");
  auto bank = ledger::Ledger::open({.store = "sqlite:bank.db"});
  if (!bank) return std::puts(bank.error().message().c_str()), 1;
  auto cash = bank->create_account({.key = "cash", .currency = usd, .min_balance = std::nullopt});
  auto ada = bank->create_account({.key = "ada", .currency = usd});
  if (!cash || !ada) return std::puts("cannot open the accounts"), 1;
  auto receipt = bank->transfer("deposit-1", cash->account.id, ada->account.id,
                                *ledger::Amount::parse("100.00", usd));
  std::puts(receipt ? "Ada has 100.00, however often this runs"
                    : receipt.error().message().c_str());
  return receipt ? 0 : 1;
}
