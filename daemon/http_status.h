// Which HTTP status stands for which ErrorCode: one place, for every route.
#pragma once

#include <optional>

#include "ledger/error.h"

namespace ledgerd {

/// - malformed (1xx): 400
/// - declined (2xx): 422; account_exists, reference_exists: 409; version_mismatch: 412;
///   unknown_account, transfer_not_found: 404
/// - not applied (3xx): 503, and see retry_after_seconds
/// - in doubt (4xx): 500. Not 503: a client or proxy that repeats a 503 by itself might do so with
///   a new key, and move the money twice.
/// - key_not_found, account_not_found: 404
/// - whatever else, a number without a name too: 500
int http_status(ledger::ErrorCode code) noexcept;

/// For Retry-After. A value exactly where nothing was applied and the same request may succeed.
std::optional<int> retry_after_seconds(ledger::ErrorCode code) noexcept;

}  // namespace ledgerd
