#include "ledger/in_process_lock.h"

#include <unordered_set>
#include <utility>

#include "base/mutex.h"

namespace ledger {

class InProcessLockTable {
 public:
  /// Grants what is free, and returns what is not.
  std::vector<AccountId> grant(std::span<const AccountId> wanted, std::vector<AccountId>& granted) {
    base::MutexLock lock(mutex_);
    std::vector<AccountId> refused;
    for (const AccountId id : wanted) {
      (held_.insert(to_int(id)).second ? granted : refused).push_back(id);
    }
    return refused;
  }

  void release(std::span<const AccountId> granted) {
    base::MutexLock lock(mutex_);
    for (const AccountId id : granted)
      held_.erase(to_int(id));
  }

 private:
  base::Mutex mutex_;
  std::unordered_set<std::int64_t> held_ LEDGER_GUARDED_BY(mutex_);
};

namespace {

class InProcessLeases final : public Leases {
 public:
  InProcessLeases(std::shared_ptr<InProcessLockTable> table, std::span<const AccountId> wanted)
      : table_(std::move(table)), refused_(table_->grant(wanted, granted_)) {}
  ~InProcessLeases() override { table_->release(granted_); }
  InProcessLeases(const InProcessLeases&) = delete;
  InProcessLeases& operator=(const InProcessLeases&) = delete;

  [[nodiscard]] const std::vector<AccountId>& refused() const override { return refused_; }

 private:
  const std::shared_ptr<InProcessLockTable> table_;
  std::vector<AccountId> granted_;
  std::vector<AccountId> refused_;
};

class InProcessLock final : public LockProvider {
 public:
  explicit InProcessLock(std::shared_ptr<InProcessLockTable> table) : table_(std::move(table)) {}

  Result<std::unique_ptr<Leases>> acquire(std::span<const AccountId> accounts,
                                          SteadyTime) override {
    return std::unique_ptr<Leases>(std::make_unique<InProcessLeases>(table_, accounts));
  }

 private:
  const std::shared_ptr<InProcessLockTable> table_;
};

}  // namespace

std::shared_ptr<InProcessLockTable> make_in_process_lock_table() {
  return std::make_shared<InProcessLockTable>();
}

std::unique_ptr<LockProvider> make_in_process_lock(std::shared_ptr<InProcessLockTable> table) {
  return std::make_unique<InProcessLock>(table ? std::move(table) : make_in_process_lock_table());
}

}  // namespace ledger
