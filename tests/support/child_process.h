// A server that a test starts for itself.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace ledger::testing {

/// A program, run in `folder`; what it writes goes to `log` there. Killed, by its pid, when this
/// object goes or the test dies. For the thread that made it, which must outlive it.
class ChildProcess {
 public:
  /// words[0] is the program, looked up in PATH.
  ChildProcess(const std::string& folder, const std::string& log, std::vector<std::string> words);
  ~ChildProcess();
  ChildProcess(const ChildProcess&) = delete;
  ChildProcess& operator=(const ChildProcess&) = delete;

  void send_signal(int signal) const;
  [[nodiscard]] bool has_ended();
  /// SIGKILL, and waits for the end.
  void kill_hard();

 private:
  pid_t pid_ = -1;
};

/// Looks every few milliseconds; false if it does not come true in time.
bool wait_until(const std::function<bool()>& condition,
                std::chrono::milliseconds patience = std::chrono::seconds(30));

/// A port that nobody listens on, below the range that outgoing connections are given: a server
/// that is restarted would lose one of those to a client that keeps trying.
std::uint16_t unused_port();

}  // namespace ledger::testing
