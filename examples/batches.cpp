// Posts many requests at once: each on its own, and all or none.
#include <ledger/ledger.h>

#include <cstdio>
#include <string>
#include <utility>
#include <vector>

int main() {
  const auto usd = *ledger::Currency::iso("USD");
  auto bank = ledger::Ledger::open({.store = "memory:"});
  if (!bank) return std::puts(bank.error().message().c_str()), 1;
  auto payer = bank->create_account({.key = "payer", .currency = usd, .min_balance = -100'00});
  auto ada = bank->create_account({.key = "ada", .currency = usd});
  auto bob = bank->create_account({.key = "bob", .currency = usd});
  if (!payer || !ada || !bob) return std::puts("cannot open the accounts"), 1;
  const auto pay = [&](std::string key, ledger::AccountId to, ledger::MinorUnits amount) {
    return ledger::TransferRequest{
        .key = std::move(key),
        .legs = {{.from = payer->account.id, .to = to, .amount = {amount, usd}}}};
  };

  // The second is more than there is. In the one mode that is its own affair, in the other it takes
  // the first with it.
  for (const auto mode : {ledger::BatchMode::independent, ledger::BatchMode::atomic}) {
    const bool atomic = mode == ledger::BatchMode::atomic;
    const std::string name = atomic ? "atomic" : "independent";
    const std::vector<ledger::TransferRequest> wages = {pay(name + "-ada", ada->account.id, 40'00),
                                                        pay(name + "-bob", bob->account.id, 90'00)};
    const auto results = bank->submit(wages, mode);
    for (const auto& result : results) {
      std::printf("%s: %s\n", name.c_str(), result ? "paid" : result.error().message().c_str());
    }
    if (results.front().has_value() == atomic || results.back().has_value()) return 1;
  }
  return 0;
}
