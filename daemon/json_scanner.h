// Takes JSON apart without reading it.
#pragma once

#include <cstddef>
#include <string_view>

namespace ledgerd {

/// Finds where values end by their brackets and quotes alone. That takes no memory, so that the
/// items of a batch can be read one by one; whether they are JSON is for who reads them to say.
class JsonScanner {
 public:
  explicit JsonScanner(std::string_view text) : text_(text) {}

  /// Goes past `c`, and white space before it, if it comes next.
  bool take(char c);
  /// The source of the next value, up to where its last bracket or quote is closed, or to the end
  /// if none is. Empty: no value comes next.
  std::string_view value();
  /// Nothing but white space is left.
  bool at_end();
  /// What comes next after white space. REQUIRES: not at_end().
  char next();

 private:
  void skip_space();
  void skip_string();
  void skip_brackets();

  std::string_view text_;
  std::size_t at_ = 0;
};

}  // namespace ledgerd
