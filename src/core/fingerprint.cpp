#include "core/fingerprint.h"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <cstdlib>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

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

  CanonicalForm& text(std::string_view value) {
    integer(static_cast<std::int64_t>(value.size()));
    bytes_.append(value);
    return *this;
  }

  /// What is not there leaves no trace: so a request has the same fingerprint as before there was
  /// anything else to ask for.
  CanonicalForm& text_if_any(char tag, std::string_view value) {
    if (value.empty()) return *this;
    bytes_.push_back(tag);
    return text(value);
  }
  CanonicalForm& time_if_any(char tag, const std::optional<Timestamp>& time) {
    if (!time) return *this;
    bytes_.push_back(tag);
    return integer(time->time_since_epoch().count());
  }
  CanonicalForm& details(const Details& details) {
    return text_if_any('r', details.reference)
        .text_if_any('m', details.metadata)
        .time_if_any('e', details.effective_at);
  }

  CanonicalForm& legs(const std::vector<Leg>& legs) {
    integer(static_cast<std::int64_t>(legs.size()));
    for (const Leg& leg : legs)
      integer(to_int(leg.from)).integer(to_int(leg.to)).amount(leg.amount);
    return *this;
  }

  CanonicalForm& amount(Amount value) {
    return integer(value.minor_units()).currency(value.currency());
  }
  CanonicalForm& optional(const std::optional<Amount>& value) {
    bytes_.push_back(value ? 1 : 0);
    return value ? amount(*value) : *this;
  }
  CanonicalForm& flag(bool value) {
    bytes_.push_back(value ? 1 : 0);
    return *this;
  }
  /// A limit that a change sets, takes away, or leaves as it is.
  CanonicalForm& change(const std::optional<std::optional<MinorUnits>>& value) {
    flag(value.has_value());
    return value ? optional(*value) : *this;
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
  return CanonicalForm('T').legs(request.legs).details(request.details).hash();
}

Fingerprint fingerprint(const HoldRequest& request) {
  return CanonicalForm('H')
      .legs(request.legs)
      .time_if_any('x', request.expires_at)
      .details(request.details)
      .hash();
}

Fingerprint fingerprint(const CaptureRequest& request) {
  return CanonicalForm('C')
      .integer(to_int(request.hold))
      .optional(request.amount)
      .flag(request.release_rest)
      .details(request.details)
      .hash();
}

Fingerprint fingerprint(const VoidRequest& request) {
  return CanonicalForm('V').integer(to_int(request.hold)).details(request.details).hash();
}

Fingerprint fingerprint(const ReversalRequest& request) {
  return CanonicalForm('R')
      .integer(to_int(request.transfer))
      .optional(request.amount)
      .details(request.details)
      .hash();
}

Fingerprint fingerprint(const ExpireRequest& request) {
  return CanonicalForm('X').integer(to_int(request.hold)).hash();
}

Fingerprint fingerprint(const AccountRequest& request) {
  return CanonicalForm('A')
      .optional(request.id ? std::optional(to_int(*request.id)) : std::nullopt)
      .currency(request.currency)
      .optional(request.min_balance)
      .optional(request.max_balance)
      .text_if_any('r', request.reference)
      .text_if_any('m', request.metadata)
      .hash();
}

Fingerprint fingerprint(const AccountChange& request) {
  CanonicalForm form('U');
  form.integer(to_int(request.account))
      .change(request.min_balance)
      .change(request.max_balance)
      .integer(request.status ? static_cast<std::int64_t>(*request.status) : 0)
      .optional(request.expected_version)
      .flag(request.metadata.has_value());
  if (request.metadata) form.text(*request.metadata);
  return form.hash();
}

}  // namespace ledger::core
