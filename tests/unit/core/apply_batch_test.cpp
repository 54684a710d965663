#include "core/apply_batch.h"

#include <doctest/doctest.h>

#include <limits>
#include <string>
#include <vector>

#include "core/receipt.h"

using namespace ledger;
using core::Operation;
using Source = core::Decision::Source;

namespace {

const Currency kUsd = *Currency::iso("USD");
const Currency kEur = *Currency::iso("EUR");
const Timestamp kNow{std::chrono::microseconds(1'700'000'000'000'000)};
constexpr auto kMax = std::numeric_limits<MinorUnits>::max();

Account account(std::int64_t id, MinorUnits balance, Currency currency = kUsd) {
  return {.id = AccountId{id},
          .terms = {.currency = currency},
          .balance = balance,
          .version = 3,
          .last_seq = 30 + id};
}

Account world(std::int64_t id, MinorUnits balance) {
  auto result = account(id, balance);
  result.terms.min_balance.reset();
  return result;
}

Operation transfer(const std::string& key, std::int64_t from, std::int64_t to, MinorUnits amount,
                   Currency currency = kUsd) {
  return *core::make_operation(
      TransferRequest{key, {{AccountId{from}, AccountId{to}, Amount(amount, currency)}}});
}

Operation opening(AccountRequest request) {
  request.currency = kUsd;
  return *core::make_operation(std::move(request), true);
}

core::BatchResult apply(const Snapshot& snapshot, const std::vector<Operation>& operations,
                        bool record_declines = true) {
  std::vector<const Operation*> pointers;
  for (const auto& operation : operations)
    pointers.push_back(&operation);
  return core::apply_batch(snapshot, pointers, kNow, {.record_declines = record_declines});
}

std::optional<ErrorCode> decline(const Snapshot& snapshot, const Operation& operation) {
  return apply(snapshot, {operation}).decisions.front().decline;
}

}  // namespace

TEST_CASE("a transfer becomes one row with both entries and two updated accounts") {
  const Snapshot snapshot{.next_seq = 100, .accounts = {account(1, 500), account(2, 7)}};
  const auto result = apply(snapshot, {transfer("k", 1, 2, 200)});

  REQUIRE(result.writes.rows.size() == 1);
  const JournalRow& row = result.writes.rows.front();
  CHECK(row.seq == 100);
  CHECK(row.kind == JournalKind::transfer);
  CHECK(row.committed());
  CHECK(row.key == "k");
  CHECK(row.legs == 1);
  CHECK(row.amount == 200);
  CHECK(row.currency == kUsd);
  CHECK(row.recorded_at == kNow);
  CHECK(row.from_entry == Entry{.version = 4, .balance = 300, .held = 0, .previous = 31});
  CHECK(row.to_entry == Entry{.version = 4, .balance = 207, .held = 0, .previous = 32});

  REQUIRE(result.writes.updated.size() == 2);
  for (const auto& update : result.writes.updated) {
    CHECK(update.expected_version == 3);
    CHECK(update.account.version == 4);
    CHECK(update.account.last_seq == 100);
  }
  CHECK(result.decisions.front().source == Source::written);
  CHECK_FALSE(result.decisions.front().replayed);
}

TEST_CASE("transfers of one batch see what those before them did") {
  const Snapshot snapshot{.accounts = {account(1, 100), account(2, 0), account(3, 0)}};
  const auto result = apply(snapshot, {transfer("a", 1, 2, 100), transfer("b", 2, 3, 60),
                                       transfer("c", 2, 3, 60), transfer("d", 2, 1, 40)});
  CHECK_FALSE(result.decisions[0].decline);
  CHECK_FALSE(result.decisions[1].decline);
  CHECK(result.decisions[2].decline == ErrorCode::insufficient_funds);
  CHECK_FALSE(result.decisions[3].decline);
  for (const auto& update : result.writes.updated) {
    if (update.account.id == AccountId{2}) {
      CHECK(update.account.balance == 0);
      CHECK(update.account.version == 6);
    }
  }
}

TEST_CASE("each reason to decline has its code, in the order of the codes") {
  auto frozen = account(8, 100);
  frozen.terms.status = AccountStatus::frozen;
  auto closed = account(9, 0);
  closed.terms.status = AccountStatus::closed;
  auto full = account(5, 90);
  full.terms.max_balance = 100;
  auto holding = account(6, 100);
  holding.held = 60;
  const Snapshot snapshot{.accounts = {account(1, 100), account(2, 0), account(3, 50, kEur),
                                       world(4, -50), full, holding, world(7, kMax), frozen,
                                       closed}};
  using enum ErrorCode;
  CHECK(decline(snapshot, transfer("k", 99, 98, 1)) == from_account_not_found);
  CHECK(decline(snapshot, transfer("k", 8, 98, 1)) == to_account_not_found);
  CHECK(decline(snapshot, transfer("k", 8, 9, 1)) == from_account_not_open);
  CHECK(decline(snapshot, transfer("k", 1, 9, 1)) == to_account_not_open);
  CHECK(decline(snapshot, transfer("k", 1, 3, 1)) == currency_mismatch);
  CHECK(decline(snapshot, transfer("k", 3, 1, 1)) == currency_mismatch);
  CHECK(decline(snapshot, transfer("k", 1, 2, 1, kEur)) == currency_mismatch);
  CHECK(decline(snapshot, transfer("k", 1, 2, 101)) == insufficient_funds);
  CHECK(decline(snapshot, transfer("k", 6, 2, 41)) == insufficient_funds);
  CHECK(decline(snapshot, transfer("k", 1, 5, 11)) == balance_limit_exceeded);
  CHECK(decline(snapshot, transfer("k", 1, 7, 1)) == balance_overflow);
  // The exact limits are allowed.
  CHECK_FALSE(decline(snapshot, transfer("k", 1, 2, 100)));
  CHECK_FALSE(decline(snapshot, transfer("k", 6, 2, 40)));
  CHECK_FALSE(decline(snapshot, transfer("k", 1, 5, 10)));
  CHECK_FALSE(decline(snapshot, transfer("k", 4, 1, kMax - 100)));
}

TEST_CASE("an overdraft ends at a negative min_balance") {
  auto overdraft = account(1, 0);
  overdraft.terms.min_balance = -100;
  const Snapshot snapshot{.accounts = {overdraft, account(2, 0)}};
  CHECK_FALSE(decline(snapshot, transfer("k", 1, 2, 100)));
  CHECK(decline(snapshot, transfer("k", 1, 2, 101)) == ErrorCode::insufficient_funds);
}

TEST_CASE("a declined transfer is recorded under its key and moves nothing") {
  const Snapshot snapshot{.next_seq = 5, .accounts = {account(1, 10), account(2, 0)}};
  const auto result = apply(snapshot, {transfer("k", 1, 2, 11)});
  REQUIRE(result.writes.rows.size() == 1);
  const JournalRow& row = result.writes.rows.front();
  CHECK(row.decline == static_cast<std::uint16_t>(ErrorCode::insufficient_funds));
  CHECK(row.key == "k");
  CHECK(row.from_entry == Entry{});
  CHECK(row.to_entry == Entry{});
  CHECK(result.writes.updated.empty());
}

TEST_CASE("without record_declines a declined transfer leaves nothing behind") {
  const Snapshot snapshot{.accounts = {account(1, 10), account(2, 0)}};
  const auto result = apply(
      snapshot, {transfer("k", 1, 2, 11), transfer("k", 1, 2, 10), transfer("l", 2, 1, 10)}, false);
  CHECK(result.decisions[0].source == Source::none);
  CHECK(result.decisions[0].decline == ErrorCode::insufficient_funds);
  CHECK_FALSE(result.decisions[1].decline);
  CHECK(result.writes.rows.size() == 2);
  CHECK(result.writes.rows[1].seq == result.writes.rows[0].seq + 1);
}

TEST_CASE("the same key and request twice in a batch is decided once and replayed once") {
  const Snapshot snapshot{.accounts = {account(1, 100), account(2, 0)}};
  const auto result = apply(snapshot, {transfer("k", 1, 2, 60), transfer("k", 1, 2, 60)});
  CHECK(result.writes.rows.size() == 1);
  CHECK_FALSE(result.decisions[0].replayed);
  CHECK(result.decisions[1].replayed);
  CHECK(result.decisions[1].source == Source::written);
  CHECK(result.decisions[1].first == result.decisions[0].first);
}

TEST_CASE("the same key with another request in a batch is declined and not recorded") {
  const Snapshot snapshot{.accounts = {account(1, 100), account(2, 0)}};
  const auto result = apply(snapshot, {transfer("k", 1, 2, 60), transfer("k", 1, 2, 61)});
  CHECK(result.writes.rows.size() == 1);
  CHECK(result.decisions[1].decline == ErrorCode::key_reused);
  CHECK(result.decisions[1].source == Source::none);
}

TEST_CASE("a recorded key is replayed from the snapshot, whatever the balances are now") {
  const Snapshot before{.accounts = {account(1, 100), account(2, 0)}};
  const auto first = apply(before, {transfer("paid", 1, 2, 60), transfer("poor", 1, 2, 500)});
  const Snapshot after{
      .next_seq = 50, .accounts = {account(1, 0), account(2, 0)}, .recorded = first.writes.rows};
  const auto again = apply(
      after, {transfer("poor", 1, 2, 500), transfer("paid", 1, 2, 60), transfer("paid", 1, 2, 61)});
  CHECK(again.writes.empty());
  CHECK(again.decisions[0].decline == ErrorCode::insufficient_funds);
  CHECK(again.decisions[0].replayed);
  CHECK(again.decisions[1].source == Source::recorded);
  CHECK(again.decisions[1].replayed);
  CHECK(again.decisions[2].decline == ErrorCode::key_reused);
}

TEST_CASE("all legs of a transfer are posted in order under one key") {
  const Snapshot snapshot{.next_seq = 10,
                          .accounts = {account(1, 100), account(2, 0), account(3, 0)}};
  const auto operation =
      *core::make_operation(TransferRequest{"k",
                                            {{AccountId{1}, AccountId{2}, Amount(100, kUsd)},
                                             {AccountId{2}, AccountId{3}, Amount(30, kUsd)}}});
  const auto result = apply(snapshot, {operation});
  REQUIRE(result.writes.rows.size() == 2);
  CHECK(result.writes.rows[0].legs == 2);
  CHECK(result.writes.rows[1].key.empty());
  CHECK(result.writes.rows[1].from_entry == Entry{.version = 5, .balance = 70, .previous = 10});
  const auto receipt = core::to_receipt(result.writes.rows, false);
  REQUIRE(receipt);
  CHECK(receipt->id == TransferId{10});
  CHECK(receipt->legs.size() == 2);
  CHECK(receipt->legs[1].to_balance == 30);
}

TEST_CASE("a leg that is declined takes back the legs before it") {
  const Snapshot snapshot{.next_seq = 10,
                          .accounts = {account(1, 100), account(2, 0), account(3, 0)}};
  const auto operation =
      *core::make_operation(TransferRequest{"k",
                                            {{AccountId{1}, AccountId{2}, Amount(100, kUsd)},
                                             {AccountId{3}, AccountId{2}, Amount(1, kUsd)}}});
  const auto result = apply(snapshot, {operation, transfer("l", 1, 2, 100)});
  REQUIRE(result.writes.rows.size() == 2);
  CHECK(result.writes.rows[0].decline == static_cast<std::uint16_t>(ErrorCode::insufficient_funds));
  CHECK(result.writes.rows[0].from == AccountId{3});
  CHECK(result.writes.rows[1].seq == 11);
  CHECK(result.writes.rows[1].from_entry == Entry{.version = 4, .balance = 0, .previous = 31});
}

TEST_CASE("every 64th version of an account becomes a checkpoint, unless it is taken back") {
  auto near = account(1, 1000);
  near.version = 62;
  const Snapshot snapshot{.next_seq = 10, .accounts = {near, account(2, 0)}};
  const auto undone =
      *core::make_operation(TransferRequest{"u",
                                            {{AccountId{1}, AccountId{2}, Amount(1, kUsd)},
                                             {AccountId{1}, AccountId{2}, Amount(1, kUsd)},
                                             {AccountId{1}, AccountId{2}, Amount(5000, kUsd)}}});
  const auto result = apply(snapshot, {undone, transfer("a", 1, 2, 1), transfer("b", 1, 2, 1)});
  REQUIRE(result.writes.checkpoints.size() == 1);
  CHECK(result.writes.checkpoints.front() == Checkpoint{AccountId{1}, 64, 12, kNow});
}

TEST_CASE("an account is opened, used and refused a second time within one batch") {
  const Snapshot snapshot{.accounts = {world(1, 0)}};
  const auto result =
      apply(snapshot,
            {opening({.key = "a", .id = AccountId{2}}), transfer("t", 1, 2, 10),
             opening({.key = "b", .id = AccountId{2}}), opening({.key = "a", .id = AccountId{2}})});
  CHECK(result.decisions[2].decline == ErrorCode::account_exists);
  CHECK(result.decisions[3].replayed);
  REQUIRE(result.writes.created.size() == 1);
  CHECK(result.writes.created.front().balance == 10);
  CHECK(result.writes.created.front().version == 1);
  CHECK(result.writes.updated.size() == 1);
}

TEST_CASE("assigned ids follow every id that is in use") {
  const Snapshot snapshot{.next_account_id = AccountId{7}, .accounts = {account(2, 0)}};
  const auto result =
      apply(snapshot, {opening({.key = "a"}), opening({.key = "b", .id = AccountId{8}}),
                       opening({.key = "c"}), opening({.key = "d", .id = AccountId{2}})});
  REQUIRE(result.writes.created.size() == 3);
  CHECK(result.writes.created[0].id == AccountId{7});
  CHECK(result.writes.created[1].id == AccountId{8});
  CHECK(result.writes.created[2].id == AccountId{9});
  CHECK(result.decisions[3].decline == ErrorCode::account_exists);
}

TEST_CASE("the last id is never assigned") {
  const Snapshot snapshot{.next_account_id = AccountId{kMax}};
  CHECK(decline(snapshot, opening({.key = "a"})) == ErrorCode::account_ids_exhausted);
  CHECK_FALSE(decline(snapshot, opening({.key = "a", .id = AccountId{kMax}})));
}
