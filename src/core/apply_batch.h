// The rules of the ledger. Pure: no I/O, no clock, the same for every store.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <vector>

#include "core/operation.h"
#include "ledger/clock.h"
#include "ledger/error.h"
#include "ledger/store.h"

namespace ledger::core {

struct Rules {
  bool record_declines = true;
};

/// What was decided about one operation.
struct Decision {
  enum class Source : std::uint8_t {
    none,      ///< declined and not recorded: `decline` alone
    recorded,  ///< the rows are in Snapshot::recorded: an earlier transaction's outcome
    written,   ///< the rows are in BatchResult::writes: this batch's outcome
  };

  Source source = Source::none;
  std::size_t first = 0;  ///< index of the first row
  std::size_t count = 0;
  std::optional<ErrorCode> decline{};
  bool replayed = false;  ///< decided by an earlier request with the same key

  /// Of an atomic request: the decisions about its parts, and nothing else here is set.
  std::vector<Decision> parts{};
};

struct BatchResult {
  WriteSet writes;
  std::vector<Decision> decisions;  ///< one for each operation, in order
};

/// Decides `operations` one after the other against `snapshot`, which holds every account, key,
/// state and account reference they name. Each sees what those before it in the batch did; a
/// declined one leaves no trace on the balances. Nothing is written here: `writes` is for the
/// store, and the decisions with source `written` hold only once it is committed.
BatchResult apply_batch(const Snapshot& snapshot, std::span<const Operation* const> operations,
                        Timestamp now, const Rules& rules);

}  // namespace ledger::core
