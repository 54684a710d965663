// Several ledgerd over one Postgres, the stress tester against all of them, and an audit in SQL.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "support/ledgerd_process.h"
#include "support/postgres_server.h"
#include "support/temp_folder.h"

namespace ledgerd::testing {

/// For the thread that made it.
class SharedLedger {
 public:
  /// `variables` beside DB_URL, `arguments` beside --listen; the same for all.
  explicit SharedLedger(int servers, const Arguments& arguments = {}, Variables variables = {});

  ledger::testing::PostgresServer& postgres() { return postgres_; }
  LedgerdProcess& server(std::size_t index) { return *servers_.at(index); }
  [[nodiscard]] std::size_t size() const { return servers_.size(); }
  /// --url for each of them.
  [[nodiscard]] Arguments urls() const;

  /// Grows with what is written; rows are counted before they are there, and those of a failed
  /// transaction too. REQUIRES: Postgres is up.
  [[nodiscard]] std::int64_t progress() const;

  /// Recomputes from the journal, in SQL and by Ledger::verify, what the accounts should be.
  /// REQUIRES: nobody writes.
  void check_books() const;

 private:
  ledger::testing::PostgresServer postgres_;
  std::vector<std::unique_ptr<LedgerdProcess>> servers_;
};

/// `ledgerd stress` against all servers of a shared ledger. For the thread that made it.
class StressRun {
 public:
  StressRun(const SharedLedger& ledger, int transfers, std::uint64_t seed);

  [[nodiscard]] bool has_ended();
  /// Waits for the end. Fails the test unless everything held.
  void must_hold();

 private:
  ledger::testing::TempFolder folder_;
  std::unique_ptr<LedgerdRun> run_;
};

}  // namespace ledgerd::testing
