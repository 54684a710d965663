#include "http/httplib_adapter.h"

#include <doctest/doctest.h>

#include <stdexcept>
#include <string>

#include "http/framing.h"

using namespace ledgerd::http;  // NOLINT(google-build-using-namespace)

namespace {

struct Answer {
  std::string bytes;
  bool close = false;

  bool has(const std::string& text) const { return bytes.find(text) != std::string::npos; }
  bool is(const std::string& status) const { return bytes.starts_with("HTTP/1.1 " + status); }
  std::string body() const { return bytes.substr(bytes.find("\r\n\r\n") + 4); }
};

class Routes {
 public:
  Routes() {
    router_.get("/healthz", reply("well"));
    router_.get("/openapi.json", reply("{}"));
    router_.get("/throw", [](const auto&, auto&) { throw std::runtime_error("a secret"); });
    router_.get("/throw-int", [](const auto&, auto&) { throw 42; });
    router_.get("/bare/:status", [](const auto& request, auto& response) {
      response.status = std::stoi(request.path_params.at("status"));
    });
    router_.get("/v1/accounts/:id", [](const auto& request, auto& response) {
      response.set_content("id=" + request.path_params.at("id"), "text/plain");
    });
    router_.post("/v1/accounts/:id", reply("posted"));
    router_.post("/transfer", [](const auto& request, auto& response) {
      if (request.body == "declined") response.status = 422;
      response.set_content(request.get_header_value("Idempotency-Key") + '|' + request.body + '|' +
                               request.remote_addr,
                           "application/json");
    });
  }

  Answer ask(const std::string& bytes) {
    const FramingLimits limits;
    RequestFramer framer(limits);
    REQUIRE(framer.advance(bytes) == RequestFramer::State::complete);
    const std::string_view all = bytes;
    const Peer peer{"192.0.2.7", 1234};
    Response response =
        router_.handle({all.substr(framer.head_begin(), framer.head_end() - framer.head_begin()),
                        all.substr(framer.head_end()), framer.must_close(), peer});
    return {std::move(response.bytes), response.close};
  }
  Answer get(const std::string& path, const std::string& headers = "") {
    return ask("GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n");
  }
  Answer post(const std::string& body, const std::string& headers = "") {
    return ask("POST /transfer HTTP/1.1\r\nHost: a\r\n" + headers +
               "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body);
  }

 private:
  static RequestRouter::RouteHandler reply(const std::string& text) {
    return [text](const auto&, auto& response) { response.set_content(text, "text/plain"); };
  }

  RequestRouter router_;
};

}  // namespace

TEST_CASE("a route answers, and the connection goes on") {
  Routes routes;
  const Answer answer = routes.get("/healthz");
  CHECK(answer.bytes ==
        "HTTP/1.1 200 OK\r\nContent-Length: 4\r\nContent-Type: text/plain\r\n\r\nwell");
  CHECK_FALSE(answer.close);
}

TEST_CASE("the response says that the connection ends if and only if it does") {
  Routes routes;
  const Answer closing = routes.get("/healthz", "Connection: CLOSE, x\r\n");
  CHECK(closing.close);
  CHECK(closing.has("Connection: close\r\n"));
  const Answer old = routes.ask("GET /healthz HTTP/1.0\r\n\r\n");
  CHECK(old.close);
  CHECK(old.has("Connection: close\r\n"));
  const Answer declined = routes.post("declined");
  CHECK(declined.is("422"));
  CHECK_FALSE(declined.close);
  CHECK_FALSE(declined.has("Connection"));
}

TEST_CASE("an unknown path is 404 with problem details") {
  Routes routes;
  const Answer answer = routes.get("/nothing");
  CHECK(answer.is("404"));
  CHECK(answer.has("Content-Type: application/problem+json\r\n"));
  CHECK(answer.body() ==
        R"({"type":"urn:libledger:problem:not_found","title":"Not Found","status":404,)"
        R"("code":"not_found","detail":"There is nothing at this path."})");
  CHECK_FALSE(answer.close);
}

TEST_CASE("a known path with another method is 405 with Allow") {
  Routes routes;
  for (const char* method : {"GET", "PUT", "DELETE", "OPTIONS", "PATCH", "TRACE", "BREW", "post"}) {
    CAPTURE(method);
    const Answer answer =
        routes.ask(std::string(method) + " /transfer HTTP/1.1\r\nHost: a\r\n\r\n");
    CHECK(answer.is("405"));
    CHECK(answer.has("Allow: POST\r\n"));
    CHECK(answer.has("\"code\":\"method_not_allowed\""));
  }
  const Answer both = routes.ask("PUT /v1/accounts/7 HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(both.has("Allow: GET, HEAD, POST\r\n"));
  CHECK(routes.ask("BREW /pot HTTP/1.1\r\nHost: a\r\n\r\n").is("501"));
}

TEST_CASE("literal patterns are literal, and a parameter is one segment that is not empty") {
  Routes routes;
  CHECK(routes.get("/openapi.json").is("200"));
  CHECK(routes.get("/openapiXjson").is("404"));
  CHECK(routes.get("/v1/accounts/7?x=1").body() == "id=7");
  CHECK(routes.get("/v1/accounts/a%20b").body() == "id=a b");
  for (const char* path : {"/v1/accounts", "/v1/accounts/", "/v1/accounts/7/", "/v1/accounts/7/8",
                           "/v1/accounts//", "//v1/accounts/7", "/healthz/", "/", "/healthz%00"}) {
    CAPTURE(path);
    CHECK(routes.get(path).is("404"));
  }
}

TEST_CASE("a HEAD request gets the headers of GET, and no body") {
  Routes routes;
  const Answer answer = routes.ask("HEAD /healthz HTTP/1.1\r\nHost: a\r\n\r\n");
  CHECK(answer.has("Content-Length: 4\r\n"));
  CHECK(answer.body().empty());
  CHECK(routes.ask("HEAD /nothing HTTP/1.1\r\nHost: a\r\n\r\n").body().empty());
}

TEST_CASE("no text of an exception leaves the server") {
  Routes routes;
  for (const char* path : {"/throw", "/throw-int"}) {
    const Answer answer = routes.get(path);
    CHECK(answer.is("500"));
    CHECK(answer.has("\"code\":\"internal_error\""));
    CHECK_FALSE(answer.has("secret"));
    CHECK_FALSE(answer.has("EXCEPTION"));
  }
}

TEST_CASE("an error status without a body is explained") {
  Routes routes;
  CHECK(routes.get("/bare/404").has("\"code\":\"not_found\""));
  CHECK(routes.get("/bare/503").has("\"status\":503"));
  CHECK(routes.get("/bare/204").is("204"));
}

TEST_CASE("an idempotency key is not percent-decoded") {
  Routes routes;
  for (const std::string key : {"aA", "a%41", "a%2541", "%", "%u0041", "100%25", "\"q\"", "a b"}) {
    CHECK(routes.post("x", "Idempotency-Key: " + key + "\r\n").body() == key + "|x|192.0.2.7");
  }
}

TEST_CASE("a body arrives as it is, whatever its Content-Type claims") {
  Routes routes;
  const std::string json = R"({"from_id":1,"to_id":2,"amount":100.00})";
  for (const char* type : {"application/json", "application/x-www-form-urlencoded", "text/plain",
                           "multipart/form-data; boundary=x", "multipart/form-data", ""}) {
    CAPTURE(type);
    const auto header = std::string("Content-Type: ") + type + "\r\n";
    CHECK(routes.post(json, header).body() == '|' + json + "|192.0.2.7");
  }
  const std::string large(1'000'000, 'x');
  CHECK(routes.post(large).body() == '|' + large + "|192.0.2.7");
  CHECK(routes.ask("POST /transfer HTTP/1.1\r\nHost: a\r\n\r\n").body() == "||192.0.2.7");
}

TEST_CASE("a chunked body arrives without its chunk framing") {
  Routes routes;
  const std::string head =
      "POST /transfer HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: Chunked\r\n\r\n";
  CHECK(routes.ask(head + "3;a=b\r\nabc\r\n00A\r\n0123456789\r\n0\r\n\r\n").body() ==
        "|abc0123456789|192.0.2.7");
  CHECK(routes.ask(head + "0\r\n\r\n").body() == "||192.0.2.7");
}

TEST_CASE("headers that would change the answer change nothing") {
  Routes routes;
  const std::string plain = routes.get("/healthz").bytes;
  for (const char* header :
       {"Range: bytes=0-1", "Range: bytes=9-1", "Range: x", "If-Range: x", "Accept: ;;;",
        "Accept: text/html, image/gif, *; q=.2, */*; q=.2", "Accept-Encoding: gzip, br, zstd",
        "Expect: 100-continue", "Upgrade: h2c", "Connection: Upgrade, HTTP2-Settings",
        ("Upgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Version: 13\r\n"
         "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ=="),
        "X-Forwarded-For: 1.2.3.4", "REMOTE_ADDR: 1.2.3.4", "TE: trailers", "Trailer: a",
        "If-None-Match: *", "X-HTTP-Method-Override: DELETE"}) {
    CAPTURE(header);
    CHECK(routes.get("/healthz", std::string(header) + "\r\n").bytes == plain);
  }
  CHECK(routes.post("", "REMOTE_ADDR: 1.2.3.4\r\nX-Forwarded-For: 1.2.3.4\r\n").body() ==
        "||192.0.2.7");
}

TEST_CASE("as many and as long headers as the framer lets through") {
  Routes routes;
  std::string many;
  for (int i = 0; i < 98; ++i)
    many += "A: b\r\n";
  CHECK(routes.get("/healthz", many + "Connection: close\r\n").is("200"));
  CHECK(routes.get("/healthz", "X-Long: " + std::string(16'000, '%') + "\r\n").is("200"));
  CHECK(routes
            .ask("GET /healthz?" + std::string(2000, '&') + " HTTP/1.0\r\n" + many +
                 "A: b\r\nA: b\r\n\r\n")
            .is("200"));
}

TEST_CASE("a route that gives no answer ends the connection without a byte") {
  Routes routes;
  const Answer answer = routes.get("/bare/" + std::to_string(kNoAnswer));
  CHECK(answer.bytes.empty());
  CHECK(answer.close);
}
