// Statements and balances at a time.
#pragma once

#include <vector>

#include "engine/entries.h"
#include "ledger/result.h"
#include "ledger/statement.h"
#include "ledger/store.h"

namespace ledger::engine {

/// See Ledger. As thread-safe as the store.
class Statements {
 public:
  explicit Statements(Store& store) : store_(store) {}

  Result<StatementPage> statement(const StatementQuery& query);
  Result<BalanceAt> balance_at(AccountId id, Timestamp time);

 private:
  using Rows = std::vector<JournalRow>;

  Result<Account> account(AccountId id);
  /// One row more than the page has, where there is one.
  Result<Rows> newest_first(const StatementQuery& query, Entries& entries);
  Result<Rows> oldest_first(const StatementQuery& query, const Account& account, Entries& entries);
  Result<std::vector<StatementEntry>> describe(AccountId account, const Rows& rows);

  Store& store_;
};

/// Whether a page may be asked for like this.
bool is_valid_page(std::size_t limit, std::int64_t cursor);

}  // namespace ledger::engine
