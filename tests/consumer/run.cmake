# Installs Fluxion from BUILD_DIR to a prefix, builds PROJECT_DIR against it, runs the result, and looks at
# the headers that were read.
cmake_minimum_required(VERSION 3.25)

set(prefix ${WORK_DIR}/prefix)
file(REMOVE_RECURSE ${WORK_DIR})

function(run)
  execute_process(COMMAND ${ARGV} COMMAND_ERROR_IS_FATAL ANY)
endfunction()

run(${CMAKE_COMMAND} --install ${BUILD_DIR} --prefix ${prefix})
run(${CMAKE_COMMAND} -S ${PROJECT_DIR} -B ${WORK_DIR}/build -G ${GENERATOR}
  -DCMAKE_PREFIX_PATH=${prefix} -DCMAKE_CXX_COMPILER=${COMPILER} -DCMAKE_CXX_FLAGS=${FLAGS})
run(${CMAKE_COMMAND} --build ${WORK_DIR}/build)
run(${WORK_DIR}/build/consumer)

# Not -M: clang lists there what the standard library merely asks for with __has_include.
execute_process(COMMAND ${COMPILER} -std=c++20 -E -I${prefix}/include ${PROJECT_DIR}/main.cpp
  OUTPUT_VARIABLE text COMMAND_ERROR_IS_FATAL ANY)
string(REPLACE ${prefix} "" text "${text}")
set(private_header "/(xsimd|range/v3|tbb|oneapi|catch2|rapidcheck|zlib)[/.]")
if("${text}" MATCHES "\n# [0-9]+ \"([^\"]*${private_header}[^\"]*)\"")
  message(FATAL_ERROR "<fluxion/fluxion.hpp> makes its users read ${CMAKE_MATCH_1}")
endif()
