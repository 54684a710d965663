#include "http/socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <memory>
#include <system_error>
#include <vector>

namespace ledgerd::http {
namespace {

// The kernel caps it at net.core.somaxconn. A short backlog costs clients whole seconds of SYN
// retransmission when many connect at once.
constexpr int kBacklog = 4096;

struct AddressInfoDeleter {
  void operator()(addrinfo* info) const { freeaddrinfo(info); }
};
using AddressInfo = std::unique_ptr<addrinfo, AddressInfoDeleter>;

std::string errno_text(int error) { return std::generic_category().message(error); }

std::string bare_host(const std::string& host) {
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  return bracketed ? host.substr(1, host.size() - 2) : host;
}

/// getaddrinfo's result, or null and the reason.
AddressInfo resolve(const ListenAddress& address, std::string& reason) {
  addrinfo hints{};
  hints.ai_family = AF_UNSPEC;
  hints.ai_socktype = SOCK_STREAM;
  hints.ai_flags = AI_NUMERICSERV;
  addrinfo* found = nullptr;
  const int rc = getaddrinfo(bare_host(address.host).c_str(), std::to_string(address.port).c_str(),
                             &hints, &found);
  if (rc != 0) reason = rc == EAI_SYSTEM ? errno_text(errno) : gai_strerror(rc);
  return AddressInfo(rc == 0 ? found : nullptr);
}

std::vector<const addrinfo*> ipv4_first(const addrinfo* list) {
  std::vector<const addrinfo*> all;
  for (; list != nullptr; list = list->ai_next)
    all.push_back(list);
  std::stable_partition(all.begin(), all.end(),
                        [](const addrinfo* info) { return info->ai_family == AF_INET; });
  return all;
}

std::uint16_t port_of(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    return ntohs(reinterpret_cast<const sockaddr_in6&>(address).sin6_port);
  }
  return ntohs(reinterpret_cast<const sockaddr_in&>(address).sin_port);
}

std::string address_text(const sockaddr_storage& address) {
  char text[INET6_ADDRSTRLEN] = "";
  const void* bytes = &reinterpret_cast<const sockaddr_in&>(address).sin_addr;
  if (address.ss_family == AF_INET6) {
    bytes = &reinterpret_cast<const sockaddr_in6&>(address).sin6_addr;
  }
  inet_ntop(address.ss_family, bytes, text, sizeof text);
  return text;
}

void enable(int fd, int level, int option) {
  const int on = 1;
  setsockopt(fd, level, option, &on, sizeof on);
}

/// An invalid descriptor, with errno set, on failure.
UniqueFd listen_on(const addrinfo& info) {
  UniqueFd fd(
      socket(info.ai_family, info.ai_socktype | SOCK_NONBLOCK | SOCK_CLOEXEC, info.ai_protocol));
  if (!fd.valid()) return fd;
  enable(fd.get(), SOL_SOCKET, SO_REUSEADDR);
  if (info.ai_family == AF_INET6) enable(fd.get(), IPPROTO_IPV6, IPV6_V6ONLY);
  if (bind(fd.get(), info.ai_addr, info.ai_addrlen) != 0 || listen(fd.get(), kBacklog) != 0) {
    const int error = errno;
    fd.reset();
    errno = error;
  }
  return fd;
}

std::uint16_t bound_port(int fd) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  getsockname(fd, reinterpret_cast<sockaddr*>(&address), &length);
  return port_of(address);
}

bool is_loopback(const sockaddr& address) {
  if (address.sa_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return (ntohl(v4.sin_addr.s_addr) >> 24) == IN_LOOPBACKNET;
  }
  const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
  return address.sa_family == AF_INET6 && IN6_IS_ADDR_LOOPBACK(&v6.sin6_addr) != 0;
}

std::string cannot_listen(const ListenAddress& address, const std::string& reason) {
  const bool needs_brackets =
      address.host.find(':') != std::string::npos && !address.host.starts_with('[');
  const std::string host = needs_brackets ? '[' + address.host + ']' : address.host;
  return "cannot listen on " + host + ':' + std::to_string(address.port) + ": " + reason;
}

}  // namespace

void UniqueFd::reset(int fd) {
  if (fd_ >= 0) ::close(fd_);
  fd_ = fd;
}

std::optional<std::string> parse_listen_address(std::string_view text, ListenAddress& address) {
  const auto colon = text.rfind(':');
  const auto host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  const bool bare_ipv6 = !bracketed && host.find(':') != std::string_view::npos;
  if (colon == std::string_view::npos || host.empty() || bare_ipv6) {
    return "must be HOST:PORT, such as 127.0.0.1:8080 or [::1]:8080";
  }
  const auto digits = text.substr(colon + 1);
  std::uint16_t port = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), port);
  if (error != std::errc{} || end != digits.data() + digits.size()) {
    return "the port must be a number from 0 to 65535";
  }
  address = {std::string(bracketed ? host.substr(1, host.size() - 2) : host), port};
  return std::nullopt;
}

bool is_loopback(const std::string& host) {
  std::string reason;
  const AddressInfo found = resolve({host, 0}, reason);
  if (!found) return false;
  const auto all = ipv4_first(found.get());
  return std::all_of(all.begin(), all.end(),
                     [](const addrinfo* info) { return is_loopback(*info->ai_addr); });
}

std::optional<std::string> open_listener(const ListenAddress& address, Listener& listener) {
  std::string reason = "no address";
  const AddressInfo found = resolve(address, reason);
  if (!found) return cannot_listen(address, reason);
  for (const addrinfo* info : ipv4_first(found.get())) {
    UniqueFd fd = listen_on(*info);
    if (fd.valid()) {
      listener.port = bound_port(fd.get());
      listener.fd = std::move(fd);
      return std::nullopt;
    }
    reason = errno_text(errno);
  }
  return cannot_listen(address, reason);
}

UniqueFd accept_connection(int listener, Peer& peer) {
  sockaddr_storage address{};
  socklen_t length = sizeof address;
  UniqueFd fd(accept4(listener, reinterpret_cast<sockaddr*>(&address), &length,
                      SOCK_NONBLOCK | SOCK_CLOEXEC));
  if (!fd.valid()) return fd;
  enable(fd.get(), IPPROTO_TCP, TCP_NODELAY);
  peer = {address_text(address), port_of(address)};
  return fd;
}

}  // namespace ledgerd::http
