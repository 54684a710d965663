// Postgres is away, comes back, stands still.
#include <doctest/doctest.h>

#include <future>
#include <string>
#include <utility>

#include "support/postgres_ledger.h"
#include "support/postgres_server.h"
#include "support/tcp_proxy.h"

namespace ledger {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::OneTransfer;

void must_be_refused(Store& store) {
  OneTransfer transfer("refused", 1);
  const auto begun = transfer.begin(store);
  REQUIRE_FALSE(begun.has_value());
  CHECK(name(begun.error().code) == name(ErrorCode::store_unavailable));
  CHECK(begun.error().detail.find(testing::PostgresServer::kPassword) == std::string::npos);
}

void goes_away_and_comes_back(bool orderly) {
  testing::PostgresServer server;
  const auto store =
      testing::must_open({.url = server.url(), .reconnect_pause = milliseconds(100)});
  testing::fill(*store, 100);
  CHECK(store->check().has_value());
  CHECK(OneTransfer("before", 1).run(*store).has_value());
  if (orderly) {
    server.stop();
  } else {
    server.stop_at_once();
  }
  for (int i = 0; i < 20; ++i)
    must_be_refused(*store);
  const auto checked = store->check();
  REQUIRE_FALSE(checked.has_value());
  CHECK(name(checked.error().code) == name(ErrorCode::store_unavailable));
  CHECK_FALSE(store->find_account(AccountId{1}).has_value());

  server.start();
  CHECK(testing::wait_until([&] { return OneTransfer("after", 1).run(*store).has_value(); },
                            seconds(10)));
  CHECK(testing::balance_of(*store, 2) == 2);
}

TEST_CASE("a stopped Postgres is noticed at once, and served from again when it is back") {
  goes_away_and_comes_back(true);
}

TEST_CASE("a crashed Postgres is noticed at once, and served from again when it is back") {
  goes_away_and_comes_back(false);
}

/// While it lasts, nothing passes the proxy: connections stand, answers do not come.
class Silence {
 public:
  explicit Silence(testing::TcpProxy& proxy) : proxy_(proxy) {
    proxy_.set_judge([over = over_.get_future().share()](testing::Flow, std::string_view bytes) {
      over.wait();
      return bytes.size();
    });
  }
  ~Silence() { end(); }
  Silence(const Silence&) = delete;
  Silence& operator=(const Silence&) = delete;

  void end() {
    if (std::exchange(ended_, true)) return;
    over_.set_value();
    proxy_.set_judge({});
  }

 private:
  testing::TcpProxy& proxy_;
  std::promise<void> over_;
  bool ended_ = false;
};

TEST_CASE("while Postgres says nothing, callers are refused without waiting to be connected") {
  const testing::PostgresServer server;
  testing::TcpProxy proxy(server.port());
  // A caller that had to wait for a connection would wait longer than the test may take.
  const auto store = testing::must_open({.url = server.url(proxy.port()),
                                         .connect_timeout = std::chrono::minutes(30),
                                         .reconnect_pause = milliseconds(20)});
  testing::fill(*store, 100);
  Silence silence(proxy);
  OneTransfer first("first", 1);
  const auto late = first.begin(*store, testing::in(milliseconds(200)));
  REQUIRE_FALSE(late.has_value());
  CHECK(name(late.error().code) == name(ErrorCode::deadline_exceeded));
  for (int i = 0; i < 100; ++i)
    must_be_refused(*store);
  CHECK_FALSE(store->check().has_value());
  CHECK_FALSE(store->find_account(AccountId{1}).has_value());

  silence.end();
  CHECK(testing::wait_until([&] { return OneTransfer("after", 1).run(*store).has_value(); }));
  CHECK(testing::balance_of(*store, 2) == 1);
}

TEST_CASE("connections that died while they rested are not noticed by callers") {
  testing::PostgresServer server;
  const auto store = testing::must_open({.url = server.url()});
  testing::fill(*store, 100);
  server.stop_at_once();
  server.start();
  CHECK(OneTransfer("first", 1).run(*store).has_value());
  server.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename='" +
                 std::string(testing::PostgresServer::kUser) + "'");
  CHECK(OneTransfer("second", 1).run(*store).has_value());
  CHECK(testing::balance_of(*store, 2) == 2);
}

// It used to cost the connection, so that every replay found under a lock waited for a new one.
TEST_CASE("a transaction that writes nothing keeps its connection") {
  const testing::PostgresServer server;
  const auto store = testing::must_open({.url = server.url(), .connections = 1});
  testing::fill(*store, 100);
  const std::string backend = "SELECT min(pid) FROM pg_stat_activity WHERE usename='" +
                              std::string(testing::PostgresServer::kUser) + "'";
  const std::string before = server.query(backend);
  REQUIRE(!before.empty());
  REQUIRE(OneTransfer("nothing", 10).begin(*store).has_value());
  CHECK(testing::balance_of(*store, 1) == 100);
  CHECK(server.query(backend) == before);
}

TEST_CASE("a batch whose Postgres dies under it has written nothing, or is settled") {
  testing::PostgresServer server;
  const auto store = testing::must_open({.url = server.url()});
  testing::fill(*store, 100);
  OneTransfer transfer("dies", 1);
  REQUIRE(transfer.begin(*store).has_value());
  server.stop_at_once();
  CHECK_FALSE(transfer.commit().has_value());
  CHECK_FALSE(store->check().has_value());
  server.start();
  CHECK(testing::wait_until([&] { return store->settle(testing::in(seconds(5))).has_value(); },
                            seconds(10)));
  CHECK(testing::wait_until([&] { return store->check().has_value(); }, seconds(10)));
  CHECK_FALSE(transfer.is_recorded(*store));
}

/// The second transfer waits for the first, on a store with so many connections.
void gives_up_at_its_deadline(std::size_t connections) {
  const testing::PostgresServer server;
  const auto store = testing::must_open({.url = server.url(), .connections = connections});
  testing::fill(*store, 100);
  OneTransfer first("first", 1);
  REQUIRE(first.begin(*store).has_value());
  OneTransfer second("second", 1);
  const auto late = second.begin(*store, testing::in(milliseconds(50)));
  REQUIRE_FALSE(late.has_value());
  CHECK(name(late.error().code) == name(ErrorCode::deadline_exceeded));
  CHECK(first.commit().has_value());
  CHECK(second.run(*store).has_value());
}

TEST_CASE("begin gives up at its deadline while all connections are in use") {
  gives_up_at_its_deadline(1);
}

TEST_CASE("begin gives up at its deadline while another transaction holds an account") {
  gives_up_at_its_deadline(2);
}

TEST_CASE("a lock that is held too long is a conflict") {
  const testing::PostgresServer server;
  const auto store = testing::must_open({.url = server.url(), .lock_timeout = milliseconds(50)});
  testing::fill(*store, 100);
  OneTransfer first("first", 1);
  REQUIRE(first.begin(*store).has_value());
  OneTransfer second("second", 1);
  const auto refused = second.begin(*store);
  REQUIRE_FALSE(refused.has_value());
  CHECK(name(refused.error().code) == name(ErrorCode::conflict));
}

}  // namespace
}  // namespace ledger
