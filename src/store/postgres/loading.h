// The first round trip of a batch: what is asked, in which order, and what comes of it.
#pragma once

#include "ledger/store.h"
#include "store/postgres/connection.h"

namespace ledger::postgres {

/// What the batch is read and written in.
enum class Frame {
  serializable,    ///< a transaction of its own
  read_committed,  ///< the same
  /// A savepoint in a caller's transaction that sees one state of the database throughout:
  /// REPEATABLE READ or SERIALIZABLE.
  savepoint_in_snapshot,
  savepoint,  ///< one in a READ COMMITTED transaction
};

/// Queues the statements that begin a transaction and load `request`, and takes their replies.
class Loading {
 public:
  Loading(Frame frame, const LoadRequest& request);

  Result<void> queue(Connection& connection);
  /// After flush(). Reads every reply; the first failure is returned.
  Result<Snapshot> read(Connection& connection, SteadyTime deadline);

 private:
  enum class Step {
    begin,
    find_keys,
    find_references,
    find_last_id,
    lock_accounts,
    read_accounts,
    find_states,
    reserve,
    end,
  };

  [[nodiscard]] const char* begin_statement() const;
  Result<void> queue(Connection& connection, Step step);
  Result<void> take(Step step, const Reply& reply);
  /// Fails with conflict when an account is not at the version that it had before the states were
  /// read: whoever changes one of them updates an account of this batch, too.
  Result<void> take_locked(Result<std::vector<Account>> locked);

  Frame frame_;
  const LoadRequest& request_;
  const bool states_come_first_;
  std::vector<Step> steps_;
  Snapshot snapshot_;
};

/// In order of seq, and complete. Fails with store_corrupt where a transfer's rows are missing.
Result<std::vector<JournalRow>> read_recorded(const pg_result* result);

}  // namespace ledger::postgres
