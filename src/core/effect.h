// What journal rows do to accounts.
#pragma once

#include "ledger/transfer.h"

namespace ledger::core {

/// What an entry changes.
struct Change {
  MinorUnits balance = 0;
  MinorUnits held = 0;
  MinorUnits incoming = 0;
};

/// What a row changes, on either side.
struct Effect {
  Change from{};
  Change to{};
};

/// Of a row of `kind`, transfer to reversal, about `amount`.
constexpr Effect effect_of(JournalKind kind, MinorUnits amount) {
  switch (kind) {
    case JournalKind::hold:
      return {.from = {.held = amount}, .to = {.incoming = amount}};
    case JournalKind::capture:
      return {.from = {.balance = -amount, .held = -amount},
              .to = {.balance = amount, .incoming = -amount}};
    case JournalKind::void_hold:
    case JournalKind::expire:
      return {.from = {.held = -amount}, .to = {.incoming = -amount}};
    default:
      return {.from = {.balance = -amount}, .to = {.balance = amount}};
  }
}

}  // namespace ledger::core
