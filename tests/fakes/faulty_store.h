// A store that fails on order.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <utility>

#include "ledger/store.h"
#include "ledger/store_wrapper.h"

namespace ledger::fakes {

/// Where a call of the store can fail.
enum class Call { begin, commit, find_recorded, find_transfers, settle };

/// How: before it has any effect, or after it has had all of it.
struct Fault {
  ErrorCode code;
  bool after_effect = false;
};

/// Passes every call on to `inner`, unless `plan` has a fault for it. Not thread-safe in `plan`.
class FaultyStore final : public StoreWrapper {
 public:
  using Plan = std::function<std::optional<Fault>(Call)>;

  FaultyStore(std::unique_ptr<Store> inner, Plan plan)
      : StoreWrapper(std::move(inner)), plan_(std::move(plan)) {}

  Result<std::unique_ptr<StoreTransaction>> begin(const LoadRequest& load,
                                                  SteadyTime deadline) override {
    if (const auto fault = plan_(Call::begin)) return Error{fault->code, "fault"};
    auto transaction = inner_->begin(load, deadline);
    if (!transaction) return transaction;
    return std::unique_ptr<StoreTransaction>(
        std::make_unique<FaultyTransaction>(plan_, std::move(*transaction)));
  }

  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys) override {
    if (const auto fault = plan_(Call::find_recorded)) return Error{fault->code, "fault"};
    return inner_->find_recorded(keys);
  }

  Result<std::vector<JournalRow>> find_transfers(std::span<const TransferId> ids) override {
    if (const auto fault = plan_(Call::find_transfers)) return Error{fault->code, "fault"};
    return inner_->find_transfers(ids);
  }

  Result<void> settle(SteadyTime deadline) override {
    if (const auto fault = plan_(Call::settle)) return Error{fault->code, "fault"};
    return inner_->settle(deadline);
  }

 private:
  class FaultyTransaction final : public StoreTransaction {
   public:
    FaultyTransaction(const Plan& plan, std::unique_ptr<StoreTransaction> inner)
        : plan_(plan), inner_(std::move(inner)) {}
    const Snapshot& snapshot() const override { return inner_->snapshot(); }
    Result<void> commit(const WriteSet& writes) override {
      const auto fault = plan_(Call::commit);
      if (!fault) return inner_->commit(writes);
      if (fault->after_effect) {
        if (auto done = inner_->commit(writes); !done) return done;
      }
      return Error{fault->code, "fault"};
    }

   private:
    const Plan& plan_;
    std::unique_ptr<StoreTransaction> inner_;
  };

  Plan plan_;
};

}  // namespace ledger::fakes
