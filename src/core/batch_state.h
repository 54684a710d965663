// A batch while it is being decided.
#pragma once

#include <cstddef>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "core/accounts.h"
#include "core/states.h"
#include "ledger/clock.h"
#include "ledger/store.h"

namespace ledger::core {

/// What the operations of a batch have made of the snapshot so far, and the rows that they append.
/// Not thread-safe.
class BatchState {
 public:
  /// `size`: about how many rows there will be. `snapshot` must outlive it.
  BatchState(const Snapshot& snapshot, std::size_t size, Timestamp now);

  /// The time of everything that the batch records: now, or the time of the latest entry that an
  /// account of the batch has already, so that no account's time goes back where clocks differ.
  [[nodiscard]] Timestamp now() const { return now_; }

  Account* find_account(AccountId id) { return accounts_.find(id); }
  void open_account(Account account);
  /// 2^63 − 1: none is left.
  [[nodiscard]] AccountId next_account_id() const { return next_account_id_; }
  [[nodiscard]] bool has_reference(std::string_view reference) const;

  [[nodiscard]] const TransferState* find_state(TransferId id) const { return states_.find(id); }
  void set_state(const TransferState& state) { states_.set(state); }

  [[nodiscard]] std::vector<JournalRow>& rows() { return rows_; }
  /// A new row at the end. Valid until the next one.
  JournalRow& append(JournalKind kind);
  /// Adds an entry to `account`, which `row` records.
  Entry post(Account& account, const Change& change, const JournalRow& row) {
    return accounts_.post(account, change, row.seq, now_);
  }

  /// A point to return to. Opening an account cannot be taken back: it is the last that an
  /// operation does.
  struct Mark {
    std::size_t rows = 0;
    WorkingAccounts::Mark accounts{};
    WorkingStates::Mark states{};
  };
  [[nodiscard]] Mark mark() const { return {rows_.size(), accounts_.mark(), states_.mark()}; }
  void undo_to(const Mark& mark);
  /// Nothing before this can be taken back any more.
  void keep();

  WriteSet finish() &&;

 private:
  const Snapshot& snapshot_;
  Timestamp now_;
  WorkingAccounts accounts_;
  WorkingStates states_;
  AccountId next_account_id_;
  std::set<std::string, std::less<>> new_references_;
  std::vector<JournalRow> rows_;
};

}  // namespace ledger::core
