// The description of the HTTP API that ledgerd serves.
#pragma once

#include <string_view>

namespace ledgerd {

/// docs/openapi.json as it was when this was built, with the project's version in it: OpenAPI 3.1.
std::string_view openapi_document();

}  // namespace ledgerd
