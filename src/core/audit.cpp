#include "core/audit.h"

#include "ledger/money.h"

namespace ledger::core {
namespace {

Error corrupt(std::string detail) { return Error{ErrorCode::store_corrupt, std::move(detail)}; }

std::string at(const JournalRow& row) { return "journal row " + std::to_string(row.seq) + ": "; }

std::string at(const Account& account) {
  return "account " + std::to_string(to_int(account.id)) + ": ";
}

}  // namespace

Result<void> Audit::add_row(const JournalRow& row) {
  if (row.seq <= last_seq_) return corrupt(at(row) + "out of order");
  if (legs_left_ > 0 && row.seq != last_seq_ + 1) return corrupt(at(row) + "a leg is missing");
  last_seq_ = row.seq;
  if ((legs_left_ == 0) == row.key.empty()) return corrupt(at(row) + "key on the wrong row");
  legs_left_ = (legs_left_ == 0 ? row.legs : legs_left_) - 1;
  if (legs_left_ < 0) return corrupt(at(row) + "wrong number of legs");
  if (!row.committed()) return {};

  if (row.kind == JournalKind::account_opened) {
    Seen& account = accounts_[to_int(row.to)];
    if (account.opened || !row.terms) return corrupt(at(row) + "account opened twice");
    account.opened = true;
    account.currency = row.terms->currency;
    return {};
  }
  if (auto from = add_entry(row.from, row.from_entry, row, -row.amount); !from) return from;
  return add_entry(row.to, row.to_entry, row, row.amount);
}

Result<void> Audit::add_entry(AccountId id, const Entry& entry, const JournalRow& row,
                              MinorUnits change) {
  Seen& account = accounts_[to_int(id)];
  if (!account.opened) return corrupt(at(row) + "an entry of an account that was never opened");
  if (account.currency != row.currency) return corrupt(at(row) + "wrong currency");
  if (entry.version != account.last.version + 1) return corrupt(at(row) + "version has a gap");
  if (entry.previous != account.last_seq) return corrupt(at(row) + "chain of entries is broken");
  const auto balance = checked_add(account.last.balance, change);
  if (!balance || *balance != entry.balance) return corrupt(at(row) + "wrong balance");
  account.last = entry;
  account.last_seq = row.seq;
  return {};
}

Result<void> Audit::add_account(const Account& account) {
  const auto found = accounts_.find(to_int(account.id));
  if (found == accounts_.end() || !found->second.opened) {
    return corrupt(at(account) + "not in the journal");
  }
  Seen& seen = found->second;
  seen.accounted_for = true;
  if (account.terms.currency != seen.currency) return corrupt(at(account) + "wrong currency");
  if (account.balance != seen.last.balance || account.held != seen.last.held) {
    return corrupt(at(account) + "balance is not that of its last entry");
  }
  if (account.version != seen.last.version || account.last_seq != seen.last_seq) {
    return corrupt(at(account) + "version is not that of its last entry");
  }
  if (account.terms.min_balance && account.available() < *account.terms.min_balance) {
    return corrupt(at(account) + "below min_balance");
  }
  if (account.terms.max_balance && account.balance > *account.terms.max_balance) {
    return corrupt(at(account) + "above max_balance");
  }
  sums_[seen.currency] += account.balance;
  return {};
}

Result<void> Audit::finish() {
  if (legs_left_ > 0) return corrupt("the journal ends within a transfer");
  for (const auto& [id, seen] : accounts_) {
    if (!seen.accounted_for) return corrupt("account " + std::to_string(id) + " is missing");
  }
  for (const auto& [currency, sum] : sums_) {
    if (sum != 0) {
      return corrupt("the balances in " + std::string(currency.code()) + " do not sum to zero");
    }
  }
  return {};
}

}  // namespace ledger::core
