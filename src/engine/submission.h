// Many requests at once.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "core/operation.h"
#include "engine/answers.h"
#include "engine/pending_request.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

namespace ledger::engine {

/// The answers of requests that have theirs, in order.
std::vector<Answer> take_answers(std::span<PendingRequest> requests);

/// Answers each of the operations, in order.
using Run = std::function<std::vector<Answer>(std::vector<core::Operation>)>;

template <class T>
std::vector<Result<core::Operation>> make_operations(std::span<const T> requests) {
  std::vector<Result<core::Operation>> operations;
  operations.reserve(requests.size());
  for (const T& request : requests)
    operations.push_back(core::make_operation(request));
  return operations;
}

/// One result for each of `operations`, in order, with those that are malformed left out of what is
/// run.
Receipts submit_independent(std::vector<Result<core::Operation>> operations, const Run& run);

/// The same for operations that are committed or declined together. If one is malformed, none is
/// run, and nothing is recorded.
Receipts submit_atomic(std::vector<Result<core::Operation>> operations, const Run& run);

}  // namespace ledger::engine
