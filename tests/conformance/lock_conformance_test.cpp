#include "conformance/lock_conformance.h"

#include <doctest/doctest.h>

#include "ledger/in_process_lock.h"
#include "ledger/no_lock.h"

namespace ledger {
namespace {

TEST_CASE("no locks keep the contract") {
  conformance::LocksUnderTest locks;
  locks.make = make_no_lock;
  locks.grants_everything = true;
  conformance::check_locks(locks);
}

TEST_CASE("in-process locks keep the contract") {
  const auto table = make_in_process_lock_table();
  conformance::LocksUnderTest locks;
  locks.make = [&] { return make_in_process_lock(table); };
  conformance::check_locks(locks);
}

TEST_CASE("in-process providers without a common table do not know of each other") {
  const auto one = make_in_process_lock();
  const auto other = make_in_process_lock();
  const AccountId account{1};
  const auto deadline = std::chrono::steady_clock::now();
  const auto held = one->acquire({&account, 1}, deadline);
  const auto also = other->acquire({&account, 1}, deadline);
  REQUIRE(held.has_value());
  REQUIRE(also.has_value());
  CHECK((*also)->refused().empty());
}

}  // namespace
}  // namespace ledger
