# ledger_target(<target>): the language level, visibility and warnings every target of ours has.
#
# Warnings stay private to the target, so a project that embeds libledger never inherits them.
function(ledger_target target)
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES
    CXX_EXTENSIONS OFF
    CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON)
  if(LEDGER_WARNINGS)
    target_compile_options(${target} PRIVATE
      -Wall -Wextra -Wpedantic -Wconversion -Wshadow
      $<$<CXX_COMPILER_ID:Clang,AppleClang>:-Wthread-safety>)
  endif()
  if(LEDGER_WERROR)
    target_compile_options(${target} PRIVATE -Werror)
  endif()
endfunction()

# ledger_require(<package> <version> TARGET <imported target> DEBIAN <debian package> PURPOSE <text>
#                [COMPONENTS <component>...])
#
# find_package() whose failure says what the package is for and what to install. The target is made
# global, because a project that embeds a static ledger has to link it too, from another folder.
macro(ledger_require package version)
  cmake_parse_arguments(_req "" "TARGET;DEBIAN;PURPOSE" "COMPONENTS" ${ARGN})
  if(NOT TARGET ${_req_TARGET})
    set(_req_components "")
    if(_req_COMPONENTS)
      set(_req_components COMPONENTS ${_req_COMPONENTS})
    endif()
    find_package(${package} ${version} QUIET ${_req_components})
    if(NOT TARGET ${_req_TARGET})
      message(FATAL_ERROR
        "${package} ${version} or newer was not found. It is needed for ${_req_PURPOSE}.\n"
        "On Debian, run cmake/dependencies.sh, or apt-get install ${_req_DEBIAN}. Elsewhere, install "
        "it and name its place in CMAKE_PREFIX_PATH.")
    endif()
    set_target_properties(${_req_TARGET} PROPERTIES IMPORTED_GLOBAL TRUE)
  endif()
endmacro()
