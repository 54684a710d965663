#include <doctest/doctest.h>

#include "unit/core/books.h"

using namespace ledger;
using testing::Books;
using testing::leg;
using testing::usd;
using enum ErrorCode;

namespace {

ReversalRequest reversal(std::string key, TransferId transfer, std::optional<Amount> amount = {}) {
  return {.key = std::move(key), .transfer = transfer, .amount = amount};
}

Receipt pay(Books& books, std::vector<Leg> legs = {leg(1, 2, 300)}) {
  return books.commit(TransferRequest{.key = "paid", .legs = std::move(legs)});
}

}  // namespace

TEST_CASE("a reversal moves a transfer back and refers to it") {
  Books books;
  const auto paid = pay(books);
  CHECK_FALSE(books.has_state(paid.id));
  const auto back = books.commit(reversal("r", paid.id));
  CHECK(back.kind == JournalKind::reversal);
  CHECK(back.refers_to == paid.id);
  CHECK(back.legs.front().leg == leg(2, 1, 300));
  CHECK(books.account(1).balance == 1000);
  CHECK(books.account(2).balance == 1000);
  CHECK(books.state(paid.id) ==
        TransferState{.id = paid.id, .status = TransferStatus::reversed, .settled = 300});
}

TEST_CASE("reversals of one transfer never move back more than it moved") {
  Books books;
  const auto paid = pay(books);
  books.commit(reversal("a", paid.id, usd(100)));
  CHECK(books.state(paid.id).status == TransferStatus::posted);
  CHECK(books.decline(reversal("b", paid.id, usd(201))) == amount_exceeds_rest);
  CHECK(books.commit(reversal("c", paid.id)).legs.front().leg.amount == usd(200));
  CHECK(books.decline(reversal("d", paid.id)) == already_reversed);
  CHECK(books.decline(reversal("e", paid.id, usd(1))) == already_reversed);
}

TEST_CASE("a reversal needs the money to be there") {
  Books books;
  const auto paid = pay(books);
  books.commit(TransferRequest{.key = "spent", .legs = {leg(2, 3, 1200)}});
  CHECK(books.decline(reversal("r", paid.id)) == insufficient_funds);
  CHECK_FALSE(books.has_state(paid.id));
  CHECK_FALSE(books.decline(reversal("s", paid.id, usd(100))));
}

TEST_CASE("a transfer of many legs is reversed as a whole, the last leg first") {
  Books books(0);
  // What 2 gets from 9 it pays on: forwards each account has enough, and backwards, too.
  const auto paid = pay(books, {leg(9, 2, 300), leg(2, 3, 300)});
  CHECK(books.decline(reversal("part", paid.id, usd(1))) == partial_of_many_legs);
  const auto back = books.commit(reversal("all", paid.id));
  CHECK(back.legs[0].leg == leg(3, 2, 300));
  CHECK(back.legs[1].leg == leg(2, 9, 300));
  CHECK(books.account(9).balance == 0);
  CHECK(books.state(paid.id).status == TransferStatus::reversed);
}

TEST_CASE("a capture can be reversed, without what it released") {
  Books books;
  const auto held = books.commit(HoldRequest{.key = "h", .legs = {leg(1, 2, 300)}});
  const auto captured = books.commit(
      CaptureRequest{.key = "c", .hold = held.id, .amount = usd(120), .release_rest = true});
  CHECK(books.decline(reversal("more", captured.id, usd(121))) == amount_exceeds_rest);
  books.commit(reversal("part", captured.id, usd(20)));
  CHECK(books.commit(reversal("rest", captured.id)).legs.front().leg.amount == usd(100));
  CHECK(books.account(1).balance == 1000);
  CHECK(books.account(1).held == 0);
  CHECK(books.state(held.id).status == TransferStatus::captured);
}

TEST_CASE("only transfers and captures can be reversed") {
  Books books;
  const auto held = books.commit(HoldRequest{.key = "h", .legs = {leg(1, 2, 300)}});
  CHECK(books.decline(reversal("a", held.id)) == not_reversible);
  const auto voided = books.commit(VoidRequest{.key = "v", .hold = held.id});
  CHECK(books.decline(reversal("b", voided.id)) == not_reversible);
  const auto back = books.commit(reversal("r", pay(books).id));
  CHECK(books.decline(reversal("c", back.id)) == not_reversible);
  CHECK(books.decline(reversal("d", TransferId{99})) == transfer_not_found);
}

TEST_CASE("nothing is reversed into or out of an account that is not open") {
  Books books;
  const auto paid = pay(books);
  books.account(1).terms.status = AccountStatus::frozen;
  CHECK(books.decline(reversal("r", paid.id)) == to_account_not_open);
}
