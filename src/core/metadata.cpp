#include "core/metadata.h"

#include <simdjson.h>

#include "ledger/account.h"

namespace ledger::core {
namespace {

/// White space may take as much again; what is longer is not worth parsing.
constexpr std::size_t kMaxTextBytes = 4 * kMaxMetadataBytes;

bool is_object(std::string_view text) {
  thread_local simdjson::dom::parser parser;
  simdjson::dom::element element;
  const simdjson::padded_string padded(text);
  return parser.parse(padded).get(element) == simdjson::SUCCESS && element.is_object();
}

}  // namespace

std::optional<std::string> minified_metadata(std::string_view text) {
  if (text.size() > kMaxTextBytes || !is_object(text)) return std::nullopt;
  std::string minified(text.size(), '\0');
  std::size_t size = 0;
  if (simdjson::minify(text.data(), text.size(), minified.data(), size) != simdjson::SUCCESS ||
      size > kMaxMetadataBytes) {
    return std::nullopt;
  }
  minified.resize(size);
  return minified;
}

}  // namespace ledger::core
