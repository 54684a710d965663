// Reads what happened to an account, page by page, and what it had at an earlier moment.
#include <ledger/ledger.h>

#include <cstdio>
#include <string>

int main() {
  const auto usd = *ledger::Currency::iso("USD");
  auto bank = ledger::Ledger::open({.store = "memory:"});
  if (!bank) return std::puts(bank.error().message().c_str()), 1;
  auto world = bank->create_account({.key = "world", .currency = usd, .min_balance = std::nullopt});
  auto ada = bank->create_account({.key = "ada", .currency = usd});
  if (!world || !ada) return std::puts("cannot open the accounts"), 1;
  const auto id = ada->account.id;
  for (ledger::MinorUnits month = 1; month <= 5; ++month) {
    const auto key = "wages-" + std::to_string(month);
    if (!bank->transfer(key, world->account.id, id, {month * 10'00, usd})) return 1;
  }

  ledger::StatementQuery query{.account = id, .order = ledger::Order::oldest_first, .limit = 2};
  ledger::Timestamp third{};
  do {
    const auto page = bank->statement(query);
    if (!page) return std::puts(page.error().message().c_str()), 1;
    for (const auto& entry : page->entries) {
      if (entry.version == 3) third = entry.recorded_at;
      std::printf("%lld: %s, and then %s\n", static_cast<long long>(entry.version),
                  ledger::Amount(entry.change, page->currency).to_string().c_str(),
                  ledger::Amount(entry.balance, page->currency).to_string().c_str());
    }
    query.cursor = page->next;
  } while (query.cursor != 0);

  const auto then = bank->balance_at(id, third);
  const auto totals = bank->trial_balance();
  if (!then || !totals) return std::puts("the past cannot be read"), 1;
  std::printf("After the third month or later: %s\n",
              ledger::Amount(then->balance, usd).to_string().c_str());
  return then->version >= 3 && totals->size() == 1 ? 0 : 1;
}
