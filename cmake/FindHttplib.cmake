#[[
Finds cpp-httplib and defines httplib::httplib.

Versions before 0.41 must not face a network (their payload limit ignores chunked bodies, their header
size has no limit, and they accept requests that smuggle), so ask for 0.41 or newer.

It has to be upstream's single header. Some distributions split it into a header and a compiled library;
what a user of the header defines, such as its limits, does not reach that library.

With LEDGER_FETCH_HTTPLIB=ON, and none found, a pinned release is downloaded and its hash checked.

Result variables: Httplib_FOUND, Httplib_VERSION, Httplib_INCLUDE_DIR
#]]

set(_httplib_pinned_version 0.41.0)
set(_httplib_pinned_sha256 e9112546cbae828180f72c2ae6da4bfd8d15ae38138bd99b898e5e30128acc28)

# The version of a header, or nothing where there is none or only the split one.
function(_httplib_read_version header result)
  set(version "")
  if(EXISTS "${header}")
    file(STRINGS "${header}" line LIMIT_COUNT 1 REGEX "^#define CPPHTTPLIB_VERSION \"[0-9.]+\"")
    file(STRINGS "${header}" implementation LIMIT_COUNT 1
      REGEX "Implementation that will be part of the \\.cc file")
    if(implementation)
      string(REGEX MATCH "[0-9]+\\.[0-9]+\\.[0-9]+" version "${line}")
    endif()
  endif()
  set(${result} "${version}" PARENT_SCOPE)
endfunction()

find_path(Httplib_INCLUDE_DIR httplib.h PATHS /usr/local/include)
_httplib_read_version("${Httplib_INCLUDE_DIR}/httplib.h" Httplib_VERSION)

if(LEDGER_FETCH_HTTPLIB
    AND (NOT Httplib_VERSION OR Httplib_VERSION VERSION_LESS "${Httplib_FIND_VERSION}"))
  set(_httplib_dir "${CMAKE_CURRENT_BINARY_DIR}/httplib-${_httplib_pinned_version}")
  message(STATUS "Fetching cpp-httplib ${_httplib_pinned_version}")
  file(DOWNLOAD
    "https://raw.githubusercontent.com/yhirose/cpp-httplib/v${_httplib_pinned_version}/httplib.h"
    "${_httplib_dir}/httplib.h"
    EXPECTED_HASH SHA256=${_httplib_pinned_sha256}
    TLS_VERIFY ON)
  set(Httplib_INCLUDE_DIR "${_httplib_dir}" CACHE PATH "Where httplib.h is" FORCE)
  _httplib_read_version("${Httplib_INCLUDE_DIR}/httplib.h" Httplib_VERSION)
endif()

include(FindPackageHandleStandardArgs)
find_package_handle_standard_args(Httplib
  REQUIRED_VARS Httplib_INCLUDE_DIR Httplib_VERSION
  VERSION_VAR Httplib_VERSION
  REASON_FAILURE_MESSAGE
    "ledgerd needs cpp-httplib 0.41 or newer as a single header. On Debian run \
cmake/dependencies.sh, which takes it from Debian's signed archive. Where there is internet, configure with -DLEDGER_FETCH_HTTPLIB=ON. Or build \
the library alone with -DLEDGER_BUILD_DAEMON=OFF.")
mark_as_advanced(Httplib_INCLUDE_DIR)

if(Httplib_FOUND AND NOT TARGET httplib::httplib)
  find_package(Threads REQUIRED)
  add_library(httplib::httplib INTERFACE IMPORTED GLOBAL)
  set_target_properties(httplib::httplib PROPERTIES
    INTERFACE_INCLUDE_DIRECTORIES "${Httplib_INCLUDE_DIR}"
    INTERFACE_LINK_LIBRARIES Threads::Threads)
endif()
