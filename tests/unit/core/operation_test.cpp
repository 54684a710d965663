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

template <class Request>
ErrorCode error_of(const Request& request) {
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

TEST_CASE("what a caller writes beside the money has its bounds") {
  auto request = valid_transfer();
  request.details = {
      .reference = std::string(255, 'r'), .metadata = "{}", .effective_at = Timestamp{}};
  CHECK(error_of(request) == ErrorCode{});
  request.details.reference += 'r';
  CHECK(error_of(request) == ErrorCode::invalid_reference);
  request.details.reference = " r";
  CHECK(error_of(request) == ErrorCode::invalid_reference);
  request.details = {.metadata = "[]"};
  CHECK(error_of(request) == ErrorCode::invalid_metadata);
  request.details = {.effective_at = Timestamp::max()};
  CHECK(error_of(request) == ErrorCode::invalid_timestamp);
}

TEST_CASE("times are in the years 1 to 9999") {
  using namespace std::chrono;
  const auto error_at = [](Timestamp time) {
    return error_of(HoldRequest{.key = "k", .legs = valid_transfer().legs, .expires_at = time});
  };
  const Timestamp first{sys_days(January / 1 / 1)};
  const Timestamp end{sys_days(January / 1 / 10000)};
  CHECK(error_at(first) == ErrorCode{});
  CHECK(error_at(first - microseconds(1)) == ErrorCode::invalid_timestamp);
  CHECK(error_at(end - microseconds(1)) == ErrorCode{});
  CHECK(error_at(end) == ErrorCode::invalid_timestamp);
}

TEST_CASE("a capture, void or reversal names what it is about, and an amount above zero") {
  CHECK(error_of(CaptureRequest{.key = "k", .hold = TransferId{1}}) == ErrorCode{});
  CHECK(error_of(CaptureRequest{.key = "k"}) == ErrorCode::invalid_transfer_id);
  CHECK(error_of(VoidRequest{.key = "k", .hold = TransferId{-1}}) ==
        ErrorCode::invalid_transfer_id);
  CHECK(error_of(VoidRequest{.key = "", .hold = TransferId{-1}}) == ErrorCode::invalid_key);
  CHECK(
      error_of(ReversalRequest{.key = "k", .transfer = TransferId{0}, .amount = Amount(0, kUsd)}) ==
      ErrorCode::invalid_amount);
  CHECK(error_of(ReversalRequest{
            .key = "k", .transfer = TransferId{1}, .amount = Amount(1, Currency{})}) ==
        ErrorCode::unknown_currency);
}

TEST_CASE("a change of an account changes something, within bounds") {
  AccountChange change{.key = "k", .account = AccountId{1}};
  CHECK(error_of(change) == ErrorCode::nothing_to_change);
  change.min_balance.emplace(5);
  CHECK(error_of(change) == ErrorCode{});
  change.max_balance.emplace(4);
  CHECK(error_of(change) == ErrorCode::invalid_balance_limit);
  change.max_balance.emplace(std::nullopt);
  change.metadata = "";
  CHECK(error_of(change) == ErrorCode{});
  change.metadata = "none";
  CHECK(error_of(change) == ErrorCode::invalid_metadata);
  change.account = AccountId{0};
  CHECK(error_of(change) == ErrorCode::invalid_account_id);
}

TEST_CASE("metadata that differs in white space alone is the same request") {
  auto request = valid_transfer();
  request.details.metadata = R"({"a":1})";
  auto spaced = request;
  spaced.details.metadata = R"( { "a" : 1 } )";
  CHECK(make_operation(request)->fingerprint == make_operation(spaced)->fingerprint);
}

TEST_CASE("an expiry has a key that no caller can use") {
  const auto expiry = core::make_expiry(TransferId{42});
  CHECK(expiry.key() == " expire:42");
  CHECK_FALSE(core::is_valid_key(expiry.key()));
  CHECK(expiry.refers_to() == TransferId{42});
}
