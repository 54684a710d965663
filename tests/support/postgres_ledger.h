// What the Postgres tests share: accounts, and transfers through the Store port.
#pragma once

#include <doctest/doctest.h>

#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "ledger/postgres_store.h"

namespace ledger::testing {

inline SteadyTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}

inline std::unique_ptr<Store> must_open(const PostgresOptions& options) {
  auto store = open_postgres_store(options);
  REQUIRE_MESSAGE(store.has_value(), store.error().message());
  return std::move(*store);
}

/// A new account with a balance, out of nothing.
inline Account account_with(std::int64_t id, MinorUnits balance) {
  Account account;
  account.id = AccountId{id};
  account.terms.currency = Currency::stored("USD", 2).value();
  account.balance = balance;
  return account;
}

/// A transaction of one transfer between the accounts 1 and 2.
class OneTransfer {
 public:
  OneTransfer(std::string key, MinorUnits amount) : key_(std::move(key)), amount_(amount) {}

  Result<void> begin(Store& store, SteadyTime deadline = in(std::chrono::seconds(20))) {
    const std::string_view key = key_;
    const AccountId ids[] = {AccountId{1}, AccountId{2}};
    auto begun = store.begin({.keys = {&key, 1}, .accounts = ids, .max_rows = 1}, deadline);
    if (!begun) return begun.error();
    transaction_ = std::move(*begun);
    return {};
  }

  /// REQUIRES: begun, on a store with both accounts.
  [[nodiscard]] WriteSet writes() const {
    const Snapshot& snapshot = transaction_->snapshot();
    WriteSet writes;
    JournalRow row;
    row.seq = snapshot.next_seq;
    row.key = key_;
    row.legs = 1;
    row.from = AccountId{1};
    row.to = AccountId{2};
    row.amount = amount_;
    row.currency = snapshot.accounts.at(0).terms.currency;
    row.from_entry = post(snapshot.accounts.at(0), -amount_, row.seq, writes);
    row.to_entry = post(snapshot.accounts.at(1), amount_, row.seq, writes);
    writes.rows.push_back(row);
    return writes;
  }

  Result<void> commit() { return transaction_->commit(writes()); }

  Result<void> run(Store& store) {
    if (auto begun = begin(store); !begun) return begun;
    if (!transaction_->snapshot().recorded.empty()) return {};  // a replay
    return commit();
  }

  [[nodiscard]] bool is_recorded(Store& store) const {
    const std::string_view key = key_;
    const auto rows = store.find_recorded({&key, 1});
    REQUIRE_MESSAGE(rows.has_value(), rows.error().message());
    return !rows->empty();
  }

 private:
  static Entry post(const Account& before, MinorUnits change, Seq seq, WriteSet& writes) {
    Account after = before;
    after.balance += change;
    after.version += 1;
    after.last_seq = seq;
    writes.updated.push_back({after, before.version});
    return {.version = after.version, .balance = after.balance, .previous = before.last_seq};
  }

  std::string key_;
  MinorUnits amount_;
  std::unique_ptr<StoreTransaction> transaction_;
};

inline MinorUnits balance_of(Store& store, std::int64_t id) {
  const auto account = store.find_account(AccountId{id});
  REQUIRE_MESSAGE(account.has_value(), account.error().message());
  REQUIRE(account->has_value());
  return (*account)->balance;
}

/// Opens the accounts 1 and 2, the first with `balance`.
inline void fill(Store& store, MinorUnits balance) {
  auto transaction = store.begin({.max_rows = 1}, in(std::chrono::seconds(20)));
  REQUIRE_MESSAGE(transaction.has_value(), transaction.error().message());
  WriteSet writes;
  JournalRow row;
  row.seq = (*transaction)->snapshot().next_seq;
  row.key = "opening";
  row.legs = 1;
  writes.rows.push_back(row);
  writes.created = {account_with(1, balance), account_with(2, 0)};
  const auto done = (*transaction)->commit(writes);
  REQUIRE_MESSAGE(done.has_value(), done.error().message());
}

}  // namespace ledger::testing
