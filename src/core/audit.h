// Recomputes the invariants from the journal.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <unordered_map>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"

namespace ledger::core {

/// Give it every journal row in order, then every account, then finish(). Each step fails with
/// store_corrupt and the first thing that is wrong; the audit is then over. Pure; keeps one small
/// record for each account.
class Audit {
 public:
  Result<void> add_row(const JournalRow& row);
  Result<void> add_account(const Account& account);
  Result<void> finish();

 private:
  struct Seen {
    Currency currency{};
    bool opened = false;
    Entry last{};
    Seq last_seq = 0;
    bool accounted_for = false;
  };

  Result<void> add_entry(AccountId id, const Entry& entry, const JournalRow& row,
                         MinorUnits change);

  Seq last_seq_ = 0;
  std::int32_t legs_left_ = 0;
  std::unordered_map<std::int64_t, Seen> accounts_;
  /// In 128 bits no number of accounts can overflow a sum.
  __extension__ using Sum = __int128;
  std::map<Currency, Sum> sums_;
};

}  // namespace ledger::core
