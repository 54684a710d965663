#include "core/accounts.h"

#include <doctest/doctest.h>

#include <vector>

using namespace ledger;
using core::WorkingAccounts;

namespace {

const std::vector<Account> kLoaded{
    {.id = AccountId{1}, .balance = 100, .held = 3, .version = 63, .last_seq = 9},
    {.id = AccountId{2}}};

}  // namespace

TEST_CASE("an entry continues its account's chain") {
  WorkingAccounts accounts(kLoaded);
  Account& account = *accounts.find(AccountId{1});
  CHECK(accounts.post(account, -40, 20, {}) ==
        Entry{.version = 64, .balance = 60, .held = 3, .previous = 9});
  CHECK(accounts.post(account, 1, 21, {}) ==
        Entry{.version = 65, .balance = 61, .held = 3, .previous = 20});
  CHECK(accounts.find(AccountId{3}) == nullptr);
}

TEST_CASE("undoing a transfer takes back all its entries and checkpoints, in any order") {
  WorkingAccounts accounts(kLoaded);
  accounts.begin_transfer();
  for (Seq seq = 20; seq < 24; ++seq) {
    accounts.post(*accounts.find(AccountId{1}), -10, seq, {});
    accounts.post(*accounts.find(AccountId{2}), 10, seq, {});
  }
  accounts.undo_transfer();
  CHECK(*accounts.find(AccountId{1}) == kLoaded[0]);
  CHECK(*accounts.find(AccountId{2}) == kLoaded[1]);

  WriteSet writes;
  accounts.collect(writes);
  CHECK(writes.updated.empty());
  CHECK(writes.checkpoints.empty());
}

TEST_CASE("only what changed is written, with the version that was loaded") {
  WorkingAccounts accounts(kLoaded);
  accounts.begin_transfer();
  accounts.post(*accounts.find(AccountId{1}), -10, 20, {});
  accounts.commit_transfer();
  accounts.open({.id = AccountId{3}});
  WriteSet writes;
  accounts.collect(writes);
  REQUIRE(writes.updated.size() == 1);
  CHECK(writes.updated[0].expected_version == 63);
  CHECK(writes.updated[0].account.balance == 90);
  REQUIRE(writes.created.size() == 1);
  CHECK(writes.created[0].id == AccountId{3});
  REQUIRE(writes.checkpoints.size() == 1);
  CHECK(writes.checkpoints[0].version == 64);
}
