#include "http/server.h"

#include <sys/resource.h>

#include <algorithm>
#include <thread>
#include <utility>

#include "base/mutex.h"
#include "http/event_loop.h"
#include "http/problem.h"
#include "http/socket.h"
#include "http/worker_pool.h"

namespace ledgerd::http {
namespace {

using ledger::base::MutexLock;

// Descriptors that connections may not use up: the store's files, log, lock service, refusals.
constexpr std::size_t kReservedFiles = 256;

constexpr Problem kInternalError{500, "internal_error", "The server failed to answer."};

/// How many of the `wanted` connections the limit on open files has room for, after raising it.
std::size_t affordable_connections(std::size_t wanted) {
  rlimit limit{};
  if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return wanted;
  const rlim_t needed = wanted + kReservedFiles;
  if (limit.rlim_cur < needed) {
    rlimit raised = limit;
    raised.rlim_cur = std::min<rlim_t>(needed, limit.rlim_max);
    if (setrlimit(RLIMIT_NOFILE, &raised) == 0) limit = raised;
  }
  if (limit.rlim_cur >= needed) return wanted;
  const rlim_t room = limit.rlim_cur > kReservedFiles ? limit.rlim_cur - kReservedFiles : 1;
  return static_cast<std::size_t>(room);
}

ServerOptions with_affordable_connections(ServerOptions options) {
  options.max_connections = affordable_connections(options.max_connections);
  return options;
}

}  // namespace

class Server::Impl {
 public:
  Impl(const ServerOptions& options, Handler handler)
      : handler_(std::move(handler)),
        workers_(options.workers),
        pool_(options.max_queued, [this](Connection& connection) { serve(connection); }),
        loop_(
            with_affordable_connections(options),
            [this](Connection& connection) { return pool_.try_submit(connection); },
            [this] { report_drained(); }) {}

  ~Impl() { stop(); }

  std::optional<std::string> start(const std::string& host, std::uint16_t port);
  std::uint16_t port() const { return port_; }
  void begin_drain() { loop_.begin_drain(); }
  bool wait_drained(Clock::time_point deadline);
  void stop();

 private:
  void serve(Connection& connection);
  void report_drained();

  const Handler handler_;
  const std::size_t workers_;
  std::uint16_t port_ = 0;
  WorkerPool pool_;
  EventLoop loop_;

  ledger::base::Mutex stop_mutex_;  ///< one stop() at a time
  std::thread thread_ LEDGER_GUARDED_BY(stop_mutex_);

  ledger::base::Mutex drained_mutex_;
  ledger::base::CondVar drained_changed_;
  bool drained_ LEDGER_GUARDED_BY(drained_mutex_) = false;
};

std::optional<std::string> Server::Impl::start(const std::string& host, std::uint16_t port) {
  Listener listener;
  if (auto error = open_listener({host, port}, listener)) return error;
  port_ = listener.port;
  if (auto error = loop_.open(std::move(listener.fd))) return error;
  if (auto error = pool_.start(workers_)) return error;
  try {
    MutexLock lock(stop_mutex_);
    thread_ = std::thread([this] { loop_.run(); });
  } catch (const std::exception& error) {
    return std::string("cannot start the server's thread: ") + error.what();
  }
  return std::nullopt;
}

// On a worker. Whatever happens, the connection goes back to the loop with a response.
void Server::Impl::serve(Connection& connection) {
  try {
    const InboundRequest request = connection.request();
    Response response = handler_(request);
    connection.respond(std::move(response.bytes), response.close || request.close);
  } catch (...) {
    connection.respond(problem_response(kInternalError), true);
  }
  // Most responses fit the socket's buffer and spare the loop the work. If not, or if the socket
  // failed, the loop finds out.
  connection.flush();
  loop_.complete(connection);
}

void Server::Impl::report_drained() {
  MutexLock lock(drained_mutex_);
  drained_ = true;
  drained_changed_.notify_all();
}

bool Server::Impl::wait_drained(Clock::time_point deadline) {
  MutexLock lock(drained_mutex_);
  while (!drained_) {
    const auto left = deadline - Clock::now();
    if (left <= Clock::duration::zero()) return false;
    drained_changed_.wait_for(drained_mutex_, left);
  }
  return true;
}

// The loop first, so that nothing new is dispatched; then the workers, so that nobody uses a
// connection; then the connections.
void Server::Impl::stop() {
  MutexLock lock(stop_mutex_);
  if (thread_.joinable()) {
    loop_.stop();
    thread_.join();
  }
  pool_.stop();
  loop_.close_all();
}

Server::Server(ServerOptions options, Handler handler)
    : impl_(std::make_unique<Impl>(options, std::move(handler))) {}

Server::~Server() = default;

std::optional<std::string> Server::start(const std::string& host, std::uint16_t port) {
  return impl_->start(host, port);
}

std::uint16_t Server::port() const { return impl_->port(); }

void Server::begin_drain() { impl_->begin_drain(); }

bool Server::wait_drained(std::chrono::steady_clock::time_point deadline) {
  return impl_->wait_drained(deadline);
}

void Server::stop() { impl_->stop(); }

}  // namespace ledgerd::http
