# How much a file that includes <fluxion/fluxion.hpp> has to read: non-empty lines after the preprocessor.
# COMPILE is the compiler with a user's flags.
cmake_minimum_required(VERSION 3.25)

execute_process(COMMAND ${COMPILE} -include fluxion/fluxion.hpp -E -P -x c++ /dev/null
  COMMAND grep -c "[^ ]" OUTPUT_VARIABLE lines RESULTS_VARIABLE status OUTPUT_STRIP_TRAILING_WHITESPACE)
message("<fluxion/fluxion.hpp> is ${lines} lines after the preprocessor; the budget is ${BUDGET}")
if(NOT status STREQUAL "0;0" OR lines GREATER BUDGET)
  message(FATAL_ERROR "too many lines, or it does not compile")
endif()
