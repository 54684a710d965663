#include "fault/odd_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <stdexcept>
#include <string_view>
#include <utility>

#include "support/child_process.h"

namespace ledger::testing {

OddServer::OddServer(std::string reply, std::chrono::milliseconds pause)
    : reply_(std::move(reply)),
      pause_(pause),
      port_(unused_port()),
      listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port_);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      listen(listener_, 16) != 0) {
    throw std::runtime_error("cannot listen");
  }
  thread_ = std::thread([this] { serve(); });
}

OddServer::~OddServer() {
  stopping_ = true;
  thread_.join();
  close(listener_);
}

void OddServer::serve() {
  while (!stopping_) {
    pollfd ready{.fd = listener_, .events = POLLIN, .revents = 0};
    if (poll(&ready, 1, 10) != 1) continue;
    const int connection = accept(listener_, nullptr, nullptr);
    answer(connection);
    close(connection);
  }
}

void OddServer::answer(int connection) const {
  std::array<char, 4096> request{};
  if (recv(connection, request.data(), request.size(), 0) <= 0) return;
  if (pause_ == std::chrono::milliseconds::zero()) {
    static_cast<void>(send(connection, reply_.data(), reply_.size(), MSG_NOSIGNAL));
    return;
  }
  for (const char& byte : reply_) {
    if (stopping_ || send(connection, &byte, 1, MSG_NOSIGNAL) != 1) return;
    std::this_thread::sleep_for(pause_);
  }
}

}  // namespace ledger::testing
