// A lock provider that does as it is told.
#pragma once

#include <functional>
#include <memory>
#include <utility>

#include "ledger/lock_provider.h"

namespace ledger::fakes {

/// Asks `refuse` about each account of each call; `down` fails the call.
class ScriptedLocks final : public LockProvider {
 public:
  struct Script {
    std::function<bool(AccountId)> refuse = [](AccountId) { return false; };
    bool down = false;
    int calls = 0;
  };

  explicit ScriptedLocks(std::shared_ptr<Script> script) : script_(std::move(script)) {}

  Result<std::unique_ptr<Leases>> acquire(std::span<const AccountId> accounts,
                                          SteadyTime) override {
    ++script_->calls;
    if (script_->down) return Error{ErrorCode::store_unavailable, "locks are down"};
    auto leases = std::make_unique<ScriptedLeases>();
    for (const AccountId id : accounts) {
      if (script_->refuse(id)) leases->refused_.push_back(id);
    }
    return std::unique_ptr<Leases>(std::move(leases));
  }

 private:
  class ScriptedLeases final : public Leases {
   public:
    const std::vector<AccountId>& refused() const override { return refused_; }
    std::vector<AccountId> refused_;
  };

  std::shared_ptr<Script> script_;
};

}  // namespace ledger::fakes
