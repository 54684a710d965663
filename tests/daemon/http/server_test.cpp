#include "http/server.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "test_client.h"

using ledger::base::CondVar;
using ledger::base::Mutex;
using ledger::base::MutexLock;
using namespace ledgerd::http;           // NOLINT(google-build-using-namespace)
using namespace ledgerd::http::testing;  // NOLINT(google-build-using-namespace)

namespace {

std::string ok(const std::string& body, bool close = false) {
  return "HTTP/1.1 200 OK\r\n" + std::string(close ? "Connection: close\r\n" : "") +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

std::string get(const std::string& path, const std::string& headers = "") {
  return "GET " + path + " HTTP/1.1\r\nHost: a\r\n" + headers + "\r\n";
}

std::string post(const std::string& body, const std::string& headers = "") {
  return "POST /echo HTTP/1.1\r\nHost: a\r\n" + headers +
         "Content-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// A server with a handler that echoes, waits at a gate, fails, or talks a lot.
class ToyServer {
 public:
  static constexpr std::size_t kBigBody = 8'000'000;

  explicit ToyServer(const ServerOptions& options = {})
      : server_(options, [this](const InboundRequest& request) { return answer(request); }) {
    const auto error = server_.start("127.0.0.1", 0);
    REQUIRE_MESSAGE(!error, error.value_or(""));
  }
  ~ToyServer() { open_gate(); }

  Server& operator*() { return server_; }
  Server* operator->() { return &server_; }
  TestClient connect(int receive_buffer = 0) { return TestClient(server_.port(), receive_buffer); }

  std::vector<TestClient> connect_many(std::size_t count) {
    std::vector<TestClient> clients;
    clients.reserve(count);
    while (clients.size() < count)
      clients.push_back(connect());
    return clients;
  }

  /// Requests for /gate are held until then.
  void open_gate() {
    MutexLock lock(mutex_);
    open_ = true;
    changed_.notify_all();
  }
  int waiting_at_gate() const { return waiting_.load(); }
  int answered() const { return answered_.load(); }

 private:
  Response answer(const InboundRequest& request) {
    const auto target = request.head.substr(request.head.find(' ') + 1);
    if (target.starts_with("/throw")) throw std::runtime_error("a secret");
    if (target.starts_with("/silence")) return {{}, true};
    if (target.starts_with("/gate")) wait_at_gate();
    answered_.fetch_add(1);
    if (target.starts_with("/big")) return {ok(std::string(kBigBody, 'x')), false};
    if (target.starts_with("/peer")) return {ok(request.peer.address), false};
    if (target.starts_with("/echo")) return {ok(std::string(request.body), request.close), false};
    return {ok(std::string(target.substr(0, target.find(' '))), request.close), false};
  }

  void wait_at_gate() {
    waiting_.fetch_add(1);
    MutexLock lock(mutex_);
    while (!open_)
      changed_.wait(mutex_);
  }

  Mutex mutex_;
  CondVar changed_;
  bool open_ LEDGER_GUARDED_BY(mutex_) = false;
  std::atomic<int> waiting_{0};
  std::atomic<int> answered_{0};
  Server server_;
};

/// The slowest of a series of requests, each on a connection of its own.
milliseconds slowest_fresh_request(ToyServer& server, int count) {
  TestClock::duration slowest{};
  for (int i = 0; i < count; ++i) {
    const auto begin = TestClock::now();
    TestClient client = server.connect();
    REQUIRE(client.ask(get("/fresh")).status == 200);
    slowest = std::max(slowest, TestClock::now() - begin);
  }
  return std::chrono::ceil<milliseconds>(slowest);
}

/// A server that makes connections wait shows seconds where there were milliseconds; a busy machine
/// alone stays far below this.
bool comparable(milliseconds with, milliseconds without) {
  return with < 20 * without + milliseconds(500);
}

TestClock::time_point patience() { return TestClock::now() + kPatience; }

}  // namespace

TEST_CASE("many requests on one connection") {
  ToyServer server;
  TestClient client = server.connect();
  for (int i = 0; i < 200; ++i) {
    const std::string path = "/" + std::to_string(i);
    CHECK(client.ask(get(path)).body == path);
  }
  CHECK(client.ask(get("/peer")).body == "127.0.0.1");
}

TEST_CASE("100 pipelined requests in one write are all answered, in order") {
  ToyServer server;
  TestClient client = server.connect();
  std::string requests;
  for (int i = 0; i < 100; ++i) {
    requests += i % 2 == 0 ? get("/" + std::to_string(i)) : post("/" + std::to_string(i));
  }
  client.send(requests);
  for (int i = 0; i < 100; ++i)
    CHECK(client.read_response().body == "/" + std::to_string(i));
}

TEST_CASE("a pipelined request after Connection: close is not answered") {
  ToyServer server;
  TestClient client = server.connect();
  client.send(get("/1") + get("/2", "Connection: close\r\n") + get("/3"));
  CHECK(client.read_response().body == "/1");
  CHECK(client.read_response().body == "/2");
  CHECK(client.at_end());
}

TEST_CASE("a client that shuts down its writing side still gets all answers") {
  ToyServer server;
  TestClient client = server.connect();
  client.send(get("/1") + get("/gate") + post("last"));
  client.shutdown_write();
  CHECK(client.read_response().body == "/1");
  CHECK(eventually([&] { return server.waiting_at_gate() == 1; }));
  server.open_gate();
  CHECK(client.read_response().body == "/gate");
  CHECK(client.read_response().body == "last");
  CHECK(client.at_end());
}

TEST_CASE("a body that comes byte by byte arrives whole") {
  ToyServer server;
  TestClient client = server.connect();
  for (const char c : post("slow body"))
    client.send({&c, 1});
  CHECK(client.read_response().body == "slow body");
  const std::string head = "POST /echo HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n";
  const std::string body = "3\r\nabc\r\n0\r\n\r\n";
  for (const char c : head + body)
    client.send({&c, 1});
  CHECK(client.read_response().body == body);
}

TEST_CASE("100 Continue comes between head and body, once") {
  ToyServer server;
  TestClient client = server.connect();
  const std::string request = post("hello", "Expect: 100-continue\r\n");
  client.send(request.substr(0, request.size() - 5));
  CHECK(client.read_response().status == 100);
  client.send("hel");
  CHECK_FALSE(client.readable_within(milliseconds(50)));
  client.send("lo");
  CHECK(client.read_response().body == "hello");
  // Again on the same connection, this time with the body at once: no interim response.
  CHECK(client.ask(request).body == "hello");
}

TEST_CASE("a refused request is told why, and the connection ends in good order") {
  ServerOptions options;
  options.limits.body_bytes = 1000;
  ToyServer server(options);
  struct Row {
    std::string request;
    int status;
    const char* code;
  };
  const Row rows[] = {
      {"garbage\r\n\r\n", 400, "malformed_request_line"},
      {get("/" + std::string(5000, 'a')), 414, "target_too_long"},
      {get("/", "X-A: " + std::string(100'000, 'b') + "\r\n"), 431, "headers_too_large"},
      {post(std::string(1'000'000, 'x')), 413, "body_too_large"},
      {post(std::string(1001, 'x'), "Expect: 100-continue\r\n"), 413, "body_too_large"},
      {post("x", "Transfer-Encoding: chunked\r\n"), 400, "conflicting_body_length"},
      {"GET / HTTP/9.9\r\nHost: a\r\n\r\n", 400, "unsupported_http_version"},
  };
  for (const Row& row : rows) {
    CAPTURE(row.code);
    TestClient client = server.connect();
    CHECK(client.ask(get("/before")).status == 200);
    // What follows a refused request must not be taken for a request.
    client.send(row.request + get("/smuggled"));
    const TestResponse response = client.read_response();
    CHECK(response.status == row.status);
    CHECK(response.has("Content-Type: application/problem+json\r\n"));
    CHECK(response.has("Connection: close\r\n"));
    CHECK(response.body.find("\"code\":\"" + std::string(row.code) + '"') != std::string::npos);
    client.shutdown_write();
    CHECK(client.at_end());
  }
  CHECK(server.answered() == static_cast<int>(std::size(rows)));
}

TEST_CASE("a request that takes too long gets 408, however steadily its bytes come") {
  ServerOptions options;
  options.request_timeout = milliseconds(300);
  ToyServer server(options);
  TestClient client = server.connect();
  client.send("GET / HTTP/1.1\r\nX-A: ");
  while (!client.readable_within(milliseconds(10)))
    client.send("b");
  const TestResponse response = client.read_response();
  CHECK(response.status == 408);
  CHECK(response.body.find("\"code\":\"request_timeout\"") != std::string::npos);
  client.shutdown_write();
  CHECK(client.at_end());
}

TEST_CASE("an idle connection is closed without a word") {
  ServerOptions options;
  options.idle_timeout = milliseconds(1000);
  ToyServer server(options);
  TestClient silent = server.connect();
  TestClient polite = server.connect();
  CHECK(polite.ask(get("/1")).status == 200);
  CHECK(silent.at_end());
  CHECK(polite.at_end());
}

TEST_CASE("an exception in the handler is a bare 500") {
  ToyServer server;
  TestClient client = server.connect();
  const TestResponse response = client.ask(get("/throw"));
  CHECK(response.status == 500);
  CHECK(response.body.find("internal_error") != std::string::npos);
  CHECK(response.body.find("secret") == std::string::npos);
}

TEST_CASE("a handler without an answer ends its connection, and no other, without a byte") {
  ToyServer server;
  TestClient other = server.connect();
  TestClient client = server.connect();
  CHECK(client.ask(get("/1")).status == 200);
  client.send(get("/silence") + get("/never"));
  CHECK(client.at_end());
  CHECK(other.ask(get("/2")).status == 200);
  CHECK(server.answered() == 2);
}

TEST_CASE("1,000 idle connections do not delay a new request") {
  ServerOptions options;
  options.workers = 4;
  ToyServer server(options);
  const auto without = slowest_fresh_request(server, 50);
  auto idle = server.connect_many(1000);
  for (TestClient& client : idle)
    REQUIRE(client.ask(get("/idle")).status == 200);
  const auto with = slowest_fresh_request(server, 50);
  MESSAGE("slowest of 50: " << without.count() << " ms without, " << with.count() << " ms with");
  CHECK(comparable(with, without));
  CHECK(idle.back().ask(get("/again")).status == 200);
}

TEST_CASE("50 slow senders do not delay others") {
  ServerOptions options;
  options.workers = 2;
  ToyServer server(options);
  const auto without = slowest_fresh_request(server, 50);
  auto slow = server.connect_many(50);
  std::atomic<bool> done{false};
  std::thread dripping([&] {
    for (TestClient& client : slow)
      client.send("POST /echo HTTP/1.1\r\nX-A: ");
    while (!done) {
      for (TestClient& client : slow)
        client.send("b");
      std::this_thread::sleep_for(milliseconds(5));
    }
  });
  const auto with = slowest_fresh_request(server, 50);
  done = true;
  dripping.join();
  MESSAGE("slowest of 50: " << without.count() << " ms without, " << with.count() << " ms with");
  CHECK(comparable(with, without));
}

TEST_CASE("more busy connections than workers are all answered") {
  ServerOptions options;
  options.workers = 3;
  ToyServer server(options);
  auto clients = server.connect_many(40);
  for (TestClient& client : clients)
    client.send(get("/gate") + get("/after"));
  CHECK(eventually([&] { return server.waiting_at_gate() == 3; }));
  server.open_gate();
  for (TestClient& client : clients) {
    CHECK(client.read_response().body == "/gate");
    CHECK(client.read_response().body == "/after");
  }
}

TEST_CASE("a full queue answers 503 at once, and what was queued is still answered") {
  ServerOptions options;
  options.workers = 1;
  options.max_queued = 2;
  ToyServer server(options);
  std::vector<TestClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect());
    clients.back().send(get("/gate"));
    if (i == 0) REQUIRE(eventually([&] { return server.waiting_at_gate() == 1; }));
  }
  // Two of these fit the queue if they get there before the two above; one cannot.
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect());
    clients.back().send(get("/late"));
  }
  const auto refused = [&] {
    return std::find_if(clients.begin(), clients.end(),
                        [](TestClient& client) { return client.readable_within(milliseconds(1)); });
  };
  REQUIRE(eventually([&] { return refused() != clients.end(); }));
  const TestResponse response = refused()->read_response();
  CHECK(response.status == 503);
  CHECK(response.has("Retry-After: 1\r\n"));
  CHECK(response.body.find("\"code\":\"overloaded\"") != std::string::npos);
  server.open_gate();
  int answered = 0;
  for (TestClient& client : clients) {
    try {
      answered += client.read_response().status == 200 ? 1 : 0;
    } catch (const std::runtime_error&) {
      FAIL("a request was never answered");
    }
  }
  CHECK(answered == 3);
}

TEST_CASE("a connection too many is told so, and room is found again") {
  ServerOptions options;
  options.max_connections = 3;
  ToyServer server(options);
  std::vector<TestClient> clients;
  for (int i = 0; i < 3; ++i) {
    clients.push_back(server.connect());
    REQUIRE(clients.back().ask(get("/")).status == 200);
  }
  TestClient refused = server.connect();
  const TestResponse response = refused.ask(get("/"));
  CHECK(response.status == 503);
  CHECK(response.has("Retry-After: "));
  CHECK(response.body.find("\"code\":\"too_many_connections\"") != std::string::npos);
  refused.close();
  clients.pop_back();
  CHECK(eventually([&] { return server.connect().ask(get("/")).status == 200; }));
  CHECK(clients.front().ask(get("/")).status == 200);
}

TEST_CASE("all bodies together stay within the budget") {
  ServerOptions options;
  options.max_buffered_bytes = 4'000'000;
  ToyServer server(options);
  const std::string request = post(std::string(1'000'000, 'x'));
  std::vector<std::unique_ptr<TestClient>> hoarders;
  int refused = 0;
  for (int i = 0; i < 16; ++i) {
    hoarders.push_back(std::make_unique<TestClient>(server->port()));
    hoarders.back()->send(std::string_view(request).substr(0, request.size() - 1));
    if (hoarders.back()->readable_within(milliseconds(20))) ++refused;
  }
  CHECK(eventually([&] {
    refused = 0;
    for (auto& client : hoarders)
      refused += client->readable_within(milliseconds(0)) ? 1 : 0;
    return refused >= 12;
  }));
  for (auto& client : hoarders) {
    if (!client->readable_within(milliseconds(0))) continue;
    const TestResponse response = client->read_response();
    CHECK(response.status == 503);
    CHECK(response.body.find("overloaded") != std::string::npos);
  }
  hoarders.clear();
  CHECK(eventually([&] { return server.connect().ask(request).status == 200; }));
}

TEST_CASE("a slow reader gets its large response in the end, and delays nobody") {
  ServerOptions options;
  options.workers = 1;
  options.write_timeout = kPatience;
  ToyServer server(options);
  TestClient slow = server.connect(4096);
  slow.send(get("/big") + get("/after"));
  CHECK(eventually([&] { return server.answered() == 1; }));
  for (int i = 0; i < 20; ++i)
    CHECK(server.connect().ask(get("/other")).status == 200);
  CHECK(slow.read_response().body.size() == ToyServer::kBigBody);
  CHECK(slow.read_response().body == "/after");
}

TEST_CASE("a client that does not read its response is cut off") {
  ServerOptions options;
  options.write_timeout = milliseconds(200);
  ToyServer server(options);
  TestClient deaf = server.connect(4096);
  deaf.send(get("/big"));
  CHECK(eventually([&] { return server.answered() == 1; }));
  CHECK(eventually([&] { return deaf.was_reset(); }));
}

TEST_CASE("draining finishes what was received and refuses what comes later") {
  ToyServer server;
  TestClient idle = server.connect();
  REQUIRE(idle.ask(get("/")).status == 200);
  TestClient busy = server.connect();
  busy.send(get("/gate") + get("/accepted"));
  TestClient partial = server.connect();
  partial.send("GET /late HTTP/1.1\r\n");
  REQUIRE(eventually([&] { return server.waiting_at_gate() == 1; }));
  REQUIRE(server.connect().ask(get("/")).status == 200);  // the partial one was read before this

  server->begin_drain();
  CHECK(idle.at_end());
  CHECK_FALSE(server->wait_drained(TestClock::now() + milliseconds(100)));

  partial.send("Host: a\r\n\r\n");
  TestClient fresh = server.connect();
  for (const TestResponse& response : {partial.read_response(), fresh.ask(get("/"))}) {
    CHECK(response.status == 503);
    CHECK(response.has("Connection: close\r\n"));
    CHECK(response.has("Retry-After: "));
    CHECK(response.body.find("\"code\":\"shutting_down\"") != std::string::npos);
  }

  busy.send(get("/too-late"));
  server.open_gate();
  CHECK(busy.read_response().body == "/gate");
  CHECK(busy.read_response().body == "/accepted");
  CHECK(busy.read_response().status == 503);
  CHECK(server->wait_drained(patience()));
  server->stop();
}

TEST_CASE("an idle server is drained at once, and stopping twice is harmless") {
  ToyServer server;
  server->begin_drain();
  CHECK(server->wait_drained(patience()));
  server->stop();
  server->stop();
}

TEST_CASE("stopping waits for running handlers, and drops the rest") {
  ServerOptions options;
  options.workers = 1;
  ToyServer server(options);
  std::vector<TestClient> clients;
  for (int i = 0; i < 5; ++i) {
    clients.push_back(server.connect());
    clients.back().send(get("/gate"));
  }
  REQUIRE(eventually([&] { return server.waiting_at_gate() == 1; }));
  std::thread opener([&] {
    std::this_thread::sleep_for(milliseconds(50));
    server.open_gate();
  });
  server->stop();
  opener.join();
  CHECK(server.waiting_at_gate() >= 1);
}

TEST_CASE("clients that vanish at any moment do no harm") {
  ServerOptions options;
  options.workers = 2;
  ToyServer server(options);
  const std::string request = post("body", "Expect: 100-continue\r\n") + get("/big");
  for (std::size_t n = 0; n <= request.size(); ++n) {
    server.connect().send(std::string_view(request).substr(0, n));
  }
  CHECK(server.connect().ask(get("/alive")).status == 200);
}

TEST_CASE("a port in use is reported with address and reason") {
  ToyServer first;
  Server second(ServerOptions{}, [](const InboundRequest&) { return Response{}; });
  const auto error = second.start("127.0.0.1", first->port());
  REQUIRE(error);
  CHECK(*error ==
        "cannot listen on 127.0.0.1:" + std::to_string(first->port()) + ": Address already in use");
}

TEST_CASE("names and IPv6 addresses can be listened on") {
  const Handler handler = [](const InboundRequest&) { return Response{ok("here"), false}; };
  Server by_name(ServerOptions{}, handler);
  REQUIRE_FALSE(by_name.start("localhost", 0));
  CHECK(TestClient(by_name.port()).ask(get("/")).body == "here");

  Server unknown(ServerOptions{}, handler);
  const auto error = unknown.start("no-such-host.invalid", 1);
  REQUIRE(error);
  CHECK(error->starts_with("cannot listen on no-such-host.invalid:1: "));

  Server ipv6(ServerOptions{}, handler);
  const auto ipv6_error = ipv6.start("[::1]", 0);
  if (ipv6_error) CHECK(ipv6_error->starts_with("cannot listen on [::1]:0: "));
}

TEST_CASE("listen addresses are read, and loopback is told from the rest") {
  ListenAddress address;
  CHECK_FALSE(parse_listen_address("127.0.0.1:8080", address));
  CHECK(address.host == "127.0.0.1");
  CHECK(address.port == 8080);
  CHECK_FALSE(parse_listen_address("[::1]:0", address));
  CHECK(address.host == "::1");
  for (const char* bad :
       {"", ":80", "8080", "a", "a:", "a:x", "a:-1", "a:65536", "a:1 ", "::1:80"}) {
    CAPTURE(bad);
    CHECK(parse_listen_address(bad, address));
  }
  for (const char* local : {"127.0.0.1", "127.8.9.1", "::1", "[::1]", "localhost"}) {
    CAPTURE(local);
    CHECK(is_loopback(local));
  }
  for (const char* other : {"0.0.0.0", "::", "10.0.0.1", "192.0.2.1", "no-such-host.invalid"}) {
    CAPTURE(other);
    CHECK_FALSE(is_loopback(other));
  }
}
