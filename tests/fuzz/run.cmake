# Builds readers.cpp and the readers themselves with libFuzzer's instrumentation, and lets it look for a few seconds.
cmake_minimum_required(VERSION 3.25)

file(REMOVE_RECURSE ${WORK_DIR})
file(MAKE_DIRECTORY ${WORK_DIR}/seeds)

if(NOT COMPILER)
  message("SKIPPED: no clang++ on this machine")
  return()
endif()
file(WRITE ${WORK_DIR}/works.cpp "extern \"C\" int LLVMFuzzerTestOneInput(const unsigned char*, unsigned long) { return 0; }\n")
execute_process(COMMAND ${COMPILER} -fsanitize=fuzzer ${WORK_DIR}/works.cpp -o ${WORK_DIR}/works
  RESULT_VARIABLE status OUTPUT_QUIET ERROR_QUIET)
if(status)
  message("SKIPPED: ${COMPILER} has no libFuzzer")
  return()
endif()

# What is fuzzed stands before the library, which has the rest.
execute_process(COMMAND ${COMPILER} -std=c++20 -O1 -fsanitize=fuzzer -I${ROOT}/include -I${ROOT}/src
  ${ROOT}/tests/fuzz/readers.cpp ${ROOT}/src/io/files.cpp ${ROOT}/src/io/npy.cpp ${ROOT}/src/io/zip.cpp
  ${ROOT}/src/core/literal.cpp ${ROOT}/src/core/parse.cpp ${ROOT}/src/core/parse_value.cpp ${LIBRARIES} -o ${WORK_DIR}/readers
  COMMAND_ERROR_IS_FATAL ANY)
execute_process(COMMAND ${CMAKE_COMMAND} -E env FLUXION_FUZZ_SEEDS=${WORK_DIR}/seeds
  ${WORK_DIR}/readers -max_total_time=${SECONDS} -max_len=4096 -timeout=2 -rss_limit_mb=1024 -malloc_limit_mb=256
  -print_final_stats=1 -artifact_prefix=${WORK_DIR}/ ${WORK_DIR}/seeds
  COMMAND_ERROR_IS_FATAL ANY)
