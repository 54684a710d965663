#include "core/batch_state.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ledger::core {
namespace {

constexpr AccountId kLastId{std::numeric_limits<std::int64_t>::max()};

AccountId following(AccountId id) { return id == kLastId ? kLastId : AccountId{to_int(id) + 1}; }

Timestamp latest(std::span<const Account> accounts, Timestamp now) {
  for (const Account& account : accounts)
    now = std::max(now, account.last_at);
  return now;
}

}  // namespace

BatchState::BatchState(const Snapshot& snapshot, std::size_t size, Timestamp now)
    : snapshot_(snapshot),
      now_(latest(snapshot.accounts, now)),
      accounts_(snapshot.accounts),
      states_(snapshot.states),
      next_account_id_(snapshot.next_account_id) {
  rows_.reserve(size);
}

void BatchState::open_account(Account account) {
  if (account.id >= next_account_id_) next_account_id_ = following(account.id);
  if (!account.reference.empty()) new_references_.insert(account.reference);
  accounts_.open(std::move(account));
}

bool BatchState::has_reference(std::string_view reference) const {
  return new_references_.contains(reference) ||
         std::ranges::find(snapshot_.references, reference) != snapshot_.references.end();
}

JournalRow& BatchState::append(JournalKind kind) {
  JournalRow& row = rows_.emplace_back();
  row.seq = snapshot_.next_seq + static_cast<Seq>(rows_.size()) - 1;
  row.kind = kind;
  row.recorded_at = now_;
  return row;
}

void BatchState::undo_to(const Mark& mark) {
  rows_.resize(mark.rows);
  accounts_.undo_to(mark.accounts);
  states_.undo_to(mark.states);
}

void BatchState::keep() {
  accounts_.keep();
  states_.keep();
}

WriteSet BatchState::finish() && {
  WriteSet writes;
  writes.rows = std::move(rows_);
  accounts_.collect(writes);
  states_.collect(writes);
  return writes;
}

}  // namespace ledger::core
