// One account's entries, found by version and by time.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/store.h"

namespace ledger::engine {

/// The side of `row` that is an entry of `account`.
const Entry& entry_of(const JournalRow& row, AccountId account);

/// Where the transfer that `row` belongs to begins. Fails with store_unavailable or store_corrupt.
Result<Seq> first_row_of(Store& store, const JournalRow& row);

/// The entries of one account as it was read. Each look-up is a checkpoint and a short walk back
/// from it, whatever the length of the account's history. Fails with store_unavailable or
/// store_corrupt.
class Entries {
 public:
  Entries(Store& store, const Account& account) : store_(store), account_(account) {}

  /// The rows of the versions from `newest` down, at most `limit`.
  [[nodiscard]] Result<std::vector<JournalRow>> back_from(std::int64_t newest, std::size_t limit);

  /// The row of the last entry recorded at `time` or before; nullopt: there is none.
  [[nodiscard]] Result<std::optional<JournalRow>> last_until(Timestamp time);

  /// The version of the last entry recorded before `time`; 0: there is none.
  [[nodiscard]] Result<std::int64_t> version_before(Timestamp time);

 private:
  Store& store_;
  const Account& account_;
};

}  // namespace ledger::engine
