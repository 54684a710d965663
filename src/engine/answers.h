// From what was decided and recorded to what the caller is told.
#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

#include "core/operation.h"
#include "ledger/account.h"
#include "ledger/journal.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

namespace ledger::engine {

/// What the caller is told. Which of them depends on what was asked; an atomic request is answered
/// with one result for each part.
using Receipts = std::vector<Result<Receipt>>;
using Answer =
    std::variant<Result<Receipt>, Result<CreatedAccount>, Result<ChangedAccount>, Receipts>;

/// The answer to a request that is not atomic: an error.
Answer failed(const core::Operation& part, Error error);

/// The same: what `rows` record under its key, or key_reused when that is another request's.
Answer recorded(const core::Operation& part, std::span<const JournalRow> rows, bool replayed);

/// The answer to any request from those to its parts: `answer(part, index)` gives each.
template <class AnswerPart>
Answer answer_parts(const core::Operation& operation, AnswerPart&& answer) {
  const auto* group = operation.atomic();
  if (group == nullptr) return answer(operation, std::size_t{0});
  Receipts receipts;
  receipts.reserve(group->parts.size());
  for (std::size_t i = 0; i < group->parts.size(); ++i)
    receipts.push_back(std::get<Result<Receipt>>(answer(group->parts[i], i)));
  return receipts;
}

/// The rows that are recorded under each key of a look-up.
class Recorded {
 public:
  /// `rows`: whole transfers, each in order of seq.
  explicit Recorded(std::vector<JournalRow> rows);

  /// Empty: nothing is recorded under `key`.
  [[nodiscard]] std::span<const JournalRow> find(std::string_view key) const;

 private:
  std::vector<JournalRow> rows_;
  std::vector<std::span<const JournalRow>> found_;  // by key
};

}  // namespace ledger::engine
