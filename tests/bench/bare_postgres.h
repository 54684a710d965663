// The floor: the rows that our store writes, by hand and unchecked.
#pragma once

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bench/workload.h"
#include "ledger/store.h"
#include "store/postgres/connection.h"
#include "store/postgres/settings.h"

namespace ledger::bench {

/// Knows the accounts' state by itself, so that it has nothing to wait for: a batch of transfers is
/// one pipeline with one Sync. The tables, their indexes and checks are those of our store.
class BarePostgres {
 public:
  /// Over a schema that our store has made and that has the accounts; nobody else may write to it.
  BarePostgres(const std::string& url, const std::string& schema);

  struct Batch {
    std::vector<AccountId> accounts;
    WriteSet writes;
  };
  /// Random transfers. Each must be written before the next is made.
  Batch make(std::size_t transfers, Requests& requests);

  /// The whole batch in one round trip.
  void write(const Batch& batch);

  // The same in three, as a caller needs them that must see the accounts before it can decide.
  void look_up(std::string_view key);
  void begin_and_lock(const Batch& batch);
  void write_and_commit(const Batch& batch);

  /// Exits unless every transfer is there and the balances sum to zero.
  void verify();

 private:
  Entry post(AccountId id, MinorUnits change, const JournalRow& row, WriteSet& writes);
  std::int64_t ask_number(const std::string& sql);

  postgres::Settings settings_;
  std::unique_ptr<postgres::Connection> connection_;
  std::vector<Account> accounts_;
  Seq next_seq_ = 1;
  std::int64_t rows_before_ = 0;
  std::int64_t written_ = 0;
};

}  // namespace ledger::bench
