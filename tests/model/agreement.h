// Runs the model test on a ledger.
#pragma once

#include "ledger/options.h"

namespace ledger::model {

/// How many requests a run makes: LEDGER_TEST_MODEL_STEPS where it is set.
[[nodiscard]] int operations_to_make();
/// The same where the rules are not what is tested.
[[nodiscard]] int fewer_operations_to_make();

/// A workload of so many requests, and what it has reached. Fails the test where the ledger and the
/// naive one do not agree, and where the workload has not reached all it must. Many requests on a
/// durable store come in large batches: each transaction takes its time there.
void check_agreement(Options options, int operations);

}  // namespace ledger::model
