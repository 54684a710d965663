#include <doctest/doctest.h>

#include <limits>

#include "unit/core/books.h"

using namespace ledger;
using testing::Books;
using testing::kUsd;
using testing::leg;
using enum ErrorCode;

namespace {

AccountChange change(std::string key, std::int64_t account = 1) {
  return {.key = std::move(key), .account = AccountId{account}};
}

AccountChange status(std::string key, AccountStatus status, std::int64_t account = 1) {
  auto request = change(std::move(key), account);
  request.status = status;
  return request;
}

}  // namespace

TEST_CASE("an account keeps its reference and metadata, and the journal tells them") {
  Books books;
  CHECK_FALSE(books.decline(AccountRequest{.key = "open",
                                           .currency = kUsd,
                                           .reference = "customer-7",
                                           .metadata = R"( {"tier" : 1} )"},
                            true));
  CHECK(books.account(100).reference == "customer-7");
  CHECK(books.account(100).metadata == R"({"tier":1})");
  const auto created = core::to_created_account(books.rows(), false);
  REQUIRE(created);
  CHECK(created->account == books.account(100));
}

TEST_CASE("an account's reference is unique, within a batch, too") {
  Books books;
  const AccountRequest first{.key = "a", .currency = kUsd, .reference = "same"};
  auto second = first;
  second.key = "b";
  const auto result =
      books.apply({*core::make_operation(first, true), *core::make_operation(second, true)});
  CHECK_FALSE(result.decisions[0].decline);
  CHECK(result.decisions[1].decline == reference_exists);
  auto third = first;
  third.key = "c";
  third.id = AccountId{1};  // taken as well; the reference is looked at first
  CHECK(books.decline(third, true) == reference_exists);
}

TEST_CASE("a change is an entry that moves nothing") {
  Books books;
  auto request = change("c");
  request.min_balance = std::optional<MinorUnits>(-500);
  request.max_balance = std::optional<MinorUnits>(2000);
  request.metadata = R"({"a":1})";
  CHECK_FALSE(books.decline(request));
  const Account& account = books.account(1);
  CHECK(account.terms.min_balance == -500);
  CHECK(account.terms.max_balance == 2000);
  CHECK(account.metadata == R"({"a":1})");
  CHECK(account.balance == 1000);
  CHECK(account.version == 1);
  const auto changed = core::to_changed_account(books.rows(), false);
  REQUIRE(changed);
  CHECK(changed->account.terms == account.terms);
  CHECK(changed->account.version == 1);
  CHECK(changed->account.balance == 1000);
}

TEST_CASE("what a change does not set stays, and a limit can be taken away") {
  Books books;
  books.account(1).terms.max_balance = 5000;
  auto request = change("c");
  request.max_balance.emplace(std::nullopt);
  CHECK_FALSE(books.decline(request));
  CHECK(books.account(1).terms.min_balance == 0);
  CHECK_FALSE(books.account(1).terms.max_balance);
}

TEST_CASE("new limits must be met, holds counted") {
  Books books;
  books.commit(HoldRequest{.key = "h", .legs = {leg(1, 2, 400)}});
  auto floor = change("floor");
  floor.min_balance = std::optional<MinorUnits>(601);
  CHECK(books.decline(floor) == limit_not_met);
  auto ceiling = change("ceiling", 2);
  ceiling.max_balance = std::optional<MinorUnits>(1399);
  CHECK(books.decline(ceiling) == limit_not_met);
  floor.key = "lower";
  floor.min_balance = std::optional<MinorUnits>(600);
  ceiling.key = "higher";
  ceiling.max_balance = std::optional<MinorUnits>(1400);
  CHECK_FALSE(books.decline(floor));
  CHECK_FALSE(books.decline(ceiling));
  CHECK(books.decline(TransferRequest{.key = "t", .legs = {leg(1, 3, 1)}}) == insufficient_funds);
}

TEST_CASE("a frozen account can be opened again, and a closed one not") {
  Books books;
  CHECK_FALSE(books.decline(status("freeze", AccountStatus::frozen)));
  CHECK(books.decline(TransferRequest{.key = "t", .legs = {leg(1, 2, 1)}}) ==
        from_account_not_open);
  CHECK_FALSE(books.decline(status("thaw", AccountStatus::open)));
  CHECK(books.decline(status("close", AccountStatus::closed)) == account_not_empty);
  books.commit(TransferRequest{.key = "out", .legs = {leg(1, 2, 1000)}});
  CHECK_FALSE(books.decline(status("close now", AccountStatus::closed)));
  CHECK(books.decline(status("reopen", AccountStatus::open)) == account_closed);
}

TEST_CASE("an account with holds on either side cannot be closed") {
  Books books(0);
  books.commit(HoldRequest{.key = "h", .legs = {leg(9, 2, 5)}});
  CHECK(books.decline(status("to", AccountStatus::closed, 2)) == account_not_empty);
  CHECK(books.decline(status("from", AccountStatus::closed, 9)) == account_not_empty);
}

TEST_CASE("a change can ask for the version it was made for") {
  Books books;
  auto request = status("c", AccountStatus::frozen);
  request.expected_version = 1;
  CHECK(books.decline(request) == version_mismatch);
  request.key = "d";
  request.expected_version = 0;
  CHECK_FALSE(books.decline(request));
  CHECK(books.decline(status("e", AccountStatus::open, 77)) == unknown_account);
}

TEST_CASE("a transfer of the same batch sees a change before it") {
  Books books;
  auto freeze = status("freeze", AccountStatus::frozen);
  const auto result =
      books.apply({*core::make_operation(freeze),
                   *core::make_operation(TransferRequest{.key = "t", .legs = {leg(1, 2, 1)}})});
  CHECK(result.decisions[1].decline == from_account_not_open);
}

TEST_CASE("an account's times never go back, whatever the clock says") {
  Books books;
  books.commit(TransferRequest{.key = "t", .legs = {leg(1, 2, 1)}});
  const auto first = books.account(1).last_at;
  books.now -= std::chrono::hours(1);
  const auto second = books.commit(TransferRequest{.key = "u", .legs = {leg(1, 3, 1)}});
  CHECK(second.recorded_at == first);
  CHECK(books.account(3).last_at == first);
}
