// What the Postgres store costs above Postgres itself: batches of transfers through the Store port,
// against the same rows in one hand-written pipelined transaction, and a lone transfer against its
// round trips. They take turns in one run, so that the ratios hold on a noisy machine.
//
//   postgres_bench [rounds]        on a private server, removed afterwards
#include <algorithm>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "ledger/postgres_store.h"
#include "store/postgres/connection.h"
#include "store/postgres/rows.h"
#include "store/postgres/settings.h"
#include "store/postgres/statements.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

using postgres::Connection;
using postgres::Parameters;
using SteadyClock = std::chrono::steady_clock;
namespace statement = postgres::statement;

constexpr std::int64_t kAccounts = 10'000;
constexpr std::size_t kBatch = 1'000;
constexpr int kLoneCalls = 300;

[[noreturn]] void fail(const std::string& what) {
  std::fprintf(stderr, "postgres_bench: %s\n", what.c_str());
  std::exit(1);
}

template <class T>
T must(Result<T> result) {
  if (!result) fail(result.error().message());
  return std::move(*result);
}

void must(const Result<void>& result) {
  if (!result) fail(result.error().message());
}

SteadyTime soon() { return SteadyClock::now() + std::chrono::seconds(30); }

/// Transfers between random accounts, as the core would write them.
class Workload {
 public:
  explicit Workload(std::string name) : name_(std::move(name)) {
    for (std::int64_t id = 1; id <= kAccounts; ++id) {
      Account account;
      account.id = AccountId{id};
      account.terms.currency = must(Currency::stored("USD", 2));
      account.balance = 1'000'000;
      accounts_.push_back(account);
    }
  }

  [[nodiscard]] const std::vector<Account>& accounts() const { return accounts_; }

  struct Batch {
    std::vector<std::string> keys;
    std::vector<std::string_view> views;
    std::vector<AccountId> ids;
    std::vector<std::pair<AccountId, AccountId>> transfers;

    [[nodiscard]] LoadRequest load() const {
      return {.keys = views, .accounts = ids, .max_rows = transfers.size()};
    }
  };

  Batch next(std::size_t count) {
    Batch batch;
    std::uniform_int_distribution<std::int64_t> pick(1, kAccounts);
    while (batch.transfers.size() < count) {
      const AccountId from{pick(random_)};
      const AccountId to{pick(random_)};
      if (from == to) continue;
      char key[48];
      std::snprintf(key, sizeof key, "%s-%016llx", name_.c_str(), ++keys_);
      batch.keys.emplace_back(key);
      batch.transfers.emplace_back(from, to);
      batch.ids.insert(batch.ids.end(), {from, to});
    }
    batch.views.assign(batch.keys.begin(), batch.keys.end());
    std::ranges::sort(batch.ids);
    batch.ids.erase(std::unique(batch.ids.begin(), batch.ids.end()), batch.ids.end());
    return batch;
  }

  WriteSet writes(const Batch& batch, Seq seq) {
    WriteSet writes;
    std::vector<std::int64_t> versions;
    for (const AccountId id : batch.ids)
      versions.push_back(at(id).version);
    for (std::size_t i = 0; i < batch.transfers.size(); ++i) {
      JournalRow row;
      row.seq = seq++;
      row.key = batch.keys[i];
      row.legs = 1;
      row.fingerprint.fill(static_cast<std::uint8_t>(i));
      row.from = batch.transfers[i].first;
      row.to = batch.transfers[i].second;
      row.amount = 1;
      row.currency = accounts_.front().terms.currency;
      row.from_entry = post(row.from, -1, row.seq);
      row.to_entry = post(row.to, 1, row.seq);
      writes.rows.push_back(std::move(row));
    }
    for (std::size_t i = 0; i < batch.ids.size(); ++i) {
      writes.updated.push_back({at(batch.ids[i]), versions[i]});
    }
    return writes;
  }

 private:
  static std::size_t index(AccountId id) { return static_cast<std::size_t>(to_int(id)) - 1; }
  Account& at(AccountId id) { return accounts_[index(id)]; }

  Entry post(AccountId id, MinorUnits change, Seq seq) {
    Account& account = at(id);
    account.balance += change;
    account.version += 1;
    const Entry entry{account.version, account.balance, 0, account.last_seq};
    account.last_seq = seq;
    return entry;
  }

  std::string name_;
  std::mt19937_64 random_{42};
  unsigned long long keys_ = 0;
  std::vector<Account> accounts_;
};

PostgresOptions options_for(const testing::PostgresServer& server, const std::string& schema,
                            PostgresIsolation isolation) {
  return {.url = server.socket_url(), .schema = schema, .isolation = isolation};
}

class OurSide {
 public:
  OurSide(const testing::PostgresServer& server, const std::string& schema,
          PostgresIsolation isolation)
      : workload_(schema),
        store_(must(open_postgres_store(options_for(server, schema, isolation)))) {
    auto transaction = must(store_->begin({.max_rows = 1}, soon()));
    WriteSet opening;
    JournalRow row;
    row.seq = transaction->snapshot().next_seq;
    row.key = "opening";
    row.legs = 1;
    opening.rows.push_back(row);
    opening.created = workload_.accounts();
    must(transaction->commit(opening));
  }

  void run(std::size_t count) {
    const auto batch = workload_.next(count);
    auto transaction = must(store_->begin(batch.load(), soon()));
    must(transaction->commit(workload_.writes(batch, transaction->snapshot().next_seq)));
  }

 private:
  Workload workload_;
  std::unique_ptr<Store> store_;
};

/// One pipeline, one Sync, nothing looked up but the accounts, nothing checked.
class BareSide {
 public:
  BareSide(const testing::PostgresServer& server, const std::string& schema)
      : workload_(schema),
        settings_(must(postgres::check_options(
            options_for(server, schema, PostgresIsolation::read_committed)))),
        filled_(server, schema, PostgresIsolation::read_committed),
        connection_(must(Connection::open(settings_))) {
    must(postgres::prepare_statements(*connection_, settings_, soon()));
    must(connection_->send_sql(settings_.with_schema(
        "PREPARE bare_update AS UPDATE {s}.accounts a SET "
        "balance=n.b,held=n.h,version=n.v,last_seq=n.l FROM (SELECT unnest($1::bigint[]) AS id,"
        "unnest($2::bigint[]) AS b,unnest($3::bigint[]) AS h,unnest($4::bigint[]) AS v,"
        "unnest($5::bigint[]) AS l) n WHERE a.id=n.id")));
    must(connection_->run(soon()));
  }

  void run(std::size_t count) {
    const auto batch = workload_.next(count);
    const auto writes = workload_.writes(batch, seq_);
    seq_ += static_cast<Seq>(count);
    must(connection_->send(statement::kBeginReadCommitted));
    must(connection_->send(statement::kLockAccounts, postgres::account_ids(batch.ids)));
    must(connection_->send("bare_update", update(writes)));
    must(connection_->send(statement::kInsertPlainRows,
                           postgres::plain_journal_parameters(writes.rows)));
    must(connection_->send(statement::kCommit));
    must(connection_->run(soon()));
  }

  /// One prepared look-up.
  void round_trip() {
    const AccountId id{1};
    must(connection_->send(statement::kFindAccounts, postgres::account_ids({&id, 1})));
    must(connection_->run(soon()));
  }

  /// One row by a statement of its own.
  void insert_one() {
    const auto batch = workload_.next(1);
    const auto writes = workload_.writes(batch, seq_++);
    must(connection_->send(statement::kInsertPlainRows,
                           postgres::plain_journal_parameters(writes.rows)));
    must(connection_->run(soon()));
  }

 private:
  static Parameters update(const WriteSet& writes) {
    Parameters all;
    const auto add = [&](auto get) {
      postgres::ArrayWriter array(postgres::Type::int8, writes.updated.size());
      for (const auto& update : writes.updated)
        array.add_int8(get(update.account));
      all.add(std::move(array));
    };
    add([](const Account& account) { return to_int(account.id); });
    add([](const Account& account) { return account.balance; });
    add([](const Account& account) { return account.held; });
    add([](const Account& account) { return account.version; });
    add([](const Account& account) { return account.last_seq; });
    return all;
  }

  Workload workload_;
  postgres::Settings settings_;
  OurSide filled_;
  std::unique_ptr<Connection> connection_;
  Seq seq_ = 1'000;
};

double micros(const std::function<void()>& work) {
  const auto start = SteadyClock::now();
  work();
  return std::chrono::duration<double, std::micro>(SteadyClock::now() - start).count();
}

double quantile(std::vector<double> values, double q) {
  std::ranges::sort(values);
  return values[static_cast<std::size_t>(q * static_cast<double>(values.size() - 1))];
}

void print(const char* what, const std::vector<double>& values) {
  std::printf("%-46s p50 %9.0f us   p99 %9.0f us\n", what, quantile(values, 0.5),
              quantile(values, 0.99));
}

}  // namespace
}  // namespace ledger

int main(int argc, char** argv) {
  using namespace ledger;
  const int rounds = argc > 1 ? std::atoi(argv[1]) : 30;
  if (rounds < 1) fail("rounds must be 1 or more");
  const testing::PostgresServer server({"shared_buffers = 256MB", "max_wal_size = 2GB"});
  OurSide serializable(server, "ours_s", PostgresIsolation::serializable);
  OurSide read_committed(server, "ours_r", PostgresIsolation::read_committed);
  BareSide bare(server, "bare");

  std::vector<double> batch_s, batch_r, batch_bare;
  for (int i = 0; i < rounds; ++i) {
    batch_s.push_back(micros([&] { serializable.run(kBatch); }));
    batch_r.push_back(micros([&] { read_committed.run(kBatch); }));
    batch_bare.push_back(micros([&] { bare.run(kBatch); }));
  }
  std::vector<double> lone_s, lone_r, lone_bare, trips, inserts;
  for (int i = 0; i < kLoneCalls; ++i) {
    lone_s.push_back(micros([&] { serializable.run(1); }));
    lone_r.push_back(micros([&] { read_committed.run(1); }));
    lone_bare.push_back(micros([&] { bare.run(1); }));
    trips.push_back(micros([&] { bare.round_trip(); }));
    inserts.push_back(micros([&] { bare.insert_one(); }));
  }
  print("1,000 transfers, serializable", batch_s);
  print("1,000 transfers, read committed", batch_r);
  print("the same rows, one bare pipelined transaction", batch_bare);
  print("one transfer, serializable", lone_s);
  print("one transfer, read committed", lone_r);
  print("the same rows, one bare pipelined transaction", lone_bare);
  print("one round trip", trips);
  print("one round trip with one row and its commit", inserts);
  const auto p50 = [](const std::vector<double>& values) { return quantile(values, 0.5); };
  std::printf("batch, bare over serializable                  %.2fx\n",
              p50(batch_bare) / p50(batch_s));
  std::printf("batch, bare over read committed                %.2fx\n",
              p50(batch_bare) / p50(batch_r));
  const double floor = p50(trips) + p50(inserts);
  std::printf(
      "one transfer over its round trips and commit   %.2fx serializable, %.2fx read committed\n",
      p50(lone_s) / floor, p50(lone_r) / floor);
}
