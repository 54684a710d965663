// Something that listens where a Redis should, and is none.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>

namespace ledger::testing {

/// Answers whatever it is sent with `reply`, one connection after the other.
class OddServer {
 public:
  /// With a `pause` it sends one byte at a time, and waits as long between them.
  explicit OddServer(std::string reply, std::chrono::milliseconds pause = {});
  ~OddServer();
  OddServer(const OddServer&) = delete;
  OddServer& operator=(const OddServer&) = delete;

  [[nodiscard]] std::string address() const { return "127.0.0.1:" + std::to_string(port_); }

 private:
  void serve();
  void answer(int connection) const;

  const std::string reply_;
  const std::chrono::milliseconds pause_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::atomic<bool> stopping_ = false;
  std::thread thread_;
};

}  // namespace ledger::testing
