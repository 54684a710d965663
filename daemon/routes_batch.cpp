#include <algorithm>
#include <span>
#include <utility>
#include <variant>

#include <fmt/format.h>

#include "batch_body.h"
#include "http_status.h"
#include "idempotency_key.h"
#include "json_writer.h"
#include "ledger_json.h"
#include "requests.h"
#include "routes.h"

namespace ledgerd {
namespace {

/// So many items are read, submitted and answered at a time, where they are independent: as many as
/// the ledger commits at a time.
constexpr std::size_t kWindow = 4096;
/// What an answer takes, about.
constexpr std::size_t kAnswerBytes = 512;

using OptionalKey = std::optional<std::string>;

ApiError overloaded() {
  return {.status = 503,
          .code = std::string(codes::kOverloaded.code),
          .message = "too many batches are being answered; try again shortly",
          .title = codes::kOverloaded.title,
          .retry_after_seconds = 1};
}

ApiError item_too_large(std::size_t limit) {
  return {.status = 413,
          .code = std::string(codes::kBodyTooLarge.code),
          .message = fmt::format("an item has at most {} bytes", limit),
          .title = codes::kBodyTooLarge.title};
}

/// An item that was read: what it asks for is in Window::requests, unless it is malformed.
struct Item {
  OptionalKey key;
  std::optional<ApiError> error;
};

/// Items in order, and the requests of those that are not malformed.
struct Window {
  std::vector<Item> items;
  std::vector<ledger::Request> requests;
};

/// Makes requests of items.
class Items {
 public:
  Items(const ledger::Ledger& ledger, std::span<const std::string_view> sources, OptionalKey key,
        std::size_t max_bytes)
      : ledger_(ledger), sources_(sources), key_(std::move(key)), max_bytes_(max_bytes) {}

  [[nodiscard]] std::size_t size() const { return sources_.size(); }
  /// The first item that would have no key; nullopt: all have one.
  [[nodiscard]] std::optional<std::size_t> without_key() const;
  Window read(std::size_t begin, std::size_t end);

 private:
  void read_one(std::size_t index, Window& window);
  /// Of an item that was not understood.
  [[nodiscard]] OptionalKey guess_key(std::size_t index) const;
  [[nodiscard]] OptionalKey default_key(std::size_t index) const;

  const ledger::Ledger& ledger_;
  const std::span<const std::string_view> sources_;
  const OptionalKey key_;
  const std::size_t max_bytes_;
  JsonReader reader_;
};

std::optional<std::size_t> Items::without_key() const {
  if (key_) return std::nullopt;
  for (std::size_t i = 0; i < size(); ++i) {
    if (!guess_key(i)) return i;
  }
  return std::nullopt;
}

OptionalKey Items::default_key(std::size_t index) const {
  if (!key_) return std::nullopt;
  return fmt::format("{}/{}", *key_, index);
}

OptionalKey Items::guess_key(std::size_t index) const {
  if (sources_[index].size() > max_bytes_) return default_key(index);
  auto own = json_member(sources_[index], "key");
  return own ? std::move(own) : default_key(index);
}

Window Items::read(std::size_t begin, std::size_t end) {
  Window window;
  window.items.reserve(end - begin);
  window.requests.reserve(end - begin);
  for (std::size_t i = begin; i < end; ++i)
    read_one(i, window);
  return window;
}

void Items::read_one(std::size_t index, Window& window) {
  const std::string_view source = sources_[index];
  const auto refuse = [&](ApiError error) {
    window.items.push_back({guess_key(index), std::move(error)});
  };
  if (source.size() > max_bytes_) return refuse(item_too_large(max_bytes_));
  auto body = parse_batch_item(reader_, source);
  if (auto* error = std::get_if<ApiError>(&body)) return refuse(std::move(*error));
  auto& read = std::get<RequestBody>(body);
  auto key = read.key ? std::move(read.key) : default_key(index);
  auto request = to_request(ledger_, key.value_or(""), std::move(read));
  if (auto* error = std::get_if<ApiError>(&request)) return refuse(std::move(*error));
  window.items.push_back({std::move(key), std::nullopt});
  window.requests.push_back(std::get<ledger::Request>(std::move(request)));
}

/// The results, one an item, in order.
class Answers {
 public:
  Answers(BatchForm form, std::size_t items, Logger& logger) : form_(form), logger_(logger) {
    out_.reserve(items * kAnswerBytes);
    if (form == BatchForm::json) out_ = R"({"results":[)";
  }

  /// `results`: of the window's requests.
  void add(const Window& window, const std::vector<ledger::Result<ledger::Receipt>>& results);
  Reply finish();

 private:
  /// Leaves the answer open.
  JsonObject begin(const OptionalKey& key, int status, bool replayed);
  void end(JsonObject& answer);
  void add(const OptionalKey& key, const ledger::Receipt& receipt);
  void add(const OptionalKey& key, const ApiError& error);
  void log(const ledger::Error& error);

  const BatchForm form_;
  Logger& logger_;
  std::string out_;
  std::int64_t index_ = 0;
  bool logged_ = false;
};

void Answers::add(const Window& window,
                  const std::vector<ledger::Result<ledger::Receipt>>& results) {
  auto result = results.begin();
  for (const Item& item : window.items) {
    if (item.error) {
      add(item.key, *item.error);
    } else if (*result) {
      add(item.key, **result++);
    } else {
      log(result->error());
      add(item.key, to_api_error((result++)->error()));
    }
  }
}

JsonObject Answers::begin(const OptionalKey& key, int status, bool replayed) {
  if (form_ == BatchForm::json && index_ > 0) out_ += ',';
  JsonObject answer(out_);
  answer.number("index", index_++)
      .text_or_null("key", key)
      .number("status", status)
      .boolean("replayed", replayed);
  return answer;
}

void Answers::end(JsonObject& answer) {
  answer.close();
  if (form_ == BatchForm::ndjson) out_ += '\n';
}

void Answers::add(const OptionalKey& key, const ledger::Receipt& receipt) {
  JsonObject answer = begin(key, 201, receipt.replayed);
  append_receipt(answer.member("transfer"), receipt);
  end(answer);
}

void Answers::add(const OptionalKey& key, const ApiError& error) {
  JsonObject answer = begin(key, error.status, error.replayed);
  append_problem(answer.member("error"), error);
  end(answer);
}

/// The first failure that is no decline stands for all: where the store is away, it is so for all.
void Answers::log(const ledger::Error& error) {
  if (logged_ || error.outcome() == ledger::Outcome::declined) return;
  logged_ = true;
  log_failure(logger_, "a transfer of a batch failed", error);
}

Reply Answers::finish() {
  if (form_ == BatchForm::json) out_ += "]}";
  return {.status = 200,
          .body = std::move(out_),
          .content_type = form_ == BatchForm::json ? "application/json" : "application/x-ndjson"};
}

/// The whole batch is refused for its item `index`.
Reply refuse_for(std::size_t index, ApiError error) {
  error.message = fmt::format("item {}: {}", index, error.message);
  return problem_reply(error);
}

bool is_malformed(const ledger::Result<ledger::Receipt>& result) {
  return !result && http_status(result.error().code) == 400;
}

Reply submit_atomic(ledger::Ledger& ledger, Items& items, Answers& answers) {
  const Window window = items.read(0, items.size());
  for (std::size_t i = 0; i < window.items.size(); ++i) {
    if (window.items[i].error) return refuse_for(i, *window.items[i].error);
  }
  const auto results = ledger.submit(window.requests, ledger::BatchMode::atomic);
  // What the ledger finds malformed, it finds before anything is written.
  for (std::size_t i = 0; i < results.size(); ++i) {
    if (is_malformed(results[i])) return refuse_for(i, to_api_error(results[i].error()));
  }
  answers.add(window, results);
  return answers.finish();
}

Reply submit_independent(ledger::Ledger& ledger, Items& items, Answers& answers) {
  for (std::size_t begin = 0; begin < items.size(); begin += kWindow) {
    const Window window = items.read(begin, std::min(begin + kWindow, items.size()));
    answers.add(window, ledger.submit(window.requests));
  }
  return answers.finish();
}

std::optional<ApiError> read_mode(const Query& query, std::optional<bool>& atomic) {
  std::optional<bool> asked;
  if (auto error = read_boolean(query, "atomic", asked)) return error;
  if (asked && atomic && *asked != *atomic) return invalid_query("atomic", "the body contradicts");
  if (asked) atomic = asked;
  return std::nullopt;
}

std::optional<ApiError> read_key(const Request& request, OptionalKey& key) {
  if (request.idempotency_keys.empty()) return std::nullopt;
  auto read = read_idempotency_key(request.idempotency_keys);
  if (auto* error = std::get_if<ApiError>(&read)) return std::move(*error);
  key = std::get<std::string>(std::move(read));
  return std::nullopt;
}

}  // namespace

/// A batch's share of what all batches may hold in memory.
class BatchRoute::Turn {
 public:
  Turn(BatchRoute& route, std::size_t bytes) : route_(route), bytes_(bytes) {
    ledger::base::MutexLock lock(route.mutex_);
    granted_ = bytes <= route.limits_.bytes_under_way - route.bytes_under_way_;
    if (granted_) route.bytes_under_way_ += bytes;
  }
  ~Turn() {
    if (!granted_) return;
    ledger::base::MutexLock lock(route_.mutex_);
    route_.bytes_under_way_ -= bytes_;
  }
  Turn(const Turn&) = delete;
  Turn& operator=(const Turn&) = delete;

  [[nodiscard]] bool granted() const { return granted_; }

 private:
  BatchRoute& route_;
  const std::size_t bytes_;
  bool granted_ = false;
};

Reply BatchRoute::post(const Request& request) {
  const Turn turn(*this, request.body.size());
  if (!turn.granted()) return problem_reply(overloaded());
  OptionalKey key;
  if (const auto error = read_key(request, key)) return problem_reply(*error);
  const BatchForm form = batch_form(request.content_type);
  auto split = split_batch(request.body, form);
  if (const auto* error = std::get_if<ApiError>(&split)) return problem_reply(*error);
  auto& batch = std::get<BatchBody>(split);
  if (const auto error = read_mode(request.query, batch.atomic)) return problem_reply(*error);

  Items items(ledger_, batch.items, std::move(key), limits_.item_bytes);
  if (const auto index = items.without_key()) {
    return refuse_for(*index, bad_request(ledger::ErrorCode::invalid_key,
                                          "it has no key, and there is no Idempotency-Key"));
  }
  Answers answers(form, items.size(), logger_);
  return batch.atomic.value_or(false) ? submit_atomic(ledger_, items, answers)
                                      : submit_independent(ledger_, items, answers);
}

}  // namespace ledgerd
