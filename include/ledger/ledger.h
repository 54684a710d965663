// The ledger: money moves between accounts exactly once.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "ledger/account.h"
#include "ledger/export.h"
#include "ledger/lock_provider.h"
#include "ledger/options.h"
#include "ledger/outcome_cache.h"
#include "ledger/result.h"
#include "ledger/statement.h"
#include "ledger/store.h"
#include "ledger/transfer.h"

namespace ledger {

/// A ledger over one store.
///
/// Threads: every method may be called from any thread at any time, but for moving and destroying.
/// Concurrent requests share commits: the more callers, the cheaper each. A call returns only after
/// its outcome is durable.
///
/// Ownership: a Ledger owns its store and lock provider. Destroying it waits until every request
/// accepted by transfer_async has been answered; other calls must have returned.
///
/// Nothing throws, save std::bad_alloc.
class LEDGER_EXPORT Ledger {
 public:
  /// Opens the store and the locks that `options` name. Fails with invalid_option (the detail names
  /// the field), or as open_sqlite_store does.
  static Result<Ledger> open(Options options);

  /// The same over a store and lock provider of your own; options.store and .locks are not read.
  /// With a cache, retries of recent keys are answered without the store.
  static Result<Ledger> open(Options options, std::unique_ptr<Store> store,
                             std::unique_ptr<LockProvider> locks,
                             std::unique_ptr<OutcomeCache> cache = nullptr);

  Ledger(Ledger&&) noexcept;
  Ledger& operator=(Ledger&&) noexcept;
  ~Ledger();

  /// Moves `amount` from one account to the other, exactly once for this key, whatever crashes.
  /// The short form of transfer(TransferRequest).
  Result<Receipt> transfer(std::string_view key, AccountId from, AccountId to, Amount amount);

  /// Posts all legs or none. Called again with the same key and the same legs it returns the
  /// recorded outcome, marked `replayed`, whether that was a receipt or a decline.
  ///
  /// Failures, by outcome:
  /// - declined: the 1xx and 2xx codes of ErrorCode. Do not retry.
  /// - not_applied: the 3xx codes. Nothing moved; retry with the same key.
  /// - in_doubt: commit_in_doubt. It may have moved; resolve(key), or retry with the same key.
  Result<Receipt> transfer(const TransferRequest& request);

  // The next four are idempotent by key and fail as transfer() does.

  /// Reserves the amounts of all legs, or none. Capture it, void it, or let it expire.
  Result<Receipt> hold(const HoldRequest& request);

  /// Moves what a hold has reserved, all or part. A hold that is due to expire is hold_expired from
  /// that moment on, whether it has been released yet or not.
  Result<Receipt> capture(const CaptureRequest& request);

  /// Releases what is left of a hold.
  Result<Receipt> void_hold(const VoidRequest& request);

  /// Moves a transfer or a capture back, all or part. The accounts' limits heed it like any other
  /// transfer. What was captured of a hold does not become held again.
  Result<Receipt> reverse(const ReversalRequest& request);

  /// As if each were requested at once, by one thread: one result each, in order. Independent
  /// requests do not hold each other up, and more than Options::max_batch_requests are committed in
  /// several transactions, in order. An atomic batch is one transaction, whatever its size: all
  /// that no earlier request with the same key has decided are committed together or declined
  /// together, and a recorded decline among them declines the others. Its failures concern them
  /// all; batch_too_large: more than kMaxAtomicRequests. If one is malformed, none is run: the
  /// others are told atomic_batch_declined, and nothing is recorded.
  std::vector<Result<Receipt>> submit(std::span<const TransferRequest> requests,
                                      BatchMode mode = BatchMode::independent);
  std::vector<Result<Receipt>> submit(std::span<const Request> requests,
                                      BatchMode mode = BatchMode::independent);

  /// Like transfer(), without blocking: `done` is called once with the result, on a thread of the
  /// ledger's own or, when the request is refused at once, on the caller's. It must not block,
  /// throw or destroy the ledger; it may call transfer_async.
  void transfer_async(TransferRequest request, std::function<void(Result<Receipt>)> done);

  /// Opens an account with a zero balance. Idempotent by key: a replay returns the account as it
  /// was opened. Fails with invalid_key, invalid_account_id, unknown_currency,
  /// invalid_balance_limit, invalid_reference, invalid_metadata, key_reused, reference_exists,
  /// account_exists, account_ids_exhausted, or as transfer() with a 3xx or 4xx code.
  Result<CreatedAccount> create_account(const AccountRequest& request);

  /// Changes an account's limits, status or metadata; recorded in the journal, as one entry of the
  /// account that moves nothing. Idempotent by key. Fails with the 1xx codes, key_reused,
  /// unknown_account, version_mismatch, account_closed, account_not_empty, limit_not_met, or as
  /// transfer() with a 3xx or 4xx code.
  Result<ChangedAccount> update_account(const AccountChange& request);

  /// Releases holds whose time has come, at most `limit`, and returns how many. The ledger does so
  /// by itself every Options::expiry_interval. Fails as transfer() with a 3xx or 4xx code; what was
  /// not released then is due again.
  Result<std::size_t> expire_holds(std::size_t limit = 1000);

  /// The account as last committed. Fails with account_not_found or store_unavailable.
  Result<Account> account(AccountId id);

  /// The accounts with an id above `after` (AccountId{0}: from the first), in order of id, at most
  /// `limit`, as last committed. Fails with store_unavailable.
  Result<std::vector<Account>> accounts(AccountId after, std::size_t limit);

  /// The account with this reference. Fails as account().
  Result<Account> account_by_reference(std::string_view reference);

  /// A page of the account's entries. Fails with invalid_page, account_not_found,
  /// store_unavailable or store_corrupt.
  Result<StatementPage> statement(const StatementQuery& query);

  /// The account's amounts as of `time`. Its entries' times never go back, so that the answer for a
  /// time in the past stays what it is. Fails as account().
  Result<BalanceAt> balance_at(AccountId id, Timestamp time);

  /// A transfer, hold, capture, void, expiry or reversal by its id, and what became of it. Fails
  /// with transfer_not_found, store_unavailable or store_corrupt.
  Result<Transfer> find_transfer(TransferId id);

  /// The committed transfers with this reference and an id above `after` (TransferId{0}: from the
  /// first), in order of id, at most `limit`. Fails with store_unavailable or store_corrupt.
  Result<std::vector<Transfer>> transfers_by_reference(std::string_view reference, TransferId after,
                                                       std::size_t limit);

  /// A page of the committed transfers. Fails as statement().
  Result<TransferPage> transfers(const TransferQuery& query);

  /// The sums of all accounts, by currency, as of one moment. Reads every account. Fails with
  /// balance_overflow when a sum does not fit 64 bits, store_unavailable or store_corrupt.
  Result<std::vector<CurrencyTotals>> trial_balance();

  /// What became of a transfer's key: the receipt or the decline that is recorded under it (always
  /// marked `replayed`), or key_not_found when nothing is; a request still under way, or a commit
  /// in doubt, may yet record something: to be sure, retry with the same key. An account's key
  /// answers key_reused.
  Result<Receipt> resolve(std::string_view key);

  /// The currency under a code, ISO 4217 or one of Options::currencies. Fails with
  /// unknown_currency.
  [[nodiscard]] Result<Currency> currency(std::string_view code) const;

  /// Whether the store can be read and written now. The error says what is wrong.
  Result<void> check();

  /// What the circuit breaker before the lock service is doing; nothing where there is none. Open
  /// means slower, not wrong: the ledger goes on without leases. It is tried again by the next
  /// batch whose time has come, so without traffic it stays as it is. Never blocks.
  [[nodiscard]] std::optional<CircuitState> locks_state() const noexcept;

  /// Recomputes the invariants from the journal: balances and held amounts against entries, gapless
  /// versions, limits, a zero sum per currency, unique keys. Reads everything; runs beside writers
  /// only as far as the store allows, so run it when writes are at rest. Fails with store_corrupt
  /// and the first thing that is wrong.
  Result<void> verify();

 private:
  class Impl;
  explicit Ledger(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ledger
