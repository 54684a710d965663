#include "engine/entries.h"

#include <algorithm>
#include <chrono>
#include <string>
#include <utility>

namespace ledger::engine {

const Entry& entry_of(const JournalRow& row, AccountId account) {
  return row.from == account ? row.from_entry : row.to_entry;
}

Result<Seq> first_row_of(Store& store, const JournalRow& row) {
  if (!row.key.empty()) return row.seq;
  if (row.legs < 0) return row.seq + row.legs;
  // Written before rows told their distance.
  constexpr auto kFar = static_cast<Seq>(kMaxLegs);
  auto before = store.read_journal(std::max<Seq>(row.seq - kFar, 1), kMaxLegs);
  if (!before) return before.error();
  const auto first = std::find_if(before->rbegin(), before->rend(), [&](const JournalRow& other) {
    return other.seq < row.seq && !other.key.empty();
  });
  if (first != before->rend()) return first->seq;
  return Error{ErrorCode::store_corrupt,
               "journal row " + std::to_string(row.seq) + " belongs to no transfer"};
}

Result<std::vector<JournalRow>> Entries::back_from(std::int64_t newest, std::size_t limit) {
  newest = std::min(newest, account_.version);
  if (newest <= 0 || limit == 0) return std::vector<JournalRow>{};
  Seq start = account_.last_seq;
  std::int64_t version = account_.version;
  if (newest < account_.version) {
    const auto checkpoint = store_.find_checkpoint(account_.id, newest);
    if (!checkpoint) return checkpoint.error();
    if (*checkpoint && (*checkpoint)->version < version) {
      start = (*checkpoint)->seq;
      version = (*checkpoint)->version;
    }
  }
  const auto skipped = static_cast<std::size_t>(version - newest);
  auto rows = store_.read_entries(account_.id, start, skipped + limit);
  if (!rows) return rows;
  rows->erase(rows->begin(),
              rows->begin() + static_cast<std::ptrdiff_t>(std::min(skipped, rows->size())));
  return rows;
}

Result<std::optional<JournalRow>> Entries::last_until(Timestamp time) {
  const auto checkpoint = store_.find_checkpoint_after(account_.id, time);
  if (!checkpoint) return checkpoint.error();
  Seq next = *checkpoint ? (*checkpoint)->seq : account_.last_seq;
  while (next != 0) {
    auto rows = store_.read_entries(account_.id, next, kCheckpointInterval + 1);
    if (!rows) return rows.error();
    if (rows->empty()) break;
    for (JournalRow& row : *rows) {
      if (row.recorded_at <= time) return std::optional<JournalRow>{std::move(row)};
    }
    next = entry_of(rows->back(), account_.id).previous;
  }
  return std::optional<JournalRow>{};
}

Result<std::int64_t> Entries::version_before(Timestamp time) {
  if (time == Timestamp::min()) return std::int64_t{0};
  const auto row = last_until(time - std::chrono::microseconds(1));
  if (!row) return row.error();
  return *row ? entry_of(**row, account_.id).version : 0;
}

}  // namespace ledger::engine
