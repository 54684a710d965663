// SERIALIZABLE alone lets money be spent twice: Postgres forgets what a transaction has read once
// about 1,250 others have committed while it stalls. What keeps the ledger safe is that every
// posting updates its account's row. The same recipe is tried on our statements, and on the same
// without that update, where it must succeed: otherwise this test could not fail.
#include <doctest/doctest.h>
#include <libpq-fe.h>

#include <memory>
#include <stdexcept>
#include <string>

#include "support/postgres_ledger.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

using testing::OneTransfer;

constexpr int kUnrelated = 2000;

/// A connection of a client that keeps no rules. Throws on errors, with the SQLSTATE.
class Client {
 public:
  explicit Client(const std::string& url) : handle_(PQconnectdb(url.c_str()), PQfinish) {}

  std::string run(const std::string& sql) {
    const std::unique_ptr<PGresult, decltype(&PQclear)> answer(PQexec(handle_.get(), sql.c_str()),
                                                               PQclear);
    const char* sqlstate = PQresultErrorField(answer.get(), PG_DIAG_SQLSTATE);
    if (sqlstate != nullptr) throw std::runtime_error(sqlstate);
    if (PQntuples(answer.get()) == 0) return PQcmdStatus(answer.get());
    return PQgetvalue(answer.get(), 0, 0);
  }

 private:
  std::unique_ptr<PGconn, decltype(&PQfinish)> handle_;
};

constexpr const char* kBegin = "BEGIN ISOLATION LEVEL SERIALIZABLE";

/// What moves 80 from account 1, given what was read.
struct Variant {
  const char* read_balance;
  bool updates_account;
};

std::string insert_row(const std::string& seq, const std::string& key, const std::string& version) {
  return "INSERT INTO spend.journal(seq,kind,decline,key,legs,from_account,to_account,amount,scale,"
         "from_version,from_balance,from_held,from_previous,to_version,to_balance,to_held,"
         "to_previous,recorded_at) VALUES(" +
         seq + ",1,0,'" + key + "',1,1,2,80,2," + version + ",20,0,0," + version + ",80,0,0,now())";
}

void spend(Client& client, const Variant& variant, const std::string& key, int seq) {
  client.run(insert_row(std::to_string(seq), key, std::to_string(seq)));
  if (!variant.updates_account) return;
  // The store's own statement, with the version that was read.
  const std::string changed = client.run(
      "WITH u AS (UPDATE spend.accounts SET balance=20,version=1,last_seq=5 WHERE id=1 AND "
      "version=0 RETURNING 1) SELECT spend.require_rows((SELECT count(*) FROM u), 1)");
  static_cast<void>(changed);
}

/// What makes Postgres forget: transactions that have nothing to do with ours.
void commit_unrelated(const std::string& url) {
  Client others(url);
  others.run("SET synchronous_commit=off");  // quicker, and nothing is lost that matters
  for (int i = 0; i < kUnrelated; ++i) {
    others.run(kBegin);
    others.run(
        "INSERT INTO spend_unrelated.numbers SELECT count(*) FROM (SELECT FROM "
        "spend_unrelated.numbers LIMIT 1) one");
    others.run("COMMIT");
  }
}

/// "" when money was spent twice, or the SQLSTATE that prevented it.
std::string try_to_spend_twice(const testing::PostgresServer& server, const Variant& variant) {
  const std::string url = server.url();
  Client stalled(url);
  Client quick(url);
  stalled.run(kBegin);
  REQUIRE(stalled.run(variant.read_balance) == "100");
  quick.run(kBegin);
  REQUIRE(quick.run(variant.read_balance) == "100");
  spend(quick, variant, "quick", 1001);
  quick.run("COMMIT");
  commit_unrelated(url);
  try {
    spend(stalled, variant, "stalled", 1002);
    CHECK(stalled.run("COMMIT") == "COMMIT");
    return "";
  } catch (const std::runtime_error& refused) {
    return refused.what();
  }
}

std::unique_ptr<Store> prepare(
    const testing::PostgresServer& server,
    std::chrono::milliseconds lock_timeout = std::chrono::milliseconds(2'000)) {
  auto store =
      testing::must_open({.url = server.url(), .schema = "spend", .lock_timeout = lock_timeout});
  testing::fill(*store, 100);
  server.execute("CREATE SCHEMA spend_unrelated");
  server.execute("CREATE TABLE spend_unrelated.numbers(n bigint)");
  server.execute("GRANT ALL ON SCHEMA spend_unrelated TO ledger_test");
  server.execute("GRANT ALL ON spend_unrelated.numbers TO ledger_test");
  return store;
}

TEST_CASE("a stalled transaction cannot spend what 2,000 others made Postgres forget it read") {
  const testing::PostgresServer server;
  const auto store = prepare(server);
  const Variant ours{"SELECT balance FROM spend.accounts WHERE id=1", true};
  CHECK(try_to_spend_twice(server, ours) == "40001");
  CHECK(testing::balance_of(*store, 1) == 20);
}

TEST_CASE("without the update of the account's row the same recipe spends twice") {
  const testing::PostgresServer server;
  const auto store = prepare(server);
  const Variant without{
      "SELECT 100-coalesce(sum(amount),0) FROM spend.journal WHERE from_account=1", false};
  CHECK(try_to_spend_twice(server, without).empty());
  CHECK(server.query("SELECT 100-sum(amount) FROM spend.journal WHERE from_account=1") == "-60");
}

TEST_CASE("through the store a stalled transaction keeps the others from its accounts") {
  const testing::PostgresServer server;
  const auto store = prepare(server, std::chrono::milliseconds(50));
  OneTransfer stalled("stalled", 80);
  REQUIRE(stalled.begin(*store).has_value());
  const auto must_be_refused = [&] {
    const auto refused = OneTransfer("quick", 80).run(*store);
    REQUIRE_FALSE(refused.has_value());
    CHECK(name(refused.error().code) == name(ErrorCode::conflict));
  };
  must_be_refused();
  commit_unrelated(server.url());
  must_be_refused();
  const auto done = stalled.commit();
  CHECK_MESSAGE(done.has_value(), done.error().message());
  CHECK(testing::balance_of(*store, 1) == 20);
  CHECK(testing::balance_of(*store, 2) == 80);
}

}  // namespace
}  // namespace ledger
