// A transfer as it lies in Redis: its rows, and the proof that we wrote them.
#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/journal.h"

namespace ledger::cache {

/// `rows` are the rows of one transfer. An HMAC-SHA256 of `secret` over the rest comes first.
std::string seal(std::string_view secret, std::span<const JournalRow> rows);

/// The rows, if `entry` is what seal() made with this secret of a transfer under `key`.
std::optional<std::vector<JournalRow>> unseal(std::string_view secret, std::string_view key,
                                              std::string_view entry);

}  // namespace ledger::cache
