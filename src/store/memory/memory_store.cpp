#include "ledger/memory_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"
#include "base/totals.h"

namespace ledger {
namespace {

/// What is committed.
struct Contents {
  std::vector<JournalRow> journal;  // row i has seq i + 1
  std::map<std::int64_t, Account> accounts;
  std::unordered_map<std::string, std::size_t> keys;         // to the first row's index
  std::map<std::string, AccountId, std::less<>> references;  // of accounts
  std::map<std::pair<std::int64_t, std::int64_t>, Checkpoint> checkpoints;  // account, version
  std::map<TransferId, TransferState> states;

  void add_recorded(std::span<const std::string_view> wanted, std::vector<JournalRow>& out) const;
  [[nodiscard]] bool accepts(const WriteSet& writes) const;
  void apply(const WriteSet& writes);
  void put(const Account& account);

  /// The rows of the transfer that begins in row `first`; none: no transfer begins there.
  [[nodiscard]] std::span<const JournalRow> transfer(std::size_t first) const;
  /// The committed transfers, no account rows, with an id above `after` whose first row `matches`.
  template <class Matches>
  [[nodiscard]] std::vector<TransferId> find_ids(TransferId after, std::size_t limit,
                                                 Matches matches) const;
};

std::span<const JournalRow> Contents::transfer(std::size_t first) const {
  if (first >= journal.size() || journal[first].key.empty()) return {};
  return std::span(journal).subspan(first, static_cast<std::size_t>(journal[first].legs));
}

template <class Matches>
std::vector<TransferId> Contents::find_ids(TransferId after, std::size_t limit,
                                           Matches matches) const {
  std::vector<TransferId> ids;
  for (auto i = static_cast<std::size_t>(to_int(after)); i < journal.size(); ++i) {
    const JournalRow& row = journal[i];
    if (ids.size() == limit) break;
    if (!row.key.empty() && row.committed() && row.kind < JournalKind::account_opened &&
        matches(row)) {
      ids.push_back(TransferId{row.seq});
    }
  }
  return ids;
}

void Contents::add_recorded(std::span<const std::string_view> wanted,
                            std::vector<JournalRow>& out) const {
  std::vector<std::size_t> firsts;
  for (const std::string_view key : wanted) {
    const auto found = keys.find(std::string(key));
    if (found != keys.end()) firsts.push_back(found->second);
  }
  std::ranges::sort(firsts);
  for (const std::size_t first : firsts) {
    const auto rows = transfer(first);
    out.insert(out.end(), rows.begin(), rows.end());
  }
}

/// The constraints that a database would check: unique keys, ids and references, and the fence.
bool Contents::accepts(const WriteSet& writes) const {
  std::map<std::string_view, int> new_keys;
  for (const JournalRow& row : writes.rows) {
    if (row.key.empty()) continue;
    if (keys.contains(row.key) || new_keys[row.key]++ > 0) return false;
  }
  std::map<std::int64_t, int> new_ids;
  std::map<std::string_view, int> new_references;
  const auto reference_is_free = [&](const Account& account) {
    if (account.reference.empty()) return true;
    const auto found = references.find(account.reference);
    const bool others = found != references.end() && found->second != account.id;
    return !others && new_references[account.reference]++ == 0;
  };
  for (const Account& account : writes.created) {
    const auto id = to_int(account.id);
    if (accounts.contains(id) || new_ids[id]++ > 0 || !reference_is_free(account)) return false;
  }
  return std::ranges::all_of(writes.updated, [&](const WriteSet::Update& update) {
    const auto found = accounts.find(to_int(update.account.id));
    return found != accounts.end() && found->second.version == update.expected_version &&
           reference_is_free(update.account);
  });
}

void Contents::put(const Account& account) {
  Account& stored = accounts[to_int(account.id)];
  references.erase(stored.reference);
  stored = account;
  if (!account.reference.empty()) references.emplace(account.reference, account.id);
}

void Contents::apply(const WriteSet& writes) {
  for (const JournalRow& row : writes.rows) {
    if (!row.key.empty()) keys.emplace(row.key, journal.size());
    journal.push_back(row);
  }
  for (const Account& account : writes.created)
    put(account);
  for (const auto& update : writes.updated)
    put(update.account);
  for (const Checkpoint& checkpoint : writes.checkpoints)
    checkpoints[{to_int(checkpoint.account), checkpoint.version}] = checkpoint;
  for (const TransferState& state : writes.states)
    states[state.id] = state;
}

/// One transaction at a time: begin() waits for the open one to end. Reads need not wait, because
/// nothing is changed before commit().
class MemoryStore final : public Store {
 public:
  Result<std::unique_ptr<StoreTransaction>> begin(const LoadRequest& load,
                                                  SteadyTime deadline) override;
  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys) override;
  Result<std::optional<Account>> find_account(AccountId id) override;
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit) override;
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit) override;
  Result<std::vector<JournalRow>> find_transfers(std::span<const TransferId> ids) override;
  Result<std::vector<JournalRow>> find_rows(std::span<const Seq> seqs) override;
  Result<std::vector<TransferState>> find_states(std::span<const TransferId> ids) override;
  Result<std::vector<TransferState>> read_states(TransferId after, std::size_t limit) override;
  Result<std::vector<TransferId>> find_expired(Timestamp now, std::size_t limit) override;
  Result<std::vector<TransferId>> find_by_reference(std::string_view reference, TransferId after,
                                                    std::size_t limit) override;
  Result<std::vector<TransferId>> find_referring(TransferId id, TransferId after,
                                                 std::size_t limit) override;
  Result<std::optional<Account>> find_account_by_reference(std::string_view reference) override;
  Result<std::vector<JournalRow>> read_entries(AccountId account, Seq from,
                                               std::size_t limit) override;
  Result<std::optional<Checkpoint>> find_checkpoint(AccountId account,
                                                    std::int64_t version) override;
  Result<std::optional<Checkpoint>> find_checkpoint_after(AccountId account,
                                                          Timestamp time) override;
  Result<std::vector<CurrencyTotals>> read_totals() override;
  Result<void> settle(SteadyTime) override { return {}; }
  Result<void> check() override { return {}; }

 private:
  friend class MemoryTransaction;

  Snapshot load(const LoadRequest& load) LEDGER_REQUIRES(mutex_);
  Result<void> commit(const WriteSet& writes) LEDGER_EXCLUDES(mutex_);
  void end_transaction() LEDGER_EXCLUDES(mutex_);

  base::Mutex mutex_;
  base::CondVar ended_;
  bool open_ LEDGER_GUARDED_BY(mutex_) = false;
  Contents contents_ LEDGER_GUARDED_BY(mutex_);
};

class MemoryTransaction final : public StoreTransaction {
 public:
  MemoryTransaction(MemoryStore& store, Snapshot snapshot)
      : store_(store), snapshot_(std::move(snapshot)) {}
  ~MemoryTransaction() override { store_.end_transaction(); }
  MemoryTransaction(const MemoryTransaction&) = delete;
  MemoryTransaction& operator=(const MemoryTransaction&) = delete;

  const Snapshot& snapshot() const override { return snapshot_; }
  Result<void> commit(const WriteSet& writes) override { return store_.commit(writes); }

 private:
  MemoryStore& store_;
  const Snapshot snapshot_;
};

Result<std::unique_ptr<StoreTransaction>> MemoryStore::begin(const LoadRequest& load,
                                                             SteadyTime deadline) {
  base::MutexLock lock(mutex_);
  while (open_) {
    const auto left = deadline - std::chrono::steady_clock::now();
    if (left <= SteadyTime::duration::zero()) return ErrorCode::deadline_exceeded;
    ended_.wait_for(mutex_, left);
  }
  open_ = true;
  return std::unique_ptr<StoreTransaction>(
      std::make_unique<MemoryTransaction>(*this, this->load(load)));
}

Snapshot MemoryStore::load(const LoadRequest& load) {
  Snapshot snapshot;
  snapshot.next_seq = static_cast<Seq>(contents_.journal.size()) + 1;
  if (!contents_.accounts.empty()) {
    constexpr auto kLast = std::numeric_limits<std::int64_t>::max();
    const auto highest = contents_.accounts.rbegin()->first;
    snapshot.next_account_id = AccountId{highest == kLast ? kLast : highest + 1};
  }
  for (const AccountId id : load.accounts) {
    const auto found = contents_.accounts.find(to_int(id));
    if (found != contents_.accounts.end()) snapshot.accounts.push_back(found->second);
  }
  contents_.add_recorded(load.keys, snapshot.recorded);
  for (const TransferId id : load.states) {
    const auto found = contents_.states.find(id);
    if (found != contents_.states.end()) snapshot.states.push_back(found->second);
  }
  for (const std::string_view reference : load.references) {
    if (contents_.references.contains(reference)) snapshot.references.emplace_back(reference);
  }
  return snapshot;
}

Result<void> MemoryStore::commit(const WriteSet& writes) {
  base::MutexLock lock(mutex_);
  if (!contents_.accepts(writes)) return ErrorCode::conflict;
  contents_.apply(writes);
  return {};
}

void MemoryStore::end_transaction() {
  base::MutexLock lock(mutex_);
  open_ = false;
  ended_.notify_one();
}

Result<std::vector<JournalRow>> MemoryStore::find_recorded(std::span<const std::string_view> keys) {
  base::MutexLock lock(mutex_);
  std::vector<JournalRow> rows;
  contents_.add_recorded(keys, rows);
  return rows;
}

Result<std::optional<Account>> MemoryStore::find_account(AccountId id) {
  base::MutexLock lock(mutex_);
  const auto found = contents_.accounts.find(to_int(id));
  if (found == contents_.accounts.end()) return std::optional<Account>{};
  return std::optional<Account>{found->second};
}

Result<std::vector<JournalRow>> MemoryStore::read_journal(Seq first, std::size_t limit) {
  base::MutexLock lock(mutex_);
  const auto& journal = contents_.journal;
  const std::size_t begin =
      std::min(static_cast<std::size_t>(std::max<Seq>(first, 1) - 1), journal.size());
  const std::size_t end = begin + std::min(limit, journal.size() - begin);
  return std::vector<JournalRow>(journal.begin() + static_cast<std::ptrdiff_t>(begin),
                                 journal.begin() + static_cast<std::ptrdiff_t>(end));
}

Result<std::vector<Account>> MemoryStore::read_accounts(AccountId after, std::size_t limit) {
  base::MutexLock lock(mutex_);
  std::vector<Account> accounts;
  for (auto next = contents_.accounts.upper_bound(to_int(after));
       next != contents_.accounts.end() && accounts.size() < limit; ++next) {
    accounts.push_back(next->second);
  }
  return accounts;
}

Result<std::vector<JournalRow>> MemoryStore::find_transfers(std::span<const TransferId> ids) {
  base::MutexLock lock(mutex_);
  std::vector<JournalRow> found;
  for (const TransferId id : ids) {
    const auto rows = contents_.transfer(static_cast<std::size_t>(to_int(id)) - 1);
    found.insert(found.end(), rows.begin(), rows.end());
  }
  return found;
}

Result<std::vector<JournalRow>> MemoryStore::find_rows(std::span<const Seq> seqs) {
  base::MutexLock lock(mutex_);
  std::vector<JournalRow> rows;
  for (const Seq seq : seqs) {
    const auto index = static_cast<std::size_t>(seq) - 1;
    if (index < contents_.journal.size()) rows.push_back(contents_.journal[index]);
  }
  return rows;
}

Result<std::vector<TransferState>> MemoryStore::find_states(std::span<const TransferId> ids) {
  base::MutexLock lock(mutex_);
  std::vector<TransferState> states;
  for (const TransferId id : ids) {
    const auto found = contents_.states.find(id);
    if (found != contents_.states.end()) states.push_back(found->second);
  }
  return states;
}

Result<std::vector<TransferState>> MemoryStore::read_states(TransferId after, std::size_t limit) {
  base::MutexLock lock(mutex_);
  std::vector<TransferState> states;
  for (auto next = contents_.states.upper_bound(after);
       next != contents_.states.end() && states.size() < limit; ++next) {
    states.push_back(next->second);
  }
  return states;
}

Result<std::vector<TransferId>> MemoryStore::find_expired(Timestamp now, std::size_t limit) {
  base::MutexLock lock(mutex_);
  std::vector<std::pair<Timestamp, TransferId>> due;
  for (const auto& [id, state] : contents_.states) {
    if (state.status == TransferStatus::held && state.expires_at && *state.expires_at <= now) {
      due.emplace_back(*state.expires_at, id);
    }
  }
  std::ranges::sort(due);
  due.resize(std::min(limit, due.size()));
  std::vector<TransferId> ids;
  for (const auto& [time, id] : due)
    ids.push_back(id);
  return ids;
}

Result<std::vector<TransferId>> MemoryStore::find_by_reference(std::string_view reference,
                                                               TransferId after,
                                                               std::size_t limit) {
  base::MutexLock lock(mutex_);
  return contents_.find_ids(after, limit, [&](const JournalRow& row) {
    return !row.reference.empty() && row.reference == reference;
  });
}

Result<std::vector<TransferId>> MemoryStore::find_referring(TransferId id, TransferId after,
                                                            std::size_t limit) {
  base::MutexLock lock(mutex_);
  return contents_.find_ids(after, limit,
                            [&](const JournalRow& row) { return row.refers_to == id; });
}

Result<std::optional<Account>> MemoryStore::find_account_by_reference(std::string_view reference) {
  base::MutexLock lock(mutex_);
  const auto found = contents_.references.find(reference);
  if (found == contents_.references.end()) return std::optional<Account>{};
  return std::optional<Account>{contents_.accounts.at(to_int(found->second))};
}

Result<std::vector<JournalRow>> MemoryStore::read_entries(AccountId account, Seq from,
                                                          std::size_t limit) {
  base::MutexLock lock(mutex_);
  const auto& journal = contents_.journal;
  std::vector<JournalRow> rows;
  for (Seq seq = from; 0 < seq && seq <= std::ssize(journal) && rows.size() < limit;) {
    const JournalRow& row = journal[static_cast<std::size_t>(seq) - 1];
    const Entry& entry = row.from == account ? row.from_entry : row.to_entry;
    if (entry.version == 0 || (row.from != account && row.to != account)) break;
    rows.push_back(row);
    seq = entry.previous;
  }
  return rows;
}

Result<std::optional<Checkpoint>> MemoryStore::find_checkpoint(AccountId account,
                                                               std::int64_t version) {
  base::MutexLock lock(mutex_);
  const auto found = contents_.checkpoints.lower_bound({to_int(account), version});
  if (found == contents_.checkpoints.end() || found->second.account != account) {
    return std::optional<Checkpoint>{};
  }
  return std::optional<Checkpoint>{found->second};
}

Result<std::optional<Checkpoint>> MemoryStore::find_checkpoint_after(AccountId account,
                                                                     Timestamp time) {
  base::MutexLock lock(mutex_);
  for (auto next = contents_.checkpoints.lower_bound({to_int(account), 0});
       next != contents_.checkpoints.end() && next->second.account == account; ++next) {
    if (next->second.recorded_at > time) return std::optional<Checkpoint>{next->second};
  }
  return std::optional<Checkpoint>{};
}

Result<std::vector<CurrencyTotals>> MemoryStore::read_totals() {
  base::MutexLock lock(mutex_);
  base::Totals totals;
  for (const auto& [id, account] : contents_.accounts) {
    if (auto added = totals.add(account); !added) return added.error();
  }
  return totals.by_currency();
}

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace ledger
