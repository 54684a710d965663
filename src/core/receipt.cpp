#include "core/receipt.h"

namespace ledger::core {
namespace {

Error decline_of(const JournalRow& row, bool replayed) {
  return Error{static_cast<ErrorCode>(row.decline), {}, replayed};
}

PostedLeg posted_leg(const JournalRow& row) {
  return {.leg = {row.from, row.to, Amount(row.amount, row.currency)},
          .from_balance = row.from_entry.balance,
          .to_balance = row.to_entry.balance,
          .from_held = row.from_entry.held,
          .to_incoming = row.to_entry.incoming};
}

}  // namespace

Details details_of(const JournalRow& head) {
  return {
      .reference = head.reference, .metadata = head.metadata, .effective_at = head.effective_at};
}

Result<Receipt> to_receipt(std::span<const JournalRow> rows, bool replayed) {
  const JournalRow& head = rows.front();
  if (head.kind >= JournalKind::account_opened) return ErrorCode::key_reused;
  if (!head.committed()) return decline_of(head, replayed);

  Receipt receipt{.id = TransferId{head.seq},
                  .kind = head.kind,
                  .key = head.key,
                  .refers_to = head.refers_to,
                  .expires_at = head.expires_at,
                  .details = details_of(head),
                  .recorded_at = head.recorded_at,
                  .replayed = replayed};
  receipt.legs.reserve(rows.size());
  for (const JournalRow& row : rows) {
    if (row.kind == head.kind) {
      receipt.legs.push_back(posted_leg(row));
    } else {
      receipt.released += row.amount;
    }
  }
  return receipt;
}

Result<CreatedAccount> to_created_account(std::span<const JournalRow> rows, bool replayed) {
  const JournalRow& head = rows.front();
  if (head.kind != JournalKind::account_opened) return ErrorCode::key_reused;
  if (!head.committed()) return decline_of(head, replayed);
  return CreatedAccount{.account = {.id = head.to,
                                    .terms = head.terms.value_or(AccountTerms{}),
                                    .reference = head.reference,
                                    .metadata = head.metadata,
                                    .created_at = head.recorded_at},
                        .replayed = replayed};
}

Result<ChangedAccount> to_changed_account(std::span<const JournalRow> rows, bool replayed) {
  const JournalRow& head = rows.front();
  if (head.kind != JournalKind::account_changed) return ErrorCode::key_reused;
  if (!head.committed()) return decline_of(head, replayed);
  const Entry& entry = head.to_entry;
  return ChangedAccount{.account = {.id = head.to,
                                    .terms = head.terms.value_or(AccountTerms{}),
                                    .reference = head.reference,
                                    .metadata = head.metadata,
                                    .balance = entry.balance,
                                    .held = entry.held,
                                    .incoming = entry.incoming,
                                    .version = entry.version,
                                    .last_seq = head.seq,
                                    .last_at = head.recorded_at},
                        .replayed = replayed};
}

}  // namespace ledger::core
