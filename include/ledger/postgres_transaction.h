// Transfers inside a Postgres transaction of the application's own.
#pragma once

#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/account.h"
#include "ledger/clock.h"
#include "ledger/export.h"
#include "ledger/money.h"
#include "ledger/result.h"
#include "ledger/transfer.h"

struct pg_conn;  // libpq's PGconn

namespace ledger {

struct PostgresTransactionOptions {
  /// PostgresOptions::schema of the ledger. It must be there and up to date: nothing is migrated
  /// here.
  std::string schema = "ledger";

  /// As Options::record_declines.
  bool record_declines = true;

  /// As Options::currencies: in which accounts may be created.
  std::vector<Currency> currencies{};

  /// Time, for what is recorded. Default (nullptr): the machine's clock.
  std::shared_ptr<Clock> clock{};
};

/// The ledger as part of a transaction that the application has opened with BEGIN on its own
/// connection: its rows and the money are committed together or not at all.
///
///     PQexec(connection, "BEGIN");
///     PQexec(connection, "INSERT INTO orders …");
///     auto ledger = PostgresTransaction::join(connection);
///     auto paid = ledger->transfer("order-42", customer, shop, amount);
///     PQexec(connection, paid ? "COMMIT" : "ROLLBACK");
///
/// What it returns holds if and when the caller's COMMIT succeeds, and not before: **nothing is
/// durable yet**. After a ROLLBACK nothing happened, and the key is as if it had never been used;
/// recorded declines are gone with it, too. A COMMIT whose reply is lost is in doubt: run the whole
/// transaction again with the same key: a transfer that is there is replayed (`Receipt::replayed`),
/// and the application must then not repeat its own part. (Ledger::resolve(key) says so, too, once
/// it is there; that it is not there yet proves nothing, since the old COMMIT may still be carried
/// out. The second transaction waits for it.)
///
/// Each call but account() is one savepoint and two round trips. A decline, or any failure but a
/// lost connection, leaves the application's transaction open and as it was before the call. join()
/// and account() only read, without a savepoint: where Postgres refuses that, the transaction has
/// failed.
///
/// Locks: the accounts of a call stay locked until the transaction ends, and every ledger waits for
/// them. So move money last, and commit soon. Transactions that move money in several calls should
/// do so in one order of accounts, or be prepared for deadlocks (conflict); one submit() locks all
/// it needs in one order. Leases play no part.
///
/// Isolation, and who tries again:
/// - READ COMMITTED: this class, a few times, when others interfere (conflict). What it then
/// reports
///   as conflict may be called again, in the same transaction.
/// - REPEATABLE READ, SERIALIZABLE: the caller. After conflict (SQLSTATE 40001, 40P01, a key that
///   another transaction added since this one began) only a new transaction can succeed: ROLLBACK,
///   and start from the BEGIN. The COMMIT may fail with 40001, too.
///
/// Every rule of the ledger holds for every isolation level: accounts are locked before they are
/// read, and updated under the version that was read.
///
/// The connection: libpq 14 or newer, to Postgres 15 or newer, by a role that may read and write
/// the ledger's tables, use and update its sequence and use its functions; not in pipeline mode, no
/// command under way. It stays the caller's, must outlive this object, and may be used in between.
/// Check the COMMIT's command tag: for a transaction that has failed it is ROLLBACK, without an
/// error.
///
/// Threads: as the connection, one at a time. Ends with the transaction: join() anew after BEGIN.
class LEDGER_EXPORT PostgresTransaction {
 public:
  /// Fails with invalid_option (no transaction is open, or it has failed, or the connection is
  /// busy), store_unavailable (the connection is lost, the role may not read the schema, or the
  /// schema is missing or needs a migration), store_too_new or store_corrupt.
  static Result<PostgresTransaction> join(pg_conn* connection,
                                          const PostgresTransactionOptions& options = {});

  PostgresTransaction(PostgresTransaction&&) noexcept;
  PostgresTransaction& operator=(PostgresTransaction&&) noexcept;
  ~PostgresTransaction();

  /// As Ledger::transfer. Fails with the declines (1xx, 2xx), and with the not_applied codes
  /// conflict, store_unavailable and store_full; never in doubt.
  Result<Receipt> transfer(std::string_view key, AccountId from, AccountId to, Amount amount);
  Result<Receipt> transfer(const TransferRequest& request);

  /// As the methods of Ledger. They fail as transfer() here.
  Result<Receipt> hold(const HoldRequest& request);
  Result<Receipt> capture(const CaptureRequest& request);
  Result<Receipt> void_hold(const VoidRequest& request);
  Result<Receipt> reverse(const ReversalRequest& request);

  /// As Ledger::submit, with one difference: all that is not declined is in the one transaction.
  std::vector<Result<Receipt>> submit(std::span<const TransferRequest> requests,
                                      BatchMode mode = BatchMode::independent);
  std::vector<Result<Receipt>> submit(std::span<const Request> requests,
                                      BatchMode mode = BatchMode::independent);

  /// As Ledger::create_account and Ledger::update_account.
  Result<CreatedAccount> create_account(const AccountRequest& request);
  Result<ChangedAccount> update_account(const AccountChange& request);

  /// The account as this transaction sees it, its own transfers included. Fails with
  /// account_not_found or store_unavailable.
  Result<Account> account(AccountId id);

 private:
  class Impl;
  explicit PostgresTransaction(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace ledger
