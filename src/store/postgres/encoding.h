// Postgres's binary formats: parameters for a statement, columns of a result.
// https://www.postgresql.org/docs/current/protocol-overview.html#PROTOCOL-FORMAT-CODES
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "ledger/clock.h"

struct pg_result;

namespace ledger::postgres {

/// Object ids of the types we send. They are the same on every server.
enum class Type : std::uint32_t {
  bytea = 17,
  int8 = 20,
  int2 = 21,
  int4 = 23,
  text = 25,
  timestamptz = 1184,
};

/// Builds one array parameter, element by element.
class ArrayWriter {
 public:
  /// `elements` is how many will be added, exactly.
  ArrayWriter(Type type, std::size_t elements);

  void add_int2(std::int16_t value);
  void add_int4(std::int32_t value);
  void add_int8(std::int64_t value);
  void add_int8(const std::optional<std::int64_t>& value);
  void add_text(std::string_view text);          ///< as it is
  void add_text_or_null(std::string_view text);  ///< empty: NULL
  void add_bytes(std::span<const std::uint8_t> bytes);
  void add_time(Timestamp time);
  void add_time(const std::optional<Timestamp>& time);
  void add_null();

  [[nodiscard]] std::string take() && { return std::move(bytes_); }

 private:
  void add_size(std::size_t size);

  std::string bytes_;
};

/// The parameters of one run of a statement. Owns their bytes.
class Parameters {
 public:
  Parameters& add(std::int64_t value);
  Parameters& add(std::string_view text);
  /// To compare with: what lies before all of the server's times is its -infinity.
  Parameters& add(Timestamp time);
  Parameters& add(ArrayWriter array);
  Parameters& add_keys(std::span<const std::string_view> keys);

  [[nodiscard]] int count() const noexcept { return static_cast<int>(values_.size()); }
  /// What PQsendQueryPrepared() takes; valid until the next add().
  struct View {
    std::vector<const char*> values;
    std::vector<int> lengths;
    std::vector<int> formats;
  };
  [[nodiscard]] View view() const;

 private:
  std::vector<std::string> values_;
};

/// Reads the columns of one row, in their order. NULL reads as zero, empty or nullopt. A column of
/// an unexpected width makes `valid()` false.
class ColumnReader {
 public:
  ColumnReader(const pg_result* result, int row) noexcept : result_(result), row_(row) {}

  std::int64_t integer();  ///< int2, int4 or int8
  std::optional<std::int64_t> optional_integer();
  std::string_view text();  ///< as long as the result; bytea too
  Timestamp time();
  std::optional<Timestamp> optional_time();

  [[nodiscard]] bool valid() const noexcept { return valid_; }

 private:
  [[nodiscard]] bool is_null() const;

  const pg_result* result_;
  int row_;
  int column_ = 0;
  bool valid_ = true;
};

}  // namespace ledger::postgres
