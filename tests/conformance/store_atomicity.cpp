// All or nothing, and one after the other.
#include <atomic>
#include <future>
#include <optional>
#include <thread>
#include <utility>

#include "conformance/store_cases.h"

namespace ledger::conformance {
namespace {

/// What a store shows, to compare before and after.
struct Contents {
  std::vector<JournalRow> rows;
  std::vector<Account> accounts;
  std::vector<TransferState> states;
  std::optional<Checkpoint> checkpoint;  // the one account that gets one here

  friend bool operator==(const Contents&, const Contents&) = default;
};

Contents contents(Store& store) {
  const auto checkpoint = store.find_checkpoint(AccountId{2}, 0);
  REQUIRE_MESSAGE(checkpoint.has_value(), checkpoint.error().message());
  return {journal(store), accounts(store), states(store), *checkpoint};
}

/// Accounts 1 and 2, and an open hold under "first".
void fill(Store& store) {
  WriteSet writes;
  writes.created = {new_account(1), new_account(2)};
  writes.created[0].reference = "one";
  writes.rows = {transfer_row(kFirst, "first")};
  writes.rows[0].kind = JournalKind::hold;
  writes.states = {{TransferId{kFirst}, TransferStatus::held}};
  must_commit(store, writes);
}

WriteSet::Update posting(const Account& before, std::int64_t change, Seq seq) {
  Account after = before;
  after.balance += change;
  after.version += 1;
  after.last_seq = seq;
  return {after, before.version};
}

void expect_refused(Store& store, WriteSet writes, ErrorCode code) {
  const Contents before = contents(store);
  const auto done = commit(store, writes);
  REQUIRE_FALSE(done.has_value());
  CHECK(name(done.error().code) == name(code));
  CHECK(contents(store) == before);
}

/// Loads account 1, adds one to it and commits. Result: committed, or a conflict to try again.
Result<void> add_one(Store& store, const std::string& key) {
  const Load load({key}, {1});
  auto transaction = store.begin(load.request(), soon());
  if (!transaction) return transaction.error();
  const Snapshot& snapshot = (*transaction)->snapshot();
  if (snapshot.accounts.size() != 1) return Error{ErrorCode::store_corrupt, "no account 1"};
  const Account& before = snapshot.accounts.front();

  WriteSet writes;
  JournalRow row = transfer_row(snapshot.next_seq, key);
  row.to = before.id;
  row.to_entry = {
      .version = before.version + 1, .balance = before.balance + 1, .previous = before.last_seq};
  writes.rows.push_back(row);
  writes.updated.push_back(posting(before, 1, row.seq));
  return (*transaction)->commit(writes);
}

}  // namespace

void rolls_back_when_destroyed(Store& store) {
  fill(store);
  const Contents before = contents(store);
  begin(store, {"first"}, {1, 2}).reset();
  CHECK(contents(store) == before);
  CHECK(add_one(store, "next").has_value());  // and blocks nobody
}

void fence_refuses_a_stale_version(Store& store) {
  fill(store);
  const Account one = accounts(store)[0];
  const Account two = accounts(store)[1];
  const Seq seq = kFirst;

  WriteSet writes;
  writes.created = {new_account(3)};
  writes.rows = {transfer_row(seq, "stale")};
  writes.checkpoints = {{AccountId{2}, kCheckpointInterval, seq, kNoon}};
  const TransferId hold{journal(store).front().seq};
  writes.states = {{hold, TransferStatus::voided},
                   {TransferId{seq}, TransferStatus::held, 0, kNoon}};
  writes.updated = {posting(two, 10, seq), posting(one, 10, seq)};
  writes.updated[1].expected_version = one.version + 1;
  expect_refused(store, writes, ErrorCode::conflict);

  writes.updated[1].expected_version = one.version - 1;
  expect_refused(store, writes, ErrorCode::conflict);

  Account missing = one;
  missing.id = AccountId{99};
  writes.updated[1] = {missing, one.version};
  expect_refused(store, writes, ErrorCode::conflict);

  writes.updated[1] = posting(one, 10, seq);  // the right one, after all
  must_commit(store, writes);
  CHECK(accounts(store)[0] == writes.updated[1].account);
  CHECK(accounts(store)[1] == writes.updated[0].account);
  CHECK(states(store) == writes.states);
  CHECK(store.find_checkpoint(AccountId{2}, 0).value() == writes.checkpoints[0]);
}

void refuses_duplicates(Store& store) {
  fill(store);
  const Seq seq = kFirst;
  const auto refused = [&](std::vector<JournalRow> rows, std::vector<Account> created) {
    WriteSet writes;
    writes.rows = std::move(rows);
    writes.created = std::move(created);
    writes.states = {{TransferId{journal(store).front().seq}, TransferStatus::captured, 100}};
    expect_refused(store, writes, ErrorCode::conflict);
  };
  const auto named = [](std::int64_t id, const std::string& reference) {
    Account account = new_account(id);
    account.reference = reference;
    return account;
  };
  const auto fine = transfer_row(seq, "second");
  INFO("a key that is there, and one twice in a batch");
  refused({fine, transfer_row(seq + 1, "first")}, {new_account(3)});
  refused({fine, transfer_row(seq + 1, "second")}, {new_account(3)});
  INFO("an account id that is there, and one twice in a batch");
  refused({fine}, {new_account(3), new_account(2)});
  refused({fine}, {new_account(3), new_account(3)});
  INFO("a reference that is there, and one twice in a batch");
  refused({fine}, {new_account(3), named(4, "one")});
  refused({fine}, {named(3, "three"), named(4, "three")});

  WriteSet writes;  // keys, references and ids compare by bytes; rows without a key are many
  writes.rows = transfer_rows(seq, "First", 3);
  writes.rows.push_back(transfer_row(seq + 3, "first2"));
  writes.created = {named(3, "One"), named(4, ""), named(5, "")};
  must_commit(store, writes);
}

void refuses_what_breaks_terms(const StoreUnderTest& under_test, Store& store) {
  if (!under_test.checks_terms) return;  // declared
  fill(store);
  const Account one = accounts(store)[0];
  const Seq seq = kFirst;
  WriteSet writes;
  writes.rows = {transfer_row(seq, "second")};
  const auto refuse = [&](auto change) {
    writes.updated = {posting(one, 0, seq)};
    change(writes.updated[0].account);
    expect_refused(store, writes, ErrorCode::store_corrupt);
  };
  refuse([](Account& account) { account.balance = -1; });
  refuse([](Account& account) { account.balance = 5, account.held = 6; });
  refuse([](Account& account) { account.balance = 5, account.held = -1; });
  refuse([](Account& account) { account.balance = 5, account.terms.max_balance = 4; });
  refuse([](Account& account) { account.balance = 5, account.terms.min_balance = 6; });
  refuse([](Account& account) { account.incoming = -1; });
  refuse([](Account& account) {
    account.balance = 3, account.incoming = 2, account.terms.max_balance = 4;
  });
  refuse([](Account& account) {  // their sum does not fit
    account.balance = kMax, account.incoming = 1, account.terms.max_balance = kMax;
  });
}

void goes_on_after_a_refusal(Store& store) {
  fill(store);
  for (int times = 0; times < 3; ++times) {
    WriteSet writes;
    writes.rows = {transfer_row(kFirst, "first")};
    expect_refused(store, writes, ErrorCode::conflict);
    CHECK(add_one(store, "next-" + std::to_string(times)).has_value());
  }
  CHECK(accounts(store)[0].balance == 3);
}

void numbers_rows_apart(const StoreUnderTest& under_test, Store& store) {
  if (under_test.one_transaction_at_a_time) return;  // declared
  constexpr std::size_t kTransactions = 4;
  constexpr Seq kRows = 100;
  const Load load({}, {}, kRows);
  std::vector<std::unique_ptr<StoreTransaction>> open;
  std::vector<Seq> firsts;
  for (std::size_t i = 0; i < kTransactions; ++i) {
    auto transaction = store.begin(load.request(), soon());
    REQUIRE_MESSAGE(transaction.has_value(), transaction.error().message());
    firsts.push_back((*transaction)->snapshot().next_seq);
    open.push_back(std::move(*transaction));
  }
  WriteSet all;
  for (std::size_t i = open.size(); i-- > 0;) {  // the last first
    WriteSet writes;
    writes.rows = transfer_rows(firsts[i], "batch " + std::to_string(i), kRows);
    const auto done = open[i]->commit(writes);
    REQUIRE_MESSAGE(done.has_value(), done.error().message());
    all.rows.insert(all.rows.begin(), writes.rows.begin(), writes.rows.end());
  }
  CHECK(journal(store) == all.rows);
}

void keeps_transactions_apart(const StoreUnderTest& under_test, Store& store) {
  fill(store);
  auto first = begin(store, {}, {1});
  const Account seen = first->snapshot().accounts.at(0);
  const Seq seq = first->snapshot().next_seq;

  // The second computes from what it sees, whenever the store lets it see something.
  auto second = std::async(std::launch::async, [&] { return add_one(store, "by the second"); });
  if (under_test.one_transaction_at_a_time) {
    CHECK(second.wait_for(std::chrono::milliseconds(100)) == std::future_status::timeout);
  }
  WriteSet writes;
  writes.rows = {transfer_row(seq, "by the first")};
  writes.updated = {posting(seen, 10, seq)};
  const auto first_done = first->commit(writes);
  first.reset();
  const auto second_done = second.get();

  const bool both = first_done.has_value() && second_done.has_value();
  CHECK((both || !under_test.one_transaction_at_a_time));
  for (const auto& done : {first_done, second_done}) {
    if (!done) CHECK(name(done.error().code) == name(ErrorCode::conflict));
  }
  CHECK((first_done.has_value() || second_done.has_value()));
  CHECK(accounts(store)[0].balance == (first_done ? 10 : 0) + (second_done ? 1 : 0));
  CHECK(accounts(store)[0].version == (first_done ? 1 : 0) + (second_done ? 1 : 0));
}

void begin_gives_up_at_its_deadline(Store& store) {
  fill(store);
  auto open = begin(store, {}, {1});
  const Load load;
  const auto late = [&](SteadyTime deadline) {
    const auto start = std::chrono::steady_clock::now();
    const auto transaction = store.begin(load.request(), deadline);
    REQUIRE_FALSE(transaction.has_value());
    CHECK(name(transaction.error().code) == name(ErrorCode::deadline_exceeded));
    CHECK(std::chrono::steady_clock::now() >= deadline);
    CHECK(std::chrono::steady_clock::now() - start < std::chrono::seconds(10));
  };
  std::async(std::launch::async, [&] { late(in(std::chrono::milliseconds(50))); }).get();
  std::async(std::launch::async, [&] { late(in(std::chrono::milliseconds(0))); }).get();

  // The end of time is a deadline, too: it must not overflow into the past.
  auto patient = std::async(std::launch::async, [&] {
    return store.begin(load.request(), SteadyTime::max()).has_value();
  });
  CHECK(patient.wait_for(std::chrono::milliseconds(50)) == std::future_status::timeout);
  open.reset();
  CHECK(patient.get());
}

void reads_see_committed_state_only(Store& store) {
  fill(store);
  const Account before = accounts(store)[0];
  auto transaction = begin(store, {}, {1});
  const Seq seq = transaction->snapshot().next_seq;
  WriteSet writes;
  writes.rows = {transfer_row(seq, "second")};
  writes.updated = {posting(before, 10, seq)};

  // A store may let readers through or have them wait; they see all of the commit or nothing.
  std::atomic<bool> committing = false;
  auto reader = std::async(std::launch::async, [&] {
    bool wrong = false;
    for (int reads = 0; reads < 200; ++reads) {
      const bool maybe_committed = committing.load();
      const auto account = store.find_account(AccountId{1});
      const std::string_view key = "second";
      const auto rows = store.find_recorded({&key, 1});
      if (!account || !*account || !rows) return false;
      const bool moved = **account == writes.updated[0].account;
      wrong = wrong || (!moved && **account != before);
      wrong = wrong || (moved && rows->empty());  // read later, so it must be there as well
      // Read before the commit was called, and nothing waited: then nothing may show.
      if (moved && !maybe_committed) wrong = wrong || !committing.load();
    }
    return !wrong;
  });
  std::this_thread::sleep_for(std::chrono::milliseconds(5));
  committing = true;
  CHECK(transaction->commit(writes).has_value());
  transaction.reset();
  CHECK(reader.get());
  CHECK(accounts(store)[0] == writes.updated[0].account);
}

void loses_no_update_of_many_threads(Store& store) {
  constexpr int kThreads = 8;
  constexpr int kTransfers = 50;
  fill(store);
  std::atomic<int> failures = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < kThreads; ++thread) {
    threads.emplace_back([&store, &failures, thread] {
      for (int i = 0; i < kTransfers; ++i) {
        const std::string key = std::to_string(thread) + "-" + std::to_string(i);
        auto done = add_one(store, key);
        while (!done && done.error().code == ErrorCode::conflict)
          done = add_one(store, key);
        if (!done) ++failures;
      }
    });
  }
  for (std::thread& thread : threads)
    thread.join();
  CHECK(failures == 0);

  const Account account = accounts(store)[0];
  CHECK(account.balance == kThreads * kTransfers);
  CHECK(account.version == kThreads * kTransfers);
  Seq previous = 0;
  std::int64_t version = 0;
  for (const JournalRow& row : journal(store)) {
    if (row.to_entry.version == 0) continue;
    ++version;
    CHECK(row.to_entry == Entry{.version = version, .balance = version, .previous = previous});
    previous = row.seq;
  }
  CHECK(version == account.version);
  CHECK(previous == account.last_seq);
}

}  // namespace ledger::conformance
