// What the user gets to see.
#pragma once

#include <chrono>
#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "stress/checks.h"
#include "stress/options.h"
#include "stress/tally.h"

namespace ledgerd::stress {

/// A line of the table.
struct Row {
  std::string workload;
  Tally tally;
  std::chrono::steady_clock::duration time{};
};

/// All of these are text of whole lines.
std::string headline(const Options& options, const std::string& run);
std::string table(std::span<const Row> rows, std::uint64_t crashes);
std::string findings(std::span<const Check> checks);

/// One line on the terminal that is written over and over. Nothing at all if the user does not
/// look.
class Progress {
 public:
  explicit Progress(bool wanted);
  ~Progress() { clear(); }
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  void show(const std::string& workload, double share, std::uint64_t transfers,
            std::uint64_t crashes);
  void clear();

 private:
  const bool wanted_;
  bool is_shown_ = false;
};

}  // namespace ledgerd::stress
