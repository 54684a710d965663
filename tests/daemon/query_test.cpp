#include "query.h"

#include <doctest/doctest.h>

#include <array>
#include <string>

#include "etag.h"

namespace ledgerd {
namespace {

constexpr std::array<std::string_view, 3> kNames = {"a", "limit", "time"};

/// The parameters as "a=… limit=…", or the code and the message.
std::string parsed(std::string_view target) {
  const auto query = Query::parse(target, kNames);
  if (const auto* error = std::get_if<ApiError>(&query)) {
    CHECK(error->status == 400);
    return error->code + ' ' + error->message;
  }
  std::string all;
  for (const std::string_view name : kNames) {
    const std::string* value = std::get<Query>(query).find(name);
    if (value != nullptr) all.append(name).append("=").append(*value).append(" ");
  }
  return all;
}

Query query(std::string_view target) {
  auto parsed = Query::parse(target, kNames);
  REQUIRE(std::holds_alternative<Query>(parsed));
  return std::get<Query>(std::move(parsed));
}

TEST_CASE("a query is what follows the first question mark") {
  CHECK(parsed("/v1").empty());
  CHECK(parsed("/v1?").empty());
  CHECK(parsed("/v1?a=1") == "a=1 ");
  CHECK(parsed("/v1?limit=2&a=1") == "a=1 limit=2 ");
  CHECK(parsed("/v1?a=1&") == "a=1 ");
  CHECK(parsed("/v1?a=?x=y") == "a=?x=y ");
}

TEST_CASE("names and values are percent-decoded, and a plus is a space") {
  CHECK(parsed("/?a=%41%2b%26%3D+%20") == "a=A+&=   ");
  CHECK(parsed("/?%61=1") == "a=1 ");
  for (const char* bad : {"/?a=%00", "/?a=x%00y", "/?a=%7F", "/?a=%C3%A9", "/?a=%ff", "/?a=%0a"}) {
    CAPTURE(bad);
    CHECK(parsed(bad) == "invalid_query a: must be printable ASCII");
  }
  for (const char* bad : {"/?a=%", "/?a=%4", "/?a=%4g", "/?a=%g4", "/?%=1", "/?a=1%"}) {
    CAPTURE(bad);
    CHECK(parsed(bad).starts_with("invalid_query "));
    CHECK(parsed(bad).ends_with("is not percent-encoded"));
  }
}

TEST_CASE("a parameter that is unknown, given twice or empty is refused by name") {
  CHECK(parsed("/?b=1") == "invalid_query b: there is no such parameter");
  CHECK(parsed("/?A=1") == "invalid_query A: there is no such parameter");
  CHECK(parsed("/?a=1&a=1") == "invalid_query a: given more than once");
  CHECK(parsed("/?a=1&%61=2") == "invalid_query a: given more than once");
  CHECK(parsed("/?a=") == "invalid_query a: has no value");
  CHECK(parsed("/?a") == "invalid_query a: has no value");
  CHECK(parsed("/?&a=1") == "invalid_query : there is no such parameter");
  CHECK(parsed("/?=1") == "invalid_query : there is no such parameter");
  CHECK(parsed("/?" + std::string(5000, 'x') + "=1").size() < 200);
}

TEST_CASE("parameters that do not go together are refused by name") {
  constexpr std::array<std::string_view, 1> kOnly = {"a"};
  CHECK(!query("/?a=1").require_only(kOnly));
  const auto error = query("/?a=1&limit=1").require_only(kOnly);
  REQUIRE(error);
  CHECK(error->code == "invalid_query");
  CHECK(error->message.starts_with("limit: "));
}

TEST_CASE("integers are decimal, without sign, zeros before them or anything after") {
  CHECK(parse_integer("0", 0) == 0);
  CHECK(parse_integer("9223372036854775807", 1) == 9'223'372'036'854'775'807);
  for (const char* bad : {"", "-0", "-1", "+1", "00", "01", "1.0", "1e0", "0x1", " 1", "1 ",
                          "9223372036854775808", "99999999999999999999"}) {
    CAPTURE(bad);
    CHECK(!parse_integer(bad, 0));
  }
  CHECK(!parse_integer("0", 1));
}

TEST_CASE("a parameter that is not given leaves its default alone") {
  const Query none = query("/");
  std::size_t limit = 50;
  std::int64_t number = 7;
  std::optional<ledger::Timestamp> time;
  std::optional<bool> flag = true;
  CHECK(!read_limit(none, limit));
  CHECK(!read_integer(none, "a", 1, number));
  CHECK(!read_time(none, "time", time));
  CHECK(!read_boolean(none, "a", flag));
  CHECK(limit == 50);
  CHECK(number == 7);
  CHECK(!time);
  CHECK(flag == true);
}

TEST_CASE("a parameter is read as what it has to be") {
  const Query given = query("/?limit=1000&a=true&time=2026-01-31T12:00:00Z");
  std::size_t limit = 50;
  std::int64_t number = 7;
  std::optional<ledger::Timestamp> time;
  std::optional<bool> flag;
  CHECK(!read_limit(given, limit));
  CHECK(limit == 1000);
  CHECK(!read_boolean(given, "a", flag));
  CHECK(flag == true);
  CHECK(!read_time(given, "time", time));
  CHECK(time);
  CHECK(read_integer(given, "a", 1, number)->message.starts_with("a: must be an integer from 1"));
  CHECK(read_boolean(given, "limit", flag)->message == "limit: must be true or false");
  CHECK(read_time(given, "a", time)->message.starts_with("a: must be a time of RFC 3339"));
  CHECK(read_limit(query("/?limit=1001"), limit)->message ==
        "limit: must be an integer from 1 to 1000");
  CHECK(read_limit(query("/?limit=0"), limit).has_value());
}

TEST_CASE("an entity tag is the version in quotes") {
  CHECK(etag(0) == R"("0")");
  CHECK(etag(12) == R"("12")");
}

TEST_CASE("If-None-Match names a version weakly, in a list, or any") {
  using Values = std::vector<std::string>;
  for (const Values& same :
       {Values{R"("3")"}, Values{R"(W/"3")"}, Values{R"("1" ,"3")"}, Values{"\"1\",\t\"3\" "},
        Values{"*"}, Values{R"("1")", R"("3")"}, Values{R"(,, "3")"}}) {
    CAPTURE(same.front());
    CHECK(names_version(same, 3));
  }
  for (const Values& other :
       {Values{}, Values{""}, Values{"3"}, Values{R"("03")"}, Values{R"("33")"}, Values{R"(w/"3")"},
        Values{R"("3)"}, Values{R"("")"}, Values{"\""}}) {
    CHECK(!names_version(other, 3));
  }
}

TEST_CASE("If-Match asks for one version, for any or for none in particular") {
  using Version = std::optional<std::int64_t>;
  using Values = std::vector<std::string>;
  const auto version = [](const Values& values) { return expected_version(values); };
  CHECK(std::get<Version>(version({})) == std::nullopt);
  CHECK(std::get<Version>(version({"*"})) == std::nullopt);
  CHECK(std::get<Version>(version({R"("3")"})) == 3);
  CHECK(std::get<Version>(version({R"("0")"})) == 0);
  for (const Values& bad : {Values{""}, Values{"3"}, Values{R"(W/"3")"}, Values{R"("3","4")"},
                            Values{R"("3")", R"("3")"}, Values{R"("abc")"}, Values{R"("-1")"}}) {
    CAPTURE(bad.front());
    const auto refused = version(bad);
    REQUIRE(std::holds_alternative<ApiError>(refused));
    CHECK(std::get<ApiError>(refused).code == "invalid_precondition");
  }
}

}  // namespace
}  // namespace ledgerd
