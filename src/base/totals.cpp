#include "base/totals.h"

#include <utility>

#include "ledger/money.h"

namespace ledger::base {

Result<void> Totals::add(const Account& account) {
  CurrencyTotals& total = totals_[account.terms.currency];
  total.currency = account.terms.currency;
  ++total.accounts;
  auto& side = account.balance > 0 ? total.positive : total.negative;
  for (auto [sum, part] : {std::pair(&side, account.balance),
                           {&total.held, account.held},
                           {&total.incoming, account.incoming}}) {
    const auto added = checked_add(*sum, part);
    if (!added) return ErrorCode::balance_overflow;
    *sum = *added;
  }
  return {};
}

std::vector<CurrencyTotals> Totals::by_currency() const {
  std::vector<CurrencyTotals> list;
  for (const auto& [currency, total] : totals_)
    list.push_back(total);
  return list;
}

}  // namespace ledger::base
