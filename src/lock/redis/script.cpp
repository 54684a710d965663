#include "lock/redis/script.h"

#include <openssl/evp.h>

#include <array>

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

/// Empty where SHA-1 is not to be had: no server knows a script by that name, so each call sends
/// its text.
std::string sha1_of(std::string_view text) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1) {
    return {};
  }
  std::string hex;
  for (unsigned i = 0; i < size; ++i) {
    hex.push_back(kDigits[digest[i] >> 4]);
    hex.push_back(kDigits[digest[i] & 0xF]);
  }
  return hex;
}

}  // namespace

const Script& acquire_script() {
  static const Script script{kAcquire, sha1_of(kAcquire)};
  return script;
}

const Script& release_script() {
  static const Script script{kRelease, sha1_of(kRelease)};
  return script;
}

}  // namespace ledger::redis
