// The bad-input table: everything a client can get wrong, and what it is told.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace ledgerd::testing {

enum class After : std::uint8_t {
  keeps,   ///< the connection serves the next request
  closes,  ///< the connection is ended by the server
};

struct Row {
  std::string name;
  std::string bytes;
  int status;        ///< 0: no response, the connection just ends
  std::string code;  ///< of the body; empty: none
  After after;
};
using Rows = std::vector<Row>;

/// What none of the rows is: a transfer in order. Their key, where it is not what is wrong, is
/// "bad-input".
inline constexpr std::string_view kGoodTransfer = R"({"from_id":1,"to_id":2,"amount":1.00})";

Rows framing_rows();
Rows header_rows();
Rows key_rows();
Rows json_rows();
Rows amount_rows();
Rows id_rows();
Rows v1_rows();

}  // namespace ledgerd::testing
