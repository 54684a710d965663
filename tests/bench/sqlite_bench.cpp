// What the SQLite store costs above SQLite itself: batches of transfers through the Store port,
// against a bare loop that writes the same rows to the same schema. Rounds alternate, so that both
// see the same machine. Prints ratios; absolute figures are only this machine's.
//
//   sqlite_bench [rounds]        in a private folder below the current one, removed afterwards
#include <sqlite3.h>

#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <random>
#include <string>
#include <vector>

#include "ledger/sqlite_store.h"

namespace ledger {
namespace {

constexpr std::int64_t kAccounts = 10'000;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "sqlite_bench: %s\n", what.c_str());
  std::exit(1);
}

enum class Keys { time_ordered, random };

/// Write sets like those the core computes, over accounts it keeps the state of.
class Workload {
 public:
  Workload(Keys keys, std::uint64_t seed) : keys_(keys), random_(seed) {
    const auto usd = Currency::stored("USD", 2);
    if (!usd) fail("no USD");
    usd_ = *usd;
    accounts_.resize(kAccounts);
    for (std::int64_t i = 0; i < kAccounts; ++i) {
      Account& account = accounts_[static_cast<std::size_t>(i)];
      account.id = AccountId{i + 1};
      account.terms = AccountTerms{usd_, 0, std::nullopt, AccountStatus::open};
      account.balance = 1'000'000'00;
      account.created_at = kEpoch;
    }
  }

  WriteSet opening() {
    WriteSet writes;
    for (Account& account : accounts_) {
      JournalRow row = next_row();
      row.kind = JournalKind::account_opened;
      row.to = account.id;
      row.terms = account.terms;
      writes.rows.push_back(row);
      writes.created.push_back(account);
    }
    return writes;
  }

  WriteSet transfers(std::size_t count) {
    WriteSet writes;
    std::vector<std::int64_t> before(accounts_.size(), -1);
    std::uniform_int_distribution<std::size_t> pick(0, accounts_.size() - 1);
    for (std::size_t i = 0; i < count; ++i) {
      JournalRow row = next_row();
      Account& from = accounts_[pick(random_)];
      Account& to = accounts_[pick(random_)];
      if (from.id == to.id) {
        --i, --seq_;
        continue;
      }
      row.from = from.id;
      row.to = to.id;
      row.amount = 1 + static_cast<std::int64_t>(i % 100);
      row.from_entry = post(from, -row.amount, row, before, writes);
      row.to_entry = post(to, row.amount, row, before, writes);
      writes.rows.push_back(std::move(row));
    }
    for (std::size_t i = 0; i < before.size(); ++i) {
      if (before[i] >= 0) writes.updated.push_back({accounts_[i], before[i]});
    }
    return writes;
  }

 private:
  static constexpr Timestamp kEpoch{std::chrono::seconds(1'700'000'000)};

  JournalRow next_row() {
    JournalRow row;
    row.seq = ++seq_;
    row.recorded_at = kEpoch + std::chrono::microseconds(seq_ * 7);
    char key[40];
    const auto low = static_cast<unsigned long long>(random_());
    const auto high = keys_ == Keys::time_ordered ? static_cast<unsigned long long>(seq_)
                                                  : static_cast<unsigned long long>(random_());
    std::snprintf(key, sizeof key, "%016llx%016llx", high, low);
    row.key = key;
    row.legs = 1;
    row.currency = usd_;
    for (auto& byte : row.fingerprint)
      byte = static_cast<std::uint8_t>(random_());
    return row;
  }

  static Entry post(Account& account, std::int64_t change, const JournalRow& row,
                    std::vector<std::int64_t>& before, WriteSet& writes) {
    auto& seen = before[static_cast<std::size_t>(to_int(account.id) - 1)];
    if (seen < 0) seen = account.version;
    account.balance += change;
    ++account.version;
    const Entry entry{
        .version = account.version, .balance = account.balance, .previous = account.last_seq};
    account.last_seq = row.seq;
    account.last_at = row.recorded_at;
    if (account.version % kCheckpointInterval == 0) {
      writes.checkpoints.push_back({account.id, account.version, row.seq, row.recorded_at});
    }
    return entry;
  }

  Keys keys_;
  std::mt19937_64 random_;
  Currency usd_;
  std::vector<Account> accounts_;
  Seq seq_ = 0;
};

/// What someone would write by hand: prepared statements, one transaction a batch, no checks.
class BareLoop {
 public:
  explicit BareLoop(const std::string& path) {
    check(sqlite3_open(path.c_str(), &database_));
    execute("PRAGMA locking_mode=EXCLUSIVE");
    execute("PRAGMA journal_mode=WAL");
    execute("PRAGMA synchronous=FULL");
    execute("PRAGMA secure_delete=OFF");
    execute("PRAGMA cache_size=-65536");
    execute("PRAGMA wal_autocheckpoint=4000");
    row_ = prepare(
        "INSERT INTO journal(seq,kind,decline,key,fingerprint,legs,from_account,to_account,amount,"
        "currency,scale,from_version,from_balance,from_held,from_previous,to_version,to_balance,"
        "to_held,to_previous,recorded_at)VALUES(?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)");
    account_ = prepare(
        "UPDATE accounts SET balance=?,held=?,incoming=?,version=?,last_seq=?,last_at=? "
        "WHERE id=? AND version=?");
    checkpoint_ = prepare("INSERT INTO checkpoints VALUES(?,?,?,?)");
  }
  ~BareLoop() {
    sqlite3_finalize(row_);
    sqlite3_finalize(account_);
    sqlite3_finalize(checkpoint_);
    sqlite3_close(database_);
  }
  BareLoop(const BareLoop&) = delete;
  BareLoop& operator=(const BareLoop&) = delete;

  void write(const WriteSet& writes) {
    execute("BEGIN IMMEDIATE");
    for (const auto& [account, version] : writes.updated) {
      bind(account_,
           {account.balance, account.held, account.incoming, account.version, account.last_seq,
            account.last_at.time_since_epoch().count(), to_int(account.id), version});
      run(account_);
    }
    for (const JournalRow& row : writes.rows) {
      bind(row_, {row.seq, static_cast<std::int64_t>(row.kind), row.decline});
      check(sqlite3_bind_text(row_, 4, row.key.data(), static_cast<int>(row.key.size()),
                              SQLITE_STATIC));
      check(sqlite3_bind_blob(row_, 5, row.fingerprint.data(), 16, SQLITE_STATIC));
      bind(row_, {row.legs, to_int(row.from), to_int(row.to), row.amount}, 6);
      const auto code = row.currency.code();
      check(sqlite3_bind_text(row_, 10, code.data(), static_cast<int>(code.size()),
                              SQLITE_TRANSIENT));
      bind(
          row_,
          {row.currency.scale(), row.from_entry.version, row.from_entry.balance,
           row.from_entry.held, row.from_entry.previous, row.to_entry.version, row.to_entry.balance,
           row.to_entry.held, row.to_entry.previous, row.recorded_at.time_since_epoch().count()},
          11);
      run(row_);
    }
    for (const Checkpoint& checkpoint : writes.checkpoints) {
      bind(checkpoint_, {to_int(checkpoint.account), checkpoint.version, checkpoint.seq,
                         checkpoint.recorded_at.time_since_epoch().count()});
      run(checkpoint_);
    }
    execute("COMMIT");
  }

 private:
  void check(int result) {
    if (result != SQLITE_OK) fail(sqlite3_errmsg(database_));
  }
  void execute(const char* sql) { check(sqlite3_exec(database_, sql, nullptr, nullptr, nullptr)); }
  sqlite3_stmt* prepare(const char* sql) {
    sqlite3_stmt* statement = nullptr;
    check(sqlite3_prepare_v3(database_, sql, -1, SQLITE_PREPARE_PERSISTENT, &statement, nullptr));
    return statement;
  }
  void bind(sqlite3_stmt* statement, std::initializer_list<std::int64_t> values, int first = 1) {
    for (const std::int64_t value : values)
      check(sqlite3_bind_int64(statement, first++, value));
  }
  void run(sqlite3_stmt* statement) {
    if (sqlite3_step(statement) != SQLITE_DONE) fail(sqlite3_errmsg(database_));
    sqlite3_reset(statement);
  }

  sqlite3* database_ = nullptr;
  sqlite3_stmt* row_ = nullptr;
  sqlite3_stmt* account_ = nullptr;
  sqlite3_stmt* checkpoint_ = nullptr;
};

class ThroughTheStore {
 public:
  explicit ThroughTheStore(const std::string& path) {
    auto store = open_sqlite_store({path});
    if (!store) fail(store.error().message());
    store_ = std::move(*store);
  }

  void write(const WriteSet& writes) {
    std::vector<std::string_view> keys;
    keys.reserve(writes.rows.size());
    for (const JournalRow& row : writes.rows)
      keys.push_back(row.key);
    std::sort(keys.begin(), keys.end());
    std::vector<AccountId> accounts;
    accounts.reserve(writes.updated.size());
    for (const auto& update : writes.updated)
      accounts.push_back(update.account.id);

    auto transaction = store_->begin({keys, accounts}, SteadyTime::max());
    if (!transaction) fail(transaction.error().message());
    const auto committed = (*transaction)->commit(writes);
    if (!committed) fail(committed.error().message());
  }

 private:
  std::unique_ptr<Store> store_;
};

struct Spread {
  double median = 0, low = 0, high = 0;
};

Spread spread(std::vector<double> values) {
  std::sort(values.begin(), values.end());
  return {values[values.size() / 2], values[values.size() / 10],
          values[values.size() - 1 - values.size() / 10]};
}

template <class Writer>
double seconds(Writer& writer, const std::vector<WriteSet>& batches) {
  const auto start = std::chrono::steady_clock::now();
  for (const WriteSet& batch : batches)
    writer.write(batch);
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

void compare(const std::filesystem::path& folder, Keys keys, std::size_t batch, int rounds) {
  const std::string store_path = folder / "store.db";
  const std::string bare_path = folder / "bare.db";
  for (const std::string& path : {store_path, bare_path}) {
    std::filesystem::remove(path);
    ThroughTheStore(path).write(Workload(keys, batch).opening());  // the same seed: the same rows
  }
  Workload workload(keys, batch);
  (void)workload.opening();
  ThroughTheStore store(store_path);
  BareLoop bare(bare_path);

  // Rounds of some 64,000 transfers: each takes in whole checkpoints.
  const std::size_t batches = std::max<std::size_t>(1, 64'000 / batch);
  std::vector<double> store_rates, bare_rates, ratios;
  for (int round = 0; round < rounds; ++round) {
    std::vector<WriteSet> work;
    for (std::size_t i = 0; i < batches; ++i)
      work.push_back(workload.transfers(batch));
    const auto count = static_cast<double>(batch * batches);
    double store_seconds = 0, bare_seconds = 0;
    if (round % 2 == 0) {
      store_seconds = seconds(store, work);
      bare_seconds = seconds(bare, work);
    } else {
      bare_seconds = seconds(bare, work);
      store_seconds = seconds(store, work);
    }
    store_rates.push_back(count / store_seconds);
    bare_rates.push_back(count / bare_seconds);
    ratios.push_back(store_seconds / bare_seconds);
  }
  const Spread s = spread(store_rates), b = spread(bare_rates), r = spread(ratios);
  std::printf(
      "%-12s %6zu  store %7.0f/s (%7.0f..%7.0f)  bare %7.0f/s (%7.0f..%7.0f)"
      "  time ratio %.2f (%.2f..%.2f)\n",
      keys == Keys::time_ordered ? "time-ordered" : "random", batch, s.median, s.low, s.high,
      b.median, b.low, b.high, r.median, r.low, r.high);
  std::fflush(stdout);
}

int run(int rounds) {
  std::string folder = std::filesystem::current_path() / "sqlite_bench_XXXXXX";
  if (mkdtemp(folder.data()) == nullptr) fail("cannot make a folder here");
  std::printf("SQLite %s; %d rounds of 64,000 transfers over %lld accounts; median (10%%..90%%)\n",
              sqlite3_libversion(), rounds, static_cast<long long>(kAccounts));
  for (const Keys keys : {Keys::time_ordered, Keys::random}) {
    for (const std::size_t batch : {1000U, 4000U, 8000U})
      compare(folder, keys, batch, rounds);
  }
  std::filesystem::remove_all(folder);
  return 0;
}

}  // namespace
}  // namespace ledger

int main(int argc, char** argv) {
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 9;
  return ledger::run(std::max(rounds, 1));
}
