// What every Store must do. For a store of your own, link the conformance sources and doctest, and
// write:
//
//   #include "conformance/store_conformance.h"
//
//   TEST_CASE("my store keeps the contract") {
//     ledger::conformance::StoreUnderTest store;
//     store.make = [] { return make_my_store(); };
//     ledger::conformance::check_store(store);
//   }
//
// What a store may do either way is declared here, and then tested as declared; nothing is skipped
// in silence.
#pragma once

#include <functional>
#include <memory>

#include "ledger/store.h"

namespace ledger::conformance {

struct StoreUnderTest {
  /// A new, empty store. Called once or more per case; the former one is gone by then.
  std::function<std::unique_ptr<Store>()> make{};

  /// Closes the store and opens it again. Left empty: nothing outlives the object, as in memory.
  std::function<std::unique_ptr<Store>(std::unique_ptr<Store>)> reopen{};

  /// True: while a transaction is open, begin() waits for it until its deadline. False: both go on,
  /// and at most one of two that touch the same rows may commit; the other gets conflict.
  bool one_transaction_at_a_time = true;

  /// True: the store itself refuses an account that breaks its own terms, with store_corrupt.
  bool checks_terms = false;
};

/// Runs the suite: call it from a TEST_CASE, with nothing else in it. Each part is a SUBCASE.
void check_store(const StoreUnderTest& under_test);

}  // namespace ledger::conformance
