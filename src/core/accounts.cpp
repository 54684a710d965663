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

Entry WorkingAccounts::post(Account& account, const Change& change, Seq seq, Timestamp now) {
  const auto index = static_cast<std::size_t>(&account - accounts_.data());
  undo_.push_back({index, account.balance, account.held, account.incoming, account.version,
                   account.last_seq, account.last_at});
  const Seq previous = std::exchange(account.last_seq, seq);
  account.balance += change.balance;
  account.held += change.held;
  account.incoming += change.incoming;
  account.version += 1;
  account.last_at = now;
  if (account.version % kCheckpointInterval == 0) {
    checkpoints_.push_back({account.id, account.version, seq, now});
  }
  return {.version = account.version,
          .balance = account.balance,
          .held = account.held,
          .incoming = account.incoming,
          .previous = previous};
}

void WorkingAccounts::undo_to(const Mark& mark) {
  while (undo_.size() > mark.entries) {
    const Before& before = undo_.back();
    Account& account = accounts_[before.index];
    account.balance = before.balance;
    account.held = before.held;
    account.incoming = before.incoming;
    account.version = before.version;
    account.last_seq = before.last_seq;
    account.last_at = before.last_at;
    undo_.pop_back();
  }
  checkpoints_.resize(mark.checkpoints);
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
