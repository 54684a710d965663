#include "core/accounts.h"

#include <utility>

namespace ledger::core {

WorkingAccounts::WorkingAccounts(std::span<const Account> loaded)
    : accounts_(loaded.begin(), loaded.end()) {
  index_.reserve(loaded.size());
  loaded_versions_.reserve(loaded.size());
  for (std::size_t i = 0; i < loaded.size(); ++i) {
    index_.emplace(to_int(loaded[i].id), i);
    loaded_versions_.push_back(loaded[i].version);
  }
}

Account* WorkingAccounts::find(AccountId id) {
  const auto found = index_.find(to_int(id));
  return found == index_.end() ? nullptr : &accounts_[found->second];
}

void WorkingAccounts::open(Account account) {
  index_.emplace(to_int(account.id), accounts_.size());
  accounts_.push_back(std::move(account));
}

Entry WorkingAccounts::post(Account& account, MinorUnits change, Seq seq, Timestamp now) {
  const auto index = static_cast<std::size_t>(&account - accounts_.data());
  undo_.push_back({index, account.balance, account.version, account.last_seq});
  const Seq previous = std::exchange(account.last_seq, seq);
  account.balance += change;
  account.version += 1;
  if (account.version % kCheckpointInterval == 0) {
    checkpoints_.push_back({account.id, account.version, seq, now});
  }
  return {account.version, account.balance, account.held, previous};
}

void WorkingAccounts::begin_transfer() {
  undo_.clear();
  checkpoints_before_ = checkpoints_.size();
}

void WorkingAccounts::undo_transfer() {
  for (auto before = undo_.rbegin(); before != undo_.rend(); ++before) {
    Account& account = accounts_[before->index];
    account.balance = before->balance;
    account.version = before->version;
    account.last_seq = before->last_seq;
  }
  undo_.clear();
  checkpoints_.resize(checkpoints_before_);
}

void WorkingAccounts::collect(WriteSet& writes) {
  writes.updated.reserve(loaded_versions_.size());
  for (std::size_t i = 0; i < accounts_.size(); ++i) {
    if (i >= loaded_versions_.size()) {
      writes.created.push_back(std::move(accounts_[i]));
    } else if (accounts_[i].version != loaded_versions_[i]) {
      writes.updated.push_back({std::move(accounts_[i]), loaded_versions_[i]});
    }
  }
  writes.checkpoints = std::move(checkpoints_);
}

}  // namespace ledger::core
