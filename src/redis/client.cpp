#include "redis/client.h"

#include <algorithm>
#include <charconv>
#include <initializer_list>
#include <string>
#include <utility>

namespace ledger::redis {
namespace {

using std::chrono::steady_clock;
using Kind = Reply::Kind;
using Words = std::vector<std::string_view>;

constexpr std::size_t kMostIdle = 8;

Error unusable(const HostPort& server, std::string_view why) {
  return Error{ErrorCode::store_unavailable, "Redis at " + server.text() + ": " + std::string(why)};
}

/// The server is well and is not the one that leads.
bool is_elsewhere(const Reply& reply) {
  return reply.is_error("READONLY") || reply.is_error("LOADING") || reply.is_error("MASTERDOWN");
}

Words command_for(const Script& script, std::string_view key_count,
                  std::span<const std::string_view> keys,
                  std::span<const std::string_view> arguments) {
  Words words = {"EVALSHA", script.sha1, key_count};
  words.reserve(words.size() + keys.size() + arguments.size());
  words.insert(words.end(), keys.begin(), keys.end());
  words.insert(words.end(), arguments.begin(), arguments.end());
  return words;
}

/// By name and, where the server does not know it (any more), by text.
Result<Reply> evaluate(Connection& connection, const Script& script, Words& words,
                       Deadline deadline) {
  auto reply = connection.call(words, deadline);
  if (!reply || !reply->is_error("NOSCRIPT")) return reply;
  words[0] = "EVAL";
  words[1] = script.text;
  reply = connection.call(words, deadline);
  words[0] = "EVALSHA";
  words[1] = script.sha1;
  return reply;
}

/// Of an answer to a log-in only the first word is repeated: some servers quote the command.
Error refused_log_in(const HostPort& server, const Reply& reply) {
  return unusable(server, "it refused the log-in: " + reply.text.substr(0, reply.text.find(' ')));
}

}  // namespace

Client::Client(Address address, std::chrono::milliseconds connect_timeout,
               std::chrono::milliseconds command_timeout)
    : address_(std::move(address)),
      connect_timeout_(connect_timeout),
      command_timeout_(command_timeout) {}

Result<Reply> Client::run(const Script& script, std::span<const std::string_view> keys,
                          std::span<const std::string_view> arguments, Deadline deadline) {
  const std::string key_count = std::to_string(keys.size());
  Words words = command_for(script, key_count, keys, arguments);
  const auto limit = std::min(deadline, steady_clock::now() + connect_timeout_ + command_timeout_);
  for (std::size_t left = address_.hosts.size();; --left) {
    auto loan = borrow(limit);
    if (!loan) return loan.error();
    const auto call_limit = std::min(limit, steady_clock::now() + command_timeout_);
    auto reply = evaluate(*loan->connection, script, words, call_limit);
    if (reply && reply->kind != Kind::error) {
      give_back(std::move(*loan));
      return reply;
    }
    const bool late = steady_clock::now() >= call_limit;
    // A kept connection may have been dead for long, of a server that is well.
    const bool was_stale = !reply && loan->used_before && !late;
    if (was_stale) {
      drop_idle();
    } else {
      pass_over(loan->place);
    }
    const bool again = was_stale || (reply && is_elsewhere(*reply));
    if (again && !late && left > 0) continue;
    if (!reply) return reply;
    return unusable(loan->connection->server(), reply->text);
  }
}

Result<Client::Loan> Client::borrow(Deadline deadline) {
  {
    base::MutexLock lock(mutex_);
    if (!idle_.empty()) {
      Loan loan = std::move(idle_.back());
      idle_.pop_back();
      return loan;
    }
  }
  return connect(deadline);
}

Result<Client::Loan> Client::connect(Deadline deadline) {
  const std::size_t count = address_.hosts.size();
  std::size_t place = 0;
  {
    base::MutexLock lock(mutex_);
    place = preferred_;
  }
  for (std::size_t tries = 1;; ++tries) {
    const auto limit = std::min(deadline, steady_clock::now() + connect_timeout_);
    auto connection = connect_to(address_.hosts[place], limit);
    if (connection) return Loan{.connection = std::move(*connection), .place = place};
    pass_over(place);
    if (tries == count || steady_clock::now() >= deadline) return connection.error();
    place = (place + 1) % count;
  }
}

Result<std::unique_ptr<Connection>> Client::connect_to(const HostPort& host,
                                                       Deadline deadline) const {
  const bool by_sentinel = !address_.master_name.empty();
  const auto server = by_sentinel ? ask_sentinel(host, deadline) : Result<HostPort>(host);
  if (!server) return server.error();
  auto connection = Connection::open(*server, deadline);
  if (!connection) return connection;
  if (auto known = log_in(**connection, deadline); !known) return known.error();
  return connection;
}

/// https://redis.io/docs/latest/develop/reference/sentinel-clients/
Result<HostPort> Client::ask_sentinel(const HostPort& sentinel, Deadline deadline) const {
  auto connection = Connection::open(sentinel, deadline);
  if (!connection) return connection.error();
  const Words words = {"SENTINEL", "get-master-addr-by-name", address_.master_name};
  const auto reply = (*connection)->call(words, deadline);
  if (!reply) return reply.error();
  if (reply->kind == Kind::error) return unusable(sentinel, reply->text);
  if (reply->kind == Kind::nil) return unusable(sentinel, "it knows no master of that name");
  HostPort master;
  if (reply->elements.size() == 2) {
    const std::string& port = reply->elements[1].text;
    std::from_chars(port.data(), port.data() + port.size(), master.port);
    master.host = reply->elements[0].text;
  }
  if (master.host.empty() || master.port == 0) return unusable(sentinel, "it is no sentinel");
  return master;
}

Result<void> Client::log_in(Connection& connection, Deadline deadline) const {
  const auto tell = [&](const Words& words) -> Result<void> {
    const auto reply = connection.call(words, deadline);
    if (!reply) return reply.error();
    if (reply->kind == Kind::error) return refused_log_in(connection.server(), *reply);
    return {};
  };
  if (!address_.password.empty()) {
    Words words = {"AUTH"};
    if (!address_.user.empty()) words.emplace_back(address_.user);
    words.emplace_back(address_.password);
    if (auto told = tell(words); !told) return told;
  }
  if (address_.db == 0) return {};
  const std::string db = std::to_string(address_.db);
  return tell({"SELECT", db});
}

void Client::give_back(Loan loan) {
  loan.used_before = true;
  base::MutexLock lock(mutex_);
  if (idle_.size() < kMostIdle) idle_.push_back(std::move(loan));
}

void Client::pass_over(std::size_t place) {
  {
    base::MutexLock lock(mutex_);
    if (preferred_ == place) preferred_ = (place + 1) % address_.hosts.size();
  }
  drop_idle();
}

void Client::drop_idle() {
  std::vector<Loan> dropped;  // closed without the mutex
  base::MutexLock lock(mutex_);
  dropped.swap(idle_);
}

}  // namespace ledger::redis
