#include "core/audit.h"

#include <doctest/doctest.h>

#include <functional>
#include <string>
#include <vector>

#include "unit/core/books.h"

using namespace ledger;

namespace {

using testing::kUsd;
using testing::leg;

constexpr std::chrono::seconds kSecond{1};

struct Kept {
  std::vector<JournalRow> rows;
  std::vector<Account> accounts;
  std::vector<TransferState> states{};
};

Kept keep(const testing::Books& books) { return {books.rows(), books.accounts(), books.states()}; }

testing::Books with_two_accounts() {
  auto books = testing::Books::without_accounts();
  books.apply({*core::make_operation(
      AccountRequest{.key = "w", .currency = kUsd, .id = AccountId{1}, .min_balance = {}}, true)});
  books.apply({*core::make_operation(
      AccountRequest{.key = "a", .currency = kUsd, .id = AccountId{2}, .max_balance = 100}, true)});
  return books;
}

/// Two accounts, a transfer of two legs, a decline and a transfer back.
Kept sound_books() {
  auto books = with_two_accounts();
  books.apply({*core::make_operation(TransferRequest{"t", {leg(1, 2, 60), leg(1, 2, 40)}}),
               *core::make_operation(TransferRequest{"d", {leg(1, 2, 1)}}),
               *core::make_operation(TransferRequest{"u", {leg(2, 1, 30)}})});
  return keep(books);
}

constexpr std::size_t kHold = 2;     // of 80, row 3
constexpr std::size_t kCapture = 3;  // of 30
constexpr std::size_t kRest = 4;     // which releases 50
constexpr std::size_t kReversal = 5;
constexpr std::size_t kChange = 6;
constexpr std::size_t kVoid = 8;  // of the hold before it

/// A hold that is captured in part, the reversal of that, a change, and a hold that is voided.
Kept books_with_holds() {
  auto books = with_two_accounts();
  const auto held = books.commit(HoldRequest{.key = "h", .legs = {leg(1, 2, 80)}});
  const auto captured = books.commit(CaptureRequest{
      .key = "c", .hold = held.id, .amount = Amount(30, kUsd), .release_rest = true});
  books.commit(ReversalRequest{.key = "r", .transfer = captured.id, .amount = Amount(10, kUsd)});
  AccountChange change{.key = "f", .account = AccountId{2}};
  change.max_balance = std::optional<MinorUnits>(70);
  books.apply({*core::make_operation(change)});
  const auto other = books.commit(HoldRequest{.key = "i", .legs = {leg(1, 2, 50)}});
  books.commit(VoidRequest{.key = "v", .hold = other.id});
  return keep(books);
}

Result<void> audit(const Kept& books) {
  core::Audit audit;
  for (const auto& state : books.states)
    audit.add_state(state);
  for (const auto& row : books.rows) {
    if (auto valid = audit.add_row(row); !valid) return valid;
  }
  for (const auto& account : books.accounts) {
    if (auto valid = audit.add_account(account); !valid) return valid;
  }
  return audit.finish();
}

struct Damage {
  std::string name;
  std::function<void(Kept&)> inflict;
};

void check_noticed(const Kept& sound, const std::vector<Damage>& damages) {
  for (const auto& damage : damages) {
    CAPTURE(damage.name);
    auto books = sound;
    damage.inflict(books);
    const auto found = audit(books);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::store_corrupt);
  }
}

}  // namespace

TEST_CASE("sound books pass the audit") {
  const auto books = sound_books();
  REQUIRE(books.rows.size() == 6);
  CHECK(audit(books).has_value());
}

TEST_CASE("the audit notices every kind of damage") {
  check_noticed(
      sound_books(),
      {
          {"a lost row", [](Kept& b) { b.rows.erase(b.rows.begin() + 2); }},
          {"a lost leg", [](Kept& b) { b.rows.erase(b.rows.begin() + 3); }},
          {"a lost last row", [](Kept& b) { b.rows.pop_back(); }},
          {"rows out of order", [](Kept& b) { std::swap(b.rows[4], b.rows[5]); }},
          {"a changed amount", [](Kept& b) { b.rows[2].amount += 1; }},
          {"a changed balance", [](Kept& b) { b.rows[2].to_entry.balance += 1; }},
          {"a skipped version", [](Kept& b) { b.rows[5].to_entry.version += 1; }},
          {"a broken chain", [](Kept& b) { b.rows[5].from_entry.previous = 1; }},
          {"a row without its key", [](Kept& b) { b.rows[5].key.clear(); }},
          {"another currency", [](Kept& b) { b.rows[5].currency = *Currency::iso("EUR"); }},
          {"an account opened twice", [](Kept& b) { b.rows[1].to = AccountId{1}; }},
          {"a lost account", [](Kept& b) { b.accounts.pop_back(); }},
          {"an account from nowhere", [](Kept& b) { b.accounts.push_back({.id = AccountId{9}}); }},
          {"a tampered account", [](Kept& b) { b.accounts[1].balance += 1; }},
          {"a tampered version", [](Kept& b) { b.accounts[1].version += 1; }},
          {"a floor above the balance", [](Kept& b) { b.accounts[1].terms.min_balance = 71; }},
          {"a ceiling below the balance", [](Kept& b) { b.accounts[1].terms.max_balance = 69; }},
          {"an account with other terms", [](Kept& b) { b.accounts[1].terms.max_balance = 101; }},
          {"an account with another time", [](Kept& b) { b.accounts[1].last_at += kSecond; }},
      });
}

TEST_CASE("sound books with holds pass the audit") {
  const auto books = books_with_holds();
  REQUIRE(books.rows.size() == 9);
  const auto sound = audit(books);
  CHECK_MESSAGE(sound.has_value(), (sound ? "" : sound.error().message()));
}

TEST_CASE("the audit notices every kind of damage to holds and reversals") {
  check_noticed(
      books_with_holds(),
      {
          {"a lost state", [](Kept& b) { b.states.erase(b.states.begin()); }},
          {"a state of nothing", [](Kept& b) { b.states.push_back({.id = TransferId{77}}); }},
          {"another status", [](Kept& b) { b.states[0].status = TransferStatus::voided; }},
          {"another settled amount", [](Kept& b) { b.states[0].settled = 31; }},
          {"another expiry", [](Kept& b) { b.states[0].expires_at = Timestamp{}; }},
          {"a changed held amount", [](Kept& b) { b.rows[kHold].from_entry.held += 1; }},
          {"a changed incoming amount", [](Kept& b) { b.rows[kHold].to_entry.incoming += 1; }},
          {"a tampered held amount", [](Kept& b) { b.accounts[0].held += 1; }},
          {"a tampered incoming amount", [](Kept& b) { b.accounts[1].incoming += 1; }},
          {"a capture of nothing", [](Kept& b) { b.rows[kCapture].refers_to = TransferId{99}; }},
          {"a capture of itself", [](Kept& b) { b.rows[kCapture].refers_to = TransferId{4}; }},
          {"a capture that is a void",
           [](Kept& b) { b.rows[kCapture].kind = JournalKind::void_hold; }},
          {"a rest that stays held", [](Kept& b) { b.rows[kRest].kind = JournalKind::capture; }},
          {"a reversal of a hold", [](Kept& b) { b.rows[kReversal].refers_to = TransferId{3}; }},
          {"a reversal of nothing", [](Kept& b) { b.rows[kReversal].refers_to.reset(); }},
          {"a change without terms", [](Kept& b) { b.rows[kChange].terms.reset(); }},
          {"a change of other terms", [](Kept& b) { b.rows[kChange].terms->max_balance = 71; }},
          {"a void of a captured hold", [](Kept& b) { b.rows[kVoid].refers_to = TransferId{3}; }},
      });
}

TEST_CASE("the audit notices a capture of more than was held") {
  auto books = books_with_holds();
  JournalRow& hold = books.rows[kHold];
  JournalRow& capture = books.rows[kCapture];
  hold.amount = hold.from_entry.held = hold.to_entry.incoming = 30;
  capture.amount = 31;
  const auto found = audit(books);
  REQUIRE_FALSE(found);
  CHECK(found.error().detail.find("takes more than was left") != std::string::npos);
}
