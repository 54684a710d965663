// The real ledger against the naive one: a seeded random workload of all that a ledger can be asked
// for; each answer, and each reading, must agree.
#include <doctest/doctest.h>

#include "model/agreement.h"
#include "support/temp_folder.h"

using namespace ledger;
using model::check_agreement;
using model::fewer_operations_to_make;
using model::operations_to_make;

TEST_CASE("the ledger in memory agrees with a naive one") {
  check_agreement({.store = "memory:"}, operations_to_make());
}

TEST_CASE("the ledger in memory with in-process locks agrees with a naive one") {
  check_agreement({.store = "memory:", .locks = "in-process"}, fewer_operations_to_make());
}

TEST_CASE("the ledger that records no declines agrees with a naive one") {
  check_agreement({.store = "memory:", .record_declines = false}, fewer_operations_to_make());
}

TEST_CASE("the ledger with small transactions agrees with a naive one") {
  check_agreement({.store = "memory:", .max_batch_requests = 3}, fewer_operations_to_make());
}

TEST_CASE("the ledger in SQLite agrees with a naive one") {
  const testing::TempFolder folder;
  check_agreement({.store = "sqlite:" + folder.file("model.db")}, operations_to_make());
}
