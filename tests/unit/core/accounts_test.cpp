#include "core/accounts.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ledger;
using core::WorkingAccounts;

namespace {

const Timestamp kNow{std::chrono::microseconds(42)};

const std::vector<Account> kLoaded{
    {.id = AccountId{1}, .balance = 100, .held = 3, .version = 63, .last_seq = 9},
    {.id = AccountId{2}}};

}  // namespace

TEST_CASE("an entry continues its account's chain") {
  WorkingAccounts accounts(kLoaded);
  Account& account = *accounts.find(AccountId{1});
  CHECK(accounts.post(account, {.balance = -40}, 20, {}) ==
        Entry{.version = 64, .balance = 60, .held = 3, .previous = 9});
  CHECK(accounts.post(account, {.balance = 1}, 21, {}) ==
        Entry{.version = 65, .balance = 61, .held = 3, .previous = 20});
  CHECK(accounts.find(AccountId{3}) == nullptr);
}

TEST_CASE("going back to a mark takes back all entries and checkpoints since") {
  WorkingAccounts accounts(kLoaded);
  const auto mark = accounts.mark();
  for (Seq seq = 20; seq < 24; ++seq) {
    accounts.post(*accounts.find(AccountId{1}), {.balance = -10}, seq, {});
    accounts.post(*accounts.find(AccountId{2}), {.held = 10, .incoming = 7}, seq, {});
  }
  accounts.undo_to(mark);
  CHECK(*accounts.find(AccountId{1}) == kLoaded[0]);
  CHECK(*accounts.find(AccountId{2}) == kLoaded[1]);

  WriteSet writes;
  accounts.collect(writes);
  CHECK(writes.updated.empty());
  CHECK(writes.checkpoints.empty());
}

TEST_CASE("going back to a later mark leaves what was before it") {
  WorkingAccounts accounts(kLoaded);
  accounts.post(*accounts.find(AccountId{1}), {.balance = -10}, 20, kNow);
  const auto mark = accounts.mark();
  accounts.post(*accounts.find(AccountId{1}), {.balance = -10}, 21, kNow);
  accounts.undo_to(mark);
  CHECK(accounts.find(AccountId{1})->balance == 90);
  CHECK(accounts.find(AccountId{1})->last_seq == 20);
}

TEST_CASE("only what changed is written, with the version that was loaded") {
  WorkingAccounts accounts(kLoaded);
  accounts.post(*accounts.find(AccountId{1}), {.balance = -10}, 20, kNow);
  accounts.keep();
  accounts.open({.id = AccountId{3}});
  WriteSet writes;
  accounts.collect(writes);
  REQUIRE(writes.updated.size() == 1);
  CHECK(writes.updated[0].expected_version == 63);
  CHECK(writes.updated[0].account.balance == 90);
  CHECK(writes.updated[0].account.last_at == kNow);
  REQUIRE(writes.created.size() == 1);
  CHECK(writes.created[0].id == AccountId{3});
  REQUIRE(writes.checkpoints.size() == 1);
  CHECK(writes.checkpoints[0].version == 64);
}
