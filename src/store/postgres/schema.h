// The tables, and how an older schema becomes a current one.
#pragma once

#include <cstdint>

#include "ledger/clock.h"
#include "ledger/result.h"
#include "store/postgres/connection.h"
#include "store/postgres/settings.h"

namespace ledger::postgres {

/// The schema this code reads and writes.
inline constexpr std::int64_t kSchemaVersion = 2;

/// The version of the schema that is there; 0: none. Fails with store_too_new, store_corrupt (the
/// schema is there and holds no ledger) or store_unavailable.
Result<std::int64_t> read_schema_version(Connection& connection, const Settings& settings,
                                         SteadyTime deadline);

/// Brings the schema to kSchemaVersion, in one transaction. Any number may do so at once: one does
/// the work, the others find it done.
Result<void> migrate_schema(Connection& connection, const Settings& settings, SteadyTime deadline);

}  // namespace ledger::postgres
