# Installs what was built in BUILD_DIR, then moves the installed tree to PREFIX: a package must work
# wherever it lies.
file(REMOVE_RECURSE "${PREFIX}" "${PREFIX}.built")
execute_process(
  COMMAND "${CMAKE_COMMAND}" --install "${BUILD_DIR}" --prefix "${PREFIX}.built"
  COMMAND_ERROR_IS_FATAL ANY)
file(RENAME "${PREFIX}.built" "${PREFIX}")
