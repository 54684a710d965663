#include "engine/answers.h"

#include <algorithm>

#include "core/receipt.h"

namespace ledger::engine {
namespace {

std::string_view key_of(std::span<const JournalRow> transfer) { return transfer.front().key; }

}  // namespace

Answer failed(const core::Operation& part, Error error) {
  if (std::holds_alternative<AccountRequest>(part.request)) {
    return Result<CreatedAccount>(std::move(error));
  }
  if (std::holds_alternative<AccountChange>(part.request)) {
    return Result<ChangedAccount>(std::move(error));
  }
  return Result<Receipt>(std::move(error));
}

Answer recorded(const core::Operation& part, std::span<const JournalRow> rows, bool replayed) {
  if (rows.front().fingerprint != part.fingerprint) {
    return failed(part, Error{ErrorCode::key_reused, {}});
  }
  if (std::holds_alternative<AccountRequest>(part.request)) {
    return core::to_created_account(rows, replayed);
  }
  if (std::holds_alternative<AccountChange>(part.request)) {
    return core::to_changed_account(rows, replayed);
  }
  return core::to_receipt(rows, replayed);
}

Recorded::Recorded(std::vector<JournalRow> rows) : rows_(std::move(rows)) {
  for (std::size_t i = 0; i < rows_.size();) {
    const auto count = static_cast<std::size_t>(rows_[i].legs);
    found_.emplace_back(std::span(rows_).subspan(i, count));
    i += count;
  }
  std::ranges::sort(found_, {}, key_of);
}

std::span<const JournalRow> Recorded::find(std::string_view key) const {
  const auto at = std::ranges::lower_bound(found_, key, {}, key_of);
  if (at == found_.end() || key_of(*at) != key) return {};
  return *at;
}

}  // namespace ledger::engine
