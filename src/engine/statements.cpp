#include "engine/statements.h"

#include <algorithm>
#include <limits>
#include <map>
#include <utility>

#include "core/effect.h"
#include "core/receipt.h"

namespace ledger::engine {
namespace {

MinorUnits change_of(const JournalRow& row, AccountId account) {
  if (row.kind == JournalKind::account_changed) return 0;
  const core::Effect effect = core::effect_of(row.kind, row.amount);
  return row.from == account ? effect.from.balance : effect.to.balance;
}

StatementEntry to_entry(const JournalRow& row, const JournalRow& head, AccountId account) {
  const Entry& entry = entry_of(row, account);
  StatementEntry told{.version = entry.version,
                      .transfer = TransferId{head.seq},
                      .kind = row.kind,
                      .change = change_of(row, account),
                      .balance = entry.balance,
                      .held = entry.held,
                      .incoming = entry.incoming,
                      .refers_to = head.refers_to,
                      .recorded_at = row.recorded_at};
  // The reference and metadata of a change are the account's own.
  if (row.kind == JournalKind::account_changed) return told;
  told.other = row.from == account ? row.to : row.from;
  told.details = core::details_of(head);
  return told;
}

}  // namespace

bool is_valid_page(std::size_t limit, std::int64_t cursor) {
  return limit >= 1 && limit <= kMaxPage && cursor >= 0;
}

Result<Account> Statements::account(AccountId id) {
  auto found = store_.find_account(id);
  if (!found) return found.error();
  if (!*found) return ErrorCode::account_not_found;
  return std::move(**found);
}

Result<StatementPage> Statements::statement(const StatementQuery& query) {
  if (!is_valid_page(query.limit, query.cursor)) return ErrorCode::invalid_page;
  const auto account = this->account(query.account);
  if (!account) return account.error();
  Entries entries(store_, *account);
  auto rows = query.order == Order::newest_first ? newest_first(query, entries)
                                                 : oldest_first(query, *account, entries);
  if (!rows) return rows.error();

  StatementPage page{.currency = account->terms.currency};
  if (rows->size() > query.limit) {
    rows->resize(query.limit);
    page.next = entry_of(rows->back(), account->id).version;
  }
  auto described = describe(account->id, *rows);
  if (!described) return described.error();
  page.entries = std::move(*described);
  return page;
}

Result<Statements::Rows> Statements::newest_first(const StatementQuery& query, Entries& entries) {
  std::int64_t newest = std::numeric_limits<std::int64_t>::max();
  if (query.cursor > 0) newest = query.cursor - 1;
  if (query.to) {
    const auto before = entries.version_before(*query.to);
    if (!before) return before.error();
    newest = std::min(newest, *before);
  }
  auto rows = entries.back_from(newest, query.limit + 1);
  if (!rows || !query.from) return rows;
  const auto too_old = std::ranges::find_if(
      *rows, [&](const JournalRow& row) { return row.recorded_at < *query.from; });
  rows->erase(too_old, rows->end());
  return rows;
}

Result<Statements::Rows> Statements::oldest_first(const StatementQuery& query,
                                                  const Account& account, Entries& entries) {
  std::int64_t seen = query.cursor;
  if (query.from) {
    const auto before = entries.version_before(*query.from);
    if (!before) return before.error();
    seen = std::max(seen, *before);
  }
  if (seen >= account.version) return Rows{};
  const auto count = std::min(account.version - seen, static_cast<std::int64_t>(query.limit) + 1);
  auto rows = entries.back_from(seen + count, static_cast<std::size_t>(count));
  if (!rows) return rows;
  std::ranges::reverse(*rows);
  if (!query.to) return rows;
  const auto too_new = std::ranges::find_if(
      *rows, [&](const JournalRow& row) { return row.recorded_at >= *query.to; });
  rows->erase(too_new, rows->end());
  return rows;
}

/// A leg tells little of its transfer: that is in the transfer's first row.
Result<std::vector<StatementEntry>> Statements::describe(AccountId account, const Rows& rows) {
  std::vector<Seq> firsts;
  std::vector<Seq> wanted;
  for (const JournalRow& row : rows) {
    const auto first = first_row_of(store_, row);
    if (!first) return first.error();
    firsts.push_back(*first);
    if (*first != row.seq) wanted.push_back(*first);
  }
  std::ranges::sort(wanted);
  wanted.erase(std::unique(wanted.begin(), wanted.end()), wanted.end());
  std::map<Seq, JournalRow> heads;
  if (!wanted.empty()) {
    auto found = store_.find_rows(wanted);
    if (!found) return found.error();
    for (JournalRow& row : *found)
      heads.emplace(row.seq, std::move(row));
  }
  std::vector<StatementEntry> told;
  told.reserve(rows.size());
  for (std::size_t i = 0; i < rows.size(); ++i) {
    const auto head = heads.find(firsts[i]);
    told.push_back(to_entry(rows[i], head == heads.end() ? rows[i] : head->second, account));
  }
  return told;
}

Result<BalanceAt> Statements::balance_at(AccountId id, Timestamp time) {
  const auto account = this->account(id);
  if (!account) return account.error();
  const auto row = Entries(store_, *account).last_until(time);
  if (!row) return row.error();
  BalanceAt balance{.currency = account->terms.currency};
  if (!*row) return balance;
  const Entry& entry = entry_of(**row, id);
  balance.balance = entry.balance;
  balance.held = entry.held;
  balance.incoming = entry.incoming;
  balance.version = entry.version;
  return balance;
}

}  // namespace ledger::engine
