#include "redis/connection.h"

#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <poll.h>
#include <sys/socket.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <system_error>
#include <utility>

namespace ledger::redis {
namespace {

using std::chrono::ceil;
using std::chrono::microseconds;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

constexpr std::string_view kLate = "no answer in time";

struct FreeContext {
  void operator()(redisContext* context) const { redisFree(context); }
};
struct FreeReply {
  void operator()(void* reply) const { freeReplyObject(reply); }
};
struct FreeCommand {
  void operator()(char* command) const { redisFreeCommand(command); }
};
using ReplyOwner = std::unique_ptr<redisReply, FreeReply>;

timeval time_left(Deadline deadline) {
  // A time-out of zero would mean none at all.
  const auto left =
      std::max(ceil<microseconds>(deadline - steady_clock::now()), microseconds(1)).count();
  return {.tv_sec = static_cast<time_t>(left / 1'000'000),
          .tv_usec = static_cast<suseconds_t>(left % 1'000'000)};
}

std::string text_of(int error) { return std::generic_category().message(error); }

Error unreachable(const HostPort& server, std::string_view why) {
  return Error{ErrorCode::store_unavailable, "Redis at " + server.text() + ": " + std::string(why)};
}

Reply to_reply(const redisReply& from) {
  Reply reply;
  switch (from.type) {
    case REDIS_REPLY_INTEGER:
      reply.kind = Reply::Kind::integer;
      reply.integer = from.integer;
      break;
    case REDIS_REPLY_STATUS:
    case REDIS_REPLY_STRING:
      reply.kind = Reply::Kind::text;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ERROR:
      reply.kind = Reply::Kind::error;
      reply.text.assign(from.str, from.len);
      break;
    case REDIS_REPLY_ARRAY:
      reply.kind = Reply::Kind::array;
      reply.elements.reserve(from.elements);
      for (std::size_t i = 0; i < from.elements; ++i)
        reply.elements.push_back(to_reply(*from.element[i]));
      break;
    default:
      break;
  }
  return reply;
}

}  // namespace

struct Connection::Hiredis {
  std::unique_ptr<redisContext, FreeContext> context;
};

Connection::Connection(HostPort server, std::unique_ptr<Hiredis> hiredis)
    : server_(std::move(server)), hiredis_(std::move(hiredis)) {}

Connection::~Connection() = default;

Result<std::unique_ptr<Connection>> Connection::open(const HostPort& server, Deadline deadline) {
  auto hiredis = std::make_unique<Hiredis>();
  const timeval left = time_left(deadline);
  hiredis->context.reset(redisConnectWithTimeout(server.host.c_str(), server.port, left));
  redisContext* const context = hiredis->context.get();
  if (context == nullptr) return unreachable(server, "out of memory");
  if (context->err != 0) return unreachable(server, context->errstr);
  // Every wait below has a deadline of its own; this one is for what hiredis may do behind it.
  if (redisSetTimeout(context, left) != REDIS_OK) return unreachable(server, context->errstr);
  redisEnableKeepAlive(context);
  fcntl(context->fd, F_SETFD, FD_CLOEXEC);
  return std::unique_ptr<Connection>(new Connection(server, std::move(hiredis)));
}

Result<Reply> Connection::call(std::span<const std::string_view> words, Deadline deadline) {
  if (!hiredis_) return unreachable(server_, "the connection is closed");
  if (auto sent = send(words, deadline); !sent) return sent.error();
  return receive(deadline);
}

/// hiredis would write with a call that raises SIGPIPE, and that ends a process which does not
/// ignore it.
Result<void> Connection::send(std::span<const std::string_view> words, Deadline deadline) {
  std::vector<const char*> texts;
  std::vector<std::size_t> sizes;
  texts.reserve(words.size());
  sizes.reserve(words.size());
  for (const std::string_view word : words) {
    texts.push_back(word.data());
    sizes.push_back(word.size());
  }
  char* formatted = nullptr;
  const int size = redisFormatCommandArgv(&formatted, static_cast<int>(words.size()), texts.data(),
                                          sizes.data());
  if (size < 0) return lost("out of memory");
  const std::unique_ptr<char, FreeCommand> owner(formatted);

  std::string_view left(formatted, static_cast<std::size_t>(size));
  while (!left.empty()) {
    const auto sent =
        ::send(hiredis_->context->fd, left.data(), left.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (sent >= 0) {
      left.remove_prefix(static_cast<std::size_t>(sent));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) {
      if (auto ready = wait_for(POLLOUT, deadline); !ready) return ready;
    } else if (errno != EINTR) {
      return lost(text_of(errno));
    }
  }
  return {};
}

Result<Reply> Connection::receive(Deadline deadline) {
  for (;;) {
    void* got = nullptr;
    redisContext* const context = hiredis_->context.get();
    if (redisGetReplyFromReader(context, &got) != REDIS_OK) return lost(context->errstr);
    if (got != nullptr) return to_reply(*ReplyOwner(static_cast<redisReply*>(got)));
    if (auto ready = wait_for(POLLIN, deadline); !ready) return ready.error();
    if (redisBufferRead(context) != REDIS_OK) return lost(context->errstr);
  }
}

/// hiredis' own time-out starts anew with every byte that comes.
Result<void> Connection::wait_for(short events, Deadline deadline) {
  for (;;) {
    const auto left = deadline - steady_clock::now();
    if (left <= std::chrono::nanoseconds::zero()) return lost(kLate);
    pollfd ready{.fd = hiredis_->context->fd, .events = events, .revents = 0};
    const auto wait = std::min<std::int64_t>(ceil<milliseconds>(left).count(), 60'000);
    const int count = poll(&ready, 1, static_cast<int>(wait));
    if (count > 0) return {};
    if (count < 0 && errno != EINTR) return lost(text_of(errno));
  }
}

Error Connection::lost(std::string_view why) {
  Error error = unreachable(server_, why);
  hiredis_.reset();
  return error;
}

}  // namespace ledger::redis
