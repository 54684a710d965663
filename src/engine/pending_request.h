// A request on its way through the engine.
#pragma once

#include <cstddef>
#include <optional>
#include <vector>

#include "core/operation.h"
#include "engine/answers.h"
#include "ledger/clock.h"
#include "ledger/error.h"

namespace ledger::engine {

class Waiter;

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
  /// Of each part in doubt: whether it is a replay, of an earlier request or within its batch.
  std::vector<bool> replays{};
  /// An atomic request of which an earlier request has decided a part, but not all.
  bool known_in_part = false;
  std::optional<Answer> answer{};

  void fail(ErrorCode code) { fail(Error{code, {}}); }
  void fail(const Error& error) {
    answer = answer_parts(operation, [&](const core::Operation& part, std::size_t /*index*/) {
      return failed(part, error);
    });
  }
};

}  // namespace ledger::engine
