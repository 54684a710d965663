// Many threads at the same holds.
#pragma once

#include "ledger/options.h"

namespace ledger::model {

/// Threads capture, void and reverse the same few holds, which expire at the same time, while the
/// limits of their accounts change. Fails the test where a hold was given out twice over.
void race_for_holds(Options options);

/// Threads work side by side, each on accounts of its own and against a naive ledger of its own,
/// so that their requests share transactions. Fails the test where one does not agree.
void work_side_by_side(Options options, int operations);

}  // namespace ledger::model
