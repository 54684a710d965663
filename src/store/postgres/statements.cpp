#include "store/postgres/statements.h"

#include <span>
#include <utility>

#include "store/postgres/rows.h"

namespace ledger::postgres {
namespace {

using namespace statement;

constexpr Column kStateColumns[] = {
    {"id", "bigint"},   {"expected", "bigint"}, {"balance", "bigint"},
    {"held", "bigint"}, {"version", "bigint"},  {"last_seq", "bigint"},
};

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
  return fenced_update("balance=n.balance,held=n.held,version=n.version,last_seq=n.last_seq",
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

}  // namespace

StatementTexts statement_texts(const Settings& settings) {
  const std::string journal = "SELECT " + names_of(kJournalColumns, "j.") + " FROM {s}.journal j ";
  const std::string accounts = "SELECT " + names_of(kAccountColumns) + " FROM {s}.accounts ";
  StatementTexts all = {
      {kBeginSerializable, "BEGIN ISOLATION LEVEL SERIALIZABLE READ WRITE"},
      {kBeginReadCommitted, "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE"},
      {kCommit, "COMMIT"},
      {kRollBack, "ROLLBACK"},
      {kSetSavepoint, "SAVEPOINT libledger"},
      {kReleaseSavepoint, "RELEASE SAVEPOINT libledger"},
      {kReturnToSavepoint, "ROLLBACK TO SAVEPOINT libledger"},
      // OFFSET 0 keeps the two apart: joined, they would be read in the order that the planner
      // guesses to be cheaper, and with statistics at hand it would start with the whole journal.
      {kFindRecorded, "SELECT j.* FROM {s}.journal f CROSS JOIN LATERAL (" + journal +
                          "WHERE j.seq BETWEEN f.seq AND f.seq+f.legs-1 OFFSET 0) j "
                          "WHERE f.key=ANY($1::text[]) ORDER BY j.seq"},
      {kLastAccountId, "SELECT max(id) FROM {s}.accounts"},
      // In one order for all, so that no two wait for each other. Nothing refers to an account by
      // a foreign key, hence NO KEY: it is the lock that an update takes anyway.
      {kLockAccounts, accounts + "WHERE id=ANY($1::bigint[]) ORDER BY id FOR NO KEY UPDATE"},
      {kFindAccounts, accounts + "WHERE id=ANY($1::bigint[]) ORDER BY id"},
      {kReserveRows, "SELECT {s}.reserve_rows($1::bigint)"},
      {kReadJournal, journal + "WHERE j.seq>=$1::bigint ORDER BY j.seq LIMIT $2::bigint"},
      {kReadAccounts, accounts + "WHERE id>$1::bigint ORDER BY id LIMIT $2::bigint"},
      {kUpdateState, update_state()},
      {kUpdateAccounts, update_accounts()},
      {kInsertAccounts, insert_into("accounts", kAccountColumns)},
      {kInsertPlainRows, insert_into("journal", kPlainJournalColumns)},
      {kInsertRows, insert_into("journal", kJournalColumns)},
      {kInsertCheckpoints, insert_into("checkpoints", kCheckpointColumns)},
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
