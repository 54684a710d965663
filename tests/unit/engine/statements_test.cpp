// Statements, balances at a time and lists of transfers, over the memory store.
#include <doctest/doctest.h>

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "fakes/fake_clock.h"
#include "ledger/ledger.h"

using namespace std::chrono_literals;
using namespace ledger;

namespace {

const Currency kUsd = *Currency::iso("USD");
const AccountId kWorld{1};
const AccountId kAda{2};
const AccountId kBen{3};

/// Three accounts; `step()` moves a cent from the world to Ada, a second after the last.
class Bank {
 public:
  Bank() : ledger(open()) {
    REQUIRE(ledger.create_account(
        {.key = "world", .currency = kUsd, .id = kWorld, .min_balance = std::nullopt}));
    REQUIRE(ledger.create_account({.key = "ada", .currency = kUsd, .id = kAda}));
    REQUIRE(ledger.create_account({.key = "ben", .currency = kUsd, .id = kBen}));
  }

  void steps(int count) {
    for (int i = 0; i < count; ++i) {
      clock->advance(1s);
      REQUIRE(ledger.transfer("step-" + std::to_string(++steps_), kWorld, kAda, Amount(1, kUsd)));
    }
  }

  std::vector<std::int64_t> versions(const StatementQuery& query) {
    const auto page = ledger.statement(query);
    REQUIRE(page);
    std::vector<std::int64_t> found;
    for (const StatementEntry& entry : page->entries)
      found.push_back(entry.version);
    next = page->next;
    return found;
  }

  /// Every version, page by page.
  std::vector<std::int64_t> all_versions(StatementQuery query) {
    std::vector<std::int64_t> found;
    do {
      const auto page = versions(query);
      CHECK_FALSE(page.empty());
      found.insert(found.end(), page.begin(), page.end());
      query.cursor = next;
    } while (next != 0);
    return found;
  }

  std::shared_ptr<fakes::FakeClock> clock = std::make_shared<fakes::FakeClock>();
  Ledger ledger;
  std::int64_t next = 0;  // of the page that was read last

 private:
  Ledger open() const {
    auto opened = Ledger::open({.store = "memory:", .expiry_interval = 0ms, .clock = clock});
    REQUIRE(opened);
    return std::move(*opened);
  }

  int steps_ = 0;
};

std::vector<std::int64_t> range(std::int64_t first, std::int64_t last) {
  std::vector<std::int64_t> numbers;
  for (std::int64_t i = first; i <= last; ++i)
    numbers.push_back(i);
  return numbers;
}

std::vector<std::int64_t> reversed(std::vector<std::int64_t> numbers) {
  std::reverse(numbers.begin(), numbers.end());
  return numbers;
}

}  // namespace

TEST_CASE("a statement has every entry once, in either order, whatever the pages") {
  Bank bank;
  bank.steps(200);
  for (const std::size_t limit : {1U, 7U, 63U, 64U, 65U, 199U, 200U, 201U, 1000U}) {
    CAPTURE(limit);
    StatementQuery query{.account = kAda, .limit = limit};
    CHECK(bank.all_versions(query) == reversed(range(1, 200)));
    query.order = Order::oldest_first;
    CHECK(bank.all_versions(query) == range(1, 200));
  }
}

TEST_CASE("pages fit each other while others write") {
  Bank bank;
  bank.steps(100);
  StatementQuery query{.account = kAda, .limit = 40};
  CHECK(bank.versions(query) == reversed(range(61, 100)));
  query.cursor = bank.next;
  bank.steps(70);
  CHECK(bank.versions(query) == reversed(range(21, 60)));

  query = {.account = kAda, .order = Order::oldest_first, .limit = 100};
  CHECK(bank.versions(query) == range(1, 100));
  query.cursor = bank.next;
  bank.steps(10);
  CHECK(bank.versions(query) == range(101, 180));
  CHECK(bank.next == 0);
}

TEST_CASE("a statement of a span of time has the entries recorded in it") {
  Bank bank;
  const Timestamp start = bank.clock->now();
  bank.steps(200);  // version n is recorded n seconds after the start
  for (const auto order : {Order::newest_first, Order::oldest_first}) {
    const auto ordered = [&](std::vector<std::int64_t> numbers) {
      return order == Order::newest_first ? reversed(std::move(numbers)) : numbers;
    };
    StatementQuery query{.account = kAda, .order = order, .limit = 17};
    query.from = start + 50s;
    query.to = start + 150s;
    CHECK(bank.all_versions(query) == ordered(range(50, 149)));
    query.from.reset();
    query.to = start + 64s;
    CHECK(bank.all_versions(query) == ordered(range(1, 63)));
    query.from = start + 128s;
    query.to.reset();
    CHECK(bank.all_versions(query) == ordered(range(128, 200)));
    query.from = start + 201s;
    CHECK(bank.versions(query).empty());
    query.from.reset();
    query.to = start + 1s;
    CHECK(bank.versions(query).empty());
    CHECK(bank.next == 0);
  }
}

TEST_CASE("an entry tells its transfer, the other account and every amount after it") {
  Bank bank;
  REQUIRE(bank.ledger.transfer("in", kWorld, kAda, Amount(100, kUsd)));
  const auto paid = bank.ledger.transfer(
      {.key = "legs",
       .legs = {{kAda, kWorld, Amount(10, kUsd)}, {kAda, kBen, Amount(20, kUsd)}},
       .details = {.reference = "invoice", .metadata = R"({"n":7})"}});
  REQUIRE(paid);
  const auto held = bank.ledger.hold({.key = "hold", .legs = {{kAda, kBen, Amount(5, kUsd)}}});
  REQUIRE(held);
  AccountChange change{.key = "change", .account = kBen};
  change.max_balance.emplace(1000);
  REQUIRE(bank.ledger.update_account(change));

  const auto page = bank.ledger.statement({.account = kBen});
  REQUIRE(page);
  CHECK(page->currency == kUsd);
  REQUIRE(page->entries.size() == 3);
  const StatementEntry& changed = page->entries[0];
  CHECK(changed.kind == JournalKind::account_changed);
  CHECK_FALSE(changed.other);
  CHECK(changed.change == 0);
  const StatementEntry& hold = page->entries[1];
  CHECK(hold.kind == JournalKind::hold);
  CHECK(hold.transfer == held->id);
  CHECK(hold.change == 0);
  CHECK(hold.incoming == 5);
  const StatementEntry& leg = page->entries[2];
  CHECK(leg.transfer == paid->id);
  CHECK(leg.other == kAda);
  CHECK(leg.change == 20);
  CHECK(leg.balance == 20);
  CHECK(leg.details.reference == "invoice");
  CHECK(leg.details.metadata == R"({"n":7})");
  CHECK(bank.ledger.statement({.account = kAda})->entries[0].held == 5);
}

TEST_CASE("a page that cannot be asked for, or an account that is not there, has its error") {
  Bank bank;
  CHECK(bank.ledger.statement({.account = AccountId{77}}).error().code ==
        ErrorCode::account_not_found);
  CHECK(bank.ledger.statement({.account = kAda, .limit = 0}).error().code ==
        ErrorCode::invalid_page);
  CHECK(bank.ledger.statement({.account = kAda, .limit = kMaxPage + 1}).error().code ==
        ErrorCode::invalid_page);
  CHECK(bank.ledger.statement({.account = kAda, .cursor = -1}).error().code ==
        ErrorCode::invalid_page);
  CHECK(bank.ledger.transfers({.limit = 0}).error().code == ErrorCode::invalid_page);
  CHECK(bank.ledger.transfers({.account = AccountId{77}}).error().code ==
        ErrorCode::account_not_found);
  CHECK(bank.ledger.balance_at(AccountId{77}, {}).error().code == ErrorCode::account_not_found);
}

TEST_CASE("the balance at a time is that of the last entry until then") {
  Bank bank;
  const Timestamp start = bank.clock->now();
  bank.steps(200);
  for (const int second : {0, 1, 63, 64, 65, 127, 128, 199, 200, 500}) {
    CAPTURE(second);
    const auto expected = std::min(second, 200);
    const auto at = bank.ledger.balance_at(kAda, start + std::chrono::seconds(second));
    REQUIRE(at);
    CHECK(at->balance == expected);
    CHECK(at->version == expected);
    if (second == 0) continue;
    const auto before = bank.ledger.balance_at(kAda, start + std::chrono::seconds(second) - 1us);
    CHECK(before->balance == std::min(second - 1, 200));
  }
}

TEST_CASE("a transfer tells what became of it") {
  Bank bank;
  REQUIRE(bank.ledger.transfer("in", kWorld, kAda, Amount(100, kUsd)));
  const auto held = bank.ledger.hold({.key = "h", .legs = {{kAda, kBen, Amount(50, kUsd)}}});
  REQUIRE(held);
  CHECK(bank.ledger.find_transfer(held->id)->state.status == TransferStatus::held);
  CHECK(bank.ledger.find_transfer(held->id)->followed_by.empty());

  const auto captured =
      bank.ledger.capture({.key = "c", .hold = held->id, .amount = Amount(30, kUsd)});
  REQUIRE(captured);
  const auto voided = bank.ledger.void_hold({.key = "v", .hold = held->id});
  REQUIRE(voided);
  const auto hold = bank.ledger.find_transfer(held->id);
  CHECK(hold->state.status == TransferStatus::voided);
  CHECK(hold->state.settled == 30);
  CHECK(hold->followed_by == std::vector{captured->id, voided->id});

  const auto back = bank.ledger.reverse({.key = "r", .transfer = captured->id});
  REQUIRE(back);
  const auto capture = bank.ledger.find_transfer(captured->id);
  CHECK(capture->state.status == TransferStatus::reversed);
  CHECK(capture->receipt.refers_to == held->id);
  CHECK(capture->followed_by == std::vector{back->id});

  CHECK_FALSE(bank.ledger.transfer("poor", kBen, kAda, Amount(100, kUsd)));
  for (const auto id : {TransferId{2}, TransferId{to_int(back->id) + 1}, TransferId{999}}) {
    CHECK(bank.ledger.find_transfer(id).error().code == ErrorCode::transfer_not_found);
  }
}

TEST_CASE("transfers are found by reference, in order, after any of them") {
  Bank bank;
  std::vector<TransferId> ids;
  for (const char* key : {"a", "b", "c"}) {
    const auto paid = bank.ledger.transfer({.key = key,
                                            .legs = {{kWorld, kAda, Amount(1, kUsd)}},
                                            .details = {.reference = "order-7"}});
    REQUIRE(paid);
    ids.push_back(paid->id);
  }
  const auto all = bank.ledger.transfers_by_reference("order-7", TransferId{0}, 10);
  REQUIRE(all);
  REQUIRE(all->size() == 3);
  CHECK(all->front().receipt.key == "a");
  const auto later = bank.ledger.transfers_by_reference("order-7", ids[0], 1);
  REQUIRE(later->size() == 1);
  CHECK(later->front().receipt.id == ids[1]);
  CHECK(bank.ledger.transfers_by_reference("order-8", TransferId{0}, 10)->empty());
}

namespace {

std::vector<std::string> keys_of(Bank& bank, TransferQuery query) {
  std::vector<std::string> keys;
  do {
    const auto page = bank.ledger.transfers(query);
    REQUIRE(page);
    CHECK(page->transfers.size() <= query.limit);
    for (const Receipt& receipt : page->transfers)
      keys.push_back(receipt.key);
    query.cursor = page->next;
  } while (query.cursor != 0);
  return keys;
}

}  // namespace

TEST_CASE("transfers are listed by account, kind and time, each once") {
  Bank bank;
  const Timestamp start = bank.clock->now();
  bank.steps(5);
  bank.clock->advance(1h);
  const auto held = bank.ledger.hold({.key = "hold", .legs = {{kAda, kBen, Amount(1, kUsd)}}});
  REQUIRE(held);
  bank.clock->advance(1h);
  REQUIRE(bank.ledger.capture({.key = "capture", .hold = held->id}));
  REQUIRE(bank.ledger.transfer({.key = "legs",
                                .legs = {{kAda, kBen, Amount(1, kUsd)},
                                         {kAda, kWorld, Amount(1, kUsd)},
                                         {kAda, kBen, Amount(1, kUsd)}}}));
  CHECK_FALSE(bank.ledger.transfer("declined", kBen, kAda, Amount(100, kUsd)));

  using Keys = std::vector<std::string>;
  for (const std::size_t limit : {1U, 2U, 50U}) {
    CAPTURE(limit);
    TransferQuery query{.limit = limit};
    CHECK(keys_of(bank, query) ==
          Keys{"step-1", "step-2", "step-3", "step-4", "step-5", "hold", "capture", "legs"});
    query.account = kBen;
    CHECK(keys_of(bank, query) == Keys{"hold", "capture", "legs"});
    query.account = kAda;
    query.kind = JournalKind::transfer;
    query.from = start + 5s;
    CHECK(keys_of(bank, query) == Keys{"step-5", "legs"});
    query.account.reset();
    CHECK(keys_of(bank, query) == Keys{"step-5", "legs"});
    query.to = start + 1h;
    CHECK(keys_of(bank, query) == Keys{"step-5"});
    query.account = kAda;
    CHECK(keys_of(bank, query) == Keys{"step-5"});
  }
}

TEST_CASE("long histories are listed page by page, by time, too") {
  Bank bank;
  const Timestamp start = bank.clock->now();
  bank.steps(2500);
  for (const bool of_account : {false, true}) {
    TransferQuery query{.from = start + 1200s, .to = start + 2400s, .limit = 1000};
    if (of_account) query.account = kAda;
    const auto keys = keys_of(bank, query);
    REQUIRE(keys.size() == 1200);
    CHECK(keys.front() == "step-1200");
    CHECK(keys.back() == "step-2399");
    query.kind = JournalKind::hold;
    CHECK(keys_of(bank, query).empty());
  }
}

TEST_CASE("spans that begin before all time and end after it have everything in them") {
  Bank bank;
  bank.steps(3);
  StatementQuery statement{.account = kAda, .from = Timestamp::min(), .to = Timestamp::max()};
  CHECK(bank.all_versions(statement) == reversed(range(1, 3)));
  statement.order = Order::oldest_first;
  CHECK(bank.all_versions(statement) == range(1, 3));
  TransferQuery transfers{.from = Timestamp::min(), .to = Timestamp::max()};
  CHECK(keys_of(bank, transfers).size() == 3);
  transfers.account = kAda;
  CHECK(keys_of(bank, transfers).size() == 3);
  CHECK(bank.ledger.balance_at(kAda, Timestamp::max())->balance == 3);
  CHECK(bank.ledger.balance_at(kAda, Timestamp::min())->balance == 0);
}

TEST_CASE("the trial balance adds up every account of a currency") {
  Bank bank;
  REQUIRE(bank.ledger.transfer("in", kWorld, kAda, Amount(100, kUsd)));
  REQUIRE(bank.ledger.hold({.key = "h", .legs = {{kAda, kBen, Amount(40, kUsd)}}}));
  REQUIRE(bank.ledger.create_account({.key = "eur", .currency = *Currency::iso("EUR")}));
  const auto totals = bank.ledger.trial_balance();
  REQUIRE(totals);
  REQUIRE(totals->size() == 2);
  CHECK((*totals)[0].currency.code() == "EUR");
  CHECK((*totals)[1] == CurrencyTotals{.currency = kUsd,
                                       .accounts = 3,
                                       .positive = 100,
                                       .negative = -100,
                                       .held = 40,
                                       .incoming = 40});
}
