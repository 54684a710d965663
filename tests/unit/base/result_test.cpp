#include "ledger/result.h"

#include <doctest/doctest.h>

#include <memory>
#include <string>

using namespace ledger;

TEST_CASE("a result holds a value or an error") {
  const Result<int> value = 7;
  CHECK(value.has_value());
  CHECK(*value == 7);
  CHECK(value.value_or(1) == 7);

  const Result<int> error = ErrorCode::queue_full;
  CHECK_FALSE(error);
  CHECK(error.error().code == ErrorCode::queue_full);
  CHECK(error.value_or(1) == 1);
}

TEST_CASE("a result of a movable type gives its value away") {
  Result<std::unique_ptr<std::string>> result = std::make_unique<std::string>("money");
  const std::unique_ptr<std::string> taken = std::move(result).value();
  CHECK(*taken == "money");
}

TEST_CASE("a result of nothing is a success unless it is given an error") {
  CHECK(Result<void>().has_value());
  const Result<void> error = Error{ErrorCode::store_full, "disk"};
  CHECK_FALSE(error);
  CHECK(error.error().detail == "disk");
}
