// One store for several ledgers of one process.
#pragma once

#include <memory>
#include <utility>

#include "ledger/store.h"

namespace ledger::fakes {

/// Passes every call on to a store that others use as well.
class SharedStore : public Store {
 public:
  explicit SharedStore(std::shared_ptr<Store> inner) : inner_(std::move(inner)) {}

  Result<std::unique_ptr<StoreTransaction>> begin(const LoadRequest& load,
                                                  SteadyTime deadline) override {
    return inner_->begin(load, deadline);
  }
  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys) override {
    return inner_->find_recorded(keys);
  }
  Result<void> settle(SteadyTime deadline) override { return inner_->settle(deadline); }
  Result<std::optional<Account>> find_account(AccountId id) override {
    return inner_->find_account(id);
  }
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit) override {
    return inner_->read_journal(first, limit);
  }
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit) override {
    return inner_->read_accounts(after, limit);
  }
  Result<void> check() override { return inner_->check(); }

 protected:
  const std::shared_ptr<Store> inner_;
};

}  // namespace ledger::fakes
