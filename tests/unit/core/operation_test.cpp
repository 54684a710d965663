#include "core/operation.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>

using namespace ledger;
using core::make_operation;

namespace {

const Currency kUsd = *Currency::iso("USD");

TransferRequest valid_transfer() {
  return {.key = "k", .legs = {{AccountId{1}, AccountId{2}, Amount(100, kUsd)}}};
}

ErrorCode error_of(const TransferRequest& request) {
  const auto operation = make_operation(request);
  return operation ? ErrorCode{} : operation.error().code;
}

ErrorCode error_of(const AccountRequest& request) {
  const auto operation = make_operation(request, true);
  return operation ? ErrorCode{} : operation.error().code;
}

}  // namespace

TEST_CASE("a valid transfer passes") { CHECK(error_of(valid_transfer()) == ErrorCode{}); }

TEST_CASE("a key is 1 to 255 printable ASCII characters without a space at an end") {
  CHECK(core::is_valid_key("a"));
  CHECK(core::is_valid_key("order 42 ~!\"\\"));
  CHECK(core::is_valid_key(std::string(255, 'k')));
  CHECK_FALSE(core::is_valid_key(""));
  CHECK_FALSE(core::is_valid_key(std::string(256, 'k')));
  CHECK_FALSE(core::is_valid_key(" a"));
  CHECK_FALSE(core::is_valid_key("a "));
  CHECK_FALSE(core::is_valid_key("a\tb"));
  CHECK_FALSE(core::is_valid_key("a\x7f"));
  CHECK_FALSE(core::is_valid_key("caf\xc3\xa9"));
  CHECK_FALSE(core::is_valid_key(std::string_view("a\0b", 3)));
}

TEST_CASE("each malformed transfer has its code") {
  auto request = valid_transfer();
  request.key.clear();
  CHECK(error_of(request) == ErrorCode::invalid_key);

  request = valid_transfer();
  request.legs.clear();
  CHECK(error_of(request) == ErrorCode::no_legs);

  request = valid_transfer();
  request.legs.assign(kMaxLegs + 1, request.legs.front());
  CHECK(error_of(request) == ErrorCode::too_many_legs);
  request.legs.pop_back();
  CHECK(error_of(request) == ErrorCode{});

  request = valid_transfer();
  request.legs[0].from = AccountId{0};
  CHECK(error_of(request) == ErrorCode::invalid_account_id);
  request.legs[0].from = AccountId{-1};
  CHECK(error_of(request) == ErrorCode::invalid_account_id);

  request = valid_transfer();
  request.legs[0].to = request.legs[0].from;
  CHECK(error_of(request) == ErrorCode::same_account);

  for (const MinorUnits units :
       {MinorUnits{0}, MinorUnits{-1}, std::numeric_limits<MinorUnits>::min()}) {
    request = valid_transfer();
    request.legs[0].amount = Amount(units, kUsd);
    CHECK(error_of(request) == ErrorCode::invalid_amount);
  }

  request = valid_transfer();
  request.legs[0].amount = Amount(1, Currency{});
  CHECK(error_of(request) == ErrorCode::unknown_currency);
}

TEST_CASE("of several errors the one with the lowest number is told") {
  const TransferRequest request{.key = "",
                                .legs = {{AccountId{0}, AccountId{0}, Amount(0, Currency{})}}};
  CHECK(error_of(request) == ErrorCode::invalid_key);
  // The second leg's error has the lower number.
  CHECK(error_of(TransferRequest{.key = "k",
                                 .legs = {{AccountId{1}, AccountId{1}, Amount(1, kUsd)},
                                          {AccountId{0}, AccountId{1}, Amount(1, kUsd)}}}) ==
        ErrorCode::invalid_account_id);
}

TEST_CASE("each malformed account request has its code") {
  CHECK(error_of(AccountRequest{.key = "k", .currency = kUsd}) == ErrorCode{});
  CHECK(error_of(AccountRequest{.key = "", .currency = kUsd}) == ErrorCode::invalid_key);
  CHECK(error_of(AccountRequest{.key = "k", .currency = kUsd, .id = AccountId{0}}) ==
        ErrorCode::invalid_account_id);
  CHECK(make_operation(AccountRequest{.key = "k", .currency = kUsd, .min_balance = 1}, false)
            .error()
            .code == ErrorCode::unknown_currency);
  CHECK(error_of(AccountRequest{.key = "k", .currency = kUsd, .min_balance = 1}) ==
        ErrorCode::invalid_balance_limit);
  CHECK(error_of(AccountRequest{.key = "k", .currency = kUsd, .max_balance = -1}) ==
        ErrorCode::invalid_balance_limit);
}
