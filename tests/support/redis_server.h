// A Redis of the test's own, on the loopback, in a private folder, that keeps nothing on disk.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.h"
#include "support/temp_folder.h"

namespace ledger::testing {

struct RedisSettings {
  std::string password{};         ///< empty: none
  std::uint16_t replica_of = 0;   ///< the master's port; 0: it is a master
  std::uint16_t sentinel_of = 0;  ///< the watched master's port; 0: it is no sentinel
};

/// For the thread that made it; port(), address() and ask() are for all.
class RedisServer {
 public:
  /// The name under which sentinels know their master.
  static constexpr const char* kMasterName = "ledger";

  /// Starts it and waits until it answers. Throws when it does not: a test that needs Redis fails
  /// without, and is not skipped.
  explicit RedisServer(RedisSettings settings = {});

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

  /// The whole reply to one command, as it comes over the wire; empty when there is none in time.
  [[nodiscard]] std::string ask(const std::string& command) const;
  void flush() const;

  void freeze();  ///< SIGSTOP: connections stay, answers do not come
  void thaw();    ///< SIGCONT
  void kill_hard();
  /// On the same port, empty. REQUIRES: it has been killed.
  void restart();

 private:
  [[nodiscard]] bool start();
  [[nodiscard]] std::vector<std::string> command_line() const;
  void write_sentinel_file() const;

  const RedisSettings settings_;
  TempFolder folder_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

/// One master, one replica of it, and three sentinels that agree on both.
class RedisFailoverGroup {
 public:
  RedisFailoverGroup();

  RedisServer& master() { return master_; }
  RedisServer& replica() { return replica_; }
  /// sentinel://…
  [[nodiscard]] std::string address() const;
  /// The port that the sentinels hold for the master's; 0: they do not say.
  [[nodiscard]] std::uint16_t leader_port() const;

 private:
  RedisServer master_;
  RedisServer replica_;
  std::vector<std::unique_ptr<RedisServer>> sentinels_;
};

}  // namespace ledger::testing
