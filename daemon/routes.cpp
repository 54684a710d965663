#include "routes.h"

#include <array>
#include <charconv>
#include <chrono>
#include <memory>
#include <span>
#include <utility>
#include <variant>

#include "http/httplib_adapter.h"
#include "http/request_head.h"
#include "idempotency_key.h"
#include "request_id.h"

namespace ledgerd {
namespace {

using Out = httplib::Response&;
using In = const httplib::Request&;
using Names = std::span<const std::string_view>;

/// A route of /v1 that keeps nothing between requests.
struct PlainRoute {
  void (http::RequestRouter::*add)(const std::string&, http::RequestRouter::RouteHandler);
  const char* pattern;
  Reply (*answer)(ledger::Ledger&, Logger&, const Request&);
  /// The parameters that its query may have.
  std::vector<std::string_view> parameters{};
};

const std::vector<PlainRoute>& plain_routes() {
  using R = http::RequestRouter;
  static const std::vector<PlainRoute> routes = {
      {&R::post, "/v1/accounts", create_account},
      {&R::get, "/v1/accounts", list_accounts, {"reference", "after", "limit"}},
      {&R::get, "/v1/accounts/:id", get_account},
      {&R::patch, "/v1/accounts/:id", change_account},
      {&R::get,
       "/v1/accounts/:id/statement",
       get_statement,
       {"order", "limit", "cursor", "from", "to"}},
      {&R::get, "/v1/accounts/:id/balance", get_balance, {"at"}},
      {&R::post, "/v1/transfers", post_transfer},
      {&R::get,
       "/v1/transfers",
       list_transfers,
       {"key", "reference", "after", "account", "kind", "from", "to", "limit", "cursor"}},
      {&R::get, "/v1/transfers/:id", get_transfer},
      {&R::post, "/v1/transfers/:id/reverse", post_reversal},
      {&R::post, "/v1/holds", post_hold},
      {&R::post, "/v1/holds/:id/capture", post_capture},
      {&R::post, "/v1/holds/:id/void", post_void},
      {&R::get, "/v1/trial-balance", get_trial_balance},
  };
  return routes;
}

constexpr std::array<std::string_view, 1> kBatchParameters = {"atomic"};

/// The routes' state, and the table of them.
class Router {
 public:
  Router(ledger::Ledger& ledger, Logger& logger, Chaos* chaos, const BatchLimits& batches)
      : logger_(logger), transfer_(ledger, logger, chaos), batch_(ledger, logger, batches) {
    add_routes(ledger);
  }

  http::Response handle(const http::InboundRequest& request);
  [[nodiscard]] std::vector<std::string> names() const { return router_.route_names(); }

 private:
  void add_routes(ledger::Ledger& ledger);

  Logger& logger_;
  TransferRoute transfer_;
  BatchRoute batch_;
  http::RequestRouter router_;
};

std::vector<std::string> values_of(In request, const std::string& name) {
  std::vector<std::string> values;
  for (std::size_t i = 0; i < request.get_header_value_count(name); ++i) {
    values.push_back(request.get_header_value(name, "", i));
  }
  return values;
}

Request to_request(In request) {
  const auto id = request.path_params.find("id");
  return {.body = request.body,
          .idempotency_keys = values_of(request, std::string(kIdempotencyKeyHeader)),
          .chaos = values_of(request, std::string(kChaosHeader)),
          .if_match = values_of(request, "If-Match"),
          .if_none_match = values_of(request, "If-None-Match"),
          .content_type = request.get_header_value("Content-Type"),
          .id = id == request.path_params.end() ? std::string_view() : id->second};
}

void send(Reply reply, Out response) {
  response.status = reply.status;
  for (const auto& [name, value] : reply.headers)
    response.set_header(name, value);
  if (reply.status == 304) return;
  response.set_content(std::move(reply.body), reply.content_type);
}

/// Answers with `answer` once the query has been found in order.
template <class Answer>
void serve(In in, Out out, Names parameters, Answer answer) {
  auto query = Query::parse(in.target, parameters);
  if (const auto* error = std::get_if<ApiError>(&query)) return send(problem_reply(*error), out);
  Request request = to_request(in);
  request.query = std::get<Query>(std::move(query));
  send(answer(request), out);
}

void Router::add_routes(ledger::Ledger& ledger) {
  router_.post("/transfer", [this](In in, Out out) { send(transfer_.post(to_request(in)), out); });
  router_.post(std::string(kBatchPath), [this](In in, Out out) {
    serve(in, out, kBatchParameters,
          [this](const Request& request) { return batch_.post(request); });
  });
  for (const PlainRoute& route : plain_routes()) {
    (router_.*route.add)(route.pattern, [&ledger, &route, this](In in, Out out) {
      serve(in, out, route.parameters, [&ledger, &route, this](const Request& request) {
        return route.answer(ledger, logger_, request);
      });
    });
  }
  router_.get("/healthz", [](In, Out out) { send(get_health(), out); });
  router_.get("/readyz", [&ledger, this](In, Out out) { send(get_ready(ledger, logger_), out); });
  router_.get("/openapi.json", [](In, Out out) { send(get_openapi(), out); });
}

/// The text between `begin` and the next `end`, empty if it is not there.
std::string_view between(std::string_view text, std::string_view begin, char end) {
  const auto at = text.find(begin);
  if (at == std::string_view::npos) return {};
  const auto rest = text.substr(at + begin.size());
  return rest.substr(0, rest.find(end));
}

/// Status and code are read off the response, so that the log says what the client was told, by
/// whichever layer.
void log_request(Logger& logger, const http::InboundRequest& request, std::string_view response,
                 std::string_view id, std::chrono::steady_clock::duration duration) {
  const auto [method, path] = http::read_request_line(request.head);
  int status = 0;
  const auto digits = between(response, " ", ' ');
  std::from_chars(digits.data(), digits.data() + digits.size(), status);
  const auto code = status < 400 ? std::string_view() : between(response, R"("code":")", '"');
  const auto micros = std::chrono::duration_cast<std::chrono::microseconds>(duration).count();
  logger.debug("request", {{"method", method},
                           {"path", path},
                           {"status", status},
                           {"duration_us", micros},
                           {"request_id", id},
                           {"code", code}});
}

http::Response Router::handle(const http::InboundRequest& request) {
  const auto start = std::chrono::steady_clock::now();
  const std::string id = request_id(request.head);
  http::Response response = router_.handle(request);
  add_request_id(response.bytes, id);
  if (logger_.enabled(LogLevel::debug)) {
    log_request(logger_, request, response.bytes, id, std::chrono::steady_clock::now() - start);
  }
  return response;
}

}  // namespace

http::Handler make_handler(ledger::Ledger& ledger, Logger& logger, Chaos* chaos,
                           const BatchLimits& batches) {
  auto router = std::make_shared<Router>(ledger, logger, chaos, batches);
  return [router](const http::InboundRequest& request) { return router->handle(request); };
}

std::vector<std::string> route_names(ledger::Ledger& ledger, Logger& logger) {
  return Router(ledger, logger, nullptr, {}).names();
}

}  // namespace ledgerd
