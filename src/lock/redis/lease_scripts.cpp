#include "lock/redis/lease_scripts.h"

#include <string_view>

namespace ledger::redis {
namespace {

constexpr std::string_view kAcquire = R"(
local token, ttl = ARGV[1], ARGV[2]
local own = {[token] = true}
for i = 3, #ARGV do own[ARGV[i]] = true end
local refused = {}
for i, key in ipairs(KEYS) do
  if not redis.call('SET', key, token, 'NX', 'PX', ttl) then
    local holder = redis.pcall('GET', key)
    if own[holder] then
      redis.call('SET', key, token, 'PX', ttl)
    else
      refused[#refused + 1] = i
    end
  end
end
return refused
)";

constexpr std::string_view kRelease = R"(
for i, key in ipairs(KEYS) do
  if redis.pcall('GET', key) == ARGV[i] then redis.call('DEL', key) end
end
return #KEYS
)";

}  // namespace

const Script& acquire_script() {
  static const Script script = make_script(kAcquire);
  return script;
}

const Script& release_script() {
  static const Script script = make_script(kRelease);
  return script;
}

}  // namespace ledger::redis
