// What every LockProvider must do. For a provider of your own, link the conformance sources and
// doctest, and write:
//
//   #include "conformance/lock_conformance.h"
//
//   TEST_CASE("my locks keep the contract") {
//     ledger::conformance::LocksUnderTest locks;
//     locks.make = [] { return make_my_provider(); };  // two of them share one service
//     ledger::conformance::check_locks(locks);
//   }
#pragma once

#include <chrono>
#include <functional>
#include <memory>

#include "ledger/lock_provider.h"

namespace ledger::conformance {

struct LocksUnderTest {
  /// A provider. Those of one case must contend for the same leases; nothing else may hold any.
  std::function<std::unique_ptr<LockProvider>()> make{};

  /// True: the provider refuses nothing, and says so.
  bool grants_everything = false;

  /// How long after its release a lease may still be refused to other providers (never to its own).
  /// Leases that outlive their provider count as released when they are destroyed.
  std::chrono::milliseconds released_within{0};
};

/// Runs the suite: call it from a TEST_CASE, with nothing else in it. Each part is a SUBCASE.
void check_locks(const LocksUnderTest& under_test);

}  // namespace ledger::conformance
