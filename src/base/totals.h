// The sums of Store::read_totals(), for stores that go through their accounts one by one.
#pragma once

#include <map>
#include <vector>

#include "ledger/account.h"
#include "ledger/result.h"
#include "ledger/store.h"

namespace ledger::base {

class Totals {
 public:
  /// Fails with balance_overflow when a sum does not fit.
  Result<void> add(const Account& account);
  [[nodiscard]] std::vector<CurrencyTotals> by_currency() const;

 private:
  std::map<Currency, CurrencyTotals> totals_;
};

}  // namespace ledger::base
