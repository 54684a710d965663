// A Postgres of the test's own, durable as a real one, in a private folder.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/child_process.h"

namespace ledger::testing {

/// Postgres refuses to run as root; it then runs as another user. For the thread that made it; the
/// const methods are for all.
class PostgresServer {
 public:
  static constexpr const char* kUser = "ledger_test";
  static constexpr const char* kPassword = "s3cret-pass";  // asked for over TCP

  /// Creates it, starts it and waits until it answers. Throws when it does not: a test that needs
  /// Postgres fails without, and is not skipped. `settings` are lines of postgresql.conf.
  explicit PostgresServer(const std::vector<std::string>& settings = {});
  ~PostgresServer();
  PostgresServer(const PostgresServer&) = delete;
  PostgresServer& operator=(const PostgresServer&) = delete;

  [[nodiscard]] std::uint16_t port() const { return port_; }
  /// A URI over TCP, through `port` or the server's own, and one over its Unix socket.
  [[nodiscard]] std::string url(std::uint16_t port = 0) const;
  [[nodiscard]] std::string socket_url() const;

  void stop();          ///< in order: clients are sent away, all is written
  void stop_at_once();  ///< immediate: as after a crash; the next start recovers
  void freeze() const;  ///< SIGSTOP to the postmaster alone: it accepts, and forks nobody
  void thaw() const;    ///< SIGCONT
  void start();         ///< REQUIRES: it has been stopped. On the same port

  /// Runs statements as the superuser. Throws when one fails.
  void execute(const std::string& sql) const;
  /// The first column of the first row; empty: none, or NULL.
  [[nodiscard]] std::string query(const std::string& sql) const;

 private:
  void end(int signal);
  [[nodiscard]] bool is_ready() const;
  [[nodiscard]] std::vector<std::string> as_its_user(std::vector<std::string> words) const;
  void initialise(const std::vector<std::string>& settings) const;

  std::string folder_;
  std::string binaries_;
  std::uint16_t port_ = 0;
  std::unique_ptr<ChildProcess> process_;
};

}  // namespace ledger::testing
