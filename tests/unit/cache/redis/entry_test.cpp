#include "cache/redis/entry.h"

#include <doctest/doctest.h>

#include <limits>

namespace ledger {
namespace {

constexpr std::string_view kSecret = "a secret of 32 bytes, or about so";

/// A transfer of two legs in which no field has its default.
std::vector<JournalRow> full_rows() {
  JournalRow row;
  row.seq = 41;
  row.kind = JournalKind::account_changed;
  row.decline = 65'535;
  row.key = "order-42";
  row.fingerprint.fill(0x80);
  row.legs = 2;
  row.from = AccountId{std::numeric_limits<std::int64_t>::max()};
  row.to = AccountId{-7};
  row.amount = std::numeric_limits<std::int64_t>::min();
  row.currency = Currency::stored("ABCDEF7", 18).value();
  row.from_entry = {1, -2, 3, 4, 5};
  row.to_entry = {6, 7, -8, 9, 10};
  row.refers_to = TransferId{9};
  row.effective_at = Timestamp(std::chrono::microseconds(-1));
  row.expires_at = Timestamp(std::chrono::microseconds(1));
  row.reference = std::string("with \0 inside", 13);
  row.metadata = std::string(100'000, 'm');
  row.terms = AccountTerms{Currency::iso("JPY").value(), -5, std::nullopt, AccountStatus::frozen};
  row.recorded_at = Timestamp(std::chrono::microseconds(1'800'000'000'000'001));
  JournalRow second = row;
  second.seq = 42;
  second.key.clear();
  second.fingerprint = {};
  second.legs = -1;
  second.terms.reset();
  second.refers_to.reset();
  return {row, second};
}

std::vector<JournalRow> small_rows() {
  JournalRow row;
  row.key = "k";
  row.legs = 1;
  return {row};
}

TEST_CASE("what is sealed is what is unsealed, in every field") {
  for (const auto& rows : {full_rows(), small_rows()}) {
    const std::string entry = cache::seal(kSecret, rows);
    const auto found = cache::unseal(kSecret, rows.front().key, entry);
    REQUIRE(found.has_value());
    CHECK(*found == rows);
  }
}

TEST_CASE("an entry under another key, or of another secret, is not believed") {
  const std::string entry = cache::seal(kSecret, small_rows());
  CHECK(cache::unseal(kSecret, "k", entry).has_value());
  CHECK_FALSE(cache::unseal(kSecret, "other", entry).has_value());
  CHECK_FALSE(cache::unseal(kSecret, "", entry).has_value());
  CHECK_FALSE(cache::unseal("another secret of many bytes", "k", entry).has_value());
}

TEST_CASE("an entry with one bit changed, cut short or lengthened is not believed") {
  const std::string entry = cache::seal(kSecret, small_rows());
  for (std::size_t i = 0; i < entry.size(); ++i) {
    std::string changed = entry;
    changed[i] = static_cast<char>(changed[i] ^ 1);
    CHECK_FALSE(cache::unseal(kSecret, "k", changed).has_value());
    CHECK_FALSE(cache::unseal(kSecret, "k", entry.substr(0, i)).has_value());
  }
  CHECK_FALSE(cache::unseal(kSecret, "k", entry + '\0').has_value());
  CHECK_FALSE(cache::unseal(kSecret, "k", "").has_value());
}

/// small_rows() as they were sealed with kSecret before entries had `incoming`.
std::string entry_of_form_1() {
  constexpr std::string_view kProof =
      "\x0d\x66\x12\x11\xbb\x8a\x13\x36\x31\x3f\x5f\xc2\x09\x99\x28\xa2"
      "\x90\x6d\x4d\xaf\xa3\x08\xe0\x10\x79\x61\x72\x3d\xe0\x65\x6f\x77";
  std::string entry = std::string(kProof) + "libledger outcome 1\n" + std::string(217, '\0');
  entry[52 + 8] = 1;   // the kind
  entry[52 + 24] = 1;  // the key's length
  entry[52 + 32] = 'k';
  entry[52 + 49] = 1;  // one leg
  return entry;
}

TEST_CASE("entries of other forms are not understood, though they are proved") {
  const std::string form_1 = entry_of_form_1();
  CHECK_FALSE(cache::unseal(kSecret, "k", form_1).has_value());
  // And ours says that it is another.
  const auto form_of = [](const std::string& entry) { return entry.substr(32, 20); };
  CHECK(form_of(form_1) == "libledger outcome 1\n");
  CHECK(form_of(cache::seal(kSecret, small_rows())) == "libledger outcome 2\n");
}

TEST_CASE("rows that are not one whole transfer are not believed, even with a proof") {
  auto rows = full_rows();
  rows.pop_back();
  CHECK_FALSE(cache::unseal(kSecret, "order-42", cache::seal(kSecret, rows)).has_value());
  CHECK_FALSE(cache::unseal(kSecret, "order-42", cache::seal(kSecret, {})).has_value());
}

}  // namespace
}  // namespace ledger
