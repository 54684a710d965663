#include "api_error.h"

#include <utility>

#include "http_status.h"

namespace ledgerd {

ApiError to_api_error(const ledger::Error& error) {
  const bool declined = error.outcome() == ledger::Outcome::declined;
  return {.status = http_status(error.code),
          .code = std::string(ledger::name(error.code)),
          .message = declined ? error.message() : std::string(ledger::describe(error.code)),
          .title = ledger::describe(error.code),
          .retry_after_seconds = retry_after_seconds(error.code),
          .replayed = error.replayed};
}

ApiError bad_request(ledger::ErrorCode code, std::string message) {
  return bad_request({.code = ledger::name(code), .title = ledger::describe(code)},
                     std::move(message));
}

ApiError bad_request(const ApiCode& code, std::string message) {
  return {.status = 400,
          .code = std::string(code.code),
          .message = std::move(message),
          .title = code.title};
}

}  // namespace ledgerd
