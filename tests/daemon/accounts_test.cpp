// /v1/accounts: opening, changing and finding accounts.
#include <doctest/doctest.h>

#include <string>

#include "support/api_client.h"

namespace ledgerd::testing {
namespace {

TEST_CASE("an account is opened with reference and metadata, word for word") {
  const LedgerdProcess ledgerd({"--db", "memory:"});
  const Api api(ledgerd);
  const auto opened = api.post("/v1/accounts", "k",
                               R"({"currency":"USD","id":7,"min_balance":"-50.00",)"
                               R"("max_balance":"200.5","reference":"wallet 7",)"
                               R"("metadata":{ "owner" : "Zo\u00eb", "tier": 1.10 }})");
  CHECK(opened.status == 201);
  CHECK(opened.header("Location") == "/v1/accounts/7");
  CHECK(without_times(opened.body) ==
        R"({"id":7,"currency":"USD","status":"open","reference":"wallet 7",)"
        R"("metadata":{"owner":"Zo\u00eb","tier":1.10},"balance":"0.00","held":"0.00",)"
        R"("incoming":"0.00","available":"0.00","min_balance":"-50.00","max_balance":"200.50",)"
        R"("version":0,"created_at":""})");
  CHECK(api.get("/v1/accounts/7").body == opened.body);
}

TEST_CASE("a reference belongs to one account") {
  const LedgerdProcess ledgerd({"--db", "memory:"});
  const Api api(ledgerd);
  REQUIRE(api.post("/v1/accounts", "a", R"({"currency":"USD","reference":"r"})").status == 201);
  const auto second = api.post("/v1/accounts", "b", R"({"currency":"EUR","reference":"r"})");
  CHECK(second.status == 409);
  CHECK(second.code() == "reference_exists");
  const auto replay = api.post("/v1/accounts", "b", R"({"currency":"EUR","reference":"r"})");
  CHECK(replay.status == 409);
  CHECK(replay.header("Idempotent-Replayed") == "true");
}

TEST_CASE("null stands for no reference and no metadata") {
  const LedgerdProcess ledgerd({"--db", "memory:"});
  const Api api(ledgerd);
  const auto opened =
      api.post("/v1/accounts", "k", R"({"currency":"USD","reference":null,"metadata":null})");
  CHECK(opened.status == 201);
  CHECK(contains(opened.body, R"("reference":null,"metadata":null)"));
  const auto replay = api.post("/v1/accounts", "k", R"({"currency":"USD"})");
  CHECK(replay.body == opened.body);
  CHECK(replay.header("Idempotent-Replayed") == "true");
}

TEST_CASE("what is wrong with reference and metadata is told by name") {
  const LedgerdProcess ledgerd({"--db", "memory:"});
  const Api api(ledgerd);
  const std::string long_text(256, 'r');
  const std::string large = R"({"a":")" + std::string(4096, 'x') + R"("})";
  const struct {
    std::string member;
    const char* code;
  } kRows[] = {
      {R"("reference":"")", "invalid_reference"},
      {R"("reference":" r")", "invalid_reference"},
      {R"("reference":")" + long_text + '"', "invalid_reference"},
      {R"("reference":"caf\u00e9")", "invalid_reference"},
      {R"("reference":7)", "wrong_type"},
      {R"("metadata":"{}")", "wrong_type"},
      {R"("metadata":[1])", "wrong_type"},
      {R"("metadata":)" + large, "invalid_metadata"},
      {R"("metadata":{"a":1]})", "malformed_json"},
      {R"("metadata":{"a":+1})", "malformed_json"},
      {R"("metadata":)" + std::string(64, '[') + std::string(64, ']'), "wrong_type"},
      {R"("metadata":{"a":)" + std::string(64, '[') + std::string(64, ']') + '}', "malformed_json"},
  };
  int number = 0;
  for (const auto& row : kRows) {
    CAPTURE(row.member);
    const auto response = api.post("/v1/accounts", "k" + std::to_string(++number),
                                   R"({"currency":"USD",)" + row.member + '}');
    CHECK(response.status == 400);
    CHECK(response.code() == row.code);
    CHECK(response.body.size() < 600);
  }
}

TEST_CASE("an account is changed, and the change is replayed as it was") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto changed = api.patch("/v1/accounts/1", "c",
                                 R"({"status":"frozen","min_balance":"-5","max_balance":"9000",)"
                                 R"("metadata":{"why":"audit"}})");
  CHECK(changed.status == 200);
  CHECK(changed.header("ETag") == R"("2")");
  CHECK(changed.header("Idempotent-Replayed").empty());
  CHECK(changed.body ==
        R"({"id":1,"currency":"USD","status":"frozen","reference":null,)"
        R"("metadata":{"why":"audit"},"balance":"1000.00","held":"0.00","incoming":"0.00",)"
        R"("available":"1000.00","min_balance":"-5.00","max_balance":"9000.00","version":2})");
  REQUIRE(
      api.patch("/v1/accounts/1", "d", R"({"status":"open","max_balance":null,"metadata":null})")
          .status == 200);
  CHECK(contains(api.get("/v1/accounts/1").body,
                 R"("min_balance":"-5.00","max_balance":null,"version":3)"));
  const auto replay = api.patch("/v1/accounts/1", "c",
                                R"({"status":"frozen","min_balance":"-5","max_balance":"9000",)"
                                R"("metadata":{"why":"audit"}})");
  CHECK(replay.status == 200);
  CHECK(replay.body == changed.body);
  CHECK(replay.header("Idempotent-Replayed") == "true");
}

TEST_CASE("a change that cannot be is told why") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  REQUIRE(api.post("/v1/accounts", "empty", R"({"currency":"USD","id":9})").status == 201);
  REQUIRE(api.patch("/v1/accounts/9", "close", R"({"status":"closed"})").status == 200);
  const struct {
    const char* target;
    const char* body;
    int status;
    const char* code;
  } kRows[] = {
      {"/v1/accounts/77", R"({"status":"frozen"})", 404, "unknown_account"},
      {"/v1/accounts/77", R"({"min_balance":"0"})", 404, "unknown_account"},
      {"/v1/accounts/x", R"({"status":"frozen"})", 400, "invalid_account_id"},
      {"/v1/accounts/1", R"({"status":"closed"})", 422, "account_not_empty"},
      {"/v1/accounts/9", R"({"status":"open"})", 422, "account_closed"},
      {"/v1/accounts/1", R"({"max_balance":"1.00"})", 422, "limit_not_met"},
      {"/v1/accounts/1", R"({"min_balance":"5","max_balance":"4"})", 400, "invalid_balance_limit"},
      {"/v1/accounts/1", "{}", 400, "nothing_to_change"},
      {"/v1/accounts/1", R"({"status":"gone"})", 400, "wrong_type"},
      {"/v1/accounts/1", R"({"status":null})", 400, "wrong_type"},
      {"/v1/accounts/1", R"({"min_balance":5})", 400, "wrong_type"},
      {"/v1/accounts/1", R"({"min_balance":"0.001"})", 400, "amount_too_precise"},
      {"/v1/accounts/1", R"({"currency":"EUR"})", 400, "unknown_field"},
      {"/v1/accounts/1", "", 400, "malformed_json"},
  };
  int number = 0;
  for (const auto& row : kRows) {
    CAPTURE(row.body);
    const auto response = api.patch(row.target, "k" + std::to_string(++number), row.body);
    CHECK(response.status == row.status);
    CHECK(response.code() == row.code);
    CHECK(response.header("Content-Type") == "application/problem+json");
    CHECK(response.header("ETag").empty());
  }
  CHECK(api.ask("PATCH", "/v1/accounts/1", {}, R"({"status":"open"})").code() == "invalid_key");
  CHECK(member(api.get("/v1/accounts/1").body, "version") == "1");
}

TEST_CASE("a change that was declined for lack of an account stays declined once there is one") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  constexpr std::string_view kLimit = R"({"min_balance":"-5"})";
  REQUIRE(api.patch("/v1/accounts/77", "k", kLimit).code() == "unknown_account");
  REQUIRE(api.post("/v1/accounts", "a", R"({"currency":"JPY","id":77})").status == 201);
  const auto replay = api.patch("/v1/accounts/77", "k", kLimit);
  CHECK(replay.status == 404);
  CHECK(replay.code() == "unknown_account");
  CHECK(replay.header("Idempotent-Replayed") == "true");
  CHECK(api.patch("/v1/accounts/77", "k", R"({"min_balance":"-6"})").code() == "key_reused");
}

TEST_CASE("a change may be bound to the version that was read") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string tag = api.get("/v1/accounts/1").header("ETag");
  CHECK(tag == R"("1")");
  constexpr std::string_view kFreeze = R"({"status":"frozen"})";
  constexpr std::string_view kOpen = R"({"status":"open"})";
  REQUIRE(api.patch("/v1/accounts/1", "a", kFreeze, {{"If-Match", tag}}).status == 200);
  const auto late = api.patch("/v1/accounts/1", "b", kOpen, {{"If-Match", tag}});
  CHECK(late.status == 412);
  CHECK(late.code() == "version_mismatch");
  CHECK(contains(late.body, R"("type":"urn:libledger:problem:version_mismatch")"));
  CHECK(api.patch("/v1/accounts/1", "c", kOpen, {{"If-Match", "*"}}).status == 200);
  int number = 0;
  for (const char* bad : {"1", R"(W/"3")", R"("x")", R"("3","4")", R"("")", R"("-1")", R"("03")"}) {
    CAPTURE(bad);
    const auto response =
        api.patch("/v1/accounts/1", "bad" + std::to_string(++number), kFreeze, {{"If-Match", bad}});
    CHECK(response.status == 400);
    CHECK(response.code() == "invalid_precondition");
  }
}

TEST_CASE("an account that has not changed is 304, without a body") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  for (const char* same : {R"("1")", R"(W/"1")", R"("7", "1")", "*"}) {
    CAPTURE(same);
    const auto response = api.get("/v1/accounts/1", {{"If-None-Match", same}});
    CHECK(response.status == 304);
    CHECK(response.body.empty());
    CHECK(response.header("ETag") == R"("1")");
    CHECK(response.header("Content-Length").empty());
  }
  for (const char* other : {R"("2")", "1", "nonsense", ""}) {
    CAPTURE(other);
    const auto response = api.get("/v1/accounts/1", {{"If-None-Match", other}});
    CHECK(response.status == 200);
    CHECK(member(response.body, "id") == "1");
  }
}

TEST_CASE("a connection serves on after a 304") {
  const LedgerdProcess ledgerd({"--demo"});
  RawConnection connection(ledgerd.port());
  REQUIRE(
      connection.send(request_bytes("GET", "/v1/accounts/1", {{"If-None-Match", R"("1")"}}, "") +
                      request_bytes("GET", "/healthz", {}, "")));
  const auto unchanged = connection.receive();
  REQUIRE(unchanged);
  CHECK(unchanged->status == 304);
  const auto health = connection.receive();
  REQUIRE(health);
  CHECK(health->body == R"({"status":"ok"})");
}

TEST_CASE("accounts are listed page by page, in order of id") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto first = api.get("/v1/accounts?limit=2");
  CHECK(first.status == 200);
  CHECK(first.body == R"({"accounts":[)" + api.get("/v1/accounts/1").body + ',' +
                          api.get("/v1/accounts/2").body + R"(],"next":2})");
  const auto last = api.get("/v1/accounts?after=2&limit=2");
  CHECK(last.body ==
        R"({"accounts":[)" + api.get("/v1/accounts/1000000").body + R"(],"next":null})");
  CHECK(api.get("/v1/accounts?after=1000000").body == R"({"accounts":[],"next":null})");
  CHECK(count_of(api.get("/v1/accounts").body, R"("id":)") == 3);
  CHECK(member(api.get("/v1/accounts?limit=3").body, "next") == "null");
}

TEST_CASE("an account is found by its reference") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  REQUIRE(
      api.post("/v1/accounts", "k", R"({"currency":"USD","id":7,"reference":"a b+c%"})").status ==
      201);
  const std::string found = R"({"accounts":[)" + api.get("/v1/accounts/7").body + "]}";
  CHECK(api.get("/v1/accounts?reference=a%20b%2Bc%25").body == found);
  CHECK(api.get("/v1/accounts?reference=a+b%2bc%25").body == found);
  CHECK(api.get("/v1/accounts?reference=other").body == R"({"accounts":[]})");
  CHECK(api.get("/v1/accounts?reference=a&limit=1").code() == "invalid_query");
}

}  // namespace
}  // namespace ledgerd::testing
