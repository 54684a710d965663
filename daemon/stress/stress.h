// `ledgerd stress`.
#pragma once

#include <span>
#include <string>

namespace ledgerd::stress {

/// `arguments` without the program's name and "stress". Returns the exit status: 0 everything held,
/// 1 something did not, 2 bad usage, 3 it could not be told.
int run(std::span<const std::string> arguments);

}  // namespace ledgerd::stress
