#include "store/postgres/statements.h"

#include <span>
#include <utility>

#include "store/postgres/rows.h"

namespace ledger::postgres {
namespace {

using namespace statement;

// What a posting changes of an account.
constexpr Column kStateColumns[] = {
    {"id", "bigint"},      {"expected", "bigint"}, {"balance", "bigint"},
    {"version", "bigint"}, {"last_seq", "bigint"}, {"last_at", "timestamptz"},
};

// The condition of the indexes that find transfers by more than their id and key.
constexpr const char* kFirstOfCommitted = "j.key IS NOT NULL AND j.decline=0 AND j.kind<7 ";

std::string insert_into(const char* table, std::span<const Column> columns) {
  return std::string("INSERT INTO {s}.") + table + "(" + names_of(columns) + ") SELECT " +
         unnest(columns);
}

/// Updates the accounts that are at their expected version, and fails unless all of them are.
/// `source` selects the new rows; the last parameter is their number.
std::string fenced_update(const std::string& assignments, const std::string& source,
                          std::size_t count_parameter) {
  return "WITH updated AS (UPDATE {s}.accounts a SET " + assignments + " FROM (SELECT " + source +
         ") n WHERE a.id=n.id AND a.version=n.expected RETURNING 1) "
         "SELECT {s}.require_rows((SELECT count(*) FROM updated),$" +
         std::to_string(count_parameter) + "::bigint)";
}

/// "unnest($1::bigint[]) AS id,…"
std::string named_unnest(std::span<const Column> columns, int first_parameter = 1) {
  std::string list;
  for (const Column& column : columns) {
    list.append(list.empty() ? "" : ",").append(unnest({&column, 1}, first_parameter++));
    list.append(" AS ").append(column.name);
  }
  return list;
}

std::string update_state() {
  return fenced_update("balance=n.balance,version=n.version,last_seq=n.last_seq,last_at=n.last_at",
                       named_unnest(kStateColumns), std::size(kStateColumns) + 1);
}

std::string update_accounts() {
  constexpr Column kExpected{"expected", "bigint"};
  constexpr int kColumns = static_cast<int>(std::size(kAccountColumns));
  return fenced_update(
      "(" + names_of(kAccountColumns) + ")=ROW(" + names_of(kAccountColumns, "n.") + ")",
      named_unnest(kAccountColumns) + "," + named_unnest({&kExpected, 1}, kColumns + 1),
      static_cast<std::size_t>(kColumns) + 2);
}

/// Every row of each transfer that begins in a row `f` which meets `condition`. OFFSET 0 keeps the
/// two apart: joined, they would be read in the order that the planner guesses to be cheaper, and
/// with statistics at hand it would start with the whole journal.
std::string find_transfers(const std::string& condition) {
  return "SELECT j.* FROM {s}.journal f CROSS JOIN LATERAL (SELECT " +
         names_of(kJournalColumns, "j.") +
         " FROM {s}.journal j WHERE j.seq BETWEEN f.seq AND f.seq+f.legs-1 OFFSET 0) j WHERE " +
         condition + " ORDER BY j.seq";
}

/// The committed transfers that meet `condition` on their first row, by parameters: condition's,
/// after, limit.
std::string find_ids(const std::string& condition) {
  return "SELECT j.seq FROM {s}.journal j WHERE " + condition + " AND j.seq>$2::bigint AND " +
         kFirstOfCommitted + "ORDER BY j.seq LIMIT $3::bigint";
}

/// Walks from an entry of the account to the one before it. `place` ends the walk, and keeps it in
/// order.
std::string read_entries() {
  const std::string columns = names_of(kJournalColumns, "j.");
  const std::string is_entry =
      " AND $1::bigint IN (j.from_account,j.to_account) "
      "AND CASE j.from_account WHEN $1::bigint THEN j.from_version ELSE j.to_version END<>0 ";
  return "WITH RECURSIVE walk AS (SELECT " + columns +
         ",1 AS place FROM {s}.journal j WHERE j.seq=$2::bigint AND $3::bigint>0" + is_entry +
         "UNION ALL SELECT " + columns +
         ",w.place+1 FROM walk w JOIN {s}.journal j ON j.seq="
         "CASE w.from_account WHEN $1::bigint THEN w.from_previous ELSE w.to_previous END "
         "WHERE w.place<$3::bigint" +
         is_entry + ") SELECT " + names_of(kJournalColumns) + " FROM walk ORDER BY place";
}

/// Postgres adds up without bounds; what does not fit is NULL. All ids are above zero: to a session
/// that is to use indexes, a scan without a condition looks so dear that sorting all it finds, on
/// disk, looks cheap beside it.
std::string read_totals() {
  const auto sum = [](const std::string& what) {
    return ",CASE WHEN sum(" + what + ") BETWEEN -9223372036854775808 AND 9223372036854775807 " +
           "THEN sum(" + what + ")::bigint END";
  };
  return "SELECT currency,scale,count(*)" + sum("greatest(balance,0)") + sum("least(balance,0)") +
         sum("held") + sum("incoming") +
         " FROM {s}.accounts WHERE id>0 "
         "GROUP BY currency,scale ORDER BY currency NULLS FIRST,scale";
}

std::string put_states() {
  return insert_into("transfer_states", kTransferStateColumns) +
         " ON CONFLICT (id) DO UPDATE SET status=excluded.status,settled=excluded.settled,"
         "expires_at=excluded.expires_at";
}

}  // namespace

StatementTexts statement_texts(const Settings& settings) {
  const std::string journal = "SELECT " + names_of(kJournalColumns, "j.") + " FROM {s}.journal j ";
  const std::string accounts = "SELECT " + names_of(kAccountColumns) + " FROM {s}.accounts ";
  const std::string states =
      "SELECT " + names_of(kTransferStateColumns) + " FROM {s}.transfer_states ";
  const std::string checkpoints =
      "SELECT " + names_of(kCheckpointColumns) + " FROM {s}.checkpoints WHERE account=$1::bigint ";
  StatementTexts all = {
      {kBeginSerializable, "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"},
      {kBeginReadCommitted, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
      {kCommit, "COMMIT"},
      {kRollBack, "ROLLBACK"},
      {kSetSavepoint, "SAVEPOINT libledger"},
      {kReleaseSavepoint, "RELEASE SAVEPOINT libledger"},
      {kReturnToSavepoint, "ROLLBACK TO SAVEPOINT libledger"},
      {kFindRecorded, find_transfers("f.key=ANY($1::text[])")},
      {kFindTransfers, find_transfers("f.seq=ANY($1::bigint[]) AND f.key IS NOT NULL")},
      {kLastAccountId, "SELECT max(id) FROM {s}.accounts"},
      // In one order for all, so that no two wait for each other. Nothing refers to an account by
      // a foreign key, hence NO KEY: it is the lock that an update takes anyway.
      {kLockAccounts, accounts + "WHERE id=ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE"},
      {kFindAccounts, accounts + "WHERE id=ANY($1::bigint[]) ORDER BY id"},
      {kFindReferences, "SELECT reference FROM {s}.accounts WHERE reference=ANY($1::text[])"},
      {kFindNamedAccount, accounts + "WHERE reference=$1::text"},
      {kFindStates, states + "WHERE id=ANY($1::bigint[]) ORDER BY id"},
      {kReserveRows, "SELECT {s}.reserve_journal_rows($1::bigint)"},
      {kFindRows, journal + "WHERE j.seq=ANY($1::bigint[]) ORDER BY j.seq"},
      {kReadJournal, journal + "WHERE j.seq>=$1::bigint ORDER BY j.seq LIMIT $2::bigint"},
      {kReadAccounts, accounts + "WHERE id>$1::bigint ORDER BY id LIMIT $2::bigint"},
      {kReadStates, states + "WHERE id>$1::bigint ORDER BY id LIMIT $2::bigint"},
      {kFindExpired,
       "SELECT id FROM {s}.transfer_states WHERE status=3 AND expires_at<=$1::timestamptz "
       "ORDER BY expires_at,id LIMIT $2::bigint"},
      {kFindByReference, find_ids("j.reference=$1::text")},
      {kFindReferring, find_ids("j.refers_to=$1::bigint")},
      {kReadEntries, read_entries()},
      {kFindCheckpoint, checkpoints + "AND version>=$2::bigint ORDER BY version LIMIT 1"},
      {kFindCheckpointAfter,
       checkpoints + "AND recorded_at>$2::timestamptz ORDER BY recorded_at,version LIMIT 1"},
      {kReadTotals, read_totals()},
      {kUpdateState, update_state()},
      {kUpdateAccounts, update_accounts()},
      {kInsertAccounts, insert_into("accounts", kAccountColumns)},
      {kInsertPlainRows, insert_into("journal", kPlainJournalColumns)},
      {kInsertRows, insert_into("journal", kJournalColumns)},
      {kInsertCheckpoints, insert_into("checkpoints", kCheckpointColumns)},
      {kPutStates, put_states()},
      {kReadIdentity, "SELECT secret FROM {s}.identity"},
      {kCheck,
       "SELECT (current_setting('transaction_read_only')='on')::integer,"
       "(SELECT count(*) FROM (SELECT FROM {s}.journal LIMIT 1) one)"},
  };
  for (auto& [name, sql] : all)
    sql = settings.with_schema(std::move(sql));
  return all;
}

Result<void> prepare_statements(Connection& connection, const Settings& settings,
                                SteadyTime deadline) {
  for (const auto& [name, sql] : statement_texts(settings)) {
    if (auto sent = connection.prepare(name, sql); !sent) return sent;
  }
  auto done = connection.run(deadline);
  if (!done) return done.error();
  return {};
}

}  // namespace ledger::postgres
