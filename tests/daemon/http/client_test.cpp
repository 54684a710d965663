#include <doctest/doctest.h>

#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <csignal>
#include <memory>
#include <string>
#include <string_view>
#include <thread>

#include "http/httplib_client.h"
#include "http/server.h"

namespace ledgerd::http {
namespace {

/// Answers with the request's body, or closes the connection in the middle of one that says so.
Response answer(const InboundRequest& request) {
  const bool is_cut = request.head.find("cut") != std::string_view::npos;
  std::string bytes =
      "HTTP/1.1 200 OK\r\nX-Kind: echo\r\nContent-Length: " + std::to_string(request.body.size()) +
      "\r\n\r\n" + std::string(request.body);
  if (is_cut) bytes.resize(bytes.size() - 1);
  return {.bytes = bytes, .close = is_cut};
}

std::unique_ptr<Server> start(std::uint16_t port = 0) {
  ServerOptions options;
  options.limits.body_bytes = 1'000;
  auto server = std::make_unique<Server>(options, &answer);
  const auto error = server->start("127.0.0.1", port);
  REQUIRE_MESSAGE(!error, error.value_or(""));
  return server;
}

std::string url_of(const Server& server) {
  return "http://127.0.0.1:" + std::to_string(server.port());
}

TEST_CASE("the client posts, and reads the status, headers and body of the answer") {
  const auto server = start();
  Client client(url_of(*server), {});
  for (int i = 0; i < 3; ++i) {
    const auto echo = client.post("/echo", {{"Idempotency-Key", "k"}}, "hello");
    REQUIRE(echo);
    CHECK(echo->status == 200);
    CHECK(echo->body == "hello");
    CHECK(echo->header("x-kind") == "echo");
    CHECK(echo->header("none").empty());
  }
  const auto got = client.get("/");
  REQUIRE(got);
  CHECK(got->body.empty());
}

TEST_CASE("half an answer is no answer to the client, which goes on with the next") {
  const auto server = start();
  Client client(url_of(*server), {});
  CHECK(!client.post("/cut", {}, "hello"));
  CHECK(client.post("/echo", {}, "hello"));
}

TEST_CASE("nobody there is no answer to the client") {
  std::string url;
  {
    const auto server = start();
    url = url_of(*server);
  }
  Client client(url, {});
  CHECK(!client.get("/"));
}

/// Hangs up on everybody. What is sent nevertheless is answered with a reset.
class RudeServer {
 public:
  RudeServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof address;
    auto* generic = reinterpret_cast<sockaddr*>(&address);
    REQUIRE(bind(listener_, generic, size) == 0);
    REQUIRE(listen(listener_, 1) == 0);
    REQUIRE(getsockname(listener_, generic, &size) == 0);
    port_ = ntohs(address.sin_port);
    thread_ = std::thread([this] { serve(); });
  }
  ~RudeServer() {
    shutdown(listener_, SHUT_RDWR);  // ends accept()
    thread_.join();
    close(listener_);
  }
  RudeServer(const RudeServer&) = delete;
  RudeServer& operator=(const RudeServer&) = delete;

  [[nodiscard]] std::string url() const { return "http://127.0.0.1:" + std::to_string(port_); }

 private:
  void serve() const {
    for (;;) {
      const int connection = accept(listener_, nullptr, nullptr);
      if (connection < 0) return;
      close(connection);
    }
  }

  int listener_;
  std::uint16_t port_ = 0;
  std::thread thread_;
};

// It used to end the process with SIGPIPE.
TEST_CASE("the client survives a server that hangs up while the request is being sent") {
  std::signal(SIGPIPE, SIG_DFL);  // whatever a server of the library's may have set
  const RudeServer server;
  Client client(server.url(), {});
  // The end has to come between the client's two writes, headers and body. It often does.
  for (int i = 0; i < 500; ++i)
    CHECK(!client.post("/", {}, "hello"));
}

}  // namespace
}  // namespace ledgerd::http
