#include <doctest/doctest.h>

#include "unit/core/books.h"

using namespace ledger;
using testing::Books;
using testing::leg;
using enum ErrorCode;
using Source = core::Decision::Source;

namespace {

core::Operation pay(const std::string& key, std::int64_t from, std::int64_t to, MinorUnits amount) {
  return *core::make_operation(TransferRequest{.key = key, .legs = {leg(from, to, amount)}});
}

core::Operation together(std::vector<core::Operation> parts) {
  return {.request = core::AtomicRequest{std::move(parts)}};
}

std::vector<core::Decision> decide(Books& books, std::vector<core::Operation> parts) {
  return books.apply({together(std::move(parts))}).decisions.front().parts;
}

}  // namespace

TEST_CASE("an atomic batch whose parts are all fine is committed as a whole") {
  Books books(0);
  const auto parts = decide(books, {pay("a", 9, 1, 100), pay("b", 1, 2, 100)});
  REQUIRE(parts.size() == 2);
  CHECK_FALSE(parts[0].decline);
  CHECK_FALSE(parts[1].decline);
  CHECK(books.account(2).balance == 100);
}

TEST_CASE("one decline declines an atomic batch, and each key records why") {
  Books books;
  const auto parts = decide(books, {pay("a", 1, 2, 100), pay("b", 3, 4, 5000), pay("c", 2, 1, 10)});
  CHECK(parts[0].decline == atomic_batch_declined);
  CHECK(parts[1].decline == insufficient_funds);
  CHECK(parts[2].decline == atomic_batch_declined);
  for (const auto& part : parts)
    CHECK(part.source == Source::written);
  for (const std::int64_t id : {1, 2, 3, 4}) {
    CHECK(books.account(id).balance == 1000);
    CHECK(books.account(id).version == 0);
  }
  CHECK(books.rows().size() == 3);

  const auto again = decide(books, {pay("a", 1, 2, 100), pay("b", 3, 4, 5000), pay("c", 2, 1, 10)});
  CHECK(again[0].decline == atomic_batch_declined);
  CHECK(again[1].decline == insufficient_funds);
  CHECK(std::ranges::all_of(again, [](const auto& part) { return part.replayed; }));
  CHECK(books.rows().size() == 3);
}

TEST_CASE("declines that are not recorded leave an atomic batch's keys free") {
  Books books;
  books.record_declines = false;
  const auto parts = decide(books, {pay("a", 1, 2, 100), pay("b", 3, 4, 5000)});
  CHECK(parts[0].decline == atomic_batch_declined);
  CHECK(parts[1].decline == insufficient_funds);
  CHECK(books.rows().empty());
}

TEST_CASE("what an earlier request has committed is replayed within an atomic batch") {
  Books books;
  books.apply({pay("a", 1, 2, 100)});
  const auto parts = decide(books, {pay("a", 1, 2, 100), pay("b", 2, 3, 50)});
  CHECK(parts[0].replayed);
  CHECK_FALSE(parts[1].replayed);
  CHECK(books.account(1).balance == 900);
  CHECK(books.account(3).balance == 1050);

  const auto more = decide(books, {pay("b", 2, 3, 50), pay("c", 3, 1, 9999)});
  CHECK(more[0].replayed);
  CHECK_FALSE(more[0].decline);
  CHECK(more[1].decline == insufficient_funds);
}

TEST_CASE("a recorded decline or a reused key declines the rest of an atomic batch") {
  Books books;
  books.apply({pay("poor", 1, 2, 5000), pay("taken", 1, 2, 1)});
  const auto declined = decide(books, {pay("a", 1, 2, 10), pay("poor", 1, 2, 5000)});
  CHECK(declined[0].decline == atomic_batch_declined);
  CHECK(declined[1].decline == insufficient_funds);
  CHECK(declined[1].replayed);

  const auto reused = decide(books, {pay("b", 1, 2, 10), pay("taken", 1, 2, 2)});
  CHECK(reused[0].decline == atomic_batch_declined);
  CHECK(reused[1].decline == key_reused);
  CHECK_FALSE(reused[1].replayed);
  CHECK(books.account(1).balance == 999);
}

TEST_CASE("a key that comes twice in an atomic batch moves money once") {
  Books books;
  const auto parts = decide(books, {pay("a", 1, 2, 10), pay("a", 1, 2, 10)});
  CHECK_FALSE(parts[0].replayed);
  CHECK(parts[1].replayed);
  CHECK(books.account(2).balance == 1010);

  const auto declined =
      decide(books, {pay("b", 1, 2, 10), pay("b", 1, 2, 10), pay("c", 1, 2, 9999)});
  CHECK(declined[0].decline == atomic_batch_declined);
  CHECK(declined[1].decline == atomic_batch_declined);
  CHECK(declined[1].replayed);
  CHECK(declined[2].decline == insufficient_funds);
}

TEST_CASE("neighbours of a declined atomic batch are not held up") {
  Books books;
  const auto result =
      books.apply({pay("before", 1, 2, 100), together({pay("a", 2, 3, 1050), pay("b", 1, 2, 901)}),
                   pay("after", 2, 3, 1100)});
  CHECK_FALSE(result.decisions[0].decline);
  CHECK(result.decisions[1].parts[0].decline == atomic_batch_declined);
  CHECK_FALSE(result.decisions[2].decline);
  CHECK(books.account(2).balance == 0);
  CHECK(books.account(2).version == 2);
}

TEST_CASE("what an atomic batch did to a hold is taken back with it") {
  Books books;
  const auto held = books.commit(HoldRequest{.key = "h", .legs = {leg(1, 2, 300)}});
  const auto parts = decide(
      books,
      {*core::make_operation(CaptureRequest{.key = "c", .hold = held.id}), pay("b", 3, 4, 5000)});
  CHECK(parts[0].decline == atomic_batch_declined);
  CHECK(books.state(held.id).status == TransferStatus::held);
  CHECK(books.account(1).held == 300);
  CHECK_FALSE(books.decline(VoidRequest{.key = "v", .hold = held.id}));
}
