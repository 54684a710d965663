// Money in a transaction of the application's own.
#include "ledger/postgres_transaction.h"

#include <doctest/doctest.h>
#include <libpq-fe.h>

#include <atomic>
#include <cstdlib>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include "ledger/ledger.h"
#include "support/postgres_server.h"
#include "support/seed.h"

namespace ledger {
namespace {

Currency usd() { return Currency::iso("USD").value(); }
Amount dollars(MinorUnits cents) { return {cents, usd()}; }

/// The application: a connection, and orders that it keeps beside the ledger.
class Application {
 public:
  explicit Application(const testing::PostgresServer& server)
      : handle_(PQconnectdb(server.url().c_str()), PQfinish) {
    REQUIRE(PQstatus(handle_.get()) == CONNECTION_OK);
    PQsetNoticeProcessor(
        handle_.get(), [](void*, const char*) {}, nullptr);
  }

  /// The first value, or the command's tag; of a statement that failed, its SQLSTATE.
  std::string run(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> answer(PQexec(handle_.get(), sql.c_str()),
                                                               PQclear);
    const char* sqlstate = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    if (sqlstate != nullptr) return sqlstate;
    if (PQntuples(answer.get()) > 0) return PQgetvalue(answer.get(), 0, 0);
    return PQcmdStatus(answer.get());
  }
  std::string order(const std::string& key) {
    return run("INSERT INTO orders.orders VALUES('" + key + "')");
  }
  bool commit() { return run("COMMIT") == "COMMIT"; }

  PostgresTransaction join() {
    auto joined = PostgresTransaction::join(handle_.get());
    REQUIRE_MESSAGE(joined.has_value(), joined.error().message());
    return std::move(*joined);
  }
  /// BEGIN at this level, and join.
  PostgresTransaction begin(const std::string& isolation = "READ COMMITTED") {
    REQUIRE(run("BEGIN ISOLATION LEVEL " + isolation) == "BEGIN");
    return join();
  }
  pg_conn* handle() { return handle_.get(); }

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
};

/// A server with a ledger of four accounts: 1 may go negative, 2 to 4 start at zero.
struct Shop {
  explicit Shop(const std::vector<std::string>& settings = {}) : server(settings), ledger(open()) {
    for (std::int64_t id = 1; id <= 4; ++id) {
      const auto min = id == 1 ? std::optional<MinorUnits>() : 0;
      const auto created = ledger.create_account({.key = "account-" + std::to_string(id),
                                                  .currency = usd(),
                                                  .id = AccountId{id},
                                                  .min_balance = min});
      REQUIRE(created.has_value());
    }
    server.execute("CREATE SCHEMA orders");
    server.execute("CREATE TABLE orders.orders(key text PRIMARY KEY)");
    server.execute("GRANT ALL ON SCHEMA orders TO ledger_test");
    server.execute("GRANT ALL ON orders.orders TO ledger_test");
  }

  [[nodiscard]] Ledger open() const {
    auto opened = Ledger::open({.store = server.url()});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
    return std::move(*opened);
  }
  MinorUnits balance(std::int64_t id) { return ledger.account(AccountId{id})->balance; }
  void must_be_sound() {
    const auto sound = ledger.verify();
    CHECK_MESSAGE(sound.has_value(), sound.error().message());
  }

  testing::PostgresServer server;
  Ledger ledger;
};

constexpr AccountId kWorld{1};
constexpr AccountId kAda{2};

TEST_CASE("the application's rows and the money are committed together") {
  Shop shop;
  Application application(shop.server);
  for (const char* isolation : {"READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"}) {
    CAPTURE(isolation);
    const MinorUnits before = shop.balance(2);
    auto joined = application.begin(isolation);
    CHECK(application.order(isolation) == "INSERT 0 1");
    const auto receipt = joined.transfer(isolation, kWorld, kAda, dollars(100));
    REQUIRE_MESSAGE(receipt.has_value(), receipt.error().message());
    CHECK_FALSE(receipt->replayed);
    CHECK(joined.account(kAda)->balance == before + 100);
    CHECK(shop.balance(2) == before);  // others do not see it yet
    CHECK(application.commit());
    CHECK(shop.balance(2) == before + 100);
    CHECK(shop.ledger.resolve(isolation)->id == receipt->id);
  }
  CHECK(shop.server.query("SELECT count(*) FROM orders.orders") == "3");
  shop.must_be_sound();
}

TEST_CASE("after a rollback neither happened, and the key is free") {
  Shop shop;
  Application application(shop.server);
  auto joined = application.begin();
  application.order("order-1");
  REQUIRE(joined.transfer("order-1", kWorld, kAda, dollars(100)).has_value());
  CHECK(application.run("ROLLBACK") == "ROLLBACK");
  CHECK(shop.balance(2) == 0);
  CHECK(shop.ledger.resolve("order-1").error().code == ErrorCode::key_not_found);
  CHECK(shop.server.query("SELECT count(*) FROM orders.orders") == "0");
  // Even another request may use it.
  CHECK_FALSE(shop.ledger.transfer("order-1", kWorld, kAda, dollars(7))->replayed);
  shop.must_be_sound();
}

TEST_CASE("a decline leaves the transaction as it was, and is recorded with it") {
  Shop shop;
  Application application(shop.server);
  auto joined = application.begin();
  application.order("order-1");
  const auto declined = joined.transfer("order-1", kAda, kWorld, dollars(100));
  REQUIRE_FALSE(declined.has_value());
  CHECK(name(declined.error().code) == name(ErrorCode::insufficient_funds));
  CHECK(application.run("SELECT count(*) FROM orders.orders") == "1");
  CHECK(application.commit());
  const auto again = shop.ledger.transfer("order-1", kAda, kWorld, dollars(100));
  CHECK(name(again.error().code) == name(ErrorCode::insufficient_funds));
  CHECK(again.error().replayed);
}

TEST_CASE("what was committed before is replayed, and another request under its key refused") {
  Shop shop;
  Application application(shop.server);
  const auto first = shop.ledger.transfer("order-1", kWorld, kAda, dollars(100));
  for (const char* isolation : {"READ COMMITTED", "SERIALIZABLE"}) {
    auto joined = application.begin(isolation);
    const auto again = joined.transfer("order-1", kWorld, kAda, dollars(100));
    REQUIRE_MESSAGE(again.has_value(), again.error().message());
    CHECK(again->replayed);
    CHECK(again->id == first->id);
    const auto other = joined.transfer("order-1", kWorld, kAda, dollars(101));
    CHECK(name(other.error().code) == name(ErrorCode::key_reused));
    CHECK(application.commit());
  }
  CHECK(shop.balance(2) == 100);
}

TEST_CASE("calls in one transaction see each other") {
  Shop shop;
  Application application(shop.server);
  auto joined = application.begin();
  REQUIRE(joined.transfer("in", kWorld, kAda, dollars(100)).has_value());
  CHECK(joined.transfer("in", kWorld, kAda, dollars(100))->replayed);
  CHECK(joined.transfer("out", kAda, AccountId{3}, dollars(60)).has_value());
  const auto too_much = joined.transfer("more", kAda, AccountId{3}, dollars(60));
  CHECK(name(too_much.error().code) == name(ErrorCode::insufficient_funds));

  const TransferRequest requests[] = {
      {.key = "a", .legs = {{kAda, AccountId{3}, dollars(30)}}},
      {.key = "", .legs = {{kAda, AccountId{3}, dollars(1)}}},
      {.key = "b", .legs = {{AccountId{3}, AccountId{4}, dollars(90)}}},
      {.key = "a", .legs = {{kAda, AccountId{3}, dollars(30)}}},
  };
  const auto results = joined.submit(requests);
  REQUIRE(results.size() == 4);
  CHECK(results[0].has_value());
  CHECK(name(results[1].error().code) == name(ErrorCode::invalid_key));
  CHECK(results[2]->legs.front().to_balance == 90);
  CHECK(results[3]->replayed);
  CHECK(application.commit());
  CHECK(shop.balance(2) == 10);
  CHECK(shop.balance(4) == 90);
  shop.must_be_sound();
}

TEST_CASE("an account can be opened and funded in one transaction") {
  Shop shop;
  Application application(shop.server);
  auto joined = application.begin("SERIALIZABLE");
  const auto created = joined.create_account({.key = "new", .currency = usd()});
  REQUIRE_MESSAGE(created.has_value(), created.error().message());
  const AccountId id = created->account.id;
  CHECK(joined.transfer("gift", kWorld, id, dollars(5)).has_value());
  CHECK(joined.account(id)->balance == 5);
  const auto unknown =
      joined.create_account({.key = "x", .currency = Currency::custom("ZZZ", 2).value()});
  CHECK(name(unknown.error().code) == name(ErrorCode::unknown_currency));
  CHECK(application.commit());
  CHECK(shop.balance(to_int(id)) == 5);
  CHECK(name(application.begin().account(AccountId{99}).error().code) ==
        name(ErrorCode::account_not_found));
}

TEST_CASE("a key that another added meanwhile is replayed, or asks for a new transaction") {
  Shop shop;
  Application application(shop.server);
  auto committed = application.begin("READ COMMITTED");
  REQUIRE(shop.ledger.transfer("raced-1", kWorld, kAda, dollars(100)).has_value());
  CHECK(committed.transfer("raced-1", kWorld, kAda, dollars(100))->replayed);
  CHECK(application.commit());

  auto stale = application.begin("SERIALIZABLE");
  application.order("order-1");
  REQUIRE(shop.ledger.transfer("raced-2", kWorld, kAda, dollars(100)).has_value());
  const auto refused = stale.transfer("raced-2", kWorld, kAda, dollars(100));
  REQUIRE_FALSE(refused.has_value());
  CHECK(name(refused.error().code) == name(ErrorCode::conflict));
  CHECK(application.run("SELECT count(*) FROM orders.orders") == "1");  // still open, as it was
  application.run("ROLLBACK");
  CHECK(
      application.begin("SERIALIZABLE").transfer("raced-2", kWorld, kAda, dollars(100))->replayed);
  application.run("COMMIT");
  CHECK(shop.balance(2) == 200);
}

TEST_CASE("two transactions that wait for each other are told so, and nothing is lost") {
  Shop shop({"deadlock_timeout = 20ms"});
  Application one(shop.server);
  Application other(shop.server);
  REQUIRE(shop.ledger.transfer("fund-2", kWorld, AccountId{2}, dollars(10)).has_value());
  REQUIRE(shop.ledger.transfer("fund-3", kWorld, AccountId{3}, dollars(10)).has_value());
  auto mine = one.begin();
  auto theirs = other.begin();
  REQUIRE(mine.create_account({.key = "5", .currency = usd(), .id = AccountId{5}}).has_value());
  REQUIRE(mine.transfer("m1", AccountId{2}, AccountId{5}, dollars(1)).has_value());
  REQUIRE(theirs.transfer("t1", AccountId{3}, AccountId{4}, dollars(1)).has_value());
  // Each now wants what the other has.
  std::thread thread([&] {
    const auto result = theirs.transfer("t2", AccountId{2}, AccountId{4}, dollars(1));
    CHECK((result.has_value() || result.error().code == ErrorCode::conflict));
    CHECK((result.has_value() ? other.commit() : other.run("ROLLBACK") == "ROLLBACK"));
  });
  const auto result = mine.transfer("m2", AccountId{3}, AccountId{5}, dollars(1));
  CHECK((result.has_value() || result.error().code == ErrorCode::conflict));
  CHECK((result.has_value() ? one.commit() : one.run("ROLLBACK") == "ROLLBACK"));
  thread.join();
  shop.must_be_sound();
}

TEST_CASE("only a transaction that is open and sound is joined") {
  const auto refused = [](pg_conn* connection, const PostgresTransactionOptions& options = {}) {
    const auto joined = PostgresTransaction::join(connection, options);
    REQUIRE_FALSE(joined.has_value());
    CAPTURE(joined.error().message());
    return joined.error().code;
  };
  Shop shop;
  Application application(shop.server);
  CHECK(refused(nullptr) == ErrorCode::invalid_option);
  CHECK(refused(application.handle()) == ErrorCode::invalid_option);
  application.run("BEGIN");
  CHECK(refused(application.handle(), {.schema = "No such"}) == ErrorCode::invalid_option);
  CHECK(refused(application.handle(), {.schema = "absent"}) == ErrorCode::store_unavailable);
  CHECK(refused(application.handle(), {.schema = "orders"}) == ErrorCode::store_corrupt);
  REQUIRE(PQenterPipelineMode(application.handle()) == 1);
  CHECK(refused(application.handle()) == ErrorCode::invalid_option);
  REQUIRE(PQexitPipelineMode(application.handle()) == 1);
  application.run("SELECT 1/0");
  CHECK(refused(application.handle()) == ErrorCode::invalid_option);
  application.run("ROLLBACK");
}

TEST_CASE("the connection is left as it was, prepared statements and modes included") {
  Shop shop;
  Application application(shop.server);
  for (const int nonblocking : {0, 1}) {
    REQUIRE(PQsetnonblocking(application.handle(), nonblocking) == 0);
    auto joined = application.begin();
    CHECK(joined.transfer("k" + std::to_string(nonblocking), kWorld, kAda, dollars(1)).has_value());
    CHECK(PQisnonblocking(application.handle()) == nonblocking);
    CHECK(PQpipelineStatus(application.handle()) == PQ_PIPELINE_OFF);
    CHECK(application.run("SELECT count(*) FROM pg_prepared_statements") == "0");
    CHECK(application.run("SHOW statement_timeout") == "0");
    CHECK(application.commit());
  }
}

// The numbers are set aside under a lock of the session: left behind with the application's, it
// would stop every ledger of the database.
TEST_CASE(
    "a call that cannot set its numbers aside leaves no lock, and the transaction as it was") {
  Shop shop;
  Application application(shop.server);
  auto joined = application.begin("READ COMMITTED READ ONLY");
  const auto refused = joined.create_account({.key = "refused", .currency = usd()});
  REQUIRE_FALSE(refused.has_value());
  CAPTURE(refused.error().message());
  CHECK(name(refused.error().code) == name(ErrorCode::store_unavailable));
  CHECK(refused.error().message().find("25006") != std::string::npos);
  CHECK(PQpipelineStatus(application.handle()) == PQ_PIPELINE_OFF);
  CHECK(shop.server.query("SELECT count(*) FROM pg_locks WHERE locktype='advisory'") == "0");
  CHECK(shop.ledger.transfer("by another", kWorld, kAda, dollars(1)).has_value());
  const auto seen = joined.account(kAda);
  REQUIRE_MESSAGE(seen.has_value(), seen.error().message());
  CHECK(seen->balance == 1);
  CHECK(application.commit());
}

TEST_CASE("a call that does not get its numbers in time leaves the transaction as it was") {
  Shop shop;
  Application other(shop.server);
  Application application(shop.server);
  const std::string lock =
      "((1279742546::bigint << 32) | 'ledger.journal_seq'::regclass::oid::bigint)";
  other.run("SELECT pg_advisory_lock" + lock);
  auto joined = application.begin();
  application.run("SET LOCAL lock_timeout = '50ms'");
  const auto refused = joined.transfer("late", kWorld, kAda, dollars(1));
  REQUIRE_FALSE(refused.has_value());
  CHECK(name(refused.error().code) == name(ErrorCode::conflict));
  CHECK(other.run("SELECT pg_advisory_unlock" + lock) == "t");
  const auto paid = joined.transfer("late", kWorld, kAda, dollars(1));
  CHECK_MESSAGE(paid.has_value(), paid.error().message());
  CHECK(application.commit());
  CHECK(shop.balance(2) == 1);
}

TEST_CASE("a connection that is lost has applied nothing") {
  Shop shop;
  Application application(shop.server);
  auto joined = application.begin();
  REQUIRE(joined.transfer("lost", kWorld, kAda, dollars(1)).has_value());
  shop.server.execute(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE state='idle in transaction'");
  const auto refused = joined.transfer("more", kWorld, kAda, dollars(1));
  REQUIRE_FALSE(refused.has_value());
  CHECK(name(refused.error().outcome()) == name(Outcome::not_applied));
  CHECK(joined.account(kAda).has_value() == false);
  CHECK(shop.balance(2) == 0);
  CHECK(shop.ledger.resolve("lost").error().code == ErrorCode::key_not_found);
}

/// Orders until `count` of them are committed, some of them rolled back on purpose first.
void keep_ordering(const testing::PostgresServer& server, int thread, int count,
                   std::uint64_t seed) {
  Application application(server);
  std::mt19937_64 random(seed + static_cast<std::uint64_t>(thread));
  const char* isolation = thread % 2 == 0 ? "READ COMMITTED" : "SERIALIZABLE";
  for (int i = 0; i < count;) {
    const std::string key = std::to_string(thread) + "-" + std::to_string(i);
    auto joined = application.begin(isolation);
    application.order(key);
    const AccountId to{2 + static_cast<std::int64_t>(random() % 3)};
    const auto paid = joined.transfer(key, kWorld, to, dollars(1));
    if (!paid) CHECK(name(paid.error().code) == name(ErrorCode::conflict));
    const bool keep = paid.has_value() && random() % 4 != 0;
    if (!keep) {
      application.run("ROLLBACK");
    } else if (application.commit()) {
      ++i;
    }
  }
}

TEST_CASE("applications and ledgers at once: an order for each payment, and the books are sound") {
  Shop shop;
  constexpr int kApplications = 4;
  constexpr int kOrders = 40;
  constexpr int kDirect = 200;
  const std::uint64_t seed = testing::test_seed();
  CAPTURE(seed);
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kApplications; ++thread)
    threads.emplace_back([&, thread] { keep_ordering(shop.server, thread, kOrders, seed); });
  Ledger other = shop.open();
  int direct = 0;
  for (int i = 0; i < kDirect; ++i) {
    if (other.transfer("direct-" + std::to_string(i), kWorld, kAda, dollars(1))) ++direct;
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(shop.server.query("SELECT count(*) FROM orders.orders") ==
        std::to_string(kApplications * kOrders));
  CHECK(shop.server.query("SELECT count(*) FROM ledger.journal j JOIN orders.orders o "
                          "ON j.key=o.key") == std::to_string(kApplications * kOrders));
  CHECK(shop.balance(1) == -(kApplications * kOrders + direct));
  shop.must_be_sound();
}

#ifdef LEDGER_EXAMPLE
TEST_CASE("the example of a joined transaction runs, again and again") {
  const testing::PostgresServer server;
  server.execute("GRANT CREATE ON SCHEMA public TO ledger_test");
  const std::string command = std::string(LEDGER_EXAMPLE) + " '" + server.url() + "' >/dev/null";
  for (int times = 0; times < 2; ++times)
    CHECK(std::system(command.c_str()) == 0);  // NOLINT(cert-env33-c): our own program
}
#endif

}  // namespace
}  // namespace ledger
