#include "core/fingerprint.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <set>
#include <string>
#include <utility>
#include <vector>

using namespace ledger;
using core::fingerprint;

namespace {

const Currency kUsd = *Currency::iso("USD");

TransferRequest transfer(std::int64_t from, std::int64_t to, MinorUnits amount,
                         Currency currency = kUsd) {
  return {.key = "k", .legs = {{AccountId{from}, AccountId{to}, Amount(amount, currency)}}};
}

TransferRequest with(Details details) {
  auto request = transfer(1, 2, 100);
  request.details = std::move(details);
  return request;
}

template <class Edit>
AccountChange change(Edit edit) {
  AccountChange request{.key = "k", .account = AccountId{1}};
  edit(request);
  return request;
}

std::string hex(const Fingerprint& print) {
  std::string text;
  for (const auto byte : print) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", byte);
    text += two;
  }
  return text;
}

}  // namespace

TEST_CASE("the key is not part of the fingerprint") {
  auto other = transfer(1, 2, 100);
  other.key = "another";
  CHECK(fingerprint(transfer(1, 2, 100)) == fingerprint(other));
}

TEST_CASE("anything else that was asked changes the fingerprint") {
  auto two_legs = transfer(1, 2, 100);
  two_legs.legs.push_back(two_legs.legs.front());
  std::vector<Fingerprint> prints{
      fingerprint(transfer(1, 2, 100)),
      fingerprint(transfer(2, 1, 100)),
      fingerprint(transfer(1, 3, 100)),
      fingerprint(transfer(1, 2, 101)),
      fingerprint(transfer(1, 2, 100, *Currency::iso("EUR"))),
      fingerprint(transfer(1, 2, 100, *Currency::custom("GOLD", 2))),
      fingerprint(transfer(1, 2, 100, *Currency::custom("GOLD", 3))),
      fingerprint(two_legs),
      fingerprint(AccountRequest{.key = "k", .currency = kUsd}),
      fingerprint(AccountRequest{.key = "k", .currency = kUsd, .id = AccountId{1}}),
      fingerprint(AccountRequest{.key = "k", .currency = kUsd, .min_balance = std::nullopt}),
      fingerprint(AccountRequest{.key = "k", .currency = kUsd, .min_balance = -1}),
      fingerprint(AccountRequest{.key = "k", .currency = kUsd, .max_balance = 0}),
      fingerprint(AccountRequest{.key = "k", .currency = kUsd, .reference = "r"}),
      fingerprint(AccountRequest{.key = "k", .currency = kUsd, .metadata = "r"}),
      fingerprint(with({.reference = "r"})),
      fingerprint(with({.metadata = "r"})),
      fingerprint(with({.reference = "rm", .metadata = ""})),
      fingerprint(with({.reference = "r", .metadata = "m"})),
      fingerprint(with({.effective_at = Timestamp{}})),
      fingerprint(HoldRequest{.key = "k", .legs = transfer(1, 2, 100).legs}),
      fingerprint(
          HoldRequest{.key = "k", .legs = transfer(1, 2, 100).legs, .expires_at = Timestamp{}}),
      fingerprint(HoldRequest{
          .key = "k", .legs = transfer(1, 2, 100).legs, .details = {.effective_at = Timestamp{}}}),
      fingerprint(CaptureRequest{.key = "k", .hold = TransferId{1}}),
      fingerprint(CaptureRequest{.key = "k", .hold = TransferId{1}, .release_rest = true}),
      fingerprint(CaptureRequest{.key = "k", .hold = TransferId{1}, .amount = Amount(1, kUsd)}),
      fingerprint(VoidRequest{.key = "k", .hold = TransferId{1}}),
      fingerprint(ReversalRequest{.key = "k", .transfer = TransferId{1}}),
      fingerprint(
          ReversalRequest{.key = "k", .transfer = TransferId{1}, .amount = Amount(1, kUsd)}),
      core::make_expiry(TransferId{1}).fingerprint,
      fingerprint(AccountChange{.key = "k", .account = AccountId{1}}),
      fingerprint(change([](AccountChange& to) { to.min_balance.emplace(0); })),
      fingerprint(change([](AccountChange& to) { to.min_balance.emplace(std::nullopt); })),
      fingerprint(change([](AccountChange& to) { to.max_balance.emplace(0); })),
      fingerprint(change([](AccountChange& to) { to.status = AccountStatus::frozen; })),
      fingerprint(change([](AccountChange& to) { to.metadata = ""; })),
      fingerprint(change([](AccountChange& to) { to.metadata = "{}"; })),
      fingerprint(change([](AccountChange& to) { to.expected_version = 1; })),
  };
  CHECK(std::set<Fingerprint>(prints.begin(), prints.end()).size() == prints.size());
}

// Stored fingerprints are compared with new ones for ever: these must never change.
TEST_CASE("fingerprints of today's requests stay what they are") {
  CHECK(hex(fingerprint(transfer(1, 2, 10000))) == "3f4409eaabae00ad891874896f549cda");
  CHECK(hex(fingerprint(AccountRequest{.key = "k", .currency = kUsd, .id = AccountId{7}})) ==
        "b64d8404602c324d1ad0ef2b3bf2acf8");
}
