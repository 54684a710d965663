#include "reply.h"

#include "http/problem.h"
#include "json_writer.h"

namespace ledgerd {
namespace {

std::string_view title(int status) {
  switch (status) {
    case 409:
      return "Conflict";
    case 422:
      return "Unprocessable Content";
    default:
      return http::reason_phrase(status);
  }
}

}  // namespace

Reply problem_reply(const ApiError& error) {
  JsonObject body;
  body.text("type", "about:blank")
      .text("title", title(error.status))
      .raw("status", std::to_string(error.status))
      .text("code", error.code)
      .text("detail", error.message);
  Reply reply{.status = error.status,
              .body = body.finish(),
              .content_type = std::string(http::kProblemContentType)};
  if (error.replayed) reply.headers.emplace_back("Idempotent-Replayed", "true");
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

}  // namespace ledgerd
