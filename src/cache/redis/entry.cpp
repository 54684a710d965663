#include "cache/redis/entry.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>

#include <array>
#include <cstdint>
#include <type_traits>
#include <utility>

namespace ledger::cache {
namespace {

constexpr std::size_t kProofSize = 32;
/// Of the form below; part of what is proved, so that another form is not misread.
constexpr std::string_view kForm = "libledger outcome 2\n";

using Proof = std::array<unsigned char, kProofSize>;

/// False where the machine's OpenSSL cannot do it.
bool prove(std::string_view secret, std::string_view bytes, Proof& proof) {
  unsigned size = 0;
  const auto* data = reinterpret_cast<const unsigned char*>(bytes.data());
  const bool done = HMAC(EVP_sha256(), secret.data(), static_cast<int>(secret.size()), data,
                         bytes.size(), proof.data(), &size) != nullptr;
  return done && size == kProofSize;
}

/// Calls `field` with every member of a row: the one list of them.
template <class Row, class Field>
void for_each_field(Row& row, Field& field) {
  field(row.seq);
  field(row.kind);
  field(row.decline);
  field(row.key);
  field(row.fingerprint);
  field(row.legs);
  field(row.from);
  field(row.to);
  field(row.amount);
  field(row.currency);
  for (auto* entry : {&row.from_entry, &row.to_entry}) {
    field(entry->version);
    field(entry->balance);
    field(entry->held);
    field(entry->incoming);
    field(entry->previous);
  }
  field(row.refers_to);
  field(row.effective_at);
  field(row.expires_at);
  field(row.reference);
  field(row.metadata);
  field(row.terms);
  field(row.recorded_at);
}

template <class Terms, class Field>
void for_each_term(Terms& terms, Field& field) {
  field(terms.currency);
  field(terms.min_balance);
  field(terms.max_balance);
  field(terms.status);
}

class Writer {
 public:
  template <class T>
  void operator()(T value) requires(std::is_integral_v<T> || std::is_enum_v<T>) {
    auto bits = static_cast<std::uint64_t>(value);
    for (std::size_t i = 0; i < sizeof bits; ++i, bits >>= 8U)
      bytes_.push_back(static_cast<char>(bits & 0xFFU));
  }
  void operator()(std::string_view text) {
    (*this)(text.size());
    bytes_.append(text);
  }
  void operator()(const Fingerprint& print) {
    for (const std::uint8_t byte : print)
      bytes_.push_back(static_cast<char>(byte));
  }
  void operator()(const Currency& currency) {
    (*this)(currency.code());
    (*this)(currency.scale());
  }
  void operator()(Timestamp time) { (*this)(time.time_since_epoch().count()); }
  void operator()(const AccountTerms& terms) { for_each_term(terms, *this); }
  template <class T>
  void operator()(const std::optional<T>& value) {
    (*this)(value.has_value());
    if (value) (*this)(*value);
  }

  std::string take() { return std::move(bytes_); }

 private:
  std::string bytes_{kForm};
};

class Reader {
 public:
  explicit Reader(std::string_view bytes) : left_(bytes) {
    ok_ = left_.starts_with(kForm);
    if (ok_) left_.remove_prefix(kForm.size());
  }

  template <class T>
  void operator()(T& value) requires(std::is_integral_v<T> || std::is_enum_v<T>) {
    std::uint64_t bits = 0;
    const std::string_view bytes = take(sizeof bits);
    for (std::size_t i = bytes.size(); i-- > 0;)
      bits = (bits << 8U) | static_cast<unsigned char>(bytes[i]);
    value = static_cast<T>(bits);
  }
  void operator()(std::string& text) {
    std::uint64_t size = 0;
    (*this)(size);
    text = take(size);
  }
  void operator()(Fingerprint& print) {
    const std::string_view bytes = take(print.size());
    for (std::size_t i = 0; i < bytes.size(); ++i)
      print[i] = static_cast<std::uint8_t>(bytes[i]);
  }
  void operator()(Currency& currency) {
    std::string code;
    int scale = 0;
    (*this)(code);
    (*this)(scale);
    if (code.empty()) return;  // a row without one has the default
    const auto stored = Currency::stored(code, scale);
    if (!stored) return fail();
    currency = *stored;
  }
  void operator()(Timestamp& time) {
    Timestamp::rep count = 0;
    (*this)(count);
    time = Timestamp(Timestamp::duration(count));
  }
  void operator()(AccountTerms& terms) { for_each_term(terms, *this); }
  template <class T>
  void operator()(std::optional<T>& value) {
    bool is_there = false;
    (*this)(is_there);
    value.reset();
    if (is_there) (*this)(value.emplace());
  }

  [[nodiscard]] bool at_end() const { return ok_ && left_.empty(); }
  [[nodiscard]] bool ok() const { return ok_; }

 private:
  std::string_view take(std::uint64_t size) {
    if (!ok_ || size > left_.size()) {
      fail();
      return {};
    }
    const auto taken = left_.substr(0, static_cast<std::size_t>(size));
    left_.remove_prefix(taken.size());
    return taken;
  }
  void fail() { ok_ = false; }

  std::string_view left_;
  bool ok_ = true;
};

bool is_transfer(std::span<const JournalRow> rows, std::string_view key) {
  return !rows.empty() && rows.front().key == key && !key.empty() &&
         static_cast<std::size_t>(rows.front().legs) == rows.size();
}

}  // namespace

std::string seal(std::string_view secret, std::span<const JournalRow> rows) {
  Writer writer;
  for (const JournalRow& row : rows)
    for_each_field(row, writer);
  const std::string bytes = writer.take();
  Proof proof{};
  if (!prove(secret, bytes, proof)) return {};
  return std::string(reinterpret_cast<const char*>(proof.data()), proof.size()) + bytes;
}

std::optional<std::vector<JournalRow>> unseal(std::string_view secret, std::string_view key,
                                              std::string_view entry) {
  Proof proof{};
  if (entry.size() < proof.size()) return std::nullopt;
  const std::string_view bytes = entry.substr(proof.size());
  const bool is_ours =
      prove(secret, bytes, proof) && CRYPTO_memcmp(proof.data(), entry.data(), proof.size()) == 0;
  if (!is_ours) return std::nullopt;
  std::vector<JournalRow> rows;
  Reader reader(bytes);
  while (reader.ok() && !reader.at_end())
    for_each_field(rows.emplace_back(), reader);
  if (!reader.ok() || !is_transfer(rows, key)) return std::nullopt;
  return rows;
}

}  // namespace ledger::cache
