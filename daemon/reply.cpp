#include "reply.h"

#include "http/problem.h"
#include "json_writer.h"

namespace ledgerd {

void append_problem(std::string& out, const ApiError& error) {
  JsonObject json(out);
  json.text("type", std::string(http::kProblemTypePrefix) + error.code)
      .text("title", error.title)
      .number("status", error.status)
      .text("code", error.code)
      .text("detail", error.message)
      .close();
}

Reply problem_reply(const ApiError& error) {
  Reply reply{
      .status = error.status, .body = {}, .content_type = std::string(http::kProblemContentType)};
  append_problem(reply.body, error);
  if (error.replayed) reply.headers.emplace_back(kReplayedHeader, "true");
  if (error.retry_after_seconds) {
    reply.headers.emplace_back("Retry-After", std::to_string(*error.retry_after_seconds));
  }
  return reply;
}

void log_failure(Logger& logger, std::string_view what, const ledger::Error& error) {
  switch (error.code) {
    case ledger::ErrorCode::store_unavailable:
    case ledger::ErrorCode::store_full:
    case ledger::ErrorCode::commit_failed:
    case ledger::ErrorCode::commit_in_doubt:
    case ledger::ErrorCode::store_corrupt:
      logger.warn(what, {{"code", name(error.code)}, {"reason", error.message()}});
      break;
    default:
      break;
  }
}

Reply failure_reply(Logger& logger, std::string_view what, const ledger::Error& error) {
  log_failure(logger, what, error);
  return problem_reply(to_api_error(error));
}

}  // namespace ledgerd
