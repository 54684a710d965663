#include "core/audit.h"

#include "ledger/money.h"

namespace ledger::core {
namespace {

Error corrupt(std::string detail) { return Error{ErrorCode::store_corrupt, std::move(detail)}; }

std::string at(const JournalRow& row) { return "journal row " + std::to_string(row.seq) + ": "; }

std::string at(const Account& account) {
  return "account " + std::to_string(to_int(account.id)) + ": ";
}

std::string at(const TransferState& state) {
  return "transfer " + std::to_string(to_int(state.id)) + ": ";
}

bool lies_within_limits(const Account& account) {
  const AccountTerms& terms = account.terms;
  if (terms.min_balance && account.available() < *terms.min_balance) return false;
  return !terms.max_balance || account.balance + account.incoming <= *terms.max_balance;
}

}  // namespace

void Audit::add_state(const TransferState& state) {
  SeenTransfer& seen = transfers_[state.id];
  seen.stored = state;
  seen.found = {.id = state.id};
}

Result<void> Audit::add_row(const JournalRow& row) {
  if (auto placed = check_place(row); !placed) return placed;
  if (!row.committed()) return {};
  if (row.kind == JournalKind::account_opened) return open_account(row);
  if (row.kind == JournalKind::account_changed) return change_account(row);
  if (!row.key.empty()) {
    if (auto begun = begin_transfer(row); !begun) return begun;
  }
  if (auto followed = follow(row); !followed) return followed;
  return add_leg(row);
}

Result<void> Audit::check_place(const JournalRow& row) {
  if (row.seq <= last_seq_) return corrupt(at(row) + "out of order");
  if (legs_left_ > 0 && row.seq != last_seq_ + 1) return corrupt(at(row) + "a leg is missing");
  last_seq_ = row.seq;
  if ((legs_left_ == 0) == row.key.empty()) return corrupt(at(row) + "key on the wrong row");
  legs_left_ = (legs_left_ == 0 ? row.legs : legs_left_) - 1;
  if (legs_left_ < 0) return corrupt(at(row) + "wrong number of legs");
  return {};
}

Result<void> Audit::open_account(const JournalRow& row) {
  SeenAccount& account = accounts_[to_int(row.to)];
  if (account.opened || !row.terms) return corrupt(at(row) + "account opened twice");
  account.opened = true;
  account.terms = *row.terms;
  return {};
}

Result<void> Audit::change_account(const JournalRow& row) {
  if (!row.terms) return corrupt(at(row) + "a change of an account without its terms");
  if (auto added = add_entry(row.to, row.to_entry, row, {}); !added) return added;
  accounts_[to_int(row.to)].terms = *row.terms;
  return {};
}

/// Remembers what later rows may refer to.
Result<void> Audit::begin_transfer(const JournalRow& head) {
  kind_ = head.kind;
  refers_to_ = head.refers_to;
  const auto found = transfers_.find(TransferId{head.seq});
  seen_ = found == transfers_.end() ? nullptr : &found->second;
  if (seen_ == nullptr) {
    if (head.kind == JournalKind::hold) return corrupt(at(head) + "a hold without a state");
    return {};
  }
  seen_->amount = head.amount;
  seen_->found.expires_at = head.expires_at;
  if (head.kind == JournalKind::hold) seen_->found.status = TransferStatus::held;
  return {};
}

/// Applies a row to what its transfer refers to. The other legs go with the first, so that only
/// first rows count, and the void_hold row with which a capture releases the rest.
Result<void> Audit::follow(const JournalRow& row) {
  if (seen_ != nullptr && row.kind == kind_) ++seen_->legs;
  if (!refers_to_) return {};
  const auto target = transfers_.find(*refers_to_);
  if (target == transfers_.end() || target->second.legs == 0) {
    return corrupt(at(row) + "refers to nothing that can be captured or reversed");
  }
  const bool releases_rest = kind_ == JournalKind::capture && row.kind == JournalKind::void_hold;
  if (row.key.empty() && !releases_rest) return {};
  const bool needs_open_hold = row.kind != JournalKind::reversal;
  if (needs_open_hold != (target->second.found.status == TransferStatus::held)) {
    return corrupt(at(row) + "refers to what was settled before");
  }
  const bool moves = row.kind == JournalKind::capture || row.kind == JournalKind::reversal;
  return moves ? settle(row, target->second) : release(row, target->second);
}

Result<void> Audit::settle(const JournalRow& row, SeenTransfer& seen) {
  const MinorUnits rest = seen.amount - seen.found.settled;
  const MinorUnits amount = seen.legs > 1 ? rest : row.amount;
  if (amount > rest) return corrupt(at(row) + "takes more than was left");
  seen.found.settled += amount;
  if (amount < rest) return {};
  seen.found.status =
      row.kind == JournalKind::capture ? TransferStatus::captured : TransferStatus::reversed;
  return {};
}

Result<void> Audit::release(const JournalRow& row, SeenTransfer& seen) {
  if (seen.legs == 1 && row.amount != seen.amount - seen.found.settled) {
    return corrupt(at(row) + "does not release the rest");
  }
  if (row.kind == JournalKind::expire) {
    seen.found.status = TransferStatus::expired;
  } else {
    seen.found.status = row.key.empty() ? TransferStatus::captured : TransferStatus::voided;
  }
  return {};
}

Result<void> Audit::add_leg(const JournalRow& row) {
  const Effect effect = effect_of(row.kind, row.amount);
  if (auto from = add_entry(row.from, row.from_entry, row, effect.from); !from) return from;
  return add_entry(row.to, row.to_entry, row, effect.to);
}

Result<void> Audit::add_entry(AccountId id, const Entry& entry, const JournalRow& row,
                              const Change& change) {
  SeenAccount& account = accounts_[to_int(id)];
  if (!account.opened) return corrupt(at(row) + "an entry of an account that was never opened");
  if (account.terms.currency != row.currency) return corrupt(at(row) + "wrong currency");
  if (entry.version != account.last.version + 1) return corrupt(at(row) + "version has a gap");
  if (entry.previous != account.last_seq) return corrupt(at(row) + "chain of entries is broken");
  const auto balance = checked_add(account.last.balance, change.balance);
  const auto held = checked_add(account.last.held, change.held);
  const auto incoming = checked_add(account.last.incoming, change.incoming);
  if (!balance || *balance != entry.balance) return corrupt(at(row) + "wrong balance");
  if (!held || *held != entry.held || *held < 0) return corrupt(at(row) + "wrong held amount");
  if (!incoming || *incoming != entry.incoming || *incoming < 0) {
    return corrupt(at(row) + "wrong incoming amount");
  }
  account.last = entry;
  account.last_seq = row.seq;
  account.last_at = row.recorded_at;
  return {};
}

Result<void> Audit::add_account(const Account& account) {
  const auto found = accounts_.find(to_int(account.id));
  if (found == accounts_.end() || !found->second.opened) {
    return corrupt(at(account) + "not in the journal");
  }
  SeenAccount& seen = found->second;
  seen.accounted_for = true;
  if (account.terms.currency != seen.terms.currency) {
    return corrupt(at(account) + "wrong currency");
  }
  if (account.balance != seen.last.balance || account.held != seen.last.held ||
      account.incoming != seen.last.incoming) {
    return corrupt(at(account) + "balance is not that of its last entry");
  }
  if (account.version != seen.last.version || account.last_seq != seen.last_seq ||
      account.last_at != seen.last_at) {
    return corrupt(at(account) + "version is not that of its last entry");
  }
  if (account.terms != seen.terms) {
    return corrupt(at(account) + "terms are not those of the journal");
  }
  if (!lies_within_limits(account)) return corrupt(at(account) + "outside its limits");
  sums_[seen.terms.currency] += account.balance;
  return {};
}

Result<void> Audit::finish() {
  if (legs_left_ > 0) return corrupt("the journal ends within a transfer");
  for (const auto& [id, seen] : accounts_) {
    if (!seen.accounted_for) return corrupt("account " + std::to_string(id) + " is missing");
  }
  for (const auto& [id, seen] : transfers_) {
    if (seen.legs == 0 || seen.found != seen.stored) {
      return corrupt(at(seen.stored) + "its state is not what the journal says");
    }
  }
  for (const auto& [currency, sum] : sums_) {
    if (sum != 0) {
      return corrupt("the balances in " + std::string(currency.code()) + " do not sum to zero");
    }
  }
  return {};
}

}  // namespace ledger::core
