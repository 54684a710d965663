// From journal rows back to what the caller is told.
#pragma once

#include <span>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

namespace ledger::core {

/// The recorded outcome of a transfer, from all its rows: a receipt, or the decline. key_reused
/// when the rows record something that is not a transfer.
Result<Receipt> to_receipt(std::span<const JournalRow> rows, bool replayed);

/// The recorded outcome of an account's opening. key_reused when the rows record something else.
Result<CreatedAccount> to_created_account(std::span<const JournalRow> rows, bool replayed);

}  // namespace ledger::core
