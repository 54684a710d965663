#include "http/event_loop.h"

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <new>
#include <system_error>
#include <utility>

namespace ledgerd::http {
namespace {

using std::chrono::milliseconds;

constexpr std::size_t kScratchBytes = std::size_t{64} * 1024;
constexpr int kEventsPerWait = 256;

// Long enough for a response to cross an ocean and for a client in mid-upload to notice it.
constexpr milliseconds kLingerTime{2'000};

// Connections beyond the maximum that are kept just long enough to be told so. Past these, the
// door is shut without a word.
constexpr std::size_t kRefusalSlots = 128;

// Retry-After, in seconds: where room may be found at once, and where it takes other clients, or
// another server, to make some.
constexpr std::string_view kRetrySoon = "1";
constexpr std::string_view kRetryLater = "5";

constexpr Problem kOverloaded{503, "overloaded", "The server is busy; try again shortly."};
constexpr Problem kTooManyConnections{503, "too_many_connections",
                                      "The server has too many connections."};
/// The ledger has this code, too, and a code has one title.
constexpr Problem kShuttingDown{503, "shutting_down", "The server is shutting down.",
                                "the ledger is shutting down; try again with the same key"};
constexpr Problem kRequestTimeout{408, "request_timeout",
                                  "The request did not arrive completely in time."};

std::string failure(const char* what) {
  return std::string(what) + ": " + std::generic_category().message(errno);
}

}  // namespace

EventLoop::EventLoop(const ServerOptions& options, Dispatch dispatch,
                     std::function<void()> on_drained)
    : options_(options),
      dispatch_(std::move(dispatch)),
      on_drained_(std::move(on_drained)),
      acceptor_([this](UniqueFd fd, Peer peer) { admit(std::move(fd), std::move(peer)); }) {
  list(Phase::idle).allowance = options_.idle_timeout;
  list(Phase::receiving).allowance = options_.request_timeout;
  list(Phase::sending).allowance = options_.write_timeout;
  list(Phase::lingering).allowance = kLingerTime;
}

EventLoop::~EventLoop() = default;

std::optional<std::string> EventLoop::open(UniqueFd listener) {
  epoll_.reset(epoll_create1(EPOLL_CLOEXEC));
  wake_.reset(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC));
  if (!epoll_.valid() || !wake_.valid()) return failure("cannot create epoll or eventfd");

  epoll_event wake_event{.events = EPOLLIN, .data = {.ptr = &wake_}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, wake_.get(), &wake_event) != 0 ||
      !acceptor_.open(epoll_.get(), std::move(listener))) {
    return failure("cannot watch the listening socket");
  }
  scratch_.resize(kScratchBytes);
  {
    // As many as can be in workers' hands, so that complete() never allocates.
    ledger::base::MutexLock lock(completed_mutex_);
    completed_.reserve(options_.workers + options_.max_queued);
  }
  taken_.reserve(options_.workers + options_.max_queued);
  return std::nullopt;
}

void EventLoop::run() {
  while (!stop_requested_.load(std::memory_order_acquire)) {
    wait_and_handle_events();
    take_completions();
    take_drain_request();
    expire_deadlines();
    reap();
    report_if_drained();
  }
}

void EventLoop::complete(Connection& connection) {
  bool first = false;
  {
    ledger::base::MutexLock lock(completed_mutex_);
    first = completed_.empty();
    completed_.push_back(&connection);
  }
  if (first) wake();
}

void EventLoop::begin_drain() {
  drain_requested_.store(true, std::memory_order_release);
  wake();
}

void EventLoop::stop() {
  stop_requested_.store(true, std::memory_order_release);
  wake();
}

void EventLoop::wake() {
  const std::uint64_t one = 1;
  // Fails only if the counter is full, and then the loop is awake anyway.
  [[maybe_unused]] const ssize_t n = write(wake_.get(), &one, sizeof one);
}

void EventLoop::close_all() {
  for (PhaseList& phase : phases_)
    phase.members.clear();
  acceptor_.close();
}

void EventLoop::wait_and_handle_events() {
  std::array<epoll_event, kEventsPerWait> events;
  const int n = epoll_wait(epoll_.get(), events.data(), kEventsPerWait, wait_milliseconds());
  now_ = Clock::now();
  for (int i = 0; i < n; ++i)
    handle_event(events[static_cast<std::size_t>(i)].data.ptr);
}

int EventLoop::wait_milliseconds() const {
  auto next = acceptor_.paused_until().value_or(Clock::time_point::max());
  for (const PhaseList& phase : phases_) {
    if (!phase.members.empty()) next = std::min(next, phase.members.front().deadline);
  }
  if (next == Clock::time_point::max()) return -1;
  // Rounded up: waking a fraction of a millisecond early would mean spinning through it.
  const auto left = std::chrono::ceil<milliseconds>(next - Clock::now()).count();
  return static_cast<int>(std::clamp<std::int64_t>(left, 0, 60'000));
}

void EventLoop::handle_event(void* source) {
  if (source == &acceptor_) return acceptor_.accept_ready(now_);
  if (source == &wake_) {
    std::uint64_t count = 0;
    [[maybe_unused]] const ssize_t n = read(wake_.get(), &count, sizeof count);
    return;
  }
  advance(*static_cast<Connection*>(source));
}

void EventLoop::take_completions() {
  {
    ledger::base::MutexLock lock(completed_mutex_);
    taken_.swap(completed_);
  }
  for (Connection* connection : taken_) {
    enter(*connection, Phase::sending);
    advance(*connection);
  }
  taken_.clear();
}

void EventLoop::take_drain_request() {
  if (draining_ || !drain_requested_.load(std::memory_order_acquire)) return;
  draining_ = true;
  for (PhaseList& phase : phases_) {
    for (Connection& connection : phase.members)
      connection.mark_drain();
  }
  // Each either has a request waiting in its socket, and is told, or is closed: the front goes.
  auto& idle = list(Phase::idle).members;
  while (!idle.empty())
    advance(idle.front());
}

void EventLoop::report_if_drained() {
  const bool quiet =
      list(Phase::dispatched).members.empty() && list(Phase::sending).members.empty();
  if (!draining_ || drained_ || !quiet) return;
  drained_ = true;
  on_drained_();
}

void EventLoop::expire_deadlines() {
  if (acceptor_.paused_until().value_or(Clock::time_point::max()) <= now_) acceptor_.resume();
  for (PhaseList& phase : phases_) {
    while (!phase.members.empty() && phase.members.front().deadline <= now_) {
      expire(phase.members.front());
    }
  }
}

void EventLoop::expire(Connection& connection) {
  if (connection.phase == Phase::receiving) {
    return refuse_and_advance(connection, kRequestTimeout);
  }
  // Closed normally, the kernel would go on offering the response to a client that does not read.
  if (connection.phase == Phase::sending) connection.reset_on_close();
  close(connection);
}

void EventLoop::reap() {
  auto& closed = list(Phase::closed).members;
  if (closed.empty()) return;
  closed.clear();
  if (acceptor_.paused_until()) acceptor_.resume();
}

void EventLoop::admit(UniqueFd fd, Peer peer) {
  const std::size_t open = open_connections();
  if (open >= options_.max_connections + kRefusalSlots) return;
  auto& idle = list(Phase::idle).members;
  Connection& connection = idle.emplace_back(std::move(fd), std::move(peer), options_.limits);
  connection.self = std::prev(idle.end());
  connection.phase = Phase::idle;
  enter(connection, Phase::idle);

  epoll_event event{.events = EPOLLIN | EPOLLOUT | EPOLLRDHUP | EPOLLET,
                    .data = {.ptr = &connection}};
  if (epoll_ctl(epoll_.get(), EPOLL_CTL_ADD, connection.fd(), &event) != 0) {
    close(connection);
  } else if (open >= options_.max_connections || draining_) {
    refuse_and_advance(connection, draining_ ? kShuttingDown : kTooManyConnections, kRetryLater);
  }
}

void EventLoop::advance(Connection& connection) {
  try {
    while (step(connection)) {
    }
  } catch (const std::bad_alloc&) {
    close(connection);
  }
}

void EventLoop::refuse_and_advance(Connection& connection, const Problem& problem,
                                   std::string_view retry_after) {
  try {
    refuse(connection, problem, retry_after);
  } catch (const std::bad_alloc&) {
    close(connection);
  }
  advance(connection);
}

bool EventLoop::step(Connection& connection) {
  switch (connection.phase) {
    case Phase::idle:
    case Phase::receiving:
      return step_receiving(connection);
    case Phase::sending:
      return step_sending(connection);
    case Phase::lingering:
      return step_lingering(connection);
    case Phase::dispatched:
    case Phase::closed:
      return false;
  }
  return false;
}

bool EventLoop::step_receiving(Connection& connection) {
  switch (connection.frame()) {
    case RequestFramer::State::complete:
      return step_dispatch(connection);
    case RequestFramer::State::malformed:
      return refuse(connection, connection.framer().problem());
    case RequestFramer::State::need_more:
      break;
  }
  if (connection.phase == Phase::idle && connection.has_unconsumed()) {
    enter(connection, Phase::receiving);
  }
  if (!connection.send_continue()) return close(connection);
  return step_reading(connection);
}

bool EventLoop::step_reading(Connection& connection) {
  switch (connection.receive(scratch_)) {
    case Connection::Io::progress:
      charge(connection);
      return over_budget() ? refuse(connection, kOverloaded, kRetrySoon) : true;
    case Connection::Io::would_block:
      return draining_ && connection.phase == Phase::idle ? close(connection) : false;
    case Connection::Io::end_of_stream:
    case Connection::Io::failed:
      return close(connection);
  }
  return false;
}

bool EventLoop::step_dispatch(Connection& connection) {
  if (draining_ && !connection.accepted_before_drain()) {
    return refuse(connection, kShuttingDown, kRetryLater);
  }
  enter(connection, Phase::dispatched);
  if (dispatch_(connection)) return false;
  return refuse(connection, kOverloaded, kRetrySoon);
}

bool EventLoop::step_sending(Connection& connection) {
  switch (connection.flush()) {
    case Connection::Io::progress:
      break;
    case Connection::Io::would_block:
      charge(connection);
      return over_budget() ? close(connection) : false;
    case Connection::Io::end_of_stream:
    case Connection::Io::failed:
      return close(connection);
  }
  if (connection.ends()) {
    connection.drop_input();
    connection.shutdown_write();
    enter(connection, Phase::lingering);
  } else {
    connection.finish_request();
    enter(connection, Phase::idle);
  }
  charge(connection);
  return true;
}

bool EventLoop::step_lingering(Connection& connection) {
  switch (connection.discard(scratch_)) {
    case Connection::Io::progress:
      return true;
    case Connection::Io::would_block:
      return false;
    case Connection::Io::end_of_stream:
    case Connection::Io::failed:
      return close(connection);
  }
  return false;
}

bool EventLoop::refuse(Connection& connection, const Problem& problem,
                       std::string_view retry_after) {
  // Input last: the problem may be the framer's own.
  connection.respond(retry_after.empty()
                         ? problem_response(problem)
                         : problem_response(problem, {{"Retry-After", retry_after}}),
                     true);
  connection.drop_input();
  charge(connection);
  enter(connection, Phase::sending);
  return true;
}

bool EventLoop::close(Connection& connection) {
  connection.close();
  buffered_ -= std::exchange(connection.charged, 0);
  enter(connection, Phase::closed);
  return false;
}

void EventLoop::enter(Connection& connection, Phase phase) {
  PhaseList& from = list(connection.phase);
  PhaseList& to = list(phase);
  to.members.splice(to.members.end(), from.members, connection.self);
  connection.phase = phase;
  const bool unlimited = to.allowance == milliseconds::zero();
  connection.deadline = unlimited ? Clock::time_point::max() : now_ + to.allowance;
}

std::size_t EventLoop::open_connections() const {
  std::size_t open = 0;
  for (const PhaseList& phase : phases_)
    open += phase.members.size();
  return open - list(Phase::closed).members.size();
}

void EventLoop::charge(Connection& connection) {
  buffered_ -= connection.charged;
  connection.charged = connection.buffer_bytes();
  buffered_ += connection.charged;
}

}  // namespace ledgerd::http
