// From journal rows back to what the caller is told.
#pragma once

#include <span>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

namespace ledger::core {

/// The recorded outcome of a transfer, hold, capture, void, expiry or reversal, from all its rows:
/// a receipt, or the decline. key_reused when the rows record something of an account.
Result<Receipt> to_receipt(std::span<const JournalRow> rows, bool replayed);

/// The recorded outcome of an account's opening, or of its change. key_reused when the rows record
/// something else.
Result<CreatedAccount> to_created_account(std::span<const JournalRow> rows, bool replayed);
Result<ChangedAccount> to_changed_account(std::span<const JournalRow> rows, bool replayed);

/// What the caller wrote beside the money, from a transfer's first row.
Details details_of(const JournalRow& head);

}  // namespace ledger::core
