// A TCP proxy that can cut connections at a chosen byte of the traffic.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string_view>
#include <thread>

namespace ledger::testing {

enum class Flow { to_server, to_client };

/// Listens on the loopback and passes everything on to a port there. One thread serves all
/// connections. All methods may be called from any thread.
class TcpProxy {
 public:
  /// Asked for everything that arrives, connection by connection, before it is passed on: how much
  /// of `bytes` may pass. Less than all of it: that much is passed on and the connection is cut,
  /// with a reset, on both sides. Called on the proxy's thread.
  using Judge = std::function<std::size_t(Flow flow, std::string_view bytes)>;

  /// Throws when it cannot listen.
  explicit TcpProxy(std::uint16_t server_port);
  ~TcpProxy();
  TcpProxy(const TcpProxy&) = delete;
  TcpProxy& operator=(const TcpProxy&) = delete;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }
  /// For what arrives from now on. Empty: everything passes.
  void set_judge(Judge judge);
  [[nodiscard]] int cuts() const noexcept { return cuts_; }

 private:
  class Pairs;
  std::shared_ptr<const Judge> judge();
  void serve();

  const std::uint16_t server_port_;
  std::uint16_t port_ = 0;
  int listener_ = -1;
  std::mutex mutex_;
  std::shared_ptr<const Judge> judge_;  // under mutex_
  std::atomic<int> cuts_ = 0;
  std::atomic<bool> ending_ = false;
  std::thread thread_;
};

}  // namespace ledger::testing
