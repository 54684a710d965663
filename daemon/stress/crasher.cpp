#include "stress/crasher.h"

#include <chrono>
#include <cstdlib>
#include <random>

#include <fmt/format.h>

#include "http/httplib_client.h"

namespace ledgerd::stress {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds kPoll{20};

bool await_ready(const std::string& url, std::chrono::milliseconds patience) {
  http::Client client(url, {.connect = std::chrono::seconds(1), .answer = std::chrono::seconds(2)});
  const auto deadline = Clock::now() + patience;
  for (;;) {
    const auto answer = client.get("/readyz");
    if (answer && answer->status == 200) return true;
    if (Clock::now() >= deadline) return false;
    std::this_thread::sleep_for(kPoll);
  }
}

}  // namespace

bool await_ready(const Options& options, std::string& problem) {
  for (const std::string& url : options.urls) {
    if (await_ready(url, options.patience)) continue;
    problem = fmt::format("{} is not ready after {:.1f} s", url,
                          std::chrono::duration<double>(options.patience).count());
    return false;
  }
  return true;
}

Crasher::~Crasher() { stop(); }

void Crasher::start() {
  if (!options_.crash_commands.empty()) thread_ = std::thread([this] { serve(); });
}

void Crasher::stop() {
  stopping_ = true;
  if (thread_.joinable()) thread_.join();
}

void Crasher::serve() {
  std::mt19937_64 random(options_.seed);
  std::uniform_int_distribution<std::size_t> server(0, options_.crash_commands.size() - 1);
  std::uniform_real_distribution<double> share(0.5, 1.5);
  for (;;) {
    const auto next = Clock::now() + options_.crash_every * share(random);
    while (!stopping_ && Clock::now() < next)
      std::this_thread::sleep_for(kPoll);
    if (stopping_ || !crash(server(random))) return;
  }
}

bool Crasher::crash(std::size_t server) {
  const std::string* commands[] = {&options_.crash_commands[server],
                                   &options_.restart_commands[server]};
  for (const std::string* command : commands) {
    const int status = std::system(command->c_str());  // NOLINT: running a shell is the point
    if (status == 0) continue;
    problem_ = fmt::format("this command failed: {}", *command);
    return false;
  }
  ++crashes_;
  return await_ready(options_, problem_);
}

}  // namespace ledgerd::stress
