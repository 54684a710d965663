#include "support/postgres_server.h"

#include <libpq-fe.h>
#include <pwd.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <stdexcept>
#include <system_error>

namespace ledger::testing {
namespace {

namespace fs = std::filesystem;

using Handle = std::unique_ptr<PGconn, decltype(&PQfinish)>;
using Answer = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string read_file(const std::string& path) {
  std::ifstream file(path);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

/// The newest that is installed; LEDGER_TEST_POSTGRES_BIN names another.
std::string find_binaries() {
  if (const char* chosen = std::getenv("LEDGER_TEST_POSTGRES_BIN")) return chosen;
  std::string newest;
  int newest_version = 0;
  std::error_code none;
  for (const auto& entry : fs::directory_iterator("/usr/lib/postgresql", none)) {
    const int version = std::atoi(entry.path().filename().c_str());
    const fs::path folder = entry.path() / "bin";
    if (version > newest_version && fs::exists(folder / "initdb", none)) {
      newest = folder.string();
      newest_version = version;
    }
  }
  if (newest.empty()) throw std::runtime_error("Postgres is not installed (package postgresql)");
  return newest;
}

const passwd& other_user() {
  for (const char* name : {"postgres", "nobody"}) {
    if (const passwd* user = getpwnam(name)) return *user;
  }
  throw std::runtime_error("Postgres must not run as root, and there is no other user");
}

/// Whether every user may pass through it, up to the root.
bool is_open_to_all(const fs::path& folder) {
  for (fs::path path = folder; !path.empty(); path = path.parent_path()) {
    struct stat status {};
    if (::stat(path.c_str(), &status) != 0 || (status.st_mode & S_IXOTH) == 0) return false;
    if (path == path.root_path()) break;
  }
  return true;
}

/// Below the current folder, so that it lies on the disk the build is on, unless the server's user
/// cannot get there. A socket's path has little room, too.
std::string make_folder() {
  constexpr std::size_t kLongest = 80;
  fs::path parent = fs::current_path();
  if (!is_open_to_all(parent) || parent.string().size() > kLongest) {
    parent = fs::temp_directory_path();
  }
  std::string path = (parent / "pg_XXXXXX").string();
  if (mkdtemp(path.data()) == nullptr) throw std::runtime_error("mkdtemp failed in " + path);
  return path;
}

void run(const std::string& folder, const std::vector<std::string>& words) {
  ChildProcess process(folder, "log", words);
  constexpr std::chrono::minutes kPatience{2};
  if (!wait_until([&] { return process.has_ended(); }, kPatience)) {
    throw std::runtime_error(words.front() + " does not end");
  }
}

}  // namespace

PostgresServer::PostgresServer(const std::vector<std::string>& settings)
    : folder_(make_folder()), binaries_(find_binaries()) {
  if (geteuid() == 0) {
    const passwd& user = other_user();
    if (chown(folder_.c_str(), user.pw_uid, user.pw_gid) != 0) {
      throw std::runtime_error("cannot give the folder to " + std::string(user.pw_name));
    }
  }
  initialise(settings);
  for (int tries = 0; tries < 10; ++tries) {
    port_ = unused_port();
    try {
      start();
      return;
    } catch (const std::runtime_error&) {
      if (tries == 9) throw;
    }
  }
}

PostgresServer::~PostgresServer() {
  if (process_ != nullptr) end(SIGQUIT);
  std::error_code ignored;
  fs::remove_all(folder_, ignored);
}

std::vector<std::string> PostgresServer::as_its_user(std::vector<std::string> words) const {
  if (geteuid() != 0) return words;
  const passwd& user = other_user();
  std::vector<std::string> all = {"setpriv",
                                  "--reuid",
                                  std::to_string(user.pw_uid),
                                  "--regid",
                                  std::to_string(user.pw_gid),
                                  "--clear-groups",
                                  "--pdeathsig",
                                  "KILL",
                                  "--"};
  all.insert(all.end(), words.begin(), words.end());
  return all;
}

void PostgresServer::initialise(const std::vector<std::string>& settings) const {
  const std::string data = folder_ + "/data";
  run(folder_, as_its_user({binaries_ + "/initdb", "-D", data, "-U", "postgres", "-E", "UTF8",
                            "--locale=C", "-A", "trust", "--no-sync"}));
  if (!fs::exists(data + "/PG_VERSION")) {
    throw std::runtime_error("initdb failed: " + read_file(folder_ + "/log"));
  }
  std::ofstream configuration(data + "/postgresql.conf", std::ios::app);
  configuration << "listen_addresses = '127.0.0.1'\n"
                << "unix_socket_directories = '" << folder_ << "'\n"
                << "max_connections = 60\n"
                << "shared_buffers = 64MB\n"
                << "logging_collector = off\n";
  for (const std::string& line : settings)
    configuration << line << '\n';
  std::ofstream(data + "/pg_hba.conf") << "local all all trust\n"
                                       << "host all postgres 127.0.0.1/32 trust\n"
                                       << "host all all 127.0.0.1/32 scram-sha-256\n";
}

void PostgresServer::start() {
  process_ = std::make_unique<ChildProcess>(
      folder_, "log",
      as_its_user({binaries_ + "/postgres", "-D", folder_ + "/data", "-p", std::to_string(port_)}));
  constexpr std::chrono::minutes kPatience{1};
  wait_until([this] { return process_->has_ended() || is_ready(); }, kPatience);
  if (process_->has_ended() || !is_ready()) {
    process_.reset();
    throw std::runtime_error("Postgres did not start: " + read_file(folder_ + "/log"));
  }
  execute(std::string("DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname='") + kUser +
          "') THEN CREATE ROLE " + kUser + " LOGIN PASSWORD '" + kPassword +
          "'; GRANT CREATE ON DATABASE postgres TO " + kUser + "; END IF; END $$");
}

void PostgresServer::end(int signal) {
  process_->send_signal(SIGCONT);
  process_->send_signal(signal);
  wait_until([this] { return process_->has_ended(); });
  process_.reset();
}

void PostgresServer::stop() { end(SIGINT); }

void PostgresServer::stop_at_once() { end(SIGQUIT); }

void PostgresServer::freeze() const { process_->send_signal(SIGSTOP); }

void PostgresServer::thaw() const { process_->send_signal(SIGCONT); }

std::string PostgresServer::url(std::uint16_t port) const {
  return std::string("postgres://") + kUser + ':' + kPassword +
         "@127.0.0.1:" + std::to_string(port != 0 ? port : port_) + "/postgres";
}

std::string PostgresServer::socket_url() const {
  std::string host;
  for (const char c : folder_)
    host += c == '/' ? std::string("%2F") : std::string(1, c);
  return std::string("postgres://") + kUser + "@" + host + ':' + std::to_string(port_) +
         "/postgres";
}

bool PostgresServer::is_ready() const {
  const std::string where = "host=" + folder_ + " port=" + std::to_string(port_);
  return PQping(where.c_str()) == PQPING_OK;
}

void PostgresServer::execute(const std::string& sql) const { static_cast<void>(query(sql)); }

std::string PostgresServer::query(const std::string& sql) const {
  const std::string where = "host=" + folder_ + " port=" + std::to_string(port_) +
                            " user=postgres dbname=postgres connect_timeout=10 "
                            "options='-c default_transaction_read_only=off'";
  const Handle connection(PQconnectdb(where.c_str()), PQfinish);
  const Answer answer(PQexec(connection.get(), sql.c_str()), PQclear);
  const auto status = PQresultStatus(answer.get());
  if (status == PGRES_COMMAND_OK) return {};
  if (status != PGRES_TUPLES_OK) throw std::runtime_error(PQerrorMessage(connection.get()));
  if (PQntuples(answer.get()) == 0) return {};
  return PQgetvalue(answer.get(), 0, 0);
}

}  // namespace ledger::testing
