// The same over a real Postgres.
#include <doctest/doctest.h>

#include "model/agreement.h"
#include "model/hold_race.h"
#include "support/postgres_server.h"

using namespace ledger;

TEST_CASE("the ledger in Postgres agrees with a naive one") {
  const testing::PostgresServer server;
  model::check_agreement({.store = server.socket_url()}, model::operations_to_make());
}

TEST_CASE("captures, voids, reversals and expiries that race in Postgres give nothing out twice") {
  const testing::PostgresServer server;
  model::race_for_holds({.store = server.socket_url()});
}

TEST_CASE("threads side by side on a ledger in Postgres each agree with a naive one") {
  const testing::PostgresServer server;
  model::work_side_by_side({.store = server.socket_url()}, model::fewer_operations_to_make());
}
