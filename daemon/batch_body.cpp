#include "batch_body.h"

#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "http/ascii.h"
#include "json_reader.h"
#include "json_scanner.h"

namespace ledgerd {
namespace {

constexpr std::size_t kMaxEchoedName = 64;

ApiError too_many_items() {
  return bad_request(ledger::ErrorCode::batch_too_large,
                     fmt::format("a batch has at most {} items", kMaxBatchItems));
}

bool is_blank(std::string_view line) {
  return line.find_first_not_of(" \t\r") == std::string_view::npos;
}

std::variant<BatchBody, ApiError> split_lines(std::string_view body) {
  BatchBody batch;
  while (!body.empty()) {
    const std::string_view line = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(line.size() + 1, body.size()));
    if (is_blank(line)) continue;
    if (batch.items.size() == kMaxBatchItems) return too_many_items();
    batch.items.push_back(line);
  }
  if (batch.items.empty()) return malformed_json("there is no line with an item");
  return batch;
}

/// REQUIRES: at the array's first bracket.
std::optional<ApiError> split_array(JsonScanner& scanner, std::vector<std::string_view>& items) {
  scanner.take('[');
  if (scanner.take(']')) return std::nullopt;
  do {
    const std::string_view item = scanner.value();
    if (item.empty()) return malformed_json("an item is missing");
    if (items.size() == kMaxBatchItems) return too_many_items();
    items.push_back(item);
  } while (scanner.take(','));
  if (!scanner.take(']')) return malformed_json("the array of items does not end");
  return std::nullopt;
}

std::optional<ApiError> read_atomic(std::string_view value, std::optional<bool>& atomic) {
  if (value != "true" && value != "false") return wrong_type("atomic", "true or false");
  atomic = value == "true";
  return std::nullopt;
}

/// `source`: an array.
std::optional<ApiError> read_transfers(std::string_view source, BatchBody& batch) {
  if (!source.starts_with('[')) return wrong_type("transfers", "an array of objects");
  JsonScanner scanner(source);
  return split_array(scanner, batch.items);
}

struct Seen {
  bool transfers = false;
  bool atomic = false;
};

std::optional<ApiError> read_member(JsonScanner& scanner, Seen& seen, BatchBody& batch) {
  const std::string_view name = scanner.value();
  if (!name.starts_with('"') || !scanner.take(':')) return malformed_json("a member has no name");
  const std::string_view value = scanner.value();
  if (value.empty()) return malformed_json("a member has no value");
  const bool is_transfers = name == R"("transfers")";
  if (!is_transfers && name != R"("atomic")") {
    return bad_request(codes::kUnknownField,
                       fmt::format("{}: there is no such field", name.substr(0, kMaxEchoedName)));
  }
  if (std::exchange(is_transfers ? seen.transfers : seen.atomic, true)) {
    return bad_request(codes::kDuplicateField, fmt::format("{}: given more than once", name));
  }
  return is_transfers ? read_transfers(value, batch) : read_atomic(value, batch.atomic);
}

std::optional<ApiError> split_object(JsonScanner& scanner, BatchBody& batch) {
  scanner.take('{');
  Seen seen;
  if (!scanner.take('}')) {
    do {
      if (auto error = read_member(scanner, seen, batch)) return error;
    } while (scanner.take(','));
    if (!scanner.take('}')) return malformed_json("the object does not end");
  }
  if (!seen.transfers) {
    return bad_request(codes::kMissingField, "transfers: missing");
  }
  return std::nullopt;
}

std::variant<BatchBody, ApiError> split_json(std::string_view body) {
  JsonScanner scanner(body);
  if (scanner.at_end()) return malformed_json("it is empty");
  BatchBody batch;
  std::optional<ApiError> error;
  switch (scanner.next()) {
    case '[':
      error = split_array(scanner, batch.items);
      break;
    case '{':
      error = split_object(scanner, batch);
      break;
    default:
      return wrong_type("the body", "an array of items, or an object with \"transfers\"");
  }
  if (!error && !scanner.at_end()) error = malformed_json("something follows the items");
  if (error) return std::move(*error);
  return batch;
}

}  // namespace

BatchForm batch_form(std::string_view content_type) {
  const auto media_type = http::trim(content_type.substr(0, content_type.find(';')));
  const bool lines = http::equals_ignoring_case(media_type, "application/x-ndjson");
  return lines ? BatchForm::ndjson : BatchForm::json;
}

std::variant<BatchBody, ApiError> split_batch(std::string_view body, BatchForm form) {
  return form == BatchForm::ndjson ? split_lines(body) : split_json(body);
}

}  // namespace ledgerd
