#include "conformance/store_conformance.h"

#include <limits>
#include <utility>

#include "conformance/store_cases.h"

namespace ledger::conformance {
namespace {

std::string printable_ascii() {
  std::string text;
  for (char c = ' ' + 1; c <= '~'; ++c)
    text += c;
  return text;
}

const std::string kUtf8 = "{\"naïve\":\"日本 \xF0\x9F\x92\xB6\",\"quote\":\"'\\\"\\\\ %_\\n\"}";

/// Rows that hold every field's extremes between them.
std::vector<JournalRow> extreme_rows() {
  std::vector<JournalRow> rows;

  JournalRow least;  // as little as a row can hold
  least.key = "k";
  least.legs = 1;
  rows.push_back(least);

  JournalRow most;
  most.kind = JournalKind::account_changed;
  most.decline = std::numeric_limits<std::uint16_t>::max();
  most.key = std::string(255, '~');
  most.fingerprint.fill(0xFF);
  most.legs = 1;
  most.from = AccountId{kMax};
  most.to = AccountId{kMax};
  most.amount = kMax;
  most.currency = currency("ABCDEF7", Currency::kMaxScale);
  most.from_entry = {
      .version = kMax, .balance = kMax, .held = kMax, .incoming = kMax, .previous = kMax};
  most.to_entry = {.version = kMax, .balance = kMin, .held = 1, .incoming = 2, .previous = 3};
  most.refers_to = TransferId{kMax};
  most.effective_at = kEarliest;
  most.expires_at = kLatest;
  most.reference = kUtf8;
  most.metadata = std::string(100'000, 'm') + kUtf8;
  most.terms = AccountTerms{currency("XYZ", 0), kMin, kMax, AccountStatus::closed};
  most.recorded_at = kLatest;
  rows.push_back(most);

  for (int kind = 1; kind <= 8; ++kind) {
    JournalRow row = transfer_row(0, "kind-" + std::to_string(kind));
    row.kind = static_cast<JournalKind>(kind);
    row.amount = kind % 2 == 0 ? kMin : -1;
    row.recorded_at = kind % 2 == 0 ? kEarliest : Timestamp{};
    row.fingerprint = {0, 1, 2, 3, 0x7F, 0x80, static_cast<std::uint8_t>(kind)};
    rows.push_back(row);
  }

  JournalRow terms = transfer_row(0, printable_ascii());
  terms.terms = AccountTerms{usd(), std::nullopt, std::nullopt, AccountStatus::frozen};
  rows.push_back(terms);
  terms.key = "terms of zero";
  terms.terms = AccountTerms{usd(), 0, 0, AccountStatus::open};
  terms.refers_to = TransferId{0};
  terms.effective_at = Timestamp{};
  rows.push_back(terms);
  terms.key = "no currency";
  terms.currency = {};
  terms.terms = AccountTerms{{}, -1, 1, AccountStatus::open};
  rows.push_back(terms);

  for (JournalRow& row : transfer_rows(0, "a hold", 2)) {  // not all that a first row carries
    row.kind = JournalKind::hold;
    row.from_entry = {.version = 3, .balance = -5, .held = 6, .incoming = 0, .previous = 2};
    row.to_entry = {.version = 1, .balance = 0, .held = 0, .incoming = 7, .previous = 0};
    row.refers_to = TransferId{12};
    rows.push_back(row);
  }
  return rows;
}

std::vector<Account> extreme_accounts() {
  std::vector<Account> accounts;
  accounts.push_back(new_account(1));

  Account most = new_account(kMax);
  most.terms = {currency("ABCDEF7", Currency::kMaxScale), kMin, kMax, AccountStatus::closed};
  most.reference = kUtf8;
  most.metadata = std::string(100'000, 'm') + kUtf8;
  most.balance = kMax;
  most.held = 1;
  most.version = kMax;
  most.last_seq = kMax;
  most.last_at = kLatest;
  most.created_at = kLatest;
  accounts.push_back(most);

  Account world = new_account(kMax - 1);
  world.terms = {currency("JPY", 0), std::nullopt, std::nullopt, AccountStatus::frozen};
  world.balance = kMin;
  world.incoming = kMax;
  world.last_at = kEarliest;
  world.created_at = kEarliest;
  accounts.push_back(world);

  Account held = new_account(7);
  held.terms.max_balance = 9;
  held.terms.min_balance = kMin;
  held.held = kMax;
  held.incoming = 9;
  accounts.push_back(held);

  std::ranges::sort(accounts, {}, [](const Account& account) { return to_int(account.id); });
  return accounts;
}

/// Gives the rows, and what refers to them, the numbers from `next` on.
void place(WriteSet& writes, Seq next) {
  const auto rows = static_cast<Seq>(writes.rows.size());
  const auto move = [&](Seq& seq) {
    if (kFirst <= seq && seq < kFirst + rows) seq += next - kFirst;
  };
  const auto moved = [&](TransferId id) {
    Seq seq = to_int(id);
    move(seq);
    return TransferId{seq};
  };
  for (JournalRow& row : writes.rows)
    move(row.seq);
  for (Checkpoint& checkpoint : writes.checkpoints)
    move(checkpoint.seq);
  for (auto& update : writes.updated)
    move(update.account.last_seq);
  for (JournalRow& row : writes.rows) {
    move(row.from_entry.previous);
    move(row.to_entry.previous);
    if (row.refers_to) row.refers_to = moved(*row.refers_to);
  }
  for (TransferState& state : writes.states)
    state.id = moved(state.id);
}

}  // namespace

Currency currency(std::string_view code, int scale) {
  const auto found = Currency::stored(code, scale);
  REQUIRE(found.has_value());
  return *found;
}

JournalRow transfer_row(Seq seq, std::string key) {
  JournalRow row;
  row.seq = seq;
  row.key = std::move(key);
  row.fingerprint = {1, 2, 3};
  row.legs = 1;
  row.from = AccountId{1};
  row.to = AccountId{2};
  row.amount = 100;
  row.currency = usd();
  row.recorded_at = kNoon;
  return row;
}

std::vector<JournalRow> transfer_rows(Seq first, const std::string& key, int legs) {
  std::vector<JournalRow> rows;
  for (int leg = 0; leg < legs; ++leg) {
    JournalRow row = transfer_row(first + leg, leg == 0 ? key : "");
    row.amount = leg + 1;
    row.legs = leg == 0 ? legs : -leg;
    if (leg > 0) row.fingerprint = {};
    rows.push_back(row);
  }
  return rows;
}

Account new_account(std::int64_t id) {
  Account account;
  account.id = AccountId{id};
  account.terms.currency = usd();
  account.created_at = kNoon;
  return account;
}

Load::Load(std::vector<std::string> keys, std::vector<std::int64_t> accounts, std::size_t max_rows)
    : keys_(std::move(keys)), max_rows_(max_rows) {
  std::ranges::sort(keys_);
  views_.assign(keys_.begin(), keys_.end());
  std::ranges::sort(accounts);
  for (const std::int64_t id : accounts)
    ids_.push_back(AccountId{id});
}

std::unique_ptr<StoreTransaction> begin(Store& store, std::vector<std::string> keys,
                                        std::vector<std::int64_t> accounts) {
  const Load load(std::move(keys), std::move(accounts));
  auto transaction = store.begin(load.request(), soon());
  REQUIRE_MESSAGE(transaction.has_value(), transaction.error().message());
  return std::move(*transaction);
}

Result<void> commit(Store& store, WriteSet& writes) {
  const Load load({}, {}, writes.rows.size());
  auto transaction = store.begin(load.request(), soon());
  if (!transaction) return transaction.error();
  place(writes, (*transaction)->snapshot().next_seq);
  return (*transaction)->commit(writes);
}

void must_commit(Store& store, WriteSet& writes) {
  const auto done = commit(store, writes);
  REQUIRE_MESSAGE(done.has_value(), done.error().message());
}

std::vector<JournalRow> recorded(Store& store, const std::vector<std::string>& keys) {
  auto sorted = keys;
  std::ranges::sort(sorted);
  const std::vector<std::string_view> views(sorted.begin(), sorted.end());
  auto rows = store.find_recorded(views);
  REQUIRE_MESSAGE(rows.has_value(), rows.error().message());
  return std::move(*rows);
}

std::vector<JournalRow> journal(Store& store) {
  auto rows = store.read_journal(1, kAll);
  REQUIRE_MESSAGE(rows.has_value(), rows.error().message());
  return std::move(*rows);
}

std::vector<Account> accounts(Store& store) {
  auto found = store.read_accounts(AccountId{0}, kAll);
  REQUIRE_MESSAGE(found.has_value(), found.error().message());
  return std::move(*found);
}

std::vector<TransferState> states(Store& store) {
  auto found = store.read_states(TransferId{0}, kAll);
  REQUIRE_MESSAGE(found.has_value(), found.error().message());
  return std::move(*found);
}

void starts_empty(Store& store) {
  CHECK(store.check().has_value());
  CHECK(journal(store).empty());
  CHECK(accounts(store).empty());
  CHECK(states(store).empty());
  CHECK(store.read_totals().value().empty());
  CHECK(recorded(store, {}).empty());
  CHECK(recorded(store, {"a", "b"}).empty());
  CHECK_FALSE(store.find_account(AccountId{1}).value().has_value());
  CHECK(store.settle(soon()).has_value());  // nothing is in doubt

  const auto transaction = begin(store, {"a"}, {1, 2});
  CHECK(transaction->snapshot().next_seq == 1);
  CHECK(transaction->snapshot().next_account_id == AccountId{1});
  CHECK(transaction->snapshot().accounts.empty());
  CHECK(transaction->snapshot().recorded.empty());
}

void keeps_every_field_of_a_row(const StoreUnderTest& under_test) {
  auto store = under_test.make();
  WriteSet writes;
  writes.rows = extreme_rows();
  Seq seq = kFirst;
  std::vector<std::string> keys;
  for (JournalRow& row : writes.rows) {
    row.seq = seq++;
    if (!row.key.empty()) keys.push_back(row.key);
  }
  must_commit(*store, writes);
  if (under_test.reopen) store = under_test.reopen(std::move(store));

  const auto check_equal = [&](const std::vector<JournalRow>& rows) {
    REQUIRE(rows.size() == writes.rows.size());
    for (std::size_t i = 0; i < rows.size(); ++i) {
      CAPTURE(rows[i].key);
      CHECK(rows[i] == writes.rows[i]);
    }
  };
  check_equal(journal(*store));
  check_equal(recorded(*store, keys));
  check_equal(begin(*store, keys)->snapshot().recorded);
}

void keeps_every_field_of_an_account(const StoreUnderTest& under_test) {
  auto store = under_test.make();
  const auto created = extreme_accounts();
  WriteSet writes;
  writes.created = created;
  writes.rows.push_back(transfer_row(kFirst, "open"));
  must_commit(*store, writes);
  if (under_test.reopen) store = under_test.reopen(std::move(store));
  CHECK(accounts(*store) == created);

  // And each written over another, so that every field changes in an update, too.
  std::vector<std::int64_t> ids;
  writes = {};
  for (std::size_t i = 0; i < created.size(); ++i) {
    Account changed = created[(i + 1) % created.size()];
    changed.id = created[i].id;
    if (!changed.reference.empty()) changed.reference += "2";  // unique at every moment
    ids.push_back(to_int(changed.id));
    writes.updated.push_back({changed, created[i].version});
  }
  // Once loaded by its transaction, as the engine does.
  const auto loaded = begin(*store, {}, ids);
  CHECK(loaded->snapshot().accounts.size() == created.size());
  writes.rows.push_back(transfer_row(loaded->snapshot().next_seq, "change"));
  const auto done = loaded->commit(writes);
  REQUIRE_MESSAGE(done.has_value(), done.error().message());

  for (const auto& update : writes.updated) {
    CAPTURE(to_int(update.account.id));
    const auto found = store->find_account(update.account.id);
    REQUIRE(found.has_value());
    REQUIRE(found->has_value());
    CHECK(**found == update.account);
  }
}

void snapshot_holds_what_was_asked_for(Store& store) {
  WriteSet writes;
  writes.created = {new_account(1), new_account(5), new_account(9)};
  writes.rows = {transfer_row(kFirst, "b"), transfer_row(kFirst + 1, "a"),
                 transfer_row(kFirst + 2, "c")};
  must_commit(store, writes);

  const auto transaction = begin(store, {"a", "b", "x"}, {1, 2, 9});
  auto found = transaction->snapshot().accounts;
  std::ranges::sort(found, {}, [](const Account& account) { return to_int(account.id); });
  REQUIRE(found.size() == 2);
  CHECK(found[0] == writes.created[0]);
  CHECK(found[1] == writes.created[2]);
  REQUIRE(transaction->snapshot().recorded.size() == 2);
  CHECK(transaction->snapshot().recorded[0] == writes.rows[0]);  // in order of seq, not of key
  CHECK(transaction->snapshot().recorded[1] == writes.rows[1]);
}

void numbers_the_next_row_and_account(Store& store) {
  WriteSet writes;
  writes.created = {new_account(3)};
  writes.rows = transfer_rows(kFirst, "a", 3);
  must_commit(store, writes);
  {
    const auto transaction = begin(store);
    CHECK(transaction->snapshot().next_seq > writes.rows.back().seq);
    CHECK(transaction->snapshot().next_account_id > AccountId{3});
  }
  writes = {};
  writes.created = {new_account(kMax - 1)};
  writes.rows = {transfer_row(kFirst, "b")};
  must_commit(store, writes);
  CHECK(begin(store)->snapshot().next_account_id == AccountId{kMax});  // says: none is left

  writes = {};
  writes.created = {new_account(kMax)};
  writes.rows = {transfer_row(kFirst, "c")};
  must_commit(store, writes);
  CHECK(begin(store)->snapshot().next_account_id == AccountId{kMax});  // and does not overflow
}

void finds_transfers_by_key(Store& store) {
  WriteSet writes;
  writes.rows = transfer_rows(kFirst, "three legs", 3);
  JournalRow declined = transfer_row(kFirst + 3, "declined");
  declined.decline = static_cast<std::uint16_t>(ErrorCode::insufficient_funds);
  writes.rows.push_back(declined);
  for (const JournalRow& row : transfer_rows(kFirst + 4, "a thousand legs", 1000)) {
    writes.rows.push_back(row);
  }
  writes.rows.push_back(transfer_row(kFirst + 1004, "last"));
  must_commit(store, writes);

  CHECK(recorded(store, {"a thousand legs", "declined", "last", "three legs"}) == writes.rows);
  CHECK(recorded(store, {"declined"}) == std::vector{writes.rows[3]});
  const auto three = recorded(store, {"three legs", "three", "three legs "});
  REQUIRE(three.size() == 3);
  CHECK(std::equal(three.begin(), three.end(), writes.rows.begin()));
  CHECK(recorded(store, {"Declined", "DECLINED", "declined2", "decline", "%", "_"}).empty());
}

void pages_the_journal_and_the_accounts(Store& store) {
  WriteSet writes;
  writes.rows = transfer_rows(kFirst, "key", 25);
  for (std::int64_t id = 10; id <= 250; id += 10)
    writes.created.push_back(new_account(id));
  must_commit(store, writes);

  std::vector<JournalRow> rows;
  for (Seq from = 1;;) {
    const auto page = store.read_journal(from, 10);
    REQUIRE(page.has_value());
    CHECK(page->size() <= 10);
    if (page->empty()) break;
    rows.insert(rows.end(), page->begin(), page->end());
    from = page->back().seq + 1;
  }
  CHECK(rows == writes.rows);

  std::vector<Account> all;
  for (AccountId after{0};;) {
    const auto page = store.read_accounts(after, 10);
    REQUIRE(page.has_value());
    CHECK(page->size() <= 10);
    if (page->empty()) break;
    all.insert(all.end(), page->begin(), page->end());
    after = page->back().id;
  }
  CHECK(all == writes.created);

  CHECK(store.read_journal(1, 0).value().empty());
  CHECK(store.read_journal(kMax, 10).value().empty());
  CHECK(store.read_accounts(AccountId{0}, 0).value().empty());
  CHECK(store.read_accounts(AccountId{kMax}, 10).value().empty());
  CHECK(store.read_accounts(AccountId{245}, 10).value().size() == 1);
}

void takes_a_large_batch(Store& store) {
  constexpr std::size_t kRows = 10'000;
  constexpr std::int64_t kNewAccounts = 2'000;
  WriteSet writes;
  std::vector<std::string> keys;
  for (Seq seq = kFirst; writes.rows.size() < kRows; ++seq) {
    keys.push_back("key-" + std::to_string(seq));
    writes.rows.push_back(transfer_row(seq, keys.back()));
  }
  for (std::int64_t id = 1; id <= kNewAccounts; ++id) {
    writes.created.push_back(new_account(id));
    writes.checkpoints.push_back({AccountId{id}, kCheckpointInterval, id, kNoon});
  }
  must_commit(store, writes);
  CHECK(journal(store) == writes.rows);
  CHECK(recorded(store, keys) == writes.rows);
  CHECK(accounts(store) == writes.created);
}

void survives_reopening(const StoreUnderTest& under_test) {
  if (!under_test.reopen) return;  // declared
  auto store = under_test.make();
  WriteSet writes;
  writes.created = {new_account(1), new_account(2)};
  writes.rows = transfer_rows(kFirst, "key", 2);
  must_commit(*store, writes);
  for (int times = 0; times < 2; ++times) {
    store = under_test.reopen(std::move(store));
    CHECK(journal(*store) == writes.rows);
    CHECK(accounts(*store) == writes.created);
    CHECK(recorded(*store, {"key"}) == writes.rows);
  }
  CHECK(begin(*store)->snapshot().next_seq > writes.rows.back().seq);

  auto abandoned = begin(*store);  // ends before its store does, without a commit
  abandoned.reset();
  store = under_test.reopen(std::move(store));
  CHECK(journal(*store) == writes.rows);
}

void check_store(const StoreUnderTest& under_test) {
  SUBCASE("starts empty") { starts_empty(*under_test.make()); }
  SUBCASE("keeps every field of a row") { keeps_every_field_of_a_row(under_test); }
  SUBCASE("keeps every field of an account") { keeps_every_field_of_an_account(under_test); }
  SUBCASE("a snapshot holds what was asked for") {
    snapshot_holds_what_was_asked_for(*under_test.make());
  }
  SUBCASE("numbers the next row and account") {
    numbers_the_next_row_and_account(*under_test.make());
  }
  SUBCASE("finds transfers by key") { finds_transfers_by_key(*under_test.make()); }
  SUBCASE("pages the journal and the accounts") {
    pages_the_journal_and_the_accounts(*under_test.make());
  }
  SUBCASE("takes a large batch") { takes_a_large_batch(*under_test.make()); }
  SUBCASE("survives reopening") { survives_reopening(under_test); }

  SUBCASE("a snapshot holds states and references") {
    snapshot_holds_states_and_references(*under_test.make());
  }
  SUBCASE("keeps every field of a state") { keeps_every_field_of_a_state(under_test); }
  SUBCASE("pages the states") { pages_the_states(*under_test.make()); }
  SUBCASE("finds transfers by id") { finds_transfers_by_id(*under_test.make()); }
  SUBCASE("finds expired holds") { finds_expired_holds(*under_test.make()); }
  SUBCASE("finds transfers by reference") { finds_transfers_by_reference(*under_test.make()); }
  SUBCASE("finds what refers to a transfer") { finds_what_refers(*under_test.make()); }
  SUBCASE("finds an account by reference") { finds_an_account_by_reference(*under_test.make()); }
  SUBCASE("walks an account's entries") { walks_entries(*under_test.make()); }
  SUBCASE("finds checkpoints") { finds_checkpoints(*under_test.make()); }
  SUBCASE("adds up each currency") { adds_up_each_currency(*under_test.make()); }
  SUBCASE("refuses sums that do not fit") { refuses_sums_that_do_not_fit(*under_test.make()); }
  SUBCASE("what queries find survives reopening") { queries_survive_reopening(under_test); }

  SUBCASE("rolls back when destroyed") { rolls_back_when_destroyed(*under_test.make()); }
  SUBCASE("the fence refuses a stale version") {
    fence_refuses_a_stale_version(*under_test.make());
  }
  SUBCASE("refuses duplicates") { refuses_duplicates(*under_test.make()); }
  SUBCASE("refuses what breaks terms") {
    refuses_what_breaks_terms(under_test, *under_test.make());
  }
  SUBCASE("goes on after a refusal") { goes_on_after_a_refusal(*under_test.make()); }
  SUBCASE("numbers rows apart") { numbers_rows_apart(under_test, *under_test.make()); }
  SUBCASE("keeps transactions apart") { keeps_transactions_apart(under_test, *under_test.make()); }
  SUBCASE("begin gives up at its deadline") {
    if (under_test.one_transaction_at_a_time) begin_gives_up_at_its_deadline(*under_test.make());
  }
  SUBCASE("reads see committed state only") { reads_see_committed_state_only(*under_test.make()); }
  SUBCASE("loses no update of many threads") {
    loses_no_update_of_many_threads(*under_test.make());
  }
}

}  // namespace ledger::conformance
