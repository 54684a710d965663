# Compiles the consumer with nothing but what `pkg-config ledger` says, as a Makefile would.
find_program(PKG_CONFIG NAMES pkg-config pkgconf REQUIRED)

set(ENV{PKG_CONFIG_PATH} "${PREFIX}/${LIBDIR}/pkgconfig:$ENV{PKG_CONFIG_PATH}")
execute_process(
  COMMAND "${PKG_CONFIG}" --cflags --libs "ledger >= ${VERSION}"
  OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE
  COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
separate_arguments(cxx_flags UNIX_COMMAND "${CXX_FLAGS}")

file(MAKE_DIRECTORY "${WORK_DIR}")
execute_process(
  COMMAND "${CXX}" -std=c++20 ${cxx_flags} "${SOURCE}" -o "${WORK_DIR}/consumer" ${flags}
  COMMAND_ECHO STDOUT
  COMMAND_ERROR_IS_FATAL ANY)
set(ENV{LD_LIBRARY_PATH} "${PREFIX}/${LIBDIR}")
execute_process(COMMAND "${WORK_DIR}/consumer" COMMAND_ERROR_IS_FATAL ANY)
