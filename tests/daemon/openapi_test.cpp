// docs/openapi.json describes the routes that there are, and no others.
#include "openapi.h"

#include <doctest/doctest.h>
#include <simdjson.h>
#include <unistd.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <string>
#include <string_view>

#include "ledger/ledger.h"
#include "log.h"
#include "routes.h"

namespace ledgerd {
namespace {

/// "/v1/accounts/:id" as the document writes it: "/v1/accounts/{id}".
std::string braced(std::string_view pattern) {
  std::string path;
  bool in_parameter = false;
  for (const char c : pattern) {
    if (in_parameter && c == '/') path += '}';
    if (c == '/') in_parameter = false;
    path += c == ':' ? '{' : c;
    if (c == ':') in_parameter = true;
  }
  if (in_parameter) path += '}';
  return path;
}

std::set<std::string> routed() {
  auto ledger = ledger::Ledger::open({.store = "memory:"});
  REQUIRE(ledger);
  Logger logger(LogLevel::error, LogFormat::text, STDERR_FILENO);
  std::set<std::string> routes;
  for (const std::string& name : route_names(*ledger, logger))
    routes.insert(braced(name));
  return routes;
}

std::set<std::string> documented() {
  const simdjson::padded_string text(openapi_document());
  simdjson::dom::parser parser;
  simdjson::dom::object paths;
  REQUIRE(parser.parse(text)["paths"].get(paths) == simdjson::SUCCESS);
  std::set<std::string> operations;
  for (const auto [path, methods] : paths) {
    simdjson::dom::object object;
    REQUIRE(methods.get(object) == simdjson::SUCCESS);
    for (const auto [name, operation] : object) {
      std::string method(name);
      std::transform(method.begin(), method.end(), method.begin(),
                     [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
      operations.insert(method + ' ' + std::string(path));
    }
  }
  return operations;
}

TEST_CASE("a route's parameters are written as the document writes them") {
  CHECK(braced("GET /healthz") == "GET /healthz");
  CHECK(braced("GET /v1/accounts/:id") == "GET /v1/accounts/{id}");
  CHECK(braced("POST /v1/holds/:id/void") == "POST /v1/holds/{id}/void");
}

TEST_CASE("every route of the daemon is in the OpenAPI document, and every path there is a route") {
  const auto routes = routed();
  CHECK(routes.contains("GET /openapi.json"));
  for (const std::string& route : routes) {
    CAPTURE(route);
    CHECK(documented().contains(route));
  }
  for (const std::string& operation : documented()) {
    CAPTURE(operation);
    CHECK(routes.contains(operation));
  }
}

}  // namespace
}  // namespace ledgerd
