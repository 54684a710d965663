#include "support/child_process.h"

#include <arpa/inet.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <random>
#include <stdexcept>
#include <thread>

namespace ledger::testing {
namespace {

/// In the child, between fork and exec: nothing that allocates or locks.
[[noreturn]] void become(const char* folder, const char* log, char** argv) {
  prctl(PR_SET_PDEATHSIG, SIGKILL);
  sigset_t none;
  sigemptyset(&none);
  sigprocmask(SIG_SETMASK, &none, nullptr);
  const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND, 0600);
  const bool ready =
      dup2(fd, STDOUT_FILENO) >= 0 && dup2(fd, STDERR_FILENO) >= 0 && chdir(folder) == 0;
  if (ready) execvp(argv[0], argv);
  _exit(127);
}

bool is_unused(std::uint16_t port) {
  const int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const int on = 1;
  setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool bound = bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  close(fd);
  return bound;
}

}  // namespace

ChildProcess::ChildProcess(const std::string& folder, const std::string& log,
                           std::vector<std::string> words) {
  const std::string log_path = folder + '/' + log;
  std::vector<char*> argv;
  for (std::string& word : words)
    argv.push_back(word.data());
  argv.push_back(nullptr);
  pid_ = fork();
  if (pid_ < 0) throw std::runtime_error("cannot fork");
  if (pid_ == 0) become(folder.c_str(), log_path.c_str(), argv.data());
}

ChildProcess::~ChildProcess() { kill_hard(); }

void ChildProcess::send_signal(int signal) const {
  if (pid_ > 0) kill(pid_, signal);
}

bool ChildProcess::has_ended() {
  if (pid_ > 0 && waitpid(pid_, nullptr, WNOHANG) == pid_) pid_ = -1;
  return pid_ < 0;
}

void ChildProcess::kill_hard() {
  if (pid_ < 0) return;
  kill(pid_, SIGKILL);
  waitpid(pid_, nullptr, 0);
  pid_ = -1;
}

bool wait_until(const std::function<bool()>& condition, std::chrono::milliseconds patience) {
  const auto deadline = std::chrono::steady_clock::now() + patience;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return true;
}

std::uint16_t unused_port() {
  static std::mt19937 random{std::random_device{}()};
  std::uniform_int_distribution<int> ports(10'000, 32'000);
  for (;;) {
    const auto port = static_cast<std::uint16_t>(ports(random));
    if (is_unused(port)) return port;
  }
}

}  // namespace ledger::testing
