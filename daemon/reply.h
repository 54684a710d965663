// What goes into a route and what comes out, without the HTTP library.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api_error.h"
#include "ledger/error.h"
#include "log.h"

namespace ledgerd {

struct Request {
  std::string_view body;
  /// Every value that Idempotency-Key was sent with.
  std::vector<std::string> idempotency_keys;
  /// Every value that X-Simulate-Chaos was sent with.
  std::vector<std::string> chaos{};
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// RFC 9457 problem details, as all of /v1 answers failures.
Reply problem_reply(const ApiError& error);

/// Failures that somebody should look into. Others are part of normal service.
void log_failure(Logger& logger, std::string_view what, const ledger::Error& error);

}  // namespace ledgerd
