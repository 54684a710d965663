#include "core/fingerprint.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>

namespace ledger::core {
namespace {

/// The canonical form: fixed-width little-endian integers and length-prefixed text, so that no two
/// requests share one.
class CanonicalForm {
 public:
  explicit CanonicalForm(char kind) { bytes_.push_back(kind); }

  CanonicalForm& integer(std::int64_t value) {
    auto bits = static_cast<std::uint64_t>(value);
    for (int i = 0; i < 8; ++i, bits >>= 8)
      bytes_.push_back(static_cast<char>(bits & 0xFF));
    return *this;
  }

  CanonicalForm& optional(const std::optional<std::int64_t>& value) {
    bytes_.push_back(value ? 1 : 0);
    return value ? integer(*value) : *this;
  }

  CanonicalForm& currency(Currency value) {
    const auto code = value.code();
    bytes_.push_back(static_cast<char>(code.size()));
    bytes_.append(code);
    bytes_.push_back(static_cast<char>(value.scale()));
    return *this;
  }

  /// SHA-256 (FIPS 180-4), cut to 128 bits: a client that seeks a collision can only confuse the
  /// replays of its own keys.
  [[nodiscard]] Fingerprint hash() const {
    // Fetched once: EVP_sha256() looks the algorithm up anew in every call (OpenSSL 3.0,
    // crypto(7), "Performance").
    static EVP_MD* const sha256 = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
    unsigned size = 0;
    // Without SHA-256 no request can be told from another; there is no way to go on.
    if (sha256 == nullptr ||
        EVP_Digest(bytes_.data(), bytes_.size(), digest.data(), &size, sha256, nullptr) != 1) {
      std::abort();
    }
    Fingerprint print{};
    std::copy_n(digest.begin(), print.size(), print.begin());
    return print;
  }

 private:
  std::string bytes_;
};

}  // namespace

Fingerprint fingerprint(const TransferRequest& request) {
  CanonicalForm form('T');
  form.integer(static_cast<std::int64_t>(request.legs.size()));
  for (const Leg& leg : request.legs) {
    form.integer(to_int(leg.from))
        .integer(to_int(leg.to))
        .integer(leg.amount.minor_units())
        .currency(leg.amount.currency());
  }
  return form.hash();
}

Fingerprint fingerprint(const AccountRequest& request) {
  CanonicalForm form('A');
  form.optional(request.id ? std::optional(to_int(*request.id)) : std::nullopt)
      .currency(request.currency)
      .optional(request.min_balance)
      .optional(request.max_balance);
  return form.hash();
}

}  // namespace ledger::core
