// What became of holds and transfers, while a batch is being decided.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <utility>
#include <vector>

#include "ledger/store.h"
#include "ledger/transfer.h"

namespace ledger::core {

/// The snapshot's states and those set since. What was set can be taken back in the reverse order.
/// Not thread-safe.
class WorkingStates {
 public:
  explicit WorkingStates(std::span<const TransferState> loaded);

  /// nullptr: it has none yet.
  [[nodiscard]] const TransferState* find(TransferId id) const;

  void set(const TransferState& state);

  using Mark = std::size_t;
  [[nodiscard]] Mark mark() const { return undo_.size(); }
  void undo_to(Mark mark);
  void keep() { undo_.clear(); }

  /// Adds the states that were set to `writes`.
  void collect(WriteSet& writes) const;

 private:
  struct Working {
    TransferState state{};
    bool known = false;  ///< false: taken back, and not there before
    bool set = false;    ///< to be written
  };

  std::map<TransferId, Working> states_;
  std::vector<std::pair<TransferId, Working>> undo_;
};

}  // namespace ledger::core
