#include "stress/options.h"

#include <charconv>
#include <cmath>
#include <random>
#include <string_view>

#include <fmt/format.h>
#include <CLI/CLI.hpp>

namespace ledgerd::stress {
namespace {

constexpr const char* kAbout =
    "Transfers money through running ledgerds as fast as they can take it, from many clients, and\n"
    "then checks that not a cent was lost, made, or moved twice.";

constexpr const char* kFooter =
    "It uses the public HTTP contract alone and moves money only between accounts that it\n"
    "opens itself, so it can run against a ledger that is in use; its accounts stay. Give\n"
    "--url once for each ledgerd over the same store.\n"
    "\n"
    "Crashes: commands are run by sh. A restart command must return, so it starts the server\n"
    "in the background; and a killed one takes a moment to let go of its port:\n"
    "  ledgerd stress --url http://127.0.0.1:8081 \\\n"
    "    --crash-command 'kill -9 $(cat l1.pid); sleep 0.5' \\\n"
    "    --restart-command 'ledgerd --listen 127.0.0.1:8081 2>>l1.log & echo $! >l1.pid'\n"
    "\n"
    "All answers are kept in memory, under 1 KB a transfer.\n"
    "\n"
    "Exit status: 0 everything held, 1 something did not, 2 bad usage, 3 it could not be told:\n"
    "the servers were away for too long, or left requests unresolved.";

constexpr double kLongest = 86'400;

/// "http://host:port" and nothing more. The host is looked up when it is called.
bool is_url(std::string_view url) {
  constexpr std::string_view kScheme = "http://";
  if (!url.starts_with(kScheme)) return false;
  const std::string_view rest = url.substr(kScheme.size());
  const auto colon = rest.rfind(':');
  if (colon == std::string_view::npos || colon == 0) return false;
  const std::string_view port = rest.substr(colon + 1);
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), number);
  const bool has_port = error == std::errc() && end == port.data() + port.size() && number > 0;
  return has_port && rest.find_first_of("/?#@ ") == std::string_view::npos;
}

std::chrono::milliseconds milliseconds(double seconds) {
  return std::chrono::milliseconds(std::llround(seconds * 1000));
}

/// What CLI11 fills in; turned into Options when all is there.
class CommandLine {
 public:
  CommandLine() {
    app_.footer(kFooter);
    add_list("--url", options_.urls, "A ledgerd, http://HOST:PORT [http://127.0.0.1:8080]", "URL");
    app_.add_option("--clients", options_.clients, "Clients at once, spread over the URLs [16]")
        ->type_name("COUNT")
        ->check(CLI::Range(2, 1024));
    add_seconds("--duration", duration_, "How long, in all [15, or until --transfers are done]");
    app_.add_option("--transfers", transfers_, "How many transfers to ask for, in all")
        ->type_name("COUNT")
        ->check(CLI::Range(std::uint64_t{1}, std::uint64_t{1'000'000'000}));
    app_.add_option("--seed", seed_, "Chooses accounts, amounts and moments [random]")
        ->type_name("NUMBER");
    add_seconds("--timeout", timeout_, "How long to wait for an answer [5]");
    add_seconds("--patience", patience_, "How long a server may be away [30]");
    add_list("--crash-command", options_.crash_commands, "Ends a server; may be repeated", "SH");
    add_list("--restart-command", options_.restart_commands,
             "Starts it again; one for each --crash-command", "SH");
    add_seconds("--crash-every", crash_every_, "Between two crashes, on average [2]");
    app_.add_flag("--quiet", options_.quiet, "No progress on the terminal");
  }

  std::variant<Options, OptionErrors, OptionText> parse(std::span<const std::string> arguments) {
    try {
      app_.parse(std::vector<std::string>(arguments.rbegin(), arguments.rend()));
    } catch (const CLI::CallForHelp&) {
      return OptionText{app_.help()};
    } catch (const CLI::ParseError& error) {
      return OptionErrors{{fmt::format("{}; see ledgerd stress --help", error.what())}};
    }
    return finish();
  }

 private:
  void add_list(const char* flag, std::vector<std::string>& values, const char* help,
                const char* type) {
    app_.add_option(flag, values, help)->type_name(type)->allow_extra_args(false);
  }

  void add_seconds(const char* flag, std::optional<double>& value, const char* help) {
    app_.add_option(flag, value, help)->type_name("SECONDS")->check(CLI::Range(0.001, kLongest));
  }

  std::variant<Options, OptionErrors, OptionText> finish() {
    OptionErrors errors;
    for (const std::string& url : options_.urls) {
      if (!is_url(url))
        errors.messages.push_back(fmt::format("--url: {} is not http://HOST:PORT", url));
    }
    if (options_.crash_commands.size() != options_.restart_commands.size()) {
      errors.messages.emplace_back(
          "--restart-command: must be given once for each --crash-command");
    }
    if (!errors.messages.empty()) return errors;
    options_.transfers = transfers_;
    if (transfers_) options_.duration.reset();
    if (duration_) options_.duration = milliseconds(*duration_);
    if (timeout_) options_.timeout = milliseconds(*timeout_);
    if (patience_) options_.patience = milliseconds(*patience_);
    if (crash_every_) options_.crash_every = milliseconds(*crash_every_);
    options_.seed = seed_.value_or(std::random_device{}());
    return options_;
  }

  CLI::App app_{kAbout, "ledgerd stress"};
  Options options_;
  std::optional<std::uint64_t> transfers_;
  std::optional<std::uint64_t> seed_;
  std::optional<double> duration_;
  std::optional<double> timeout_;
  std::optional<double> patience_;
  std::optional<double> crash_every_;
};

}  // namespace

std::variant<Options, OptionErrors, OptionText> parse_options(
    std::span<const std::string> arguments) {
  return CommandLine().parse(arguments);
}

}  // namespace ledgerd::stress
