#include "routes.h"

namespace ledgerd {

Reply get_health() { return {.status = 200, .body = R"({"status":"ok"})"}; }

Reply get_ready(ledger::Ledger& ledger, Logger& logger) {
  const auto checked = ledger.check();
  if (checked) return {.status = 200, .body = R"({"status":"ready"})"};
  log_failure(logger, "not ready", checked.error());
  ApiError error = to_api_error(checked.error());
  error.status = 503;
  error.retry_after_seconds = 1;
  return problem_reply(error);
}

}  // namespace ledgerd
