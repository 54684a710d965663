#include "ledger/redis_cache.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "cache/redis/entry.h"
#include "cache/redis/keeper.h"
#include "redis/address.h"
#include "redis/client.h"
#include "redis/script.h"

namespace ledger {
namespace {

using redis::Reply;
using std::chrono::milliseconds;
using std::chrono::steady_clock;
using Views = std::vector<std::string_view>;

constexpr std::size_t kMinSecret = 16;
constexpr std::chrono::hours kLongest{1};
constexpr std::size_t kTransfersPerCommand = 512;  // while it runs, Redis serves nobody else

/// KEYS: where. Replies with what lies there, or an empty text.
const redis::Script& find_script() {
  static const redis::Script script = redis::make_script(R"(
local found = {}
for i, key in ipairs(KEYS) do
  local entry = redis.pcall('GET', key)
  found[i] = type(entry) == 'string' and entry or ''
end
return found
)");
  return script;
}

/// KEYS: where. ARGV: the time to live in milliseconds, then what.
const redis::Script& keep_script() {
  static const redis::Script script = redis::make_script(R"(
for i, key in ipairs(KEYS) do redis.call('SET', key, ARGV[i + 1], 'PX', ARGV[1]) end
return #KEYS
)");
  return script;
}

Views views_of(const std::vector<std::string>& texts) { return {texts.begin(), texts.end()}; }

class RedisCache final : public OutcomeCache {
 public:
  RedisCache(const RedisCacheOptions& options, redis::Address address)
      : options_(options),
        ttl_text_(std::to_string(options.ttl.count())),
        client_(std::move(address), options.connect_timeout, options.command_timeout),
        keeper_([this](const std::vector<JournalRow>& rows) { send(rows); }) {}

  std::vector<JournalRow> find(std::span<const std::string_view> keys) override {
    std::vector<JournalRow> rows;
    while (!keys.empty() && !is_pausing()) {
      const auto some = keys.first(std::min(keys.size(), kTransfersPerCommand));
      keys = keys.subspan(some.size());
      find_some(some, rows);
    }
    return rows;
  }

  void keep(std::vector<JournalRow> rows) override {
    if (!is_pausing()) keeper_.add(std::move(rows));
  }

 private:
  void find_some(std::span<const std::string_view> keys, std::vector<JournalRow>& rows) {
    std::vector<std::string> names;
    for (const std::string_view key : keys)
      names.push_back(name_of(key));
    const auto reply = run(find_script(), names, {});
    if (!reply || reply->elements.size() != keys.size()) return;
    for (std::size_t i = 0; i < keys.size(); ++i) {
      auto found = cache::unseal(options_.secret, keys[i], reply->elements[i].text);
      if (found) std::ranges::move(*found, std::back_inserter(rows));
    }
  }

  /// The keeper's thread.
  void send(std::span<const JournalRow> rows) {
    while (!rows.empty()) {
      std::vector<std::string> names;
      std::vector<std::string> arguments = {ttl_text_};
      while (!rows.empty() && names.size() < kTransfersPerCommand) {
        const auto legs = static_cast<std::size_t>(std::max(rows.front().legs, 1));
        const auto transfer = rows.first(std::min(legs, rows.size()));
        rows = rows.subspan(transfer.size());
        names.push_back(name_of(transfer.front().key));
        arguments.push_back(cache::seal(options_.secret, transfer));
      }
      if (is_pausing() || !run(keep_script(), names, views_of(arguments))) return;
    }
  }

  /// Nothing, and a pause, when there is trouble.
  std::optional<Reply> run(const redis::Script& script, const std::vector<std::string>& names,
                           const Views& arguments) {
    auto reply = client_.run(script, views_of(names), arguments, steady_clock::now() + kLongest);
    if (reply) return std::move(*reply);
    pause_ends_ = (steady_clock::now() + options_.pause).time_since_epoch().count();
    return std::nullopt;
  }

  [[nodiscard]] bool is_pausing() const {
    return steady_clock::now().time_since_epoch().count() < pause_ends_.load();
  }

  [[nodiscard]] std::string name_of(std::string_view key) const {
    return options_.key_prefix + std::string(key);
  }

  const RedisCacheOptions options_;
  const std::string ttl_text_;
  std::atomic<steady_clock::rep> pause_ends_{0};
  redis::Client client_;
  cache::Keeper keeper_;  // the last member: its thread uses the others
};

Error invalid(std::string detail) { return Error{ErrorCode::invalid_option, std::move(detail)}; }

}  // namespace

Result<std::unique_ptr<OutcomeCache>> make_redis_cache(const RedisCacheOptions& options) {
  if (options.secret.size() < kMinSecret) return invalid("secret must have 16 bytes or more");
  if (options.ttl < milliseconds(1) || options.ttl > std::chrono::hours(24)) {
    return invalid("ttl must be from 1 ms to one day");
  }
  const std::pair<const char*, milliseconds> times[] = {
      {"connect_timeout", options.connect_timeout},
      {"command_timeout", options.command_timeout},
      {"pause", options.pause},
  };
  for (const auto& [name, time] : times) {
    if (time <= milliseconds::zero() || time > kLongest) {
      return invalid(std::string(name) + " must be above zero and at most one hour");
    }
  }
  auto address = redis::parse_address(options.address);
  if (!address) return address.error();
  return std::unique_ptr<OutcomeCache>(std::make_unique<RedisCache>(options, std::move(*address)));
}

}  // namespace ledger
