#include <doctest/doctest.h>

#include <limits>

#include "unit/core/books.h"

using namespace ledger;
using testing::Books;
using testing::kEur;
using testing::kNoon;
using testing::leg;
using testing::usd;
using enum ErrorCode;

namespace {

using std::chrono::seconds;

HoldRequest hold(std::string key, MinorUnits amount = 300) {
  return {.key = std::move(key), .legs = {leg(1, 2, amount)}};
}

HoldRequest two_legs(std::string key) {
  return {.key = std::move(key), .legs = {leg(1, 2, 300), leg(3, 4, 50)}};
}

CaptureRequest capture(std::string key, TransferId hold, std::optional<Amount> amount = {},
                       bool release_rest = false) {
  return {.key = std::move(key), .hold = hold, .amount = amount, .release_rest = release_rest};
}

}  // namespace

TEST_CASE("a hold reserves on both sides and moves nothing") {
  Books books;
  const auto held = books.commit(hold("h"));
  CHECK(held.kind == JournalKind::hold);
  CHECK(held.legs.front().from_held == 300);
  CHECK(held.legs.front().to_incoming == 300);
  CHECK(books.account(1).balance == 1000);
  CHECK(books.account(1).available() == 700);
  CHECK(books.account(2).incoming == 300);
  CHECK(books.account(1).version == 1);
  CHECK(books.account(2).version == 1);
  CHECK(books.state(held.id) == TransferState{.id = held.id, .status = TransferStatus::held});
}

TEST_CASE("what is held cannot be paid out or held once more") {
  Books books;
  books.commit(hold("h", 600));
  CHECK(books.decline(hold("more", 401)) == insufficient_funds);
  CHECK(books.decline(TransferRequest{.key = "t", .legs = {leg(1, 2, 401)}}) == insufficient_funds);
  CHECK_FALSE(books.decline(TransferRequest{.key = "u", .legs = {leg(1, 2, 400)}}));
}

TEST_CASE("what is incoming counts against max_balance, so that a capture cannot exceed it") {
  Books books;
  books.account(2).terms.max_balance = 1300;
  const auto held = books.commit(hold("h", 300));
  CHECK(books.decline(hold("one too many", 1)) == balance_limit_exceeded);
  CHECK(books.decline(TransferRequest{.key = "t", .legs = {leg(3, 2, 1)}}) ==
        balance_limit_exceeded);
  books.commit(capture("c", held.id));
  CHECK(books.account(2).balance == 1300);
}

TEST_CASE("a capture moves all that is left, or a part, until nothing is") {
  Books books;
  const auto held = books.commit(hold("h"));
  const auto first = books.commit(capture("c1", held.id, usd(100)));
  CHECK(first.refers_to == held.id);
  CHECK(books.account(1).balance == 900);
  CHECK(books.account(1).held == 200);
  CHECK(books.account(2).balance == 1100);
  CHECK(books.account(2).incoming == 200);
  CHECK(books.state(held.id).settled == 100);
  CHECK(books.state(held.id).status == TransferStatus::held);
  CHECK(books.decline(capture("too much", held.id, usd(201))) == amount_exceeds_rest);

  const auto last = books.commit(capture("c2", held.id));
  CHECK(last.legs.front().leg.amount == usd(200));
  CHECK(books.account(1).held == 0);
  CHECK(books.state(held.id).status == TransferStatus::captured);
  CHECK(books.decline(capture("c3", held.id)) == hold_captured);
  CHECK(books.decline(VoidRequest{.key = "v", .hold = held.id}) == hold_captured);
}

TEST_CASE("a capture may release the rest, in the same transfer") {
  Books books;
  const auto held = books.commit(hold("h"));
  const auto done = books.commit(capture("c", held.id, usd(120), true));
  REQUIRE(done.legs.size() == 1);
  CHECK(done.legs.front().leg.amount == usd(120));
  CHECK(done.released == 180);
  CHECK(books.account(1).balance == 880);
  CHECK(books.account(1).held == 0);
  CHECK(books.account(2).incoming == 0);
  CHECK(books.account(1).version == 3);
  CHECK(books.state(held.id) ==
        TransferState{.id = held.id, .status = TransferStatus::captured, .settled = 120});
}

TEST_CASE("a void releases what is left, once") {
  Books books;
  const auto held = books.commit(hold("h"));
  books.commit(capture("c", held.id, usd(100)));
  const auto voided = books.commit(VoidRequest{.key = "v", .hold = held.id});
  CHECK(voided.kind == JournalKind::void_hold);
  CHECK(voided.legs.front().leg.amount == usd(200));
  CHECK(books.account(1).available() == 900);
  CHECK(books.account(2).incoming == 0);
  CHECK(books.state(held.id).settled == 100);
  CHECK(books.decline(VoidRequest{.key = "w", .hold = held.id}) == hold_voided);
  CHECK(books.decline(capture("d", held.id)) == hold_voided);
}

TEST_CASE("from its time on a hold is expired, whether it has been released or not") {
  Books books;
  auto request = hold("h");
  request.expires_at = kNoon + seconds(60);
  const auto held = books.commit(request);
  CHECK(held.expires_at == request.expires_at);

  books.now = kNoon + seconds(59);
  CHECK(books.apply({core::make_expiry(held.id)}).decisions.front().decline);
  CHECK_FALSE(books.decline(capture("in time", held.id, usd(1))));

  books.now = kNoon + seconds(60);
  CHECK(books.decline(capture("late", held.id)) == hold_expired);
  CHECK(books.decline(VoidRequest{.key = "v", .hold = held.id}) == hold_expired);
  CHECK(books.account(1).held == 299);

  const auto expiry = books.apply({core::make_expiry(held.id)});
  CHECK_FALSE(expiry.decisions.front().decline);
  CHECK(books.account(1).held == 0);
  CHECK(books.account(2).incoming == 0);
  CHECK(books.state(held.id).status == TransferStatus::expired);
  CHECK(books.apply({core::make_expiry(held.id)}).decisions.front().replayed);
}

TEST_CASE("an expiry that comes too early leaves its key to the one that does not") {
  Books books;
  auto request = hold("h");
  request.expires_at = kNoon + seconds(60);
  const auto held = books.commit(request);
  const auto early = books.apply({core::make_expiry(held.id)});
  CHECK(early.decisions.front().source == core::Decision::Source::none);
  CHECK(early.writes.rows.empty());
}

TEST_CASE("a hold that would be expired at once is declined") {
  Books books;
  auto request = hold("h");
  request.expires_at = kNoon;
  CHECK(books.decline(request) == expiry_passed);
}

TEST_CASE("a hold of many legs is reserved, captured and voided as a whole") {
  Books books;
  const auto captured = books.commit(two_legs("h"));
  CHECK(books.decline(capture("part", captured.id, usd(10))) == partial_of_many_legs);
  CHECK(books.commit(capture("all", captured.id)).legs.size() == 2);
  CHECK(books.account(2).balance == 1300);
  CHECK(books.account(4).balance == 1050);
  CHECK(books.state(captured.id).status == TransferStatus::captured);

  const auto voided = books.commit(two_legs("i"));
  CHECK(books.commit(VoidRequest{.key = "v", .hold = voided.id}).legs.size() == 2);
  for (const std::int64_t id : {1, 2, 3, 4}) {
    CHECK(books.account(id).held == 0);
    CHECK(books.account(id).incoming == 0);
  }
  // The second leg alone is declined, and takes the first back.
  CHECK(books.decline(HoldRequest{.key = "j", .legs = {leg(1, 2, 1), leg(3, 4, 5000)}}) ==
        insufficient_funds);
  CHECK(books.account(1).held == 0);
}

TEST_CASE("frozen accounts keep what is held, but may let it go") {
  Books books;
  const auto held = books.commit(hold("h"));
  books.account(1).terms.status = AccountStatus::frozen;
  CHECK(books.decline(hold("another")) == from_account_not_open);
  CHECK(books.decline(capture("c", held.id)) == from_account_not_open);
  CHECK_FALSE(books.decline(VoidRequest{.key = "v", .hold = held.id}));
}

TEST_CASE("only a hold that is there can be captured or voided") {
  Books books;
  const auto paid = books.commit(TransferRequest{.key = "t", .legs = {leg(1, 2, 5)}});
  CHECK(books.decline(capture("a", TransferId{77})) == transfer_not_found);
  CHECK(books.decline(capture("b", paid.id)) == not_a_hold);
  CHECK(books.decline(VoidRequest{.key = "c", .hold = paid.id}) == not_a_hold);
  CHECK(books.decline(hold("poor", 5000)) == insufficient_funds);
  const TransferId declined{static_cast<std::int64_t>(books.rows().size())};
  CHECK(books.decline(capture("d", declined)) == transfer_not_found);
}

TEST_CASE("an amount of another currency is declined before it is compared") {
  Books books;
  const auto held = books.commit(hold("h"));
  CHECK(books.decline(capture("c", held.id, Amount(100'000, kEur))) == currency_mismatch);
}

TEST_CASE("two captures of one batch share what is left") {
  Books books;
  const auto held = books.commit(hold("h"));
  const auto result = books.apply({*core::make_operation(capture("a", held.id, usd(200))),
                                   *core::make_operation(capture("b", held.id, usd(200))),
                                   *core::make_operation(capture("c", held.id, usd(100)))});
  CHECK_FALSE(result.decisions[0].decline);
  CHECK(result.decisions[1].decline == amount_exceeds_rest);
  CHECK_FALSE(result.decisions[2].decline);
  CHECK(books.state(held.id).status == TransferStatus::captured);
}

TEST_CASE("a world account cannot hold more than 64 bits hold") {
  Books books;
  constexpr auto kMost = std::numeric_limits<MinorUnits>::max();
  books.account(2).balance = 0;
  CHECK_FALSE(books.decline(HoldRequest{.key = "a", .legs = {leg(9, 2, kMost)}}));
  CHECK(books.decline(HoldRequest{.key = "b", .legs = {leg(9, 2, 1)}}) == balance_overflow);
  CHECK(books.decline(TransferRequest{.key = "c", .legs = {leg(1, 2, 1)}}) == balance_overflow);
}

TEST_CASE("what would not fit 64 bits is an overflow, where the limit itself is far") {
  constexpr auto kMost = std::numeric_limits<MinorUnits>::max();
  Books books(0);
  books.account(1).terms.min_balance = std::numeric_limits<MinorUnits>::min();
  books.account(1).balance = 2;
  books.account(1).held = kMost;
  CHECK(books.decline(HoldRequest{.key = "held", .legs = {leg(1, 2, 1)}}) == balance_overflow);
  books.account(3).terms.max_balance = kMost;
  books.account(3).balance = -2;
  books.account(3).incoming = kMost;
  CHECK(books.decline(HoldRequest{.key = "incoming", .legs = {leg(9, 3, 1)}}) == balance_overflow);
}
