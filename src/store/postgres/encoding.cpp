#include "store/postgres/encoding.h"

#include <libpq-fe.h>

#include <array>
#include <cstring>
#include <limits>
#include <utility>

namespace ledger::postgres {
namespace {

// Timestamps count microseconds from 2000-01-01, where ours count from 1970-01-01.
constexpr std::uint64_t kEpochShift = 946'684'800'000'000;

// The server's begin in 4713 BC, and end a few years after ours.
constexpr Timestamp kEarliest{std::chrono::sys_days(std::chrono::year(-4712) / 1 / 1)};

// All multi-byte integers are big-endian. In one piece: byte by byte, each would be checked for
// room, and a batch has many.
template <class T>
void append(std::string& bytes, T value) {
  std::array<char, sizeof(T)> encoded{};
  for (std::size_t i = sizeof(T); i > 0; value >>= 8)
    encoded[--i] = static_cast<char>(value & 0xFFU);
  bytes.append(encoded.data(), encoded.size());
}

template <class T>
void overwrite(std::string& bytes, std::size_t at, T value) {
  std::string encoded;
  append(encoded, value);
  bytes.replace(at, encoded.size(), encoded);
}

// Of a one-dimensional array: dimensions, has-nulls, element type, length, lower bound.
constexpr std::size_t kHasNullsAt = 4;

std::int64_t to_server(Timestamp time) {
  return static_cast<std::int64_t>(static_cast<std::uint64_t>(time.time_since_epoch().count()) -
                                   kEpochShift);
}

Timestamp from_server(std::int64_t value) {
  return Timestamp(std::chrono::microseconds(
      static_cast<std::int64_t>(static_cast<std::uint64_t>(value) + kEpochShift)));
}

std::uint64_t read(const char* bytes, int size) {
  std::uint64_t value = 0;
  for (int i = 0; i < size; ++i)
    value = value << 8 | static_cast<unsigned char>(bytes[i]);
  return value;
}

}  // namespace

ArrayWriter::ArrayWriter(Type type, std::size_t elements) {
  bytes_.reserve(20 + elements * 12);
  append<std::uint32_t>(bytes_, elements == 0 ? 0 : 1);
  append<std::uint32_t>(bytes_, 0);
  append(bytes_, static_cast<std::uint32_t>(type));
  if (elements == 0) return;
  append(bytes_, static_cast<std::uint32_t>(elements));
  append<std::uint32_t>(bytes_, 1);
}

void ArrayWriter::add_size(std::size_t size) { append(bytes_, static_cast<std::uint32_t>(size)); }

void ArrayWriter::add_int2(std::int16_t value) {
  add_size(2);
  append(bytes_, static_cast<std::uint16_t>(value));
}

void ArrayWriter::add_int4(std::int32_t value) {
  add_size(4);
  append(bytes_, static_cast<std::uint32_t>(value));
}

void ArrayWriter::add_int8(std::int64_t value) {
  add_size(8);
  append(bytes_, static_cast<std::uint64_t>(value));
}

void ArrayWriter::add_int8(const std::optional<std::int64_t>& value) {
  if (value.has_value()) {
    add_int8(*value);
  } else {
    add_null();
  }
}

void ArrayWriter::add_text(std::string_view text) {
  add_size(text.size());
  bytes_.append(text);
}

void ArrayWriter::add_text_or_null(std::string_view text) {
  if (text.empty()) {
    add_null();
  } else {
    add_text(text);
  }
}

void ArrayWriter::add_bytes(std::span<const std::uint8_t> bytes) {
  add_size(bytes.size());
  for (const std::uint8_t byte : bytes)
    bytes_.push_back(static_cast<char>(byte));
}

void ArrayWriter::add_time(Timestamp time) { add_int8(to_server(time)); }

void ArrayWriter::add_time(const std::optional<Timestamp>& time) {
  if (time.has_value()) {
    add_time(*time);
  } else {
    add_null();
  }
}

void ArrayWriter::add_null() {
  append(bytes_, ~std::uint32_t{0});
  overwrite<std::uint32_t>(bytes_, kHasNullsAt, 1);
}

Parameters& Parameters::add(std::int64_t value) {
  append(values_.emplace_back(), static_cast<std::uint64_t>(value));
  return *this;
}

Parameters& Parameters::add(std::string_view text) {
  values_.emplace_back(text);
  return *this;
}

Parameters& Parameters::add(Timestamp time) {
  constexpr auto kMinusInfinity = std::numeric_limits<std::int64_t>::min();
  return add(time < kEarliest ? kMinusInfinity : to_server(time));
}

Parameters& Parameters::add(ArrayWriter array) {
  values_.push_back(std::move(array).take());
  return *this;
}

Parameters& Parameters::add_keys(std::span<const std::string_view> keys) {
  ArrayWriter array(Type::text, keys.size());
  for (const std::string_view key : keys)
    array.add_text(key);
  return add(std::move(array));
}

Parameters::View Parameters::view() const {
  View view;
  for (const std::string& value : values_) {
    view.values.push_back(value.data());
    view.lengths.push_back(static_cast<int>(value.size()));
    view.formats.push_back(1);
  }
  return view;
}

bool ColumnReader::is_null() const { return PQgetisnull(result_, row_, column_) != 0; }

std::int64_t ColumnReader::integer() {
  const int column = column_++;
  if (PQgetisnull(result_, row_, column) != 0) return 0;
  const char* bytes = PQgetvalue(result_, row_, column);
  const int size = PQgetlength(result_, row_, column);
  const std::uint64_t value = read(bytes, size <= 8 ? size : 0);
  switch (size) {
    case 2:
      return static_cast<std::int16_t>(value);
    case 4:
      return static_cast<std::int32_t>(value);
    case 8:
      return static_cast<std::int64_t>(value);
    default:
      valid_ = false;
      return 0;
  }
}

std::optional<std::int64_t> ColumnReader::optional_integer() {
  if (is_null()) {
    ++column_;
    return std::nullopt;
  }
  return integer();
}

std::string_view ColumnReader::text() {
  const int column = column_++;
  return {PQgetvalue(result_, row_, column),
          static_cast<std::size_t>(PQgetlength(result_, row_, column))};
}

Timestamp ColumnReader::time() { return from_server(integer()); }

std::optional<Timestamp> ColumnReader::optional_time() {
  const auto value = optional_integer();
  if (!value.has_value()) return std::nullopt;
  return from_server(*value);
}

}  // namespace ledger::postgres
