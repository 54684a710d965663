#include "core/receipt.h"

namespace ledger::core {
namespace {

Error decline_of(const JournalRow& row, bool replayed) {
  return Error{static_cast<ErrorCode>(row.decline), {}, replayed};
}

}  // namespace

Result<Receipt> to_receipt(std::span<const JournalRow> rows, bool replayed) {
  const JournalRow& head = rows.front();
  if (head.kind != JournalKind::transfer) return ErrorCode::key_reused;
  if (!head.committed()) return decline_of(head, replayed);

  Receipt receipt{.id = TransferId{head.seq},
                  .legs = {},
                  .recorded_at = head.recorded_at,
                  .replayed = replayed};
  receipt.legs.reserve(rows.size());
  for (const JournalRow& row : rows) {
    receipt.legs.push_back({.leg = {row.from, row.to, Amount(row.amount, row.currency)},
                            .from_balance = row.from_entry.balance,
                            .to_balance = row.to_entry.balance});
  }
  return receipt;
}

Result<CreatedAccount> to_created_account(std::span<const JournalRow> rows, bool replayed) {
  const JournalRow& head = rows.front();
  if (head.kind != JournalKind::account_opened) return ErrorCode::key_reused;
  if (!head.committed()) return decline_of(head, replayed);
  return CreatedAccount{.account = {.id = head.to,
                                    .terms = head.terms.value_or(AccountTerms{}),
                                    .created_at = head.recorded_at},
                        .replayed = replayed};
}

}  // namespace ledger::core
