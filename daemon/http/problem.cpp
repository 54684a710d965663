#include "http/problem.h"

namespace ledgerd::http {
namespace {

/// Codes and details are our own literals, so quotes and backslashes are all that can need it.
void append_json_string(std::string& out, std::string_view text) {
  out += '"';
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c;
  }
  out += '"';
}

}  // namespace

std::string_view reason_phrase(int status) {
  switch (status) {
    case 400:
      return "Bad Request";
    case 404:
      return "Not Found";
    case 405:
      return "Method Not Allowed";
    case 408:
      return "Request Timeout";
    case 413:
      return "Content Too Large";
    case 414:
      return "URI Too Long";
    case 415:
      return "Unsupported Media Type";
    case 417:
      return "Expectation Failed";
    case 431:
      return "Request Header Fields Too Large";
    case 500:
      return "Internal Server Error";
    case 501:
      return "Not Implemented";
    case 503:
      return "Service Unavailable";
    default:
      return "Error";
  }
}

std::string problem_body(const Problem& problem) {
  std::string body = R"({"type":)";
  append_json_string(body, std::string(kProblemTypePrefix).append(problem.code));
  body += R"(,"title":)";
  append_json_string(body, problem.title.empty() ? reason_phrase(problem.status) : problem.title);
  body += R"(,"status":)";
  body += std::to_string(problem.status);
  body += R"(,"code":)";
  append_json_string(body, problem.code);
  body += R"(,"detail":)";
  append_json_string(body, problem.detail);
  body += '}';
  return body;
}

std::string problem_response(const Problem& problem, std::initializer_list<Header> extra) {
  const std::string body = problem_body(problem);
  std::string response = "HTTP/1.1 " + std::to_string(problem.status) + ' ';
  response += reason_phrase(problem.status);
  response += "\r\nConnection: close\r\nContent-Type: ";
  response += kProblemContentType;
  response += "\r\nContent-Length: " + std::to_string(body.size());
  for (const auto& [name, value] : extra) {
    response += "\r\n";
    response += name;
    response += ": ";
    response += value;
  }
  response += "\r\n\r\n";
  response += body;
  return response;
}

}  // namespace ledgerd::http
