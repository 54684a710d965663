#include "http/httplib_adapter.h"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

#include "http/request_head.h"

namespace ledgerd::http {
namespace {

// The version is "0x" and three bytes in hexadecimal. The preprocessor cannot read a string.
constexpr bool at_least_0_41(std::string_view hex) { return hex >= "0x002900"; }
static_assert(at_least_0_41(CPPHTTPLIB_VERSION_NUM), "cpp-httplib 0.41 or newer is required");

constexpr Problem kNotFound{404, "not_found", "There is nothing at this path."};
constexpr Problem kMethodNotAllowed{405, "method_not_allowed",
                                    "This path does not support the method; see Allow."};
constexpr Problem kNotImplemented{501, "method_not_implemented", "The method is not supported."};
constexpr Problem kInternalError{500, "internal_error", "The server failed to answer."};

constexpr std::string_view kNoAnswerLine = "HTTP/1.1 444 ";
static_assert(kNoAnswer == 444);

constexpr std::array<std::string_view, 7> kKnownMethods = {"GET",    "HEAD",    "POST", "PUT",
                                                           "DELETE", "OPTIONS", "PATCH"};

/// One request's bytes to read, and its response's bytes in one piece.
class MemoryStream final : public httplib::Stream {
 public:
  MemoryStream(std::string_view head, std::string_view body) : parts_{head, body} {}

  std::string take_output() { return std::move(output_); }

  bool is_readable() const override { return !parts_[0].empty() || !parts_[1].empty(); }
  bool wait_readable() const override { return true; }
  bool wait_writable() const override { return true; }

  ssize_t read(char* out, size_t size) override {
    std::string_view& part = parts_[0].empty() ? parts_[1] : parts_[0];
    const size_t n = part.copy(out, size);
    part.remove_prefix(n);
    return static_cast<ssize_t>(n);
  }

  ssize_t write(const char* data, size_t size) override {
    output_.append(data, size);
    return static_cast<ssize_t>(size);
  }

  void get_remote_ip_and_port(std::string&, int&) const override {}
  void get_local_ip_and_port(std::string&, int&) const override {}
  socket_t socket() const override { return INVALID_SOCKET; }
  time_t duration() const override { return 0; }

 private:
  std::array<std::string_view, 2> parts_;
  std::string output_;
};

std::string_view take_segment(std::string_view& path) {
  const auto slash = path.find('/', 1);
  const auto segment = path.substr(0, slash);
  path.remove_prefix(segment.size());
  return segment;
}

/// Stricter than the library, for which "/v1/accounts/:id" has "/v1/accounts/" and
/// "/v1/accounts/7/" as well.
bool matches(std::string_view pattern, std::string_view path) {
  while (!pattern.empty() && !path.empty()) {
    const auto expected = take_segment(pattern);
    const auto segment = take_segment(path);
    const bool parameter = expected.starts_with("/:") && segment.size() > 1;
    if (!parameter && segment != expected) return false;
  }
  return pattern.empty() && path.empty();
}

/// A pattern without parameters is a regular expression to the library.
std::string as_library_pattern(const std::string& pattern) {
  if (pattern.find("/:") != std::string::npos) return pattern;
  std::string escaped;
  for (const char c : pattern) {
    if (std::string_view(R"(\^$.|?*+()[]{})").find(c) != std::string_view::npos) escaped += '\\';
    escaped += c;
  }
  return escaped;
}

/// For statuses that come without an explanation.
std::string_view generic_code(int status) {
  switch (status) {
    case 400:
      return "malformed_request";
    case 404:
      return "not_found";
    case 413:
      return "body_too_large";
    case 500:
      return "internal_error";
    default:
      return "error";
  }
}

void set_problem(httplib::Response& response, const Problem& problem) {
  response.status = problem.status;
  response.set_content(problem_body(problem), std::string(kProblemContentType));
}

/// The library closes the connection after every error and advertises limits of its own; here the
/// framer alone has decided whether the connection ends. A 304 has no body, and the length of the
/// one it stands for is not known: it must not say 0 (RFC 9110, 8.6).
void settle_headers(const httplib::Request& request, httplib::Response& response) {
  response.headers.erase("Keep-Alive");
  response.headers.erase("Accept-Ranges");
  response.headers.erase("Connection");
  if (response.status == 304) response.headers.erase("Content-Length");
  if (request.get_header_value("Connection") == "close") response.set_header("Connection", "close");
}

}  // namespace

RequestRouter::RequestRouter() {
  set_payload_max_length(std::numeric_limits<size_t>::max());
  set_error_handler([this](const httplib::Request& request, httplib::Response& response) {
    explain_error(request, response);
  });
  set_exception_handler(
      [](const httplib::Request&, httplib::Response& response, const std::exception_ptr&) {
        response = httplib::Response();
        set_problem(response, kInternalError);
      });
  set_post_routing_handler(settle_headers);
}

void RequestRouter::get(const std::string& pattern, RouteHandler handler) {
  add(&httplib::Server::Get, "GET", pattern, std::move(handler));
}

void RequestRouter::post(const std::string& pattern, RouteHandler handler) {
  add(&httplib::Server::Post, "POST", pattern, std::move(handler));
}

void RequestRouter::put(const std::string& pattern, RouteHandler handler) {
  add(&httplib::Server::Put, "PUT", pattern, std::move(handler));
}

void RequestRouter::patch(const std::string& pattern, RouteHandler handler) {
  add(&httplib::Server::Patch, "PATCH", pattern, std::move(handler));
}

void RequestRouter::del(const std::string& pattern, RouteHandler handler) {
  add(&httplib::Server::Delete, "DELETE", pattern, std::move(handler));
}

void RequestRouter::add(Register add_route, std::string_view method, const std::string& pattern,
                        RouteHandler handler) {
  routes_.push_back({method, pattern});
  (this->*add_route)(as_library_pattern(pattern),
                     [pattern, handler = std::move(handler)](const httplib::Request& request,
                                                             httplib::Response& response) {
                       if (!matches(pattern, request.path)) {
                         set_problem(response, kNotFound);
                         return;
                       }
                       handler(request, response);
                     });
}

std::vector<std::string> RequestRouter::route_names() const {
  std::vector<std::string> names;
  names.reserve(routes_.size());
  for (const Route& route : routes_)
    names.push_back(std::string(route.method) + ' ' + route.pattern);
  return names;
}

Response RequestRouter::handle(const InboundRequest& request) {
  const auto [method, path] = read_request_line(request.head);
  if (std::find(kKnownMethods.begin(), kKnownMethods.end(), method) == kKnownMethods.end()) {
    return answer_unknown_method(path);
  }
  try {
    return run(request);
  } catch (...) {
    return {problem_response(kInternalError), true};
  }
}

Response RequestRouter::run(const InboundRequest& request) {
  const std::string head = rewrite_head(request.head, request.close);
  MemoryStream stream(head, request.body);
  bool ignored_closed = false;
  process_request(stream, request.peer.address, request.peer.port, "", 0, request.close,
                  ignored_closed, nullptr);
  std::string bytes = stream.take_output();
  if (bytes.starts_with(kNoAnswerLine)) return {{}, true};
  if (bytes.empty()) return {problem_response(kInternalError), true};
  return {std::move(bytes), request.close};
}

Response RequestRouter::answer_unknown_method(std::string_view path) const {
  const std::string allow = allowed_methods(path);
  if (allow.empty()) return {problem_response(kNotImplemented), true};
  return {problem_response(kMethodNotAllowed, {{"Allow", allow}}), true};
}

std::string RequestRouter::allowed_methods(std::string_view path) const {
  std::string allow;
  for (const Route& route : routes_) {
    const bool known = allow.find(route.method) != std::string::npos;
    if (known || !matches(route.pattern, path)) continue;
    if (!allow.empty()) allow += ", ";
    allow += route.method;
    if (route.method == "GET") allow += ", HEAD";
  }
  return allow;
}

Problem RequestRouter::unrouted(const httplib::Request& request,
                                httplib::Response& response) const {
  const std::string allow = allowed_methods(request.path);
  if (allow.empty()) return kNotFound;
  response.set_header("Allow", allow);
  return kMethodNotAllowed;
}

void RequestRouter::explain_error(const httplib::Request& request,
                                  httplib::Response& response) const {
  if (!response.body.empty()) return;
  if (request.matched_route.empty() && response.status == 404) {
    set_problem(response, unrouted(request, response));
    return;
  }
  set_problem(response,
              {response.status, generic_code(response.status), reason_phrase(response.status)});
}

}  // namespace ledgerd::http
