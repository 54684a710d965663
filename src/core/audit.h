// Recomputes the invariants from the journal.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <unordered_map>

#include "core/effect.h"
#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

namespace ledger::core {

/// Give it every state, then every journal row in order, then every account, then finish(). Each
/// step fails with store_corrupt and the first thing that is wrong; the audit is then over. Pure;
/// keeps one small record for each account and state.
class Audit {
 public:
  void add_state(const TransferState& state);
  Result<void> add_row(const JournalRow& row);
  Result<void> add_account(const Account& account);
  Result<void> finish();

 private:
  struct SeenAccount {
    AccountTerms terms{};
    bool opened = false;
    Entry last{};
    Seq last_seq = 0;
    Timestamp last_at{};
    bool accounted_for = false;
  };
  /// A hold or a reversed transfer: what is stored, and what its rows say.
  struct SeenTransfer {
    TransferState stored{};
    TransferState found{};
    MinorUnits amount = 0;  ///< of the first leg
    std::int32_t legs = 0;  ///< those that move or reserve; 0: its rows have not been seen
  };

  Result<void> check_place(const JournalRow& row);
  Result<void> open_account(const JournalRow& row);
  Result<void> change_account(const JournalRow& row);
  Result<void> add_leg(const JournalRow& row);
  Result<void> add_entry(AccountId id, const Entry& entry, const JournalRow& row,
                         const Change& change);
  Result<void> begin_transfer(const JournalRow& head);
  Result<void> follow(const JournalRow& row);
  static Result<void> settle(const JournalRow& row, SeenTransfer& seen);
  static Result<void> release(const JournalRow& row, SeenTransfer& seen);

  Seq last_seq_ = 0;
  std::int32_t legs_left_ = 0;
  // Of the transfer whose rows are being read:
  JournalKind kind_{};
  std::optional<TransferId> refers_to_{};
  SeenTransfer* seen_ = nullptr;  ///< nullptr: it has no state

  std::unordered_map<std::int64_t, SeenAccount> accounts_;
  std::map<TransferId, SeenTransfer> transfers_;
  /// In 128 bits no number of accounts can overflow a sum.
  __extension__ using Sum = __int128;
  std::map<Currency, Sum> sums_;
};

}  // namespace ledger::core
