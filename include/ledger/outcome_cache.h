// The cache port: what became of recent keys, without asking the store.
#pragma once

#include <span>
#include <string_view>
#include <vector>

#include "ledger/export.h"
#include "ledger/journal.h"

namespace ledger {

/// Remembers recorded outcomes, so that a retry of a recent key need not reach the store. An
/// outcome is recorded once and never changes, so what is remembered is true as long as the journal
/// is: the engine only keeps what is committed for certain, asks the store for everything else, and
/// never decides anything new from a cache.
///
/// An implementation must give back what it was given or nothing: one whose memory others can write
/// to has to prove each entry (make_redis_cache does). Safe to call from any thread.
class LEDGER_EXPORT OutcomeCache {
 public:
  virtual ~OutcomeCache();

  /// Every row of those of `keys` (sorted, unique) that are remembered, transfer by transfer, each
  /// in order of seq. May wait, but briefly: a batch waits with it. Trouble is nothing found.
  [[nodiscard]] virtual std::vector<JournalRow> find(std::span<const std::string_view> keys) = 0;

  /// Remembers whole transfers, each in order of seq. Never waits, and may forget.
  virtual void keep(std::vector<JournalRow> rows) = 0;
};

}  // namespace ledger
