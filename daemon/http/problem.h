// RFC 9457 problem details: the body of every error that the HTTP layer itself answers.
#pragma once

#include <initializer_list>
#include <string>
#include <string_view>

namespace ledgerd::http {

/// One cause of refusal. `code` is permanent: clients match on it. All texts must be literals or
/// outlive the problem; none ever carries input of the client or text of an exception.
struct Problem {
  int status = 500;
  std::string_view code;
  std::string_view detail;
  /// The same wherever the code is used. Empty: the status's reason phrase.
  std::string_view title{};
};

inline constexpr std::string_view kProblemContentType = "application/problem+json";
/// Before the code: the problem's `type`, a name that leads nowhere.
inline constexpr std::string_view kProblemTypePrefix = "urn:libledger:problem:";

/// The reason phrase that belongs to `status`, "Error" for one this daemon never sends.
std::string_view reason_phrase(int status);

/// {"type":"urn:libledger:problem:CODE","title":…,"status":…,"code":CODE,"detail":…}
std::string problem_body(const Problem& problem);

struct Header {
  std::string_view name;
  std::string_view value;
};

/// A whole response, ready to send. It always announces `Connection: close`: it is sent where the
/// request was not understood, or not looked at closely enough to know whether it was a HEAD.
std::string problem_response(const Problem& problem, std::initializer_list<Header> extra = {});

}  // namespace ledgerd::http
