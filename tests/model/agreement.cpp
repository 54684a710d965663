#include "model/agreement.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <utility>

#include "model/translate.h"
#include "model/workload.h"
#include "support/seed.h"

namespace ledger::model {

namespace {

/// As many meet all there is to meet even in large batches.
constexpr int kMany = 20'000;
constexpr int kMoreAtMost = 20'000;

}  // namespace

int operations_to_make() { return testing::test_count("LEDGER_TEST_MODEL_STEPS", 50'000); }

int fewer_operations_to_make() { return std::min(operations_to_make(), 5000); }

void check_agreement(Options options, int operations) {
  const auto seed = testing::test_seed();
  MESSAGE("LEDGER_TEST_SEED=", seed);
  const auto clock = std::make_shared<fakes::WallClock>();
  options.clock = clock;
  options.expiry_interval = std::chrono::milliseconds(0);
  options.currencies = {gem()};
  auto ledger = Ledger::open(options);
  REQUIRE_MESSAGE(ledger.has_value(), ledger.error().message());
  const auto began = std::chrono::steady_clock::now();
  const bool in_large_batches = options.store != "memory:" && operations >= kMany;
  Workload workload(*ledger, *clock,
                    {.seed = seed,
                     .record_declines = options.record_declines,
                     .batches = in_large_batches ? 4 : 1,
                     .scope = {}});
  // Some more where the rarest has not been met by then.
  while (workload.operations() < operations ||
         (workload.operations() < operations + kMoreAtMost && !workload.is_complete())) {
    workload.step();
  }
  workload.finish();
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - began;
  MESSAGE(workload.operations(), " operations in ", took.count(), " s\n",
          workload.coverage().table());
  for (const auto& what : workload.coverage().unreached())
    CHECK_MESSAGE(false, "the workload never reached: ", what);
}

}  // namespace ledger::model
