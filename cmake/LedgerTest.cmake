ledger_require(doctest 2.4.9 TARGET doctest::doctest DEBIAN doctest-dev PURPOSE "the tests")
include(doctest)

# ledger_add_test(NAME <name> SOURCES <file>... [LINK <target>...] [LABELS <label>]
#                 [TIMEOUT <seconds>])
#
# One executable, test_<name>; each of its test cases becomes the ctest test "<name>:<sentence>".
# doctest's discovery takes any sentence but one with a semicolon or an unpaired square bracket,
# and one label.
#
# LINK defaults to ledger::ledger, the library as its users see it; tests of what is hidden inside
# link ledger_objects instead. TIMEOUT is that of one test case, 120 seconds unless given.
function(ledger_add_test)
  cmake_parse_arguments(PARSE_ARGV 0 arg "" "NAME;LABELS;TIMEOUT" "SOURCES;LINK")
  if(NOT arg_LINK)
    set(arg_LINK ledger::ledger)
  endif()
  if(NOT arg_TIMEOUT)
    set(arg_TIMEOUT 120)
  endif()
  set(properties TIMEOUT ${arg_TIMEOUT})
  if(arg_LABELS)
    list(APPEND properties LABELS ${arg_LABELS})
  endif()

  string(REPLACE "." "_" target "test_${arg_NAME}")
  add_executable(${target} ${arg_SOURCES})
  ledger_target(${target})
  target_include_directories(${target} PRIVATE ${PROJECT_SOURCE_DIR}/tests)
  target_link_libraries(${target} PRIVATE ${arg_LINK} ledger_test_main)
  doctest_discover_tests(${target} TEST_PREFIX "${arg_NAME}:" PROPERTIES ${properties})
endfunction()
