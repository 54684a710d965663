#include "store/sqlite/session.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "store/sqlite/rows.h"

namespace ledger::sqlite {
namespace {

constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();

std::int64_t clamp_limit(std::size_t limit) {
  return limit > static_cast<std::size_t>(kMax) ? kMax : static_cast<std::int64_t>(limit);
}

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

/// True when an update changes what a posting changes, and nothing else.
bool only_state_changes(const Account& before, const Account& after) {
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
  const std::pair<Statement*, std::string> statements[] = {
      {&begin_, "BEGIN IMMEDIATE"},
      {&commit_, "COMMIT"},
      {&roll_back_, "ROLLBACK"},
      {&last_seq_, "SELECT max(seq) FROM journal"},
      {&last_account_, "SELECT max(id) FROM accounts"},
      {&find_key_, journal + "WHERE key = ?"},
      {&find_account_, accounts + "WHERE id = ?"},
      {&rows_between_, journal + "WHERE seq BETWEEN ? AND ? ORDER BY seq LIMIT ?"},
      {&accounts_after_, accounts + "WHERE id > ? ORDER BY id LIMIT ?"},
      {&insert_row_, insert_into("journal", kJournalColumns)},
      {&insert_account_, insert_into("accounts", kAccountColumns)},
      {&insert_checkpoint_, insert_into("checkpoints", "account,version,seq,recorded_at")},
      // The fence: whoever computed from an older version changes nothing.
      {&update_state_,
       "UPDATE accounts SET balance=?,held=?,version=?,last_seq=? "
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
  return {};
}

Result<void> Session::insert_account(const Account& account) {
  Run run(insert_account_);
  bind_account(run, account);
  return finish(run, "cannot add an account");
}

Result<void> Session::update_account(const WriteSet::Update& update, const Account* loaded) {
  const Account& account = update.account;
  const bool state_only = loaded != nullptr && only_state_changes(*loaded, account);
  Run run(state_only ? update_state_ : update_account_);
  if (state_only) {
    run.bind(account.balance).bind(account.held).bind(account.version).bind(account.last_seq);
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
  Run run(insert_row_);
  bind_row(run, row);
  return finish(run, "cannot append to the journal");
}

Result<void> Session::insert_checkpoint(const Checkpoint& checkpoint) {
  Run run(insert_checkpoint_);
  run.bind(to_int(checkpoint.account)).bind(checkpoint.version).bind(checkpoint.seq);
  run.bind(std::int64_t{checkpoint.recorded_at.time_since_epoch().count()});
  return finish(run, "cannot add a checkpoint");
}

Result<std::vector<JournalRow>> Session::find_recorded(std::span<const std::string_view> keys) {
  std::vector<JournalRow> rows;
  for (const std::string_view key : keys) {
    Run run(find_key_);
    run.bind_text(key);
    const int result = run.step();
    if (result == SQLITE_DONE) continue;
    if (result != SQLITE_ROW) return error(result, "cannot look a key up");
    auto first = read_row(run);
    if (!first) return first.error();
    const Seq seq = first->seq;
    const std::int64_t legs = std::max<std::int64_t>(first->legs, 1);
    rows.push_back(std::move(*first));
    if (legs == 1) continue;

    const std::size_t before = rows.size();
    auto others = append_rows(seq + 1, seq + legs - 1, static_cast<std::size_t>(legs - 1), rows);
    if (!others) return others.error();
    const bool complete = rows.size() - before == static_cast<std::size_t>(legs - 1);
    const bool own = std::all_of(rows.begin() + static_cast<std::ptrdiff_t>(before), rows.end(),
                                 [](const JournalRow& row) { return row.key.empty(); });
    if (!complete || !own) {
      return Error{ErrorCode::store_corrupt,
                   "the transfer at journal row " + std::to_string(seq) + " is incomplete"};
    }
  }
  const auto by_seq = [](const JournalRow& a, const JournalRow& b) { return a.seq < b.seq; };
  if (!std::is_sorted(rows.begin(), rows.end(), by_seq)) {
    std::sort(rows.begin(), rows.end(), by_seq);
  }
  return rows;
}

Result<void> Session::append_rows(Seq first, Seq last, std::size_t limit,
                                  std::vector<JournalRow>& rows) {
  Run run(rows_between_);
  run.bind(first).bind(last).bind(clamp_limit(limit));
  int result = SQLITE_ROW;
  while ((result = run.step()) == SQLITE_ROW) {
    auto row = read_row(run);
    if (!row) return row.error();
    rows.push_back(std::move(*row));
  }
  if (result != SQLITE_DONE) return error(result, "cannot read the journal");
  return {};
}

Result<std::vector<JournalRow>> Session::read_journal(Seq first, std::size_t limit) {
  std::vector<JournalRow> rows;
  if (auto done = append_rows(first, kMax, limit, rows); !done) return done.error();
  return rows;
}

Result<std::optional<Account>> Session::find_account(AccountId id) {
  Run run(find_account_);
  run.bind(to_int(id));
  const int result = run.step();
  if (result == SQLITE_DONE) return std::optional<Account>{};
  if (result != SQLITE_ROW) return error(result, "cannot look an account up");
  auto account = read_account(run);
  if (!account) return account.error();
  return std::optional<Account>(std::move(*account));
}

Result<std::vector<Account>> Session::read_accounts(AccountId after, std::size_t limit) {
  std::vector<Account> accounts;
  Run run(accounts_after_);
  run.bind(to_int(after)).bind(clamp_limit(limit));
  int result = SQLITE_ROW;
  while ((result = run.step()) == SQLITE_ROW) {
    auto account = read_account(run);
    if (!account) return account.error();
    accounts.push_back(std::move(*account));
  }
  if (result != SQLITE_DONE) return error(result, "cannot read the accounts");
  return accounts;
}

}  // namespace ledger::sqlite
