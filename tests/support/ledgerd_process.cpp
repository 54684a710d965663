#include "support/ledgerd_process.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <csignal>
#include <cstdlib>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <string_view>

extern char** environ;  // NOLINT: POSIX gives it no header

namespace ledgerd::testing {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

bool configures_ledgerd(std::string_view entry) {
  return entry.starts_with("LEDGER_") || entry.starts_with("DB_URL=") ||
         entry.starts_with("REDIS_ADDR=") || entry.starts_with("CHAOS_MODE=");
}

std::vector<std::string> child_environment(const Variables& variables) {
  std::vector<std::string> entries;
  for (char** entry = environ; *entry != nullptr; ++entry) {
    const std::string_view text(*entry);
    const bool replaced = variables.contains(std::string(text.substr(0, text.find('='))));
    if (!replaced && !configures_ledgerd(text)) entries.emplace_back(text);
  }
  for (const auto& [name, value] : variables) {
    entries.push_back(name);
    entries.back().append("=").append(value);
  }
  return entries;
}

std::vector<char*> pointers_to(std::vector<std::string>& strings) {
  std::vector<char*> pointers;
  pointers.reserve(strings.size() + 1);
  for (std::string& text : strings)
    pointers.push_back(text.data());
  pointers.push_back(nullptr);
  return pointers;
}

/// In the child, between fork and exec: nothing that allocates or locks.
[[noreturn]] void become_ledgerd(const char* folder, const char* out, const char* err, char** argv,
                                 char** envp) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int flags = O_WRONLY | O_CREAT | O_TRUNC;
  const int out_fd = open(out, flags, 0600);
  const int err_fd = open(err, flags, 0600);
  const bool ready =
      dup2(out_fd, STDOUT_FILENO) >= 0 && dup2(err_fd, STDERR_FILENO) >= 0 && chdir(folder) == 0;
  if (ready) execve(argv[0], argv, envp);
  _exit(127);
}

}  // namespace

LedgerdRun::LedgerdRun(const std::string& folder, const Arguments& arguments,
                       const Variables& variables) {
  static std::atomic<int> runs{0};
  const std::string name = std::to_string(++runs);
  out_path_ = folder + "/out." + name;
  err_path_ = folder + "/err." + name;
  std::vector<std::string> words = {LEDGERD_BINARY};
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<std::string> entries = child_environment(variables);
  std::vector<char*> argv = pointers_to(words);
  std::vector<char*> envp = pointers_to(entries);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) {
    become_ledgerd(folder.c_str(), out_path_.c_str(), err_path_.c_str(), argv.data(), envp.data());
  }
}

LedgerdRun::~LedgerdRun() {
  if (exit_code_) return;
  send_signal(SIGKILL);
  wait();
}

void LedgerdRun::send_signal(int signal) const {
  if (!exit_code_) kill(pid_, signal);
}

std::optional<Ended> LedgerdRun::wait(std::chrono::milliseconds timeout) {
  const auto ended = [this] {
    int status = 0;
    if (exit_code_ || waitpid(pid_, &status, WNOHANG) != pid_) return exit_code_.has_value();
    exit_code_ = WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
    return true;
  };
  if (!ledger::testing::wait_until(ended, timeout)) return std::nullopt;
  return Ended{*exit_code_, out(), err()};
}

std::string LedgerdRun::out() const { return read_file(out_path_); }

std::string LedgerdRun::err() const { return read_file(err_path_); }

Ended run_ledgerd(const std::string& folder, const Arguments& arguments,
                  const Variables& variables) {
  LedgerdRun run(folder, arguments, variables);
  return run.wait().value_or(Ended{});
}

LedgerdProcess::LedgerdProcess(Arguments arguments, Variables variables)
    : arguments_(std::move(arguments)), variables_(std::move(variables)) {
  for (int attempts = 0; attempts < 10; ++attempts) {
    port_ = ledger::testing::unused_port();
    if (start()) return;
  }
  throw std::runtime_error("every port is taken: " + run_->err());
}

bool LedgerdProcess::start() {
  Arguments arguments = arguments_;
  arguments.insert(arguments.end(), {"--listen", "127.0.0.1:" + std::to_string(port_)});
  run_ = std::make_unique<LedgerdRun>(folder_.path(), arguments, variables_);
  // Its own word first: whoever else took the port would answer /healthz just as well.
  const auto has_settled = [this] {
    const bool listening = run_->err().find("listening on http://") != std::string::npos;
    return (listening && is_alive()) || run_->wait(std::chrono::milliseconds(0)).has_value();
  };
  const bool settled = ledger::testing::wait_until(has_settled, kPatience);
  if (settled && !run_->wait(std::chrono::milliseconds(0))) return true;
  if (run_->err().find("cannot listen") != std::string::npos) return false;
  throw std::runtime_error("ledgerd did not start: " + run_->err());
}

void LedgerdProcess::kill_hard() {
  run_->send_signal(SIGKILL);
  run_->wait();
}

void LedgerdProcess::restart() {
  if (!start()) throw std::runtime_error("the port was taken in between: " + run_->err());
}

bool LedgerdProcess::is_alive() const {
  const auto response = ask(port_, "GET", "/healthz");
  return response && response->status == 200;
}

std::size_t LedgerdProcess::peak_memory_kib() const {
  constexpr std::string_view kName = "VmHWM:";
  const std::string status = read_file("/proc/" + std::to_string(run_->pid()) + "/status");
  const auto at = status.find(kName);
  return at == std::string::npos ? 0 : std::stoul(status.substr(at + kName.size()));
}

}  // namespace ledgerd::testing
