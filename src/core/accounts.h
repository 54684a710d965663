// The accounts of a batch while it is being decided.
#pragma once

#include <span>
#include <unordered_map>
#include <vector>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/store.h"

namespace ledger::core {

/// The snapshot's accounts and those opened since, with every entry of the batch so far. Entries
/// between begin_transfer() and undo_transfer() are taken back. Not thread-safe.
class WorkingAccounts {
 public:
  explicit WorkingAccounts(std::span<const Account> loaded);

  /// nullptr: no such account. The pointer is valid until open().
  Account* find(AccountId id);

  void open(Account account);

  /// Adds an entry of `change` (which must keep the balance in range) and returns it.
  Entry post(Account& account, MinorUnits change, Seq seq, Timestamp now);

  void begin_transfer();
  void undo_transfer();
  void commit_transfer() { undo_.clear(); }

  /// Adds the changed accounts, the new ones and the checkpoints to `writes`.
  void collect(WriteSet& writes);

 private:
  /// What an entry overwrites.
  struct Before {
    std::size_t index;
    MinorUnits balance;
    std::int64_t version;
    Seq last_seq;
  };

  std::vector<Account> accounts_;  // the loaded ones first
  std::vector<std::int64_t> loaded_versions_;
  std::unordered_map<std::int64_t, std::size_t> index_;
  std::vector<Before> undo_;
  std::vector<Checkpoint> checkpoints_;
  std::size_t checkpoints_before_ = 0;
};

}  // namespace ledger::core
