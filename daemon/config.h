// What ledgerd is told by its command line and environment.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "backends.h"
#include "http/server_options.h"
#include "http/socket.h"
#include "log.h"

namespace ledgerd {

enum class Command : std::uint8_t {
  serve,
  migrate,  ///< bring the schema up to date, and end
};

struct Config {
  Command command = Command::serve;
  http::ListenAddress listen{"127.0.0.1", 8080};
  http::ServerOptions server;
  BackendConfig backends;
  bool demo = false;
  bool chaos = false;  ///< heed X-Simulate-Chaos
  LogLevel log_level = LogLevel::info;
  LogFormat log_format = LogFormat::text;
  /// How long a drain may take before the process gives up on what is under way.
  std::chrono::milliseconds grace{10'000};
  /// What was set and has no effect; to be logged.
  std::vector<std::string> warnings;
};

/// All that is wrong, one sentence each, naming the setting.
struct ConfigErrors {
  std::vector<std::string> messages;
};

/// --help or --version: to be printed, and that is all.
struct ConfigText {
  std::string text;
};

using Environment = std::map<std::string, std::string, std::less<>>;

/// `arguments` without the program's name. A flag wins over its variable; an empty variable counts
/// as unset. Host names are looked up; nothing else outside the arguments is.
std::variant<Config, ConfigErrors, ConfigText> parse_config(std::span<const std::string> arguments,
                                                            const Environment& environment);

}  // namespace ledgerd
