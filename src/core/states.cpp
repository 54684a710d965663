#include "core/states.h"

namespace ledger::core {

WorkingStates::WorkingStates(std::span<const TransferState> loaded) {
  for (const TransferState& state : loaded)
    states_[state.id] = {.state = state, .known = true};
}

const TransferState* WorkingStates::find(TransferId id) const {
  const auto found = states_.find(id);
  return found == states_.end() || !found->second.known ? nullptr : &found->second.state;
}

void WorkingStates::set(const TransferState& state) {
  Working& working = states_[state.id];
  undo_.emplace_back(state.id, working);
  working = {.state = state, .known = true, .set = true};
}

void WorkingStates::undo_to(Mark mark) {
  while (undo_.size() > mark) {
    states_[undo_.back().first] = undo_.back().second;
    undo_.pop_back();
  }
}

void WorkingStates::collect(WriteSet& writes) const {
  for (const auto& [id, working] : states_) {
    if (working.set) writes.states.push_back(working.state);
  }
}

}  // namespace ledger::core
