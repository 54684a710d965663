#include "http/acceptor.h"

#include <sys/epoll.h>

#include <cerrno>
#include <new>
#include <utility>

namespace ledgerd::http {
namespace {

constexpr int kAcceptsPerTurn = 64;

// There is nothing to do but to wait until some descriptors are given back.
constexpr std::chrono::milliseconds kPause{100};

bool is_exhaustion(int error) {
  return error == EMFILE || error == ENFILE || error == ENOBUFS || error == ENOMEM;
}

}  // namespace

Acceptor::Acceptor(Admit admit) : admit_(std::move(admit)) {}

bool Acceptor::open(int epoll, UniqueFd listener) {
  epoll_ = epoll;
  listener_ = std::move(listener);
  return watch(EPOLL_CTL_ADD, EPOLLIN);
}

void Acceptor::accept_ready(TimePoint now) {
  try {
    for (int i = 0; i < kAcceptsPerTurn; ++i) {
      Peer peer;
      UniqueFd fd = accept_connection(listener_.get(), peer);
      if (fd.valid()) {
        admit_(std::move(fd), std::move(peer));
      } else if (is_exhaustion(errno)) {
        return pause(now);
      } else if (errno != EINTR && errno != ECONNABORTED) {
        return;
      }
    }
  } catch (const std::bad_alloc&) {
    pause(now);
  }
}

void Acceptor::pause(TimePoint now) {
  watch(EPOLL_CTL_MOD, 0);
  paused_until_ = now + kPause;
}

void Acceptor::resume() {
  watch(EPOLL_CTL_MOD, EPOLLIN);
  paused_until_.reset();
}

bool Acceptor::watch(int operation, std::uint32_t events) {
  epoll_event event{.events = events, .data = {.ptr = this}};
  return epoll_ctl(epoll_, operation, listener_.get(), &event) == 0;
}

}  // namespace ledgerd::http
