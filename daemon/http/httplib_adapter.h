// cpp-httplib as parser, router and writer of responses, without its sockets.
//
// Include httplib.h through this header only: it sets the limits that the framer has taken over,
// and takes 10 seconds to compile.
#pragma once

#ifdef CPPHTTPLIB_VERSION
#error "include http/httplib_adapter.h instead of httplib.h"
#endif

// The framer is the only judge of sizes. What the library would refuse beyond it, it would refuse
// with the wrong status.
#define CPPHTTPLIB_REQUEST_URI_MAX_LENGTH (1u << 30)
#define CPPHTTPLIB_HEADER_MAX_LENGTH (1u << 30)
#define CPPHTTPLIB_MAX_LINE_LENGTH (1u << 30)
#define CPPHTTPLIB_HEADER_MAX_COUNT (1u << 30)

// A peer that is gone is an error to report, and no signal that ends the process.
#define CPPHTTPLIB_SEND_FLAGS MSG_NOSIGNAL

#include <httplib.h>

// Older versions ignore the payload limit for chunked bodies, take REMOTE_ADDR from a header and
// leak exception texts; and process_request() has another signature.
#if !defined(CPPHTTPLIB_VERSION_NUM)
#error "cpp-httplib 0.41 or newer is required"
#endif

#include <string>
#include <string_view>
#include <vector>

#include "http/message.h"
#include "http/problem.h"

namespace ledgerd::http {

/// Answers framed requests with the routes registered.
///
/// What is not found, not allowed or fails is answered with problem details: 404 `not_found`,
/// 405 `method_not_allowed` with `Allow`, 501 `method_not_implemented`, 500 `internal_error` for
/// an exception, whose text goes nowhere. A handler that sets an error status and leaves the body
/// empty gets problem details as well. Error responses do not end the connection; kNoAnswer does.
///
/// Header values reach handlers as the client sent them, but for `Accept`, `Connection`, `Expect`,
/// `Range` and form content types, which do not reach them at all; see rewrite_head(). The path and
/// its parameters are percent-decoded, so they may contain any byte.
///
/// Threading: register first; then handle() may run on any number of threads, and so do handlers.
class RequestRouter : private httplib::Server {
 public:
  using RouteHandler = httplib::Server::Handler;

  RequestRouter();

  /// `pattern` is a literal path whose segments may be parameters: "/v1/accounts/:id". A parameter
  /// stands for one non-empty segment. GET also answers HEAD. The first match in order of
  /// registration wins.
  void get(const std::string& pattern, RouteHandler handler);
  void post(const std::string& pattern, RouteHandler handler);
  void put(const std::string& pattern, RouteHandler handler);
  void patch(const std::string& pattern, RouteHandler handler);
  void del(const std::string& pattern, RouteHandler handler);

  /// The routes registered, in order, as "GET /v1/accounts/:id".
  [[nodiscard]] std::vector<std::string> route_names() const;

  /// Does not throw, but for want of memory.
  Response handle(const InboundRequest& request);

 private:
  using Register = httplib::Server& (httplib::Server::*)(const std::string&, RouteHandler);
  struct Route {
    std::string_view method;
    std::string pattern;
  };

  void add(Register add_route, std::string_view method, const std::string& pattern,
           RouteHandler handler);
  /// The value of `Allow` for a path, empty if no route has it.
  std::string allowed_methods(std::string_view path) const;
  Problem unrouted(const httplib::Request& request, httplib::Response& response) const;
  void explain_error(const httplib::Request& request, httplib::Response& response) const;
  Response run(const InboundRequest& request);
  /// For methods that the library does not know, and would call malformed.
  Response answer_unknown_method(std::string_view path) const;

  std::vector<Route> routes_;
};

}  // namespace ledgerd::http
