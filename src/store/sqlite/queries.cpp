// What a session reads.
#include <algorithm>
#include <limits>
#include <utility>

#include "base/totals.h"
#include "store/sqlite/rows.h"
#include "store/sqlite/session.h"

namespace ledger::sqlite {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::int64_t clamp_limit(std::size_t limit) {
  return limit > static_cast<std::size_t>(kMax) ? kMax : static_cast<std::int64_t>(limit);
}

Result<TransferId> read_id(Run& run) { return TransferId{run.integer()}; }

/// The account's side of the row; version 0: it has none.
Entry entry_of(const JournalRow& row, AccountId account) {
  if (row.from == account) return row.from_entry;
  return row.to == account ? row.to_entry : Entry{};
}

}  // namespace

/// Hands what `read` makes of each row to `use`, until that fails.
template <class T, class Use>
Result<void> Session::for_each(Run& run, const char* what, Result<T> (*read)(Run&), Use use) {
  int result = SQLITE_ROW;
  while ((result = run.step()) == SQLITE_ROW) {
    auto value = read(run);
    if (!value) return value.error();
    if (Result<void> used = use(std::move(*value)); !used) return used;
  }
  if (result != SQLITE_DONE) return error(result, what);
  return {};
}

template <class T>
Result<void> Session::append_all(Run& run, const char* what, Result<T> (*read)(Run&),
                                 std::vector<T>& values) {
  return for_each(run, what, read, [&values](T&& value) -> Result<void> {
    values.push_back(std::move(value));
    return {};
  });
}

template <class T>
Result<std::vector<T>> Session::read_all(Run& run, const char* what, Result<T> (*read)(Run&)) {
  std::vector<T> values;
  if (auto done = append_all(run, what, read, values); !done) return done.error();
  return values;
}

template <class T>
Result<std::optional<T>> Session::read_one(Run& run, const char* what, Result<T> (*read)(Run&)) {
  const int result = run.step();
  if (result == SQLITE_DONE) return std::optional<T>{};
  if (result != SQLITE_ROW) return error(result, what);
  auto value = read(run);
  if (!value) return value.error();
  return std::optional<T>(std::move(*value));
}

Result<std::vector<JournalRow>> Session::find_recorded(std::span<const std::string_view> keys) {
  std::vector<JournalRow> rows;
  for (const std::string_view key : keys) {
    Run run(find_key_);
    run.bind_text(key);
    if (auto done = append_transfer(run, rows); !done) return done.error();
  }
  const auto by_seq = [](const JournalRow& a, const JournalRow& b) { return a.seq < b.seq; };
  if (!std::is_sorted(rows.begin(), rows.end(), by_seq)) {
    std::sort(rows.begin(), rows.end(), by_seq);
  }
  return rows;
}

Result<std::vector<JournalRow>> Session::find_transfers(std::span<const TransferId> ids) {
  std::vector<JournalRow> rows;
  for (const TransferId id : ids) {
    Run run(find_first_row_);
    run.bind(to_int(id));
    if (auto done = append_transfer(run, rows); !done) return done.error();
  }
  return rows;
}

Result<std::vector<JournalRow>> Session::find_rows(std::span<const Seq> seqs) {
  std::vector<JournalRow> rows;
  for (const Seq seq : seqs) {
    Run run(find_row_);
    run.bind(seq);
    auto row = read_one(run, "cannot read the journal", read_row);
    if (!row) return row.error();
    if (row->has_value()) rows.push_back(std::move(**row));
  }
  return rows;
}

Result<void> Session::append_transfer(Run& first_row, std::vector<JournalRow>& rows) {
  auto first = read_one(first_row, "cannot look a transfer up", read_row);
  if (!first) return first.error();
  if (!first->has_value()) return {};
  const Seq seq = (*first)->seq;
  const std::int64_t legs = std::max<std::int64_t>((*first)->legs, 1);
  rows.push_back(std::move(**first));
  if (legs == 1) return {};

  const std::size_t before = rows.size();
  auto others = append_rows(seq + 1, seq + legs - 1, static_cast<std::size_t>(legs - 1), rows);
  if (!others) return others;
  const bool complete = rows.size() - before == static_cast<std::size_t>(legs - 1);
  const bool own = std::all_of(rows.begin() + static_cast<std::ptrdiff_t>(before), rows.end(),
                               [](const JournalRow& row) { return row.key.empty(); });
  if (!complete || !own) {
    return Error{ErrorCode::store_corrupt,
                 "the transfer at journal row " + std::to_string(seq) + " is incomplete"};
  }
  return {};
}

Result<void> Session::append_rows(Seq first, Seq last, std::size_t limit,
                                  std::vector<JournalRow>& rows) {
  Run run(rows_between_);
  run.bind(first).bind(last).bind(clamp_limit(limit));
  return append_all(run, "cannot read the journal", read_row, rows);
}

Result<std::vector<JournalRow>> Session::read_journal(Seq first, std::size_t limit) {
  std::vector<JournalRow> rows;
  if (auto done = append_rows(first, kMax, limit, rows); !done) return done.error();
  return rows;
}

Result<std::vector<JournalRow>> Session::read_entries(AccountId account, Seq from,
                                                      std::size_t limit) {
  std::vector<JournalRow> rows;
  for (Seq seq = from; seq != 0 && rows.size() < limit;) {
    Run run(find_row_);
    run.bind(seq);
    auto row = read_one(run, "cannot read an entry", read_row);
    if (!row) return row.error();
    const Entry entry = row->has_value() ? entry_of(**row, account) : Entry{};
    if (entry.version == 0 && rows.empty()) break;
    if (entry.version == 0 || entry.previous >= seq) {
      return Error{ErrorCode::store_corrupt,
                   "the entries of account " + std::to_string(to_int(account)) +
                       " break off at journal row " + std::to_string(seq)};
    }
    rows.push_back(std::move(**row));
    seq = entry.previous;
  }
  return rows;
}

Result<std::optional<Account>> Session::find_account(AccountId id) {
  Run run(find_account_);
  run.bind(to_int(id));
  return read_one(run, "cannot look an account up", read_account);
}

Result<std::optional<Account>> Session::find_account_by_reference(std::string_view reference) {
  Run run(find_account_reference_);
  run.bind_text(reference);
  return read_one(run, "cannot look an account up", read_account);
}

Result<std::vector<Account>> Session::read_accounts(AccountId after, std::size_t limit) {
  Run run(accounts_after_);
  run.bind(to_int(after)).bind(clamp_limit(limit));
  return read_all(run, "cannot read the accounts", read_account);
}

Result<std::vector<CurrencyTotals>> Session::read_totals() {
  // Not SQL's sum() with GROUP BY: that would sort all accounts.
  base::Totals totals;
  Run run(accounts_after_);
  run.bind(std::int64_t{0}).bind(kMax);
  auto done = for_each(run, "cannot read the accounts", read_account,
                       [&](const Account& account) { return totals.add(account); });
  if (!done) return done.error();
  return totals.by_currency();
}

Result<std::vector<TransferState>> Session::find_states(std::span<const TransferId> ids) {
  std::vector<TransferState> states;
  for (const TransferId id : ids) {
    Run run(find_state_);
    run.bind(to_int(id));
    auto done = append_all(run, "cannot look a transfer's state up", read_state, states);
    if (!done) return done.error();
  }
  return states;
}

Result<std::vector<TransferState>> Session::read_states(TransferId after, std::size_t limit) {
  Run run(states_after_);
  run.bind(to_int(after)).bind(clamp_limit(limit));
  return read_all(run, "cannot read the states of transfers", read_state);
}

Result<std::vector<TransferId>> Session::find_expired(Timestamp now, std::size_t limit) {
  Run run(find_expired_);
  run.bind(micros(now)).bind(clamp_limit(limit));
  return read_all(run, "cannot look expired holds up", read_id);
}

Result<std::vector<TransferId>> Session::find_by_reference(std::string_view reference,
                                                           TransferId after, std::size_t limit) {
  Run run(find_reference_);
  run.bind_text(reference).bind(to_int(after)).bind(clamp_limit(limit));
  return read_all(run, "cannot look a reference up", read_id);
}

Result<std::vector<TransferId>> Session::find_referring(TransferId id, TransferId after,
                                                        std::size_t limit) {
  Run run(find_referring_);
  run.bind(to_int(id)).bind(to_int(after)).bind(clamp_limit(limit));
  return read_all(run, "cannot look up what refers to a transfer", read_id);
}

Result<std::optional<Checkpoint>> Session::find_checkpoint(AccountId account,
                                                           std::int64_t version) {
  Run run(find_checkpoint_);
  run.bind(to_int(account)).bind(version);
  return read_one(run, "cannot look a checkpoint up", read_checkpoint);
}

Result<std::optional<Checkpoint>> Session::find_checkpoint_after(AccountId account,
                                                                 Timestamp time) {
  // An account's times never go back, so its versions can be searched by halves. An index on the
  // time would be one more random page for every checkpoint.
  std::optional<Checkpoint> found;
  std::int64_t low = 0;
  std::int64_t high = kMax;  // what is looked for is in [low, high), or has been found
  while (low < high) {
    const std::int64_t middle = low + (high - low) / 2;
    const auto checkpoint = find_checkpoint(account, middle);
    if (!checkpoint) return checkpoint.error();
    if (checkpoint->has_value() && (*checkpoint)->recorded_at <= time) {
      low = (*checkpoint)->version + 1;
    } else {
      if (checkpoint->has_value()) found = *checkpoint;
      high = middle;
    }
  }
  return found;
}

}  // namespace ledger::sqlite
