#include "routes.h"

#include <charconv>
#include <chrono>
#include <memory>

#include "http/httplib_adapter.h"
#include "http/request_head.h"
#include "idempotency_key.h"
#include "request_id.h"

namespace ledgerd {
namespace {

/// The routes' state, and the table of them.
class Router {
 public:
  Router(ledger::Ledger& ledger, Logger& logger, Chaos* chaos)
      : logger_(logger), transfer_(ledger, logger, chaos) {
    add_routes(ledger);
  }

  http::Response handle(const http::InboundRequest& request);

 private:
  void add_routes(ledger::Ledger& ledger);

  Logger& logger_;
  TransferRoute transfer_;
  http::RequestRouter router_;
};

std::vector<std::string> values_of(const httplib::Request& request, std::string_view name) {
  const std::string header(name);
  std::vector<std::string> values;
  for (std::size_t i = 0; i < request.get_header_value_count(header); ++i) {
    values.push_back(request.get_header_value(header, "", i));
  }
  return values;
}

Request to_request(const httplib::Request& request) {
  return {.body = request.body,
          .idempotency_keys = values_of(request, kIdempotencyKeyHeader),
          .chaos = values_of(request, kChaosHeader)};
}

void send(const Reply& reply, httplib::Response& response) {
  response.status = reply.status;
  for (const auto& [name, value] : reply.headers)
    response.set_header(name, value);
  response.set_content(reply.body, reply.content_type);
}

void Router::add_routes(ledger::Ledger& ledger) {
  using In = const httplib::Request&;
  using Out = httplib::Response&;
  router_.post("/transfer", [this](In in, Out out) { send(transfer_.post(to_request(in)), out); });
  router_.post("/v1/accounts", [&ledger, this](In in, Out out) {
    send(create_account(ledger, logger_, to_request(in)), out);
  });
  router_.get("/v1/accounts/:id", [&ledger, this](In in, Out out) {
    send(get_account(ledger, logger_, in.path_params.at("id")), out);
  });
  router_.get("/healthz", [](In, Out out) { send(get_health(), out); });
  router_.get("/readyz", [&ledger, this](In, Out out) { send(get_ready(ledger, logger_), out); });
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

http::Handler make_handler(ledger::Ledger& ledger, Logger& logger, Chaos* chaos) {
  auto router = std::make_shared<Router>(ledger, logger, chaos);
  return [router](const http::InboundRequest& request) { return router->handle(request); };
}

}  // namespace ledgerd
