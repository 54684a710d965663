// A ledger's file as the first schema version wrote it.
#pragma once

#include <string>
#include <vector>

#include "ledger/store.h"

namespace ledger::testing {

/// What is in the file, as any later version has to show it.
struct Version1 {
  std::vector<JournalRow> rows;
  std::vector<Account> accounts;
  std::vector<Checkpoint> checkpoints;
};

/// Writes the file with the SQL of version 1: accounts with and without entries, a transfer of two
/// legs, a decline, and so many transfers that there is a checkpoint. Fails the test if it cannot.
Version1 write_sqlite_version_1(const std::string& path);

}  // namespace ledger::testing
