// A client that can misbehave: raw bytes out, responses in, nothing in between.
#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>

#include <array>
#include <charconv>
#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>

#include "http/socket.h"

namespace ledgerd::http::testing {

using std::chrono::milliseconds;
using TestClock = std::chrono::steady_clock;

/// Nothing in these tests takes nearly this long, on any machine, unless it hangs.
inline constexpr milliseconds kPatience{60'000};

/// Waits for `condition`; false if patience ran out.
template <typename Condition>
bool eventually(Condition condition) {
  const auto deadline = TestClock::now() + kPatience;
  while (!condition()) {
    if (TestClock::now() > deadline) return false;
    std::this_thread::sleep_for(milliseconds(1));
  }
  return true;
}

struct TestResponse {
  int status = 0;  ///< 0: the connection ended first
  std::string head;
  std::string body;

  bool has(std::string_view line) const { return head.find(line) != std::string::npos; }
};

class TestClient {
 public:
  explicit TestClient(std::uint16_t port, int receive_buffer = 0)
      : fd_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      setsockopt(fd_.get(), SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const int on = 1;
    setsockopt(fd_.get(), IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    if (::connect(fd_.get(), reinterpret_cast<sockaddr*>(&address), sizeof address) != 0) {
      throw std::runtime_error("cannot connect to the server under test");
    }
  }

  /// False if the connection was closed before all was sent.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto n = ::send(fd_.get(), bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (n <= 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(n));
    }
    return true;
  }

  void shutdown_write() { ::shutdown(fd_.get(), SHUT_WR); }
  void close() { fd_.reset(); }

  /// One response with Content-Length.
  TestResponse read_response() {
    TestResponse response;
    while (buffer_.find("\r\n\r\n") == std::string::npos) {
      if (!read_some()) return response;
    }
    const auto head_end = buffer_.find("\r\n\r\n") + 4;
    response.head = buffer_.substr(0, head_end);
    const auto length = content_length(response.head);
    while (buffer_.size() < head_end + length) {
      if (!read_some()) return response;
    }
    response.body = buffer_.substr(head_end, length);
    buffer_.erase(0, head_end + length);
    std::from_chars(response.head.data() + 9, response.head.data() + 12, response.status);
    return response;
  }

  /// Sends and reads one response.
  TestResponse ask(std::string_view request) {
    send(request);
    return read_response();
  }

  /// The server has closed the connection in good order: nothing more comes, and no reset.
  bool at_end() { return buffer_.empty() && !read_some() && !reset_; }

  /// Whether something can be read within `time`.
  bool readable_within(milliseconds time) {
    pollfd wait{fd_.get(), POLLIN, 0};
    return ::poll(&wait, 1, static_cast<int>(time.count())) > 0;
  }

  /// The server has torn the connection down. Reads nothing.
  bool was_reset() {
    pollfd state{fd_.get(), 0, 0};
    return ::poll(&state, 1, 0) > 0 && (state.revents & (POLLERR | POLLHUP)) != 0;
  }

 private:
  static std::size_t content_length(const std::string& head) {
    static constexpr std::string_view kName = "Content-Length: ";
    const auto at = head.find(kName);
    std::size_t length = 0;
    if (at != std::string::npos) {
      std::from_chars(head.data() + at + kName.size(), head.data() + head.size(), length);
    }
    return length;
  }

  bool read_some() {
    if (!readable_within(kPatience)) throw std::runtime_error("the server does not answer");
    std::array<char, 65536> bytes;
    const auto n = ::recv(fd_.get(), bytes.data(), bytes.size(), 0);
    reset_ = n < 0;
    if (n <= 0) return false;
    buffer_.append(bytes.data(), static_cast<std::size_t>(n));
    return true;
  }

  UniqueFd fd_;
  std::string buffer_;
  bool reset_ = false;
};

}  // namespace ledgerd::http::testing
