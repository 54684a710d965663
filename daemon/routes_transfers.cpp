#include <utility>
#include <variant>

#include <fmt/format.h>

#include "idempotency_key.h"
#include "ledger_json.h"
#include "requests.h"
#include "routes.h"

namespace ledgerd {
namespace {

ledger::Result<ledger::Receipt> ask(ledger::Ledger& ledger,
                                    const ledger::TransferRequest& request) {
  return ledger.transfer(request);
}
ledger::Result<ledger::Receipt> ask(ledger::Ledger& ledger, const ledger::HoldRequest& request) {
  return ledger.hold(request);
}
ledger::Result<ledger::Receipt> ask(ledger::Ledger& ledger, const ledger::CaptureRequest& request) {
  return ledger.capture(request);
}
ledger::Result<ledger::Receipt> ask(ledger::Ledger& ledger, const ledger::VoidRequest& request) {
  return ledger.void_hold(request);
}
ledger::Result<ledger::Receipt> ask(ledger::Ledger& ledger,
                                    const ledger::ReversalRequest& request) {
  return ledger.reverse(request);
}

/// `target`: what is captured, voided or reversed.
Reply post(ledger::Ledger& ledger, Logger& logger, const Request& request, RequestKind kind,
           ledger::TransferId target = {}) {
  auto key = read_idempotency_key(request.idempotency_keys);
  if (const auto* error = std::get_if<ApiError>(&key)) return problem_reply(*error);
  const bool nothing = kind == RequestKind::void_hold && request.body.empty();
  JsonReader reader;
  auto body = parse_request_body(reader, kind, nothing ? "{}" : request.body);
  if (const auto* error = std::get_if<ApiError>(&body)) return problem_reply(*error);
  auto& read = std::get<RequestBody>(body);
  read.target = target;
  const auto asked = to_request(ledger, std::get<std::string>(std::move(key)), std::move(read));
  if (const auto* error = std::get_if<ApiError>(&asked)) return problem_reply(*error);

  const auto receipt =
      std::visit([&ledger](const auto& request_of_kind) { return ask(ledger, request_of_kind); },
                 std::get<ledger::Request>(asked));
  if (!receipt) return failure_reply(logger, "transfer failed", receipt.error());
  Reply reply{.status = 201, .body = {}};
  append_receipt(reply.body, *receipt);
  reply.headers.emplace_back("Location", fmt::format("/v1/transfers/{}", to_int(receipt->id)));
  if (receipt->replayed) reply.headers.emplace_back(kReplayedHeader, "true");
  return reply;
}

/// The same for a path that names the target.
Reply post_to_target(ledger::Ledger& ledger, Logger& logger, const Request& request,
                     RequestKind kind) {
  const auto id = parse_path_id(request.id);
  if (!id) return bad_path_id(ledger::ErrorCode::invalid_transfer_id);
  return post(ledger, logger, request, kind, ledger::TransferId{*id});
}

}  // namespace

Reply post_transfer(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  return post(ledger, logger, request, RequestKind::transfer);
}

Reply post_hold(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  return post(ledger, logger, request, RequestKind::hold);
}

Reply post_capture(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  return post_to_target(ledger, logger, request, RequestKind::capture);
}

Reply post_void(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  return post_to_target(ledger, logger, request, RequestKind::void_hold);
}

Reply post_reversal(ledger::Ledger& ledger, Logger& logger, const Request& request) {
  return post_to_target(ledger, logger, request, RequestKind::reversal);
}

}  // namespace ledgerd
