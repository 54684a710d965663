// ledgerd: the ledger as an HTTP daemon.
#include <unistd.h>

#include <cstdio>
#include <exception>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "app.h"
#include "config.h"
#include "stress/stress.h"

extern char** environ;  // NOLINT: POSIX gives it no header

namespace {

constexpr int kFailure = 1;
constexpr int kBadConfiguration = 2;

ledgerd::Environment environment() {
  ledgerd::Environment variables;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string text(*entry);
    const auto equals = text.find('=');
    if (equals != std::string::npos) variables[text.substr(0, equals)] = text.substr(equals + 1);
  }
  return variables;
}

int start(const std::vector<std::string>& arguments) {
  if (!arguments.empty() && arguments.front() == "stress") {
    return ledgerd::stress::run(std::span(arguments).subspan(1));
  }
  const auto parsed = ledgerd::parse_config(arguments, environment());
  if (const auto* text = std::get_if<ledgerd::ConfigText>(&parsed)) {
    std::fputs(text->text.c_str(), stdout);
    return 0;
  }
  if (const auto* errors = std::get_if<ledgerd::ConfigErrors>(&parsed)) {
    for (const std::string& message : errors->messages) {
      std::fprintf(stderr, "ledgerd: %s\n", message.c_str());
    }
    return kBadConfiguration;
  }
  const auto& config = std::get<ledgerd::Config>(parsed);
  ledgerd::Logger logger(config.log_level, config.log_format, STDERR_FILENO);
  switch (config.command) {
    case ledgerd::Command::serve:
      return ledgerd::serve(config, logger);
    case ledgerd::Command::migrate:
      return ledgerd::migrate(config, logger);
  }
  return kFailure;
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return start({argv + 1, argv + argc});
  } catch (const std::exception& error) {
    std::fprintf(stderr, "ledgerd: %s\n", error.what());
    return kFailure;
  }
}
