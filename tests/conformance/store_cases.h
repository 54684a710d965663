// The parts of the store suite, and what they share. Users include store_conformance.h.
#pragma once

#include <doctest/doctest.h>

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "conformance/store_conformance.h"

namespace ledger::conformance {

inline constexpr Timestamp kNoon{std::chrono::seconds(1'700'000'000)};
// The years 1 and 9999: what databases with a time type of their own hold, too.
inline constexpr Timestamp kEarliest{std::chrono::microseconds(-62'135'596'800'000'000)};
inline constexpr Timestamp kLatest{std::chrono::microseconds(253'402'300'799'999'999)};

inline constexpr std::int64_t kMin = std::numeric_limits<std::int64_t>::min();
inline constexpr std::int64_t kMax = std::numeric_limits<std::int64_t>::max();
inline constexpr std::size_t kAll = std::numeric_limits<std::size_t>::max();

inline SteadyTime in(std::chrono::milliseconds time) {
  return std::chrono::steady_clock::now() + time;
}
/// Far enough never to be reached by a healthy store, near enough that a hanging one fails.
inline SteadyTime soon() { return in(std::chrono::seconds(30)); }

Currency currency(std::string_view code, int scale);
inline Currency usd() { return currency("USD", 2); }

/// A transfer's only row.
JournalRow transfer_row(Seq seq, std::string key);
/// A multi-leg transfer's rows, of which the first alone has the key and the fingerprint.
std::vector<JournalRow> transfer_rows(Seq first, const std::string& key, int legs);
/// A new account with no entries.
Account new_account(std::int64_t id);

/// Keys and accounts as begin() wants them: sorted, unique, alive.
class Load {
 public:
  explicit Load(std::vector<std::string> keys = {}, std::vector<std::int64_t> accounts = {},
                std::size_t max_rows = 16);
  Load(const Load&) = delete;
  Load& operator=(const Load&) = delete;
  [[nodiscard]] LoadRequest request() const {
    return {.keys = views_, .accounts = ids_, .max_rows = max_rows_, .needs_account_id = true};
  }

 private:
  std::vector<std::string> keys_;
  std::vector<std::string_view> views_;
  std::vector<AccountId> ids_;
  std::size_t max_rows_;
};

std::unique_ptr<StoreTransaction> begin(Store& store, std::vector<std::string> keys = {},
                                        std::vector<std::int64_t> accounts = {});
/// Where the rows of a write set start until commit() gives them their places.
inline constexpr Seq kFirst = 1'000'000'000;
/// Commits it in a transaction of its own, whose numbers it gives to the rows from `kFirst` on and
/// to what refers to them.
Result<void> commit(Store& store, WriteSet& writes);
/// The same, and fails the test when the store does not take it.
void must_commit(Store& store, WriteSet& writes);

std::vector<JournalRow> recorded(Store& store, const std::vector<std::string>& keys);
std::vector<JournalRow> journal(Store& store);
std::vector<Account> accounts(Store& store);
std::vector<TransferState> states(Store& store);

// store_conformance.cpp: what is written is what is read.
void starts_empty(Store& store);
void keeps_every_field_of_a_row(const StoreUnderTest& under_test);
void keeps_every_field_of_an_account(const StoreUnderTest& under_test);
void snapshot_holds_what_was_asked_for(Store& store);
void numbers_the_next_row_and_account(Store& store);
void finds_transfers_by_key(Store& store);
void pages_the_journal_and_the_accounts(Store& store);
void takes_a_large_batch(Store& store);
void survives_reopening(const StoreUnderTest& under_test);

// store_queries.cpp: what is written is found.
void snapshot_holds_states_and_references(Store& store);
void keeps_every_field_of_a_state(const StoreUnderTest& under_test);
void pages_the_states(Store& store);
void finds_transfers_by_id(Store& store);
void finds_expired_holds(Store& store);
void finds_transfers_by_reference(Store& store);
void finds_what_refers(Store& store);
void finds_an_account_by_reference(Store& store);
void walks_entries(Store& store);
void finds_checkpoints(Store& store);
void adds_up_each_currency(Store& store);
void refuses_sums_that_do_not_fit(Store& store);
void queries_survive_reopening(const StoreUnderTest& under_test);

// store_atomicity.cpp: all or nothing, one after the other.
void rolls_back_when_destroyed(Store& store);
void fence_refuses_a_stale_version(Store& store);
void refuses_duplicates(Store& store);
void refuses_what_breaks_terms(const StoreUnderTest& under_test, Store& store);
void goes_on_after_a_refusal(Store& store);
void numbers_rows_apart(const StoreUnderTest& under_test, Store& store);
void keeps_transactions_apart(const StoreUnderTest& under_test, Store& store);
void begin_gives_up_at_its_deadline(Store& store);
void reads_see_committed_state_only(Store& store);
void loses_no_update_of_many_threads(Store& store);

}  // namespace ledger::conformance
