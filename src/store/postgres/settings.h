// Options, checked once, in the form the connections use.
#pragma once

#include <string>

#include "ledger/postgres_store.h"
#include "ledger/result.h"

namespace ledger::postgres {

/// REQUIRES: made by check_options().
struct Settings {
  PostgresOptions options;

  /// `sql` with every "{s}" replaced by the quoted schema.
  [[nodiscard]] std::string with_schema(std::string sql) const;
};

/// Fails with invalid_option. Its detail names the option and never quotes the URL.
Result<Settings> check_options(const PostgresOptions& options);

}  // namespace ledger::postgres
