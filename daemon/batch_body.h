// The body of POST /v1/transfers/batch, taken apart into items that are not read yet.
#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <variant>
#include <vector>

#include "api_error.h"
#include "ledger/transfer.h"

namespace ledgerd {

inline constexpr std::size_t kMaxBatchItems = ledger::kMaxAtomicRequests;

enum class BatchForm : std::uint8_t {
  json,    ///< {"transfers":[item, …],"atomic":false}, or the array alone
  ndjson,  ///< one item a line; lines of white space do not count
};

/// By the Content-Type: NDJSON for application/x-ndjson, JSON for all others.
BatchForm batch_form(std::string_view content_type);

struct BatchBody {
  std::vector<std::string_view> items;  ///< into the body
  std::optional<bool> atomic;           ///< what the body says about it
};

/// Fails with 400: malformed_json or wrong_type where there are no items to be found,
/// unknown_field, duplicate_field, missing_field, or batch_too_large for more than kMaxBatchItems.
/// Whether the items are JSON, each will show when it is read.
std::variant<BatchBody, ApiError> split_batch(std::string_view body, BatchForm form);

}  // namespace ledgerd
