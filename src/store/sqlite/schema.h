// The tables, and how an older file becomes a current one.
#pragma once

#include <cstdint>

#include "ledger/result.h"
#include "store/sqlite/database.h"

namespace ledger::sqlite {

/// "LGR1" in the file's header: says that the file is a ledger.
/// https://www.sqlite.org/pragma.html#pragma_application_id
inline constexpr std::int64_t kApplicationId = 0x4C475231;

/// The schema this code reads and writes; in the file's header as user_version. 0: an empty file.
inline constexpr std::int64_t kSchemaVersion = 2;

/// The schema version of an open file. Fails with store_corrupt (not a ledger) or store_too_new;
/// writes nothing.
Result<std::int64_t> read_schema_version(Database& database);

/// Brings a file of `version` to kSchemaVersion, in one transaction. After success it has exactly
/// our tables, indexes and triggers; others' tables and indexes are let be. Fails with
/// store_corrupt, naming what is wrong.
Result<void> update_schema(Database& database, std::int64_t version);

}  // namespace ledger::sqlite
