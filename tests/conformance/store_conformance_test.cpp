#include "conformance/store_conformance.h"

#include <doctest/doctest.h>

#include <string>
#include <utility>

#include "ledger/memory_store.h"
#include "ledger/sqlite_store.h"
#include "support/temp_folder.h"

namespace ledger {
namespace {

TEST_CASE("the memory store keeps the contract") {
  conformance::StoreUnderTest store;
  store.make = make_memory_store;
  conformance::check_store(store);
}

TEST_CASE("the SQLite store keeps the contract") {
  const testing::TempFolder folder;
  int files = 0;
  std::string path;
  const auto open = [&path] {
    auto opened = open_sqlite_store({path});
    REQUIRE_MESSAGE(opened.has_value(), opened.error().message());
    return std::move(*opened);
  };
  conformance::StoreUnderTest store;
  store.make = [&] {
    path = folder.file(std::to_string(++files) + ".db");
    return open();
  };
  store.reopen = [&](std::unique_ptr<Store> old) {
    old.reset();
    return open();
  };
  store.checks_terms = true;
  conformance::check_store(store);
}

}  // namespace
}  // namespace ledger
