#include "redis/script.h"

#include <openssl/evp.h>

#include <array>

namespace ledger::redis {
namespace {

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

Script make_script(std::string_view text) { return {text, sha1_of(text)}; }

}  // namespace ledger::redis
