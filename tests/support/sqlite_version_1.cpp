#include "support/sqlite_version_1.h"

#include <doctest/doctest.h>
#include <sqlite3.h>

#include <chrono>
#include <memory>
#include <optional>
#include <utility>

namespace ledger::testing {
namespace {

// Frozen: what was released. Never to be changed with the schema.
constexpr const char* kSchema = R"(
PRAGMA application_id=0x4C475231;
PRAGMA user_version=1;
CREATE TABLE journal(
  seq INTEGER PRIMARY KEY,
  kind INTEGER NOT NULL,
  decline INTEGER NOT NULL,
  key TEXT,
  fingerprint BLOB,
  legs INTEGER NOT NULL,
  from_account INTEGER NOT NULL,
  to_account INTEGER NOT NULL,
  amount INTEGER NOT NULL,
  currency TEXT,
  scale INTEGER NOT NULL,
  from_version INTEGER NOT NULL,
  from_balance INTEGER NOT NULL,
  from_held INTEGER NOT NULL,
  from_previous INTEGER NOT NULL,
  to_version INTEGER NOT NULL,
  to_balance INTEGER NOT NULL,
  to_held INTEGER NOT NULL,
  to_previous INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  refers_to INTEGER,
  effective_at INTEGER,
  expires_at INTEGER,
  reference TEXT,
  metadata TEXT,
  terms_currency TEXT,
  terms_scale INTEGER,
  terms_status INTEGER,
  terms_min_balance INTEGER,
  terms_max_balance INTEGER
) STRICT;
CREATE UNIQUE INDEX journal_key ON journal(key) WHERE key IS NOT NULL;
CREATE TRIGGER journal_refuses_update BEFORE UPDATE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TRIGGER journal_refuses_delete BEFORE DELETE ON journal
BEGIN SELECT RAISE(ABORT, 'the journal is append-only'); END;
CREATE TABLE accounts(
  id INTEGER PRIMARY KEY,
  currency TEXT,
  scale INTEGER NOT NULL,
  status INTEGER NOT NULL,
  min_balance INTEGER,
  max_balance INTEGER,
  balance INTEGER NOT NULL,
  held INTEGER NOT NULL,
  version INTEGER NOT NULL,
  last_seq INTEGER NOT NULL,
  created_at INTEGER NOT NULL,
  reference TEXT,
  metadata TEXT,
  CONSTRAINT available_not_below_min_balance CHECK (balance - held >= min_balance),
  CONSTRAINT balance_not_above_max_balance CHECK (balance <= max_balance),
  CONSTRAINT held_not_negative CHECK (held >= 0)
) STRICT;
CREATE UNIQUE INDEX accounts_reference ON accounts(reference) WHERE reference IS NOT NULL;
CREATE TABLE checkpoints(
  account INTEGER NOT NULL,
  version INTEGER NOT NULL,
  seq INTEGER NOT NULL,
  recorded_at INTEGER NOT NULL,
  PRIMARY KEY (account, version)
) STRICT, WITHOUT ROWID;
)";

constexpr Timestamp kStart{std::chrono::seconds(1'700'000'000)};
constexpr std::int64_t kUnused = 4;  ///< the account without an entry
constexpr int kTransfers = 70;

/// Computes the rows as the core did.
class Contents {
 public:
  Contents() {
    for (std::int64_t id = 1; id <= kUnused; ++id)
      open(id);
    transfer("deposit", {{1, 2, 100'000}});
    transfer("order", {{2, 3, 300}, {2, 1, 20}});
    file_.rows[file_.rows.size() - 2].reference = "order-7";
    file_.rows[file_.rows.size() - 2].metadata = R"({"cart":7})";
    decline("too much");
    for (int i = 0; i < kTransfers; ++i)
      transfer("small " + std::to_string(i), {{2, 3, 1}});
  }

  Version1 take() { return std::move(file_); }

 private:
  struct Move {
    std::int64_t from;
    std::int64_t to;
    MinorUnits amount;
  };

  JournalRow& add(const std::string& key, JournalKind kind) {
    JournalRow row;
    row.seq = std::ssize(file_.rows) + 1;
    row.kind = kind;
    row.key = key;
    row.recorded_at = kStart + std::chrono::milliseconds(row.seq);
    if (!key.empty()) row.legs = 1;
    if (!key.empty()) row.fingerprint.fill(static_cast<std::uint8_t>(row.seq));
    return file_.rows.emplace_back(std::move(row));
  }

  void open(std::int64_t id) {
    JournalRow& row = add("open " + std::to_string(id), JournalKind::account_opened);
    Account account;
    account.id = AccountId{id};
    account.terms.currency = *Currency::stored("USD", 2);
    if (id == 1) account.terms.min_balance.reset();
    if (id == 3) account.terms.max_balance = 1'000;
    if (id == 3) account.reference = "three";
    account.created_at = row.recorded_at;
    row.to = account.id;
    row.terms = account.terms;
    row.reference = account.reference;
    file_.accounts.push_back(account);
  }

  void transfer(const std::string& key, const std::vector<Move>& moves) {
    for (std::size_t leg = 0; leg < moves.size(); ++leg) {
      JournalRow& row = add(leg == 0 ? key : "", JournalKind::transfer);
      if (leg == 0) row.legs = static_cast<std::int32_t>(moves.size());
      fill(row, moves[leg]);
      row.from_entry = post(row.from, -row.amount, row);
      row.to_entry = post(row.to, row.amount, row);
    }
  }

  void decline(const std::string& key) {
    JournalRow& row = add(key, JournalKind::transfer);
    fill(row, {3, 2, 999'999});
    row.reference = "order-7";  // as what was asked for again, with less
    row.decline = static_cast<std::uint16_t>(ErrorCode::insufficient_funds);
  }

  static void fill(JournalRow& row, const Move& move) {
    row.from = AccountId{move.from};
    row.to = AccountId{move.to};
    row.amount = move.amount;
    row.currency = *Currency::stored("USD", 2);
  }

  Entry post(AccountId id, MinorUnits change, const JournalRow& row) {
    Account& account = file_.accounts[static_cast<std::size_t>(to_int(id) - 1)];
    account.balance += change;
    ++account.version;
    const Entry entry{.version = account.version,
                      .balance = account.balance,
                      .previous = std::exchange(account.last_seq, row.seq)};
    account.last_at = row.recorded_at;
    if (account.version % kCheckpointInterval == 0) {
      file_.checkpoints.push_back({id, account.version, row.seq, row.recorded_at});
    }
    return entry;
  }

  Version1 file_;
};

std::string text(const std::string& value) { return value.empty() ? "NULL" : "'" + value + "'"; }

std::string number(const std::optional<std::int64_t>& value) {
  return value ? std::to_string(*value) : "NULL";
}

std::string micros(Timestamp time) { return std::to_string(time.time_since_epoch().count()); }

std::string currency(const Currency& currency) {
  return text(std::string(currency.code())) + "," + std::to_string(currency.scale());
}

std::string entry(const Entry& entry) {
  return std::to_string(entry.version) + "," + std::to_string(entry.balance) + "," +
         std::to_string(entry.held) + "," + std::to_string(entry.previous);
}

std::string fingerprint(const JournalRow& row) {
  if (row.key.empty()) return "NULL";
  std::string hex;
  for (const std::uint8_t byte : row.fingerprint) {
    hex += "0123456789abcdef"[byte / 16];
    hex += "0123456789abcdef"[byte % 16];
  }
  return "x'" + hex + "'";
}

std::string terms(const std::optional<AccountTerms>& terms) {
  if (!terms) return "NULL,NULL,NULL,NULL,NULL";
  return currency(terms->currency) + "," + std::to_string(static_cast<int>(terms->status)) + "," +
         number(terms->min_balance) + "," + number(terms->max_balance);
}

/// The values in the order of the table's columns.
std::string values(const JournalRow& row) {
  return std::to_string(row.seq) + "," + std::to_string(static_cast<int>(row.kind)) + "," +
         std::to_string(row.decline) + "," + text(row.key) + "," + fingerprint(row) + "," +
         std::to_string(row.legs) + "," + std::to_string(to_int(row.from)) + "," +
         std::to_string(to_int(row.to)) + "," + std::to_string(row.amount) + "," +
         currency(row.currency) + "," + entry(row.from_entry) + "," + entry(row.to_entry) + "," +
         micros(row.recorded_at) + ",NULL,NULL,NULL," + text(row.reference) + "," +
         text(row.metadata) + "," + terms(row.terms);
}

std::string values(const Account& account) {
  return std::to_string(to_int(account.id)) + "," + terms(account.terms) + "," +
         std::to_string(account.balance) + "," + std::to_string(account.held) + "," +
         std::to_string(account.version) + "," + std::to_string(account.last_seq) + "," +
         micros(account.created_at) + "," + text(account.reference) + "," + text(account.metadata);
}

std::string values(const Checkpoint& checkpoint) {
  return std::to_string(to_int(checkpoint.account)) + "," + std::to_string(checkpoint.version) +
         "," + std::to_string(checkpoint.seq) + "," + micros(checkpoint.recorded_at);
}

template <class T>
std::string inserts(const std::string& table, const std::vector<T>& all) {
  std::string sql;
  for (const T& one : all)
    sql += "INSERT INTO " + table + " VALUES(" + values(one) + ");\n";
  return sql;
}

}  // namespace

Version1 write_sqlite_version_1(const std::string& path) {
  Version1 file = Contents().take();
  const std::string sql = std::string("PRAGMA journal_mode=WAL;BEGIN;") + kSchema +
                          inserts("journal", file.rows) + inserts("accounts", file.accounts) +
                          inserts("checkpoints", file.checkpoints) + "COMMIT;";
  sqlite3* database = nullptr;
  REQUIRE(sqlite3_open(path.c_str(), &database) == SQLITE_OK);
  const std::unique_ptr<sqlite3, int (*)(sqlite3*)> closing(database, sqlite3_close);
  const int result = sqlite3_exec(database, sql.c_str(), nullptr, nullptr, nullptr);
  REQUIRE_MESSAGE(result == SQLITE_OK, sqlite3_errmsg(database));
  return file;
}

}  // namespace ledger::testing
