#include "core/metadata.h"

#include <doctest/doctest.h>

#include "ledger/account.h"

using ledger::core::minified_metadata;

TEST_CASE("metadata is kept without insignificant white space") {
  CHECK(minified_metadata(" { \"a\" : [ 1, \"b c\" ] } \n") == R"({"a":[1,"b c"]})");
  CHECK(minified_metadata("{}") == "{}");
  CHECK(minified_metadata(R"({"snow":"☃","nul":"\u0000"})") == R"({"snow":"☃","nul":"\u0000"})");
}

TEST_CASE("metadata that is not one JSON object in UTF-8 is refused") {
  for (const char* text : {"", "  ", "[]", "1", "null", "\"text\"", "{", "{\"a\":}", "{} {}",
                           "{\"a\":1}x", "{'a':1}", "{\"a\":\"\xff\"}", "{\"a\":01}"}) {
    CAPTURE(text);
    CHECK_FALSE(minified_metadata(text));
  }
}

TEST_CASE("metadata may have as many bytes as its limit, and no more") {
  const auto object = [](std::size_t bytes) {
    return "{\"a\":\"" + std::string(bytes - 8, 'x') + "\"}";
  };
  CHECK(minified_metadata(object(ledger::kMaxMetadataBytes)));
  CHECK(minified_metadata("  " + object(ledger::kMaxMetadataBytes)));
  CHECK_FALSE(minified_metadata(object(ledger::kMaxMetadataBytes + 1)));
}
