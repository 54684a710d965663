// The JSON that callers keep with accounts and transfers.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace ledger::core {

/// `text` without insignificant white space, if it is one JSON object (RFC 8259) in valid UTF-8 and
/// then has at most kMaxMetadataBytes; else nothing. So what is stored can be put into other JSON,
/// and into a text column, as it is.
std::optional<std::string> minified_metadata(std::string_view text);

}  // namespace ledger::core
