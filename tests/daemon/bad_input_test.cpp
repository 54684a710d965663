// Everything a client can get wrong, and what it is told. Over raw sockets, against one ledgerd
// that must outlive it all.
#include <doctest/doctest.h>

#include <string>

#include "bad_input_rows.h"
#include "support/ledgerd_process.h"
#include "support/raw_http.h"

namespace ledgerd::testing {
namespace {

/// Sends the row and checks what comes back.
void check(const LedgerdProcess& ledgerd, const Row& row) {
  CAPTURE(row.name);
  RawConnection connection(ledgerd.port());
  REQUIRE(connection.connected());
  // A server that has read enough to refuse may well not take the rest.
  connection.send(row.bytes);
  if (row.status == 0) {
    connection.finish_sending();
    CHECK(connection.ended_by_peer());
  } else {
    const auto response = connection.receive();
    REQUIRE(response);
    CHECK(response->status == row.status);
    CHECK(response->code() == row.code);
    CHECK((response->header("Connection") == "close") == (row.after == After::closes));
    CHECK(response->body.size() < 1000);
    if (row.after == After::closes) {
      CHECK(connection.ended_by_peer());
    } else {
      REQUIRE(connection.send(request_bytes("GET", "/healthz", {}, "")));
      const auto next = connection.receive();
      REQUIRE(next);
      CHECK(next->body == R"({"status":"ok"})");
    }
  }
  REQUIRE(ledgerd.is_alive());
}

std::string accounts(const LedgerdProcess& ledgerd) {
  std::string all;
  for (const char* id : {"1", "2", "1000000"}) {
    const auto account = ask(ledgerd.port(), "GET", std::string("/v1/accounts/") + id);
    REQUIRE(account);
    all += account->body;
  }
  return all;
}

/// Sends a part of the table; nothing may have moved, and no key may be taken.
void check_all(const Rows& rows) {
  LedgerdProcess ledgerd({"--demo"});
  const std::string before = accounts(ledgerd);
  for (const Row& row : rows)
    check(ledgerd, row);
  CHECK(accounts(ledgerd) == before);
  const auto unused =
      ask(ledgerd.port(), "POST", "/transfer", {{"Idempotency-Key", "bad-input"}}, kGoodTransfer);
  REQUIRE(unused);
  CHECK(unused->status == 200);
  CHECK(unused->header("X-Db-Hit").empty());
}

Rows all_rows() {
  Rows all;
  for (const Rows& rows : {framing_rows(), header_rows(), key_rows(), json_rows(), amount_rows(),
                           id_rows(), v1_rows()}) {
    all.insert(all.end(), rows.begin(), rows.end());
  }
  return all;
}

TEST_CASE("bad framing is refused, and the connection ends") { check_all(framing_rows()); }
TEST_CASE("bad headers and paths are refused") { check_all(header_rows()); }
TEST_CASE("bad idempotency keys are refused by name") { check_all(key_rows()); }
TEST_CASE("bad JSON is refused, by field where there is one") { check_all(json_rows()); }
TEST_CASE("bad amounts are refused, each with its code") { check_all(amount_rows()); }
TEST_CASE("bad account ids are refused") { check_all(id_rows()); }

TEST_CASE("bad requests to the API are refused, each with its code") { check_all(v1_rows()); }

TEST_CASE("the whole table, many times over, costs a bounded amount of memory") {
  const Rows rows = all_rows();
  CHECK(rows.size() >= 180);
  // The address sanitizer keeps what was freed; not all of it, here.
  LedgerdProcess ledgerd({"--demo"}, {{"ASAN_OPTIONS", "quarantine_size_mb=16"}});
  constexpr int kRounds = 30;
  std::size_t after_first = 0;
  for (int round = 0; round < kRounds; ++round) {
    for (const Row& row : rows) {
      RawConnection connection(ledgerd.port());
      connection.send(row.bytes);
      connection.finish_sending();
      while (connection.receive()) {
      }
    }
    REQUIRE(ledgerd.is_alive());
    if (round == 0) after_first = ledgerd.peak_memory_kib();
  }
  // Each round sends some 12 MB. Every worker keeps a little memory of its own, and not all of them
  // have worked in the first round.
  const std::size_t at_end = ledgerd.peak_memory_kib();
  MESSAGE("peak memory after one round: ", after_first, " KiB, after ", kRounds, ": ", at_end,
          " KiB");
  REQUIRE(after_first > 0);
  CHECK(at_end < 4 * after_first + 64UL * 1024);
}

}  // namespace
}  // namespace ledgerd::testing
