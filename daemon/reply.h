// What goes into a route and what comes out, without the HTTP library.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api_error.h"
#include "ledger/error.h"
#include "log.h"
#include "query.h"

namespace ledgerd {

inline constexpr std::string_view kReplayedHeader = "Idempotent-Replayed";

struct Request {
  std::string_view body;
  /// Every value that Idempotency-Key was sent with.
  std::vector<std::string> idempotency_keys;
  /// Every value that X-Simulate-Chaos was sent with.
  std::vector<std::string> chaos{};
  /// Every value that If-Match and If-None-Match were sent with.
  std::vector<std::string> if_match{};
  std::vector<std::string> if_none_match{};
  std::string content_type{};
  /// The path's parameter, decoded; empty where it has none.
  std::string_view id{};
  Query query{};
};

struct Reply {
  int status = 200;
  std::string body;
  std::string content_type = "application/json";
  std::vector<std::pair<std::string, std::string>> headers{};
};

/// RFC 9457 problem details, as all of /v1 answers failures.
Reply problem_reply(const ApiError& error);
/// Appends them as a JSON object.
void append_problem(std::string& out, const ApiError& error);

/// Failures that somebody should look into. Others are part of normal service.
void log_failure(Logger& logger, std::string_view what, const ledger::Error& error);

/// Logs the failure as far as it should be looked into, and answers it.
Reply failure_reply(Logger& logger, std::string_view what, const ledger::Error& error);

}  // namespace ledgerd
