#include "ledger/money.h"

#include <doctest/doctest.h>

#include <limits>
#include <random>
#include <string>

using namespace ledger;

namespace {

const Currency kUsd = *Currency::iso("USD");
const Currency kJpy = *Currency::iso("JPY");
const Currency kFine = *Currency::custom("FINE", 18);
constexpr auto kMax = std::numeric_limits<MinorUnits>::max();
constexpr auto kMin = std::numeric_limits<MinorUnits>::min();

}  // namespace

TEST_CASE("an amount is parsed exactly at its currency's scale") {
  CHECK(Amount::parse("100.00", kUsd)->minor_units() == 10000);
  CHECK(Amount::parse("100", kUsd)->minor_units() == 10000);
  CHECK(Amount::parse("100.5", kUsd)->minor_units() == 10050);
  CHECK(Amount::parse("0.01", kUsd)->minor_units() == 1);
  CHECK(Amount::parse("-0.05", kUsd)->minor_units() == -5);
  CHECK(Amount::parse("0", kUsd)->minor_units() == 0);
  CHECK(Amount::parse("7", kJpy)->minor_units() == 7);
  CHECK(Amount::parse("0.000000000000000001", kFine)->minor_units() == 1);
}

TEST_CASE("the whole range of 64 bits can be parsed and nothing beyond it") {
  CHECK(Amount::parse("92233720368547758.07", kUsd)->minor_units() == kMax);
  CHECK(Amount::parse("-92233720368547758.08", kUsd)->minor_units() == kMin);
  CHECK(Amount::parse("92233720368547758.08", kUsd).error().code == ErrorCode::amount_out_of_range);
  CHECK(Amount::parse("-92233720368547758.09", kUsd).error().code ==
        ErrorCode::amount_out_of_range);
  CHECK(Amount::parse(std::string(400, '9'), kJpy).error().code == ErrorCode::amount_out_of_range);
}

TEST_CASE("more decimals than the scale are refused even when they are zeros") {
  CHECK(Amount::parse("1.000", kUsd).error().code == ErrorCode::amount_too_precise);
  CHECK(Amount::parse("1.001", kUsd).error().code == ErrorCode::amount_too_precise);
  CHECK(Amount::parse("1.0", kJpy).error().code == ErrorCode::amount_too_precise);
}

TEST_CASE("what is not a plain decimal number is refused") {
  for (const char* text :
       {"",   "-",  ".",     "1.",  ".5",  "+1",    "01",  "00",  "1e2", "1E2", "0x1",
        " 1", "1 ", "1,000", "1_0", "--1", "1.2.3", "NaN", "inf", "-.5", "1-",  "\u0661"}) {
    CAPTURE(text);
    CHECK(Amount::parse(text, kUsd).error().code == ErrorCode::invalid_amount);
  }
  CHECK(Amount::parse(std::string_view("1\0", 2), kUsd).error().code == ErrorCode::invalid_amount);
}

TEST_CASE("an amount is printed with all the digits of its scale") {
  CHECK(Amount(10000, kUsd).to_string() == "100.00");
  CHECK(Amount(5, kUsd).to_string() == "0.05");
  CHECK(Amount(-5, kUsd).to_string() == "-0.05");
  CHECK(Amount(0, kUsd).to_string() == "0.00");
  CHECK(Amount(7, kJpy).to_string() == "7");
  CHECK(Amount(kMin, kUsd).to_string() == "-92233720368547758.08");
  CHECK(Amount(kMax, kFine).to_string() == "9.223372036854775807");
}

TEST_CASE("parsing gives back what was printed, for any amount and scale") {
  const auto seed = std::random_device{}();
  MESSAGE("seed ", seed);
  std::mt19937_64 random(seed);
  for (int i = 0; i < 2000; ++i) {
    const auto currency = *Currency::custom("TEST", static_cast<int>(random() % 19));
    const Amount amount(static_cast<MinorUnits>(random() >> (random() % 64)), currency);
    CHECK(*Amount::parse(amount.to_string(), currency) == amount);
  }
}

TEST_CASE("ISO 4217 currencies have their scales") {
  CHECK(Currency::iso("EUR")->scale() == 2);
  CHECK(Currency::iso("JPY")->scale() == 0);
  CHECK(Currency::iso("XPF")->scale() == 0);
  CHECK(Currency::iso("BHD")->scale() == 3);
  CHECK(Currency::iso("CLF")->scale() == 4);
  for (const char* code : {"XAU", "XXX", "usd", "US", "USDT", ""}) {
    CAPTURE(code);
    CHECK(Currency::iso(code).error().code == ErrorCode::unknown_currency);
  }
}

TEST_CASE("a custom currency has a well-formed code that is not ISO's and a scale of 0 to 18") {
  CHECK(Currency::custom("POINTS", 0)->code() == "POINTS");
  CHECK(Currency::custom("USDC123", 6)->code() == "USDC123");
  for (const char* code : {"USD", "AB", "ABCDEFGH", "abc", "1AB", "A-B", ""}) {
    CAPTURE(code);
    CHECK(Currency::custom(code, 2).error().code == ErrorCode::invalid_option);
  }
  CHECK(Currency::custom("POINTS", -1).error().code == ErrorCode::invalid_option);
  CHECK(Currency::custom("POINTS", 19).error().code == ErrorCode::invalid_option);
}

TEST_CASE("currencies of one code and different scales are different") {
  CHECK(*Currency::custom("GOLD", 2) != *Currency::custom("GOLD", 3));
  CHECK(Currency{} != kUsd);
}

TEST_CASE("checked arithmetic fails instead of wrapping round") {
  CHECK(*checked_add(kMax - 1, 1) == kMax);
  CHECK(checked_add(kMax, 1).error().code == ErrorCode::amount_out_of_range);
  CHECK(*checked_subtract(kMin + 1, 1) == kMin);
  CHECK(checked_subtract(kMin, 1).error().code == ErrorCode::amount_out_of_range);
}
