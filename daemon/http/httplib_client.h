// A client for one server, over one connection that is kept.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace ledgerd::http {

using HeaderLines = std::vector<std::pair<std::string, std::string>>;

struct ClientTimeouts {
  std::chrono::milliseconds connect{1'000};
  /// Between two bytes of a response, and for a request to be taken.
  std::chrono::milliseconds answer{5'000};
};

struct Answer {
  int status = 0;
  HeaderLines headers{};
  std::string body{};

  /// The first header of that name; empty if there is none.
  [[nodiscard]] std::string_view header(std::string_view name) const;
};

/// Connects when it is first used, and anew after the connection was lost. Not thread-safe.
class Client {
 public:
  /// `url` is http://host:port.
  Client(const std::string& url, const ClientTimeouts& timeouts);
  ~Client();
  Client(Client&&) noexcept;
  Client& operator=(Client&&) = delete;

  /// Nothing if no whole response came: a POST may or may not have been obeyed then.
  std::optional<Answer> get(const std::string& path);
  std::optional<Answer> post(const std::string& path, const HeaderLines& headers,
                             const std::string& body);

 private:
  class Connection;
  std::unique_ptr<Connection> connection_;
};

}  // namespace ledgerd::http
