#include "store/sqlite/session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/sqlite/rows.h"

namespace ledger::sqlite {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

/// "?,?,?" for a list of columns.
std::string parameters(std::string_view columns) {
  std::string list = "?";
  for (const char c : columns) {
    if (c == ',') list += ",?";
  }
  return list;
}

std::string insert_into(const char* table, const char* columns) {
  return std::string("INSERT INTO ") + table + "(" + columns + ") VALUES(" + parameters(columns) +
         ")";
}

/// True when an update changes what a posting or a hold changes, and nothing else.
bool only_amounts_change(const Account& before, const Account& after) {
  return before.terms == after.terms && before.created_at == after.created_at &&
         before.reference == after.reference && before.metadata == after.metadata;
}

const Account* find_loaded(const Snapshot& loaded, AccountId id) {
  // load() keeps the request's order, which is sorted.
  const auto found = std::lower_bound(
      loaded.accounts.begin(), loaded.accounts.end(), id,
      [](const Account& account, AccountId wanted) { return account.id < wanted; });
  return found != loaded.accounts.end() && found->id == id ? &*found : nullptr;
}

}  // namespace

Result<std::unique_ptr<Session>> Session::open(const std::string& path) {
  return make(open_connection(path));
}

Result<std::unique_ptr<Session>> Session::reopen(const std::string& path,
                                                 const FileIdentity& file) {
  return make(reopen_connection(path, file));
}

Result<std::unique_ptr<Session>> Session::make(Result<Connection> connection) {
  if (!connection) return connection.error();
  std::unique_ptr<Session> session(new Session(std::move(*connection)));
  if (auto prepared = session->prepare(); !prepared) return prepared.error();
  return session;
}

Result<void> Session::prepare() {
  const std::string journal = std::string("SELECT ") + kJournalColumns + " FROM journal ";
  const std::string accounts = std::string("SELECT ") + kAccountColumns + " FROM accounts ";
  const std::string states = std::string("SELECT ") + kStateColumns + " FROM transfer_states ";
  const std::pair<Statement*, std::string> statements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&roll_back_, "ROLLBACK"},
      {&last_seq_, "SELECT max(seq) FROM journal"},
      {&last_account_, "SELECT max(id) FROM accounts"},
      {&find_key_, journal + "WHERE key = ?"},
      {&find_row_, journal + "WHERE seq = ?"},
      {&find_first_row_, journal + "WHERE seq = ? AND key IS NOT NULL"},
      {&rows_between_, journal + "WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"},
      {&find_reference_,
       "SELECT id FROM transfers_by_reference WHERE reference = ? AND id > ? ORDER BY id LIMIT ?"},
      {&find_referring_,
       "SELECT id FROM transfers_by_origin WHERE refers_to = ? AND id > ? ORDER BY id LIMIT ?"},
      {&find_account_, accounts + "WHERE id = ?"},
      {&find_account_reference_, accounts + "WHERE reference = ?"},
      {&accounts_after_, accounts + "WHERE id > ? ORDER BY id LIMIT ?"},
      {&find_state_, states + "WHERE id = ?"},
      {&states_after_, states + "WHERE id > ? ORDER BY id LIMIT ?"},
      {&find_expired_,
       "SELECT id FROM transfer_states WHERE status = 3 AND expires_at <= ? "
       "ORDER BY expires_at, id LIMIT ?"},
      {&find_checkpoint_, std::string("SELECT ") + kCheckpointColumns +
                              " FROM checkpoints WHERE account = ? AND version >= ? "
                              "ORDER BY version LIMIT 1"},
      {&insert_row_, insert_into("journal", kJournalColumns)},
      {&insert_reference_, insert_into("transfers_by_reference", "reference,id")},
      {&insert_origin_, insert_into("transfers_by_origin", "refers_to,id")},
      {&insert_account_, insert_into("accounts", kAccountColumns)},
      {&insert_checkpoint_, insert_into("checkpoints", kCheckpointColumns)},
      {&put_state_, insert_into("transfer_states", kStateColumns) +
                        " ON CONFLICT(id) DO UPDATE SET status=excluded.status,"
                        "settled=excluded.settled,expires_at=excluded.expires_at"},
      // The fence: whoever computed from an older version changes nothing.
      {&update_amounts_,
       "UPDATE accounts SET balance=?,held=?,incoming=?,version=?,last_seq=?,last_at=? "
       "WHERE id=? AND version=?"},
      {&update_account_, std::string("UPDATE accounts SET (") + kAccountColumns + ")=(" +
                             parameters(kAccountColumns) + ") WHERE id=? AND version=?"},
  };
  for (const auto& [statement, sql] : statements) {
    auto prepared = connection_.database.prepare(sql, During::opening);
    if (!prepared) return prepared.error();
    *statement = std::move(*prepared);
  }
  return {};
}

bool Session::moved() const {
  int moved = 0;
  const int result =
      sqlite3_file_control(connection_.database.handle(), "main", SQLITE_FCNTL_HAS_MOVED, &moved);
  return result == SQLITE_OK && moved != 0;
}

Error Session::error(int result, const char* what) const {
  return connection_.database.error(result, During::working, what);
}

Result<void> Session::finish(Run& run, const char* what) {
  const int result = run.step();
  if (result != SQLITE_DONE) return error(result, what);
  return {};
}

Result<void> Session::begin() {
  Run run(begin_);
  return finish(run, "cannot begin");
}

Result<void> Session::commit() {
  // After an auto-rollback nothing is left to commit, and COMMIT would say so with an error that
  // looks like a commit in doubt.
  if (!connection_.database.in_transaction()) {
    return Error{ErrorCode::store_unavailable, "the transaction was rolled back by an I/O error"};
  }
  Run run(commit_);
  const int result = run.step();
  if (result != SQLITE_DONE) {
    return connection_.database.error(result, During::committing, "cannot commit");
  }
  return {};
}

bool Session::roll_back() {
  if (connection_.database.in_transaction()) {
    Run run(roll_back_);
    (void)run.step();
  }
  return !connection_.database.in_transaction();
}

Result<std::int64_t> Session::greatest(const Statement& statement) {
  Run run(statement);
  const int result = run.step();
  if (result != SQLITE_ROW) return error(result, "cannot read the greatest number");
  return run.integer();
}

Result<Snapshot> Session::load(const LoadRequest& request) {
  Snapshot snapshot;
  const auto last_seq = greatest(last_seq_);
  if (!last_seq) return last_seq.error();
  const auto last_account = greatest(last_account_);
  if (!last_account) return last_account.error();
  if (*last_seq == kMax) return Error{ErrorCode::store_corrupt, "the journal's seq is used up"};
  snapshot.next_seq = *last_seq + 1;
  snapshot.next_account_id = AccountId{*last_account == kMax ? kMax : *last_account + 1};

  snapshot.accounts.reserve(request.accounts.size());
  for (const AccountId id : request.accounts) {
    auto account = find_account(id);
    if (!account) return account.error();
    if (account->has_value()) snapshot.accounts.push_back(std::move(**account));
  }
  auto recorded = find_recorded(request.keys);
  if (!recorded) return recorded.error();
  snapshot.recorded = std::move(*recorded);
  auto states = find_states(request.states);
  if (!states) return states.error();
  snapshot.states = std::move(*states);
  for (const std::string_view reference : request.references) {
    const auto account = find_account_by_reference(reference);
    if (!account) return account.error();
    if (account->has_value()) snapshot.references.emplace_back(reference);
  }
  return snapshot;
}

Result<void> Session::write(const WriteSet& writes, const Snapshot& loaded) {
  // An I/O error in a read on this connection may have rolled the transaction back; every statement
  // would then commit by itself.
  if (!connection_.database.in_transaction()) {
    return Error{ErrorCode::store_unavailable, "the transaction was rolled back by an I/O error"};
  }
  for (const auto& update : writes.updated) {
    if (auto done = update_account(update, find_loaded(loaded, update.account.id)); !done) {
      return done;
    }
  }
  for (const auto& account : writes.created) {
    if (auto done = insert_account(account); !done) return done;
  }
  for (const auto& row : writes.rows) {
    if (auto done = insert_row(row); !done) return done;
  }
  for (const auto& checkpoint : writes.checkpoints) {
    if (auto done = insert_checkpoint(checkpoint); !done) return done;
  }
  for (const auto& state : writes.states) {
    if (auto done = put_state(state); !done) return done;
  }
  return {};
}

Result<void> Session::insert_account(const Account& account) {
  Run run(insert_account_);
  bind_account(run, account);
  return finish(run, "cannot add an account");
}

Result<void> Session::update_account(const WriteSet::Update& update, const Account* loaded) {
  const Account& account = update.account;
  const bool amounts_only = loaded != nullptr && only_amounts_change(*loaded, account);
  Run run(amounts_only ? update_amounts_ : update_account_);
  if (amounts_only) {
    run.bind(account.balance).bind(account.held).bind(account.incoming);
    run.bind(account.version).bind(account.last_seq).bind(micros(account.last_at));
  } else {
    bind_account(run, account);
  }
  run.bind(to_int(account.id)).bind(update.expected_version);
  if (auto done = finish(run, "cannot update an account"); !done) return done;
  if (sqlite3_changes(connection_.database.handle()) != 1) {
    return Error{ErrorCode::conflict, "account " + std::to_string(to_int(account.id)) +
                                          " is not at version " +
                                          std::to_string(update.expected_version)};
  }
  return {};
}

Result<void> Session::insert_row(const JournalRow& row) {
  {
    Run run(insert_row_);
    bind_row(run, row);
    if (auto done = finish(run, "cannot append to the journal"); !done) return done;
  }
  if (row.reference.empty() && !row.refers_to.has_value()) return {};
  const bool is_transfer = row.kind < JournalKind::account_opened;
  if (row.key.empty() || !row.committed() || !is_transfer) return {};
  return index_transfer(row);
}

Result<void> Session::index_transfer(const JournalRow& row) {
  if (!row.reference.empty()) {
    Run run(insert_reference_);
    run.bind_text(row.reference).bind(row.seq);
    if (auto done = finish(run, "cannot index a reference"); !done) return done;
  }
  if (row.refers_to.has_value()) {
    Run run(insert_origin_);
    run.bind(to_int(*row.refers_to)).bind(row.seq);
    if (auto done = finish(run, "cannot index what a transfer refers to"); !done) return done;
  }
  return {};
}

Result<void> Session::insert_checkpoint(const Checkpoint& checkpoint) {
  Run run(insert_checkpoint_);
  bind_checkpoint(run, checkpoint);
  return finish(run, "cannot add a checkpoint");
}

Result<void> Session::put_state(const TransferState& state) {
  Run run(put_state_);
  bind_state(run, state);
  return finish(run, "cannot keep a transfer's state");
}

}  // namespace ledger::sqlite
