#include "http/framing.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "http/request_head.h"

using ledgerd::http::FramingLimits;
using ledgerd::http::read_request_line;
using ledgerd::http::RequestFramer;
using ledgerd::http::rewrite_head;
using State = RequestFramer::State;

namespace {

const FramingLimits kDefaults;

/// All that a framer says about some bytes.
struct Verdict {
  State state = State::need_more;
  int status = 0;
  std::string code;
  std::size_t head_begin = 0;
  std::size_t head_end = 0;
  std::size_t message_end = 0;
  bool must_close = false;

  bool operator==(const Verdict&) const = default;
};

Verdict verdict_of(const RequestFramer& framer, State state) {
  Verdict verdict;
  verdict.state = state;
  if (state == State::malformed) {
    verdict.status = framer.problem().status;
    verdict.code = framer.problem().code;
  } else if (state == State::complete) {
    verdict.head_begin = framer.head_begin();
    verdict.head_end = framer.head_end();
    verdict.message_end = framer.message_end();
    verdict.must_close = framer.must_close();
  }
  return verdict;
}

Verdict frame_at_once(std::string_view bytes, const FramingLimits& limits = kDefaults) {
  RequestFramer framer(limits);
  return verdict_of(framer, framer.advance(bytes));
}

/// Feeds growing prefixes that end at `cuts`, then everything.
Verdict frame_in_pieces(std::string_view bytes, const std::vector<std::size_t>& cuts,
                        const FramingLimits& limits = kDefaults) {
  RequestFramer framer(limits);
  for (const std::size_t cut : cuts) {
    const State state = framer.advance(bytes.substr(0, cut));
    if (state != State::need_more) return verdict_of(framer, state);
  }
  return verdict_of(framer, framer.advance(bytes));
}

Verdict frame_byte_by_byte(std::string_view bytes, const FramingLimits& limits = kDefaults) {
  std::vector<std::size_t> cuts(bytes.size());
  for (std::size_t i = 0; i < cuts.size(); ++i)
    cuts[i] = i;
  return frame_in_pieces(bytes, cuts, limits);
}

std::string get_with(const std::string& headers) {
  return "GET /healthz HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string post_with(const std::string& headers, const std::string& body) {
  return "POST /transfer HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n" + body;
}

std::string chunked(const std::string& body) {
  return post_with("Transfer-Encoding: chunked\r\n", body);
}

struct Refused {
  const char* what;
  std::string bytes;
  int status;
  const char* code;
};

std::string with_nul(std::string text) {
  for (char& c : text) {
    if (c == '@') c = '\0';
  }
  return text;
}

std::vector<Refused> refused_requests() {
  const auto length = [](const char* value) {
    return post_with(std::string("Content-Length: ") + value + "\r\n", "{\"a\":1}");
  };
  const auto encoded = [](const char* value) {
    return post_with(std::string("Transfer-Encoding: ") + value + "\r\n", "0\r\n\r\n");
  };
  const auto line = [](const std::string& text) { return text + "\r\nHost: a\r\n\r\n"; };
  const std::string two_hosts = "GET / HTTP/1.1\r\nHost: a\r\nHost: a\r\n\r\n";
  std::vector<Refused> table = {
      {"Content-Length of letters", length("abc"), 400, "invalid_content_length"},
      {"Content-Length with a tail", length("7abc"), 400, "invalid_content_length"},
      {"Content-Length with plus", length("+7"), 400, "invalid_content_length"},
      {"Content-Length with minus", length("-1"), 400, "invalid_content_length"},
      {"Content-Length in hexadecimal", length("0x7"), 400, "invalid_content_length"},
      {"Content-Length with a fraction", length("7.0"), 400, "invalid_content_length"},
      {"Content-Length with a space inside", length("7 7"), 400, "invalid_content_length"},
      {"Content-Length as a list", length("7, 7"), 400, "invalid_content_length"},
      {"empty Content-Length", length(""), 400, "invalid_content_length"},
      {"Content-Length beyond 64 bits", length("18446744073709551623"), 413, "body_too_large"},
      {"Content-Length of 40 digits", length("1000000000000000000000000000000000000000"), 413,
       "body_too_large"},
      {"Content-Length beyond the limit", length("1048577"), 413, "body_too_large"},
      {"two equal Content-Lengths", length("7\r\nContent-Length: 7"), 400,
       "duplicate_content_length"},
      {"two different Content-Lengths", length("7\r\ncontent-length: 8"), 400,
       "duplicate_content_length"},
      {"Transfer-Encoding after Content-Length", length("7\r\nTransfer-Encoding: chunked"), 400,
       "conflicting_body_length"},
      {"Transfer-Encoding with Content-Length zero", length("0\r\nTransfer-Encoding: chunked"), 400,
       "conflicting_body_length"},
      {"Content-Length after Transfer-Encoding", encoded("chunked\r\nContent-Length: 5"), 400,
       "conflicting_body_length"},
      {"gzip, chunked", encoded("gzip, chunked"), 400, "unsupported_transfer_encoding"},
      {"identity", encoded("identity"), 400, "unsupported_transfer_encoding"},
      {"chunked twice in one line", encoded("chunked, chunked"), 400,
       "unsupported_transfer_encoding"},
      {"chunked in two lines", encoded("chunked\r\nTransfer-Encoding: chunked"), 400,
       "unsupported_transfer_encoding"},
      {"chunked with a parameter", encoded("chunked;q=1"), 400, "unsupported_transfer_encoding"},
      {"quoted chunked", encoded("\"chunked\""), 400, "unsupported_transfer_encoding"},
      {"xchunked", encoded("xchunked"), 400, "unsupported_transfer_encoding"},
      {"empty Transfer-Encoding", encoded(""), 400, "unsupported_transfer_encoding"},
      {"chunked in HTTP/1.0", "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 400,
       "unsupported_transfer_encoding"},
      {"no Host", "GET / HTTP/1.1\r\n\r\n", 400, "missing_host"},
      {"two Hosts", two_hosts, 400, "duplicate_host"},
      {"two Hosts in HTTP/1.0", "GET / HTTP/1.0\r\nHost: a\r\nHost: b\r\n\r\n", 400,
       "duplicate_host"},
      {"empty Host", "GET / HTTP/1.1\r\nHost:\r\n\r\n", 400, "invalid_host"},
      {"blank Host", "GET / HTTP/1.1\r\nHost: \t \r\n\r\n", 400, "invalid_host"},
      {"Host with a path", "GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400, "invalid_host"},
      {"Host as a list", "GET / HTTP/1.1\r\nHost: a, b\r\n\r\n", 400, "invalid_host"},
      {"Host with user", "GET / HTTP/1.1\r\nHost: u@a\r\n\r\n", 400, "invalid_host"},
      {"NUL in a header", with_nul(get_with("X-A: b@c\r\n")), 400, "malformed_request"},
      {"NUL in a header name", with_nul(get_with("X@A: b\r\n")), 400, "malformed_request"},
      {"NUL in the request line", with_nul(line("GET /@ HTTP/1.1")), 400, "malformed_request"},
      {"control character in a header", get_with("X-A: b\x01\r\n"), 400, "malformed_request"},
      {"escape in a header", get_with("X-A: \x1b[31m\r\n"), 400, "malformed_request"},
      {"DEL in a header", get_with("X-A: b\x7f\r\n"), 400, "malformed_request"},
      {"vertical tab in the request line", line("GET /\x0b HTTP/1.1"), 400, "malformed_request"},
      {"CR in a header", get_with("X-A: b\rc\r\n"), 400, "malformed_request"},
      {"two CRs", get_with("X-A: b\r\r\n"), 400, "malformed_request"},
      {"LF alone ends the request line", "GET / HTTP/1.1\nHost: a\r\n\r\n", 400,
       "malformed_request"},
      {"LF alone ends a header", "GET / HTTP/1.1\r\nHost: a\nX-A: b\r\n\r\n", 400,
       "malformed_request"},
      {"LF alone ends the head", "GET / HTTP/1.1\r\nHost: a\r\n\n", 400, "malformed_request"},
      {"a header folded with a space", get_with("X-A: b\r\n c\r\n"), 400, "malformed_header"},
      {"a header folded with a tab", get_with("X-A: b\r\n\tc\r\n"), 400, "malformed_header"},
      {"a fold before the first header", "GET / HTTP/1.1\r\n Host: a\r\n\r\n", 400,
       "malformed_header"},
      {"space before the colon", get_with("X-A : b\r\n"), 400, "malformed_header"},
      {"tab before the colon", get_with("Content-Length\t: 7\r\n"), 400, "malformed_header"},
      {"no header name", get_with(": b\r\n"), 400, "malformed_header"},
      {"no colon", get_with("X-A\r\n"), 400, "malformed_header"},
      {"header name with a bracket", get_with("X(A): b\r\n"), 400, "malformed_header"},
      {"header name not in ASCII", get_with("X-\xc3\xa9: b\r\n"), 400, "malformed_header"},
      {"method with a bracket", line("GE(T / HTTP/1.1"), 400, "malformed_request_line"},
      {"no method", line(" / HTTP/1.1"), 400, "malformed_request_line"},
      {"no target", line("GET  HTTP/1.1"), 400, "malformed_request_line"},
      {"space in the target", line("GET /a b HTTP/1.1"), 400, "malformed_request_line"},
      {"tab for a space", line("GET\t/\tHTTP/1.1"), 400, "malformed_request_line"},
      {"target without a slash", line("GET healthz HTTP/1.1"), 400, "malformed_request_line"},
      {"target in authority form", line("CONNECT a:80 HTTP/1.1"), 400, "malformed_request_line"},
      {"target not in ASCII", line("GET /\xc3\xa9 HTTP/1.1"), 400, "malformed_request_line"},
      {"no version (HTTP/0.9)", "GET /\r\n", 400, "malformed_request_line"},
      {"version in lower case", line("GET / http/1.1"), 400, "malformed_request_line"},
      {"version with a tail", line("GET / HTTP/1.1x"), 400, "malformed_request_line"},
      {"version with a space behind", line("GET / HTTP/1.1 "), 400, "malformed_request_line"},
      {"version 1.10", line("GET / HTTP/1.10"), 400, "malformed_request_line"},
      {"HTTP/9.9", line("GET / HTTP/9.9"), 400, "unsupported_http_version"},
      {"HTTP/1.2", line("GET / HTTP/1.2"), 400, "unsupported_http_version"},
      {"the preface of HTTP/2", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n", 400,
       "unsupported_http_version"},
      {"garbage", "garbage\r\n\r\n", 400, "malformed_request_line"},
      {"a TLS ClientHello", std::string("\x16\x03\x01\x02\x00", 5), 400, "malformed_request"},
      {"two empty lines first", "\r\n\r\nGET / HTTP/1.1\r\n", 400, "malformed_request_line"},
      {"a target that is too long", line("GET /" + std::string(2048, 'a') + " HTTP/1.1"), 414,
       "target_too_long"},
      {"a request line without end", std::string(3000, 'G'), 414, "target_too_long"},
      {"headers that are too large", get_with("X-A: " + std::string(16'384, 'b') + "\r\n"), 431,
       "headers_too_large"},
      {"a header line without end", "GET / HTTP/1.1\r\nX-A: " + std::string(20'000, 'b'), 431,
       "headers_too_large"},
      {"another expectation", get_with("Expect: 200-ok\r\n"), 417, "expectation_failed"},
      {"an expectation with a tail", get_with("Expect: 100-continue, x\r\n"), 417,
       "expectation_failed"},
      {"a compressed body", post_with("Content-Encoding: gzip\r\nContent-Length: 1\r\n", "x"), 415,
       "unsupported_content_encoding"},
      {"chunk size of letters", chunked("xyz\r\n"), 400, "malformed_chunk"},
      {"chunk size with plus", chunked("+5\r\nhello\r\n"), 400, "malformed_chunk"},
      {"chunk size with minus", chunked("-5\r\nhello\r\n"), 400, "malformed_chunk"},
      {"chunk size with 0x", chunked("0x5\r\nhello\r\n"), 400, "malformed_chunk"},
      {"chunk size after a space", chunked(" 5\r\nhello\r\n"), 400, "malformed_chunk"},
      {"chunk size before a space", chunked("5 \r\nhello\r\n"), 400, "malformed_chunk"},
      {"no chunk size", chunked("\r\nhello\r\n"), 400, "malformed_chunk"},
      {"only a chunk extension", chunked(";a=b\r\nhello\r\n"), 400, "malformed_chunk"},
      {"chunk size of 17 digits", chunked("00000000000000005\r\nhello"), 400, "malformed_chunk"},
      {"chunk size of 64 bits", chunked("ffffffffffffffff\r\n"), 413, "body_too_large"},
      {"chunk size beyond the limit", chunked("100001\r\n"), 413, "body_too_large"},
      {"chunk sizes that add up", chunked("1\r\na\r\n100000\r\n"), 413, "body_too_large"},
      {"chunk longer than its size", chunked("4\r\nhello\r\n"), 400, "malformed_chunk"},
      {"LF alone after a chunk size", chunked("5\nhello\r\n"), 400, "malformed_request"},
      {"LF alone after chunk data", chunked("5\r\nhello\n"), 400, "malformed_request"},
      {"CR alone after chunk data", chunked("5\r\nhello\r5"), 400, "malformed_request"},
      {"control character in an extension", chunked("5;a=\x01\r\nhello\r\n"), 400,
       "malformed_request"},
      {"a chunk extension that is too long", chunked("5;" + std::string(300, 'a') + "\r\n"), 400,
       "malformed_chunk"},
      {"a trailer", chunked("0\r\nX-A: b\r\n\r\n"), 400, "trailers_not_supported"},
      {"no empty line at the end", chunked("0\r\nGET / HTTP/1.1\r\n"), 400,
       "trailers_not_supported"},
  };
  std::string many_headers;
  for (int i = 0; i < 100; ++i)
    many_headers += "A: b\r\n";
  table.push_back({"101 headers", get_with(many_headers), 431, "too_many_headers"});
  std::string costly_chunks;
  for (int i = 0; i < 5000; ++i)
    costly_chunks += "1;" + std::string(250, 'a') + "\r\nx\r\n";
  table.push_back(
      {"chunk framing that dwarfs the body", chunked(costly_chunks), 413, "body_too_large"});
  return table;
}

std::vector<std::string> accepted_requests() {
  std::string many_headers;
  for (int i = 0; i < 99; ++i)
    many_headers += "A: b\r\n";
  return {
      get_with(""),
      get_with(many_headers),
      get_with("Accept: */*\r\nX-Empty:\r\nX-Blank:  \t\r\nX-Latin: \xe9\r\n"),
      get_with("Expect: 100-Continue\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"),
      "GET / HTTP/1.0\r\n\r\n",
      "\r\nGET / HTTP/1.1\r\nHost: [::1]:8080\r\n\r\n",
      "OPTIONS * HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET http://a/b?c=%00 HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /" + std::string(2047, 'a') + " HTTP/1.1\r\nhost:a\r\n\r\n",
      "BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n",
      post_with("Content-Length: 0\r\n", ""),
      post_with("Content-Length:\t007 \r\n", "{\"a\":1}"),
      post_with("content-length: 3\r\n", std::string("\0\r\n", 3)),
      post_with("", ""),
      chunked("0\r\n\r\n"),
      chunked("5\r\nhello\r\n0\r\n\r\n"),
      chunked("005;name=\"value\"\r\nhello\r\nA\r\n0123456789\r\n000\r\n\r\n"),
      post_with("TRANSFER-encoding: Chunked\r\n", "2\r\n\r\n\r\n0\r\n\r\n"),
  };
}

}  // namespace

TEST_CASE("every malformed request is refused with its status and code, however it is cut") {
  for (const Refused& refused : refused_requests()) {
    CAPTURE(refused.what);
    const Verdict verdict = frame_at_once(refused.bytes);
    CHECK(verdict.state == State::malformed);
    CHECK(verdict.status == refused.status);
    CHECK(verdict.code == refused.code);
    CHECK(frame_byte_by_byte(refused.bytes) == verdict);
  }
}

TEST_CASE("a valid request is complete exactly with its last byte") {
  for (const std::string& request : accepted_requests()) {
    CAPTURE(request);
    const Verdict verdict = frame_at_once(request);
    CHECK(verdict.state == State::complete);
    CHECK(verdict.message_end == request.size());
    for (std::size_t cut = 0; cut < request.size(); ++cut) {
      CAPTURE(cut);
      CHECK(frame_at_once(std::string_view(request).substr(0, cut)).state == State::need_more);
      CHECK(frame_in_pieces(request, {cut}) == verdict);
    }
    CHECK(frame_byte_by_byte(request) == verdict);
  }
}

TEST_CASE("bytes of the next request do not change the verdict on this one") {
  for (const std::string& request : accepted_requests()) {
    CAPTURE(request);
    for (const char* next : {"GET / HTTP/1.1\r\n", "\r\n", "0\r\n\r\n", "\x01"}) {
      CHECK(frame_at_once(request + next) == frame_at_once(request));
    }
  }
}

TEST_CASE("random pieces and random damage never depend on the cuts") {
  const auto seed = std::random_device{}();
  MESSAGE("seed " << seed);
  CAPTURE(seed);
  std::mt19937 random(seed);
  const auto pick = [&](std::size_t bound) {
    return std::uniform_int_distribution<std::size_t>(0, bound - 1)(random);
  };
  const auto requests = accepted_requests();
  for (int round = 0; round < 3000; ++round) {
    std::string bytes = requests[pick(requests.size())] + requests[pick(requests.size())];
    for (std::size_t damage = pick(3); damage > 0; --damage) {
      bytes[pick(bytes.size())] = "\r\n\t :;0aF\x00\x7f\xff"[pick(12)];
    }
    std::vector<std::size_t> cuts;
    for (std::size_t at = pick(9); at < bytes.size(); at += 1 + pick(40))
      cuts.push_back(at);
    REQUIRE(frame_in_pieces(bytes, cuts) == frame_at_once(bytes));
  }
}

TEST_CASE("a reset framer judges the next request on its own") {
  RequestFramer framer(kDefaults);
  const std::string first = chunked("5\r\nhello\r\n0\r\n\r\n");
  const std::string second = "GET / HTTP/1.0\r\n\r\n";
  const std::string both = first + second;
  REQUIRE(framer.advance(both) == State::complete);
  CHECK_FALSE(framer.must_close());
  framer.reset();
  REQUIRE(framer.advance(std::string_view(both).substr(first.size())) == State::complete);
  CHECK(framer.message_end() == second.size());
  CHECK(framer.must_close());
}

TEST_CASE("the connection ends as the client asks, and after HTTP/1.0") {
  CHECK_FALSE(frame_at_once(get_with("")).must_close);
  CHECK_FALSE(frame_at_once(get_with("Connection: keep-alive\r\n")).must_close);
  CHECK_FALSE(frame_at_once(get_with("Connection: closed\r\n")).must_close);
  CHECK(frame_at_once(get_with("Connection: close\r\n")).must_close);
  CHECK(frame_at_once(get_with("connection: Upgrade ,\tCLOSE\r\n")).must_close);
  CHECK(frame_at_once(get_with("Connection: a\r\nConnection: close\r\n")).must_close);
  CHECK(frame_at_once("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").must_close);
}

TEST_CASE("100-continue is wanted between the head and the end of the body") {
  const std::string request = post_with("Expect: 100-continue\r\nContent-Length: 5\r\n", "hello");
  RequestFramer framer(kDefaults);
  for (std::size_t n = 0; n <= request.size(); ++n) {
    CAPTURE(n);
    framer.advance(std::string_view(request).substr(0, n));
    CHECK(framer.wants_continue() == (n >= request.size() - 5 && n < request.size()));
  }
}

TEST_CASE("100-continue is not wanted without a body, nor by HTTP/1.0") {
  RequestFramer bodiless(kDefaults);
  CHECK(bodiless.advance(get_with("Expect: 100-continue\r\n")) == State::complete);
  CHECK_FALSE(bodiless.wants_continue());
  RequestFramer old(kDefaults);
  CHECK(old.advance("POST / HTTP/1.0\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n") ==
        State::need_more);
  CHECK_FALSE(old.wants_continue());
}

TEST_CASE("one path may have larger bodies than the others") {
  const FramingLimits limits{.body_bytes = 3, .large_body_path = "/big", .large_body_bytes = 5};
  const auto verdict = [&](const std::string& target, const std::string& framing) {
    return frame_at_once("POST " + target + " HTTP/1.1\r\nHost: h\r\n" + framing, limits);
  };
  const std::string five = "Content-Length: 5\r\n\r\n12345";
  const std::string chunks = "Transfer-Encoding: chunked\r\n\r\n3\r\n123\r\n2\r\n45\r\n0\r\n\r\n";
  for (const char* target : {"/big", "/big?a=/", "http://host/big", "http://host/big?a"}) {
    CAPTURE(target);
    CHECK(verdict(target, five).state == State::complete);
    CHECK(verdict(target, chunks).state == State::complete);
    CHECK(verdict(target, "Content-Length: 6\r\n\r\n123456").code == "body_too_large");
    CHECK(verdict(target, "Transfer-Encoding: chunked\r\n\r\n6\r\n").code == "body_too_large");
  }
  for (const char* target : {"/bigger", "/big/", "/", "/x?/big", "http://host/x?/big", "//big"}) {
    CAPTURE(target);
    CHECK(verdict(target, five).code == "body_too_large");
    CHECK(verdict(target, chunks).code == "body_too_large");
    CHECK(verdict(target, "Content-Length: 3\r\n\r\n123").state == State::complete);
  }
}

TEST_CASE("limits hold at their exact values") {
  const FramingLimits limits{
      .target_bytes = 4, .header_bytes = 20, .header_count = 2, .body_bytes = 3};
  const auto state = [&](const std::string& bytes) { return frame_at_once(bytes, limits).state; };
  const auto code = [&](const std::string& bytes) { return frame_at_once(bytes, limits).code; };
  CHECK(state("GET /abc HTTP/1.1\r\nHost: a\r\n\r\n") == State::complete);
  CHECK(code("GET /abcd HTTP/1.1\r\nHost: a\r\n\r\n") == "target_too_long");
  CHECK(state("GET / HTTP/1.1\r\nHost: a\r\nA: bc\r\n\r\n") == State::complete);
  CHECK(code("GET / HTTP/1.1\r\nHost: a\r\nA: bcdef\r\n\r\n") == "headers_too_large");
  CHECK(code("GET / HTTP/1.1\r\nHost:a\r\nA:\r\nB:\r\n\r\n") == "too_many_headers");
  const FramingLimits body_only{.body_bytes = 3};
  CHECK(frame_at_once(chunked("1\r\na\r\n2\r\nbc\r\n0\r\n\r\n"), body_only).state ==
        State::complete);
  CHECK(frame_at_once(chunked("1\r\na\r\n3\r\n"), body_only).code == "body_too_large");
  CHECK(frame_at_once(post_with("Content-Length: 3\r\n", "abc"), body_only).state ==
        State::complete);
  CHECK(frame_at_once(post_with("Content-Length: 4\r\n", ""), body_only).code == "body_too_large");
}

TEST_CASE("the library sees a head without what was decided before it") {
  const std::string head =
      "POST http://bank.example/transfer?a=%41 HTTP/1.1\r\nHost: bank.example\r\n"
      "Idempotency-Key:  a%41 \r\nExpect: 100-continue\r\nRange: bytes=0-1\r\nConnection: x\r\n"
      "Content-Type: application/x-www-form-urlencoded\r\nReferer: /%41\r\nUpgrade: h2c\r\n"
      "Accept: text/html, *; q=.2\r\nContent-Length: 7\r\n\r\n";
  CHECK(rewrite_head(head, true) ==
        "POST /transfer?a=%41 HTTP/1.1\r\nHost: bank.example\r\nIdempotency-Key: a%2541\r\n"
        "Referer: /%41\r\nContent-Length: 7\r\nConnection: close\r\n\r\n");
  CHECK(rewrite_head("GET http://a?b HTTP/1.1\r\nContent-Type: application/json\r\n\r\n", false) ==
        "GET /?b HTTP/1.1\r\nContent-Type: application/json\r\n\r\n");
}

TEST_CASE("method and path are read from any form of target") {
  const auto line = read_request_line("GET /v1/accounts/1?a=/b HTTP/1.1\r\n\r\n");
  CHECK(line.method == "GET");
  CHECK(line.path == "/v1/accounts/1");
  CHECK(read_request_line("GET https://a/b?c HTTP/1.1\r\n\r\n").path == "/b");
  CHECK(read_request_line("GET http://a HTTP/1.1\r\n\r\n").path == "/");
  CHECK(read_request_line("OPTIONS * HTTP/1.1\r\n\r\n").path == "*");
}
