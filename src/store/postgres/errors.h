// What Postgres's error codes mean to a ledger. The only place that decides.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "ledger/error.h"

struct pg_conn;
struct pg_result;

namespace ledger::postgres {

/// When a call failed: the same code means different things before and during a commit.
enum class During : std::uint8_t {
  working,        ///< anything that a COMMIT would still have to make true
  before_commit,  ///< the same, but COMMIT has been sent behind it
  committing,     ///< COMMIT itself
};

/// Maps what the server said. `sqlstate` is empty when it said nothing: the connection was lost, or
/// it did not answer in time. `is_fatal`: it ended the session as well (FATAL or PANIC).
[[nodiscard]] ErrorCode error_code(std::string_view sqlstate, bool is_fatal,
                                   During during) noexcept;

/// The error of a result, or of the connection where the server sent none. The detail is `what`,
/// the server's message and its code; it quotes no statement and no parameter.
[[nodiscard]] Error make_error(const pg_result* result, const pg_conn* connection, During during,
                               std::string what);

}  // namespace ledger::postgres
