#include "store/postgres/connection.h"

#include <poll.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <string_view>
#include <utility>
#include <vector>

namespace ledger::postgres {
namespace {

constexpr int kMinServerVersion = 150000;

// Later entries win: ours are defaults that the URL may change, up to those after it.
// https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS
class ConnectWords {
 public:
  explicit ConnectWords(const PostgresOptions& options) {
    using std::chrono::ceil, std::chrono::seconds;
    add("application_name", options.application_name);
    add("connect_timeout", std::to_string(ceil<seconds>(options.connect_timeout).count()));
    add("tcp_user_timeout", std::to_string(options.tcp_user_timeout.count()));
    add("keepalives", "1");
    add("keepalives_idle", "10");
    add("keepalives_interval", "3");
    add("keepalives_count", "3");
    add("dbname", options.url);
    add("client_encoding", "UTF8");
    // A replica may be behind: deciding from one could spend money twice.
    add("target_session_attrs", "read-write");
  }

  [[nodiscard]] pg_conn* connect() const {
    std::vector<const char*> names;
    std::vector<const char*> values;
    for (const auto& [name, value] : words_) {
      names.push_back(name);
      values.push_back(value.c_str());
    }
    names.push_back(nullptr);
    values.push_back(nullptr);
    return PQconnectdbParams(names.data(), values.data(), 1);
  }

 private:
  void add(const char* name, std::string value) { words_.emplace_back(name, std::move(value)); }

  std::vector<std::pair<const char*, std::string>> words_;
};

/// What every session is held to, whatever the server's or the role's defaults are, and who it is.
/// Plans must not hang on statistics: a look-up is an index look-up on an empty table, too.
std::string set_up_sql(const PostgresOptions& options) {
  const auto set = [](const char* name, const std::string& value) {
    return std::string("set_config('") + name + "'," + value + ",false),";
  };
  const auto time = [](std::chrono::milliseconds value) {
    return '\'' + std::to_string(value.count()) + '\'';
  };
  return "SELECT " + set("statement_timeout", time(options.statement_timeout)) +
         set("lock_timeout", time(options.lock_timeout)) +
         set("idle_in_transaction_session_timeout", time(options.idle_transaction_timeout)) +
         set("default_transaction_isolation", "'read committed'") + set("enable_seqscan", "'off'") +
         set("enable_hashjoin", "'off'") + set("enable_mergejoin", "'off'") + set("jit", "'off'") +
         set("plan_cache_mode", "'force_generic_plan'") + set("client_min_messages", "'warning'") +
         // Ends the wait for a lock when its client is gone. Only Linux can.
         set("client_connection_check_interval",
             "CASE WHEN version() ~ 'linux' THEN '1000' ELSE '0' END") +
         set("synchronous_commit",
             "CASE current_setting('synchronous_commit') WHEN 'off' THEN 'on' "
             "ELSE current_setting('synchronous_commit') END") +
         "pid::bigint,backend_start,pg_postmaster_start_time() "
         "FROM pg_stat_activity WHERE pid=pg_backend_pid()";
}

int milliseconds_until(SteadyTime deadline) {
  const auto left = deadline - std::chrono::steady_clock::now();
  constexpr std::chrono::nanoseconds kLongest = std::chrono::minutes(1);
  if (left <= std::chrono::nanoseconds::zero()) return 0;
  return static_cast<int>(std::chrono::ceil<std::chrono::milliseconds>(
                              std::min<std::chrono::nanoseconds>(left, kLongest))
                              .count());
}

}  // namespace

bool says_committed(const Reply& reply) {
  return std::string_view(PQcmdStatus(reply.get())) == "COMMIT";
}

Result<std::unique_ptr<Connection>> Connection::open(const Settings& settings) {
  pg_conn* handle = ConnectWords(settings.options).connect();
  if (handle == nullptr) return Error{ErrorCode::store_unavailable, "libpq is out of memory"};
  std::unique_ptr<Connection> connection(new Connection(handle));
  if (PQstatus(handle) != CONNECTION_OK) {
    return make_error(nullptr, handle, During::working, "cannot connect");
  }
  if (PQserverVersion(handle) < kMinServerVersion) {
    return Error{ErrorCode::store_unavailable, "Postgres 15 or newer is needed"};
  }
  PQsetNoticeReceiver(handle, note, connection.get());
  if (PQsetnonblocking(handle, 1) != 0 || PQenterPipelineMode(handle) != 1) {
    return make_error(nullptr, handle, During::working, "cannot enter pipeline mode");
  }
  if (auto done = connection->set_up(settings); !done) return done.error();
  return connection;
}

std::unique_ptr<Connection> Connection::borrow(pg_conn* handle, StatementTexts texts) {
  std::unique_ptr<Connection> connection(new Connection(handle, true));
  connection->texts_ = std::move(texts);
  return connection;
}

Result<void> Connection::set_up(const Settings& settings) {
  const SteadyTime deadline =
      std::chrono::steady_clock::now() +
      std::max(settings.options.connect_timeout, std::chrono::milliseconds(2000));
  // A role that it acts as by default may not see when a session of the one that logged in began.
  for (const std::string& sql : {std::string("SET ROLE NONE"), set_up_sql(settings.options)}) {
    if (auto sent = send_sql(sql); !sent) return sent;
  }
  auto reply = run(deadline);
  if (!reply) return reply.error();
  const int columns = PQnfields(reply->get());
  if (PQntuples(reply->get()) != 1 || columns < 3) {
    abandon();
    return Error{ErrorCode::store_unavailable, "the session does not see itself"};
  }
  ColumnReader reader(reply->get(), 0);
  for (int i = 0; i < columns - 3; ++i)
    (void)reader.text();
  backend_.pid = reader.integer();
  backend_.started = reader.integer();
  backend_.server_started = reader.integer();
  if (backend_.started == 0) {  // NULL: it could not be told from another with its pid
    abandon();
    return Error{ErrorCode::store_unavailable, "the session does not see when it began"};
  }
  if (auto sent = send_sql("RESET ROLE"); !sent) return sent;
  auto reset = run(deadline);
  if (!reset) return reset.error();
  return {};
}

void Connection::note(void* connection, const pg_result* notice) {
  auto* self = static_cast<Connection*>(connection);
  const char* severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
  const char* sqlstate = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
  const char* message = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);
  if (severity == nullptr) return;
  const std::string_view level = severity;
  if (level == "FATAL" || level == "PANIC") self->broken_ = true;  // while nothing was asked
  if (level != "WARNING") return;
  self->warning_ = std::string(message != nullptr ? message : "a warning") + " (SQLSTATE " +
                   (sqlstate != nullptr ? sqlstate : "unknown") + ")";
}

Result<void> Connection::queued(int accepted) {
  if (accepted == 1 && !broken_) return {};
  return lost(During::working, "cannot send to Postgres");
}

Result<void> Connection::prepare(const std::string& name, const std::string& sql) {
  ++unsynced_;
  return queued(PQsendPrepare(handle_.get(), name.c_str(), sql.c_str(), 0, nullptr));
}

Result<void> Connection::send(const char* statement, const Parameters& parameters) {
  if (const auto text = texts_.find(statement); text != texts_.end()) {
    return send_sql(text->second, parameters);
  }
  ++unsynced_;
  const auto view = parameters.view();
  return queued(PQsendQueryPrepared(handle_.get(), statement, parameters.count(),
                                    view.values.data(), view.lengths.data(), view.formats.data(),
                                    1));
}

Result<void> Connection::send_sql(const std::string& sql, const Parameters& parameters) {
  ++unsynced_;
  const auto view = parameters.view();
  return queued(PQsendQueryParams(handle_.get(), sql.c_str(), parameters.count(), nullptr,
                                  view.values.data(), view.lengths.data(), view.formats.data(), 1));
}

Result<void> Connection::sync() {
  ++open_groups_;
  unsynced_ = 0;  // who ends a group himself also reads its replies himself
  return queued(PQpipelineSync(handle_.get()));
}

Result<void> Connection::flush(SteadyTime deadline) {
  for (;;) {
    const int left = PQflush(handle_.get());
    if (left == 0 && !broken_) return {};
    if (left < 0 || broken_) return lost(During::working, "cannot send to Postgres");
    // The server may be waiting for us to read before it reads on.
    if (!wait_until_readable(deadline, true)) {
      return lost(During::working, "Postgres did not take the statements in time");
    }
  }
}

bool Connection::wait_until_readable(SteadyTime deadline, bool or_writable) {
  for (;;) {
    pollfd event{PQsocket(handle_.get()), POLLIN, 0};
    if (or_writable) event.events |= POLLOUT;
    const int timeout = milliseconds_until(deadline);
    const int ready = ::poll(&event, 1, timeout);
    if (ready < 0 && errno == EINTR) continue;
    if (ready < 0) return false;
    if (ready == 0 && timeout == 0) {
      silent_ = true;
      return false;
    }
    if (ready == 0) continue;
    if ((event.revents & POLLOUT) != 0 && (event.revents & POLLIN) == 0) return true;
    return PQconsumeInput(handle_.get()) == 1;
  }
}

Result<Reply> Connection::receive(SteadyTime deadline, During during) {
  for (bool after_end = false;;) {
    while (!broken_ && PQisBusy(handle_.get()) == 1) {
      if (!wait_until_readable(deadline)) return lost(during, "no reply from Postgres");
    }
    Reply reply(PQgetResult(handle_.get()));
    if (reply == nullptr) {  // the end of the statement before
      if (after_end || broken_) return lost(during, "the connection was lost");
      after_end = true;
      continue;
    }
    switch (PQresultStatus(reply.get())) {
      case PGRES_COMMAND_OK:
      case PGRES_TUPLES_OK:
        return reply;
      case PGRES_PIPELINE_ABORTED:
        return Error{ErrorCode::store_unavailable, "skipped after an error"};
      case PGRES_PIPELINE_SYNC:
        --open_groups_;
        return lost(during, "a reply is missing");
      default:
        if (PQstatus(handle_.get()) != CONNECTION_OK) broken_ = true;
        return make_error(reply.get(), handle_.get(), during, "Postgres refused");
    }
  }
}

Result<void> Connection::finish_group(SteadyTime deadline) {
  const int groups = open_groups_;
  for (int ends = 0; open_groups_ > 0 && open_groups_ == groups;) {
    while (!broken_ && PQisBusy(handle_.get()) == 1) {
      if (!wait_until_readable(deadline)) return lost(During::working, "no reply from Postgres");
    }
    if (broken_) return lost(During::working, "the connection was lost");
    const Reply reply(PQgetResult(handle_.get()));
    ends = reply == nullptr ? ends + 1 : 0;
    if (ends > 1) return lost(During::working, "the connection was lost");
    if (reply != nullptr && PQresultStatus(reply.get()) == PGRES_PIPELINE_SYNC) --open_groups_;
  }
  return {};
}

Result<void> Connection::finish(SteadyTime deadline) {
  while (open_groups_ > 0) {
    if (auto done = finish_group(deadline); !done) return done;
  }
  return {};
}

Result<Reply> Connection::run(SteadyTime deadline) {
  const int statements = unsynced_;
  if (auto sent = sync(); !sent) return sent.error();
  if (auto sent = flush(deadline); !sent) return sent.error();
  Result<Reply> reply = Error{ErrorCode::store_unavailable, "nothing was asked"};
  for (int i = 0; i < statements; ++i) {
    reply = receive(deadline);
    if (!reply) break;
  }
  if (auto done = finish(deadline); !done && reply) return done.error();
  return reply;
}

bool Connection::is_alive() {
  if (broken_) return false;
  pollfd event{PQsocket(handle_.get()), POLLIN, 0};
  // What comes unasked is a farewell, or news that libpq keeps to itself.
  for (int reads = 0; reads < 4 && ::poll(&event, 1, 0) != 0; ++reads) {
    if (PQconsumeInput(handle_.get()) != 1) broken_ = true;
    (void)PQisBusy(handle_.get());  // takes notices apart
    if (broken_ || PQstatus(handle_.get()) != CONNECTION_OK) break;
    if (reads == 3) broken_ = true;
  }
  return !broken_ && PQstatus(handle_.get()) == CONNECTION_OK;
}

bool Connection::in_transaction() const {
  return PQtransactionStatus(handle_.get()) != PQTRANS_IDLE;
}

Error Connection::lost(During during, const char* what) {
  broken_ = true;
  return make_error(nullptr, handle_.get(), during, what);
}

PipelineMode::PipelineMode(pg_conn* handle)
    : handle_(handle), was_nonblocking_(PQisnonblocking(handle)) {
  const bool is_free =
      PQstatus(handle) == CONNECTION_OK && PQpipelineStatus(handle) == PQ_PIPELINE_OFF;
  entered_ = is_free && PQsetnonblocking(handle, 1) == 0 && PQenterPipelineMode(handle) == 1;
}

PipelineMode::~PipelineMode() {
  if (entered_) PQexitPipelineMode(handle_);
  PQsetnonblocking(handle_, was_nonblocking_);
}

}  // namespace ledger::postgres
