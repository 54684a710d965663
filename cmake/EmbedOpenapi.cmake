# Makes C++ of the OpenAPI document, with the project's version in place of @PROJECT_VERSION@:
#
#   cmake -DINPUT=docs/openapi.json -DOUTPUT=openapi_document.cpp -DVERSION=1.2.3 -P EmbedOpenapi.cmake
#
# As an array of bytes: a string literal of this length is more than compilers must take.
file(READ "${INPUT}" document)
if(NOT document MATCHES "\"version\": \"@PROJECT_VERSION@\"")
  message(FATAL_ERROR "${INPUT} does not leave its version to the build")
endif()
string(REPLACE "@PROJECT_VERSION@" "${VERSION}" document "${document}")

file(WRITE "${OUTPUT}.json" "${document}")
file(READ "${OUTPUT}.json" bytes HEX)
string(REGEX REPLACE "(..)" "0x\\1," bytes "${bytes}")
if(bytes MATCHES "x[89a-f]")
  message(FATAL_ERROR "${INPUT} is not plain ASCII")
endif()
string(REPLACE "0x0a," "0x0a,\n" bytes "${bytes}")
file(WRITE "${OUTPUT}" "// Made by cmake/EmbedOpenapi.cmake from docs/openapi.json.
#include \"openapi.h\"

namespace ledgerd {
namespace {

constexpr char kDocument[] = {
${bytes}};

}  // namespace

std::string_view openapi_document() { return {kDocument, sizeof kDocument}; }

}  // namespace ledgerd
")
