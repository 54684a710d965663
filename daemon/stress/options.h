// The command line of `ledgerd stress`.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

namespace ledgerd::stress {

struct Options {
  std::vector<std::string> urls{"http://127.0.0.1:8080"};
  std::uint64_t clients = 16;
  /// For all workloads together, in equal parts. Nothing: no limit, `transfers` is one.
  std::optional<std::chrono::milliseconds> duration = std::chrono::seconds(15);
  std::optional<std::uint64_t> transfers;
  std::uint64_t seed = 0;
  /// For one answer.
  std::chrono::milliseconds timeout{5'000};
  /// How long servers may be away: before the start, after a crash, and until each key has got its
  /// answer in the end.
  std::chrono::milliseconds patience{30'000};
  /// One for each server that is to crash; run by sh, the restart after the crash.
  std::vector<std::string> crash_commands;
  std::vector<std::string> restart_commands;
  /// On average.
  std::chrono::milliseconds crash_every{2'000};
  bool quiet = false;
};

/// One sentence each.
struct OptionErrors {
  std::vector<std::string> messages;
};

/// --help: to be printed, and that is all.
struct OptionText {
  std::string text;
};

/// `arguments` without the program's name and "stress".
std::variant<Options, OptionErrors, OptionText> parse_options(
    std::span<const std::string> arguments);

}  // namespace ledgerd::stress
