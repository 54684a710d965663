# cmake --install: the headers, the library, find_package(ledger), pkg-config ledger, and ledgerd.

include(CMakePackageConfigHelpers)

set(ledger_cmake_dir ${CMAKE_INSTALL_LIBDIR}/cmake/ledger)

install(TARGETS ledger EXPORT ledgerTargets
  ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR}
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR}
  RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
set(ledger_absent_headers "")
if(NOT LEDGER_WITH_POSTGRES)
  list(APPEND ledger_absent_headers PATTERN "postgres_*.h" EXCLUDE)
endif()
if(NOT LEDGER_WITH_REDIS)
  list(APPEND ledger_absent_headers PATTERN "redis_*.h" EXCLUDE)
endif()
install(DIRECTORY ${PROJECT_SOURCE_DIR}/include/ledger ${PROJECT_BINARY_DIR}/include/ledger
  DESTINATION ${CMAKE_INSTALL_INCLUDEDIR}
  FILES_MATCHING PATTERN "*.h"
  ${ledger_absent_headers})
if(TARGET ledgerd)
  install(TARGETS ledgerd RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
endif()

install(EXPORT ledgerTargets NAMESPACE ledger:: DESTINATION ${ledger_cmake_dir})
configure_package_config_file(
  ${PROJECT_SOURCE_DIR}/cmake/ledgerConfig.cmake.in
  ${PROJECT_BINARY_DIR}/ledgerConfig.cmake
  INSTALL_DESTINATION ${ledger_cmake_dir})
write_basic_package_version_file(
  ${PROJECT_BINARY_DIR}/ledgerConfigVersion.cmake
  COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/ledgerConfig.cmake ${PROJECT_BINARY_DIR}/ledgerConfigVersion.cmake
  DESTINATION ${ledger_cmake_dir})
if(LEDGER_WITH_REDIS AND NOT BUILD_SHARED_LIBS)
  install(FILES ${PROJECT_SOURCE_DIR}/cmake/FindHiredis.cmake DESTINATION ${ledger_cmake_dir})
endif()

# The prefix is derived from where the .pc lies, so the installed tree may be moved. A static library
# is all there is when the build is static, so what it needs is not "private" then.
set(ledger_pc_packages "sqlite3 libcrypto simdjson")
if(LEDGER_WITH_POSTGRES)
  string(APPEND ledger_pc_packages " libpq")
endif()
if(LEDGER_WITH_REDIS)
  string(APPEND ledger_pc_packages " hiredis")
endif()
if(BUILD_SHARED_LIBS)
  set(ledger_pc_cflags "")
  set(ledger_pc_requires "Requires.private: ${ledger_pc_packages}")
  set(ledger_pc_threads "")
else()
  set(ledger_pc_cflags " -DLEDGER_STATIC_DEFINE")
  set(ledger_pc_requires "Requires: ${ledger_pc_packages}")
  set(ledger_pc_threads " -pthread")
endif()
if(IS_ABSOLUTE "${CMAKE_INSTALL_LIBDIR}")
  set(ledger_pc_prefix "${CMAKE_INSTALL_PREFIX}")
else()
  file(RELATIVE_PATH ledger_pc_up "/${CMAKE_INSTALL_LIBDIR}/pkgconfig" "/")
  string(REGEX REPLACE "/$" "" ledger_pc_up "${ledger_pc_up}")
  set(ledger_pc_prefix "\${pcfiledir}/${ledger_pc_up}")
endif()
foreach(dir IN ITEMS LIBDIR INCLUDEDIR)
  string(TOLOWER ${dir} name)
  if(IS_ABSOLUTE "${CMAKE_INSTALL_${dir}}")
    set(ledger_pc_${name} "${CMAKE_INSTALL_${dir}}")
  else()
    set(ledger_pc_${name} "\${prefix}/${CMAKE_INSTALL_${dir}}")
  endif()
endforeach()
configure_file(${PROJECT_SOURCE_DIR}/pkgconfig/ledger.pc.in ${PROJECT_BINARY_DIR}/ledger.pc @ONLY)
install(FILES ${PROJECT_BINARY_DIR}/ledger.pc DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig)
