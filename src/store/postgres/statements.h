// The store's statements. Each connection of the store's own prepares them all.
#pragma once

#include <cstddef>
#include <string>

#include "ledger/clock.h"
#include "ledger/result.h"
#include "store/postgres/connection.h"
#include "store/postgres/settings.h"

namespace ledger::postgres {

/// Their names on the server.
namespace statement {
inline constexpr const char* kBeginSerializable = "begin_serializable";
inline constexpr const char* kBeginReadCommitted = "begin_read_committed";
inline constexpr const char* kCommit = "commit";
inline constexpr const char* kRollBack = "roll_back";
inline constexpr const char* kSetSavepoint = "set_savepoint";
inline constexpr const char* kReleaseSavepoint = "release_savepoint";
inline constexpr const char* kReturnToSavepoint = "return_to_savepoint";
inline constexpr const char* kFindRecorded = "find_recorded";      ///< keys → journal rows
inline constexpr const char* kFindReferences = "find_references";  ///< texts → those in use
inline constexpr const char* kLastAccountId = "last_account_id";   ///< → id or NULL
inline constexpr const char* kLockAccounts = "lock_accounts";      ///< ids → accounts, locked
inline constexpr const char* kFindAccounts = "find_accounts";      ///< ids → accounts
inline constexpr const char* kFindStates = "find_states";          ///< ids → transfer states
inline constexpr const char* kReserveRows = "reserve_rows";        ///< count → the first seq

inline constexpr const char* kFindRows = "find_rows";            ///< seqs → journal rows
inline constexpr const char* kReadJournal = "read_journal";      ///< first, limit → journal rows
inline constexpr const char* kReadAccounts = "read_accounts";    ///< after, limit → accounts
inline constexpr const char* kReadStates = "read_states";        ///< after, limit → states
inline constexpr const char* kFindTransfers = "find_transfers";  ///< ids → journal rows
inline constexpr const char* kFindExpired = "find_expired";      ///< now, limit → transfer ids
inline constexpr const char* kFindReferring = "find_referring";  ///< id, after, limit → ids
/// reference, after, limit → transfer ids
inline constexpr const char* kFindByReference = "find_by_reference";
inline constexpr const char* kFindNamedAccount = "find_named_account";  ///< reference → account
inline constexpr const char* kReadEntries = "read_entries";  ///< account, from, limit → rows
inline constexpr const char* kFindCheckpoint = "find_checkpoint";  ///< account, version → one
inline constexpr const char* kFindCheckpointAfter = "find_checkpoint_after";  ///< account, time
inline constexpr const char* kReadTotals = "read_totals";  ///< → see postgres::read_totals()

inline constexpr const char* kUpdateState = "update_state";           ///< see state_parameters()
inline constexpr const char* kUpdateAccounts = "update_accounts";     ///< account columns, expected
inline constexpr const char* kInsertAccounts = "insert_accounts";     ///< account columns
inline constexpr const char* kInsertPlainRows = "insert_plain_rows";  ///< plain columns
inline constexpr const char* kInsertRows = "insert_rows";             ///< journal columns
inline constexpr const char* kInsertCheckpoints = "insert_checkpoints";  ///< checkpoint columns
inline constexpr const char* kPutStates = "put_states";                  ///< transfer state columns

inline constexpr const char* kReadIdentity = "read_identity";  ///< → bytes
inline constexpr const char* kCheck = "check";                 ///< → read-only?
}  // namespace statement

/// Their texts, by name.
StatementTexts statement_texts(const Settings& settings);

Result<void> prepare_statements(Connection& connection, const Settings& settings,
                                SteadyTime deadline);

}  // namespace ledger::postgres
