#include "bad_input_rows.h"

#include "support/raw_http.h"

namespace ledgerd::testing {
namespace {

using namespace std::string_literals;

/// A request with `lines` as its head, up to the empty line.
std::string head(const std::string& lines) { return lines + "\r\n\r\n"; }

std::string get_with(const std::string& lines) {
  return head("GET /healthz HTTP/1.1\r\nHost: h\r\n" + lines);
}

/// A transfer whose framing is right and whose headers beside it are `headers`.
std::string transfer_with(const Headers& headers, std::string_view body = kGoodTransfer) {
  return request_bytes("POST", "/transfer", headers, body);
}

std::string with_key(const std::string& key) { return transfer_with({{"Idempotency-Key", key}}); }

std::string with_body(std::string_view body) {
  return transfer_with({{"Idempotency-Key", "bad-input"}}, body);
}

std::string with_amount(const std::string& amount) {
  return with_body(R"({"from_id":1,"to_id":2,"amount":)" + amount + "}");
}

std::string with_from(const std::string& id) {
  return with_body(R"({"from_id":)" + id + R"(,"to_id":2,"amount":1.00})");
}

std::string chunked(const std::string& framing) {
  return head(
             "POST /transfer HTTP/1.1\r\nHost: h\r\nIdempotency-Key: bad-input\r\n"
             "Transfer-Encoding: chunked") +
         framing;
}

/// A POST whose body is framed by `lines`.
std::string framed(const std::string& lines, const std::string& body = std::string(kGoodTransfer)) {
  return head("POST /transfer HTTP/1.1\r\nHost: h\r\nIdempotency-Key: bad-input\r\n" + lines) +
         body;
}

std::string many_headers(int count) {
  std::string lines;
  for (int i = 0; i < count; ++i)
    lines += "X-" + std::to_string(i) + ": x\r\n";
  return lines + "X-Last: x";
}

}  // namespace

Rows framing_rows() {
  constexpr auto kCloses = After::closes;
  return {
      {"nothing but an end", "", 0, "", kCloses},
      {"half a request line", "GET /heal", 0, "", kCloses},
      {"half a head", "GET /healthz HTTP/1.1\r\nHost: h\r\n", 0, "", kCloses},
      {"binary garbage", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"s, 400, "malformed_request",
       kCloses},
      {"words instead of a request", "hello there how are you\r\n\r\n", 400,
       "malformed_request_line", kCloses},
      {"a request line without target", head("GET HTTP/1.1\r\nHost: h"), 400,
       "malformed_request_line", kCloses},
      {"a request line without version", head("GET /healthz\r\nHost: h"), 400,
       "malformed_request_line", kCloses},
      {"two spaces after the method", head("GET  /healthz HTTP/1.1\r\nHost: h"), 400,
       "malformed_request_line", kCloses},
      {"a method that is no token", head("G@T /healthz HTTP/1.1\r\nHost: h"), 400,
       "malformed_request_line", kCloses},
      {"a relative target", head("GET healthz HTTP/1.1\r\nHost: h"), 400, "malformed_request_line",
       kCloses},
      {"HTTP/9.9", head("GET /healthz HTTP/9.9\r\nHost: h"), 400, "unsupported_http_version",
       kCloses},
      {"HTTP/2 preface", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400, "unsupported_http_version",
       kCloses},
      {"lower-case http", head("GET /healthz http/1.1\r\nHost: h"), 400, "malformed_request_line",
       kCloses},
      {"bare LF line ends", "GET /healthz HTTP/1.1\nHost: h\n\n", 400, "malformed_request",
       kCloses},
      {"bare CR in a line", "GET /healthz HTTP/1.1\rHost: h\r\n\r\n", 400, "malformed_request",
       kCloses},
      {"NUL in the target", "GET /heal\0thz HTTP/1.1\r\nHost: h\r\n\r\n"s, 400, "malformed_request",
       kCloses},
      {"a target of 10,000 characters",
       head("GET /" + std::string(10'000, 'a') + " HTTP/1.1\r\nHost: h"), 414, "target_too_long",
       kCloses},
      {"a target of 4,000 slashes", head("GET " + std::string(4000, '/') + " HTTP/1.1\r\nHost: h"),
       414, "target_too_long", kCloses},
      {"Content-Length abc", framed("Content-Length: abc"), 400, "invalid_content_length", kCloses},
      {"Content-Length 7abc", framed("Content-Length: 7abc"), 400, "invalid_content_length",
       kCloses},
      {"Content-Length -1", framed("Content-Length: -1"), 400, "invalid_content_length", kCloses},
      {"Content-Length +37", framed("Content-Length: +37"), 400, "invalid_content_length", kCloses},
      {"Content-Length 0x25", framed("Content-Length: 0x25"), 400, "invalid_content_length",
       kCloses},
      {"an empty Content-Length", framed("Content-Length:"), 400, "invalid_content_length",
       kCloses},
      {"Content-Length as a list", framed("Content-Length: 37, 37"), 400, "invalid_content_length",
       kCloses},
      {"two equal Content-Lengths", framed("Content-Length: 37\r\nContent-Length: 37"), 400,
       "duplicate_content_length", kCloses},
      {"two different Content-Lengths", framed("Content-Length: 37\r\nContent-Length: 3"), 400,
       "duplicate_content_length", kCloses},
      {"Content-Length of 2^64", framed("Content-Length: 18446744073709551616"), 413,
       "body_too_large", kCloses},
      {"Content-Length above the limit", framed("Content-Length: 1048577", ""), 413,
       "body_too_large", kCloses},
      {"a body of 2 MiB", framed("Content-Length: 2097152", std::string(2 << 20, 'x')), 413,
       "body_too_large", kCloses},
      {"a body shorter than Content-Length", framed("Content-Length: 1000"), 0, "", kCloses},
      {"Transfer-Encoding with Content-Length",
       framed("Transfer-Encoding: chunked\r\nContent-Length: 37"), 400, "conflicting_body_length",
       kCloses},
      {"Transfer-Encoding gzip", framed("Transfer-Encoding: gzip"), 400,
       "unsupported_transfer_encoding", kCloses},
      {"Transfer-Encoding gzip, chunked", framed("Transfer-Encoding: gzip, chunked"), 400,
       "unsupported_transfer_encoding", kCloses},
      {"Transfer-Encoding twice",
       framed("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked"), 400,
       "unsupported_transfer_encoding", kCloses},
      {"Transfer-Encoding with a trick", framed("Transfer-Encoding: \vchunked"), 400,
       "malformed_request", kCloses},
      {"Transfer-Encoding in HTTP/1.0",
       head("POST /transfer HTTP/1.0\r\nTransfer-Encoding: chunked") + "0\r\n\r\n", 400,
       "unsupported_transfer_encoding", kCloses},
      {"a compressed body", framed("Content-Encoding: gzip\r\nContent-Length: 37"), 415,
       "unsupported_content_encoding", kCloses},
      {"a chunk size that is no number", chunked("xyz\r\n"), 400, "malformed_chunk", kCloses},
      {"a negative chunk size", chunked("-1\r\n"), 400, "malformed_chunk", kCloses},
      {"a chunk size of 2^64", chunked("10000000000000000\r\n"), 400, "malformed_chunk", kCloses},
      {"a chunk longer than it said", chunked("3\r\nabcdef\r\n0\r\n\r\n"), 400, "malformed_chunk",
       kCloses},
      {"a chunk above the limit", chunked("100001\r\n"), 413, "body_too_large", kCloses},
      {"a chunk extension without end", chunked("1;" + std::string(4000, 'e')), 400,
       "malformed_chunk", kCloses},
      {"trailers", chunked("0\r\nX-Trailer: x\r\n\r\n"), 400, "trailers_not_supported", kCloses},
      {"an unknown expectation", framed("Expect: 200-ok\r\nContent-Length: 37"), 417,
       "expectation_failed", kCloses},
  };
}

Rows header_rows() {
  constexpr auto kKeeps = After::keeps;
  constexpr auto kCloses = After::closes;
  return {
      {"no Host", head("GET /healthz HTTP/1.1\r\nX-A: b"), 400, "missing_host", kCloses},
      {"two Hosts", get_with("Host: other"), 400, "duplicate_host", kCloses},
      {"an empty Host", head("GET /healthz HTTP/1.1\r\nHost:"), 400, "invalid_host", kCloses},
      {"a Host with a path", head("GET /healthz HTTP/1.1\r\nHost: a/b"), 400, "invalid_host",
       kCloses},
      {"a header without colon", get_with("nonsense"), 400, "malformed_header", kCloses},
      {"a header without name", get_with(": x"), 400, "malformed_header", kCloses},
      {"a space before the colon", get_with("X-A : b"), 400, "malformed_header", kCloses},
      {"a name that is no token", get_with("X(A): b"), 400, "malformed_header", kCloses},
      {"a folded header", get_with("X-A: b\r\n  c"), 400, "malformed_header", kCloses},
      {"NUL in a header", get_with("X-A: b\0c"s), 400, "malformed_request", kCloses},
      {"an escape character in a header", get_with("X-A: \x1b[31m"), 400, "malformed_request",
       kCloses},
      {"DEL in a header", get_with("X-A: b\x7f"), 400, "malformed_request", kCloses},
      {"a bare CR in a header", get_with("X-A: b\rX-B: c"), 400, "malformed_request", kCloses},
      {"one header of 1 MiB", get_with("X-A: " + std::string(1 << 20, 'a')), 431,
       "headers_too_large", kCloses},
      {"a header name of 20,000 characters", get_with(std::string(20'000, 'a') + ": b"), 431,
       "headers_too_large", kCloses},
      {"2 MiB of headers in all", get_with(many_headers(200'000)), 431, "too_many_headers",
       kCloses},
      {"101 headers", get_with(many_headers(100)), 431, "too_many_headers", kCloses},
      {"an unknown path", request_bytes("GET", "/admin", {}, ""), 404, "not_found", kKeeps},
      {"a path that climbs", request_bytes("GET", "/v1/../../etc/passwd", {}, ""), 404, "not_found",
       kKeeps},
      {"a path with encoded NUL", request_bytes("GET", "/healthz%00", {}, ""), 404, "not_found",
       kKeeps},
      {"a method that the path has not", request_bytes("DELETE", "/transfer", {}, ""), 405,
       "method_not_allowed", kKeeps},
      {"GET for a transfer", request_bytes("GET", "/transfer", {}, ""), 405, "method_not_allowed",
       kKeeps},
      {"a method that nobody knows", request_bytes("STEAL", "/nothing", {}, ""), 501,
       "method_not_implemented", kCloses},
  };
}

Rows key_rows() {
  const std::string code = "invalid_key";
  constexpr auto kKeeps = After::keeps;
  return {
      {"no key", transfer_with({}), 400, code, kKeeps},
      {"an empty key", with_key(""), 400, code, kKeeps},
      {"a key of spaces", with_key("   "), 400, code, kKeeps},
      {"an empty quoted key", with_key(R"("")"), 400, code, kKeeps},
      {"a key of 256 characters", with_key(std::string(256, 'k')), 400, code, kKeeps},
      {"a quoted key of 256 characters", with_key('"' + std::string(256, 'k') + '"'), 400, code,
       kKeeps},
      {"a key that is not ASCII", with_key("caf\xc3\xa9"), 400, code, kKeeps},
      {"a key with a tab", with_key("a\tb"), 400, code, kKeeps},
      {"a key whose quotes do not close", with_key(R"("abc)"), 400, code, kKeeps},
      {"a quoted key with something after it", with_key(R"("abc";x=1)"), 400, code, kKeeps},
      {"a quoted key with a wrong escape", with_key(R"("a\bc")"), 400, code, kKeeps},
      {"a quoted key that ends in a space", with_key(R"("abc ")"), 400, code, kKeeps},
      {"two keys", transfer_with({{"Idempotency-Key", "a"}, {"Idempotency-Key", "b"}}), 400, code,
       kKeeps},
      {"the same key twice", transfer_with({{"Idempotency-Key", "a"}, {"idempotency-key", "a"}}),
       400, code, kKeeps},
      {"no key for a new account",
       request_bytes("POST", "/v1/accounts", {}, R"({"currency":"USD"})"), 400, code, kKeeps},
  };
}

Rows json_rows() {
  constexpr auto kKeeps = After::keeps;
  const std::string good(kGoodTransfer);
  return {
      {"no body", with_body(""), 400, "malformed_json", kKeeps},
      {"an empty chunked body", chunked("0\r\n\r\n"), 400, "malformed_json", kKeeps},
      {"white space for a body", with_body(" \r\n\t "), 400, "malformed_json", kKeeps},
      {"a form for a body", with_body("from_id=1&to_id=2&amount=1"), 400, "wrong_type", kKeeps},
      {"a number for a body", with_body("1"), 400, "wrong_type", kKeeps},
      {"an array for a body", with_body("[" + good + "]"), 400, "wrong_type", kKeeps},
      {"null for a body", with_body("null"), 400, "wrong_type", kKeeps},
      {"an unfinished object", with_body(good.substr(0, good.size() - 1)), 400, "malformed_json",
       kKeeps},
      {"an unfinished string", with_body(R"({"from_id)"), 400, "malformed_json", kKeeps},
      {"a byte order mark", with_body("\xef\xbb\xbf" + good), 400, "malformed_json", kKeeps},
      {"UTF-16", with_body("\xff\xfe{\0}\0"s), 400, "malformed_json", kKeeps},
      {"invalid UTF-8 in a string", with_body("{\"from_id\":1,\"to_id\":2,\"amount\":\"\xff\"}"),
       400, "malformed_json", kKeeps},
      {"bytes after the object", with_body(good + "x"), 400, "malformed_json", kKeeps},
      {"two objects", with_body(good + good), 400, "malformed_json", kKeeps},
      {"NUL after the object", with_body(good + "\0"s), 400, "malformed_json", kKeeps},
      {"a comma too many", with_body(R"({"from_id":1,"to_id":2,"amount":1,})"), 400,
       "malformed_json", kKeeps},
      {"a comma too few", with_body(R"({"from_id":1 "to_id":2,"amount":1})"), 400, "malformed_json",
       kKeeps},
      {"single quotes", with_body(R"({'from_id':1,'to_id':2,'amount':1})"), 400, "malformed_json",
       kKeeps},
      {"a comment", with_body(R"({"from_id":1,/**/"to_id":2,"amount":1})"), 400, "malformed_json",
       kKeeps},
      {"half a surrogate pair", with_body(R"({"from_id":1,"to_id":2,"amount":"\ud800"})"), 400,
       "malformed_json", kKeeps},
      {"a control character in a string",
       with_body("{\"from_id\":1,\"to_id\":2,\"amount\":\"\x01\"}"), 400, "malformed_json", kKeeps},
      {"500,000 open brackets", with_body(std::string(500'000, '[')), 400, "wrong_type", kKeeps},
      {"500,000 open brackets in a field", with_amount(std::string(500'000, '[')), 400,
       "wrong_type", kKeeps},
      {"500,000 open objects", with_body(std::string(500'000, '{')), 400, "malformed_json", kKeeps},
      {"an unknown field", with_body(R"({"from_id":1,"to_id":2,"amount":1,"fee":1})"), 400,
       "unknown_field", kKeeps},
      {"an unknown field of 100,000 characters",
       with_body("{\"" + std::string(100'000, 'f') + "\":1}"), 400, "unknown_field", kKeeps},
      {"a field in another case", with_body(R"({"From_Id":1,"to_id":2,"amount":1})"), 400,
       "unknown_field", kKeeps},
      {"a field twice", with_body(R"({"from_id":1,"to_id":2,"amount":1,"amount":1})"), 400,
       "duplicate_field", kKeeps},
      {"a field twice, once escaped",
       with_body(R"({"from_id":1,"to_id":2,"amount":1,"\u0061mount":9})"), 400, "duplicate_field",
       kKeeps},
      {"no from_id", with_body(R"({"to_id":2,"amount":1})"), 400, "missing_field", kKeeps},
      {"no to_id", with_body(R"({"from_id":1,"amount":1})"), 400, "missing_field", kKeeps},
      {"no amount", with_body(R"({"from_id":1,"to_id":2})"), 400, "missing_field", kKeeps},
      {"an empty object", with_body("{}"), 400, "missing_field", kKeeps},
  };
}

Rows amount_rows() {
  constexpr auto kKeeps = After::keeps;
  return {
      {"an amount of zero", with_amount("0"), 400, "invalid_amount", kKeeps},
      {"an amount of 0.00", with_amount("0.00"), 400, "invalid_amount", kKeeps},
      {"an amount of minus zero", with_amount("-0"), 400, "invalid_amount", kKeeps},
      {"a negative amount", with_amount("-5"), 400, "invalid_amount", kKeeps},
      {"a negative amount in a string", with_amount(R"("-5.00")"), 400, "invalid_amount", kKeeps},
      {"1e2", with_amount("1e2"), 400, "invalid_amount", kKeeps},
      {"1E2", with_amount("1E2"), 400, "invalid_amount", kKeeps},
      {"1e2 in a string", with_amount(R"("1e2")"), 400, "invalid_amount", kKeeps},
      {"1e400", with_amount("1e400"), 400, "invalid_amount", kKeeps},
      {"+1", with_amount("+1"), 400, "invalid_amount", kKeeps},
      {"01", with_amount("01"), 400, "invalid_amount", kKeeps},
      {"1.", with_amount("1."), 400, "invalid_amount", kKeeps},
      {".5", with_amount(".5"), 400, "invalid_amount", kKeeps},
      {"NaN", with_amount("NaN"), 400, "invalid_amount", kKeeps},
      {"Infinity", with_amount("Infinity"), 400, "invalid_amount", kKeeps},
      {"0x10", with_amount("0x10"), 400, "invalid_amount", kKeeps},
      {"1,000.00 in a string", with_amount(R"("1,000.00")"), 400, "invalid_amount", kKeeps},
      {"an empty string", with_amount(R"("")"), 400, "invalid_amount", kKeeps},
      {"a string of words", with_amount(R"("all of it")"), 400, "invalid_amount", kKeeps},
      {"a string with a space before the number", with_amount(R"(" 1.00")"), 400, "invalid_amount",
       kKeeps},
      {"a string with a NUL in the number", with_amount(R"("1\u00000")"), 400, "invalid_amount",
       kKeeps},
      {"digits that are not ASCII", with_amount("\"\xd9\xa1\""), 400, "invalid_amount", kKeeps},
      {"three decimals of USD", with_amount("100.001"), 400, "amount_too_precise", kKeeps},
      {"three decimals, the last one zero", with_amount("100.000"), 400, "amount_too_precise",
       kKeeps},
      {"one cent more than 64 bits hold", with_amount("92233720368547758.08"), 400,
       "amount_out_of_range", kKeeps},
      {"a number of 100,000 digits", with_amount(std::string(100'000, '9')), 400,
       "amount_out_of_range", kKeeps},
      {"true", with_amount("true"), 400, "wrong_type", kKeeps},
      {"null", with_amount("null"), 400, "wrong_type", kKeeps},
      {"an array", with_amount("[1]"), 400, "wrong_type", kKeeps},
      {"an object", with_amount(R"({"value":1})"), 400, "wrong_type", kKeeps},
  };
}

Rows id_rows() {
  constexpr auto kKeeps = After::keeps;
  return {
      {"from_id 0", with_from("0"), 400, "invalid_account_id", kKeeps},
      {"from_id -1", with_from("-1"), 400, "invalid_account_id", kKeeps},
      {"from_id 2^63", with_from("9223372036854775808"), 400, "invalid_account_id", kKeeps},
      {"from_id 2^64 + 1", with_from("18446744073709551617"), 400, "invalid_account_id", kKeeps},
      {"from_id 1.0", with_from("1.0"), 400, "invalid_account_id", kKeeps},
      {"from_id 1e0", with_from("1e0"), 400, "invalid_account_id", kKeeps},
      {"from_id 01", with_from("01"), 400, "invalid_account_id", kKeeps},
      {"from_id in a string", with_from(R"("1")"), 400, "wrong_type", kKeeps},
      {"from_id null", with_from("null"), 400, "wrong_type", kKeeps},
      {"from_id true", with_from("true"), 400, "wrong_type", kKeeps},
      {"from and to are one account", with_body(R"({"from_id":1,"to_id":1,"amount":1})"), 400,
       "same_account", kKeeps},
      {"an account id in the path that overflows",
       request_bytes("GET", "/v1/accounts/99999999999999999999", {}, ""), 400, "invalid_account_id",
       kKeeps},
      {"an account id in the path with markup",
       request_bytes("GET", "/v1/accounts/%3Cscript%3E", {}, ""), 400, "invalid_account_id",
       kKeeps},
  };
}

Rows v1_rows() {
  constexpr auto kKeeps = After::keeps;
  constexpr auto kCloses = After::closes;
  const auto post = [](std::string_view target, std::string_view body) {
    return request_bytes("POST", target, {{"Idempotency-Key", "bad-input"}}, body);
  };
  const auto transfer = [&post](const std::string& amount, const std::string& more = "") {
    return post("/v1/transfers",
                R"({"from":1,"to":2,"amount":)" + amount + R"(,"currency":"USD")" + more + '}');
  };
  const auto get = [](const std::string& target) { return request_bytes("GET", target, {}, ""); };
  const std::string brackets(200'000, '[');
  return {
      {"a transfer of a JSON number", transfer("1"), 400, "wrong_type", kKeeps},
      {"a transfer of 100,000 digits", transfer('"' + std::string(100'000, '9') + '"'), 400,
       "amount_out_of_range", kKeeps},
      {"a transfer of 1e400", transfer(R"("1e400")"), 400, "invalid_amount", kKeeps},
      {"a transfer in no currency", transfer(R"("1","currency":"USD")"), 400, "duplicate_field",
       kKeeps},
      {"legs that are brackets", post("/v1/transfers", R"({"legs":)" + brackets + '}'), 400,
       "malformed_json", kKeeps},
      {"legs of arrays", post("/v1/holds", R"({"legs":[[],[]]})"), 400, "wrong_type", kKeeps},
      {"300,000 empty legs",
       post(
           "/v1/transfers", R"({"legs":[{})" +
                                [] {
                                  std::string legs;
                                  while (legs.size() < 900'000)
                                    legs += ",{}";
                                  return legs;
                                }() +
                                "]}"),
       400, "missing_field", kKeeps},
      {"metadata that is brackets", transfer(R"("1")", R"(,"metadata":{"a":)" + brackets + '}'),
       400, "malformed_json", kKeeps},
      {"metadata of 900,000 characters",
       transfer(R"("1")", R"(,"metadata":{"a":")" + std::string(900'000, 'm') + R"("})"), 400,
       "invalid_metadata", kKeeps},
      {"a reference of 900,000 characters",
       transfer(R"("1")", R"(,"reference":")" + std::string(900'000, 'r') + '"'), 400,
       "invalid_reference", kKeeps},
      {"a time of 900,000 digits",
       transfer(R"("1")", R"(,"effective_at":")" + std::string(900'000, '1') + '"'), 400,
       "invalid_timestamp", kKeeps},
      {"an expiry that a transfer has not",
       transfer(R"("1")", R"(,"expires_at":"2999-01-01T00:00:00Z")"), 400, "unknown_field", kKeeps},
      {"a capture of a hold with markup", post("/v1/holds/%3Cscript%3E/capture", "{}"), 400,
       "invalid_transfer_id", kKeeps},
      {"a void of a hold that overflows", post("/v1/holds/99999999999999999999/void", "{}"), 400,
       "invalid_transfer_id", kKeeps},
      {"a reversal with NUL in the id", post("/v1/transfers/1%00/reverse", "{}"), 400,
       "invalid_transfer_id", kKeeps},
      {"a change of an account without a key",
       request_bytes("PATCH", "/v1/accounts/1", {}, R"({"status":"frozen"})"), 400, "invalid_key",
       kKeeps},
      {"a change of an account to words",
       request_bytes("PATCH", "/v1/accounts/1", {{"Idempotency-Key", "bad-input"}},
                     R"({"status":"very frozen"})"),
       400, "wrong_type", kKeeps},
      {"a change for a version that is none",
       request_bytes(
           "PATCH", "/v1/accounts/1",
           {{"Idempotency-Key", "bad-input"}, {"If-Match", "\"" + std::string(9000, '9') + '"'}},
           R"({"status":"frozen"})"),
       400, "invalid_precondition", kKeeps},
      {"a limit of 1,000 digits", get("/v1/accounts?limit=" + std::string(1000, '9')), 400,
       "invalid_query", kKeeps},
      {"a query of 900 parameters",
       get("/v1/accounts?" +
           [] {
             std::string query;
             for (int i = 0; i < 900; ++i)
               query += "a&";
             return query;
           }()),
       400, "invalid_query", kKeeps},
      {"a parameter with NUL", get("/v1/accounts?after=1%00"), 400, "invalid_query", kKeeps},
      {"a time with a zone's name", get("/v1/accounts/1/balance?at=2026-01-01T00:00:00[UTC]"), 400,
       "invalid_query", kKeeps},
      {"a query longer than a target may be", get("/v1/transfers?key=" + std::string(4000, 'k')),
       414, "target_too_long", kCloses},
      {"a batch of brackets", post("/v1/transfers/batch", brackets), 400, "malformed_json", kKeeps},
      {"a batch of quotes", post("/v1/transfers/batch", '[' + std::string(199'999, '"')), 400,
       "malformed_json", kKeeps},
      {"a batch of commas", post("/v1/transfers/batch", '[' + std::string(199'999, ',')), 400,
       "malformed_json", kKeeps},
      {"a batch of 100,000 items",
       post(
           "/v1/transfers/batch", "[0" +
                                      [] {
                                        std::string items;
                                        while (items.size() < 200'000)
                                          items += ",0";
                                        return items;
                                      }() +
                                      ']'),
       400, "batch_too_large", kKeeps},
      {"a batch above its limit",
       framed("Content-Length: 8388609").replace(5, 9, "/v1/transfers/batch"), 413,
       "body_too_large", kCloses},
  };
}

}  // namespace ledgerd::testing
