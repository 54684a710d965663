// The ways in which a COMMIT does not simply succeed.
#include <doctest/doctest.h>

#include <future>
#include <string>

#include "store/postgres/connection.h"
#include "store/postgres/settings.h"
#include "support/postgres_ledger.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::OneTransfer;

TEST_CASE("COMMIT of a transaction that has failed is not taken for a commit") {
  const testing::PostgresServer server;
  const auto settings = postgres::check_options({.url = server.url()});
  REQUIRE(settings.has_value());
  auto opened = postgres::Connection::open(*settings);
  REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
  auto& connection = **opened;
  const auto run = [&](const char* sql) {
    REQUIRE(connection.send_sql(sql).has_value());
    return connection.run(testing::in(seconds(10)));
  };
  REQUIRE(run("BEGIN").has_value());
  const auto failed = run("SELECT 1/0");
  REQUIRE_FALSE(failed.has_value());
  CHECK(name(failed.error().code) == name(ErrorCode::store_corrupt));
  const auto ended = run("COMMIT");
  REQUIRE(ended.has_value());  // no error: this is the trap
  CHECK_FALSE(postgres::says_committed(*ended));

  REQUIRE(run("BEGIN").has_value());
  const auto committed = run("COMMIT");
  REQUIRE(committed.has_value());
  CHECK(postgres::says_committed(*committed));

  // Outside a transaction it says COMMIT, too, and warns.
  connection.clear_warning();
  const auto nothing = run("COMMIT");
  REQUIRE(nothing.has_value());
  CHECK(connection.warning().find("25P01") != std::string::npos);
}

TEST_CASE("a session that Postgres ends within a transaction has written nothing") {
  const testing::PostgresServer server;
  const auto store = testing::must_open({.url = server.url()});
  testing::fill(*store, 100);
  OneTransfer transfer("ended", 10);
  REQUIRE(transfer.begin(*store).has_value());
  server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename='" +
                 std::string(testing::PostgresServer::kUser) + "'");
  const auto done = transfer.commit();
  REQUIRE_FALSE(done.has_value());
  CAPTURE(done.error().message());
  // What was read before COMMIT was sent, if anything, decides which of the two.
  const bool is_right = done.error().code == ErrorCode::store_unavailable ||
                        done.error().code == ErrorCode::commit_in_doubt;
  CHECK(is_right);
  CHECK(store->settle(testing::in(seconds(10))).has_value());
  CHECK_FALSE(transfer.is_recorded(*store));
  CHECK(OneTransfer("ended", 10).run(*store).has_value());
  CHECK(testing::balance_of(*store, 2) == 10);
}

TEST_CASE("a transaction whose client stays silent is ended by Postgres") {
  const testing::PostgresServer server;
  const auto store =
      testing::must_open({.url = server.url(), .idle_transaction_timeout = milliseconds(100)});
  testing::fill(*store, 100);
  OneTransfer silent("silent", 10);
  REQUIRE(silent.begin(*store).has_value());
  CHECK(OneTransfer("other", 1).run(*store).has_value());  // waits until the locks are free
  const auto done = silent.commit();
  REQUIRE_FALSE(done.has_value());
  CHECK(store->settle(testing::in(seconds(10))).has_value());
  CHECK_FALSE(silent.is_recorded(*store));
  CHECK(testing::balance_of(*store, 2) == 1);
}

TEST_CASE("a commit that gave up waiting for its standby is in doubt, and settled by waiting") {
  const testing::PostgresServer server;
  const auto store = testing::must_open({.url = server.url()});
  testing::fill(*store, 100);
  const auto set_standby = [&](const std::string& standby) {
    server.execute("ALTER SYSTEM SET synchronous_standby_names='" + standby + "'");
    server.execute("SELECT pg_reload_conf()");
    CHECK(testing::wait_until(
        [&] { return server.query("SHOW synchronous_standby_names") == standby; }));
  };
  const auto count_waiting = [&] {
    return server.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event='SyncRep'");
  };
  OneTransfer transfer("waits", 10);
  set_standby("nobody");
  // A session reads its settings between statements, so those at rest must have seen it, too.
  REQUIRE(transfer.begin(*store).has_value());
  auto committing = std::async(std::launch::async, [&] { return transfer.commit(); });
  REQUIRE(testing::wait_until([&] { return count_waiting() == "1"; }));
  server.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event='SyncRep'");
  const auto done = committing.get();
  REQUIRE_FALSE(done.has_value());
  CHECK(name(done.error().code) == name(ErrorCode::commit_in_doubt));
  CHECK(done.error().detail.find("01000") != std::string::npos);

  for (int tries = 0; tries < 3; ++tries) {
    const auto unsettled = store->settle(testing::in(milliseconds(300)));
    REQUIRE_FALSE(unsettled.has_value());
    CHECK(name(unsettled.error().code) == name(ErrorCode::store_unavailable));
  }
  CHECK(count_waiting() == "1");  // those that hang do not pile up
  set_standby("");
  const auto settled = store->settle(testing::in(seconds(10)));
  CHECK_MESSAGE(settled.has_value(), settled.error().message());
  CHECK(transfer.is_recorded(*store));
  CHECK(testing::balance_of(*store, 2) == 10);
}

TEST_CASE("a commit that is not answered in time is in doubt, and its server process is ended") {
  const testing::PostgresServer server({"synchronous_commit = off"});  // turned on by the store
  const auto store = testing::must_open({.url = server.url(), .commit_timeout = milliseconds(500)});
  testing::fill(*store, 100);
  OneTransfer transfer("hangs", 10);
  REQUIRE(transfer.begin(*store).has_value());
  server.execute("ALTER SYSTEM SET synchronous_standby_names='nobody'");
  server.execute("SELECT pg_reload_conf()");
  CHECK(testing::wait_until(
      [&] { return server.query("SHOW synchronous_standby_names") == "nobody"; }));
  const auto done = transfer.commit();
  REQUIRE_FALSE(done.has_value());
  CHECK(name(done.error().code) == name(ErrorCode::commit_in_doubt));
  server.execute("ALTER SYSTEM RESET synchronous_standby_names");
  server.execute("SELECT pg_reload_conf()");
  const auto settled = store->settle(testing::in(seconds(10)));
  CHECK_MESSAGE(settled.has_value(), settled.error().message());
  CHECK(transfer.is_recorded(*store));
}

}  // namespace
}  // namespace ledger
