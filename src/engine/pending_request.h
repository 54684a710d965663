// A request on its way through the engine.
#pragma once

#include <functional>
#include <optional>
#include <variant>

#include "base/mutex.h"
#include "core/operation.h"
#include "ledger/account.h"
#include "ledger/clock.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

namespace ledger::engine {

class Waiter;

/// What the caller is told. Which of the two depends on what was asked.
using Answer = std::variant<Result<Receipt>, Result<CreatedAccount>>;

struct PendingRequest {
  core::Operation operation;
  /// Past it no further attempt is started.
  SteadyTime deadline{};
  /// Who is waiting for the answer. Set by the blocking layer, not touched by the others.
  Waiter* waiter = nullptr;

  // Written by the one batch that the request is part of.
  std::size_t attempts = 0;
  std::size_t conflicts = 0;  ///< attempts that another writer won
  SteadyTime not_before{};    ///< the next attempt's earliest time
  /// Why it is not answered yet, and its error once there is no more time.
  Error held_up_by{ErrorCode::deadline_exceeded, {}};
  std::optional<SteadyTime> lock_deadline{};  ///< set by the first refused lease
  /// Set once its commit is in doubt: it must be found out, and never be tried again.
  std::optional<SteadyTime> resolve_deadline{};
  bool duplicate_in_batch = false;  ///< in doubt as a replay of another request of its batch
  std::optional<Answer> answer{};

  void fail(ErrorCode code) { fail(Error{code, {}}); }
  void fail(Error error) {
    if (std::holds_alternative<TransferRequest>(operation.request)) {
      answer.emplace(std::in_place_type<Result<Receipt>>, std::move(error));
    } else {
      answer.emplace(std::in_place_type<Result<CreatedAccount>>, std::move(error));
    }
  }
};

}  // namespace ledger::engine
