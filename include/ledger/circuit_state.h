// What a circuit breaker is doing.
#pragma once

#include <cstdint>
#include <string_view>

#include "ledger/export.h"

namespace ledger {

enum class CircuitState : std::uint8_t {
  closed,     ///< all is well: calls go through
  open,       ///< the service failed or was slow: calls fail at once
  half_open,  ///< one call is trying whether the service is back; the others fail at once
};

/// "closed", "open" or "half_open".
LEDGER_EXPORT std::string_view name(CircuitState state) noexcept;

}  // namespace ledger
