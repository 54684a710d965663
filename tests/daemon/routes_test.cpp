// The HTTP contract of POST /transfer and of what all routes share, over real sockets against a
// real ledgerd.
#include <doctest/doctest.h>

#include <csignal>
#include <string>
#include <string_view>

#include "support/ledgerd_process.h"
#include "support/raw_http.h"

namespace ledgerd::testing {
namespace {

RawResponse get(const LedgerdProcess& ledgerd, std::string_view target,
                const Headers& headers = {}) {
  const auto response = ask(ledgerd.port(), "GET", target, headers);
  REQUIRE(response);
  return *response;
}

RawResponse post(const LedgerdProcess& ledgerd, std::string_view target, std::string_view key,
                 std::string_view body, Headers headers = {}) {
  headers.emplace_back("Idempotency-Key", key);
  const auto response = ask(ledgerd.port(), "POST", target, headers, body);
  REQUIRE(response);
  return *response;
}

RawResponse transfer(const LedgerdProcess& ledgerd, std::string_view key, std::string_view body) {
  return post(ledgerd, "/transfer", key, body);
}

RawResponse open_account(const LedgerdProcess& ledgerd, std::string_view key,
                         std::string_view body) {
  return post(ledgerd, "/v1/accounts", key, body);
}

/// What account `id` looks like, as JSON; empty if there is none.
std::string account(const LedgerdProcess& ledgerd, std::string_view id) {
  const RawResponse response = get(ledgerd, "/v1/accounts/" + std::string(id));
  return response.status == 200 ? response.body : std::string();
}

bool contains(std::string_view text, std::string_view part) {
  return text.find(part) != std::string_view::npos;
}

constexpr std::string_view kHundred = R"({"from_id":1,"to_id":2,"amount":100.00})";
constexpr std::string_view kDone =
    R"({"status":"success","message":"Transfer Complete","amount":100.00})";
constexpr std::string_view kRecovered =
    R"j({"status":"success","message":"Transfer Complete (Recovered)","amount":100.00})j";

TEST_CASE("a transfer is answered word for word, and moves the money") {
  LedgerdProcess ledgerd({"--demo"});
  const auto response = transfer(ledgerd, "k", kHundred);
  CHECK(response.status == 200);
  CHECK(response.body == kDone);
  CHECK(response.header("Content-Type") == "application/json");
  CHECK(response.header("X-Db-Hit").empty());
  CHECK(response.header("Idempotent-Replayed").empty());
  CHECK(contains(account(ledgerd, "1"), R"("balance":"900.00")"));
  CHECK(contains(account(ledgerd, "2"), R"("balance":"1100.00")"));
}

TEST_CASE("the same request again is answered from the record and moves nothing") {
  LedgerdProcess ledgerd({"--demo"});
  REQUIRE(transfer(ledgerd, "k", kHundred).body == kDone);
  const std::string before = account(ledgerd, "1");
  for (const char* same : {R"({"from_id":1,"to_id":2,"amount":100.00})",
                           R"({"to_id":2, "amount":"100.00", "from_id":1})",
                           R"({"from_id":1,"to_id":2,"amount":100})"}) {
    CAPTURE(same);
    const auto replay = transfer(ledgerd, "k", same);
    CHECK(replay.status == 200);
    CHECK(replay.body == kRecovered);
    CHECK(replay.header("X-Db-Hit") == "true");
    CHECK(replay.header("Idempotent-Replayed") == "true");
  }
  CHECK(account(ledgerd, "1") == before);
}

TEST_CASE("a key may be sent quoted: it is the same key") {
  LedgerdProcess ledgerd({"--demo"});
  REQUIRE(transfer(ledgerd, R"(k"\)", kHundred).body == kDone);
  CHECK(transfer(ledgerd, R"("k\"\\")", kHundred).body == kRecovered);
}

TEST_CASE("a key that looks percent-encoded is taken literally") {
  LedgerdProcess ledgerd({"--demo"});
  CHECK(transfer(ledgerd, "a%41", kHundred).body == kDone);
  CHECK(transfer(ledgerd, "aA", kHundred).body == kDone);
  CHECK(transfer(ledgerd, "a%41", kHundred).body == kRecovered);
}

TEST_CASE("a key with another request is refused, moves nothing and leaks nothing") {
  LedgerdProcess ledgerd({"--demo"});
  REQUIRE(transfer(ledgerd, "k", kHundred).status == 200);
  const std::string before = account(ledgerd, "1") + account(ledgerd, "2");
  for (const char* other :
       {R"({"from_id":1,"to_id":2,"amount":100.01})", R"({"from_id":2,"to_id":1,"amount":100.00})",
        R"({"from_id":1,"to_id":3,"amount":100.00})",
        R"({"from_id":3,"to_id":2,"amount":100.00})"}) {
    CAPTURE(other);
    const auto response = transfer(ledgerd, "k", other);
    CHECK(response.status == 422);
    CHECK(response.body == R"({"status":"error","code":"key_reused",)"
                           R"("message":"the idempotency key was used for another request"})");
    CHECK(response.header("X-Db-Hit").empty());
  }
  CHECK(account(ledgerd, "1") + account(ledgerd, "2") == before);
  CHECK(transfer(ledgerd, "k", kHundred).body == kRecovered);
}

TEST_CASE("insufficient funds is 422, and stays the outcome when there is money later") {
  LedgerdProcess ledgerd({"--demo"});
  constexpr std::string_view kTooMuch = R"({"from_id":1,"to_id":2,"amount":1000.01})";
  const auto declined = transfer(ledgerd, "k", kTooMuch);
  CHECK(declined.status == 422);
  CHECK(declined.code() == "insufficient_funds");
  CHECK(declined.body.starts_with(R"({"status":"error","code":"insufficient_funds","message":")"));
  CHECK(declined.header("Content-Type") == "application/json");
  CHECK(declined.header("Idempotent-Replayed").empty());

  REQUIRE(transfer(ledgerd, "more", R"({"from_id":2,"to_id":1,"amount":1.00})").status == 200);
  const auto replay = transfer(ledgerd, "k", kTooMuch);
  CHECK(replay.status == 422);
  CHECK(replay.code() == "insufficient_funds");
  CHECK(replay.header("Idempotent-Replayed") == "true");
  CHECK(transfer(ledgerd, "another key", kTooMuch).status == 200);
}

TEST_CASE("all an account has can be moved, to the last cent") {
  LedgerdProcess ledgerd({"--demo"});
  CHECK(transfer(ledgerd, "a", R"({"from_id":1,"to_id":2,"amount":1000.00})").status == 200);
  CHECK(transfer(ledgerd, "b", R"({"from_id":1,"to_id":2,"amount":0.01})").code() ==
        "insufficient_funds");
}

TEST_CASE("the amount comes back with all the decimals of its currency") {
  LedgerdProcess ledgerd({"--demo"});
  const auto body = [](std::string_view amount) {
    return R"({"status":"success","message":"Transfer Complete","amount":)" + std::string(amount) +
           '}';
  };
  CHECK(transfer(ledgerd, "a", R"({"from_id":1,"to_id":2,"amount":7})").body == body("7.00"));
  CHECK(transfer(ledgerd, "b", R"({"from_id":1,"to_id":2,"amount":0.1})").body == body("0.10"));

  REQUIRE(open_account(ledgerd, "w", R"({"currency":"JPY","id":10,"min_balance":null})").status ==
          201);
  REQUIRE(open_account(ledgerd, "x", R"({"currency":"JPY","id":11})").status == 201);
  CHECK(transfer(ledgerd, "c", R"({"from_id":10,"to_id":11,"amount":"500"})").body == body("500"));
  const auto precise = transfer(ledgerd, "d", R"({"from_id":10,"to_id":11,"amount":500.00})");
  CHECK(precise.status == 400);
  CHECK(precise.code() == "amount_too_precise");
}

TEST_CASE("an account that does not exist is 422 by its side of the transfer") {
  LedgerdProcess ledgerd({"--demo"});
  const auto from = transfer(ledgerd, "a", R"({"from_id":77,"to_id":2,"amount":1})");
  CHECK(from.status == 422);
  CHECK(from.code() == "from_account_not_found");
  const auto to = transfer(ledgerd, "b", R"({"from_id":1,"to_id":77,"amount":1})");
  CHECK(to.status == 422);
  CHECK(to.code() == "to_account_not_found");
  CHECK(transfer(ledgerd, "c", R"({"from_id":78,"to_id":77,"amount":1})").code() ==
        "from_account_not_found");
}

TEST_CASE("a recorded decline outlives the opening of the account it was about") {
  LedgerdProcess ledgerd({"--demo"});
  constexpr std::string_view kBoth = R"({"from_id":77,"to_id":78,"amount":1})";
  constexpr std::string_view kFrom = R"({"from_id":77,"to_id":2,"amount":1})";
  REQUIRE(transfer(ledgerd, "both", kBoth).code() == "from_account_not_found");
  REQUIRE(transfer(ledgerd, "from", kFrom).code() == "from_account_not_found");
  REQUIRE(open_account(ledgerd, "a", R"({"currency":"EUR","id":77})").status == 201);
  REQUIRE(open_account(ledgerd, "b", R"({"currency":"EUR","id":78})").status == 201);
  for (const auto& [key, body] : {std::pair("both", kBoth), std::pair("from", kFrom)}) {
    const auto replay = transfer(ledgerd, key, body);
    CHECK(replay.code() == "from_account_not_found");
    CHECK(replay.header("Idempotent-Replayed") == "true");
  }
}

TEST_CASE("money does not change its currency") {
  LedgerdProcess ledgerd({"--demo"});
  REQUIRE(open_account(ledgerd, "a", R"({"currency":"EUR","id":77})").status == 201);
  const auto response = transfer(ledgerd, "b", R"({"from_id":1,"to_id":77,"amount":1})");
  CHECK(response.status == 422);
  CHECK(response.code() == "currency_mismatch");
}

TEST_CASE("what a body calls itself does not matter to old clients") {
  LedgerdProcess ledgerd({"--demo"});
  int number = 0;
  for (const char* type : {"application/json", "application/json; charset=utf-8",
                           "application/x-www-form-urlencoded", "text/plain", "nonsense"}) {
    CAPTURE(type);
    const auto response = post(ledgerd, "/transfer", "k" + std::to_string(++number),
                               R"({"from_id":1,"to_id":2,"amount":1})", {{"Content-Type", type}});
    CHECK(response.status == 200);
  }
}

TEST_CASE("several requests on one connection are answered in order") {
  LedgerdProcess ledgerd({"--demo"});
  RawConnection connection(ledgerd.port());
  REQUIRE(
      connection.send(request_bytes("POST", "/transfer", {{"Idempotency-Key", "k"}}, kHundred) +
                      request_bytes("POST", "/transfer", {{"Idempotency-Key", "k"}}, kHundred) +
                      "POST /transfer HTTP/1.1\r\nHost: h\r\nIdempotency-Key: c\r\n"
                      "Transfer-Encoding: chunked\r\n\r\n"
                      "10\r\n{\"from_id\":1,\"to\r\n14\r\n_id\":2,\"amount\":2.5}\r\n0\r\n\r\n" +
                      request_bytes("GET", "/healthz", {}, "")));
  const auto first = connection.receive();
  REQUIRE(first);
  CHECK(first->body == kDone);
  const auto second = connection.receive();
  REQUIRE(second);
  CHECK(second->body == kRecovered);
  const auto chunked = connection.receive();
  REQUIRE(chunked);
  CHECK(chunked->body == R"({"status":"success","message":"Transfer Complete","amount":2.50})");
  const auto health = connection.receive();
  REQUIRE(health);
  CHECK(health->body == R"({"status":"ok"})");
}

TEST_CASE("every response has a request id: the client's if it is decent, else a new one") {
  LedgerdProcess ledgerd({"--demo"});
  CHECK(get(ledgerd, "/healthz", {{"X-Request-Id", "My-id_1.2"}}).header("X-Request-Id") ==
        "My-id_1.2");
  CHECK(get(ledgerd, "/nothing", {{"x-request-id", "abc"}}).header("X-Request-Id") == "abc");
  CHECK(transfer(ledgerd, "k", "{}").header("X-Request-Id").size() > 4);
  const std::string first = get(ledgerd, "/healthz").header("X-Request-Id");
  const std::string second = get(ledgerd, "/healthz").header("X-Request-Id");
  CHECK(!first.empty());
  CHECK(first != second);
  const Headers indecent[] = {{{"X-Request-Id", std::string(65, 'x')}},
                              {{"X-Request-Id", "a b"}},
                              {{"X-Request-Id", "<script>"}},
                              {{"X-Request-Id", ""}},
                              {{"X-Request-Id", "a"}, {"X-Request-Id", "b"}}};
  for (const Headers& headers : indecent) {
    const std::string id = get(ledgerd, "/healthz", headers).header("X-Request-Id");
    CAPTURE(id);
    CHECK(!id.empty());
    CHECK(id != headers.front().second);
    CHECK(id.find_first_not_of("0123456789abcdef-") == std::string::npos);
  }
}

TEST_CASE("an account is opened, found under its Location, and replayed as it was opened") {
  LedgerdProcess ledgerd({"--demo"});
  constexpr std::string_view kBody =
      R"({"currency":"USD","id":7,"min_balance":"-50.00","max_balance":"200.5"})";
  const auto opened = open_account(ledgerd, "k", kBody);
  CHECK(opened.status == 201);
  CHECK(opened.header("Location") == "/v1/accounts/7");
  CHECK(opened.header("Content-Type") == "application/json");
  CHECK(opened.header("Idempotent-Replayed").empty());
  CHECK(opened.body.starts_with(
      R"({"id":7,"currency":"USD","status":"open","reference":null,"metadata":null,)"
      R"("balance":"0.00","held":"0.00","incoming":"0.00","available":"0.00","min_balance":"-50.00","max_balance":"200.50","version":0,)"
      R"("created_at":"20)"));
  CHECK(opened.body.ends_with(R"(Z"})"));
  CHECK(get(ledgerd, opened.header("Location")).body == opened.body);

  REQUIRE(transfer(ledgerd, "t", R"({"from_id":7,"to_id":1,"amount":50})").status == 200);
  const auto replay = open_account(ledgerd, "k", kBody);
  CHECK(replay.status == 201);
  CHECK(replay.body == opened.body);
  CHECK(replay.header("Location") == "/v1/accounts/7");
  CHECK(replay.header("Idempotent-Replayed") == "true");
  const std::string now = account(ledgerd, "7");
  CHECK(contains(now, R"("balance":"-50.00")"));
  CHECK(contains(now, R"("version":1)"));
}

TEST_CASE("an account without an id gets the next, without limits has a floor of zero") {
  LedgerdProcess ledgerd({"--db", "memory:"});
  const auto first = open_account(ledgerd, "a", R"({"currency":"KWD"})");
  CHECK(first.status == 201);
  CHECK(first.header("Location") == "/v1/accounts/1");
  CHECK(contains(first.body, R"("balance":"0.000")"));
  CHECK(contains(first.body, R"("min_balance":"0.000","max_balance":null)"));
  const auto world = open_account(ledgerd, "b", R"({"currency":"JPY","min_balance":null})");
  CHECK(world.header("Location") == "/v1/accounts/2");
  CHECK(contains(world.body, R"("min_balance":null)"));
}

TEST_CASE("what is wrong with a new account is told as problem details") {
  LedgerdProcess ledgerd({"--demo"});
  const struct {
    const char* body;
    int status;
    const char* code;
  } kRows[] = {
      {R"({"currency":"USD","id":1})", 409, "account_exists"},
      {R"({"currency":"XXX"})", 400, "unknown_currency"},
      {R"({"currency":"usd"})", 400, "unknown_currency"},
      {R"({"currency":"USD","min_balance":"0.001"})", 400, "amount_too_precise"},
      {R"({"currency":"USD","min_balance":"x"})", 400, "invalid_amount"},
      {R"({"currency":"USD","max_balance":"92233720368547758.08"})", 400, "amount_out_of_range"},
      {R"({"currency":"USD","min_balance":"1"})", 400, "invalid_balance_limit"},
      {R"({"currency":"USD","max_balance":"-1"})", 400, "invalid_balance_limit"},
      {R"({"currency":"USD","limit":"1"})", 400, "unknown_field"},
      {"", 400, "malformed_json"},
  };
  int number = 0;
  for (const auto& row : kRows) {
    CAPTURE(row.body);
    const auto response = open_account(ledgerd, "k" + std::to_string(++number), row.body);
    CHECK(response.status == row.status);
    CHECK(response.code() == row.code);
    CHECK(response.header("Content-Type") == "application/problem+json");
    CHECK(response.body.starts_with(R"({"type":"urn:libledger:problem:)" + std::string(row.code) +
                                    R"(","title":")"));
    CHECK(contains(response.body, R"("status":)" + std::to_string(row.status)));
    CHECK(contains(response.body, R"("detail":")"));
    CHECK(response.header("Location").empty());
  }
  const auto again = open_account(ledgerd, "k1", R"({"currency":"USD","id":1})");
  CHECK(again.status == 409);
  CHECK(contains(again.body, R"("title":"an account with this id exists)"));
  CHECK(again.header("Idempotent-Replayed") == "true");
}

TEST_CASE("a key belongs to the whole ledger, not to a route") {
  LedgerdProcess ledgerd({"--demo"});
  REQUIRE(transfer(ledgerd, "k", kHundred).status == 200);
  const auto opened = open_account(ledgerd, "k", R"({"currency":"USD"})");
  CHECK(opened.status == 422);
  CHECK(opened.code() == "key_reused");
  REQUIRE(open_account(ledgerd, "a", R"({"currency":"USD"})").status == 201);
  CHECK(transfer(ledgerd, "a", kHundred).code() == "key_reused");
}

TEST_CASE("an account that is not there is 404, and an id that cannot be is 400") {
  LedgerdProcess ledgerd({"--demo"});
  CHECK(get(ledgerd, "/v1/accounts/77").status == 404);
  CHECK(get(ledgerd, "/v1/accounts/77").code() == "account_not_found");
  CHECK(get(ledgerd, "/v1/accounts/9223372036854775807").status == 404);
  for (const char* id : {"0", "-1", "+1", "01", "1.0", "1e0", "x", "9223372036854775808", "1%20",
                         "%31%00", "1;2", "null"}) {
    CAPTURE(id);
    const auto response = get(ledgerd, std::string("/v1/accounts/") + id);
    CHECK(response.status == 400);
    CHECK(response.code() == "invalid_account_id");
  }
  CHECK(get(ledgerd, "/v1/accounts/").code() == "not_found");
  CHECK(get(ledgerd, "/v1/accounts/1/").code() == "not_found");
}

TEST_CASE("health and readiness are answered") {
  LedgerdProcess ledgerd({"--db", "memory:"});
  const auto health = get(ledgerd, "/healthz");
  CHECK(health.status == 200);
  CHECK(health.body == R"({"status":"ok"})");
  const auto ready = get(ledgerd, "/readyz");
  CHECK(ready.status == 200);
  CHECK(ready.body == R"({"status":"ready"})");
}

TEST_CASE("each request leaves one line in the log at debug level, without key or amount") {
  LedgerdProcess ledgerd({"--demo", "--log-level", "debug", "--log-format", "json"});
  REQUIRE(post(ledgerd, "/transfer", "secret-key", R"({"from_id":1,"to_id":2,"amount":5000.77})",
               {{"X-Request-Id", "id-of-mine"}})
              .status == 422);
  ledgerd.run().send_signal(SIGTERM);
  const auto ended = ledgerd.run().wait();
  REQUIRE(ended);
  const auto at = ended->err.find(R"("request_id":"id-of-mine")");
  REQUIRE(at != std::string::npos);
  CHECK(ended->err.find("id-of-mine", at + 20) == std::string::npos);
  const auto begin = ended->err.rfind('\n', at) + 1;
  const std::string line = ended->err.substr(begin, ended->err.find('\n', at) - begin);
  CHECK(contains(line, R"("msg":"request","method":"POST","path":"/transfer","status":422,)"));
  CHECK(contains(line, R"("code":"insufficient_funds")"));
  CHECK(!contains(ended->err, "secret-key"));
  CHECK(!contains(ended->err, "5000.77"));
}

}  // namespace
}  // namespace ledgerd::testing
