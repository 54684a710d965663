#include "redis/address.h"

#include <doctest/doctest.h>

#include <string>
#include <vector>

using namespace ledger;
using redis::Address;
using redis::HostPort;
using redis::parse_address;

namespace {

struct Good {
  std::string text;
  Address address;
};

struct Bad {
  std::string text;
  std::string complaint;  ///< a part of it
};

}  // namespace

TEST_CASE("every form of a Redis address is understood") {
  const std::vector<Good> rows = {
      {"localhost:6379", {.hosts = {{"localhost", 6379}}}},
      {"10.0.0.1:1", {.hosts = {{"10.0.0.1", 1}}}},
      {"[::1]:65535", {.hosts = {{"::1", 65535}}}},
      {"a:1,b-c.d_e:2,[fe80::1]:3", {.hosts = {{"a", 1}, {"b-c.d_e", 2}, {"fe80::1", 3}}}},
      {"redis://h", {.hosts = {{"h", 6379}}}},
      {"redis://h/", {.hosts = {{"h", 6379}}}},
      {"redis://h:7/15", {.hosts = {{"h", 7}}, .db = 15}},
      {"redis://[::1]/2", {.hosts = {{"::1", 6379}}, .db = 2}},
      {"redis://a:1,b,c:3/4", {.hosts = {{"a", 1}, {"b", 6379}, {"c", 3}}, .db = 4}},
      {"redis://:secret@h", {.hosts = {{"h", 6379}}, .password = "secret"}},
      {"redis://ada:secret@h:8/1",
       {.hosts = {{"h", 8}}, .user = "ada", .password = "secret", .db = 1}},
      {"redis://a%40b:%2f%3A%25%2c%C3%A9@h",
       {.hosts = {{"h", 6379}}, .user = "a@b", .password = "/:%,\xC3\xA9"}},
      {"redis://:p@ss:word@h", {.hosts = {{"h", 6379}}, .password = "p@ss:word"}},
      {"sentinel://a:1,b/main", {.hosts = {{"a", 1}, {"b", 26379}}, .master_name = "main"}},
      {"sentinel://u:p@a/my%20main/3",
       {.hosts = {{"a", 26379}}, .user = "u", .password = "p", .db = 3, .master_name = "my main"}},
  };
  for (const Good& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_address(row.text);
    REQUIRE_MESSAGE(parsed.has_value(), parsed.error().message());
    CHECK(parsed->hosts == row.address.hosts);
    CHECK(parsed->user == row.address.user);
    CHECK(parsed->password == row.address.password);
    CHECK(parsed->db == row.address.db);
    CHECK(parsed->master_name == row.address.master_name);
  }
}

TEST_CASE("a malformed Redis address is refused with what is wrong, and without its password") {
  const std::vector<Bad> rows = {
      {"", "host is missing"},
      {"localhost", "port must be"},
      {"localhost:", "port must be"},
      {":6379", "host is missing"},
      {"h:0", "port must be"},
      {"h:65536", "port must be"},
      {"h:-1", "port must be"},
      {"h:+1", "port must be"},
      {"h:1x", "port must be"},
      {"h:99999999999999999999", "port must be"},
      {"a:1,", "host is missing"},
      {",a:1", "host is missing"},
      {"a:1,,b:2", "host is missing"},
      {"::1:6379", "brackets"},
      {"fe80::1:6379", "brackets"},
      {"[::1", "without its"},
      {"[::1]6379", "after ']'"},
      {"[]:1", "host is missing"},
      {"h h:1", "character"},
      {"h\n:1", "character"},
      {"hunter2@h:1", "form redis://"},
      {":hunter2@h:1", "form redis://"},
      {"h:1/2", "form redis://"},
      {"redis://", "host is missing"},
      {"redis:///0", "host is missing"},
      {"redis://hunter2@h", "password is missing"},
      {"redis://ada:@h", "password is missing"},
      {"redis://:hunter2%@h", "two hexadecimal"},
      {"redis://:hunter2%4@h", "two hexadecimal"},
      {"redis://:hunter2%zz@h", "two hexadecimal"},
      {"redis://:hunter2@", "host is missing"},
      {"redis://:hunter2@h:x", "port must be"},
      {"redis://:hunter/2@h", "percent-encode"},
      {"redis://:hunter2?@h", "parameters"},
      {"redis://:hunter2#@h", "parameters"},
      {"redis://:hunter2@h/x", "db must be"},
      {"redis://:hunter2@h/-1", "db must be"},
      {"redis://:hunter2@h/0/1", "db must be"},
      {"redis://:hunter2@h/9999999999", "db must be"},
      {"rediss://:hunter2@h", "TLS"},
      {"http://:hunter2@h", "redis:// or sentinel://"},
      {"sentinel://h", "name is missing"},
      {"sentinel://h/", "name is missing"},
      {"sentinel://:hunter2@h//1", "name is missing"},
      {"sentinel://:hunter2@h/main/x", "db must be"},
  };
  for (const Bad& row : rows) {
    CAPTURE(row.text);
    const auto parsed = parse_address(row.text);
    REQUIRE_FALSE(parsed.has_value());
    CHECK(parsed.error().code == ErrorCode::invalid_option);
    CHECK_MESSAGE(parsed.error().detail.find(row.complaint) != std::string::npos,
                  parsed.error().detail);
    CHECK(parsed.error().detail.find("hunter") == std::string::npos);
  }
}

TEST_CASE("a server is named as it is written in an address") {
  CHECK(HostPort{"h", 1}.text() == "h:1");
  CHECK(HostPort{"::1", 2}.text() == "[::1]:2");
}
