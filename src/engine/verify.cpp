#include "engine/verify.h"

#include <algorithm>
#include <string>
#include <string_view>
#include <vector>

#include "core/audit.h"

namespace ledger::engine {
namespace {

constexpr std::size_t kPage = 4096;  // rows read at a time

/// Every key's first row must be the row that the store finds under it: were a key there twice, one
/// of its rows would not be.
Result<void> verify_keys(Store& store, const std::vector<JournalRow>& rows) {
  std::vector<std::string_view> keys;
  for (const JournalRow& row : rows) {
    if (!row.key.empty()) keys.push_back(row.key);
  }
  std::ranges::sort(keys);
  auto found = store.find_recorded(keys);
  if (!found) return found.error();
  auto next = found->begin();
  for (const JournalRow& row : rows) {
    if (row.key.empty()) continue;
    next = std::find_if(next, found->end(), [](const JournalRow& r) { return !r.key.empty(); });
    if (next == found->end() || next->seq != row.seq) {
      return Error{ErrorCode::store_corrupt,
                   "journal row " + std::to_string(row.seq) + " is not found by its key"};
    }
    ++next;
  }
  return {};
}

Result<void> audit_states(Store& store, core::Audit& audit) {
  for (TransferId last{0};;) {
    const auto states = store.read_states(last, kPage);
    if (!states) return states.error();
    if (states->empty()) return {};
    for (const TransferState& state : *states)
      audit.add_state(state);
    last = states->back().id;
  }
}

Result<void> audit_journal(Store& store, core::Audit& audit) {
  for (Seq next = 1;;) {
    const auto rows = store.read_journal(next, kPage);
    if (!rows) return rows.error();
    if (rows->empty()) return {};
    if (auto keys = verify_keys(store, *rows); !keys) return keys;
    for (const JournalRow& row : *rows) {
      if (auto valid = audit.add_row(row); !valid) return valid;
    }
    next = rows->back().seq + 1;
  }
}

Result<void> audit_accounts(Store& store, core::Audit& audit) {
  for (AccountId last{0};;) {
    const auto accounts = store.read_accounts(last, kPage);
    if (!accounts) return accounts.error();
    if (accounts->empty()) return {};
    for (const Account& account : *accounts) {
      if (auto valid = audit.add_account(account); !valid) return valid;
    }
    last = accounts->back().id;
  }
}

}  // namespace

Result<void> verify(Store& store) {
  core::Audit audit;
  for (const auto step : {audit_states, audit_journal, audit_accounts}) {
    if (auto sound = step(store, audit); !sound) return sound;
  }
  return audit.finish();
}

}  // namespace ledger::engine
