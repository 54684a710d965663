// Recorded transfers, and what became of them.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ledger/result.h"
#include "ledger/statement.h"
#include "ledger/store.h"
#include "ledger/transfer.h"

namespace ledger::engine {

/// See Ledger. As thread-safe as the store.
class Transfers {
 public:
  explicit Transfers(Store& store) : store_(store) {}

  Result<Transfer> find(TransferId id);
  Result<std::vector<Transfer>> find_by_reference(std::string_view reference, TransferId after,
                                                  std::size_t limit);
  Result<TransferPage> page(const TransferQuery& query);

 private:
  /// What of the journal a page was taken from.
  struct Found {
    std::vector<TransferId> ids{};
    std::int64_t next = 0;
  };

  Result<std::vector<Transfer>> complete(std::vector<Receipt> receipts);
  Result<std::vector<Receipt>> receipts(std::span<const TransferId> ids);
  Result<Found> of_account(const TransferQuery& query);
  Result<Found> of_all(const TransferQuery& query);
  /// The first row recorded at `time` or later, as far as the journal is in order of time.
  Result<Seq> first_row_at(Timestamp time);

  Store& store_;
};

}  // namespace ledger::engine
