# The link graph is the floor plan: every folder of lib is one target, and what a
# target may include is what it links.

# endpointd_library(NAME SOURCES ... [DEPS ...] [EXTERNAL ...] [PRIVATE_EXTERNAL ...])
function(endpointd_library NAME)
  cmake_parse_arguments(ARG "" "" "SOURCES;DEPS;EXTERNAL;PRIVATE_EXTERNAL" ${ARGN})
  add_library(${NAME} STATIC ${ARG_SOURCES})
  target_include_directories(${NAME} PUBLIC ${PROJECT_SOURCE_DIR}/lib)
  target_link_libraries(${NAME} PUBLIC endpointd_flags ${ARG_DEPS} ${ARG_EXTERNAL} PRIVATE ${ARG_PRIVATE_EXTERNAL})
endfunction()

# endpointd_test(NAME SOURCES ... [DEPS ...] [CONFINED]): a GoogleTest binary; each of its
# tests is one test of ctest. CONFINED: about what a confined process may not do. Sanitizers
# do such things themselves, so it is built without them only (target confined_tests), and a
# build with them runs the binary of the build that ENDPOINTD_INTEROP_BIN names.
function(endpointd_test NAME)
  cmake_parse_arguments(ARG "CONFINED" "TIMEOUT" "SOURCES;DEPS" ${ARGN})
  if(ARG_CONFINED AND ENDPOINTD_SANITIZE)
    if(ENDPOINTD_INTEROP_BIN)
      add_test(NAME ${NAME} COMMAND ${ENDPOINTD_INTEROP_BIN}/${NAME})
      # Alone: a fork bomb of the same user, or ten thousand processes, are no neighbours for others.
      set_tests_properties(${NAME} PROPERTIES LABELS interop TIMEOUT 600 RUN_SERIAL TRUE)
    endif()
    return()
  endif()
  if(NOT ARG_TIMEOUT)
    set(ARG_TIMEOUT 120)
  endif()
  add_executable(${NAME} ${ARG_SOURCES})
  target_link_libraries(${NAME} PRIVATE ${ARG_DEPS} GTest::gmock GTest::gtest_main)
  target_compile_definitions(${NAME} PRIVATE TEST_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
  if(ENDPOINTD_SANITIZE)
    # What is tested has every check; in the tests themselves those for undefined behaviour double the time to compile them.
    set_property(SOURCE ${ARG_SOURCES} APPEND PROPERTY COMPILE_OPTIONS -g1 -fno-sanitize=undefined)
  endif()
  gtest_discover_tests(${NAME} DISCOVERY_MODE PRE_TEST PROPERTIES TIMEOUT ${ARG_TIMEOUT})
  if(ARG_CONFINED)
    if(NOT TARGET confined_tests)
      add_custom_target(confined_tests)
    endif()
    add_dependencies(confined_tests ${NAME})
  endif()
endfunction()

# endpointd_fuzz(NAME SOURCE file DEPS ...): a libFuzzer target in the fuzz preset;
# everywhere else a program that runs the corpus in tests/fuzz/corpus/NAME once.
function(endpointd_fuzz NAME)
  cmake_parse_arguments(ARG "" "SOURCE" "DEPS" ${ARGN})
  set(CORPUS ${PROJECT_SOURCE_DIR}/tests/fuzz/corpus/${NAME})
  if(ENDPOINTD_FUZZ)
    add_executable(fuzz_${NAME} ${ARG_SOURCE})
    target_link_options(fuzz_${NAME} PRIVATE -fsanitize=fuzzer)
    add_test(NAME fuzz.${NAME} COMMAND fuzz_${NAME} -max_total_time=20 -timeout=10 -rss_limit_mb=2048 ${CMAKE_CURRENT_BINARY_DIR}/corpus_${NAME} ${CORPUS})
    file(MAKE_DIRECTORY ${CMAKE_CURRENT_BINARY_DIR}/corpus_${NAME})
  else()
    add_executable(fuzz_${NAME} ${ARG_SOURCE} ${PROJECT_SOURCE_DIR}/tests/fuzz/replay.cpp)
    add_test(NAME fuzz.${NAME} COMMAND fuzz_${NAME} ${CORPUS})
  endif()
  target_link_libraries(fuzz_${NAME} PRIVATE ${ARG_DEPS})
endfunction()
