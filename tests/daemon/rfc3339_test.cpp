#include "rfc3339.h"

#include <doctest/doctest.h>

#include <random>
#include <string>

#include "support/seed.h"

namespace ledgerd {
namespace {

/// What is read, written again; "-" where nothing is.
std::string read(std::string_view text) {
  const auto time = parse_rfc3339(text);
  return time ? rfc3339(*time) : "-";
}

TEST_CASE("a time is read to the microsecond, in UTC") {
  CHECK(read("2026-01-31T12:34:56Z") == "2026-01-31T12:34:56.000000Z");
  CHECK(read("2026-01-31T12:34:56.5Z") == "2026-01-31T12:34:56.500000Z");
  CHECK(read("2026-01-31T12:34:56.000001Z") == "2026-01-31T12:34:56.000001Z");
  CHECK(read("2026-01-31t12:34:56z") == "2026-01-31T12:34:56.000000Z");
  CHECK(read("1969-12-31T23:59:59.999999Z") == "1969-12-31T23:59:59.999999Z");
}

TEST_CASE("an offset is taken away") {
  CHECK(read("2026-01-01T00:30:00+01:00") == "2025-12-31T23:30:00.000000Z");
  CHECK(read("2026-12-31T23:30:00-01:30") == "2027-01-01T01:00:00.000000Z");
  CHECK(read("2026-01-01T00:00:00-00:00") == "2026-01-01T00:00:00.000000Z");
  CHECK(read("2026-01-01T00:00:00+23:59") == "2025-12-31T00:01:00.000000Z");
}

TEST_CASE("days are those of the calendar") {
  CHECK(read("2024-02-29T00:00:00Z") == "2024-02-29T00:00:00.000000Z");
  CHECK(read("2000-02-29T00:00:00Z") == "2000-02-29T00:00:00.000000Z");
  for (const char* none : {"2023-02-29T00:00:00Z", "1900-02-29T00:00:00Z", "2026-04-31T00:00:00Z",
                           "2026-00-01T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-00T00:00:00Z",
                           "2026-01-32T00:00:00Z"}) {
    CAPTURE(none);
    CHECK(read(none) == "-");
  }
}

TEST_CASE("only the years 1 to 9999 of UTC are times") {
  CHECK(read("0001-01-01T00:00:00Z") == "0001-01-01T00:00:00.000000Z");
  CHECK(read("9999-12-31T23:59:59.999999Z") == "9999-12-31T23:59:59.999999Z");
  CHECK(read("0000-12-31T23:59:59Z") == "-");
  CHECK(read("0001-01-01T00:00:00+00:01") == "-");
  CHECK(read("9999-12-31T23:59:59-00:01") == "-");
}

TEST_CASE("what is not a time to the letter is none") {
  for (const char* bad : {"",
                          "2026",
                          "2026-01-31",
                          "2026-01-31T12:34Z",
                          "2026-01-31T12:34:56",
                          "2026-1-31T12:34:56Z",
                          "2026-01-31 12:34:56Z",
                          "2026-01-31T12:34:56.Z",
                          "2026-01-31T12:34:56.1234567Z",
                          "2026-01-31T12:34:56,5Z",
                          "2026-01-31T24:00:00Z",
                          "2026-01-31T12:60:00Z",
                          "2026-01-31T12:34:60Z",
                          "2026-01-31T12:34:56+1:00",
                          "2026-01-31T12:34:56+0100",
                          "2026-01-31T12:34:56+24:00",
                          "2026-01-31T12:34:56+01:60",
                          "2026-01-31T12:34:56+01",
                          "2026-01-31T12:34:56ZZ",
                          " 2026-01-31T12:34:56Z",
                          "2026-01-31T12:34:56Z ",
                          "-2026-01-31T12:34:56Z",
                          "+2026-01-31T12:34:56Z",
                          "20260131T123456Z",
                          "2026-01-31T12:34:56 Z",
                          "2026-01-31T12:34:-6Z",
                          "2026-01-31T12:34:56.-1Z"}) {
    CAPTURE(bad);
    CHECK(read(bad) == "-");
  }
  CHECK(read(std::string_view("2026-01-31T12:34:56\0Z", 21)) == "-");
}

TEST_CASE("what is written is read back, whatever the time") {
  const std::uint64_t seed = ledger::testing::test_seed();
  CAPTURE(seed);
  std::mt19937_64 random(seed);
  const ledger::Timestamp first = *parse_rfc3339("0001-01-01T00:00:00Z");
  const ledger::Timestamp last = *parse_rfc3339("9999-12-31T23:59:59.999999Z");
  std::uniform_int_distribution<std::int64_t> micros(first.time_since_epoch().count(),
                                                     last.time_since_epoch().count());
  for (int i = 0; i < 1000; ++i) {
    const ledger::Timestamp time{std::chrono::microseconds(micros(random))};
    CAPTURE(rfc3339(time));
    REQUIRE(parse_rfc3339(rfc3339(time)) == time);
  }
}

}  // namespace
}  // namespace ledgerd
