#include "app.h"

#include <poll.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string>
#include <system_error>

#include <fmt/format.h>

#include "backends.h"
#include "chaos.h"
#include "chaos_backends.h"
#include "demo.h"
#include "http/server.h"
#include "ledger/ledger.h"
#include "routes.h"

namespace ledgerd {
namespace {

using Clock = std::chrono::steady_clock;

constexpr int kFailure = 1;
constexpr int kBadConfiguration = 2;

/// SIGTERM and SIGINT as something to wait for. Created before any thread, so that all of them
/// have the signals blocked.
class StopSignals {
 public:
  StopSignals() {
    sigset_t signals;
    sigemptyset(&signals);
    sigaddset(&signals, SIGTERM);
    sigaddset(&signals, SIGINT);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
    fd_ = http::UniqueFd(signalfd(-1, &signals, SFD_CLOEXEC));
    if (!fd_.valid()) throw std::system_error(errno, std::generic_category(), "signalfd");
  }

  void wait() { take(-1); }
  /// Whether another one has come, without waiting.
  bool came() { return take(0); }

 private:
  bool take(int timeout) {
    pollfd readable{.fd = fd_.get(), .events = POLLIN, .revents = 0};
    int ready = 0;
    do {
      ready = poll(&readable, 1, timeout);
    } while (ready < 0 && errno == EINTR);
    signalfd_siginfo info;
    return ready > 0 && read(fd_.get(), &info, sizeof info) == sizeof info;
  }

  http::UniqueFd fd_;
};

std::string bracketed(const std::string& host) {
  return host.find(':') == std::string::npos ? host : fmt::format("[{}]", host);
}

/// False when requests had to be given up.
bool drain(http::Server& server, StopSignals& signals, std::chrono::milliseconds grace,
           Logger& logger) {
  constexpr auto kLook = std::chrono::milliseconds(20);
  const auto deadline = Clock::now() + grace;
  server.begin_drain();
  while (!server.wait_drained(std::min(deadline, Clock::now() + kLook))) {
    if (signals.came()) {
      logger.warn("told to stop again: leaving requests unanswered");
      return false;
    }
    if (Clock::now() >= deadline) {
      logger.error("the grace time is over: leaving requests unanswered");
      return false;
    }
  }
  return true;
}

/// Logs the failure, and returns the exit code for it.
int fail_to_open(const Config& config, const ledger::Error& error, Logger& logger) {
  // The detail alone, where there is one: the rest is advice to those who post transfers.
  const std::string reason = error.detail.empty() ? error.message() : error.detail;
  logger.error(
      "cannot open the ledger",
      {{"db", describe_store(config.backends)}, {"code", name(error.code)}, {"reason", reason}});
  return error.code == ledger::ErrorCode::invalid_option ? kBadConfiguration : kFailure;
}

/// `chaos` must outlive the ledger.
ledger::Result<ledger::Ledger> open_ledger(const Config& config, Chaos& chaos, Logger& logger) {
  auto backends = open_backends(config.backends, logger);
  if (!backends) return backends.error();
  logger.info("opened the ledger", {{"db", describe_store(config.backends)},
                                    {"locks", describe_locks(config.backends)}});
  if (config.chaos) {
    backends->store = make_chaos_store(chaos, std::move(backends->store));
    backends->locks = make_chaos_locks(chaos, std::move(backends->locks), config.backends.lock_ttl);
  }
  return ledger::Ledger::open({}, std::move(backends->store), std::move(backends->locks),
                              std::move(backends->cache));
}

void warn(const Config& config, Logger& logger) {
  for (const std::string& warning : config.warnings)
    logger.warn(warning);
}

void warn_of_chaos(Logger& logger) {
  logger.warn(
      "CHAOS_MODE is on: whoever sends X-Simulate-Chaos can drop connections and kill this "
      "process. For rehearsals, never for real money");
}

/// Whether the demo's accounts are there; nothing: they could not be made.
std::optional<bool> prepare_demo(const Config& config, ledger::Ledger& ledger, Logger& logger) {
  if (!config.demo) return false;
  const auto seeded = seed_demo(ledger, logger);
  if (!seeded) {
    logger.error("cannot make the demo accounts",
                 {{"code", name(seeded.error().code)}, {"reason", seeded.error().message()}});
    return std::nullopt;
  }
  return *seeded;
}

/// A few of the largest batches at a time, or many small ones.
BatchLimits batch_limits(const http::FramingLimits& limits) {
  return {.item_bytes = limits.body_bytes, .bytes_under_way = 4 * limits.large_body_bytes};
}

void announce_demo(const std::string& url) {
  fmt::print(
      "Try a transfer (the same line again answers from the record, and moves nothing):\n\n"
      "  {}\n\n",
      demo_curl(url));
  std::fflush(stdout);
}

}  // namespace

int serve(const Config& config, Logger& logger) {
  std::signal(SIGPIPE, SIG_IGN);
  StopSignals signals;
  warn(config, logger);

  if (config.chaos) warn_of_chaos(logger);
  Chaos chaos(logger);
  auto ledger = open_ledger(config, chaos, logger);
  if (!ledger) return fail_to_open(config, ledger.error(), logger);
  const auto demo = prepare_demo(config, *ledger, logger);
  if (!demo) return kFailure;

  http::ServerOptions options = config.server;
  options.limits.large_body_path = kBatchPath;
  http::Server server(options, make_handler(*ledger, logger, config.chaos ? &chaos : nullptr,
                                            batch_limits(options.limits)));
  if (const auto error = server.start(config.listen.host, config.listen.port)) {
    logger.error(*error);
    return kFailure;
  }
  logger.info(
      fmt::format("listening on http://{}:{}", bracketed(config.listen.host), server.port()));
  if (*demo) announce_demo(base_url(config.listen.host, server.port()));

  signals.wait();
  logger.info("draining");
  // Not by way of the destructors: they would wait for the handlers that just took too long.
  if (!drain(server, signals, config.grace, logger)) std::_Exit(kFailure);
  server.stop();
  logger.info("stopped");
  return 0;
}

int migrate(const Config& config, Logger& logger) {
  warn(config, logger);
  if (const auto migrated = migrate_store(config.backends); !migrated) {
    return fail_to_open(config, migrated.error(), logger);
  }
  logger.info("the schema is up to date", {{"db", describe_store(config.backends)}});
  return 0;
}

std::string base_url(const std::string& host, std::uint16_t port) {
  const bool any = host == "0.0.0.0" || host == "::";
  const std::string reachable = any ? (host == "::" ? "::1" : "127.0.0.1") : host;
  return fmt::format("http://{}:{}", bracketed(reachable), port);
}

}  // namespace ledgerd
