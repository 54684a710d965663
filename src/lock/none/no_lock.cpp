#include "ledger/no_lock.h"

namespace ledger {
namespace {

class NoLeases final : public Leases {
 public:
  [[nodiscard]] const std::vector<AccountId>& refused() const override { return none_; }

 private:
  std::vector<AccountId> none_;
};

class NoLock final : public LockProvider {
 public:
  Result<std::unique_ptr<Leases>> acquire(std::span<const AccountId>, SteadyTime) override {
    return std::unique_ptr<Leases>(std::make_unique<NoLeases>());
  }
  [[nodiscard]] bool grants_everything() const noexcept override { return true; }
};

}  // namespace

std::unique_ptr<LockProvider> make_no_lock() { return std::make_unique<NoLock>(); }

}  // namespace ledger
