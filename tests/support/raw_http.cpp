#include "support/raw_http.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <charconv>
#include <cstdio>
#include <fstream>

namespace ledgerd::testing {
namespace {

constexpr std::string_view kCrLf = "\r\n";
constexpr std::string_view kHeadEnd = "\r\n\r\n";

bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && strncasecmp(a.data(), b.data(), a.size()) == 0;
}

std::size_t to_number(std::string_view text) {
  std::size_t number = 0;
  std::from_chars(text.data(), text.data() + text.size(), number);
  return number;
}

/// The port that getsockname or getpeername says.
unsigned port_of(int fd, int (*name)(int, sockaddr*, socklen_t*)) {
  sockaddr_in address{};
  socklen_t size = sizeof address;
  name(fd, reinterpret_cast<sockaddr*>(&address), &size);
  return ntohs(address.sin_port);
}

/// Status and headers of a complete head.
RawResponse parse_head(std::string_view head) {
  RawResponse response;
  const auto space = head.find(' ');
  response.status = static_cast<int>(to_number(head.substr(space + 1, 3)));
  head.remove_prefix(head.find(kCrLf) + kCrLf.size());
  while (!head.empty()) {
    const auto line = head.substr(0, head.find(kCrLf));
    head.remove_prefix(line.size() + kCrLf.size());
    const auto colon = line.find(": ");
    if (colon == std::string_view::npos) continue;
    response.headers.emplace_back(line.substr(0, colon), line.substr(colon + 2));
  }
  return response;
}

}  // namespace

std::string RawResponse::header(std::string_view name) const {
  std::string values;
  for (const auto& [header_name, value] : headers) {
    if (!same_name(header_name, name)) continue;
    if (!values.empty()) values += "; ";
    values += value;
  }
  return values;
}

std::string RawResponse::code() const {
  constexpr std::string_view kName = R"("code":")";
  const auto at = body.find(kName);
  if (at == std::string::npos) return {};
  const auto begin = at + kName.size();
  return body.substr(begin, body.find('"', begin) - begin);
}

RawConnection::RawConnection(std::uint16_t port)
    : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const int on = 1;
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
  const timeval patience{.tv_sec = kPatience.count() / 1000, .tv_usec = 0};
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &patience, sizeof patience);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    close(fd_);
    fd_ = -1;
  }
}

RawConnection::~RawConnection() {
  if (fd_ >= 0) close(fd_);
}

RawConnection::RawConnection(RawConnection&& other) noexcept
    : fd_(std::exchange(other.fd_, -1)), buffer_(std::move(other.buffer_)) {}

bool RawConnection::send(std::string_view bytes) const {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(fd_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

void RawConnection::send_until_stuck(std::string_view bytes) const {
  constexpr int kLook = 50;
  constexpr int kLooks = 20;
  pollfd writable{.fd = fd_, .events = POLLOUT, .revents = 0};
  std::string_view left = bytes;
  PeerQueues queues;
  // That nothing can be sent is not enough: the peer may still be answering what it has. It is
  // stuck when it neither reads what has arrived nor adds to what it wants to send.
  for (int same = 0; same < kLooks;) {
    if (poll(&writable, 1, kLook) > 0) {
      const ssize_t sent = ::send(fd_, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
      if (sent < 0 && errno != EAGAIN) return;
      left.remove_prefix(static_cast<std::size_t>(std::max<ssize_t>(sent, 0)));
      if (left.empty()) left = bytes;
      same = 0;
      continue;
    }
    const PeerQueues now = peer_queues();
    same = now == queues && now.unread > 0 && now.unsent > 0 ? same + 1 : 0;
    queues = now;
  }
}

RawConnection::PeerQueues RawConnection::peer_queues() const {
  const auto ours = port_of(fd_, getsockname);
  const auto peers = port_of(fd_, getpeername);
  std::ifstream table("/proc/net/tcp");
  std::string line;
  while (std::getline(table, line)) {
    unsigned local = 0;
    unsigned remote = 0;
    PeerQueues queues;
    // "  7: 0100007F:1F90 0100007F:C350 01 00000100:0000002A …": unsent and unread come last.
    const int fields = std::sscanf(line.c_str(), " %*u: %*8x:%4x %*8x:%4x %*2x %8x:%8x", &local,
                                   &remote, &queues.unsent, &queues.unread);
    if (fields == 4 && local == peers && remote == ours) return queues;
  }
  return {};
}

void RawConnection::finish_sending() const { shutdown(fd_, SHUT_WR); }

bool RawConnection::read_more() {
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, static_cast<int>(kPatience.count())) <= 0) return false;
  std::array<char, 16384> chunk;
  const ssize_t size = recv(fd_, chunk.data(), chunk.size(), 0);
  if (size <= 0) return false;
  buffer_.append(chunk.data(), static_cast<std::size_t>(size));
  return true;
}

std::optional<RawResponse> RawConnection::receive() {
  auto head_size = buffer_.find(kHeadEnd);
  for (; head_size == std::string::npos; head_size = buffer_.find(kHeadEnd)) {
    if (!read_more()) return std::nullopt;
  }
  head_size += kHeadEnd.size();
  RawResponse response = parse_head(std::string_view(buffer_).substr(0, head_size));
  const std::size_t body_size = to_number(response.header("Content-Length"));
  while (buffer_.size() < head_size + body_size) {
    if (!read_more()) return std::nullopt;
  }
  response.body = buffer_.substr(head_size, body_size);
  buffer_.erase(0, head_size + body_size);
  return response;
}

bool RawConnection::ended_by_peer() {
  if (!buffer_.empty()) return false;
  pollfd readable{.fd = fd_, .events = POLLIN, .revents = 0};
  if (poll(&readable, 1, static_cast<int>(kPatience.count())) <= 0) return false;
  return !read_more();
}

std::string request_bytes(std::string_view method, std::string_view target, const Headers& headers,
                          std::string_view body) {
  std::string bytes;
  bytes.append(method).append(" ").append(target).append(" HTTP/1.1\r\nHost: localhost\r\n");
  for (const auto& [name, value] : headers) {
    bytes.append(name).append(": ").append(value).append(kCrLf);
  }
  if (!body.empty()) {
    bytes.append("Content-Length: ").append(std::to_string(body.size())).append(kCrLf);
  }
  return bytes.append(kCrLf).append(body);
}

std::optional<RawResponse> ask(std::uint16_t port, std::string_view method, std::string_view target,
                               const Headers& headers, std::string_view body) {
  RawConnection connection(port);
  if (!connection.connected()) return std::nullopt;
  if (!connection.send(request_bytes(method, target, headers, body))) return std::nullopt;
  return connection.receive();
}

}  // namespace ledgerd::testing
