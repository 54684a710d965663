#include "http/httplib_client.h"

#include <utility>

#include "http/ascii.h"
#include "http/httplib_adapter.h"

namespace ledgerd::http {
namespace {

std::optional<Answer> to_answer(httplib::Result result) {
  if (!result) return std::nullopt;
  return Answer{.status = result->status,
                .headers = {result->headers.begin(), result->headers.end()},
                .body = std::move(result->body)};
}

}  // namespace

std::string_view Answer::header(std::string_view name) const {
  for (const auto& [line_name, value] : headers) {
    if (equals_ignoring_case(line_name, name)) return value;
  }
  return {};
}

class Client::Connection {
 public:
  Connection(const std::string& url, const ClientTimeouts& timeouts) : client(url) {
    client.set_keep_alive(true);
    client.set_tcp_nodelay(true);
    client.set_connection_timeout(timeouts.connect);
    client.set_read_timeout(timeouts.answer);
    client.set_write_timeout(timeouts.answer);
  }

  httplib::Client client;
};

Client::Client(const std::string& url, const ClientTimeouts& timeouts)
    : connection_(std::make_unique<Connection>(url, timeouts)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;

std::optional<Answer> Client::get(const std::string& path) {
  return to_answer(connection_->client.Get(path));
}

std::optional<Answer> Client::post(const std::string& path, const HeaderLines& headers,
                                   const std::string& body) {
  return to_answer(connection_->client.Post(path, httplib::Headers(headers.begin(), headers.end()),
                                            body, "application/json"));
}

}  // namespace ledgerd::http
