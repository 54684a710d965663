#include "engine/transfers.h"

#include <algorithm>
#include <chrono>
#include <map>
#include <utility>

#include "core/receipt.h"
#include "engine/entries.h"
#include "engine/statements.h"

namespace ledger::engine {
namespace {

/// The most rows or entries that one page looks through.
constexpr std::size_t kScanned = 1000;
constexpr std::size_t kFollowersTold = 100;

/// How far the clocks of processes that share a journal may be apart.
constexpr std::chrono::minutes kSkew{1};

Timestamp earlier(Timestamp time) {
  return time < Timestamp::min() + kSkew ? Timestamp::min() : time - kSkew;
}

Timestamp later(Timestamp time) {
  return time > Timestamp::max() - kSkew ? Timestamp::max() : time + kSkew;
}

bool is_wanted(const TransferQuery& query, const JournalRow& row) {
  return row.kind < JournalKind::account_opened && row.committed() &&
         (!query.kind || row.kind == *query.kind) &&
         (!query.from || row.recorded_at >= *query.from) &&
         (!query.to || row.recorded_at < *query.to);
}

}  // namespace

Result<Transfer> Transfers::find(TransferId id) {
  auto found = receipts({&id, 1});
  if (!found) return found.error();
  if (found->empty()) return ErrorCode::transfer_not_found;
  auto transfers = complete(std::move(*found));
  if (!transfers) return transfers.error();
  return std::move(transfers->front());
}

Result<std::vector<Transfer>> Transfers::find_by_reference(std::string_view reference,
                                                           TransferId after, std::size_t limit) {
  const auto ids = store_.find_by_reference(reference, after, limit);
  if (!ids) return ids.error();
  auto found = receipts(*ids);
  if (!found) return found.error();
  return complete(std::move(*found));
}

/// The committed transfers among `ids` (sorted, unique).
Result<std::vector<Receipt>> Transfers::receipts(std::span<const TransferId> ids) {
  const auto rows = store_.find_transfers(ids);
  if (!rows) return rows.error();
  std::vector<Receipt> found;
  for (std::size_t i = 0; i < rows->size();) {
    const auto count = static_cast<std::size_t>((*rows)[i].legs);
    auto receipt = core::to_receipt(std::span(*rows).subspan(i, count), false);
    if (receipt) found.push_back(std::move(*receipt));
    i += count;
  }
  return found;
}

Result<std::vector<Transfer>> Transfers::complete(std::vector<Receipt> receipts) {
  std::vector<TransferId> ids;
  for (const Receipt& receipt : receipts)
    ids.push_back(receipt.id);
  const auto states = store_.find_states(ids);
  if (!states) return states.error();
  std::vector<Transfer> transfers;
  auto state = states->begin();
  for (Receipt& receipt : receipts) {
    Transfer transfer{.state = {.id = receipt.id}};
    // No state: nothing has referred to it.
    if (state != states->end() && state->id == receipt.id) {
      transfer.state = *state++;
      auto followers = store_.find_referring(receipt.id, TransferId{0}, kFollowersTold);
      if (!followers) return followers.error();
      transfer.followed_by = std::move(*followers);
    }
    transfer.receipt = std::move(receipt);
    transfers.push_back(std::move(transfer));
  }
  return transfers;
}

Result<TransferPage> Transfers::page(const TransferQuery& query) {
  if (!is_valid_page(query.limit, query.cursor)) return ErrorCode::invalid_page;
  const auto found = query.account ? of_account(query) : of_all(query);
  if (!found) return found.error();
  auto receipts = this->receipts(found->ids);
  if (!receipts) return receipts.error();
  return TransferPage{.transfers = std::move(*receipts), .next = found->next};
}

/// The cursor is the version of the last entry that was looked at.
Result<Transfers::Found> Transfers::of_account(const TransferQuery& query) {
  const auto account = store_.find_account(*query.account);
  if (!account) return account.error();
  if (!*account) return ErrorCode::account_not_found;
  Entries entries(store_, **account);
  std::int64_t seen = query.cursor;
  if (query.from) {
    const auto before = entries.version_before(*query.from);
    if (!before) return before.error();
    seen = std::max(seen, *before);
  }
  const std::int64_t last = (*account)->version;
  Found found;
  if (seen >= last) return found;
  const auto count = std::min(last - seen, static_cast<std::int64_t>(kScanned));
  auto rows = entries.back_from(seen + count, static_cast<std::size_t>(count));
  if (!rows) return rows.error();
  for (auto row = rows->rbegin(); row != rows->rend(); ++row) {
    if (query.to && row->recorded_at >= *query.to) return found;
    if (found.ids.size() == query.limit) break;
    const Entry& entry = entry_of(*row, *query.account);
    found.next = entry.version < last ? entry.version : 0;
    if (!is_wanted(query, *row)) continue;
    const auto first = first_row_of(store_, *row);
    if (!first) return first.error();
    // Of the entries that one transfer makes, only the first counts.
    if (entry.previous < *first) found.ids.push_back(TransferId{*first});
  }
  return found;
}

/// The cursor is the last row that was looked at.
Result<Transfers::Found> Transfers::of_all(const TransferQuery& query) {
  Seq next = query.cursor + 1;
  if (query.from && query.cursor == 0) {
    const auto first = first_row_at(earlier(*query.from));
    if (!first) return first.error();
    next = *first;
  }
  const auto rows = store_.read_journal(next, kScanned);
  if (!rows) return rows.error();
  Found found;
  for (const JournalRow& row : *rows) {
    if (query.to && row.recorded_at >= later(*query.to)) return Found{std::move(found.ids), 0};
    if (found.ids.size() == query.limit) return found;
    found.next = row.seq;
    if (!row.key.empty() && is_wanted(query, row)) found.ids.push_back(TransferId{row.seq});
  }
  if (rows->size() < kScanned) found.next = 0;
  return found;
}

Result<Seq> Transfers::first_row_at(Timestamp time) {
  // Whether the first row from `seq` on is too early; false where there is none.
  const auto is_early = [&](Seq seq) -> Result<bool> {
    const auto row = store_.read_journal(seq, 1);
    if (!row) return row.error();
    return !row->empty() && row->front().recorded_at < time;
  };
  Seq low = 0;  // early, or before the first
  Seq high = 1;
  for (;; high *= 2) {
    const auto early = is_early(high);
    if (!early) return early.error();
    if (!*early) break;
    low = high;
  }
  while (high - low > 1) {
    const Seq middle = low + (high - low) / 2;
    const auto early = is_early(middle);
    if (!early) return early.error();
    (*early ? low : high) = middle;
  }
  return high;
}

}  // namespace ledger::engine
