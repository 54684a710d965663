#include "http/connection.h"

#include <sys/socket.h>

#include <cerrno>
#include <utility>

namespace ledgerd::http {
namespace {

// An idle connection may keep a buffer of this size, so that a client with small requests does not
// cost an allocation each.
constexpr std::size_t kKeptCapacity = 1024;

// What a refused client may still send before it is cut off. It costs no memory, only time.
constexpr std::size_t kMaxDiscarded = std::size_t{16} * 1024 * 1024;

Connection::Io io_error() {
  const bool again = errno == EAGAIN || errno == EWOULDBLOCK;
  return again ? Connection::Io::would_block : Connection::Io::failed;
}

/// Neither call blocks, but a signal may still interrupt one.
template <typename Call>
ssize_t retrying(Call call) {
  ssize_t n = 0;
  do {
    n = call();
  } while (n < 0 && errno == EINTR);
  return n;
}

/// clear() keeps the memory.
void release(std::string& buffer) { std::string().swap(buffer); }

}  // namespace

Connection::Connection(UniqueFd fd, Peer peer, const FramingLimits& limits)
    : fd_(std::move(fd)), peer_(std::move(peer)), framer_(limits) {}

void Connection::reset_on_close() const {
  const linger drop{.l_onoff = 1, .l_linger = 0};
  setsockopt(fd(), SOL_SOCKET, SO_LINGER, &drop, sizeof drop);
}

Connection::Io Connection::receive(std::span<char> scratch) {
  const ssize_t n = retrying([&] { return recv(fd(), scratch.data(), scratch.size(), 0); });
  if (n < 0) return io_error();
  if (n == 0) return Io::end_of_stream;
  make_room();
  in_.append(scratch.data(), static_cast<std::size_t>(n));
  received_ += static_cast<std::uint64_t>(n);
  return Io::progress;
}

void Connection::make_room() {
  in_.erase(0, consumed_);
  consumed_ = 0;
}

bool Connection::send_continue() {
  if (continue_sent_ || !framer_.wants_continue()) return true;
  continue_sent_ = true;
  static constexpr std::string_view kContinue = "HTTP/1.1 100 Continue\r\n\r\n";
  // All earlier responses are in the kernel by now. A socket that cannot take these bytes as well
  // belongs to a client that does not read.
  const auto n =
      retrying([&] { return send(fd(), kContinue.data(), kContinue.size(), MSG_NOSIGNAL); });
  return n == static_cast<ssize_t>(kContinue.size());
}

InboundRequest Connection::request() const {
  const auto message = unconsumed().substr(0, framer_.message_end());
  const auto begin = framer_.head_begin();
  const auto end = framer_.head_end();
  return {message.substr(begin, end - begin), message.substr(end), framer_.must_close(), peer_};
}

void Connection::respond(std::string bytes, bool close) {
  out_ = std::move(bytes);
  sent_ = 0;
  close_after_response_ = close;
}

Connection::Io Connection::flush() {
  while (sent_ < out_.size()) {
    const auto n = retrying(
        [&] { return send(fd(), out_.data() + sent_, out_.size() - sent_, MSG_NOSIGNAL); });
    if (n < 0) return io_error();
    sent_ += static_cast<std::size_t>(n);
  }
  return Io::progress;
}

void Connection::finish_request() {
  consumed_ += framer_.message_end();
  framer_.reset();
  release(out_);
  sent_ = 0;
  continue_sent_ = false;
  if (has_unconsumed()) return;
  consumed_ = 0;
  in_.clear();
  if (in_.capacity() > kKeptCapacity) release(in_);
}

void Connection::drop_input() {
  release(in_);
  consumed_ = 0;
  framer_.reset();
}

void Connection::shutdown_write() const { shutdown(fd(), SHUT_WR); }

Connection::Io Connection::discard(std::span<char> scratch) {
  const auto n = retrying([&] { return recv(fd(), scratch.data(), scratch.size(), 0); });
  if (n < 0) return io_error();
  if (n == 0) return Io::end_of_stream;
  discarded_ += static_cast<std::size_t>(n);
  return discarded_ > kMaxDiscarded ? Io::failed : Io::progress;
}

bool Connection::accepted_before_drain() const {
  const std::uint64_t after = in_.size() - consumed_ - framer_.message_end();
  return received_ - after <= drain_mark_;
}

}  // namespace ledgerd::http
