// A lock service that fails at its one task: it grants every lease to everybody.
#pragma once

#include <atomic>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

namespace ledger::testing {

/// Speaks enough of Redis' protocol for the scripts of the Redis lock provider, each of which it
/// answers with an empty list: none of the accounts is refused.
class GrantingRedis {
 public:
  GrantingRedis();
  ~GrantingRedis();
  GrantingRedis(const GrantingRedis&) = delete;
  GrantingRedis& operator=(const GrantingRedis&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }
  /// How many scripts it was asked to run.
  [[nodiscard]] std::uint64_t scripts() const { return scripts_; }

 private:
  void serve();
  void talk(int connection);
  [[nodiscard]] std::string reply_to(const std::string& command);

  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> scripts_{0};
  std::vector<std::thread> talks_;
  std::thread thread_;
};

}  // namespace ledger::testing
