// No statement reads more of a table than it asks for, however large the table has become.
#include <doctest/doctest.h>

#include <string>
#include <string_view>

#include "support/postgres_ledger.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

constexpr int kRows = 20'000;
constexpr int kSome = 200;  // far below kRows, and far above what a few look-ups read

/// What all sessions that have ended have read, through indexes or without.
int tuples_read(const testing::PostgresServer& server) {
  return std::stoi(
      server.query("SELECT sum(seq_tup_read+idx_tup)::bigint FROM pg_stat_user_tables t, LATERAL "
                   "(SELECT sum(idx_tup_read) AS idx_tup FROM pg_stat_user_indexes i "
                   "WHERE i.relid=t.relid) i WHERE schemaname='plans'"));
}

void fill(const testing::PostgresServer& server) {
  const std::string count = std::to_string(kRows);
  server.execute(
      "INSERT INTO plans.journal(seq,kind,decline,key,fingerprint,legs,from_account,to_account,"
      "amount,currency,scale,from_version,from_balance,from_held,from_previous,to_version,"
      "to_balance,to_held,to_previous,recorded_at) "
      "SELECT nextval('plans.journal_seq'),1,0,'key-'||i,'\\x00112233445566778899aabbccddeeff',1,1,"
      "2,1,'USD',2,i,0,0,0,i,0,0,0,now() FROM generate_series(1," +
      count + ") i");
  server.execute(
      "INSERT INTO plans.accounts(id,currency,scale,status,balance,held,version,last_seq,"
      "created_at) SELECT i,'USD',2,1,0,0,0,0,now() FROM generate_series(1," +
      count + ") i");
}

TEST_CASE("look-ups and commits read a few rows of a large journal, analysed or not") {
  const testing::PostgresServer server({"autovacuum = off"});
  const PostgresOptions options{
      .url = server.url(), .schema = "plans", .application_name = "plans"};
  REQUIRE(migrate_postgres_store(options).has_value());
  fill(server);
  for (const bool is_analysed : {false, true}) {
    CAPTURE(is_analysed);
    if (is_analysed) server.execute("ANALYZE");
    const int before = tuples_read(server);
    {
      const auto store = testing::must_open(options);
      const std::string_view keys[] = {"key-7", "no such key"};
      const auto found = store->find_recorded(keys);
      REQUIRE(found.has_value());
      CHECK(found->size() == 1);
      testing::OneTransfer transfer(is_analysed ? "second" : "first", 1);
      REQUIRE(transfer.run(*store).has_value());
    }
    // A session hands in its numbers before it leaves.
    REQUIRE(testing::wait_until([&] {
      return server.query("SELECT count(*) FROM pg_stat_activity WHERE application_name='plans'") ==
             "0";
    }));
    CHECK(tuples_read(server) - before < kSome);
  }
}

}  // namespace
}  // namespace ledger
