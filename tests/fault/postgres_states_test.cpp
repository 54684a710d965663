// What becomes of transfers: what a batch is told of it, alone and in an application's transaction.
#include <doctest/doctest.h>
#include <libpq-fe.h>

#include <atomic>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "store/postgres/joined_store.h"
#include "support/postgres_ledger.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

constexpr std::chrono::seconds kPatience{20};
constexpr AccountId kAccounts[] = {AccountId{1}, AccountId{2}};

const testing::PostgresServer& server() {
  static const testing::PostgresServer server;
  return server;
}

/// A session of its own.
class Session {
 public:
  explicit Session(const std::string& url) : handle_(PQconnectdb(url.c_str()), PQfinish) {
    REQUIRE(PQstatus(handle_.get()) == CONNECTION_OK);
  }
  /// The command's tag; empty: it failed.
  std::string run(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> answer(PQexec(handle_.get(), sql.c_str()),
                                                               PQclear);
    return PQcmdStatus(answer.get());
  }
  pg_conn* handle() { return handle_.get(); }

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
};

/// A hold of 10 from account 1 to account 2 in the journal's next row.
WriteSet hold(const Snapshot& snapshot, const std::string& key) {
  WriteSet writes;
  JournalRow row;
  row.seq = snapshot.next_seq;
  row.kind = JournalKind::hold;
  row.key = key;
  row.legs = 1;
  row.from = kAccounts[0];
  row.to = kAccounts[1];
  row.amount = 10;
  row.currency = snapshot.accounts.at(0).terms.currency;
  Account from = snapshot.accounts.at(0);
  Account to = snapshot.accounts.at(1);
  for (Account* account : {&from, &to}) {
    const std::int64_t before = account->version++;
    (account == &from ? account->held : account->incoming) += row.amount;
    auto& entry = account == &from ? row.from_entry : row.to_entry;
    entry = {account->version, account->balance, account->held, account->incoming,
             account->last_seq};
    account->last_seq = row.seq;
    writes.updated.push_back({*account, before});
  }
  writes.rows.push_back(row);
  writes.states = {{.id = TransferId{row.seq}, .status = TransferStatus::held}};
  return writes;
}

/// Opens the accounts and holds something. The hold.
WriteSet fill(Store& store) {
  testing::fill(store, 100);
  auto begun = store.begin({.accounts = kAccounts, .max_rows = 1}, testing::in(kPatience));
  REQUIRE_MESSAGE(begun.has_value(), begun.error().message());
  WriteSet writes = hold((*begun)->snapshot(), "hold");
  const auto done = (*begun)->commit(writes);
  REQUIRE_MESSAGE(done.has_value(), done.error().message());
  return writes;
}

/// Settles one more of the hold, as a capture of one would.
Result<void> settle_one(Store& store, TransferId id) {
  auto begun = store.begin({.accounts = {kAccounts, 1}, .states = {&id, 1}, .max_rows = 1},
                           testing::in(kPatience));
  if (!begun) return begun.error();
  const Snapshot& snapshot = (*begun)->snapshot();
  WriteSet writes;
  JournalRow row;
  row.seq = snapshot.next_seq;
  row.key = "capture-" + std::to_string(row.seq);
  row.legs = 1;
  writes.rows.push_back(row);
  Account after = snapshot.accounts.at(0);
  ++after.version;
  writes.updated.push_back({after, after.version - 1});
  writes.states = snapshot.states;
  ++writes.states.at(0).settled;
  return (*begun)->commit(writes);
}

TEST_CASE("who comes second to a hold sees what the first has captured") {
  constexpr int kThreads = 4;
  constexpr int kCaptures = 25;
  for (const auto isolation :
       {PostgresIsolation::serializable, PostgresIsolation::read_committed}) {
    const bool is_serializable = isolation == PostgresIsolation::serializable;
    CAPTURE(is_serializable);
    const auto store = testing::must_open({.url = server().url(),
                                           .schema = is_serializable ? "states_s" : "states_r",
                                           .isolation = isolation});
    const TransferId id = fill(*store).states[0].id;
    std::atomic<int> failures = 0;
    std::vector<std::thread> threads;
    for (int thread = 0; thread < kThreads; ++thread) {
      threads.emplace_back([&] {
        for (int i = 0; i < kCaptures; ++i) {
          auto done = settle_one(*store, id);
          while (!done && done.error().code == ErrorCode::conflict)
            done = settle_one(*store, id);
          if (!done) ++failures;
        }
      });
    }
    for (std::thread& thread : threads)
      thread.join();
    CHECK(failures == 0);
    const auto states = store->find_states({&id, 1});
    REQUIRE(states.has_value());
    CHECK(states->at(0).settled == kThreads * kCaptures);
  }
}

TEST_CASE("a state that changes before its account is locked is not believed") {
  const auto store = testing::must_open(
      {.url = server().url(), .schema = "moved", .lock_timeout = std::chrono::seconds(20)});
  const TransferId id = fill(*store).states[0].id;
  const std::string_view key = "capture";
  const LoadRequest load{
      .keys = {&key, 1}, .accounts = kAccounts, .states = {&id, 1}, .max_rows = 1};

  // Keys are looked up after the states and before the accounts are locked: there it has to wait.
  Session other("host=127.0.0.1 user=postgres dbname=postgres port=" +
                std::to_string(server().port()));
  other.run("BEGIN");
  other.run("LOCK TABLE moved.journal");
  auto begun =
      std::async(std::launch::async, [&] { return store->begin(load, testing::in(kPatience)); });
  REQUIRE(testing::wait_until([&] {
    return server().query(
               "SELECT count(*) FROM pg_locks WHERE NOT granted AND "
               "relation='moved.journal'::regclass") == "1";
  }));
  other.run("UPDATE moved.transfer_states SET settled=1");
  other.run("UPDATE moved.accounts SET version=version+1 WHERE id=1");
  REQUIRE(other.run("COMMIT") == "COMMIT");
  const auto stale = begun.get();
  REQUIRE_FALSE(stale.has_value());
  CHECK(name(stale.error().code) == name(ErrorCode::conflict));

  const auto again = store->begin(load, testing::in(kPatience));
  REQUIRE_MESSAGE(again.has_value(), again.error().message());
  CHECK((*again)->snapshot().states.at(0).settled == 1);
}

TEST_CASE("batches that hold and capture on other accounts do not refuse each other") {
  const auto store = testing::must_open({.url = server().url(), .schema = "side_by_side"});
  const TransferId id = fill(*store).states[0].id;
  // One looks for the state that the other writes, on the same page, and neither on its accounts.
  const TransferId none{to_int(id) + 1};
  auto first = store->begin({.accounts = kAccounts, .states = {&id, 1}, .max_rows = 1},
                            testing::in(kPatience));
  auto second = store->begin({.states = {&none, 1}, .max_rows = 1}, testing::in(kPatience));
  REQUIRE_MESSAGE(first.has_value(), first.error().message());
  REQUIRE_MESSAGE(second.has_value(), second.error().message());
  for (auto* transaction : {first->get(), second->get()}) {
    WriteSet writes;
    JournalRow row;
    row.seq = transaction->snapshot().next_seq;
    row.key = std::to_string(row.seq);
    row.legs = 1;
    writes.rows.push_back(row);
    writes.states = {{.id = TransferId{row.seq}, .status = TransferStatus::held}};
    const auto done = transaction->commit(writes);
    CHECK_MESSAGE(done.has_value(), done.error().message());
  }
}

TEST_CASE("an application's transaction is told of holds and references, its own among them") {
  const PostgresOptions options{.url = server().url(), .schema = "joined"};
  const auto store = testing::must_open(options);
  const WriteSet held = fill(*store);
  server().execute("UPDATE joined.accounts SET reference='one' WHERE id=1");
  Session application(options.url);
  for (const std::string isolation : {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}) {
    CAPTURE(isolation);
    REQUIRE(application.run("BEGIN ISOLATION LEVEL " + isolation) == "BEGIN");
    auto joined = postgres::JoinedStore::open(application.handle(), options.schema);
    REQUIRE_MESSAGE(joined.has_value(), joined.error().message());
    const TransferId old_id = held.states[0].id;
    constexpr std::string_view kReferences[] = {"none", "one"};

    auto first = (*joined)->begin(
        {.accounts = kAccounts, .states = {&old_id, 1}, .references = kReferences, .max_rows = 1},
        testing::in(kPatience));
    REQUIRE_MESSAGE(first.has_value(), first.error().message());
    CHECK((*first)->snapshot().states == held.states);
    CHECK((*first)->snapshot().references == std::vector<std::string>{"one"});
    const WriteSet own = hold((*first)->snapshot(), isolation);
    REQUIRE((*first)->commit(own).has_value());

    const TransferId ids[] = {old_id, own.states[0].id};
    CHECK((*joined)->find_transfers(ids).value() == std::vector{held.rows[0], own.rows[0]});
    CHECK(store->find_transfers(ids).value() == held.rows);  // others see but what is committed
    const auto second =
        (*joined)->begin({.accounts = kAccounts, .states = ids}, testing::in(kPatience));
    REQUIRE_MESSAGE(second.has_value(), second.error().message());
    CHECK((*second)->snapshot().states == std::vector{held.states[0], own.states[0]});

    CHECK(name((*joined)->read_totals().error().code) == name(ErrorCode::store_unavailable));
    CHECK(application.run("COMMIT") == "COMMIT");
    CHECK(store->find_transfers(ids).value().size() == 2);
  }
}

TEST_CASE("times that Postgres does not have can be asked for") {
  const auto store = testing::must_open({.url = server().url(), .schema = "times"});
  const WriteSet held = fill(*store);
  server().execute("UPDATE times.transfer_states SET expires_at='0001-01-01'");
  server().execute("INSERT INTO times.checkpoints VALUES(1,64,1,'0001-01-01')");
  CHECK(store->find_expired(Timestamp::min(), 10).value().empty());
  CHECK(store->find_expired(Timestamp::max(), 10).value() == std::vector{held.states[0].id});
  CHECK(store->find_checkpoint_after(AccountId{1}, Timestamp::min()).value().has_value());
  CHECK_FALSE(store->find_checkpoint_after(AccountId{1}, Timestamp::max()).value().has_value());
}

}  // namespace
}  // namespace ledger
