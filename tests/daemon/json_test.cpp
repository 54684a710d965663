#include "bodies.h"

#include <doctest/doctest.h>
#include <simdjson.h>

#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "support/seed.h"

namespace ledgerd {
namespace {

/// "from to amount", or the code and the message.
std::string transfer(std::string_view body) {
  const auto parsed = parse_transfer_body(body);
  if (const auto* error = std::get_if<ApiError>(&parsed)) {
    CHECK(error->status == 400);
    return error->code + ' ' + error->message;
  }
  const auto& read = std::get<TransferBody>(parsed);
  return std::to_string(to_int(read.from_id)) + ' ' + std::to_string(to_int(read.to_id)) + ' ' +
         read.amount;
}

/// "currency id min max", with - for nothing; or the code and the message.
std::string account(std::string_view body) {
  const auto parsed = parse_account_body(body);
  if (const auto* error = std::get_if<ApiError>(&parsed)) {
    CHECK(error->status == 400);
    return error->code + ' ' + error->message;
  }
  const auto& read = std::get<AccountBody>(parsed);
  return read.currency + ' ' + (read.id ? std::to_string(to_int(*read.id)) : "-") + ' ' +
         read.min_balance.value_or("-") + ' ' + read.max_balance.value_or("-");
}

std::string with_amount(std::string_view amount) {
  return transfer(R"({"from_id":1,"to_id":2,"amount":)" + std::string(amount) + '}');
}

std::string with_from(std::string_view id) {
  return transfer(R"({"from_id":)" + std::string(id) + R"(,"to_id":2,"amount":1})");
}

TEST_CASE("a transfer is read, in any order of fields and with any white space") {
  CHECK(transfer(R"({"from_id":1,"to_id":2,"amount":100.00})") == "1 2 100.00");
  CHECK(transfer("{ \"amount\" : 7 ,\r\n\t\"to_id\":2, \"from_id\":1 }") == "1 2 7");
  CHECK(transfer("  {\"from_id\":1,\"to_id\":2,\"amount\":7}\n") == "1 2 7");
}

TEST_CASE("an amount is its source text to the last digit") {
  CHECK(with_amount("100.00") == "1 2 100.00");
  CHECK(with_amount("100.00 ") == "1 2 100.00");
  CHECK(with_amount("0.10") == "1 2 0.10");
  CHECK(with_amount("92233720368547758.07") == "1 2 92233720368547758.07");
  CHECK(with_amount("0.1000000000000000055511151231257827") ==
        "1 2 0.1000000000000000055511151231257827");
}

TEST_CASE("an amount may stand in a string") {
  CHECK(with_amount(R"("100.00")") == "1 2 100.00");
  CHECK(with_amount(R"("\u0031.50")") == "1 2 1.50");
  CHECK(with_amount(R"(" 1")") == "1 2  1");
  CHECK(with_amount(R"("")") == "1 2 ");
}

TEST_CASE("what is no plain decimal is passed on as it was written, for the ledger to judge") {
  for (const char* amount : {"1e2", "1E2", "1e-2", "+1", "01", "1.", ".5", "-5", "-0", "0", "NaN",
                             "Infinity", "0x10", "1_000", "1.2.3", "--1"}) {
    CAPTURE(amount);
    CHECK(with_amount(amount) == "1 2 " + std::string(amount));
  }
}

TEST_CASE("an amount of another type is refused by name") {
  for (const char* amount : {"true", "false", "null", "[]", "{}", "[1]", R"({"a":1})", "[[[[["}) {
    CAPTURE(amount);
    CHECK(with_amount(amount).starts_with("wrong_type amount: "));
  }
}

TEST_CASE("ids are integers from 1 to 2^63 - 1") {
  CHECK(with_from("1") == "1 2 1");
  CHECK(with_from("9223372036854775807") == "9223372036854775807 2 1");
  for (const char* id :
       {"0", "-1", "-0", "9223372036854775808", "18446744073709551617",
        "99999999999999999999999999", "1.0", "1e0", "1E0", "1.5", "+1", "01", "NaN", "0x1"}) {
    CAPTURE(id);
    CHECK(with_from(id).starts_with("invalid_account_id from_id: "));
  }
  for (const char* id : {R"("1")", "true", "null", "[]", "{}"}) {
    CAPTURE(id);
    CHECK(with_from(id).starts_with("wrong_type from_id: "));
  }
}

TEST_CASE("every field must be there") {
  CHECK(transfer("{}").starts_with("missing_field from_id: "));
  CHECK(transfer(R"({"from_id":1,"amount":1})").starts_with("missing_field to_id: "));
  CHECK(transfer(R"({"from_id":1,"to_id":2})").starts_with("missing_field amount: "));
}

TEST_CASE("a field that nobody knows is refused by name") {
  CHECK(transfer(R"({"from_id":1,"to_id":2,"amount":1,"memo":"x"})")
            .starts_with("unknown_field memo: "));
  CHECK(transfer(R"({"From_id":1})").starts_with("unknown_field From_id: "));
  CHECK(transfer(R"({"":1})").starts_with("unknown_field : "));
  CHECK(transfer(R"({"from_id\u0000":1})").starts_with("unknown_field from_id"));
  CHECK(transfer("{\"" + std::string(5000, 'x') + "\":1}").size() < 200);
}

TEST_CASE("a field given twice is refused by name, however it is spelled") {
  CHECK(transfer(R"({"from_id":1,"from_id":1,"to_id":2,"amount":1})")
            .starts_with("duplicate_field from_id: "));
  CHECK(transfer(R"({"amount":1,"to_id":2,"from_id":1,"\u0061mount":2})")
            .starts_with("duplicate_field amount: "));
}

TEST_CASE("what is not JSON to the last byte is refused") {
  const std::string good = R"({"from_id":1,"to_id":2,"amount":1})";
  const std::vector<std::string> bad = {
      "",
      " ",
      "\xef\xbb\xbf" + good,
      "{",
      good.substr(0, good.size() - 1),
      good + "}",
      good + "x",
      good + " 1",
      good + ",",
      good + good,
      good + std::string(1, '\0'),
      R"({"from_id":1,"to_id":2,"amount":1,})",
      R"({,"from_id":1,"to_id":2,"amount":1})",
      R"({"from_id":1,,"to_id":2,"amount":1})",
      R"({"from_id":1 "to_id":2,"amount":1})",
      R"({"from_id" 1,"to_id":2,"amount":1})",
      R"({"from_id"::1,"to_id":2,"amount":1})",
      R"({"from_id":,"to_id":2,"amount":1})",
      R"({"from_id":1;"to_id":2,"amount":1})",
      R"({from_id:1,"to_id":2,"amount":1})",
      R"({'from_id':1,"to_id":2,"amount":1})",
      R"({"from_id":1,"to_id":2,"amount":1 2})",
      R"({"from_id":1,"to_id":2,"amount":"1" "2"})",
      R"({"from_id":1,"to_id":2,"amount":"1"2})",
      R"({"from_id":1,"to_id":2,"amount":"\x"})",
      R"({"from_id":1,"to_id":2,"amount":"\ud800"})",
      R"({"from_id":1,"to_id":2,"amount":"open})",
      R"({"from_id\q":1,"to_id":2,"amount":1})",
      R"({"from_id":1,/* no */"to_id":2,"amount":1})",
      "{\"from_id\":1,\"to_id\":2,\"amount\":\"1\n\"}",
      "{\"from_id\":1,\"to_id\":2,\"amount\":\"\xff\"}",
      "{\"from_id\":1,\"to_id\":2,\"amount\":1}\xc0\xaf",
      "{\"from_id\":1,\"to_id\":2,\xa0\"amount\":1}",
      R"({"from_id":1}{"to_id":2,"amount":1})",
  };
  for (const std::string& body : bad) {
    CAPTURE(body);
    CHECK(transfer(body).starts_with("malformed_json "));
  }
}

TEST_CASE("a comma or bracket too many after a number is not overlooked") {
  CHECK(transfer(R"({"from_id":1,"to_id":2,"amount":1]})").starts_with("malformed_json "));
  CHECK(transfer(R"({"from_id":1],"to_id":2,"amount":1})").starts_with("malformed_json "));
  CHECK(transfer(R"({"from_id":1:2,"to_id":2,"amount":1})").starts_with("malformed_json "));
}

TEST_CASE("only an object makes a body") {
  for (const char* body : {"[]", "1", "\"text\"", "null", "true", R"([{"from_id":1}])", "}",
                           "from_id=1&to_id=2&amount=1"}) {
    CAPTURE(body);
    CHECK(transfer(body).starts_with("wrong_type the body: "));
  }
}

TEST_CASE("depth costs nothing: the first nested value ends it") {
  const std::string deep(200'000, '[');
  CHECK(with_amount(deep).starts_with("wrong_type amount: "));
  CHECK(transfer(deep).starts_with("wrong_type the body: "));
  CHECK(with_amount(deep + std::string(200'000, ']')).starts_with("wrong_type amount: "));
}

TEST_CASE("an account is read, with defaults for what is left out") {
  CHECK(account(R"({"currency":"USD"})") == "USD - 0 -");
  CHECK(account(R"({"currency":"USD","id":7})") == "USD 7 0 -");
  CHECK(account(R"({"currency":"USD","min_balance":null,"max_balance":null})") == "USD - - -");
  CHECK(account(R"({"currency":"USD","min_balance":"-5.00","max_balance":"9.99"})") ==
        "USD - -5.00 9.99");
  CHECK(account(R"({"currency":"usd"})") == "usd - 0 -");
}

TEST_CASE("an account's fields are held to their types") {
  CHECK(account("{}").starts_with("missing_field currency: "));
  CHECK(account(R"({"currency":840})").starts_with("wrong_type currency: "));
  CHECK(account(R"({"currency":null})").starts_with("wrong_type currency: "));
  CHECK(account(R"({"currency":["USD"]})").starts_with("wrong_type currency: "));
  CHECK(account(R"({"currency":USD})").starts_with("malformed_json "));
  CHECK(account(R"({"currency":"USD","id":"1"})").starts_with("wrong_type id: "));
  CHECK(account(R"({"currency":"USD","id":null})").starts_with("wrong_type id: "));
  CHECK(account(R"({"currency":"USD","id":0})").starts_with("invalid_account_id id: "));
  CHECK(account(R"({"currency":"USD","min_balance":0})").starts_with("wrong_type min_balance: "));
  CHECK(account(R"({"currency":"USD","min_balance":.5})").starts_with("malformed_json "));
  CHECK(account(R"({"currency":"USD","min_balance":-})").starts_with("malformed_json "));
  CHECK(account(R"({"currency":"USD","max_balance":true})").starts_with("wrong_type max_balance"));
  CHECK(account(R"({"currency":"USD","max_balance":nul})").starts_with("malformed_json "));
  CHECK(account(R"({"currency":"USD","max_balance":nulll})").starts_with("malformed_json "));
  CHECK(account(R"({"currency":"USD","name":"x"})").starts_with("unknown_field name: "));
  CHECK(account(R"({"currency":"USD","currency":"EUR"})").starts_with("duplicate_field currency"));
}

/// Whether a parser that validates everything before it gives anything away finds a transfer here.
bool is_transfer(const simdjson::dom::element& document) {
  simdjson::dom::object object;
  if (document.get(object) != simdjson::SUCCESS || object.size() != 3) return false;
  for (const char* id : {"from_id", "to_id"}) {
    std::int64_t number = 0;
    if (object[id].get(number) != simdjson::SUCCESS || number < 1) return false;
  }
  simdjson::dom::element amount;
  return object["amount"].get(amount) == simdjson::SUCCESS &&
         (amount.is_number() || amount.is_string());
}

std::string mutate(std::string body, std::mt19937_64& random) {
  static constexpr std::string_view kInteresting =
      "{}[]\",:\\0123456789.eE+-ntfu \t\r\n/\x01\x7f\xc3\xa9\xff";
  const auto below = [&random](std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random);
  };
  for (std::size_t edits = 1 + below(3); edits > 0; --edits) {
    const std::size_t at = below(body.size());
    const char c = kInteresting[below(kInteresting.size())];
    switch (below(4)) {
      case 0:
        body[at] = c;
        break;
      case 1:
        body.insert(at, 1, c);
        break;
      case 2:
        body.erase(at, 1 + below(3));
        break;
      default:
        body.insert(at, body.substr(below(body.size()), 1 + below(12)));
        break;
    }
    if (body.empty()) body = "{";
  }
  return body;
}

TEST_CASE("of mutated bodies it accepts exactly those that a full parser finds a transfer in") {
  const std::uint64_t seed = ledger::testing::test_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const std::string originals[] = {R"({"from_id":1,"to_id":2,"amount":100.00})",
                                   R"({"amount":"1.5" , "to_id" : 22,"from_id":333} )",
                                   R"({"from_id":1,"\u0074o_id":2,"amount":7})"};
  const auto usd = *ledger::Currency::iso("USD");
  simdjson::dom::parser parser;
  int accepted = 0;
  const int count = ledger::testing::test_count("LEDGER_JSON_MUTATIONS", 20'000);
  for (int i = 0; i < count; ++i) {
    const std::string body = mutate(originals[static_cast<std::size_t>(i) % 3], random);
    CAPTURE(body);
    const auto ours = parse_transfer_body(body);
    const auto* transfer = std::get_if<TransferBody>(&ours);
    simdjson::dom::element document;
    const bool theirs =
        parser.parse(body).get(document) == simdjson::SUCCESS && is_transfer(document);
    if (theirs) REQUIRE(transfer != nullptr);
    // What is no decimal at all is still refused, by Amount::parse.
    if (transfer != nullptr && ledger::Amount::parse(transfer->amount, usd)) {
      REQUIRE(theirs);
      ++accepted;
    }
  }
  CHECK(accepted > 0);
}

TEST_CASE("one member of an answer is read, whatever else it has") {
  const std::string body = R"({"id":7,"balance":"-0.05","more":{"deep":[1]},"none":null})";
  CHECK(json_member(body, "id") == "7");
  CHECK(json_member(body, "balance") == "-0.05");
  CHECK(json_member(body, "none") == std::nullopt);
  CHECK(json_member(body, "more") == std::nullopt);
  CHECK(json_member(body, "nothing") == std::nullopt);
  for (const char* other : {"", "7", "[1]", "{", "nonsense"})
    CHECK(json_member(other, "id") == std::nullopt);
}

}  // namespace
}  // namespace ledgerd
