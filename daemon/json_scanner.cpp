#include "json_scanner.h"

#include <algorithm>

namespace ledgerd {

void JsonScanner::skip_space() {
  at_ = std::min(text_.find_first_not_of(" \t\r\n", at_), text_.size());
}

bool JsonScanner::take(char c) {
  skip_space();
  if (at_ == text_.size() || text_[at_] != c) return false;
  ++at_;
  return true;
}

bool JsonScanner::at_end() {
  skip_space();
  return at_ == text_.size();
}

char JsonScanner::next() {
  skip_space();
  return text_[at_];
}

std::string_view JsonScanner::value() {
  skip_space();
  const std::size_t begin = at_;
  if (at_ < text_.size()) {
    switch (text_[at_]) {
      case '"':
        skip_string();
        break;
      case '{':
      case '[':
        skip_brackets();
        break;
      default:
        at_ = std::min(text_.find_first_of(",:]} \t\r\n", at_), text_.size());
    }
  }
  return text_.substr(begin, at_ - begin);
}

// REQUIRES: at a quote.
void JsonScanner::skip_string() {
  for (++at_; at_ < text_.size(); ++at_) {
    if (text_[at_] == '\\') {
      ++at_;
    } else if (text_[at_] == '"') {
      ++at_;
      return;
    }
  }
  at_ = text_.size();
}

// REQUIRES: at an opening bracket.
void JsonScanner::skip_brackets() {
  std::size_t depth = 0;
  while (at_ < text_.size()) {
    switch (text_[at_]) {
      case '"':
        skip_string();
        continue;
      case '{':
      case '[':
        ++depth;
        break;
      case '}':
      case ']':
        --depth;
        break;
      default:
        break;
    }
    ++at_;
    if (depth == 0) return;
  }
}

}  // namespace ledgerd
