// The built ledgerd as a process of the test's own, in a folder of its own.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "support/child_process.h"
#include "support/raw_http.h"
#include "support/temp_folder.h"

namespace ledgerd::testing {

using Arguments = std::vector<std::string>;
using Variables = std::map<std::string, std::string>;

/// What became of a process that ended.
struct Ended {
  int exit_code = -1;  ///< 128 + signal if one killed it
  std::string out;
  std::string err;
};

/// One run of ledgerd, with `folder` as its working directory. Of the test's own environment it
/// sees nothing that configures it. Killed, by its pid, when this object goes or the test dies.
class LedgerdRun {
 public:
  LedgerdRun(const std::string& folder, const Arguments& arguments, const Variables& variables);
  ~LedgerdRun();
  LedgerdRun(const LedgerdRun&) = delete;
  LedgerdRun& operator=(const LedgerdRun&) = delete;

  [[nodiscard]] pid_t pid() const { return pid_; }
  void send_signal(int signal) const;
  /// How it ended; nothing if it is still running after `timeout`.
  std::optional<Ended> wait(std::chrono::milliseconds timeout = kPatience);
  /// All that was written to standard output and standard error so far.
  [[nodiscard]] std::string out() const;
  [[nodiscard]] std::string err() const;

 private:
  std::string out_path_;
  std::string err_path_;
  pid_t pid_ = -1;
  std::optional<int> exit_code_;
};

/// Runs ledgerd until it ends by itself; exit code -1 if it does not.
Ended run_ledgerd(const std::string& folder, const Arguments& arguments,
                  const Variables& variables = {});

/// A ledgerd that serves. All methods are for the thread that made it; port() is for all.
class LedgerdProcess {
 public:
  /// Starts with `--listen` on a free port beside `arguments`, and waits until it answers. Throws
  /// with what it wrote to stderr if it does not. REQUIRES: a log level of info or debug.
  explicit LedgerdProcess(Arguments arguments = {}, Variables variables = {});

  [[nodiscard]] std::uint16_t port() const { return port_; }
  [[nodiscard]] const ledger::testing::TempFolder& folder() const { return folder_; }
  [[nodiscard]] LedgerdRun& run() const { return *run_; }

  /// SIGKILL: what a crash or a power cut leaves of a process.
  void kill_hard();
  /// Starts again in the same folder, on the same port. REQUIRES: it has ended.
  void restart();
  /// Whether it answers on a new connection.
  [[nodiscard]] bool is_alive() const;
  /// The most memory it ever had resident.
  [[nodiscard]] std::size_t peak_memory_kib() const;

 private:
  /// False if the port was taken.
  bool start();

  ledger::testing::TempFolder folder_;
  Arguments arguments_;
  Variables variables_;
  std::uint16_t port_ = 0;
  std::unique_ptr<LedgerdRun> run_;
};

}  // namespace ledgerd::testing
