// The daemon's life: open, serve, drain.
#pragma once

#include <cstdint>
#include <string>

#include "config.h"
#include "log.h"

namespace ledgerd {

/// Serves until SIGTERM or SIGINT. Returns the exit code:
/// - 0: told to stop, and all that was accepted has been answered
/// - 2: a setting that only its backend could judge makes no sense
/// - 1: could not start, or had to leave requests unanswered when the grace time was over
///
/// A second signal while draining ends the process at once, as does the end of the grace time:
/// what the store has acknowledged is durable, and the rest never happened.
int serve(const Config& config, Logger& logger);

/// Brings the store's schema up to date. Returns the exit code: 0, or 1 or 2 as for serve().
int migrate(const Config& config, Logger& logger);

/// Where a client of this machine reaches a server that listens on `host` and `port`.
std::string base_url(const std::string& host, std::uint16_t port);

}  // namespace ledgerd
