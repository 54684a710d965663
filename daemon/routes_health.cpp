#include <optional>

#include "routes.h"

#include "json_writer.h"

namespace ledgerd {
namespace {

/// Without leases the ledger goes on, so what the breaker does makes nobody unready.
Reply ready(std::optional<ledger::CircuitState> locks) {
  Reply reply;
  JsonObject body(reply.body);
  body.text("status", "ready");
  if (locks) body.text("locks", name(*locks));
  body.close();
  return reply;
}

}  // namespace

Reply get_health() { return {.status = 200, .body = R"({"status":"ok"})"}; }

Reply get_ready(ledger::Ledger& ledger, Logger& logger) {
  const auto checked = ledger.check();
  if (checked) return ready(ledger.locks_state());
  log_failure(logger, "not ready", checked.error());
  ApiError error = to_api_error(checked.error());
  error.status = 503;
  error.retry_after_seconds = 1;
  return problem_reply(error);
}

}  // namespace ledgerd
