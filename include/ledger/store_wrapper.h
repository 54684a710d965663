// A store that passes every call on to another.
#pragma once

#include <memory>
#include <utility>

#include "ledger/store.h"

namespace ledger {

/// Derive from it to change or watch some of a store's calls: to count, to slow down, to inject
/// faults. As thread-safe as the store within, which it shares in owning. Transactions are those of
/// the store within, so it must live as long as they do.
class StoreWrapper : public Store {
 public:
  explicit StoreWrapper(std::shared_ptr<Store> inner) : inner_(std::move(inner)) {}

  Result<std::unique_ptr<StoreTransaction>> begin(const LoadRequest& load,
                                                  SteadyTime deadline) override {
    return inner_->begin(load, deadline);
  }
  Result<std::vector<JournalRow>> find_recorded(std::span<const std::string_view> keys) override {
    return inner_->find_recorded(keys);
  }
  Result<std::optional<Account>> find_account(AccountId id) override {
    return inner_->find_account(id);
  }
  Result<std::vector<JournalRow>> read_journal(Seq first, std::size_t limit) override {
    return inner_->read_journal(first, limit);
  }
  Result<std::vector<Account>> read_accounts(AccountId after, std::size_t limit) override {
    return inner_->read_accounts(after, limit);
  }
  Result<std::vector<JournalRow>> find_transfers(std::span<const TransferId> ids) override {
    return inner_->find_transfers(ids);
  }
  Result<std::vector<JournalRow>> find_rows(std::span<const Seq> seqs) override {
    return inner_->find_rows(seqs);
  }
  Result<std::vector<TransferState>> find_states(std::span<const TransferId> ids) override {
    return inner_->find_states(ids);
  }
  Result<std::vector<TransferState>> read_states(TransferId after, std::size_t limit) override {
    return inner_->read_states(after, limit);
  }
  Result<std::vector<TransferId>> find_expired(Timestamp now, std::size_t limit) override {
    return inner_->find_expired(now, limit);
  }
  Result<std::vector<TransferId>> find_by_reference(std::string_view reference, TransferId after,
                                                    std::size_t limit) override {
    return inner_->find_by_reference(reference, after, limit);
  }
  Result<std::vector<TransferId>> find_referring(TransferId id, TransferId after,
                                                 std::size_t limit) override {
    return inner_->find_referring(id, after, limit);
  }
  Result<std::optional<Account>> find_account_by_reference(std::string_view reference) override {
    return inner_->find_account_by_reference(reference);
  }
  Result<std::vector<JournalRow>> read_entries(AccountId account, Seq from,
                                               std::size_t limit) override {
    return inner_->read_entries(account, from, limit);
  }
  Result<std::optional<Checkpoint>> find_checkpoint(AccountId account,
                                                    std::int64_t version) override {
    return inner_->find_checkpoint(account, version);
  }
  Result<std::optional<Checkpoint>> find_checkpoint_after(AccountId account,
                                                          Timestamp time) override {
    return inner_->find_checkpoint_after(account, time);
  }
  Result<std::vector<CurrencyTotals>> read_totals() override { return inner_->read_totals(); }
  Result<void> settle(SteadyTime deadline) override { return inner_->settle(deadline); }
  Result<std::string> identity() override { return inner_->identity(); }
  Result<void> check() override { return inner_->check(); }

 protected:
  const std::shared_ptr<Store> inner_;
};

}  // namespace ledger
