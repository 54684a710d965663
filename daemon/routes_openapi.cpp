#include "openapi.h"
#include "routes.h"

namespace ledgerd {

Reply get_openapi() { return {.status = 200, .body = std::string(openapi_document())}; }

}  // namespace ledgerd
