// A batch at a time against books in plain memory: what the tests of the rules share.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "core/apply_batch.h"
#include "core/receipt.h"

namespace ledger::testing {

inline const Currency kUsd = *Currency::iso("USD");
inline const Currency kEur = *Currency::iso("EUR");
inline constexpr Timestamp kNoon{std::chrono::microseconds(1'700'000'000'000'000)};

inline Amount usd(MinorUnits amount) { return {amount, kUsd}; }
inline Leg leg(std::int64_t from, std::int64_t to, MinorUnits amount, Currency currency = kUsd) {
  return {AccountId{from}, AccountId{to}, Amount(amount, currency)};
}

/// Accounts, rows and states as a store would keep them, and the operations decided against them.
class Books {
 public:
  /// Account 9 is a world; the others start with `balance`.
  explicit Books(MinorUnits balance = 1000) {
    for (const std::int64_t id : {1, 2, 3, 4})
      add({.id = AccountId{id}, .terms = {.currency = kUsd}, .balance = balance});
    add({.id = AccountId{9}, .terms = {.currency = kUsd, .min_balance = std::nullopt}});
  }

  static Books without_accounts() {
    Books books;
    books.accounts_.clear();
    return books;
  }

  void add(const Account& account) { accounts_[account.id] = account; }
  Account& account(std::int64_t id) { return accounts_.at(AccountId{id}); }
  [[nodiscard]] const TransferState& state(TransferId id) const { return states_.at(id); }
  [[nodiscard]] bool has_state(TransferId id) const { return states_.contains(id); }
  [[nodiscard]] const std::vector<JournalRow>& rows() const { return rows_; }
  [[nodiscard]] std::vector<Account> accounts() const {
    std::vector<Account> all;
    for (const auto& [id, account] : accounts_)
      all.push_back(account);
    return all;
  }
  [[nodiscard]] std::vector<TransferState> states() const {
    std::vector<TransferState> all;
    for (const auto& [id, state] : states_)
      all.push_back(state);
    return all;
  }
  [[nodiscard]] std::vector<JournalRow> transfer(TransferId id) const {
    std::vector<JournalRow> found;
    std::ranges::copy_if(rows_, std::back_inserter(found), [&](const JournalRow& row) {
      return row.seq == to_int(id) || (row.key.empty() && TransferId{row.seq + row.legs} == id);
    });
    return found;
  }

  Timestamp now = kNoon;
  bool record_declines = true;

  /// Decides them in one batch, and keeps what it writes.
  core::BatchResult apply(std::vector<core::Operation> operations) {
    Snapshot snapshot{.next_seq = static_cast<Seq>(rows_.size()) + 1,
                      .next_account_id = AccountId{100}};
    std::vector<const core::Operation*> pointers;
    for (core::Operation& operation : operations) {
      operation.for_each_part([&](core::Operation& part) { look_up(part, snapshot); });
      pointers.push_back(&operation);
    }
    for (const auto& [id, account] : accounts_) {
      snapshot.accounts.push_back(account);
      if (!account.reference.empty()) snapshot.references.push_back(account.reference);
    }
    for (const auto& [id, state] : states_)
      snapshot.states.push_back(state);
    auto result = core::apply_batch(snapshot, pointers, now, {.record_declines = record_declines});
    keep(result.writes);
    return result;
  }

  /// Its decline; nothing: it was committed.
  template <class Request, class... Context>
  std::optional<ErrorCode> decline(Request request, Context... context) {
    return apply({*core::make_operation(std::move(request), context...)}).decisions.front().decline;
  }

  /// The receipt of a request that must be committed.
  template <class Request>
  Receipt commit(Request request) {
    const auto result = apply({*core::make_operation(std::move(request))});
    const auto receipt = core::to_receipt(result.writes.rows, false);
    if (!receipt) FAIL("declined: ", name(receipt.error().code));
    return *receipt;
  }

 private:
  void look_up(core::Operation& part, Snapshot& snapshot) {
    if (const auto id = part.refers_to()) part.referred = transfer(*id);
    for (const JournalRow& row : rows_) {
      if (row.key != part.key()) continue;
      const auto recorded = transfer(TransferId{row.seq});
      snapshot.recorded.insert(snapshot.recorded.end(), recorded.begin(), recorded.end());
    }
  }

  void keep(const WriteSet& writes) {
    rows_.insert(rows_.end(), writes.rows.begin(), writes.rows.end());
    for (const Account& account : writes.created)
      accounts_[account.id] = account;
    for (const auto& update : writes.updated) {
      CHECK(update.expected_version == accounts_.at(update.account.id).version);
      accounts_[update.account.id] = update.account;
    }
    for (const TransferState& state : writes.states)
      states_[state.id] = state;
  }

  std::map<AccountId, Account> accounts_;
  std::map<TransferId, TransferState> states_;
  std::vector<JournalRow> rows_;
};

}  // namespace ledger::testing
