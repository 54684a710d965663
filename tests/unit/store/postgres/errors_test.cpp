#include "store/postgres/errors.h"

#include <doctest/doctest.h>

#include <string>

namespace ledger::postgres {
namespace {

struct Row {
  const char* sqlstate;
  ErrorCode expected;
};

TEST_CASE("what Postgres says before a COMMIT has the ledger's code for it") {
  using enum ErrorCode;
  const Row rows[] = {
      {"40001", conflict},           // serialization failure
      {"40P01", conflict},           // deadlock
      {"40003", conflict},           // statement completion unknown: it is not the COMMIT's
      {"23505", conflict},           // unique violation
      {"55P03", conflict},           // lock_timeout
      {"53100", store_full},         // disk full
      {"53200", store_unavailable},  // out of memory
      {"53300", store_unavailable},  // too many connections
      {"57014", store_unavailable},  // statement_timeout, cancelled
      {"57P01", store_unavailable},  // admin shutdown
      {"57P02", store_unavailable},  // crash shutdown
      {"57P03", store_unavailable},  // starting up
      {"57P05", store_unavailable},  // idle session
      {"25P03", store_unavailable},  // idle in transaction
      {"25P02", store_unavailable},  // the transaction has failed
      {"25006", store_unavailable},  // read-only: a replica
      {"08006", store_unavailable},  // connection failure
      {"28P01", store_unavailable},  // wrong password
      {"3D000", store_unavailable},  // no such database
      {"42501", store_unavailable},  // no privilege
      {"58030", store_unavailable},  // I/O error
      {"XX000", store_unavailable},  // internal error
      {"ZZ999", store_unavailable},  // what is yet to come
      {"", store_unavailable},       // nothing was said
      {"23514", store_corrupt},      // a CHECK
      {"23502", store_corrupt},      // NOT NULL
      {"22003", store_corrupt},      // number out of range
      {"2200H", store_corrupt},      // the sequence is at its end
      {"42P01", store_corrupt},      // no such table
      {"42703", store_corrupt},      // no such column
      {"3F000", store_corrupt},      // no such schema
      {"P0001", store_corrupt},      // the append-only trigger
      {"XX001", store_corrupt},      // data corrupted
      {"XX002", store_corrupt},      // index corrupted
  };
  for (const Row& row : rows) {
    CAPTURE(row.sqlstate);
    CHECK(name(error_code(row.sqlstate, false, During::working)) == name(row.expected));
    CHECK(name(error_code(row.sqlstate, true, During::working)) == name(row.expected));
    // Behind it, COMMIT was on its way; the server answers in order. What ends the session may come
    // from a pooler, which lost the server's answers.
    const std::string sqlstate = row.sqlstate;
    const bool proves_nothing = sqlstate.empty() || sqlstate.starts_with("08");
    CHECK(name(error_code(row.sqlstate, false, During::before_commit)) ==
          name(proves_nothing ? commit_in_doubt : row.expected));
    CHECK(error_code(row.sqlstate, true, During::before_commit) == commit_in_doubt);
  }
}

TEST_CASE("a COMMIT that the server refused has not happened") {
  using enum ErrorCode;
  const Row rows[] = {
      {"40001", conflict},          {"40P01", conflict},          {"23505", conflict},
      {"53100", store_full},        {"57014", store_unavailable}, {"23514", store_corrupt},
      {"25P02", store_unavailable},
  };
  for (const Row& row : rows) {
    CAPTURE(row.sqlstate);
    CHECK(name(error_code(row.sqlstate, false, During::committing)) == name(row.expected));
  }
}

TEST_CASE("a COMMIT is in doubt when the session ended or nothing was said") {
  for (const char* sqlstate : {"57P01", "57P02", "08006", "XX000", "58030", "53100", "40001"}) {
    CAPTURE(sqlstate);
    CHECK(error_code(sqlstate, true, During::committing) == ErrorCode::commit_in_doubt);
  }
  CHECK(error_code("", false, During::committing) == ErrorCode::commit_in_doubt);
  CHECK(error_code("", true, During::committing) == ErrorCode::commit_in_doubt);
  CHECK(error_code("08P01", false, During::committing) == ErrorCode::commit_in_doubt);
  CHECK(error_code("40003", false, During::committing) == ErrorCode::commit_in_doubt);
}

}  // namespace
}  // namespace ledger::postgres
