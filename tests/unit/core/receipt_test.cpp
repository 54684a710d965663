#include "core/receipt.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ledger;

namespace {

const Currency kUsd = *Currency::iso("USD");
const Timestamp kNow{std::chrono::microseconds(42)};

std::vector<JournalRow> two_legs() {
  JournalRow first{.seq = 7,
                   .key = "k",
                   .legs = 2,
                   .from = AccountId{1},
                   .to = AccountId{2},
                   .amount = 100,
                   .currency = kUsd,
                   .from_entry = {.version = 1, .balance = -100},
                   .to_entry = {.version = 4, .balance = 130},
                   .recorded_at = kNow};
  JournalRow second = first;
  second.seq = 8;
  second.key.clear();
  second.legs = 0;
  second.to = AccountId{3};
  return {first, second};
}

}  // namespace

TEST_CASE("a receipt tells each leg with both balances after it") {
  const auto receipt = core::to_receipt(two_legs(), true);
  REQUIRE(receipt);
  CHECK(receipt->id == TransferId{7});
  CHECK(receipt->recorded_at == kNow);
  CHECK(receipt->replayed);
  REQUIRE(receipt->legs.size() == 2);
  CHECK(receipt->legs[0] == PostedLeg{.leg = {AccountId{1}, AccountId{2}, Amount(100, kUsd)},
                                      .from_balance = -100,
                                      .to_balance = 130});
  CHECK(receipt->legs[1].leg.to == AccountId{3});
}

TEST_CASE("a recorded decline is told with its code, and whether it is a replay") {
  auto rows = two_legs();
  rows.resize(1);
  rows[0].decline = static_cast<std::uint16_t>(ErrorCode::insufficient_funds);
  for (const bool replayed : {false, true}) {
    const auto told = core::to_receipt(rows, replayed);
    REQUIRE_FALSE(told);
    CHECK(told.error().code == ErrorCode::insufficient_funds);
    CHECK(told.error().replayed == replayed);
  }
}

TEST_CASE("an opened account is told as it was opened") {
  const AccountTerms terms{.currency = kUsd, .min_balance = -5, .max_balance = 9};
  const std::vector<JournalRow> rows{{.seq = 3,
                                      .kind = JournalKind::account_opened,
                                      .key = "k",
                                      .legs = 1,
                                      .to = AccountId{12},
                                      .terms = terms,
                                      .recorded_at = kNow}};
  const auto created = core::to_created_account(rows, false);
  REQUIRE(created);
  CHECK(created->account == Account{.id = AccountId{12}, .terms = terms, .created_at = kNow});
}

TEST_CASE("a key that recorded something else says no more than that") {
  const std::vector<JournalRow> opening{{.kind = JournalKind::account_opened, .key = "k"}};
  CHECK(core::to_receipt(opening, true).error().code == ErrorCode::key_reused);
  CHECK(core::to_created_account(two_legs(), true).error().code == ErrorCode::key_reused);
}

TEST_CASE("a capture that released the rest tells it apart from what moved") {
  JournalRow capture{.seq = 7,
                     .kind = JournalKind::capture,
                     .key = "k",
                     .legs = 2,
                     .amount = 100,
                     .currency = kUsd,
                     .refers_to = TransferId{3},
                     .reference = "invoice",
                     .metadata = "{}"};
  JournalRow rest{.seq = 8, .kind = JournalKind::void_hold, .legs = -1, .amount = 20};
  const auto receipt = core::to_receipt(std::vector{capture, rest}, false);
  REQUIRE(receipt);
  CHECK(receipt->kind == JournalKind::capture);
  CHECK(receipt->legs.size() == 1);
  CHECK(receipt->released == 20);
  CHECK(receipt->refers_to == TransferId{3});
  CHECK(receipt->details == Details{.reference = "invoice", .metadata = "{}"});
}

TEST_CASE("the rows of a change are no receipt and no opening") {
  const std::vector<JournalRow> change{{.seq = 1,
                                        .kind = JournalKind::account_changed,
                                        .key = "k",
                                        .legs = 1,
                                        .terms = AccountTerms{.currency = kUsd}}};
  CHECK(core::to_receipt(change, false).error().code == ErrorCode::key_reused);
  CHECK(core::to_created_account(change, false).error().code == ErrorCode::key_reused);
  CHECK(core::to_changed_account(change, true)->replayed);
  CHECK(core::to_changed_account(two_legs(), true).error().code == ErrorCode::key_reused);
}
