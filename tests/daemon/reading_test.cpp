// What can be read of /v1: transfers, statements, balances, sums, and how they are asked for.
#include <doctest/doctest.h>

#include <string>
#include <vector>

#include "support/api_client.h"

namespace ledgerd::testing {
namespace {

void transfer(const Api& api, const std::string& key, const std::string& more = "",
              const std::string& from = "1", const std::string& to = "2") {
  REQUIRE(api.post("/v1/transfers", key,
                   R"({"from":)" + from + R"(,"to":)" + to + R"(,"amount":"1","currency":"USD")" +
                       more + '}')
              .status == 201);
}

/// The keys of a page, in order.
std::vector<std::string> keys(std::string_view json) {
  std::vector<std::string> all;
  constexpr std::string_view kName = R"("key":")";
  for (auto at = json.find(kName); at != std::string_view::npos; at = json.find(kName, at + 1)) {
    const auto begin = at + kName.size();
    all.emplace_back(json.substr(begin, json.find('"', begin) - begin));
  }
  return all;
}

/// The last "next" of a page, which is the page's own.
std::string next(std::string_view json) {
  return member(json.substr(json.rfind(R"("next":)")), "next");
}

TEST_CASE("a transfer is found by its id, with what became of it") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto posted =
      api.post("/v1/transfers", "k", R"({"from":1,"to":2,"amount":"1","currency":"USD"})");
  const std::string id = member(posted.body, "id");
  const auto found = api.get("/v1/transfers/" + id);
  CHECK(found.status == 200);
  CHECK(found.body == posted.body.substr(0, posted.body.size() - 1) +
                          R"(,"status":"posted","settled":"0.00","followed_by":[]})");
  CHECK(api.get("/v1/transfers/999999").status == 404);
  CHECK(api.get("/v1/transfers/999999").code() == "transfer_not_found");
  for (const char* bad : {"0", "-1", "01", "x", "9223372036854775808", "batch"}) {
    CAPTURE(bad);
    const auto response = api.get(std::string("/v1/transfers/") + bad);
    CHECK(response.status == 400);
    CHECK(response.code() == "invalid_transfer_id");
  }
}

TEST_CASE("a key tells what became of it") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto posted =
      api.post("/v1/transfers", "a b", R"({"from":1,"to":2,"amount":"1","currency":"USD"})");
  const auto found = api.get("/v1/transfers?key=a%20b");
  CHECK(found.status == 200);
  CHECK(found.body == R"({"transfers":[)" + posted.body + "]}");

  REQUIRE(api.post("/v1/transfers", "no", R"({"from":1,"to":2,"amount":"9999","currency":"USD"})")
              .status == 422);
  const auto declined = api.get("/v1/transfers?key=no");
  CHECK(declined.status == 422);
  CHECK(declined.code() == "insufficient_funds");
  CHECK(declined.header("Idempotent-Replayed") == "true");

  const auto unknown = api.get("/v1/transfers?key=other");
  CHECK(unknown.status == 404);
  CHECK(unknown.code() == "key_not_found");
  CHECK(api.get("/v1/transfers?key=ledgerd-demo-account-1").code() == "key_reused");
  CHECK(api.get("/v1/transfers?key=a&limit=1").code() == "invalid_query");
}

TEST_CASE("transfers are found by their reference, page by page") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  for (const char* key : {"a", "b", "c"})
    transfer(api, key, R"(,"reference":"order 7")");
  transfer(api, "d", R"(,"reference":"order 8")");
  const auto first = api.get("/v1/transfers?reference=order%207&limit=2");
  CHECK(first.status == 200);
  CHECK(keys(first.body) == std::vector<std::string>{"a", "b"});
  CHECK(contains(first.body, R"("status":"posted")"));
  const auto last = api.get("/v1/transfers?reference=order%207&limit=2&after=" + next(first.body));
  CHECK(keys(last.body) == std::vector<std::string>{"c"});
  CHECK(next(last.body) == "null");
  CHECK(api.get("/v1/transfers?reference=none").body == R"({"transfers":[],"next":null})");
  CHECK(api.get("/v1/transfers?reference=a&cursor=1").code() == "invalid_query");
}

TEST_CASE("all transfers are read once each, whatever the size of a page") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  std::vector<std::string> expected = {"ledgerd-demo-fund-1", "ledgerd-demo-fund-2"};
  for (int i = 0; i < 9; ++i) {
    expected.push_back("k" + std::to_string(i));
    transfer(api, expected.back());
  }
  for (const char* limit : {"1", "2", "4", "1000"}) {
    CAPTURE(limit);
    std::vector<std::string> read;
    std::string cursor;
    do {
      const std::string target = std::string("/v1/transfers?limit=") + limit;
      const auto page = api.get(cursor.empty() ? target : target + "&cursor=" + cursor);
      REQUIRE(page.status == 200);
      for (const std::string& key : keys(page.body))
        read.push_back(key);
      cursor = next(page.body);
      REQUIRE(read.size() <= expected.size());
    } while (cursor != "null");
    CHECK(read == expected);
  }
}

TEST_CASE("transfers are filtered by account, kind and time") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  transfer(api, "one");
  transfer(api, "two", "", "1", "1000000");
  REQUIRE(
      api.post("/v1/holds", "hold", R"({"from":2,"to":1,"amount":"1","currency":"USD"})").status ==
      201);
  CHECK(keys(api.get("/v1/transfers?account=2").body) ==
        std::vector<std::string>{"ledgerd-demo-fund-2", "one", "hold"});
  CHECK(keys(api.get("/v1/transfers?account=2&kind=hold").body) ==
        std::vector<std::string>{"hold"});
  CHECK(keys(api.get("/v1/transfers?kind=hold").body) == std::vector<std::string>{"hold"});
  CHECK(keys(api.get("/v1/transfers?to=2020-01-01T00:00:00Z").body).empty());
  CHECK(keys(api.get("/v1/transfers?from=2020-01-01T00:00:00Z").body).size() == 5);
  CHECK(keys(api.get("/v1/transfers?account=1&from=2999-01-01T00:00:00%2B01:00").body).empty());
}

TEST_CASE("a statement lists an account's entries, newest or oldest first") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  transfer(api, "a", R"(,"reference":"r","metadata":{"m":1})");
  REQUIRE(api.patch("/v1/accounts/1", "p", R"({"metadata":{"tier":2}})").status == 200);
  const auto newest = api.get("/v1/accounts/1/statement?limit=2");
  CHECK(newest.status == 200);
  const std::string changed = member(newest.body, "transfer");
  const std::string id = member(api.get("/v1/transfers?key=a").body, "id");
  CHECK(without_times(newest.body) ==
        R"({"account":1,"currency":"USD","entries":[{"version":3,"transfer":)" + changed +
            R"(,"kind":"account_changed","other":null,"change":"0.00","balance":"999.00",)"
            R"("held":"0.00","incoming":"0.00","refers_to":null,"reference":null,)"
            R"("metadata":null,"effective_at":null,"recorded_at":""},)"
            R"({"version":2,"transfer":)" +
            id +
            R"(,"kind":"transfer","other":2,"change":"-1.00","balance":"999.00","held":"0.00",)"
            R"("incoming":"0.00","refers_to":null,"reference":"r","metadata":{"m":1},)"
            R"("effective_at":null,"recorded_at":""}],"next":")" +
            next(newest.body) + R"("})");
  const auto first = api.get("/v1/accounts/1/statement?limit=2&cursor=" + next(newest.body)).body;
  CHECK(count_of(first, R"("version":)") == 1);
  CHECK(contains(first, R"([{"version":1,)"));
  CHECK(next(first) == "null");
  const auto oldest = api.get("/v1/accounts/1/statement?order=oldest&limit=1").body;
  CHECK(contains(oldest, R"([{"version":1,)"));
  CHECK(contains(api.get("/v1/accounts/1/statement?order=oldest&cursor=" + next(oldest)).body,
                 R"([{"version":2,)"));
  CHECK(contains(api.get("/v1/accounts/1/statement?to=2020-01-01T00:00:00Z").body,
                 R"("entries":[],"next":null})"));
  CHECK(api.get("/v1/accounts/77/statement").code() == "account_not_found");
  CHECK(api.get("/v1/accounts/x/statement").code() == "invalid_account_id");
}

TEST_CASE("a balance is that of now, or of a time") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto before = api.get("/v1/accounts/1/balance");
  CHECK(before.status == 200);
  CHECK(contains(before.body, R"({"account":1,"currency":"USD","at":"20)"));
  CHECK(before.body.ends_with(R"("balance":"1000.00","held":"0.00","incoming":"0.00",)"
                              R"("available":"1000.00","version":1})"));
  const std::string time = member(before.body, "at");
  transfer(api, "a");
  CHECK(api.get("/v1/accounts/1/balance?at=" + time).body == before.body);
  CHECK(member(api.get("/v1/accounts/1/balance").body, "balance") == "999.00");
  CHECK(api.get("/v1/accounts/1/balance?at=2020-01-01T00:00:00Z").body ==
        R"({"account":1,"currency":"USD","at":"2020-01-01T00:00:00.000000Z","balance":"0.00",)"
        R"("held":"0.00","incoming":"0.00","available":"0.00","version":0})");
  for (const char* target :
       {"/v1/accounts/77/balance", "/v1/accounts/77/balance?at=2020-01-01T00:00:00Z"}) {
    CHECK(api.get(target).status == 404);
    CHECK(api.get(target).code() == "account_not_found");
  }
}

TEST_CASE("the trial balance adds up to nothing, currency by currency") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  REQUIRE(api.post("/v1/accounts", "k", R"({"currency":"JPY"})").status == 201);
  REQUIRE(api.post("/v1/holds", "h", R"({"from":1,"to":2,"amount":"1","currency":"USD"})").status ==
          201);
  CHECK(api.get("/v1/trial-balance").body ==
        R"({"currencies":[{"currency":"JPY","accounts":1,"positive":"0","negative":"0",)"
        R"("held":"0","incoming":"0"},{"currency":"USD","accounts":3,"positive":"2000.00",)"
        R"("negative":"-2000.00","held":"1.00","incoming":"1.00"}]})");
}

TEST_CASE("a query that makes no sense is refused by name") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const struct {
    const char* target;
    const char* name;
  } kRows[] = {
      {"/v1/accounts?limit=0", "limit"},
      {"/v1/accounts?limit=1001", "limit"},
      {"/v1/accounts?limit=ten", "limit"},
      {"/v1/accounts?limit=1&limit=1", "limit"},
      {"/v1/accounts?limit=", "limit"},
      {"/v1/accounts?limit", "limit"},
      {"/v1/accounts?after=-1", "after"},
      {"/v1/accounts?after=1.5", "after"},
      {"/v1/accounts?offset=1", "offset"},
      {"/v1/accounts?limit=1%", "limit"},
      {"/v1/accounts?limit=%zz", "limit"},
      {"/v1/accounts?%6cimit=1&l%69mit=1", "limit"},
      {"/v1/accounts?limit=1&&after=0", ""},
      {"/v1/accounts/1?x=1", "x"},
      {"/v1/accounts/1/statement?order=random", "order"},
      {"/v1/accounts/1/statement?cursor=0", "cursor"},
      {"/v1/accounts/1/statement?cursor=abc", "cursor"},
      {"/v1/accounts/1/statement?from=today", "from"},
      {"/v1/accounts/1/balance?at=2026-01-01", "at"},
      {"/v1/accounts/1/balance?at=2026-01-01T00:00:00+01:00", "at"},
      {"/v1/accounts/1/balance?at=2026-01-01T00:00:00.1234567Z", "at"},
      {"/v1/accounts/1/balance?at=0001-01-01T00:00:00%2B00:01", "at"},
      {"/v1/transfers?kind=account_changed", "kind"},
      {"/v1/transfers?kind=", "kind"},
      {"/v1/transfers?account=0", "account"},
      {"/v1/transfers?account=1&key=a", "account"},
      {"/v1/transfers?after=1", "after"},
      {"/v1/transfers/1?key=a", "key"},
      {"/v1/transfers?key=%00", "key"},
      {"/v1/transfers?reference=%00", "reference"},
      {"/v1/accounts?reference=%FF", "reference"},
      {"/v1/trial-balance?currency=USD", "currency"},
      {"/v1/trial-balance?%FF=1", "\xff"},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.target);
    const auto response = api.get(row.target);
    CHECK(response.status == 400);
    CHECK(response.code() == "invalid_query");
    const std::string name = row.name[0] == '\xff' ? "\\ufffd" : row.name;
    CHECK(contains(response.body, R"("detail":")" + name + ": "));
  }
}

TEST_CASE("a query says nothing to routes that had none before") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  CHECK(api.get("/healthz?x=1").status == 200);
  CHECK(api.get("/readyz?x=1").status == 200);
  CHECK(api.post("/transfer?x=1", "k", R"({"from_id":1,"to_id":2,"amount":1})").status == 200);
}

TEST_CASE("paths of the API have their methods") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const struct {
    const char* target;
    const char* allow;
  } kRows[] = {
      {"/v1/accounts", "POST, GET, HEAD"},
      {"/v1/accounts/1", "GET, HEAD, PATCH"},
      {"/v1/accounts/1/statement", "GET, HEAD"},
      {"/v1/accounts/1/balance", "GET, HEAD"},
      {"/v1/transfers", "POST, GET, HEAD"},
      {"/v1/transfers/1", "GET, HEAD"},
      {"/v1/transfers/1/reverse", "POST"},
      {"/v1/transfers/batch", "POST, GET, HEAD"},
      {"/v1/holds", "POST"},
      {"/v1/holds/1/capture", "POST"},
      {"/v1/holds/1/void", "POST"},
      {"/v1/trial-balance", "GET, HEAD"},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.target);
    const auto response = api.ask("DELETE", row.target, {}, "");
    CHECK(response.status == 405);
    CHECK(response.code() == "method_not_allowed");
    CHECK(response.header("Allow") == row.allow);
    CHECK(api.get(std::string(row.target) + "/more/").code() == "not_found");
  }
}

}  // namespace
}  // namespace ledgerd::testing
