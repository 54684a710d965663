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

  /// As if transfer() were called for each at once, by one thread: one result each, in order. The
  /// requests are independent: a declined one does not hold up its neighbours. More than
  /// Options::max_batch_requests are committed in several transactions, in order.
  std::vector<Result<Receipt>> submit(std::span<const TransferRequest> requests);

  /// Like transfer(), without blocking: `done` is called once with the result, on a thread of the
  /// ledger's own or, when the request is refused at once, on the caller's. It must not block,
  /// throw or destroy the ledger; it may call transfer_async.
  void transfer_async(TransferRequest request, std::function<void(Result<Receipt>)> done);

  /// Opens an account with a zero balance. Idempotent by key: a replay returns the account as it
  /// was opened. Fails with invalid_key, invalid_account_id, unknown_currency,
  /// invalid_balance_limit, key_reused, account_exists, account_ids_exhausted, or as transfer()
  /// with a 3xx or 4xx code.
  Result<CreatedAccount> create_account(const AccountRequest& request);

  /// The account as last committed. Fails with account_not_found or store_unavailable.
  Result<Account> account(AccountId id);

  /// The accounts with an id above `after` (AccountId{0}: from the first), in order of id, at most
  /// `limit`, as last committed. Fails with store_unavailable.
  Result<std::vector<Account>> accounts(AccountId after, std::size_t limit);

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
