#include "ledger/memory_store.h"

#include <algorithm>
#include <limits>
#include <map>
#include <string>
#include <unordered_map>
#include <utility>

#include "base/mutex.h"

namespace ledger {
namespace {

/// What is committed.
struct Contents {
  std::vector<JournalRow> journal;  // row i has seq i + 1
  std::map<std::int64_t, Account> accounts;
  std::unordered_map<std::string, std::size_t> keys;  // to the first row's index
  std::map<std::string, AccountId> references;

  void add_recorded(std::span<const std::string_view> wanted, std::vector<JournalRow>& out) const;
  [[nodiscard]] bool accepts(const WriteSet& writes) const;
  void apply(const WriteSet& writes);
};

void Contents::add_recorded(std::span<const std::string_view> wanted,
                            std::vector<JournalRow>& out) const {
  std::vector<std::size_t> firsts;
  for (const std::string_view key : wanted) {
    const auto found = keys.find(std::string(key));
    if (found != keys.end()) firsts.push_back(found->second);
  }
  std::ranges::sort(firsts);
  for (const std::size_t first : firsts) {
    const auto begin = journal.begin() + static_cast<std::ptrdiff_t>(first);
    out.insert(out.end(), begin, begin + journal[first].legs);
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
  for (const Account& account : writes.created) {
    const auto id = to_int(account.id);
    if (accounts.contains(id) || new_ids[id]++ > 0) return false;
    if (account.reference.empty()) continue;
    if (references.contains(account.reference) || new_references[account.reference]++ > 0) {
      return false;
    }
  }
  return std::ranges::all_of(writes.updated, [&](const WriteSet::Update& update) {
    const auto found = accounts.find(to_int(update.account.id));
    return found != accounts.end() && found->second.version == update.expected_version;
  });
}

void Contents::apply(const WriteSet& writes) {
  for (const JournalRow& row : writes.rows) {
    if (!row.key.empty()) keys.emplace(row.key, journal.size());
    journal.push_back(row);
  }
  for (const Account& account : writes.created) {
    accounts.emplace(to_int(account.id), account);
    if (!account.reference.empty()) references.emplace(account.reference, account.id);
  }
  for (const auto& update : writes.updated)
    accounts[to_int(update.account.id)] = update.account;
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

}  // namespace

std::unique_ptr<Store> make_memory_store() { return std::make_unique<MemoryStore>(); }

}  // namespace ledger
