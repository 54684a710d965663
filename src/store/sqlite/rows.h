// How values of the ledger lie in rows: one place that knows the order of the columns.
#pragma once

#include <cstdint>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/store.h"
#include "store/sqlite/database.h"

namespace ledger::sqlite {

/// All columns, in the order in which bind_* and read_* take them.
inline constexpr const char* kJournalColumns =
    "seq,kind,decline,key,fingerprint,legs,from_account,to_account,amount,currency,scale,"
    "from_version,from_balance,from_held,from_incoming,from_previous,"
    "to_version,to_balance,to_held,to_incoming,to_previous,"
    "recorded_at,refers_to,effective_at,expires_at,reference,metadata,terms_currency,terms_scale,"
    "terms_status,terms_min_balance,terms_max_balance";
inline constexpr const char* kAccountColumns =
    "id,currency,scale,status,min_balance,max_balance,balance,held,incoming,version,last_seq,"
    "last_at,created_at,reference,metadata";
inline constexpr const char* kStateColumns = "id,status,settled,expires_at";
inline constexpr const char* kCheckpointColumns = "account,version,seq,recorded_at";

/// How a time lies in a column: microseconds since 1970.
[[nodiscard]] std::int64_t micros(Timestamp time);

/// They must outlive the run: their texts are not copied.
void bind_row(Run& run, const JournalRow& row);
void bind_account(Run& run, const Account& account);
void bind_state(Run& run, const TransferState& state);
void bind_checkpoint(Run& run, const Checkpoint& checkpoint);

/// Fail with store_corrupt when a column holds what no ledger wrote.
Result<JournalRow> read_row(Run& run);
Result<Account> read_account(Run& run);
Result<TransferState> read_state(Run& run);
Result<Checkpoint> read_checkpoint(Run& run);

}  // namespace ledger::sqlite
