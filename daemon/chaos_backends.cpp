#include "chaos_backends.h"

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <optional>
#include <utility>
#include <vector>

#include "base/mutex.h"
#include "ledger/store_wrapper.h"

namespace ledgerd {
namespace {

using ledger::AccountId;
using ledger::Leases;
using ledger::LockProvider;
using ledger::Result;
using ledger::SteadyTime;
using ledger::Store;
using ledger::StoreTransaction;
using ledger::base::Mutex;
using ledger::base::MutexLock;

class ChaosTransaction final : public StoreTransaction {
 public:
  ChaosTransaction(Chaos& chaos, std::unique_ptr<StoreTransaction> inner)
      : chaos_(chaos), inner_(std::move(inner)) {}
  const ledger::Snapshot& snapshot() const override { return inner_->snapshot(); }
  Result<void> commit(const ledger::WriteSet& writes) override {
    return chaos_.commit(*inner_, writes);
  }

 private:
  Chaos& chaos_;
  const std::unique_ptr<StoreTransaction> inner_;
};

class ChaosStore final : public ledger::StoreWrapper {
 public:
  ChaosStore(Chaos& chaos, std::unique_ptr<Store> inner)
      : StoreWrapper(std::move(inner)), chaos_(chaos) {}

  Result<std::unique_ptr<StoreTransaction>> begin(const ledger::LoadRequest& load,
                                                  SteadyTime deadline) override {
    auto begun = inner_->begin(load, deadline);
    if (!begun) return begun;
    return std::unique_ptr<StoreTransaction>(
        std::make_unique<ChaosTransaction>(chaos_, std::move(*begun)));
  }

 private:
  Chaos& chaos_;
};

/// Leases whose holder has died, as far as anybody can tell.
class LostLeases {
 public:
  explicit LostLeases(std::chrono::milliseconds ttl) : ttl_(ttl) {}

  void add(std::unique_ptr<Leases> leases) {
    MutexLock lock(mutex_);
    lost_.emplace_back(std::chrono::steady_clock::now() + ttl_, std::move(leases));
  }
  /// In Redis they have expired by themselves; a lease within the process needs somebody to end it.
  void drop_expired() {
    MutexLock lock(mutex_);
    while (!lost_.empty() && lost_.front().first <= std::chrono::steady_clock::now())
      lost_.pop_front();
  }

 private:
  const std::chrono::milliseconds ttl_;
  Mutex mutex_;
  std::deque<std::pair<SteadyTime, std::unique_ptr<Leases>>> lost_ LEDGER_GUARDED_BY(mutex_);
};

class ChaosLeases final : public Leases {
 public:
  ChaosLeases(Chaos& chaos, LostLeases& lost, std::span<const AccountId> accounts,
              std::unique_ptr<Leases> inner)
      : chaos_(chaos), lost_(lost), inner_(std::move(inner)) {
    std::ranges::set_difference(accounts, inner_->refused(), std::back_inserter(granted_));
  }
  ~ChaosLeases() override {
    if (chaos_.keeps_leases(granted_)) lost_.add(std::move(inner_));
  }
  ChaosLeases(const ChaosLeases&) = delete;
  ChaosLeases& operator=(const ChaosLeases&) = delete;

  const std::vector<AccountId>& refused() const override { return inner_->refused(); }

 private:
  Chaos& chaos_;
  LostLeases& lost_;
  std::unique_ptr<Leases> inner_;
  std::vector<AccountId> granted_;
};

class ChaosLocks final : public LockProvider {
 public:
  ChaosLocks(Chaos& chaos, std::unique_ptr<LockProvider> inner, std::chrono::milliseconds ttl)
      : chaos_(chaos), inner_(std::move(inner)), lost_(ttl) {}

  Result<std::unique_ptr<Leases>> acquire(std::span<const AccountId> accounts,
                                          SteadyTime deadline) override {
    lost_.drop_expired();
    auto leases = inner_->acquire(accounts, deadline);
    if (!leases) return leases;
    return std::unique_ptr<Leases>(
        std::make_unique<ChaosLeases>(chaos_, lost_, accounts, std::move(*leases)));
  }
  bool grants_everything() const noexcept override { return inner_->grants_everything(); }
  std::optional<ledger::CircuitState> circuit_state() const noexcept override {
    return inner_->circuit_state();
  }

 private:
  Chaos& chaos_;
  const std::unique_ptr<LockProvider> inner_;
  LostLeases lost_;  // goes before the provider it came from
};

}  // namespace

std::unique_ptr<Store> make_chaos_store(Chaos& chaos, std::unique_ptr<Store> inner) {
  return std::make_unique<ChaosStore>(chaos, std::move(inner));
}

std::unique_ptr<LockProvider> make_chaos_locks(Chaos& chaos, std::unique_ptr<LockProvider> inner,
                                               std::chrono::milliseconds ttl) {
  return std::make_unique<ChaosLocks>(chaos, std::move(inner), ttl);
}

}  // namespace ledgerd
