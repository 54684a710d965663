#include "support/redis_server.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>

namespace ledger::testing {
namespace {

/// A plain socket: what the tests know of Redis must not come from the code under test.
class Socket {
 public:
  explicit Socket(std::uint16_t port) : fd_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    const timeval patience{.tv_sec = 2, .tv_usec = 0};
    setsockopt(fd_, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ = connect(fd_, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  }
  ~Socket() { close(fd_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;

  std::string ask(const std::string& command) const {
    const std::string line = command + "\r\n";
    const auto size = static_cast<ssize_t>(line.size());
    if (!connected_ || send(fd_, line.data(), line.size(), MSG_NOSIGNAL) != size) return {};
    std::string reply;
    return read_value(reply) ? reply : std::string();
  }

 private:
  bool read_line(std::string& line) const {
    char c = 0;
    while (recv(fd_, &c, 1, 0) == 1) {
      line.push_back(c);
      if (c == '\n') return true;
    }
    return false;
  }

  bool read_bytes(int count, std::string& bytes) const {
    char c = 0;
    while (count > 0 && recv(fd_, &c, 1, 0) == 1) {
      bytes.push_back(c);
      --count;
    }
    return count == 0;
  }

  /// Appends one value as it comes.
  bool read_value(std::string& reply) const {
    std::string line;
    if (!read_line(line)) return false;
    reply += line;
    const int count = std::atoi(line.c_str() + 1);
    if (line.front() == '$') return count < 0 || read_bytes(count + 2, reply);
    if (line.front() != '*') return true;
    for (int i = 0; i < count; ++i) {
      if (!read_value(reply)) return false;
    }
    return true;
  }

  int fd_;
  bool connected_ = false;
};

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

}  // namespace

RedisServer::RedisServer(RedisSettings settings) : settings_(std::move(settings)) {
  for (int tries = 0; tries < 10; ++tries) {
    port_ = unused_port();
    if (start()) return;
  }
  throw std::runtime_error("redis-server did not start (is it installed?): " +
                           read_file(folder_.file("log")));
}

bool RedisServer::start() {
  if (settings_.sentinel_of != 0) write_sentinel_file();
  process_ = std::make_unique<ChildProcess>(folder_.path(), "log", command_line());
  // Its pid: whoever else took the port would answer as well.
  wait_until([this] { return process_->has_ended() || ask("PING").starts_with("+PONG"); });
  return !process_->has_ended();
}

std::vector<std::string> RedisServer::command_line() const {
  if (settings_.sentinel_of != 0) return {"redis-server", "sentinel.conf", "--sentinel"};
  std::vector<std::string> words = {
      "redis-server", "--port", std::to_string(port_), "--bind", "127.0.0.1",
      "--save",       "",       "--appendonly",        "no"};
  if (!settings_.password.empty()) {
    words.insert(words.end(), {"--requirepass", settings_.password});
  }
  if (settings_.replica_of != 0) {
    words.insert(words.end(), {"--replicaof", "127.0.0.1", std::to_string(settings_.replica_of)});
  } else {
    // A replica is sent what there is at once, and not after five seconds.
    words.insert(words.end(), {"--repl-diskless-sync-delay", "0"});
  }
  return words;
}

void RedisServer::write_sentinel_file() const {
  const std::string name = kMasterName;
  std::ofstream(folder_.file("sentinel.conf"))
      << "port " << port_ << "\nbind 127.0.0.1\ndir " << folder_.path()  //
      << "\nsentinel monitor " << name << " 127.0.0.1 " << settings_.sentinel_of << " 2"
      << "\nsentinel down-after-milliseconds " << name << " 1000"
      << "\nsentinel failover-timeout " << name << " 5000\n";
}

std::string RedisServer::ask(const std::string& command) const {
  const Socket socket(port_);
  if (!settings_.password.empty()) static_cast<void>(socket.ask("AUTH " + settings_.password));
  return socket.ask(command);
}

void RedisServer::flush() const {
  if (!ask("FLUSHALL").starts_with("+OK")) throw std::runtime_error("Redis was not flushed");
}

void RedisServer::freeze() { process_->send_signal(SIGSTOP); }

void RedisServer::thaw() { process_->send_signal(SIGCONT); }

void RedisServer::kill_hard() { process_->kill_hard(); }

void RedisServer::restart() {
  if (!start()) throw std::runtime_error("the port was taken in between");
}

RedisFailoverGroup::RedisFailoverGroup() : replica_({.replica_of = master_.port()}) {
  constexpr int kSentinels = 3;
  if (!wait_until([this] { return master_.ask("ROLE").find("127.0.0.1") != std::string::npos; })) {
    throw std::runtime_error("the replica does not follow its master");
  }
  for (int i = 0; i < kSentinels; ++i) {
    sentinels_.push_back(
        std::make_unique<RedisServer>(RedisSettings{.sentinel_of = master_.port()}));
  }
  const bool agreed = wait_until([this] {
    return std::ranges::all_of(sentinels_, [](const auto& sentinel) {
      const std::string seen =
          sentinel->ask(std::string("SENTINEL master ") + RedisServer::kMasterName);
      return seen.find("num-slaves\r\n$1\r\n1\r\n") != std::string_view::npos &&
             seen.find("num-other-sentinels\r\n$1\r\n2\r\n") != std::string_view::npos;
    });
  });
  if (!agreed) throw std::runtime_error("the sentinels do not find each other");
}

std::string RedisFailoverGroup::address() const {
  std::string address = "sentinel://";
  for (const auto& sentinel : sentinels_) {
    if (sentinel != sentinels_.front()) address += ',';
    address += sentinel->address();
  }
  return address + '/' + RedisServer::kMasterName;
}

std::uint16_t RedisFailoverGroup::leader_port() const {
  const std::string reply = sentinels_.front()->ask(
      std::string("SENTINEL get-master-addr-by-name ") + RedisServer::kMasterName);
  // *2 $9 127.0.0.1 $5 12345
  std::istringstream words(reply);
  std::string word;
  for (int i = 0; i < 5; ++i)
    words >> word;
  return static_cast<std::uint16_t>(std::atoi(word.c_str()));
}

}  // namespace ledger::testing
