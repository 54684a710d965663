// The bodies of /v1, beside those that json_test.cpp reads.
#include "bodies.h"

#include <doctest/doctest.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "batch_body.h"
#include "json_scanner.h"
#include "rfc3339.h"
#include "support/seed.h"

namespace ledgerd {
namespace {

/// A body as a line of words, or the code and the message.
std::string shown(const std::variant<RequestBody, ApiError>& parsed) {
  if (const auto* error = std::get_if<ApiError>(&parsed)) {
    CHECK(error->status == 400);
    CHECK(!error->title.empty());
    return error->code + ' ' + error->message;
  }
  const auto& body = std::get<RequestBody>(parsed);
  std::string text;
  for (const LegBody& leg : body.legs) {
    text += std::to_string(to_int(leg.from)) + '>' + std::to_string(to_int(leg.to)) + ' ' +
            leg.amount + ' ' + leg.currency + ' ';
  }
  if (body.amount) text += *body.amount + ' ' + body.currency + ' ';
  if (to_int(body.target) != 0) text += "of " + std::to_string(to_int(body.target)) + ' ';
  if (body.key) text += "key " + *body.key + ' ';
  if (body.release_rest) text += "release ";
  if (body.expires_at) text += "until " + rfc3339(*body.expires_at) + ' ';
  if (!body.details.reference.empty()) text += "ref " + body.details.reference + ' ';
  if (!body.details.metadata.empty()) text += "meta " + body.details.metadata + ' ';
  if (body.details.effective_at) text += "at " + rfc3339(*body.details.effective_at) + ' ';
  return text;
}

std::string request(RequestKind kind, std::string_view body) {
  JsonReader reader;
  return shown(parse_request_body(reader, kind, body));
}

std::string transfer(std::string_view body) { return request(RequestKind::transfer, body); }

std::string item(std::string_view body) {
  JsonReader reader;
  return shown(parse_batch_item(reader, body));
}

constexpr std::string_view kLeg = R"({"from":1,"to":2,"amount":"5.00","currency":"USD"})";

/// kLeg with more members.
std::string leg_and(std::string_view members) {
  return std::string(kLeg.substr(0, kLeg.size() - 1)) + ',' + std::string(members) + '}';
}

TEST_CASE("a transfer has legs, or is short for one") {
  CHECK(transfer(kLeg) == "1>2 5.00 USD ");
  CHECK(transfer(R"({"legs":[]})").empty());
  CHECK(transfer(R"({"legs": [ {"currency":"USD","amount":"5","to":2,"from":1} , )" +
                 std::string(kLeg) + "] }") == "1>2 5 USD 1>2 5.00 USD ");
  CHECK(transfer("{}") == "missing_field legs: missing");
  CHECK(transfer(R"({"reference":"r"})") == "missing_field legs: missing");
  CHECK(transfer(R"({"from":1})") == "missing_field to: missing");
  CHECK(transfer(R"({"currency":"USD"})") == "missing_field from: missing");
  CHECK(transfer(leg_and(R"("legs":[])")) == "unknown_field from: there is no such field here");
  CHECK(transfer(R"({"legs":[],"amount":"1"})").starts_with("unknown_field amount: "));
}

TEST_CASE("what is wrong with a leg is told with its place") {
  const auto legs = [](std::string_view second) {
    return transfer(R"({"legs":[)" + std::string(kLeg) + ',' + std::string(second) + "]}");
  };
  CHECK(legs("{}") == "missing_field legs[1]: from: missing");
  CHECK(legs(R"({"from":1,"to":2,"amount":"1"})") == "missing_field legs[1]: currency: missing");
  CHECK(legs("7") == "wrong_type legs[1]: a leg: must be an object");
  CHECK(legs("[]") == "wrong_type legs[1]: a leg: must be an object");
  CHECK(legs(R"({"fee":1})").starts_with("unknown_field legs[1]: fee: "));
  CHECK(legs(R"({"from":0,"to":2,"amount":"1","currency":"USD"})")
            .starts_with("invalid_account_id legs[1]: from: "));
  CHECK(legs(R"({"from":1,"from":1})").starts_with("duplicate_field legs[1]: from: "));
  CHECK(legs(R"({"from":{},"to":2,"amount":"1","currency":"USD"})")
            .starts_with("wrong_type legs[1]: from: "));
  CHECK(legs(R"({"from":1,)").starts_with("malformed_json "));
  CHECK(legs("{},").starts_with("malformed_json "));
  for (const char* none : {"7", "{}", "null", R"("[]")", "true"}) {
    CAPTURE(none);
    CHECK(transfer(R"({"legs":)" + std::string(none) + '}').starts_with("wrong_type legs: "));
  }
}

TEST_CASE("amounts and currencies are strings, ids are integers") {
  const struct {
    const char* body;
    const char* start;
  } kRows[] = {
      {R"({"from":1,"to":2,"amount":5.00,"currency":"USD"})", "wrong_type amount: "},
      {R"({"from":1,"to":2,"amount":null,"currency":"USD"})", "wrong_type amount: "},
      {R"({"from":1,"to":2,"amount":"5","currency":840})", "wrong_type currency: "},
      {R"({"from":1,"to":2,"amount":"5","currency":null})", "wrong_type currency: "},
      {R"({"from":"1","to":2,"amount":"5","currency":"USD"})", "wrong_type from: "},
      {R"({"from":1,"to":2.0,"amount":"5","currency":"USD"})", "invalid_account_id to: "},
      {R"({"from":1,"to":9223372036854775808,"amount":"5","currency":"USD"})",
       "invalid_account_id to: "},
      {R"({"from":1,"to":2,"amount":+5,"currency":"USD"})", "malformed_json "},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.body);
    CHECK(transfer(row.body).starts_with(row.start));
  }
}

TEST_CASE("the caller's details are read, and null is none") {
  CHECK(transfer(leg_and(R"("reference":"order 1","metadata":{"a":[1,{"b":1.10}]},)"
                         R"("effective_at":"2026-01-31T12:00:00+01:00")")) ==
        R"(1>2 5.00 USD ref order 1 meta {"a":[1,{"b":1.10}]} at 2026-01-31T11:00:00.000000Z )");
  CHECK(transfer(leg_and(R"("reference":null,"metadata":null,"effective_at":null)")) ==
        "1>2 5.00 USD ");
  CHECK(transfer(leg_and(R"("reference":"")")).starts_with("invalid_reference reference: "));
  CHECK(transfer(leg_and(R"("reference":1)")).starts_with("wrong_type reference: "));
  CHECK(transfer(leg_and(R"("reference":["r"])")).starts_with("wrong_type reference: "));
  CHECK(transfer(leg_and(R"("effective_at":1)")).starts_with("wrong_type effective_at: "));
  CHECK(transfer(leg_and(R"("effective_at":"now")")).starts_with("invalid_timestamp effective_at"));
  for (const char* none : {"1", "[]", R"("{}")", "true"}) {
    CHECK(
        transfer(leg_and(R"("metadata":)" + std::string(none))).starts_with("wrong_type metadata"));
  }
}

TEST_CASE("metadata is JSON to its last byte, and taken as it was written") {
  for (const char* kept :
       {"{}", "{ }", R"({"a":null,"b":[true,false,-0.5e+7,"\u00e9"],"":{}})",
        "{\n\t\"a\" : [ ]\r\n}", R"({"a":1,"a":2})", R"({"a":123456789012345678901234567890.5})"}) {
    CAPTURE(kept);
    CHECK(transfer(leg_and(R"("metadata":)" + std::string(kept))) ==
          "1>2 5.00 USD meta " + std::string(kept) + ' ');
  }
  for (const char* broken :
       {R"({"a":})", R"({"a":01})", R"({"a":+1})", R"({"a":nul})", R"({"a":[1,]})", R"({"a":[1})",
        R"({"a":"\x"})", R"({"a":"\ud800"})", R"({"a" 1})", R"({a:1})", R"({"a":1,})",
        R"({"a":1 2})", R"({"a":[1 2]})", R"({"a":1}})", R"({"a":'b'})"}) {
    CAPTURE(broken);
    CHECK(transfer(leg_and(R"("metadata":)" + std::string(broken))).starts_with("malformed_json "));
  }
}

TEST_CASE("metadata nests as deep as it may, and no deeper") {
  const auto nested = [](int depth) {
    const auto inner = static_cast<std::size_t>(depth - 1);
    return leg_and(R"("metadata":{"a":)" + std::string(inner, '[') + std::string(inner, ']') + '}');
  };
  CHECK(transfer(nested(kMaxJsonDepth)).starts_with("1>2"));
  CHECK(transfer(nested(kMaxJsonDepth + 1)).starts_with("malformed_json "));
  CHECK(transfer(nested(200'000)).starts_with("malformed_json "));
  CHECK(transfer(leg_and(R"("metadata":)" + std::string(200'000, '{')))
            .starts_with("malformed_json "));
}

TEST_CASE("every kind has its fields, and no others") {
  using K = RequestKind;
  CHECK(request(K::hold, leg_and(R"("expires_at":"2026-01-31T12:00:00Z")")) ==
        "1>2 5.00 USD until 2026-01-31T12:00:00.000000Z ");
  CHECK(request(K::capture, R"({"amount":"2","currency":"USD","release_rest":true})") ==
        "2 USD release ");
  CHECK(request(K::capture, "{}").empty());
  CHECK(request(K::void_hold, R"({"reference":"r"})") == "ref r ");
  CHECK(request(K::reversal, R"({"currency":"USD","amount":"2"})") == "2 USD ");
  const struct {
    K kind;
    const char* body;
    const char* start;
  } kRows[] = {
      {K::transfer, R"({"expires_at":null})", "unknown_field expires_at: "},
      {K::transfer, R"({"release_rest":true})", "unknown_field release_rest: "},
      {K::transfer, R"({"key":"k"})", "unknown_field key: "},
      {K::transfer, R"({"kind":"transfer"})", "unknown_field kind: "},
      {K::hold, R"({"hold":1})", "unknown_field hold: "},
      {K::capture, R"({"hold":1})", "unknown_field hold: "},
      {K::capture, R"({"legs":[]})", "unknown_field legs: "},
      {K::capture, R"({"from":1})", "unknown_field from: "},
      {K::capture, R"({"amount":"1"})", "missing_field currency: "},
      {K::capture, R"({"currency":"USD"})", "missing_field amount: "},
      {K::capture, R"({"amount":1,"currency":"USD"})", "wrong_type amount: "},
      {K::capture, R"({"release_rest":"yes"})", "wrong_type release_rest: "},
      {K::capture, R"({"release_rest":null})", "wrong_type release_rest: "},
      {K::capture, "", "malformed_json "},
      {K::void_hold, R"({"amount":"1","currency":"USD"})", "unknown_field amount: "},
      {K::void_hold, R"({"release_rest":true})", "unknown_field release_rest: "},
      {K::reversal, R"({"transfer":1})", "unknown_field transfer: "},
      {K::reversal, R"({"release_rest":true})", "unknown_field release_rest: "},
      {K::reversal, R"({"reason":"x"})", "unknown_field reason: "},
      {K::hold, R"({"expires_at":"tomorrow"})", "invalid_timestamp expires_at: "},
      {K::hold, "[]", "wrong_type the body: "},
  };
  for (const auto& row : kRows) {
    CAPTURE(row.body);
    CHECK(request(row.kind, row.body).starts_with(row.start));
  }
}

TEST_CASE("an item says its kind, its key and what it is about") {
  CHECK(item(kLeg) == "1>2 5.00 USD ");
  CHECK(item(leg_and(R"("kind":"transfer","key":"k")")) == "1>2 5.00 USD key k ");
  CHECK(item(leg_and(R"("kind":"hold","expires_at":null)")) == "1>2 5.00 USD ");
  CHECK(item(R"({"kind":"capture","hold":7,"key":"k"})") == "of 7 key k ");
  CHECK(item(R"({"kind":"void","hold":7})") == "of 7 ");
  CHECK(item(R"({"kind":"reversal","transfer":7,"amount":"1","currency":"USD"})") == "1 USD of 7 ");
  CHECK(item(R"({"kind":"hold","legs":[)" + std::string(kLeg) + R"(],"key":"k"})") ==
        "1>2 5.00 USD key k ");
  CHECK(item(R"({"kind":"capture"})") == "missing_field hold: missing");
  CHECK(item(R"({"kind":"reversal"})") == "missing_field transfer: missing");
  CHECK(item(R"({"kind":"reversal","hold":7})").starts_with("unknown_field hold: "));
  CHECK(item(R"({"hold":7})").starts_with("unknown_field hold: "));
  CHECK(item(R"({"kind":"void","hold":"7"})").starts_with("wrong_type hold: "));
  CHECK(item(R"({"kind":"void","hold":0})").starts_with("invalid_transfer_id hold: "));
  CHECK(item(R"({"kind":"expiry","hold":7})").starts_with("wrong_type kind: "));
  CHECK(item(R"({"kind":null})").starts_with("wrong_type kind: "));
  CHECK(item(leg_and(R"("key":null)")).starts_with("wrong_type key: "));
}

/// A change as a line of words, or the code and the message.
std::string change(std::string_view body) {
  const auto parsed = parse_account_change_body(body);
  if (const auto* error = std::get_if<ApiError>(&parsed)) return error->code + ' ' + error->message;
  const auto& read = std::get<AccountChangeBody>(parsed);
  std::string text;
  if (read.min_balance) text += "min " + read.min_balance->value_or("none") + ' ';
  if (read.max_balance) text += "max " + read.max_balance->value_or("none") + ' ';
  if (read.status) text += "status " + std::to_string(static_cast<int>(*read.status)) + ' ';
  if (read.metadata) text += "meta " + *read.metadata + ' ';
  return text;
}

TEST_CASE("a change of an account is what it names, and null takes away") {
  CHECK(change("{}").empty());
  CHECK(change(R"({"min_balance":"-5","max_balance":null})") == "min -5 max none ");
  CHECK(change(R"({"status":"open"})") == "status 1 ");
  CHECK(change(R"({"status":"frozen","metadata":{"a":1}})") == R"(status 2 meta {"a":1} )");
  CHECK(change(R"({"status":"closed","metadata":null})") == "status 3 meta  ");
  CHECK(change(R"({"status":"Open"})").starts_with("wrong_type status: "));
  CHECK(change(R"({"status":1})").starts_with("wrong_type status: "));
  CHECK(change(R"({"status":nope})").starts_with("malformed_json "));
  CHECK(change(R"({"min_balance":5})").starts_with("wrong_type min_balance: "));
  CHECK(change(R"({"metadata":"x"})").starts_with("wrong_type metadata: "));
  CHECK(change(R"({"reference":"r"})").starts_with("unknown_field reference: "));
  CHECK(change(R"({"status":"open","status":"open"})").starts_with("duplicate_field status: "));
}

TEST_CASE("a reader serves one object after another") {
  JsonReader reader;
  CHECK(shown(parse_batch_item(reader, kLeg)) == "1>2 5.00 USD ");
  CHECK(shown(parse_batch_item(reader, "{")).starts_with("malformed_json "));
  const std::string large = leg_and(R"("metadata":{"a":")" + std::string(100'000, 'x') + R"("})");
  CHECK(shown(parse_batch_item(reader, large)).size() > 100'000);
  CHECK(shown(parse_batch_item(reader, kLeg)) == "1>2 5.00 USD ");
}

TEST_CASE("a scanner finds where values end, by brackets and quotes alone") {
  JsonScanner scanner(R"( {"a":[1,"]}\"",{}]} ,"x\\" , -1.5e7 ,[ {"b":"\\\""} ]tail)");
  CHECK(scanner.next() == '{');
  CHECK(scanner.value() == R"({"a":[1,"]}\"",{}]})");
  CHECK(scanner.take(','));
  CHECK(scanner.value() == R"("x\\")");
  CHECK(!scanner.take(':'));
  CHECK(scanner.take(','));
  CHECK(scanner.value() == "-1.5e7");
  CHECK(scanner.take(','));
  CHECK(scanner.value() == R"([ {"b":"\\\""} ])");
  CHECK(!scanner.at_end());
  CHECK(scanner.value() == "tail");
  CHECK(scanner.at_end());
  CHECK(scanner.value().empty());
  for (const char* open : {"{", "[[1]", "\"abc", "\"abc\\", "{\"a"}) {
    CAPTURE(open);
    JsonScanner endless(open);
    CHECK(endless.value() == open);
    CHECK(endless.at_end());
  }
  CHECK(JsonScanner(",1").value().empty());
}

TEST_CASE("of mutated batches it never finds an item that is not between the others") {
  const std::uint64_t seed = ledger::testing::test_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::string original = '[' + std::string(kLeg) + R"(,{"metadata":{"a":["\"]",1]}} , 7 ])";
  constexpr std::string_view kInteresting = "{}[]\",:\\01 atrue\n";
  int split = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string body = original;
    for (int edits = 0; edits < 3; ++edits) {
      body[std::uniform_int_distribution<std::size_t>(0, body.size() - 1)(random)] =
          kInteresting[std::uniform_int_distribution<std::size_t>(0,
                                                                  kInteresting.size() - 1)(random)];
    }
    CAPTURE(body);
    const auto parsed = split_batch(body, BatchForm::json);
    const auto* batch = std::get_if<BatchBody>(&parsed);
    if (batch == nullptr) continue;
    ++split;
    const char* last = body.data();
    for (const std::string_view item : batch->items) {
      REQUIRE(!item.empty());
      REQUIRE(item.data() > last);
      last = item.data() + item.size();
      REQUIRE(last < body.data() + body.size());
    }
  }
  CHECK(split > 0);
}

}  // namespace
}  // namespace ledgerd
