// What runs inside Redis: there, a script is one atomic step.
#pragma once

#include <string>
#include <string_view>

namespace ledger::redis {

/// A script and the name by which a server that has seen it can be told to run it again.
struct Script {
  std::string_view text;
  std::string sha1;
};

/// `text` must outlive it.
Script make_script(std::string_view text);

}  // namespace ledger::redis
