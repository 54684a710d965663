// POST /v1/transfers/batch, as JSON and as NDJSON.
#include <doctest/doctest.h>

#include <string>
#include <thread>
#include <vector>

#include "support/api_client.h"

namespace ledgerd::testing {
namespace {

constexpr std::string_view kBatch = "/v1/transfers/batch";
constexpr std::string_view kOne = R"({"from":1,"to":2,"amount":"1","currency":"USD"})";
constexpr std::string_view kTooMuch = R"({"from":1,"to":2,"amount":"5000","currency":"USD"})";
const Headers kLines = {{"Content-Type", "application/x-ndjson; charset=utf-8"}};

std::string balance(const Api& api, std::string_view id) {
  return member(api.get("/v1/accounts/" + std::string(id)).body, "balance");
}

std::string array_of(const std::vector<std::string_view>& items) {
  std::string text = "[";
  for (const std::string_view item : items) {
    if (text.size() > 1) text += ',';
    text += item;
  }
  return text + ']';
}

/// The results of an answer: {"results":[…]} taken apart at "index".
std::vector<std::string> results(const RawResponse& response) {
  std::vector<std::string> all;
  constexpr std::string_view kStart = R"({"index":)";
  for (auto at = response.body.find(kStart); at != std::string::npos;) {
    const auto next = response.body.find(kStart, at + 1);
    all.push_back(response.body.substr(at, next - at));
    at = next;
  }
  return all;
}

TEST_CASE("a batch answers each of its items, in order") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto response = api.post(
      kBatch, "b",
      array_of({kOne, R"({"key":"own","from":1,"to":2,"amount":"2","currency":"USD"})", kTooMuch}));
  CHECK(response.status == 200);
  CHECK(response.header("Content-Type") == "application/json");
  CHECK(response.body.starts_with(
      R"({"results":[{"index":0,"key":"b/0","status":201,"replayed":false,"transfer":{"id":)"));
  const auto all = results(response);
  REQUIRE(all.size() == 3);
  CHECK(contains(all[0], R"("kind":"transfer","key":"b/0","legs":[{"from":1,"to":2,)"));
  CHECK(contains(all[1], R"({"index":1,"key":"own","status":201,"replayed":false,"transfer":{)"));
  CHECK(contains(all[2], R"({"index":2,"key":"b/2","status":422,"replayed":false,"error":{)"
                         R"("type":"urn:libledger:problem:insufficient_funds")"));
  CHECK(all[2].ends_with("}}]}"));
  CHECK(balance(api, "1") == "997.00");
}

TEST_CASE("a batch sent again is answered from the record") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string body = array_of({kOne, kTooMuch});
  const auto first = api.post(kBatch, "b", body);
  const auto second = api.post(kBatch, "b", body);
  CHECK(second.status == 200);
  CHECK(count_of(second.body, R"("replayed":true)") == 2);
  std::string unmarked = second.body;
  for (auto at = unmarked.find(R"("replayed":true)"); at != std::string::npos;
       at = unmarked.find(R"("replayed":true)")) {
    unmarked.replace(at, 15, R"("replayed":false)");
  }
  CHECK(unmarked == first.body);
  CHECK(balance(api, "1") == "999.00");
  // One by one, too.
  const auto alone = api.post("/v1/transfers", "b/0", kOne);
  CHECK(alone.status == 201);
  CHECK(alone.header("Idempotent-Replayed") == "true");
}

TEST_CASE("an item may be of any kind, and about an earlier one") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string hold = member(
      api.post("/v1/holds", "h", R"({"from":1,"to":2,"amount":"5","currency":"USD"})").body, "id");
  const std::string other = member(
      api.post("/v1/holds", "i", R"({"from":1,"to":2,"amount":"5","currency":"USD"})").body, "id");
  const std::string posted = member(api.post("/v1/transfers", "t", kOne).body, "id");
  const auto response = api.post(
      kBatch, "b",
      R"({"transfers":[{"kind":"transfer","legs":[)" + std::string(kOne) +
          R"(]},{"kind":"hold","from":2,"to":1,"amount":"1","currency":"USD",)"
          R"("expires_at":"2999-01-01T00:00:00Z"},{"kind":"capture","hold":)" +
          hold + R"(,"amount":"2","currency":"USD","release_rest":true},{"kind":"void","hold":)" +
          other + R"(,"reference":"r"},{"kind":"reversal","transfer":)" + posted +
          R"(},{"kind":"reversal","transfer":)" + posted + "}]}");
  const auto all = results(response);
  REQUIRE(all.size() == 6);
  CHECK(contains(all[0], R"("kind":"transfer")"));
  CHECK(contains(all[1], R"("kind":"hold")"));
  CHECK(contains(all[2], R"("kind":"capture")"));
  CHECK(contains(all[2], R"("released":"3.00")"));
  CHECK(contains(all[3], R"("kind":"void")"));
  CHECK(contains(all[4], R"("kind":"reversal")"));
  CHECK(contains(all[5], R"("code":"already_reversed")"));
  CHECK(count_of(response.body, R"("status":201)") == 5);
}

TEST_CASE("a malformed item is a result of its own, and its neighbours go on") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string large = R"({"reference":")" + std::string(1 << 20, 'x') + R"("})";
  const struct {
    std::string item;
    int status;
    const char* code;
  } kRows[] = {
      {R"({"from":1})", 400, "missing_field"},
      {R"({})", 400, "missing_field"},
      {R"({"kind":"capture"})", 400, "missing_field"},
      {R"({"kind":"hold","hold":1})", 400, "unknown_field"},
      {R"({"kind":"gift"})", 400, "wrong_type"},
      {R"({"kind":1})", 400, "wrong_type"},
      {R"({"key":1})", 400, "wrong_type"},
      {R"({"kind":"void","hold":0})", 400, "invalid_transfer_id"},
      {R"({"fee":1})", 400, "unknown_field"},
      {R"({"from":1,"from":1})", 400, "duplicate_field"},
      {R"({"from":1,"to":2,"amount":1,"currency":"USD"})", 400, "wrong_type"},
      {R"({"from":1,"to":2,"amount":"x","currency":"USD"})", 400, "invalid_amount"},
      {R"({"from":1,"to":1,"amount":"1","currency":"USD"})", 400, "same_account"},
      {R"({"key":"","from":1,"to":2,"amount":"1","currency":"USD"})", 400, "invalid_key"},
      {R"({"legs":[{"from":1}],"kind":"hold"})", 400, "missing_field"},
      {"7", 400, "wrong_type"},
      {"null", 400, "wrong_type"},
      {"[]", 400, "wrong_type"},
      {R"({"from":1 "to":2})", 400, "malformed_json"},
      {R"({"from":[1}])", 400, "malformed_json"},
      {large, 413, "body_too_large"},
  };
  int number = 0;
  for (const auto& row : kRows) {
    CAPTURE(row.item.substr(0, 100));
    for (const bool lines : {false, true}) {
      const std::string key = "k" + std::to_string(++number);
      const auto response =
          lines ? api.post(kBatch, key,
                           std::string(kOne) + '\n' + row.item + '\n' + std::string(kOne), kLines)
                : api.post(kBatch, key, array_of({kOne, row.item, kOne}));
      CHECK(response.status == 200);
      const auto all = results(response);
      REQUIRE(all.size() == 3);
      CHECK(contains(all[0], R"("status":201)"));
      CHECK(contains(all[1], R"("status":)" + std::to_string(row.status) + ','));
      CHECK(contains(all[1], std::string(R"("code":")") + row.code + '"'));
      CHECK(contains(all[1], R"("replayed":false)"));
      CHECK(contains(all[2], R"("index":2)"));
      CHECK(contains(all[2], R"("status":201)"));
    }
  }
}

TEST_CASE("the key of a malformed item is its own, if that can be told") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto response = api.post(kBatch, "b",
                                 R"([{"key":"mine","fee":1},{"fee":1},{"key":"x")"
                                 R"(,"from":1,"to":2,"amount":"1","currency":""}])");
  const auto all = results(response);
  REQUIRE(all.size() == 3);
  CHECK(contains(all[0], R"("key":"mine")"));
  CHECK(contains(all[1], R"("key":"b/1")"));
  CHECK(contains(all[2], R"("key":"x")"));
}

TEST_CASE("an atomic batch is committed as a whole") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string body = R"({"transfers":)" + array_of({kOne, kOne}) + R"(,"atomic":true})";
  const auto response = api.post(kBatch, "b", body);
  CHECK(response.status == 200);
  CHECK(count_of(response.body, R"("status":201)") == 2);
  CHECK(balance(api, "1") == "998.00");
  const auto replay = api.post(kBatch, "b", body);
  CHECK(count_of(replay.body, R"("replayed":true)") == 2);
  CHECK(balance(api, "1") == "998.00");
}

TEST_CASE("an atomic batch is declined as a whole, and that is recorded") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  for (const bool lines : {false, true}) {
    CAPTURE(lines);
    const std::string key = lines ? "lines" : "json";
    const auto send = [&] {
      if (!lines)
        return api.post("/v1/transfers/batch?atomic=true", key, array_of({kOne, kTooMuch}));
      return api.post("/v1/transfers/batch?atomic=true", key,
                      std::string(kOne) + '\n' + std::string(kTooMuch), kLines);
    };
    const auto all = results(send());
    REQUIRE(all.size() == 2);
    CHECK(contains(all[0], R"("status":422,"replayed":false)"));
    CHECK(contains(all[0], R"("code":"atomic_batch_declined")"));
    CHECK(contains(all[1], R"("code":"insufficient_funds")"));
    CHECK(count_of(send().body, R"("status":422,"replayed":true)") == 2);
  }
  CHECK(balance(api, "1") == "1000.00");
}

TEST_CASE("a malformed item refuses the whole of an atomic batch, and no key is taken") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const struct {
    const char* item;
    int status;
    const char* code;
  } kRows[] = {
      {R"({"from":1})", 400, "missing_field"},
      {R"({"from":1,"to":1,"amount":"1","currency":"USD"})", 400, "same_account"},
      {R"({"from":1,"to":2,"amount":"0","currency":"USD"})", 400, "invalid_amount"},
      {R"({"from":1,"to":2,"amount":"1","currency":"USD","metadata":{"a":1e}})", 400,
       "malformed_json"},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.item);
    const auto response =
        api.post("/v1/transfers/batch?atomic=true", "b", array_of({kOne, row.item}));
    CHECK(response.status == row.status);
    CHECK(response.code() == row.code);
    CHECK(response.header("Content-Type") == "application/problem+json");
    CHECK(contains(response.body, R"("detail":"item 1: )"));
  }
  CHECK(balance(api, "1") == "1000.00");
  CHECK(api.get("/v1/transfers?key=b/0").code() == "key_not_found");
}

TEST_CASE("the same key twice in a batch is one transfer") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  constexpr std::string_view kItem =
      R"({"key":"same","from":1,"to":2,"amount":"1","currency":"USD"})";
  const auto all = results(api.post(kBatch, "b",
                                    array_of({kItem, kItem,
                                              R"({"key":"same","from":1,"to":2,"amount":"2",)"
                                              R"("currency":"USD"})"})));
  REQUIRE(all.size() == 3);
  CHECK(contains(all[0], R"("replayed":false)"));
  CHECK(contains(all[1], R"("replayed":true)"));
  CHECK(contains(all[2], R"("code":"key_reused")"));
  CHECK(balance(api, "1") == "999.00");
}

TEST_CASE("NDJSON in is NDJSON out: one item a line, one result a line") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto response = api.post(
      kBatch, "b",
      std::string(kOne) + "\r\n\n \t\n" + std::string(kTooMuch) + "\n" + std::string(kOne), kLines);
  CHECK(response.status == 200);
  CHECK(response.header("Content-Type") == "application/x-ndjson");
  CHECK(count_of(response.body, "\n") == 3);
  CHECK(response.body.ends_with("}\n"));
  CHECK(response.body.starts_with(R"({"index":0,"key":"b/0","status":201,)"));
  CHECK(contains(response.body,
                 "\n"
                 R"({"index":1,"key":"b/1","status":422,)"));
  CHECK(contains(response.body,
                 "\n"
                 R"({"index":2,"key":"b/2","status":201,)"));
}

TEST_CASE("a batch without a key is fine if every item has one") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  constexpr std::string_view kKeyed =
      R"({"key":"a","from":1,"to":2,"amount":"1","currency":"USD"})";
  const auto fine = api.ask("POST", kBatch, {}, array_of({kKeyed}));
  CHECK(fine.status == 200);
  CHECK(contains(fine.body, R"("key":"a","status":201)"));
  const auto missing = api.ask("POST", kBatch, {}, array_of({kKeyed, kOne}));
  CHECK(missing.status == 400);
  CHECK(missing.code() == "invalid_key");
  CHECK(contains(missing.body, "item 1: "));
  const auto bad = api.ask("POST", kBatch, {{"Idempotency-Key", ""}}, array_of({kKeyed}));
  CHECK(bad.status == 400);
  CHECK(bad.code() == "invalid_key");
  CHECK(balance(api, "1") == "999.00");
}

TEST_CASE("what is no batch at all is refused") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const std::string one(kOne);
  const struct {
    std::string body;
    const char* code;
  } kRows[] = {
      {"", "malformed_json"},
      {"7", "wrong_type"},
      {"null", "wrong_type"},
      {R"("text")", "wrong_type"},
      {"{}", "missing_field"},
      {R"({"atomic":true})", "missing_field"},
      {R"({"transfers":{}})", "wrong_type"},
      {R"({"transfers":null})", "wrong_type"},
      {R"({"transfers":[],"atomic":1})", "wrong_type"},
      {R"({"transfers":[],"atomic":null})", "wrong_type"},
      {R"({"transfers":[],"transfers":[]})", "duplicate_field"},
      {R"({"transfers":[],"mode":1})", "unknown_field"},
      {R"({"transfers":[)" + one, "malformed_json"},
      {R"({"transfers":[)" + one + ']', "malformed_json"},
      {R"({"transfers" []})", "malformed_json"},
      {R"({"transfers":})", "malformed_json"},
      {R"({transfers:[]})", "malformed_json"},
      {'[' + one, "malformed_json"},
      {'[' + one + ",]", "malformed_json"},
      {"[," + one + ']', "malformed_json"},
      {'[' + one + ' ' + one + ']', "malformed_json"},
      {'[' + one + "]x", "malformed_json"},
      {'[' + one + "][]", "malformed_json"},
      {"\xef\xbb\xbf[]", "wrong_type"},
      {std::string(500'000, '['), "malformed_json"},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.body.substr(0, 100));
    const auto response = api.post(kBatch, "b", row.body);
    CHECK(response.status == 400);
    CHECK(response.code() == row.code);
  }
  CHECK(api.post(kBatch, "b", "\n \r\n", kLines).code() == "malformed_json");
  CHECK(api.post("/v1/transfers/batch?atomic=yes", "b", "[]").code() == "invalid_query");
  CHECK(api.post("/v1/transfers/batch?mode=1", "b", "[]").code() == "invalid_query");
  CHECK(api.post("/v1/transfers/batch?atomic=false", "b", R"({"transfers":[],"atomic":true})")
            .code() == "invalid_query");
  CHECK(
      api.post("/v1/transfers/batch?atomic=true", "b", R"({"transfers":[],"atomic":true})").body ==
      R"({"results":[]})");
  CHECK(api.post(kBatch, "b", "[]").body == R"({"results":[]})");
  CHECK(api.get("/v1/transfers?key=b/0").code() == "key_not_found");
  CHECK(balance(api, "1") == "1000.00");
}

/// `count` items of one cent, separated by `separator`.
std::string many(int count, std::string_view separator) {
  std::string body;
  for (int i = 0; i < count; ++i) {
    if (i > 0) body += separator;
    body += R"({"from":1,"to":2,"amount":"0.01","currency":"USD","reference":"order )" +
            std::to_string(i) + R"(","metadata":{"customer":"abcdefgh","line":)" +
            std::to_string(i) + "}}";
  }
  return body;
}

TEST_CASE("10,000 items are taken in one batch, in either form and mode") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  for (const char* mode : {"false", "true"}) {
    CAPTURE(mode);
    const std::string target = std::string("/v1/transfers/batch?atomic=") + mode;
    const auto json = api.post(target, std::string("j") + mode, '[' + many(10'000, ",") + ']');
    CHECK(json.status == 200);
    CHECK(count_of(json.body, R"("status":201,"replayed":false)") == 10'000);
    CHECK(contains(json.body, R"({"index":9999,"key":"j)" + std::string(mode) + "/9999"));
    const auto lines = api.post(target, std::string("l") + mode, many(10'000, "\n"), kLines);
    CHECK(lines.status == 200);
    CHECK(count_of(lines.body, R"("status":201,"replayed":false)") == 10'000);
    CHECK(count_of(lines.body, "\n") == 10'000);
  }
  CHECK(balance(api, "1") == "600.00");
}

TEST_CASE("one item more than a batch may have is refused, and nothing moves") {
  const LedgerdProcess ledgerd({"--demo"});
  const Api api(ledgerd);
  const auto json = api.post(kBatch, "j", '[' + many(10'001, ",") + ']');
  CHECK(json.status == 400);
  CHECK(json.code() == "batch_too_large");
  CHECK(api.post(kBatch, "l", many(10'001, "\n"), kLines).code() == "batch_too_large");
  CHECK(balance(api, "1") == "1000.00");
}

TEST_CASE("only a batch may have a large body, and that has its limit, too") {
  const LedgerdProcess ledgerd({"--demo", "--max-body", "1000", "--max-batch-body", "3000"});
  const Api api(ledgerd);
  const std::string space(1500, ' ');
  CHECK(api.post(kBatch, "a", '[' + std::string(kOne) + space + ']').status == 200);
  CHECK(api.post("/v1/transfers", "b", std::string(kOne) + space).status == 413);
  CHECK(api.post(kBatch, "c", '[' + std::string(kOne) + space + space + ']').status == 413);
  const auto item =
      api.post(kBatch, "d", R"([{"metadata":{"a":")" + std::string(1500, 'x') + R"("}}])");
  CHECK(contains(item.body, R"("status":413)"));
}

#ifdef __SANITIZE_THREAD__
constexpr std::size_t kShadowed = 3;  // the thread sanitizer keeps a record of what is in use
#else
constexpr std::size_t kShadowed = 1;
#endif

TEST_CASE("hostile batches cost a bounded amount of memory") {
  // The address sanitizer keeps what was freed; not all of it, here.
  const LedgerdProcess ledgerd({"--demo"}, {{"ASAN_OPTIONS", "quarantine_size_mb=16"}});
  const Api api(ledgerd);
  const std::size_t size = (8UL << 20) - 2;
  const std::string nested = '[' + std::string(size, '[') + ']';
  std::string commas = "[";
  while (commas.size() < size)
    commas += "{},";
  const std::string strings = R"([{"key":")" + std::string(size - 20, 'k') + R"("}])";
  std::string lines;
  while (lines.size() < size)
    lines += "[\n";
  const std::string blank(size, '\n');
  std::vector<std::thread> clients;
  for (int round = 0; round < 3; ++round) {
    for (const std::string* body :
         std::initializer_list<const std::string*>{&nested, &commas, &strings, &lines, &blank}) {
      clients.emplace_back([&ledgerd, body] {
        for (const Headers& form : {Headers{}, kLines}) {
          Headers headers = form;
          headers.emplace_back("Idempotency-Key", "k");
          (void)ask(ledgerd.port(), "POST", kBatch, headers, *body);
        }
      });
    }
  }
  for (std::thread& client : clients)
    client.join();
  REQUIRE(ledgerd.is_alive());
  MESSAGE("peak memory: ", ledgerd.peak_memory_kib(), " KiB");
  // 256 MiB of bodies that arrive, and what is made of four batches of the largest size.
  CHECK(ledgerd.peak_memory_kib() < kShadowed * 768UL * 1024);
  CHECK(balance(api, "1") == "1000.00");
}

}  // namespace
}  // namespace ledgerd::testing
