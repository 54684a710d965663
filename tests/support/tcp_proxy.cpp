#include "support/tcp_proxy.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <list>
#include <stdexcept>
#include <utility>
#include <vector>

namespace ledger::testing {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

int connect_to(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const sockaddr_in address = loopback(port);
  if (connect(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0) return fd;
  close(fd);
  return -1;
}

void no_delay(int fd) {
  const int on = 1;
  setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on);
}

/// A close that the other side sees as a reset, with nothing sent after what was sent.
void reset(int fd) {
  // Unread or late data must not turn it into an orderly end.
  const linger hard{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd, SOL_SOCKET, SO_LINGER, &hard, sizeof hard);
  close(fd);
}

bool send_all(int fd, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = send(fd, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent <= 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

}  // namespace

/// The connections that are open: client and server side of each.
class TcpProxy::Pairs {
 public:
  explicit Pairs(TcpProxy& proxy) : proxy_(proxy) {}
  ~Pairs() {
    for (const Pair& pair : pairs_)
      end(pair, false);
  }
  Pairs(const Pairs&) = delete;
  Pairs& operator=(const Pairs&) = delete;

  void add(int client, std::uint16_t server_port) {
    const int server = connect_to(server_port);
    if (server < 0) return reset(client);
    no_delay(client);
    no_delay(server);
    pairs_.push_back({client, server});
  }

  void add_to(std::vector<pollfd>& events) const {
    for (const Pair& pair : pairs_) {
      events.push_back({pair.client, POLLIN, 0});
      events.push_back({pair.server, POLLIN, 0});
    }
  }

  /// `events` are those of add_to(), in the same order.
  void handle(const pollfd* events) {
    for (auto pair = pairs_.begin(); pair != pairs_.end(); events += 2) {
      const bool goes_on = (events[0].revents == 0 || pass(*pair, Flow::to_server)) &&
                           (events[1].revents == 0 || pass(*pair, Flow::to_client));
      pair = goes_on ? std::next(pair) : pairs_.erase(pair);
    }
  }

 private:
  struct Pair {
    int client;
    int server;
  };

  static void end(const Pair& pair, bool hard) {
    for (const int fd : {pair.client, pair.server}) {
      if (hard) {
        reset(fd);
      } else {
        close(fd);
      }
    }
  }

  /// False: the pair is closed.
  bool pass(const Pair& pair, Flow flow) {
    const int from = flow == Flow::to_server ? pair.client : pair.server;
    const int to = flow == Flow::to_server ? pair.server : pair.client;
    std::array<char, 1 << 16> buffer;
    const ssize_t count = recv(from, buffer.data(), buffer.size(), 0);
    if (count <= 0) {
      end(pair, false);
      return false;
    }
    const std::string_view bytes(buffer.data(), static_cast<std::size_t>(count));
    const auto judge = proxy_.judge();
    const std::size_t allowed = judge != nullptr && *judge ? (*judge)(flow, bytes) : bytes.size();
    const bool sent = send_all(to, bytes.substr(0, allowed));
    if (sent && allowed >= bytes.size()) return true;
    ++proxy_.cuts_;
    // What was allowed must arrive: a reset at once could overtake it.
    if (allowed > 0) shutdown(to, SHUT_WR);
    if (flow == Flow::to_server && allowed > 0) {
      reset(pair.client);
      close(pair.server);
    } else {
      end(pair, allowed == 0);
    }
    return false;
  }

  TcpProxy& proxy_;
  std::list<Pair> pairs_;
};

TcpProxy::TcpProxy(std::uint16_t server_port) : server_port_(server_port) {
  listener_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* const name = reinterpret_cast<sockaddr*>(&address);
  if (bind(listener_, name, size) != 0 || listen(listener_, 64) != 0 ||
      getsockname(listener_, name, &size) != 0) {
    close(listener_);
    throw std::runtime_error("the proxy cannot listen");
  }
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

TcpProxy::~TcpProxy() {
  ending_ = true;
  const int knock = connect_to(port_);
  thread_.join();
  if (knock >= 0) close(knock);
  close(listener_);
}

void TcpProxy::set_judge(Judge judge) {
  auto made = std::make_shared<const Judge>(std::move(judge));
  const std::lock_guard lock(mutex_);
  judge_ = std::move(made);
}

std::shared_ptr<const TcpProxy::Judge> TcpProxy::judge() {
  const std::lock_guard lock(mutex_);
  return judge_;
}

void TcpProxy::serve() {
  Pairs pairs(*this);
  std::vector<pollfd> events;
  while (!ending_) {
    events.assign(1, {listener_, POLLIN, 0});
    pairs.add_to(events);
    if (poll(events.data(), events.size(), -1) < 0) continue;
    pairs.handle(events.data() + 1);
    if (events.front().revents == 0 || ending_) continue;
    const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    if (client >= 0) pairs.add(client, server_port_);
  }
}

}  // namespace ledger::testing
