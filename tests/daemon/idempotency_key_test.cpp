#include "idempotency_key.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

namespace ledgerd {
namespace {

/// The key, or "400 <code>: <message>".
std::string read(const std::vector<std::string>& values) {
  const auto result = read_idempotency_key(values);
  if (const auto* key = std::get_if<std::string>(&result)) return *key;
  const auto& error = std::get<ApiError>(result);
  return std::to_string(error.status) + ' ' + error.code + ": " + error.message;
}

bool refused(const std::vector<std::string>& values) {
  return read(values).starts_with("400 invalid_key: Idempotency-Key: ");
}

TEST_CASE("a bare key is taken as it is") {
  CHECK(read({"order-42"}) == "order-42");
  CHECK(read({"a"}) == "a");
  CHECK(read({"with space, comma; and = sign"}) == "with space, comma; and = sign");
  CHECK(read({R"(back\slash)"}) == R"(back\slash)");
  CHECK(read({R"(quote"inside)"}) == R"(quote"inside)");
  CHECK(read({"a%41"}) == "a%41");
  CHECK(read({"~!"}) == "~!");
}

TEST_CASE("a quoted key is the same key as the bare one") {
  CHECK(read({R"("order-42")"}) == "order-42");
  CHECK(read({R"("a\"b")"}) == R"(a"b)");
  CHECK(read({R"("a\\b")"}) == R"(a\b)");
}

TEST_CASE("a key may have 255 characters, quoted or bare, and no more") {
  const std::string longest(255, 'k');
  CHECK(read({longest}) == longest);
  CHECK(read({'"' + longest + '"'}) == longest);
  CHECK(refused({longest + 'k'}));
  CHECK(refused({'"' + longest + "k\""}));
  std::string escaped = "\"";
  for (int i = 0; i < 255; ++i)
    escaped += "\\\\";
  CHECK(read({escaped + '"'}) == std::string(255, '\\'));
}

TEST_CASE("a missing key is refused, and so is an empty one") {
  CHECK(refused({}));
  CHECK(refused({""}));
  CHECK(refused({R"("")"}));
}

TEST_CASE("a header that was sent twice is refused even if both say the same") {
  CHECK(refused({"a", "b"}));
  CHECK(refused({"a", "a"}));
}

TEST_CASE("a broken quoted string is refused") {
  CHECK(refused({R"(")"}));
  CHECK(refused({R"("open)"}));
  CHECK(refused({R"("closed" and more)"}));
  CHECK(refused({R"("a";parameter=1)"}));
  CHECK(refused({R"("a", "b")"}));
  CHECK(refused({R"("bad\escape")"}));
  CHECK(refused({R"("ends in escape\")"}));
  CHECK(refused({R"("ends in escape\)"}));
}

TEST_CASE("only printable ASCII makes a key") {
  CHECK(refused({"tab\tinside"}));
  CHECK(refused({std::string("nul\0inside", 10)}));
  CHECK(refused({"caf\xc3\xa9"}));
  CHECK(refused({"\x7f"}));
  CHECK(refused({"\"quoted\x01\""}));
}

TEST_CASE("a space at an end of a key is refused, since some client would lose it") {
  CHECK(refused({" a"}));
  CHECK(refused({"a "}));
  CHECK(refused({R"(" a")"}));
  CHECK(refused({R"("a ")"}));
  CHECK(refused({" "}));
}

}  // namespace
}  // namespace ledgerd
