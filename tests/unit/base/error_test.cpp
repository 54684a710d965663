#include "ledger/error.h"

#include <doctest/doctest.h>

#include <set>
#include <string>
#include <vector>

using namespace ledger;

namespace {

std::vector<ErrorCode> all_codes() {
  std::vector<ErrorCode> codes;
  for (std::uint16_t number = 1; number < 1000; ++number) {
    if (name(ErrorCode{number}) != "unknown") codes.push_back(ErrorCode{number});
  }
  return codes;
}

}  // namespace

TEST_CASE("every error code has a name and a description of its own") {
  std::set<std::string_view> names;
  std::set<std::string_view> descriptions;
  for (const ErrorCode code : all_codes()) {
    CHECK(names.insert(name(code)).second);
    CHECK(descriptions.insert(describe(code)).second);
  }
  CHECK(names.size() == 60);
}

TEST_CASE("an error code's hundreds tell its outcome") {
  for (const ErrorCode code : all_codes()) {
    CAPTURE(name(code));
    const int hundreds = static_cast<int>(code) / 100;
    if (hundreds <= 2) CHECK(outcome(code) == Outcome::declined);
    if (hundreds == 3 || hundreds == 5) CHECK(outcome(code) == Outcome::not_applied);
    if (hundreds == 4) CHECK(outcome(code) == Outcome::in_doubt);
  }
}

TEST_CASE("stored and published error numbers never change") {
  CHECK(static_cast<int>(ErrorCode::invalid_key) == 101);
  CHECK(static_cast<int>(ErrorCode::key_reused) == 201);
  CHECK(static_cast<int>(ErrorCode::account_exists) == 202);
  CHECK(static_cast<int>(ErrorCode::from_account_not_found) == 203);
  CHECK(static_cast<int>(ErrorCode::to_account_not_found) == 204);
  CHECK(static_cast<int>(ErrorCode::from_account_not_open) == 205);
  CHECK(static_cast<int>(ErrorCode::to_account_not_open) == 206);
  CHECK(static_cast<int>(ErrorCode::currency_mismatch) == 207);
  CHECK(static_cast<int>(ErrorCode::insufficient_funds) == 208);
  CHECK(static_cast<int>(ErrorCode::balance_limit_exceeded) == 209);
  CHECK(static_cast<int>(ErrorCode::balance_overflow) == 210);
  CHECK(static_cast<int>(ErrorCode::account_ids_exhausted) == 211);
  CHECK(static_cast<int>(ErrorCode::commit_in_doubt) == 401);
}

TEST_CASE("an error's message is its description followed by the detail") {
  CHECK(Error{ErrorCode::insufficient_funds, {}}.message() == "insufficient funds");
  CHECK(Error{ErrorCode::invalid_option, "lock_wait"}.message() ==
        "an option is not valid: lock_wait");
}

TEST_CASE("an unknown error number is named so and is not taken for a success") {
  CHECK(name(ErrorCode{999}) == "unknown");
  CHECK(outcome(ErrorCode{999}) == Outcome::not_applied);
}
