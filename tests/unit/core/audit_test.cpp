#include "core/audit.h"

#include <doctest/doctest.h>

#include <functional>
#include <vector>

#include "core/apply_batch.h"

using namespace ledger;

namespace {

const Currency kUsd = *Currency::iso("USD");

struct Books {
  std::vector<JournalRow> rows;
  std::vector<Account> accounts;
};

/// Two accounts, a transfer of two legs, a decline and a transfer back.
Books sound_books() {
  const auto leg = [](std::int64_t from, std::int64_t to, MinorUnits amount) {
    return Leg{AccountId{from}, AccountId{to}, Amount(amount, kUsd)};
  };
  const std::vector<core::Operation> operations{
      *core::make_operation(
          AccountRequest{.key = "w", .currency = kUsd, .id = AccountId{1}, .min_balance = {}},
          true),
      *core::make_operation(
          AccountRequest{.key = "a", .currency = kUsd, .id = AccountId{2}, .max_balance = 100},
          true),
      *core::make_operation(TransferRequest{"t", {leg(1, 2, 60), leg(1, 2, 40)}}),
      *core::make_operation(TransferRequest{"d", {leg(1, 2, 1)}}),
      *core::make_operation(TransferRequest{"u", {leg(2, 1, 30)}})};
  std::vector<const core::Operation*> pointers;
  for (const auto& operation : operations)
    pointers.push_back(&operation);
  auto result = core::apply_batch(Snapshot{}, pointers, Timestamp{}, {});
  return {std::move(result.writes.rows), std::move(result.writes.created)};
}

Result<void> audit(const Books& books) {
  core::Audit audit;
  for (const auto& row : books.rows) {
    if (auto valid = audit.add_row(row); !valid) return valid;
  }
  for (const auto& account : books.accounts) {
    if (auto valid = audit.add_account(account); !valid) return valid;
  }
  return audit.finish();
}

}  // namespace

TEST_CASE("sound books pass the audit") {
  const auto books = sound_books();
  REQUIRE(books.rows.size() == 6);
  CHECK(audit(books).has_value());
}

TEST_CASE("the audit notices every kind of damage") {
  struct Damage {
    const char* name;
    std::function<void(Books&)> inflict;
  };
  const std::vector<Damage> damages{
      {"a lost row", [](Books& b) { b.rows.erase(b.rows.begin() + 2); }},
      {"a lost leg", [](Books& b) { b.rows.erase(b.rows.begin() + 3); }},
      {"a lost last row", [](Books& b) { b.rows.pop_back(); }},
      {"rows out of order", [](Books& b) { std::swap(b.rows[4], b.rows[5]); }},
      {"a changed amount", [](Books& b) { b.rows[2].amount += 1; }},
      {"a changed balance", [](Books& b) { b.rows[2].to_entry.balance += 1; }},
      {"a skipped version", [](Books& b) { b.rows[5].to_entry.version += 1; }},
      {"a broken chain", [](Books& b) { b.rows[5].from_entry.previous = 1; }},
      {"a row without its key", [](Books& b) { b.rows[5].key.clear(); }},
      {"another currency", [](Books& b) { b.rows[5].currency = *Currency::iso("EUR"); }},
      {"an account opened twice", [](Books& b) { b.rows[1].to = AccountId{1}; }},
      {"a lost account", [](Books& b) { b.accounts.pop_back(); }},
      {"an account from nowhere", [](Books& b) { b.accounts.push_back({.id = AccountId{9}}); }},
      {"a tampered account", [](Books& b) { b.accounts[1].balance += 1; }},
      {"a tampered version", [](Books& b) { b.accounts[1].version += 1; }},
      {"a floor above the balance", [](Books& b) { b.accounts[1].terms.min_balance = 71; }},
      {"a ceiling below the balance", [](Books& b) { b.accounts[1].terms.max_balance = 69; }},
  };
  for (const auto& damage : damages) {
    CAPTURE(damage.name);
    auto books = sound_books();
    damage.inflict(books);
    const auto found = audit(books);
    REQUIRE_FALSE(found);
    CHECK(found.error().code == ErrorCode::store_corrupt);
  }
}
