// File descriptors that close themselves, and the listening socket.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "http/message.h"

struct sockaddr_storage;

namespace ledgerd::http {

class UniqueFd {
 public:
  UniqueFd() = default;
  explicit UniqueFd(int fd) : fd_(fd) {}
  UniqueFd(UniqueFd&& other) noexcept : fd_(std::exchange(other.fd_, -1)) {}
  UniqueFd& operator=(UniqueFd&& other) noexcept {
    if (this != &other) reset(std::exchange(other.fd_, -1));
    return *this;
  }
  UniqueFd(const UniqueFd&) = delete;
  UniqueFd& operator=(const UniqueFd&) = delete;
  ~UniqueFd() { reset(); }

  int get() const { return fd_; }
  bool valid() const { return fd_ >= 0; }
  void reset(int fd = -1);

 private:
  int fd_ = -1;
};

struct ListenAddress {
  std::string host;
  std::uint16_t port = 0;
};

/// Reads "HOST:PORT" or "[IPV6]:PORT". Returns what is wrong with it, nothing if it is well-formed;
/// whether the host exists is not looked at.
std::optional<std::string> parse_listen_address(std::string_view text, ListenAddress& address);

/// Whether every address that `host` stands for is this machine's own loopback. False also for a
/// host that cannot be resolved.
bool is_loopback(const std::string& host);

struct Listener {
  UniqueFd fd;  ///< non-blocking, close-on-exec
  std::uint16_t port = 0;
};

/// Binds and listens on the first address of `host` that works, IPv4 before IPv6. Port 0 picks a
/// free one. Returns a message naming address and reason on failure.
std::optional<std::string> open_listener(const ListenAddress& address, Listener& listener);

/// Accepts one connection: non-blocking, close-on-exec, without Nagle's delay. Invalid, with errno
/// set, if there is none.
UniqueFd accept_connection(int listener, Peer& peer);

}  // namespace ledgerd::http
