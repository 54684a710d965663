#include "support/granting_redis.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <cstdlib>
#include <optional>
#include <stdexcept>

#include "support/child_process.h"

namespace ledger::testing {
namespace {

bool is_readable(int fd) {
  pollfd ready{.fd = fd, .events = POLLIN, .revents = 0};
  return poll(&ready, 1, 10) == 1;
}

/// The number of a line such as "*3" or "$11" at `at`, which is moved behind it.
std::optional<std::size_t> take_number(const std::string& bytes, std::size_t& at) {
  const auto end = bytes.find("\r\n", at);
  if (end == std::string::npos) return std::nullopt;
  const auto number = std::strtoul(bytes.c_str() + at + 1, nullptr, 10);
  at = end + 2;
  return number;
}

/// Takes one whole command off the front and returns its first word.
std::optional<std::string> take_command(std::string& bytes) {
  std::size_t at = 0;
  const auto words = take_number(bytes, at);
  if (!words) return std::nullopt;
  std::string first;
  for (std::size_t i = 0; i < *words; ++i) {
    const auto size = take_number(bytes, at);
    if (!size || bytes.size() < at + *size + 2) return std::nullopt;
    if (i == 0) first = bytes.substr(at, *size);
    at += *size + 2;
  }
  bytes.erase(0, at);
  return first;
}

}  // namespace

GrantingRedis::GrantingRedis()
    : port_(unused_port()), listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 64) != 0) {
    throw std::runtime_error("cannot listen");
  }
  thread_ = std::thread([this] { serve(); });
}

GrantingRedis::~GrantingRedis() {
  stopping_ = true;
  thread_.join();
  for (std::thread& talk : talks_)
    talk.join();
  close(listener_);
}

void GrantingRedis::serve() {
  while (!stopping_) {
    if (!is_readable(listener_)) continue;
    const int connection = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (connection >= 0) talks_.emplace_back([this, connection] { talk(connection); });
  }
}

void GrantingRedis::talk(int connection) {
  std::string bytes;
  std::array<char, 4096> chunk{};
  while (!stopping_) {
    if (!is_readable(connection)) continue;
    const auto count = recv(connection, chunk.data(), chunk.size(), 0);
    if (count <= 0) break;
    bytes.append(chunk.data(), static_cast<std::size_t>(count));
    while (const auto command = take_command(bytes)) {
      const std::string reply = reply_to(*command);
      static_cast<void>(send(connection, reply.data(), reply.size(), MSG_NOSIGNAL));
    }
  }
  close(connection);
}

std::string GrantingRedis::reply_to(const std::string& command) {
  if (command == "PING") return "+PONG\r\n";
  if (command != "EVAL" && command != "EVALSHA") return "+OK\r\n";
  ++scripts_;
  return "*0\r\n";
}

}  // namespace ledger::testing
