// What is written is found: by id, state, reference, account and time.
#include <map>
#include <optional>
#include <utility>

#include "conformance/store_cases.h"

namespace ledger::conformance {
namespace {

using std::chrono::microseconds;
using std::chrono::seconds;
using Ids = std::vector<TransferId>;

template <class T>
T must(Result<T> result) {
  REQUIRE_MESSAGE(result.has_value(), result.error().message());
  return std::move(*result);
}

TransferId id_of(const JournalRow& row) { return TransferId{row.seq}; }

JournalRow row_of(Seq seq, JournalKind kind, const std::string& reference = "") {
  JournalRow row = transfer_row(seq, "key " + std::to_string(seq));
  row.kind = kind;
  row.reference = reference;
  return row;
}

JournalRow declined(JournalRow row) {
  row.decline = static_cast<std::uint16_t>(ErrorCode::insufficient_funds);
  return row;
}

/// The ids of all pages of at most two, each asked for behind the last id of the one before.
template <class Find>
Ids all_pages(Find find) {
  Ids all;
  for (TransferId after{0};;) {
    const Ids page = must(find(after, std::size_t{2}));
    CHECK(page.size() <= 2);
    if (page.empty()) return all;
    all.insert(all.end(), page.begin(), page.end());
    after = page.back();
  }
}

/// Rows that move one unit each from the first account to the second, both sides' entries chained.
std::vector<JournalRow> chained_rows(
    const std::vector<std::pair<std::int64_t, std::int64_t>>& moves) {
  std::vector<JournalRow> rows;
  std::map<std::int64_t, Account> accounts;
  const auto post = [&](std::int64_t id, MinorUnits change, Seq seq) {
    Account& account = accounts[id];
    account.balance += change;
    return Entry{.version = ++account.version,
                 .balance = account.balance,
                 .previous = std::exchange(account.last_seq, seq)};
  };
  for (const auto& [from, to] : moves) {
    JournalRow row = row_of(kFirst + static_cast<Seq>(rows.size()), JournalKind::transfer);
    row.from = AccountId{from};
    row.to = AccountId{to};
    if (from != 0) row.from_entry = post(from, -1, row.seq);
    row.to_entry = post(to, 1, row.seq);
    rows.push_back(row);
  }
  return rows;
}

std::vector<JournalRow> newest_first(const std::vector<JournalRow>& rows, std::int64_t account) {
  std::vector<JournalRow> entries;
  for (const JournalRow& row : rows) {
    if (row.from == AccountId{account} || row.to == AccountId{account}) entries.push_back(row);
  }
  std::ranges::reverse(entries);
  return entries;
}

/// Something for every query to find.
WriteSet something_of_everything() {
  WriteSet writes;
  writes.rows = chained_rows({{1, 2}, {2, 1}, {1, 2}});
  writes.rows[0].kind = JournalKind::hold;
  writes.rows[1].reference = "order";
  writes.rows[2].kind = JournalKind::capture;
  writes.rows[2].refers_to = TransferId{kFirst};
  writes.created = {new_account(1), new_account(2)};
  writes.created[0].reference = "one";
  writes.created[0].last_seq = kFirst + 2;
  writes.states = {{TransferId{kFirst}, TransferStatus::held, 1, kNoon}};
  writes.checkpoints = {{AccountId{1}, kCheckpointInterval, kFirst + 2, kNoon}};
  return writes;
}

struct Found {
  std::vector<JournalRow> transfers;
  std::vector<TransferState> states;
  std::vector<TransferState> all_states;
  Ids expired;
  Ids by_reference;
  Ids referring;
  std::optional<Account> account;
  std::vector<JournalRow> entries;
  std::optional<Checkpoint> checkpoint;
  std::optional<Checkpoint> checkpoint_after;
  std::vector<CurrencyTotals> totals;

  friend bool operator==(const Found&, const Found&) = default;
};

Found find_everything(Store& store, const WriteSet& written) {
  const Ids ids = {id_of(written.rows[0]), id_of(written.rows[1])};
  Found found;
  found.transfers = must(store.find_transfers(ids));
  found.states = must(store.find_states(ids));
  found.all_states = states(store);
  found.expired = must(store.find_expired(kNoon, kAll));
  found.by_reference = must(store.find_by_reference("order", TransferId{0}, kAll));
  found.referring = must(store.find_referring(ids[0], TransferId{0}, kAll));
  found.account = must(store.find_account_by_reference("one"));
  found.entries = must(store.read_entries(AccountId{1}, written.rows[2].seq, kAll));
  found.checkpoint = must(store.find_checkpoint(AccountId{1}, 1));
  found.checkpoint_after = must(store.find_checkpoint_after(AccountId{1}, kEarliest));
  found.totals = must(store.read_totals());
  return found;
}

}  // namespace

void snapshot_holds_states_and_references(Store& store) {
  WriteSet writes;
  writes.rows = {row_of(kFirst, JournalKind::hold), row_of(kFirst + 1, JournalKind::hold),
                 row_of(kFirst + 2, JournalKind::hold)};
  for (const JournalRow& row : writes.rows)
    writes.states.push_back({id_of(row), TransferStatus::held, 0, kNoon});
  writes.created = {new_account(1), new_account(2), new_account(3)};
  writes.created[0].reference = "one";
  writes.created[1].reference = "two";
  must_commit(store, writes);

  const Ids ids = {writes.states[0].id, writes.states[2].id, TransferId{kMax}};
  const std::vector<std::string_view> references = {"ONE", "none", "one"};
  const auto transaction =
      must(store.begin({.states = ids, .references = references, .max_rows = 1}, soon()));
  auto found = transaction->snapshot().states;
  std::ranges::sort(found, {}, [](const TransferState& state) { return to_int(state.id); });
  CHECK(found == std::vector{writes.states[0], writes.states[2]});
  CHECK(transaction->snapshot().references == std::vector<std::string>{"one"});
  CHECK(transaction->snapshot().accounts.empty());
}

void keeps_every_field_of_a_state(const StoreUnderTest& under_test) {
  auto store = under_test.make();
  WriteSet writes;
  writes.rows = {transfer_row(kFirst, "states")};
  writes.states = {{TransferId{1}, TransferStatus::posted, 0, std::nullopt},
                   {TransferId{2}, TransferStatus::reversed, 1, std::nullopt},
                   {TransferId{3}, TransferStatus::held, 0, kEarliest},
                   {TransferId{4}, TransferStatus::captured, kMax, kLatest},
                   {TransferId{5}, TransferStatus::voided, kMax - 1, Timestamp{}},
                   {TransferId{kMax}, TransferStatus::expired, 0, kNoon}};
  must_commit(*store, writes);
  if (under_test.reopen) store = under_test.reopen(std::move(store));
  CHECK(states(*store) == writes.states);

  // And each written over another; the last alone is left as it was.
  const auto before = writes.states;
  for (std::size_t i = 0; i + 1 < before.size(); ++i) {
    writes.states[i] = before[(i + 2) % before.size()];
    writes.states[i].id = before[i].id;
  }
  const auto after = writes.states;
  writes.states.pop_back();
  writes.rows = {transfer_row(kFirst, "states again")};
  must_commit(*store, writes);
  CHECK(states(*store) == after);
  const Ids ids = {TransferId{2}, TransferId{6}, TransferId{kMax}};
  CHECK(must(store->find_states(ids)) == std::vector{after[1], after[5]});
  CHECK(must(store->find_states({})).empty());
}

void pages_the_states(Store& store) {
  WriteSet writes;
  writes.rows = {transfer_row(kFirst, "states")};
  for (std::int64_t id = 10; id <= 250; id += 10)
    writes.states.push_back({TransferId{id}, TransferStatus::held, id});
  must_commit(store, writes);

  std::vector<TransferState> all;
  for (TransferId after{0};;) {
    const auto page = must(store.read_states(after, 10));
    CHECK(page.size() <= 10);
    if (page.empty()) break;
    all.insert(all.end(), page.begin(), page.end());
    after = page.back().id;
  }
  CHECK(all == writes.states);
  CHECK(must(store.read_states(TransferId{0}, 0)).empty());
  CHECK(must(store.read_states(TransferId{kMax}, 10)).empty());
  CHECK(must(store.read_states(TransferId{245}, 10)) == std::vector{all.back()});
}

void finds_transfers_by_id(Store& store) {
  WriteSet writes;
  writes.rows = transfer_rows(kFirst, "three legs", 3);
  writes.rows.push_back(declined(transfer_row(kFirst + 3, "declined")));
  writes.rows.push_back(transfer_row(kFirst + 4, "single"));
  for (const JournalRow& row : transfer_rows(kFirst + 5, "a thousand legs", 1000)) {
    writes.rows.push_back(row);
  }
  must_commit(store, writes);

  const Ids firsts = {id_of(writes.rows[0]), id_of(writes.rows[3]), id_of(writes.rows[4]),
                      id_of(writes.rows[5])};
  CHECK(must(store.find_transfers(firsts)) == writes.rows);
  CHECK(must(store.find_transfers(std::span(firsts).subspan(1, 1))) == std::vector{writes.rows[3]});

  const Ids no_first_rows = {TransferId{-1}, TransferId{0}, id_of(writes.rows[1]),
                             id_of(writes.rows[2]), TransferId{kMax}};
  CHECK(must(store.find_transfers(no_first_rows)).empty());
  CHECK(must(store.find_transfers({})).empty());

  const std::vector<Seq> places = {writes.rows[1].seq, writes.rows[3].seq,
                                   writes.rows.back().seq + 1000};
  CHECK(must(store.find_rows(places)) == std::vector{writes.rows[1], writes.rows[3]});
  CHECK(must(store.find_rows({})).empty());
  const Ids mixed = {id_of(writes.rows[2]), id_of(writes.rows[4]), TransferId{kMax}};
  CHECK(must(store.find_transfers(mixed)) == std::vector{writes.rows[4]});
}

void finds_expired_holds(Store& store) {
  const auto after_noon = [](int count) { return kNoon + seconds(count); };
  using enum TransferStatus;
  WriteSet writes;
  writes.rows = {transfer_row(kFirst, "holds")};
  writes.states = {
      {TransferId{1}, held, 0, after_noon(30)},    {TransferId{2}, held, 0, after_noon(10)},
      {TransferId{3}, held, 5, after_noon(20)},    {TransferId{4}, held, 0, std::nullopt},
      {TransferId{5}, captured, 5, after_noon(5)}, {TransferId{6}, voided, 0, after_noon(5)},
      {TransferId{7}, expired, 0, after_noon(5)},  {TransferId{8}, held, 0, kEarliest},
      {TransferId{9}, posted, 0, std::nullopt}};
  must_commit(store, writes);

  const Ids in_order = {TransferId{8}, TransferId{2}, TransferId{3}, TransferId{1}};
  const auto first = [&](std::size_t count) {
    return Ids(in_order.begin(), in_order.begin() + static_cast<std::ptrdiff_t>(count));
  };
  CHECK(must(store.find_expired(kLatest, kAll)) == in_order);
  CHECK(must(store.find_expired(kLatest, 4)) == in_order);
  CHECK(must(store.find_expired(kLatest, 2)) == first(2));
  CHECK(must(store.find_expired(kLatest, 0)).empty());
  CHECK(must(store.find_expired(after_noon(20), kAll)) == first(3));  // exactly at its time
  CHECK(must(store.find_expired(after_noon(20) - microseconds(1), kAll)) == first(2));
  CHECK(must(store.find_expired(kNoon, kAll)) == first(1));

  writes.rows = {transfer_row(kFirst, "settled")};
  writes.states = {{TransferId{2}, captured, 9, after_noon(10)},
                   {TransferId{3}, held, 6, after_noon(20)},  // in part: still held
                   {TransferId{8}, expired, 0, kEarliest}};
  must_commit(store, writes);
  CHECK(must(store.find_expired(kLatest, kAll)) == Ids{TransferId{3}, TransferId{1}});
}

void finds_transfers_by_reference(Store& store) {
  WriteSet writes;
  Seq seq = kFirst;
  const auto add = [&](JournalRow row) { writes.rows.push_back(std::move(row)); };
  add(row_of(seq++, JournalKind::transfer, "order"));
  add(declined(row_of(seq++, JournalKind::transfer, "order")));
  add(row_of(seq++, JournalKind::hold, "order"));
  add(row_of(seq++, JournalKind::account_opened, "order"));
  add(row_of(seq++, JournalKind::account_changed, "order"));
  for (const std::string other : {"Order", "orde", "order2", "order%", ""})
    add(row_of(seq++, JournalKind::transfer, other));
  for (JournalRow row : transfer_rows(seq, "of two legs", 2)) {
    if (row.key.empty()) row.reference = "order";  // none that any ledger writes
    add(row);
  }
  seq += 2;
  for (const auto kind :
       {JournalKind::capture, JournalKind::void_hold, JournalKind::expire, JournalKind::reversal}) {
    add(row_of(seq++, kind, "order"));
  }
  must_commit(store, writes);

  Ids expected;
  for (const std::size_t i : {0U, 2U, 12U, 13U, 14U, 15U})
    expected.push_back(id_of(writes.rows[i]));
  const auto find = [&](TransferId after, std::size_t limit) {
    return store.find_by_reference("order", after, limit);
  };
  CHECK(must(find(TransferId{0}, kAll)) == expected);
  CHECK(all_pages(find) == expected);
  CHECK(must(find(TransferId{0}, 0)).empty());
  CHECK(must(find(expected.back(), kAll)).empty());
  CHECK(must(find(TransferId{kMax}, kAll)).empty());
  CHECK(must(find(id_of(writes.rows[13]), 1)) == Ids{id_of(writes.rows[14])});
  CHECK(must(store.find_by_reference("no order", TransferId{0}, kAll)).empty());
  CHECK(must(store.find_by_reference("", TransferId{0}, kAll)).empty());
}

void finds_what_refers(Store& store) {
  WriteSet writes;
  Seq seq = kFirst;
  const auto add = [&](JournalRow row, Seq refers_to) {
    row.refers_to = TransferId{refers_to};
    writes.rows.push_back(std::move(row));
    ++seq;
  };
  writes.rows = {row_of(seq, JournalKind::hold), row_of(seq + 1, JournalKind::hold)};
  seq += 2;
  add(row_of(seq, JournalKind::capture), kFirst);
  add(row_of(seq, JournalKind::capture), kFirst + 1);
  add(declined(row_of(seq, JournalKind::capture)), kFirst);
  add(row_of(seq, JournalKind::capture), kFirst);
  // A capture that releases the rest: the row that does is none of its own.
  auto releasing = transfer_rows(seq, "releasing", 2);
  releasing[0].kind = JournalKind::capture;
  releasing[1].kind = JournalKind::void_hold;
  add(releasing[0], kFirst);
  add(releasing[1], kFirst);
  add(row_of(seq, JournalKind::reversal), kFirst + 2);
  must_commit(store, writes);

  const TransferId hold = id_of(writes.rows[0]);
  const Ids expected = {id_of(writes.rows[2]), id_of(writes.rows[5]), id_of(writes.rows[6])};
  const auto find = [&](TransferId after, std::size_t limit) {
    return store.find_referring(hold, after, limit);
  };
  CHECK(must(find(TransferId{0}, kAll)) == expected);
  CHECK(all_pages(find) == expected);
  CHECK(must(find(TransferId{0}, 0)).empty());
  CHECK(must(find(expected.back(), kAll)).empty());
  const auto referring = [&](TransferId id) {
    return must(store.find_referring(id, TransferId{0}, kAll));
  };
  CHECK(referring(id_of(writes.rows[1])) == Ids{id_of(writes.rows[3])});
  CHECK(referring(id_of(writes.rows[2])) == Ids{id_of(writes.rows[8])});
  CHECK(referring(id_of(writes.rows[8])).empty());
  CHECK(referring(TransferId{0}).empty());
  CHECK(referring(TransferId{kMax}).empty());
}

void finds_an_account_by_reference(Store& store) {
  WriteSet writes;
  writes.rows = {transfer_row(kFirst, "open")};
  writes.created = {new_account(1), new_account(2), new_account(3)};
  writes.created[0].reference = "one";
  writes.created[0].metadata = R"({"a":1})";
  writes.created[1].reference = "ONE";
  must_commit(store, writes);
  CHECK(must(store.find_account_by_reference("one")) == writes.created[0]);
  CHECK(must(store.find_account_by_reference("ONE")) == writes.created[1]);
  for (const std::string none : {"One", "on", "one ", "on%", ""})
    CHECK_FALSE(must(store.find_account_by_reference(none)).has_value());

  Account after = writes.created[0];
  after.balance = 7;
  after.version = 1;
  writes = {};
  writes.rows = {transfer_row(kFirst, "move")};
  writes.updated = {{after, 0}};
  must_commit(store, writes);
  CHECK(must(store.find_account_by_reference("one")) == after);
}

void walks_entries(Store& store) {
  WriteSet writes;
  std::vector<std::pair<std::int64_t, std::int64_t>> moves = {{1, 2}, {2, 1}, {3, 2}, {1, 3}};
  moves.emplace_back(0, 1);  // one-sided, as a change of the account is
  for (int i = 0; i < 200; ++i)
    moves.emplace_back(i % 3 == 0 ? 2 : 4, i % 2 == 0 ? 1 : 3);
  writes.rows = chained_rows(moves);
  writes.rows[4].kind = JournalKind::account_changed;
  must_commit(store, writes);

  for (const std::int64_t account : {1, 2, 3, 4}) {
    CAPTURE(account);
    const auto expected = newest_first(writes.rows, account);
    const AccountId id{account};
    CHECK(must(store.read_entries(id, expected.front().seq, kAll)) == expected);
    CHECK(must(store.read_entries(id, expected[1].seq, 1)) == std::vector{expected[1]});
    CHECK(must(store.read_entries(id, expected.back().seq, kAll)) == std::vector{expected.back()});
    CHECK(must(store.read_entries(id, expected.front().seq, 0)).empty());
    CHECK(must(store.read_entries(id, 0, kAll)).empty());

    std::vector<JournalRow> all;
    for (Seq from = expected.front().seq; from != 0;) {
      const auto page = must(store.read_entries(id, from, 7));
      REQUIRE((!page.empty() && page.size() <= 7));
      all.insert(all.end(), page.begin(), page.end());
      const JournalRow& last = page.back();
      from = last.from == id ? last.from_entry.previous : last.to_entry.previous;
    }
    CHECK(all == expected);
  }
  CHECK(must(store.read_entries(AccountId{9}, writes.rows[0].seq, kAll)).empty());
  CHECK(must(store.read_entries(AccountId{1}, kMax, kAll)).empty());
}

void finds_checkpoints(Store& store) {
  const AccountId one{1}, two{2}, none{3}, busy{4};
  const auto write = [&](const std::string& key, std::vector<Checkpoint> checkpoints) {
    WriteSet writes;
    writes.rows = {transfer_row(kFirst, key)};
    writes.checkpoints = std::move(checkpoints);
    must_commit(store, writes);
    return writes.checkpoints;
  };
  // A batch has one time, however many entries of an account are in it.
  const auto of_one = write("one", {{one, 64, 5, kNoon}, {one, 128, 6, kNoon}});
  const auto later = write("later", {{one, 192, 7, kNoon + seconds(10)}, {two, 64, 8, kLatest}});
  std::vector<Checkpoint> of_busy;
  for (std::int64_t i = 1; i <= 100; ++i)
    of_busy.push_back({busy, i * kCheckpointInterval, i * 100, kNoon + seconds(i / 3)});
  write("busy", of_busy);

  const auto find = [&](AccountId account, std::int64_t version) {
    return must(store.find_checkpoint(account, version));
  };
  for (const std::int64_t version : {std::int64_t{0}, std::int64_t{1}, std::int64_t{64}})
    CHECK(find(one, version) == of_one[0]);
  CHECK(find(one, 65) == of_one[1]);
  CHECK(find(one, 192) == later[0]);
  CHECK_FALSE(find(one, 193).has_value());
  CHECK_FALSE(find(one, kMax).has_value());
  CHECK(find(two, 1) == later[1]);
  CHECK_FALSE(find(none, 0).has_value());

  const auto find_after = [&](AccountId account, Timestamp time) {
    return must(store.find_checkpoint_after(account, time));
  };
  CHECK(find_after(one, kEarliest) == of_one[0]);
  CHECK(find_after(one, kNoon - microseconds(1)) == of_one[0]);
  CHECK(find_after(one, kNoon) == later[0]);
  CHECK(find_after(one, kNoon + seconds(10) - microseconds(1)) == later[0]);
  CHECK_FALSE(find_after(one, kNoon + seconds(10)).has_value());
  CHECK(find_after(two, kLatest - microseconds(1)) == later[1]);
  CHECK_FALSE(find_after(two, kLatest).has_value());
  CHECK_FALSE(find_after(none, kEarliest).has_value());

  for (std::size_t i = 0; i < of_busy.size(); ++i) {
    CHECK(find(busy, of_busy[i].version) == of_busy[i]);
    const Timestamp before = of_busy[i].recorded_at - microseconds(1);
    const auto first = std::ranges::find_if(
        of_busy, [&](const Checkpoint& other) { return other.recorded_at > before; });
    CHECK(find_after(busy, before) == *first);
  }
}

void adds_up_each_currency(Store& store) {
  WriteSet writes;
  writes.rows = {transfer_row(kFirst, "open")};
  const auto add = [&](Currency currency, MinorUnits balance, MinorUnits held,
                       MinorUnits incoming) {
    Account account = new_account(std::ssize(writes.created) + 1);
    account.terms = {currency, std::nullopt, std::nullopt, AccountStatus::open};
    account.balance = balance;
    account.held = held;
    account.incoming = incoming;
    writes.created.push_back(account);
  };
  add(usd(), 500, 20, 0);
  add(currency("JPY", 0), kMax, 0, kMax);
  add(usd(), -700, 3, 4);
  add(currency("USD", 3), 1, 0, 0);  // another currency
  add(currency("JPY", 0), kMin, kMax, 0);
  add(usd(), 200, 0, 19);
  add(usd(), 0, 0, 0);
  add(currency("ABC", 18), 0, 0, 0);
  must_commit(store, writes);

  const std::vector<CurrencyTotals> expected = {
      {currency("ABC", 18), 1, 0, 0, 0, 0},
      {currency("JPY", 0), 2, kMax, kMin, kMax, kMax},
      {usd(), 4, 700, -700, 23, 23},
      {currency("USD", 3), 1, 1, 0, 0, 0},
  };
  CHECK(must(store.read_totals()) == expected);
}

void refuses_sums_that_do_not_fit(Store& store) {
  WriteSet writes;
  writes.rows = {transfer_row(kFirst, "open")};
  writes.created = {new_account(1), new_account(2), new_account(3)};
  for (Account& account : writes.created)
    account.terms.min_balance.reset();
  writes.created[2].terms.currency = currency("JPY", 0);  // adds to no other
  writes.created[2].balance = kMax;
  must_commit(store, writes);
  auto all = writes.created;

  int times = 0;
  const auto sums_with = [&](MinorUnits Account::*field, MinorUnits first, MinorUnits second) {
    writes = {};
    for (std::size_t i = 0; i < 2; ++i) {
      Account after = new_account(to_int(all[i].id));
      after.terms = all[i].terms;
      after.version = all[i].version + 1;
      after.*field = i == 0 ? first : second;
      writes.updated.push_back({after, all[i].version});
      all[i] = after;
    }
    writes.rows = {transfer_row(kFirst, "set " + std::to_string(++times))};
    must_commit(store, writes);
    return store.read_totals();
  };
  const auto check_limit = [&](MinorUnits Account::*field, MinorUnits limit, MinorUnits over) {
    CHECK(sums_with(field, limit - over, over).has_value());
    CHECK(sums_with(field, limit, 0).has_value());
    const auto refused = sums_with(field, limit, over);
    REQUIRE_FALSE(refused.has_value());
    CHECK(name(refused.error().code) == name(ErrorCode::balance_overflow));
  };
  check_limit(&Account::balance, kMax, 1);
  check_limit(&Account::balance, kMin, -1);
  check_limit(&Account::held, kMax, 1);
  check_limit(&Account::incoming, kMax, 1);
  CHECK(sums_with(&Account::held, 1, 2).has_value());
}

void queries_survive_reopening(const StoreUnderTest& under_test) {
  if (!under_test.reopen) return;  // declared
  auto store = under_test.make();
  WriteSet writes = something_of_everything();
  must_commit(*store, writes);
  const Found before = find_everything(*store, writes);
  CHECK(before.transfers == std::vector{writes.rows[0], writes.rows[1]});
  CHECK(before.states == writes.states);
  CHECK(before.all_states == writes.states);
  CHECK(before.expired == Ids{id_of(writes.rows[0])});
  CHECK(before.by_reference == Ids{id_of(writes.rows[1])});
  CHECK(before.referring == Ids{id_of(writes.rows[2])});
  CHECK(before.account == writes.created[0]);
  CHECK(before.entries == newest_first(writes.rows, 1));
  CHECK(before.checkpoint == writes.checkpoints[0]);
  CHECK(before.checkpoint_after == writes.checkpoints[0]);
  CHECK(before.totals.size() == 1);
  store = under_test.reopen(std::move(store));
  CHECK(find_everything(*store, writes) == before);
}

}  // namespace ledger::conformance
