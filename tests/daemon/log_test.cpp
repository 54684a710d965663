#include "log.h"

#include <doctest/doctest.h>
#include <simdjson.h>
#include <unistd.h>

#include <array>
#include <string>
#include <thread>
#include <vector>

#include "json_writer.h"
#include "rfc3339.h"

namespace ledgerd {
namespace {

constexpr ledger::Timestamp kTime{std::chrono::microseconds(1'767'323'045'000'006)};

std::string line(LogFormat format, std::string_view message,
                 std::initializer_list<LogField> fields = {}) {
  return format_log_line(format, kTime, LogLevel::info, message, fields);
}

/// What a logger wrote to a pipe.
class Pipe {
 public:
  Pipe() { REQUIRE(pipe(fds_.data()) == 0); }
  ~Pipe() { close(fds_[0]); }
  Pipe(const Pipe&) = delete;
  Pipe& operator=(const Pipe&) = delete;

  int write_end() const { return fds_[1]; }
  std::string read_all() {
    close(fds_[1]);
    std::string all;
    std::array<char, 4096> chunk{};
    for (ssize_t n = 0; (n = read(fds_[0], chunk.data(), chunk.size())) > 0;) {
      all.append(chunk.data(), static_cast<std::size_t>(n));
    }
    return all;
  }

 private:
  std::array<int, 2> fds_{};
};

TEST_CASE("a text line has time, level, message and fields") {
  CHECK(line(LogFormat::text, "request", {{"method", "GET"}, {"status", 200}, {"note", "a b"}}) ==
        "2026-01-02T03:04:05.000006Z info request method=GET status=200 note=\"a b\"\n");
}

TEST_CASE("a JSON line has time, level, message and fields") {
  CHECK(line(LogFormat::json, "request", {{"method", "GET"}, {"status", 200}}) ==
        R"({"ts":"2026-01-02T03:04:05.000006Z","level":"info","msg":"request","method":"GET",)"
        "\"status\":200}\n");
}

TEST_CASE("time before 1970 and the last microsecond of a day are written right") {
  CHECK(rfc3339(ledger::Timestamp{std::chrono::microseconds(-1)}) == "1969-12-31T23:59:59.999999Z");
  CHECK(rfc3339(ledger::Timestamp{}) == "1970-01-01T00:00:00.000000Z");
}

TEST_CASE("what a client sends cannot forge a line or command a terminal") {
  const std::string hostile = "a\r\nforged \x1b[31m \x7f \xc2\x9b end";
  for (const LogFormat format : {LogFormat::text, LogFormat::json}) {
    const std::string written = line(format, hostile, {{"path", hostile}, {"bare", "x\ny"}});
    CAPTURE(written);
    CHECK(written.find('\n') == written.size() - 1);
    CHECK(written.find('\r') == std::string::npos);
    CHECK(written.find('\x1b') == std::string::npos);
    CHECK(written.find('\x7f') == std::string::npos);
    CHECK(written.find('\x9b') == std::string::npos);
    CHECK(written.find("\\u000a") != std::string::npos);
  }
}

TEST_CASE("a text value that could be taken for another field is quoted") {
  CHECK(line(LogFormat::text, "m", {{"a", "1 b=2"}, {"empty", ""}, {"q", "say \"x\""}})
            .ends_with(R"(m a="1 b=2" empty="" q="say \"x\"")"
                       "\n"));
}

TEST_CASE("a JSON string is valid JSON whatever bytes come in") {
  std::string all_bytes;
  for (int byte = 0; byte < 256; ++byte)
    all_bytes += static_cast<char>(byte);
  const std::string hostile[] = {all_bytes,
                                 "\xe2\x82",
                                 "\xed\xa0\x80",
                                 "\xf8\x88\x80\x80\x80",
                                 "\xc0\xaf",
                                 "\xf4\x90\x80\x80",
                                 "caf\xc3\xa9 \xf0\x9f\x92\xb6",
                                 ""};
  for (const std::string& bytes : hostile) {
    simdjson::dom::parser parser;
    const std::string document = '[' + json_string(bytes) + ']';
    CAPTURE(document);
    CHECK(parser.parse(document).error() == simdjson::SUCCESS);
  }
  CHECK(json_string("caf\xc3\xa9 \xf0\x9f\x92\xb6") == "\"caf\xc3\xa9 \xf0\x9f\x92\xb6\"");
  CHECK(json_string("\xc0\xaf") == R"("\ufffd\ufffd")");
  CHECK(json_string("\"\\\n") == R"("\"\\\u000a")");
}

TEST_CASE("a logger writes its own level and what is more important") {
  Pipe pipe;
  Logger logger(LogLevel::warn, LogFormat::text, pipe.write_end());
  logger.debug("no");
  logger.info("no");
  logger.warn("yes");
  logger.error("yes");
  const std::string written = pipe.read_all();
  CHECK(written.find("no") == std::string::npos);
  CHECK(written.find(" warn yes\n") != std::string::npos);
  CHECK(written.find(" error yes\n") != std::string::npos);
}

TEST_CASE("lines of several threads never mix") {
  Pipe pipe;
  constexpr int kThreads = 4;
  constexpr int kLines = 50;
  {
    Logger logger(LogLevel::info, LogFormat::json, pipe.write_end());
    std::vector<std::thread> threads;
    threads.reserve(kThreads);
    for (int i = 0; i < kThreads; ++i) {
      threads.emplace_back([&logger] {
        for (int n = 0; n < kLines; ++n)
          logger.info("together", {{"n", n}});
      });
    }
    for (std::thread& thread : threads)
      thread.join();
  }
  const std::string written = pipe.read_all();
  int lines = 0;
  for (std::size_t at = 0; at < written.size(); ++lines) {
    const auto end = written.find('\n', at);
    REQUIRE(end != std::string::npos);
    simdjson::dom::parser parser;
    CHECK(parser.parse(written.substr(at, end - at)).error() == simdjson::SUCCESS);
    at = end + 1;
  }
  CHECK(lines == kThreads * kLines);
}

TEST_CASE("levels and formats are read by name") {
  CHECK(parse_log_level("debug") == LogLevel::debug);
  CHECK(parse_log_level("error") == LogLevel::error);
  CHECK(!parse_log_level("DEBUG"));
  CHECK(!parse_log_level(""));
  CHECK(parse_log_format("json") == LogFormat::json);
  CHECK(!parse_log_format("xml"));
}

}  // namespace
}  // namespace ledgerd
