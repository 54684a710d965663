#include "engine/submission.h"

#include <algorithm>
#include <utility>

namespace ledger::engine {
namespace {

using Operations = std::vector<Result<core::Operation>>;

Receipts refuse(const Operations& operations) {
  Receipts refused;
  for (const auto& operation : operations)
    refused.emplace_back(operation ? Error{ErrorCode::atomic_batch_declined, {}}
                                   : operation.error());
  return refused;
}

}  // namespace

std::vector<Answer> take_answers(std::span<PendingRequest> requests) {
  std::vector<Answer> answers;
  answers.reserve(requests.size());
  for (PendingRequest& request : requests)
    answers.push_back(std::move(*request.answer));
  return answers;
}

Receipts submit_independent(Operations operations, const Run& run) {
  Receipts results;
  results.reserve(operations.size());
  std::vector<core::Operation> valid;
  std::vector<std::size_t> places;  // of each valid one among the results
  for (auto& operation : operations) {
    results.emplace_back(operation ? Error{} : operation.error());
    if (!operation) continue;
    places.push_back(results.size() - 1);
    valid.push_back(std::move(*operation));
  }
  auto answers = run(std::move(valid));
  for (std::size_t i = 0; i < answers.size(); ++i)
    results[places[i]] = std::get<Result<Receipt>>(std::move(answers[i]));
  return results;
}

Receipts submit_atomic(Operations operations, const Run& run) {
  if (operations.empty()) return {};
  if (operations.size() > kMaxAtomicRequests) {
    return {operations.size(), Error{ErrorCode::batch_too_large, {}}};
  }
  const auto is_valid = [](const auto& operation) { return operation.has_value(); };
  if (!std::ranges::all_of(operations, is_valid)) return refuse(operations);

  core::AtomicRequest group;
  group.parts.reserve(operations.size());
  for (auto& operation : operations)
    group.parts.push_back(std::move(*operation));
  std::vector<core::Operation> one;
  one.push_back({.request = std::move(group)});
  return std::get<Receipts>(std::move(run(std::move(one)).front()));
}

}  // namespace ledger::engine
