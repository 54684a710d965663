#include "bench/naive_service.h"

#include <libpq-fe.h>

#include <algorithm>
#include <atomic>
#include <condition_variable>
#include <memory>
#include <mutex>
#include <span>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include "bench/measure.h"
#include "redis/connection.h"

namespace ledger::bench {
namespace {

using Locking = NaiveService::Locking;

struct Finish {
  void operator()(PGconn* connection) const { PQfinish(connection); }
};
struct Clear {
  void operator()(PGresult* result) const { PQclear(result); }
};
using Result = std::unique_ptr<PGresult, Clear>;

/// One connection with its prepared statements. Blocking, as services use them.
class Database {
 public:
  explicit Database(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    execute("SET client_min_messages = error");
  }

  Result execute(const char* sql) {
    Result result(PQexec(connection_.get(), sql));
    if (!is_good(result) && !is_conflict(result)) fail();
    return result;
  }

  void prepare_statements() {
    prepare("find", "SELECT id FROM naive.transfers WHERE key=$1");
    prepare("balance", "SELECT balance FROM naive.accounts WHERE id=$1");
    prepare("add", "UPDATE naive.accounts SET balance=balance+$2 WHERE id=$1");
    prepare("insert",
            "INSERT INTO naive.transfers(key,from_account,to_account,amount) VALUES($1,$2,$3,$4)");
  }

  Result call(const char* statement, const std::vector<std::string>& values) {
    std::vector<const char*> texts;
    for (const std::string& value : values)
      texts.push_back(value.c_str());
    Result result(PQexecPrepared(connection_.get(), statement, static_cast<int>(texts.size()),
                                 texts.data(), nullptr, nullptr, 0));
    if (!is_good(result) && !is_conflict(result)) fail();
    return result;
  }

  static bool is_conflict(const Result& result) {
    const char* state = PQresultErrorField(result.get(), PG_DIAG_SQLSTATE);
    return state != nullptr &&
           (std::string_view(state) == "40001" || std::string_view(state) == "40P01");
  }

  /// The first column of the first row.
  static std::string value(const Result& result) {
    return PQntuples(result.get()) > 0 ? PQgetvalue(result.get(), 0, 0) : std::string();
  }

 private:
  static bool is_good(const Result& result) {
    const auto status = PQresultStatus(result.get());
    return status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK;
  }
  [[noreturn]] void fail() {
    die(std::string("the naive service: ") + PQerrorMessage(connection_.get()));
  }
  void prepare(const char* name, const char* sql) {
    if (!is_good(Result(PQprepare(connection_.get(), name, sql, 0, nullptr)))) fail();
  }

  std::unique_ptr<PGconn, Finish> connection_;
};

class Pool {
 public:
  Pool(const std::string& url, std::size_t connections) {
    for (std::size_t i = 0; i < connections; ++i) {
      idle_.push_back(std::make_unique<Database>(url));
      idle_.back()->prepare_statements();
    }
  }

  template <class Work>
  auto with(Work work) {
    auto database = take();
    auto result = work(*database);
    {
      const std::lock_guard lock(mutex_);
      idle_.push_back(std::move(database));
    }
    returned_.notify_one();
    return result;
  }

 private:
  std::unique_ptr<Database> take() {
    std::unique_lock lock(mutex_);
    returned_.wait(lock, [this] { return !idle_.empty(); });
    auto database = std::move(idle_.back());
    idle_.pop_back();
    return database;
  }

  std::mutex mutex_;
  std::condition_variable returned_;
  std::vector<std::unique_ptr<Database>> idle_;
};

/// Doubles from 1 ms up to 100 ms, half of it random.
class Pauses {
 public:
  explicit Pauses(std::mt19937_64& random) : random_(random) {}
  void next() {
    std::uniform_real_distribution<double> part(0.5, 1.0);
    std::this_thread::sleep_for(std::chrono::duration<double, std::milli>(part(random_) * length_));
    length_ = std::min(2 * length_, 100.0);
  }

 private:
  std::mt19937_64& random_;
  double length_ = 1;
};

class RedisMutex {
 public:
  explicit RedisMutex(std::uint16_t port)
      : connection_(must(redis::Connection::open({"127.0.0.1", port}, soon()))) {}

  bool try_lock(std::string_view name, std::string_view token) {
    const std::string_view words[] = {"SET", name, token, "NX", "PX", "10000"};
    return must(connection_->call(words, soon())).kind == redis::Reply::Kind::text;
  }

  void unlock(std::string_view name, std::string_view token) {
    const std::string_view words[] = {
        "EVAL",
        "if redis.call('GET',KEYS[1])==ARGV[1] then return redis.call('DEL',KEYS[1]) end return 0",
        "1", name, token};
    must(connection_->call(words, soon()));
  }

 private:
  std::unique_ptr<redis::Connection> connection_;
};

class Caller {
 public:
  Caller(Pool& pool, std::uint16_t redis_port, Requests requests, Locking locking,
         const std::atomic<bool>& stop)
      : pool_(pool),
        mutex_(redis_port),
        requests_(std::move(requests)),
        locking_(locking),
        stop_(stop) {}

  std::int64_t run() {
    std::int64_t acknowledged = 0;
    while (!stop_)
      acknowledged += transfer(requests_.key(), requests_.pair()) ? 1 : 0;
    return acknowledged;
  }

 private:
  /// False: it was told to stop before the transfer was made.
  bool transfer(const std::string& key, Pair pair) {
    const bool known = pool_.with(
        [&](Database& database) { return !Database::value(database.call("find", {key})).empty(); });
    if (known) die("the naive service: a random key came twice");
    const std::string token = requests_.key();
    const auto names = lock_names(pair);
    const auto locked = lock(names, token);
    const bool done = locked == names.size() && post(key, pair);
    for (const auto& name : std::span(names).first(locked))
      mutex_.unlock(name, token);
    return done;
  }

  [[nodiscard]] std::vector<std::string> lock_names(Pair pair) const {
    const auto name = [](std::int64_t account) { return "naive:" + std::to_string(account); };
    if (locking_ == Locking::payer) return {name(pair.from)};
    const auto [first, second] = std::minmax(pair.from, pair.to);
    return {name(first), name(second)};
  }

  /// One after the other; how many it got before it was told to stop.
  std::size_t lock(const std::vector<std::string>& names, const std::string& token) {
    for (std::size_t locked = 0; locked < names.size(); ++locked) {
      Pauses pauses(requests_.random());
      while (!mutex_.try_lock(names[locked], token)) {
        if (stop_) return locked;
        pauses.next();
      }
    }
    return names.size();
  }

  bool post(const std::string& key, Pair pair) {
    for (Pauses pauses(requests_.random());; pauses.next()) {
      if (pool_.with([&](Database& database) { return try_to_post(database, key, pair); })) {
        return true;
      }
      if (stop_) return false;
    }
  }

  /// False: another transaction won.
  static bool try_to_post(Database& database, const std::string& key, Pair pair) {
    const std::string from = std::to_string(pair.from);
    const std::string to = std::to_string(pair.to);
    database.execute("BEGIN ISOLATION LEVEL SERIALIZABLE");
    // What it does with the balance costs nothing: it would decline, and nobody is short of money.
    const auto step = [&](const char* statement, const std::vector<std::string>& values) {
      const auto result = database.call(statement, values);
      if (!Database::is_conflict(result)) return true;
      database.execute("ROLLBACK");
      return false;
    };
    return step("find", {key}) && step("add", {from, "-1"}) && step("add", {to, "1"}) &&
           step("insert", {key, from, to, "1"}) &&
           !Database::is_conflict(database.execute("COMMIT"));
  }

  Pool& pool_;
  RedisMutex mutex_;
  Requests requests_;
  const Locking locking_;
  const std::atomic<bool>& stop_;
};

}  // namespace

NaiveService::NaiveService(std::string url, std::uint16_t redis_port)
    : url_(std::move(url)), redis_port_(redis_port) {
  Database database(url_);
  database.execute("CREATE SCHEMA naive");
  database.execute(
      "CREATE TABLE naive.accounts(id bigint PRIMARY KEY, balance bigint NOT NULL) "
      "WITH (fillfactor=50)");
  database.execute(
      "CREATE TABLE naive.transfers(id bigserial PRIMARY KEY, key text UNIQUE NOT NULL, "
      "from_account bigint NOT NULL, to_account bigint NOT NULL, amount bigint NOT NULL, "
      "created_at timestamptz NOT NULL DEFAULT now())");
  const std::string fill = "INSERT INTO naive.accounts SELECT id,0 FROM generate_series(1," +
                           std::to_string(kAccounts) + ") id";
  database.execute(fill.c_str());
}

double NaiveService::run(int callers, std::chrono::milliseconds time, bool hot, Locking locking) {
  Pool pool(url_, kConnections);
  std::atomic<bool> stop{false};
  std::atomic<std::int64_t> acknowledged{0};
  std::vector<std::unique_ptr<Caller>> all;
  for (int i = 0; i < callers; ++i)
    all.push_back(
        std::make_unique<Caller>(pool, redis_port_, Requests(seeds_.next(), hot), locking, stop));

  const auto start = SteadyClock::now();
  std::vector<std::thread> threads;
  for (auto& caller : all)
    threads.emplace_back([&acknowledged, &caller] { acknowledged += caller->run(); });
  std::this_thread::sleep_for(time);
  stop = true;
  for (auto& thread : threads)
    thread.join();
  acknowledged_ += acknowledged;
  return static_cast<double>(acknowledged) / seconds_since(start);
}

void NaiveService::verify() const {
  Database database(url_);
  const auto sum = Database::value(database.execute("SELECT sum(balance) FROM naive.accounts"));
  const auto count = Database::value(database.execute("SELECT count(*) FROM naive.transfers"));
  if (sum != "0") die("the naive service's balances sum to " + sum);
  if (count != std::to_string(acknowledged_)) {
    die("the naive service acknowledged " + std::to_string(acknowledged_) + " and holds " + count);
  }
}

}  // namespace ledger::bench
