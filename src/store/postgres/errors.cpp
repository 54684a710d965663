#include "store/postgres/errors.h"

#include <libpq-fe.h>

#include <utility>

namespace ledger::postgres {
namespace {

// https://www.postgresql.org/docs/current/errcodes-appendix.html
ErrorCode data_or_syntax_code(std::string_view sqlstate) noexcept {
  // The core never asks for what a CHECK, a type or the append-only trigger refuses, and our SQL is
  // fixed: what is stored, or what computes, is not what it should be.
  if (sqlstate == "42501") return ErrorCode::store_unavailable;  // no privilege: an operator's job
  return ErrorCode::store_corrupt;
}

ErrorCode working_code(std::string_view sqlstate) noexcept {
  const std::string_view kind = sqlstate.substr(0, 2);
  if (sqlstate == "23505") return ErrorCode::conflict;  // a key, id or reference is there already
  if (sqlstate == "55P03") return ErrorCode::conflict;  // lock_timeout
  if (sqlstate == "53100") return ErrorCode::store_full;
  if (sqlstate == "XX001" || sqlstate == "XX002") return ErrorCode::store_corrupt;
  if (sqlstate == "2200H") return ErrorCode::store_corrupt;  // the journal's seq is used up
  if (kind == "40") return ErrorCode::conflict;  // serialization failure, deadlock: rolled back
  if (kind == "22" || kind == "23" || kind == "42" || kind == "P0" || kind == "3F") {
    return data_or_syntax_code(sqlstate);
  }
  // Connections (08), resources (53, 54), shutdown and cancellation (57), the system's own errors
  // (58, XX), a server that is read-only (25006), credentials (28), and what is yet to come.
  return ErrorCode::store_unavailable;
}

/// Whether it proves nothing about what the server did behind it. A pooler tells in its own name,
/// in answer to whatever comes first, that it has lost the server, and with it the answers of
/// statements that succeeded: as FATAL, or as an ERROR of class 08 (connection exceptions).
bool ends_session(std::string_view sqlstate, bool is_fatal) noexcept {
  return is_fatal || sqlstate.empty() || sqlstate.starts_with("08");
}

std::string_view field(const pg_result* result, int code) {
  const char* text = result != nullptr ? PQresultErrorField(result, code) : nullptr;
  return text != nullptr ? std::string_view(text) : std::string_view();
}

std::string_view without_line_end(std::string_view text) {
  while (!text.empty() && (text.back() == '\n' || text.back() == ' '))
    text.remove_suffix(1);
  return text;
}

}  // namespace

ErrorCode error_code(std::string_view sqlstate, bool is_fatal, During during) noexcept {
  if (during == During::working) return working_code(sqlstate);
  if (ends_session(sqlstate, is_fatal)) return ErrorCode::commit_in_doubt;
  // The server answers in order: a statement that failed before COMMIT kept COMMIT from being run.
  // An ERROR in answer to COMMIT is raised before the commit record is written; later ones would be
  // a PANIC. 40003 says of itself that it does not know.
  if (during == During::committing && sqlstate == "40003") return ErrorCode::commit_in_doubt;
  return working_code(sqlstate);
}

Error make_error(const pg_result* result, const pg_conn* connection, During during,
                 std::string what) {
  const std::string_view sqlstate = field(result, PG_DIAG_SQLSTATE);
  const std::string_view severity = field(result, PG_DIAG_SEVERITY_NONLOCALIZED);
  std::string_view message = field(result, PG_DIAG_MESSAGE_PRIMARY);
  if (message.empty() && connection != nullptr) message = PQerrorMessage(connection);

  std::string detail = std::move(what);
  if (!message.empty()) detail.append(": ").append(without_line_end(message));
  const std::string_view constraint = field(result, PG_DIAG_CONSTRAINT_NAME);
  if (!sqlstate.empty()) {
    detail.append(" (SQLSTATE ").append(sqlstate);
    if (!constraint.empty()) detail.append(", ").append(constraint);
    detail.append(")");
  }
  const bool is_fatal = severity == "FATAL" || severity == "PANIC";
  return Error{error_code(sqlstate, is_fatal, during), std::move(detail)};
}

}  // namespace ledger::postgres
