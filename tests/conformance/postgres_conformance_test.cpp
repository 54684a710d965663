#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "conformance/store_conformance.h"
#include "ledger/postgres_store.h"
#include "support/postgres_server.h"

namespace ledger {
namespace {

void check_postgres(PostgresIsolation isolation, const std::string& url) {
  int ledgers = 0;
  PostgresOptions options{.url = url, .isolation = isolation};
  const auto open = [&options] {
    auto opened = open_postgres_store(options);
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
    return std::move(*opened);
  };
  const std::string kind = isolation == PostgresIsolation::serializable ? "s" : "r";
  static int runs = 0;  // a SUBCASE is a run of its own, on the same server
  const std::string prefix = kind + std::to_string(++runs) + "_";
  conformance::StoreUnderTest store;
  store.make = [&] {
    options.schema = prefix + std::to_string(++ledgers);
    return open();
  };
  store.reopen = [&](std::unique_ptr<Store> old) {
    old.reset();
    return open();
  };
  store.one_transaction_at_a_time = false;
  store.checks_terms = true;
  conformance::check_store(store);
}

const testing::PostgresServer& server() {
  static const testing::PostgresServer server;
  return server;
}

TEST_CASE("the Postgres store keeps the contract when it is serializable") {
  check_postgres(PostgresIsolation::serializable, server().url());
}

TEST_CASE("the Postgres store keeps the contract when it reads what is committed") {
  check_postgres(PostgresIsolation::read_committed, server().socket_url());
}

TEST_CASE("a ledger in Postgres has an identity that no other has, and keeps it") {
  PostgresOptions options{.url = server().url(), .schema = "identity_one"};
  const auto identity = [&options] {
    const auto store = open_postgres_store(options);
    REQUIRE_MESSAGE(store.has_value(), store.error().message());
    const auto found = (*store)->identity();
    REQUIRE_MESSAGE(found.has_value(), found.error().message());
    return *found;
  };
  const std::string one = identity();
  CHECK(one.size() == 32);
  CHECK(identity() == one);
  options.schema = "identity_two";
  CHECK(identity() != one);
}

}  // namespace
}  // namespace ledger
