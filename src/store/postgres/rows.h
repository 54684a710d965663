// How values of the ledger lie in rows: one place that knows the order of the columns.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/store.h"
#include "store/postgres/encoding.h"

namespace ledger::postgres {

struct Column {
  const char* name;
  const char* type;  ///< as SQL names it
};

/// All columns, in the order in which they are written and read.
inline constexpr Column kJournalColumns[] = {
    {"seq", "bigint"},
    {"kind", "smallint"},
    {"decline", "integer"},
    {"key", "text"},
    {"fingerprint", "bytea"},
    {"legs", "integer"},
    {"from_account", "bigint"},
    {"to_account", "bigint"},
    {"amount", "bigint"},
    {"currency", "text"},
    {"scale", "smallint"},
    {"from_version", "bigint"},
    {"from_balance", "bigint"},
    {"from_held", "bigint"},
    {"from_previous", "bigint"},
    {"to_version", "bigint"},
    {"to_balance", "bigint"},
    {"to_held", "bigint"},
    {"to_previous", "bigint"},
    {"recorded_at", "timestamptz"},
    // Seldom set. Batches without any of them are written without these columns.
    {"from_incoming", "bigint"},
    {"to_incoming", "bigint"},
    {"refers_to", "bigint"},
    {"effective_at", "timestamptz"},
    {"expires_at", "timestamptz"},
    {"reference", "text"},
    {"metadata", "text"},
    {"terms_currency", "text"},
    {"terms_scale", "smallint"},
    {"terms_status", "smallint"},
    {"terms_min_balance", "bigint"},
    {"terms_max_balance", "bigint"},
};
inline constexpr std::span<const Column> kPlainJournalColumns =
    std::span<const Column>(kJournalColumns).first(20);

inline constexpr Column kAccountColumns[] = {
    {"id", "bigint"},
    {"currency", "text"},
    {"scale", "smallint"},
    {"status", "smallint"},
    {"min_balance", "bigint"},
    {"max_balance", "bigint"},
    {"balance", "bigint"},
    {"held", "bigint"},
    {"incoming", "bigint"},
    {"version", "bigint"},
    {"last_seq", "bigint"},
    {"last_at", "timestamptz"},
    {"created_at", "timestamptz"},
    {"reference", "text"},
    {"metadata", "text"},
};

inline constexpr Column kCheckpointColumns[] = {
    {"account", "bigint"},
    {"version", "bigint"},
    {"seq", "bigint"},
    {"recorded_at", "timestamptz"},
};

inline constexpr Column kTransferStateColumns[] = {
    {"id", "bigint"},
    {"status", "smallint"},
    {"settled", "bigint"},
    {"expires_at", "timestamptz"},
};

/// "a,b,c", each after `prefix`.
std::string names_of(std::span<const Column> columns, const std::string& prefix = "");
/// "unnest($1::bigint[]),unnest($2::text[])": parameter n is column n of all rows. In a select list
/// they advance together; in FROM each would be collected first.
std::string unnest(std::span<const Column> columns, int first_parameter = 1);

/// True when every row leaves all but the plain columns empty.
bool are_plain(std::span<const JournalRow> rows);

/// One array of ids.
Parameters account_ids(std::span<const AccountId> accounts);
Parameters transfer_ids(std::span<const TransferId> transfers);
Parameters places(std::span<const Seq> seqs);
/// One array per column.
Parameters plain_journal_parameters(std::span<const JournalRow> rows);
Parameters journal_parameters(std::span<const JournalRow> rows);
Parameters account_parameters(std::span<const Account> accounts);
Parameters checkpoint_parameters(std::span<const Checkpoint> checkpoints);
Parameters transfer_state_parameters(std::span<const TransferState> states);

/// All that a result holds, which has the columns above. Fail with store_corrupt when a column
/// holds what no ledger wrote.
Result<std::vector<Account>> read_accounts(const pg_result* result);
Result<std::vector<JournalRow>> read_rows(const pg_result* result);
Result<std::vector<TransferState>> read_states(const pg_result* result);
Result<std::vector<Checkpoint>> read_checkpoints(const pg_result* result);
/// Of a result with one column, and of what read_totals of statements.h selects. The latter fails
/// with balance_overflow, too.
Result<std::vector<TransferId>> read_transfer_ids(const pg_result* result);
Result<std::vector<std::string>> read_texts(const pg_result* result);
Result<std::vector<CurrencyTotals>> read_totals(const pg_result* result);

}  // namespace ledger::postgres
