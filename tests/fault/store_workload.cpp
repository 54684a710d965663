#include "fault/store_workload.h"

#include <algorithm>
#include <limits>
#include <utility>

namespace ledger::testing {
namespace {

constexpr int kSteps = 9;
constexpr int kReopenBefore = 5;
constexpr int kTries = 3;
constexpr int kLegs = 3;
constexpr std::int64_t kAccounts = 4;  // the first is the world
constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

std::string key_of(int step) { return "step-" + std::to_string(step); }

SteadyTime soon() { return std::chrono::steady_clock::now() + std::chrono::seconds(30); }

void add_opening(const Snapshot& snapshot, WriteSet& writes) {
  for (std::int64_t id = 1; id <= kAccounts; ++id) {
    Account account;
    account.id = AccountId{id};
    account.terms.currency = *Currency::stored("USD", 2);
    if (id == 1) account.terms.min_balance.reset();
    JournalRow row;
    row.seq = snapshot.next_seq + id - 1;
    row.kind = JournalKind::account_opened;
    row.key = id == 1 ? key_of(0) : "open-" + std::to_string(id);
    row.legs = 1;
    row.to = account.id;
    row.terms = account.terms;
    writes.rows.push_back(row);
    writes.created.push_back(account);
  }
}

Entry post(Account& account, MinorUnits change, Seq seq, WriteSet& writes) {
  account.balance += change;
  ++account.version;
  const Entry entry{.version = account.version,
                    .balance = account.balance,
                    .held = account.held,
                    .previous = account.last_seq};
  account.last_seq = seq;
  writes.checkpoints.push_back({account.id, account.version, seq, {}});
  return entry;
}

void add_transfer(int step, const Snapshot& snapshot, WriteSet& writes) {
  auto accounts = snapshot.accounts;
  for (int leg = 0; leg < kLegs; ++leg) {
    JournalRow row;
    row.seq = snapshot.next_seq + leg;
    row.legs = leg == 0 ? kLegs : -leg;
    if (leg == 0) {
      row.key = key_of(step);
      row.fingerprint.fill(static_cast<std::uint8_t>(step));
      row.metadata = std::string(3000, 'm');  // overflow pages, too
    }
    Account& from = accounts[0];
    Account& to = accounts[static_cast<std::size_t>((step + leg) % (kAccounts - 1) + 1)];
    row.from = from.id;
    row.to = to.id;
    row.amount = step * 100 + leg;
    row.currency = from.terms.currency;
    row.from_entry = post(from, -row.amount, row.seq, writes);
    row.to_entry = post(to, row.amount, row.seq, writes);
    writes.rows.push_back(row);
  }
  writes.states.push_back({TransferId{snapshot.next_seq}, TransferStatus::reversed, step});
  for (std::size_t i = 0; i < accounts.size(); ++i) {
    if (accounts[i].version == snapshot.accounts[i].version) continue;
    writes.updated.push_back({accounts[i], snapshot.accounts[i].version});
  }
}

struct Checker {
  std::vector<std::string> problems;

  void expect(bool fine, const std::string& problem) {
    if (!fine) problems.push_back(problem);
  }

  void check_keys(Store& store, const Promises& promises) {
    for (const auto& [key, fate] : promises) {
      const std::string_view view = key;
      const auto rows = store.find_recorded({&view, 1});
      if (!rows) {
        problems.push_back(key + ": " + rows.error().message());
        continue;
      }
      if (fate == Fate::present) expect(!rows->empty(), key + " was acknowledged and is lost");
      if (fate == Fate::absent) expect(rows->empty(), key + " was refused and is there");
      const std::size_t legs = key == key_of(0) ? 1 : kLegs;
      expect(rows->empty() || rows->size() == legs, key + " is there in part");
    }
  }

  void check_invariants(Store& store) {
    const auto rows = store.read_journal(1, kAll);
    const auto accounts = store.read_accounts(AccountId{0}, kAll);
    if (!rows || !accounts) {
      problems.push_back(!rows ? rows.error().message() : accounts.error().message());
      return;
    }
    check_states(store, *rows);
    std::map<std::int64_t, Account> computed;
    for (const JournalRow& row : *rows) {
      if (row.terms.has_value()) computed[to_int(row.to)].id = row.to;
      check_entry(computed[to_int(row.from)], row.from_entry, -row.amount, row.seq);
      check_entry(computed[to_int(row.to)], row.to_entry, row.amount, row.seq);
    }
    computed.erase(0);
    expect(computed.size() == accounts->size(), "accounts without an opening, or the reverse");
    MinorUnits sum = 0;
    for (const Account& account : *accounts) {
      const Account& right = computed[to_int(account.id)];
      expect(account.balance == right.balance && account.version == right.version &&
                 account.last_seq == right.last_seq,
             "account " + std::to_string(to_int(account.id)) + " is not its last entry");
      sum += account.balance;
    }
    expect(sum == 0, "the sum of all balances is not zero");
  }

  /// Each transfer's state was written with it, and says what its key does.
  void check_states(Store& store, const std::vector<JournalRow>& rows) {
    const auto states = store.read_states(TransferId{0}, kAll);
    if (!states) {
      problems.push_back(states.error().message());
      return;
    }
    std::map<std::string, TransferId> transfers;
    for (const JournalRow& row : rows) {
      if (row.legs == kLegs) transfers[row.key] = TransferId{row.seq};
    }
    expect(transfers.size() == states->size(), "transfers without a state, or the reverse");
    for (const TransferState& state : *states) {
      const auto found = transfers.find(key_of(static_cast<int>(state.settled)));
      expect(found != transfers.end() && found->second == state.id,
             "the state of transfer " + std::to_string(to_int(state.id)) + " is another's");
    }
  }

  void check_entry(Account& account, const Entry& entry, MinorUnits change, Seq seq) {
    if (entry.version == 0) return;
    const bool follows = entry.version == account.version + 1 &&
                         entry.balance == account.balance + change &&
                         entry.previous == account.last_seq;
    expect(follows, "journal row " + std::to_string(seq) + " does not follow the entry before");
    account.balance = entry.balance;
    account.version = entry.version;
    account.last_seq = seq;
  }
};

}  // namespace

StoreWorkload::StoreWorkload(OpenStore open) : open_(std::move(open)) {
  for (int step = 0; step < kSteps; ++step)
    promises_[key_of(step)] = Fate::absent;
}

bool StoreWorkload::open() {
  for (int tries = 0; tries < kTries && store_ == nullptr; ++tries) {
    auto store = open_();
    if (store) store_ = std::move(*store);
  }
  return store_ != nullptr;
}

void StoreWorkload::run(const std::function<bool()>& stop) {
  for (int step = 0; step < kSteps; ++step) {
    if (step == kReopenBefore) close();
    if (stop() || !open()) return;
    bool done = false;
    for (int tries = 0; tries < kTries && !done; ++tries) {
      if (stop()) return;
      done = attempt(step);
    }
    if (!done && step == 0) return;
  }
}

bool StoreWorkload::attempt(int step) {
  const std::string key = key_of(step);
  const std::string_view view = key;
  std::vector<AccountId> ids;
  for (std::int64_t id = 1; id <= kAccounts; ++id)
    ids.push_back(AccountId{id});
  auto transaction =
      store_->begin({.keys = {&view, 1}, .accounts = ids, .max_rows = kAccounts + kLegs}, soon());
  if (!transaction) return false;
  const Snapshot& snapshot = (*transaction)->snapshot();
  compare(key, !snapshot.recorded.empty());
  if (promises_[key] == Fate::present) return true;

  // A reader beside the open transaction: its failure can end the transaction behind our back.
  (void)store_->read_journal(1, kAll);
  const WriteSet writes = make_writes(step, snapshot);
  promises_[key] = Fate::unknown;
  const auto committed = (*transaction)->commit(writes);
  transaction->reset();
  if (committed) {
    ++counts_.acknowledged;
    promises_[key] = Fate::present;
    return true;
  }
  if (committed.error().code != ErrorCode::commit_in_doubt) {
    ++counts_.refused;
    promises_[key] = Fate::absent;
    return false;
  }
  ++counts_.in_doubt;
  for (int tries = 0; tries < kTries && promises_[key] == Fate::unknown; ++tries)
    look_up(key);
  return promises_[key] == Fate::present;
}

WriteSet StoreWorkload::make_writes(int step, const Snapshot& snapshot) const {
  WriteSet writes;
  if (step == 0) {
    add_opening(snapshot, writes);
  } else {
    add_transfer(step, snapshot, writes);
  }
  return writes;
}

void StoreWorkload::compare(const std::string& key, bool found) {
  Fate& fate = promises_[key];
  if (fate == Fate::present && !found) problems_.push_back(key + " was acknowledged, then lost");
  if (fate == Fate::absent && found) problems_.push_back(key + " was refused, then there");
  fate = found ? Fate::present : Fate::absent;
}

void StoreWorkload::look_up(const std::string& key) {
  if (!store_->settle(soon())) return;
  const std::string_view view = key;
  const auto rows = store_->find_recorded({&view, 1});
  if (!rows) return;
  ++counts_.settled;
  compare(key, !rows->empty());
  if (on_settled_) on_settled_();
}

void StoreWorkload::resolve() {
  if (!open()) {
    problems_.emplace_back("cannot be opened on a disk that is well");
    return;
  }
  for (const auto& [key, fate] : Promises(promises_))
    look_up(key);
  for (const auto& [key, fate] : promises_) {
    if (fate == Fate::unknown) problems_.push_back(key + " stays in doubt on a disk that is well");
  }
}

std::vector<std::string> find_problems(const OpenStore& open, const Promises& promises) {
  auto store = open();
  if (!store) return {"cannot be opened: " + store.error().message()};
  Checker checker;
  checker.check_keys(**store, promises);
  checker.check_invariants(**store);
  return checker.problems;
}

}  // namespace ledger::testing
