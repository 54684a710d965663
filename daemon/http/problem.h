// RFC 9457 problem details: the body of every error that the HTTP layer itself answers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace ledgerd::http {

/// One cause of refusal. `code` is permanent: clients match on it. Both texts must be literals or
/// outlive the problem; neither ever carries input of the client or text of an exception.
struct Problem {
  int status = 500;
  std::string_view code;
  std::string_view detail;
};

inline constexpr std::string_view kProblemContentType = "application/problem+json";

/// The reason phrase that belongs to `status`, "Error" for one this daemon never sends.
std::string_view reason_phrase(int status);

/// {"type":"about:blank","title":…,"status":…,"code":…,"detail":…}
std::string problem_body(const Problem& problem);

struct Header {
  std::string_view name;
  std::string_view value;
};

/// A whole response, ready to send. It always announces `Connection: close`: it is sent where the
/// request was not understood, or not looked at closely enough to know whether it was a HEAD.
std::string problem_response(const Problem& problem, std::initializer_list<Header> extra = {});

}  // namespace ledgerd::http
