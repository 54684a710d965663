// No statement reads more of a table than it asks for, however large the table has become.
#include <doctest/doctest.h>

#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "support/postgres_ledger.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

constexpr int kRows = 20'000;
constexpr std::size_t kPage = 20;
constexpr int kSome = 100;  // far below kRows, and above what a page and its session read

/// What all sessions that have ended have read, through indexes or without.
std::int64_t tuples_read(const testing::PostgresServer& server) {
  return std::stoll(
      server.query("SELECT sum(seq_tup_read+idx_tup)::bigint FROM pg_stat_user_tables t, LATERAL "
                   "(SELECT sum(idx_tup_read) AS idx_tup FROM pg_stat_user_indexes i "
                   "WHERE i.relid=t.relid) i WHERE schemaname='plans'"));
}

/// All of it is one transfer's, one reference's and one account's, so that whoever reads by one of
/// them and heeds no limit reads everything.
void fill(const testing::PostgresServer& server) {
  const std::string series = " FROM generate_series(1," + std::to_string(kRows) + ") i";
  server.execute(
      "INSERT INTO plans.journal(seq,kind,decline,key,fingerprint,legs,from_account,to_account,"
      "amount,currency,scale,from_version,from_balance,from_held,from_previous,to_version,"
      "to_balance,to_held,to_previous,recorded_at,refers_to,reference) "
      "SELECT nextval('plans.journal_seq'),1,0,'key-'||i,'\\x00112233445566778899aabbccddeeff',1,1,"
      "2,1,'USD',2,i,0,0,i-1,i,0,0,i-1,now(),1,'order'" +
      series);
  server.execute(
      "INSERT INTO plans.accounts(id,currency,scale,status,balance,held,version,last_seq,"
      "created_at,reference) SELECT i,'USD',2,1,0,0,0,0,now(),'account-'||i" +
      series);
  server.execute(
      "INSERT INTO plans.transfer_states(id,status,settled,expires_at) "
      "SELECT i,3,0,'2024-01-01'::timestamptz+i*interval '1 second'" +
      series);
  server.execute(
      "INSERT INTO plans.checkpoints(account,version,seq,recorded_at) "
      "SELECT 1,i*64,i,'2024-01-01'::timestamptz+i*interval '1 second'" +
      series);
}

struct LookUp {
  const char* name;
  /// How many it found.
  std::function<std::size_t(Store& store)> run;
  std::size_t expected;
  std::int64_t rows = 0;  ///< that it has to read, if not just a few
};

template <class T>
std::size_t count(const Result<std::vector<T>>& found) {
  REQUIRE_MESSAGE(found.has_value(), found.error().message());
  return found->size();
}

template <class T>
std::size_t count(const Result<std::optional<T>>& found) {
  REQUIRE_MESSAGE(found.has_value(), found.error().message());
  return found->has_value() ? 1 : 0;
}

constexpr AccountId kOne{1};
constexpr TransferId kMiddle{kRows / 2};
constexpr TransferId kThree[] = {TransferId{7}, kMiddle, TransferId{kRows + 1000}};
constexpr std::string_view kKeys[] = {"key-7", "no such key"};
constexpr std::string_view kReferences[] = {"account-7", "no such account"};
constexpr Timestamp kTwo{std::chrono::sys_days(std::chrono::year(2024) / 1 / 1) +
                         std::chrono::hours(2)};  // 7,200 rows of each table are older

std::vector<LookUp> look_ups() {
  return {
      {"a transfer",
       [](Store& store) {
         static int transfers = 0;
         testing::OneTransfer transfer("transfer-" + std::to_string(++transfers), 0);
         REQUIRE(transfer.run(store).has_value());
         return std::size_t{0};
       },
       0},
      {"find_recorded", [](Store& store) { return count(store.find_recorded(kKeys)); }, 1},
      {"begin with states and references",
       [](Store& store) {
         const auto begun =
             store.begin({.accounts = {&kOne, 1}, .states = kThree, .references = kReferences},
                         testing::in(std::chrono::seconds(20)));
         REQUIRE_MESSAGE(begun.has_value(), begun.error().message());
         const Snapshot& snapshot = (*begun)->snapshot();
         return snapshot.states.size() + snapshot.references.size();
       },
       3},
      {"read_journal",
       [](Store& store) { return count(store.read_journal(to_int(kMiddle), kPage)); }, kPage},
      {"read_accounts",
       [](Store& store) { return count(store.read_accounts(AccountId{7}, kPage)); }, kPage},
      {"find_account_by_reference",
       [](Store& store) { return count(store.find_account_by_reference("account-7")); }, 1},
      {"find_transfers", [](Store& store) { return count(store.find_transfers(kThree)); }, 2},
      {"find_rows",
       [](Store& store) {
         const std::vector<Seq> places{1, to_int(kMiddle)};
         return count(store.find_rows(places));
       },
       2},
      {"find_states", [](Store& store) { return count(store.find_states(kThree)); }, 2},
      {"read_states", [](Store& store) { return count(store.read_states(kMiddle, kPage)); }, kPage},
      {"find_expired", [](Store& store) { return count(store.find_expired(kTwo, kPage)); }, kPage},
      {"find_by_reference",
       [](Store& store) { return count(store.find_by_reference("order", kMiddle, kPage)); }, kPage},
      {"find_referring",
       [](Store& store) { return count(store.find_referring(TransferId{1}, kMiddle, kPage)); },
       kPage},
      {"read_entries",
       [](Store& store) { return count(store.read_entries(kOne, to_int(kMiddle), kPage)); }, kPage},
      {"find_checkpoint",
       [](Store& store) { return count(store.find_checkpoint(kOne, std::int64_t{kRows} * 32)); },
       1},
      {"find_checkpoint_after",
       [](Store& store) { return count(store.find_checkpoint_after(kOne, kTwo)); }, 1},
      {"read_totals", [](Store& store) { return count(store.read_totals()); }, 1, kRows},
  };
}

TEST_CASE("look-ups and commits read a few rows of large tables, analysed or not") {
  const testing::PostgresServer server({"autovacuum = off"});
  const PostgresOptions options{
      .url = server.url(), .schema = "plans", .application_name = "plans"};
  REQUIRE(migrate_postgres_store(options).has_value());
  fill(server);
  for (const bool is_analysed : {false, true}) {
    CAPTURE(is_analysed);
    if (is_analysed) server.execute("ANALYZE");
    for (const LookUp& look_up : look_ups()) {
      CAPTURE(look_up.name);
      const std::int64_t before = tuples_read(server);
      CHECK(look_up.run(*testing::must_open(options)) == look_up.expected);
      // A session hands in its numbers before it leaves.
      REQUIRE(testing::wait_until([&] {
        return server.query(
                   "SELECT count(*) FROM pg_stat_activity WHERE application_name='plans'") == "0";
      }));
      CHECK(tuples_read(server) - before < look_up.rows + kSome);
    }
  }
}

}  // namespace
}  // namespace ledger
