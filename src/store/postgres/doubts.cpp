#include "store/postgres/doubts.h"

#include <algorithm>
#include <chrono>
#include <thread>
#include <utility>

namespace ledger::postgres {
namespace {

constexpr std::chrono::milliseconds kPoll{5};

Error unsettled(const std::string& detail) {
  return Error{ErrorCode::store_unavailable, "cannot settle a commit in doubt: " + detail};
}

/// A process leaves pg_stat_activity after its transaction has ended. One with another start time,
/// or of a server that was started anew, is another process. REQUIRES: the role is the one that
/// logged in: it sees when its sessions began, and may end them.
Result<bool> is_gone(Connection& connection, const Backend& backend, SteadyTime deadline) {
  if (backend.server_started != connection.backend().server_started) return true;
  auto sent = connection.send_sql(
      "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
      "WHERE pid=$1::bigint AND backend_start=$2::timestamptz",
      Parameters().add(backend.pid).add(backend.started));
  if (!sent) return sent.error();
  auto reply = connection.run(deadline);
  if (!reply) return reply.error();
  return PQntuples(reply->get()) == 0;
}

/// Commits something, and waits for it as every commit waits: for this machine's disk, and for the
/// standby where replication is synchronous. All commits before it are then there as well, those
/// too whose own wait was cut off.
Result<void> commit_behind_them(Connection& connection, SteadyTime deadline) {
  connection.clear_warning();
  for (const char* sql : {"BEGIN READ WRITE",
                          "SELECT pg_logical_emit_message(true,'libledger','settle')", "COMMIT"}) {
    if (auto sent = connection.send_sql(sql); !sent) return sent;
  }
  auto committed = connection.run(deadline);
  if (!committed) return committed.error();
  if (!says_committed(*committed)) {
    return Error{ErrorCode::store_unavailable, "rolled back"};
  }
  if (!connection.warning().empty()) {
    return Error{ErrorCode::store_unavailable, connection.warning()};
  }
  return {};
}

Result<void> end_all(Connection& connection, const std::vector<Backend>& backends,
                     SteadyTime deadline) {
  if (auto sent = connection.send_sql("SET ROLE NONE"); !sent) return sent;
  if (auto set = connection.run(deadline); !set) return set.error();
  for (const Backend& backend : backends) {
    for (;;) {
      const auto gone = is_gone(connection, backend, deadline);
      if (!gone) return gone.error();
      if (*gone) break;
      if (std::chrono::steady_clock::now() >= deadline) {
        return Error{ErrorCode::store_unavailable, "its server process is still there"};
      }
      std::this_thread::sleep_for(kPoll);
    }
  }
  return {};
}

}  // namespace

void Doubts::add(const Backend& backend) {
  const base::MutexLock lock(mutex_);
  backends_.push_back(backend);
}

bool Doubts::empty() {
  const base::MutexLock lock(mutex_);
  return backends_.empty();
}

std::vector<Backend> Doubts::remembered() {
  const base::MutexLock lock(mutex_);
  return backends_;
}

void Doubts::forget(const std::vector<Backend>& gone) {
  const base::MutexLock lock(mutex_);
  std::erase_if(backends_, [&](const Backend& backend) {
    return std::ranges::find(gone, backend) != gone.end();
  });
}

Result<std::optional<std::int64_t>> Doubts::settle(const Settings& settings, SteadyTime deadline) {
  const std::vector<Backend> backends = remembered();
  if (backends.empty()) return std::optional<std::int64_t>{};
  auto connection = Connection::open(settings);
  if (!connection) return unsettled(connection.error().detail);
  const SteadyTime last_moment =
      std::min(deadline, std::chrono::steady_clock::now() + settings.options.commit_timeout);
  if (auto ended = end_all(**connection, backends, last_moment); !ended) {
    return unsettled(ended.error().detail);
  }
  if (auto done = commit_behind_them(**connection, last_moment); !done) {
    // It may hang on a standby that is away. The next attempt ends this one, too, so that they do
    // not pile up.
    add((*connection)->backend());
    return unsettled(done.error().detail);
  }
  forget(backends);
  return std::optional((*connection)->backend().server_started);
}

}  // namespace ledger::postgres
