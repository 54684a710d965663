# What only a build of this project itself wants; never applied to a project that embeds it.

get_property(is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
if(NOT is_multi_config AND NOT CMAKE_BUILD_TYPE)
  set(CMAKE_BUILD_TYPE Release CACHE STRING "Debug, Release, RelWithDebInfo or MinSizeRel" FORCE)
endif()

set(CMAKE_EXPORT_COMPILE_COMMANDS ON)

if(NOT DEFINED CMAKE_CXX_COMPILER_LAUNCHER)
  find_program(LEDGER_CCACHE ccache)
  if(LEDGER_CCACHE)
    set(CMAKE_CXX_COMPILER_LAUNCHER "${LEDGER_CCACHE}")
  endif()
endif()
