// /v1/transfers and /v1/holds: what moves and reserves money, one request at a time.
#include <doctest/doctest.h>

#include <array>
#include <chrono>
#include <ctime>
#include <string>

#include "support/api_client.h"

namespace ledgerd::testing {
namespace {

constexpr std::string_view kFive = R"({"from":1,"to":2,"amount":"5.00","currency":"USD"})";

std::string balance(const Api& api, std::string_view id) {
  return member(api.get("/v1/accounts/" + std::string(id)).body, "balance");
}

/// So far ahead of now, as RFC 3339 has it.
std::string time_ahead(std::chrono::milliseconds ahead) {
  const auto time = std::chrono::system_clock::now() + ahead;
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  const auto millis =
      std::chrono::duration_cast<std::chrono::milliseconds>(time.time_since_epoch()).count() % 1000;
  std::tm utc{};
  gmtime_r(&seconds, &utc);
  std::array<char, 32> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S.", &utc);
  const std::string decimals = std::to_string(1000 + millis);
  return std::string(text.data(), size) + decimals.substr(1) + 'Z';
}

/// A hold of 5 USD from 1 to 2, by its id.
std::string open_hold(const Api& api, std::string_view key) {
  const auto hold = api.post("/v1/holds", key, kFive);
  REQUIRE(hold.status == 201);
  return member(hold.body, "id");
}

TEST_CASE("a transfer is answered with its receipt, word for word, and replayed") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  constexpr std::string_view kBody =
      R"({"from":1,"to":2,"amount":"5","currency":"USD","reference":"order 1",)"
      R"("metadata":{"a": [1, {"b": 1.10}]},"effective_at":"2026-01-02T03:04:05.5+01:00"})";
  const auto posted = api.post("/v1/transfers", "k", kBody);
  CHECK(posted.status == 201);
  const std::string id = member(posted.body, "id");
  CHECK(posted.header("Location") == "/v1/transfers/" + id);
  CHECK(posted.header("Content-Type") == "application/json");
  CHECK(posted.header("Idempotent-Replayed").empty());
  CHECK(without_times(posted.body) ==
        R"({"id":)" + id +
            R"(,"kind":"transfer","key":"k","legs":[{"from":1,"to":2,"amount":"5.00",)"
            R"("currency":"USD","from_balance":"995.00","to_balance":"1005.00",)"
            R"("from_held":"0.00","to_incoming":"0.00"}],"refers_to":null,"expires_at":null,)"
            R"("reference":"order 1","metadata":{"a":[1,{"b":1.10}]},)"
            R"("effective_at":"2026-01-02T02:04:05.500000Z","recorded_at":""})");

  const auto replay = api.post("/v1/transfers", "k",
                               R"({"metadata":{"a":[1,{"b":1.10}]},"reference":"order 1",)"
                               R"("effective_at":"2026-01-02T02:04:05.500000Z",)"
                               R"("legs":[{"currency":"USD","amount":"5.00","to":2,"from":1}]})");
  CHECK(replay.status == 201);
  CHECK(replay.body == posted.body);
  CHECK(replay.header("Location") == posted.header("Location"));
  CHECK(replay.header("Idempotent-Replayed") == "true");
  CHECK(balance(api, "1") == "995.00");
}

TEST_CASE("all legs of a transfer are posted, or none") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto posted = api.post("/v1/transfers", "k",
                               R"({"legs":[{"from":1,"to":2,"amount":"900","currency":"USD"},)"
                               R"({"from":1,"to":1000000,"amount":"100","currency":"USD"}]})");
  CHECK(posted.status == 201);
  CHECK(count_of(posted.body, R"("from":1)") == 2);
  CHECK(contains(posted.body, R"("from_balance":"100.00","to_balance":"1900.00")"));
  CHECK(contains(posted.body, R"("from_balance":"0.00","to_balance":"-1900.00")"));
  const auto declined = api.post("/v1/transfers", "l",
                                 R"({"legs":[{"from":2,"to":1,"amount":"1","currency":"USD"},)"
                                 R"({"from":1,"to":2,"amount":"2","currency":"USD"}]})");
  CHECK(declined.status == 422);
  CHECK(declined.code() == "insufficient_funds");
  CHECK(balance(api, "2") == "1900.00");
}

TEST_CASE("a decline is a problem, recorded and replayed") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  constexpr std::string_view kTooMuch = R"({"from":1,"to":2,"amount":"1000.01","currency":"USD"})";
  const auto declined = api.post("/v1/transfers", "k", kTooMuch);
  CHECK(declined.status == 422);
  CHECK(declined.header("Content-Type") == "application/problem+json");
  CHECK(declined.header("Location").empty());
  CHECK(contains(declined.body, R"({"type":"urn:libledger:problem:insufficient_funds","title":")"));
  REQUIRE(api.post("/v1/transfers", "more", R"({"from":2,"to":1,"amount":"1","currency":"USD"})")
              .status == 201);
  const auto replay = api.post("/v1/transfers", "k", kTooMuch);
  CHECK(replay.body == declined.body);
  CHECK(replay.header("Idempotent-Replayed") == "true");
}

TEST_CASE("what the ledger says about a transfer has its status") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  REQUIRE(api.post("/v1/accounts", "e", R"({"currency":"EUR","id":7})").status == 201);
  REQUIRE(api.post("/v1/accounts", "f", R"({"currency":"USD","id":8})").status == 201);
  REQUIRE(api.post("/v1/accounts", "g", R"({"currency":"USD","id":9,"max_balance":"1"})").status ==
          201);
  REQUIRE(api.patch("/v1/accounts/8", "h", R"({"status":"frozen"})").status == 200);
  const struct {
    const char* body;
    int status;
    const char* code;
  } kRows[] = {
      {R"({"legs":[]})", 400, "no_legs"},
      {R"({"from":1,"to":1,"amount":"1","currency":"USD"})", 400, "same_account"},
      {R"({"from":1,"to":2,"amount":"0","currency":"USD"})", 400, "invalid_amount"},
      {R"({"from":1,"to":2,"amount":"-1","currency":"USD"})", 400, "invalid_amount"},
      {R"({"from":1,"to":2,"amount":"1e2","currency":"USD"})", 400, "invalid_amount"},
      {R"({"from":1,"to":2,"amount":"0.001","currency":"USD"})", 400, "amount_too_precise"},
      {R"({"from":1,"to":2,"amount":"92233720368547758.08","currency":"USD"})", 400,
       "amount_out_of_range"},
      {R"({"from":1,"to":2,"amount":"1","currency":"XXX"})", 400, "unknown_currency"},
      {R"({"from":1,"to":2,"amount":"1","currency":"USD","reference":" r"})", 400,
       "invalid_reference"},
      {R"({"from":1,"to":2,"amount":"1","currency":"USD","effective_at":"yesterday"})", 400,
       "invalid_timestamp"},
      {R"({"from":1,"to":2,"amount":"1","currency":"USD",)"
       R"("effective_at":"0001-01-01T00:00:00+00:01"})",
       400, "invalid_timestamp"},
      {R"({"from":77,"to":2,"amount":"1","currency":"USD"})", 422, "from_account_not_found"},
      {R"({"from":1,"to":77,"amount":"1","currency":"USD"})", 422, "to_account_not_found"},
      {R"({"from":1,"to":7,"amount":"1","currency":"USD"})", 422, "currency_mismatch"},
      {R"({"from":1,"to":2,"amount":"1","currency":"EUR"})", 422, "currency_mismatch"},
      {R"({"from":8,"to":2,"amount":"1","currency":"USD"})", 422, "from_account_not_open"},
      {R"({"from":1,"to":8,"amount":"1","currency":"USD"})", 422, "to_account_not_open"},
      {R"({"from":1,"to":9,"amount":"1.01","currency":"USD"})", 422, "balance_limit_exceeded"},
  };
  int number = 0;
  for (const auto& row : kRows) {
    CAPTURE(row.body);
    for (const char* target : {"/v1/transfers", "/v1/holds"}) {
      const auto response = api.post(target, "k" + std::to_string(++number), row.body);
      CHECK(response.status == row.status);
      CHECK(response.code() == row.code);
      CHECK(contains(response.body, std::string("urn:libledger:problem:") + row.code));
    }
  }
  CHECK(balance(api, "1") == "1000.00");
  CHECK(member(api.get("/v1/accounts/1").body, "version") == "1");
}

TEST_CASE("more legs than a transfer may have are refused") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  std::string legs;
  for (int i = 0; i < 1001; ++i)
    legs += R"({"from":1,"to":2,"amount":"0.01","currency":"USD"},)";
  legs.pop_back();
  CHECK(api.post("/v1/transfers", "k", R"({"legs":[)" + legs + "]}").code() == "too_many_legs");
  legs.resize(legs.rfind(R"(,{"from")"));
  CHECK(api.post("/v1/transfers", "l", R"({"legs":[)" + legs + "]}").status == 201);
  CHECK(balance(api, "1") == "990.00");
}

TEST_CASE("a hold reserves, and a capture moves what was reserved") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto hold = api.post("/v1/holds", "h",
                             R"({"from":1,"to":2,"amount":"5.00","currency":"USD",)"
                             R"("expires_at":"2999-01-01T00:00:00Z"})");
  CHECK(hold.status == 201);
  const std::string id = member(hold.body, "id");
  CHECK(hold.header("Location") == "/v1/transfers/" + id);
  CHECK(contains(hold.body, R"("kind":"hold","key":"h")"));
  CHECK(contains(hold.body, R"("from_balance":"1000.00","to_balance":"1000.00",)"
                            R"("from_held":"5.00","to_incoming":"5.00"}])"));
  CHECK(contains(hold.body, R"("expires_at":"2999-01-01T00:00:00.000000Z")"));
  CHECK(contains(api.get("/v1/accounts/1").body, R"("held":"5.00","incoming":"0.00",)"
                                                 R"("available":"995.00")"));

  constexpr std::string_view kTwo = R"({"amount":"2","currency":"USD","reference":"part"})";
  const auto part = api.post("/v1/holds/" + id + "/capture", "c", kTwo);
  CHECK(part.status == 201);
  CHECK(part.header("Location") == "/v1/transfers/" + member(part.body, "id"));
  CHECK(contains(part.body, R"("kind":"capture","key":"c")"));
  CHECK(contains(part.body, R"("amount":"2.00","currency":"USD","from_balance":"998.00",)"
                            R"("to_balance":"1002.00","from_held":"3.00","to_incoming":"3.00"}],)"
                            R"("refers_to":)" +
                                id + R"(,"released":"0.00")"));
  const auto replay = api.post("/v1/holds/" + id + "/capture", "c", kTwo);
  CHECK(replay.body == part.body);
  CHECK(replay.header("Idempotent-Replayed") == "true");
  CHECK(api.post("/v1/holds/" + id + "/capture", "c", "{}").code() == "key_reused");

  const auto last = api.post("/v1/holds/" + id + "/capture", "d",
                             R"({"amount":"1","currency":"USD","release_rest":true})");
  CHECK(last.status == 201);
  CHECK(contains(last.body, R"("released":"2.00")"));
  CHECK(contains(api.get("/v1/accounts/1").body, R"("balance":"997.00","held":"0.00")"));
  const auto transfer = api.get("/v1/transfers/" + id).body;
  CHECK(contains(transfer, R"("status":"captured","settled":"3.00","followed_by":[)" +
                               member(part.body, "id") + ',' + member(last.body, "id") + "]}"));
  CHECK(api.post("/v1/holds/" + id + "/capture", "e", "{}").code() == "hold_captured");
  CHECK(api.post("/v1/holds/" + id + "/void", "f", "").code() == "hold_captured");
}

TEST_CASE("a capture without an amount moves all that is left") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string id = open_hold(api, "h");
  const auto captured = api.post("/v1/holds/" + id + "/capture", "c", "{}");
  CHECK(captured.status == 201);
  CHECK(contains(captured.body, R"("amount":"5.00")"));
  CHECK(balance(api, "1") == "995.00");
  CHECK(api.post("/v1/holds/" + id + "/capture", "d", "").code() == "malformed_json");
}

TEST_CASE("a void releases what is left of a hold, with or without a body") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string id = open_hold(api, "h");
  const auto voided = api.post("/v1/holds/" + id + "/void", "v", "");
  CHECK(voided.status == 201);
  CHECK(contains(voided.body, R"("kind":"void","key":"v")"));
  CHECK(contains(voided.body, R"("refers_to":)" + id));
  CHECK(!contains(voided.body, "released"));
  const auto replay = api.post("/v1/holds/" + id + "/void", "v", "{}");
  CHECK(replay.body == voided.body);
  CHECK(replay.header("Idempotent-Replayed") == "true");
  CHECK(member(api.get("/v1/accounts/1").body, "held") == "0.00");
  CHECK(member(api.get("/v1/transfers/" + id).body, "status") == "voided");

  const std::string other = open_hold(api, "i");
  const auto with_details =
      api.post("/v1/holds/" + other + "/void", "w", R"({"reference":"r","metadata":{"by":"me"}})");
  CHECK(with_details.status == 201);
  CHECK(contains(with_details.body, R"("reference":"r","metadata":{"by":"me"})"));
}

TEST_CASE("a hold whose time is over is released, and cannot be captured") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  CHECK(api.post("/v1/holds", "past",
                 R"({"from":1,"to":2,"amount":"5","currency":"USD",)"
                 R"("expires_at":"2020-01-01T00:00:00Z"})")
            .code() == "expiry_passed");
  // Longer each time, should opening it take longer than that.
  std::string hold;
  for (auto ahead = std::chrono::milliseconds(200); hold.empty(); ahead *= 2) {
    REQUIRE(ahead < kPatience);
    hold = member(api.post("/v1/holds", "h" + std::to_string(ahead.count()),
                           R"({"from":1,"to":2,"amount":"5","currency":"USD","expires_at":")" +
                               time_ahead(ahead) + R"("})")
                      .body,
                  "id");
  }
  const auto expired = [&] {
    return member(api.get("/v1/transfers/" + hold).body, "status") == "expired";
  };
  REQUIRE(ledger::testing::wait_until(expired, kPatience));
  CHECK(api.post("/v1/holds/" + hold + "/capture", "c", "{}").code() == "hold_expired");
  CHECK(api.post("/v1/holds/" + hold + "/void", "v", "{}").code() == "hold_expired");
  CHECK(member(api.get("/v1/accounts/1").body, "held") == "0.00");
  const auto page = api.get("/v1/transfers?kind=expiry").body;
  CHECK(contains(page, R"("kind":"expiry","key":" expire:)" + hold + '"'));
}

TEST_CASE("a transfer is reversed in parts, up to what it moved") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string id = member(api.post("/v1/transfers", "t", kFive).body, "id");
  const std::string target = "/v1/transfers/" + id + "/reverse";
  const auto part = api.post(target, "a", R"({"amount":"2","currency":"USD"})");
  CHECK(part.status == 201);
  CHECK(contains(part.body, R"("kind":"reversal","key":"a","legs":[{"from":2,"to":1,)"
                            R"("amount":"2.00","currency":"USD","from_balance":"1003.00",)"
                            R"("to_balance":"997.00")"));
  CHECK(contains(part.body, R"("refers_to":)" + id));
  CHECK(contains(api.get("/v1/transfers/" + id).body, R"("status":"posted","settled":"2.00")"));
  CHECK(api.post(target, "b", R"({"amount":"3.01","currency":"USD"})").code() ==
        "amount_exceeds_rest");
  CHECK(api.post(target, "c", R"({"amount":"3","currency":"EUR"})").code() == "currency_mismatch");
  const auto rest = api.post(target, "d", "{}");
  CHECK(rest.status == 201);
  CHECK(contains(rest.body, R"("amount":"3.00")"));
  CHECK(contains(api.get("/v1/transfers/" + id).body, R"("status":"reversed","settled":"5.00")"));
  CHECK(api.post(target, "e", "{}").code() == "already_reversed");
  CHECK(balance(api, "1") == "1000.00");
  CHECK(api.post("/v1/transfers/" + member(rest.body, "id") + "/reverse", "f", "{}").code() ==
        "not_reversible");
}

TEST_CASE("what is captured, voided or reversed must be there, and be of its kind") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string transfer = member(api.post("/v1/transfers", "t", kFive).body, "id");
  const struct {
    std::string target;
    int status;
    const char* code;
  } kRows[] = {
      {"/v1/holds/999999/capture", 404, "transfer_not_found"},
      {"/v1/holds/999999/void", 404, "transfer_not_found"},
      {"/v1/transfers/999999/reverse", 404, "transfer_not_found"},
      {"/v1/holds/" + transfer + "/capture", 422, "not_a_hold"},
      {"/v1/holds/" + transfer + "/void", 422, "not_a_hold"},
      {"/v1/holds/0/capture", 400, "invalid_transfer_id"},
      {"/v1/holds/x/void", 400, "invalid_transfer_id"},
      {"/v1/transfers/9223372036854775808/reverse", 400, "invalid_transfer_id"},
  };
  int number = 0;
  for (const auto& row : kRows) {
    CAPTURE(row.target);
    const std::string key = "k" + std::to_string(++number);
    const auto response = api.post(row.target, key, "{}");
    CHECK(response.status == row.status);
    CHECK(response.code() == row.code);
    const auto again = api.post(row.target, key, "{}");
    CHECK(again.body == response.body);
    CHECK((again.header("Idempotent-Replayed") == "true") == (row.status != 400));
  }
}

TEST_CASE("of many legs only the whole can be captured or reversed") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  constexpr std::string_view kLegs = R"({"legs":[{"from":1,"to":2,"amount":"1","currency":"USD"},)"
                                     R"({"from":1,"to":1000000,"amount":"2","currency":"USD"}]})";
  const std::string hold = member(api.post("/v1/holds", "h", kLegs).body, "id");
  constexpr std::string_view kPart = R"({"amount":"1","currency":"USD"})";
  CHECK(api.post("/v1/holds/" + hold + "/capture", "a", kPart).code() == "partial_of_many_legs");
  const auto captured = api.post("/v1/holds/" + hold + "/capture", "b", "{}");
  CHECK(captured.status == 201);
  const std::string reverse = "/v1/transfers/" + member(captured.body, "id") + "/reverse";
  CHECK(api.post(reverse, "c", kPart).code() == "partial_of_many_legs");
  CHECK(api.post(reverse, "d", "{}").status == 201);
  CHECK(balance(api, "1") == "1000.00");
}

TEST_CASE("every write needs a key, and takes no query") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  for (const char* target : {"/v1/accounts", "/v1/transfers", "/v1/holds", "/v1/holds/1/capture",
                             "/v1/holds/1/void", "/v1/transfers/1/reverse"}) {
    CAPTURE(target);
    const auto without = api.ask("POST", target, {}, "{}");
    CHECK(without.status == 400);
    CHECK(without.code() == "invalid_key");
    const auto with_query = api.post(std::string(target) + "?a=1", "k", "{}");
    CHECK(with_query.status == 400);
    CHECK(with_query.code() == "invalid_query");
  }
}

}  // namespace
}  // namespace ledgerd::testing
