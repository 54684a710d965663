// The ways in which a COMMIT does not simply succeed.
#include <doctest/doctest.h>

#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "store/postgres/connection.h"
#include "store/postgres/doubts.h"
#include "store/postgres/settings.h"
#include "support/postgres_ledger.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::OneTransfer;

void set_standby(const testing::PostgresServer& server, const std::string& standby) {
  server.execute("ALTER SYSTEM SET synchronous_standby_names='" + standby + "'");
  server.execute("SELECT pg_reload_conf()");
  CHECK(testing::wait_until(
      [&] { return server.query("SHOW synchronous_standby_names") == standby; }));
}

std::string count_waiting(const testing::PostgresServer& server) {
  return server.query("SELECT count(*) FROM pg_stat_activity WHERE wait_event='SyncRep'");
}

/// Commits while no standby answers, until an operator cancels the wait.
Result<void> commit_without_standby(const testing::PostgresServer& server, OneTransfer& transfer) {
  auto committing = std::async(std::launch::async, [&] { return transfer.commit(); });
  REQUIRE(testing::wait_until([&] { return count_waiting(server) == "1"; }));
  server.execute("SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE wait_event='SyncRep'");
  return committing.get();
}

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
  OneTransfer transfer("waits", 10);
  set_standby(server, "nobody");
  // A session reads its settings between statements, so those at rest must have seen it, too.
  REQUIRE(transfer.begin(*store).has_value());
  const auto done = commit_without_standby(server, transfer);
  REQUIRE_FALSE(done.has_value());
  CHECK(name(done.error().code) == name(ErrorCode::commit_in_doubt));
  CHECK(done.error().detail.find("01000") != std::string::npos);

  for (int tries = 0; tries < 3; ++tries) {
    const auto unsettled = store->settle(testing::in(milliseconds(300)));
    REQUIRE_FALSE(unsettled.has_value());
    CHECK(name(unsettled.error().code) == name(ErrorCode::store_unavailable));
  }
  CHECK(count_waiting(server) == "1");  // those that hang do not pile up
  set_standby(server, "");
  const auto settled = store->settle(testing::in(seconds(10)));
  CHECK_MESSAGE(settled.has_value(), settled.error().message());
  CHECK(transfer.is_recorded(*store));
  CHECK(testing::balance_of(*store, 2) == 10);
}

// Its rows are there to be seen on this server, and would be lost with it.
TEST_CASE("what a commit in doubt wrote is not told before it is settled") {
  const testing::PostgresServer server;
  const auto store =
      testing::must_open({.url = server.url(), .statement_timeout = milliseconds(500)});
  testing::fill(*store, 100);
  OneTransfer transfer("waits", 10);
  set_standby(server, "nobody");
  REQUIRE(transfer.begin(*store).has_value());
  const auto done = commit_without_standby(server, transfer);
  REQUIRE_FALSE(done.has_value());
  CHECK(name(done.error().code) == name(ErrorCode::commit_in_doubt));

  const std::string_view key = "waits";
  const auto found = store->find_recorded({&key, 1});
  REQUIRE_FALSE(found.has_value());
  CHECK(name(found.error().code) == name(ErrorCode::store_unavailable));
  const auto again = OneTransfer("waits", 10).begin(*store, testing::in(milliseconds(500)));
  REQUIRE_FALSE(again.has_value());
  CHECK(name(again.error().code) == name(ErrorCode::store_unavailable));
  // Others go on: what they commit comes behind it.
  CHECK(OneTransfer("other", 10).begin(*store).has_value());

  set_standby(server, "");
  CHECK(transfer.is_recorded(*store));
  CHECK(OneTransfer("waits", 10).run(*store).has_value());
  CHECK(testing::balance_of(*store, 2) == 10);
}

TEST_CASE("connections at rest do not take the place of the one that settles") {
  const testing::PostgresServer server;
  server.execute(std::string("ALTER ROLE ") + testing::PostgresServer::kUser +
                 " CONNECTION LIMIT 2");
  const auto store = testing::must_open({.url = server.url(), .connections = 2});
  testing::fill(*store, 100);
  auto other = store->begin({}, testing::in(seconds(10)));  // has a connection to itself
  REQUIRE(other.has_value());
  OneTransfer transfer("waits", 10);
  set_standby(server, "nobody");
  REQUIRE(transfer.begin(*store).has_value());
  const auto done = commit_without_standby(server, transfer);
  REQUIRE_FALSE(done.has_value());
  set_standby(server, "");
  other->reset();
  const auto settings = postgres::check_options({.url = server.url()});
  std::unique_ptr<postgres::Connection> another;
  const bool is_full = testing::wait_until([&] {
    auto opened = postgres::Connection::open(*settings);
    if (opened) another = std::move(*opened);
    return opened.has_value();
  });
  REQUIRE(is_full);
  const std::string_view key = "waits";
  CHECK(testing::wait_until([&] {
    const auto rows = store->find_recorded({&key, 1});
    return rows.has_value() && rows->size() == 1;
  }));
}

// A server that was replaced may go on for a while for those who are connected to it.
TEST_CASE("after a failover the outcome is read where the commit was settled") {
  const testing::PostgresServer replaced;
  const testing::PostgresServer promoted;
  testing::fill(*testing::must_open({.url = promoted.url()}), 100);
  std::string url = replaced.url();
  const std::string host = "127.0.0.1:" + std::to_string(replaced.port());
  url.replace(url.find(host), host.size(), host + ",127.0.0.1:" + std::to_string(promoted.port()));
  const auto store = testing::must_open({.url = url});
  testing::fill(*store, 100);
  auto other = store->begin({}, testing::in(seconds(10)));  // has a connection to itself
  REQUIRE(other.has_value());
  OneTransfer transfer("lost", 10);
  set_standby(replaced, "nobody");
  REQUIRE(transfer.begin(*store).has_value());
  const auto done = commit_without_standby(replaced, transfer);
  REQUIRE_FALSE(done.has_value());
  CHECK(name(done.error().code) == name(ErrorCode::commit_in_doubt));
  other->reset();

  replaced.freeze();  // takes no new connections; the old one still answers
  const auto settled = store->settle(testing::in(seconds(20)));
  CHECK_MESSAGE(settled.has_value(), settled.error().message());
  CHECK_FALSE(transfer.is_recorded(*store));
  replaced.thaw();
}

// The process that is to be ended was started by the role that logged in.
TEST_CASE("a commit in doubt is settled for a role that acts as another one, too") {
  const testing::PostgresServer server;
  const std::string user = testing::PostgresServer::kUser;
  server.execute("CREATE ROLE owner");
  server.execute("GRANT owner TO " + user);
  server.execute("ALTER ROLE " + user + " SET role = 'owner'");
  const auto settings = postgres::check_options({.url = server.url()});
  REQUIRE(settings.has_value());
  const auto committing = postgres::Connection::open(*settings);
  REQUIRE_MESSAGE(committing.has_value(), committing.error().message());
  postgres::Connection& connection = **committing;
  REQUIRE(connection.send_sql("SELECT current_user::text").has_value());
  const auto role = connection.run(testing::in(seconds(10)));
  REQUIRE(role.has_value());
  CHECK(std::string(PQgetvalue(role->get(), 0, 0)) == "owner");

  postgres::Doubts doubts;
  doubts.add(connection.backend());
  const auto settled = doubts.settle(*settings, testing::in(seconds(10)));
  CHECK_MESSAGE(settled.has_value(), settled.error().message());
  CHECK(server.query("SELECT count(*) FROM pg_stat_activity WHERE pid=" +
                     std::to_string(connection.backend().pid)) == "0");
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
