// The accounts of a batch while it is being decided.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "core/effect.h"
#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/store.h"

namespace ledger::core {

/// The snapshot's accounts and those opened since, with every entry of the batch so far. Entries
/// can be taken back in the reverse order. Not thread-safe.
class WorkingAccounts {
 public:
  explicit WorkingAccounts(std::span<const Account> loaded);

  /// nullptr: no such account. The pointer is valid until open().
  Account* find(AccountId id);

  void open(Account account);

  /// Adds an entry of `change` (which must keep every amount in range) and returns it.
  Entry post(Account& account, const Change& change, Seq seq, Timestamp now);

  /// A point to return to: what is posted from here on can be taken back.
  struct Mark {
    std::size_t entries = 0;
    std::size_t checkpoints = 0;
  };
  [[nodiscard]] Mark mark() const { return {undo_.size(), checkpoints_.size()}; }
  void undo_to(const Mark& mark);
  /// Nothing before this can be taken back any more.
  void keep() { undo_.clear(); }

  /// Adds the changed accounts, the new ones and the checkpoints to `writes`.
  void collect(WriteSet& writes);

 private:
  /// What an entry overwrites.
  struct Before {
    std::size_t index;
    MinorUnits balance;
    MinorUnits held;
    MinorUnits incoming;
    std::int64_t version;
    Seq last_seq;
    Timestamp last_at;
  };

  std::vector<Account> accounts_;  // the loaded ones first
  std::vector<std::int64_t> loaded_versions_;
  std::unordered_map<std::int64_t, std::size_t> index_;
  std::vector<Before> undo_;
  std::vector<Checkpoint> checkpoints_;
};

}  // namespace ledger::core
