# The files that the example PROGRAM writes to a directory, and every way in which its arguments can be wrong: it must
# say so in one line on stderr, print nothing on stdout, and exit with code 1.
cmake_minimum_required(VERSION 3.25)

set(folder ${CMAKE_CURRENT_BINARY_DIR}/training_log_files)
file(REMOVE_RECURSE ${folder})
file(MAKE_DIRECTORY ${folder}/logs)

function(expect message)
  execute_process(COMMAND ${PROGRAM} ${ARGN} WORKING_DIRECTORY ${folder}
    OUTPUT_VARIABLE out ERROR_VARIABLE err RESULT_VARIABLE code)
  if(NOT code EQUAL 1 OR NOT out STREQUAL "" OR NOT err STREQUAL "training_log: ${message}\n")
    message(SEND_ERROR "${ARGN}\n  expected: ${message}\n  got:      ${err}  exit code ${code}, stdout: ${out}")
  endif()
endfunction()

expect("\"nowhere\" is not a directory" nowhere)
expect("one directory is required, got \"logs\" and \"more\"" logs more)
expect("\"--fast\" is not an option; see --help" --fast)
expect("--steps: a value is required" --steps)
expect("--steps: a whole number of at least 1 is required, got \"0\"" --steps 0)
expect("--every: a whole number of at least 1 is required, got \"3x\"" --every 3x)
expect("--seed: a whole number of at least 0 is required, got \"-1\"" --seed -1)

execute_process(COMMAND ${PROGRAM} --steps 25 --every 10 logs WORKING_DIRECTORY ${folder}
  OUTPUT_QUIET COMMAND_ERROR_IS_FATAL ANY)
file(STRINGS ${folder}/logs/metrics.csv csv)
file(STRINGS ${folder}/logs/metrics.jsonl json)
list(LENGTH csv csv_lines)
list(LENGTH json json_lines)
list(GET csv 0 head)
if(NOT csv_lines EQUAL 4 OR NOT json_lines EQUAL 3 OR NOT head STREQUAL "step,loss,accuracy,gradient_norm")
  message(SEND_ERROR "three records are wanted: ${csv}\n${json}")
endif()
foreach(i RANGE 2)
  list(GET json ${i} line)
  string(JSON step GET "${line}" step)
  math(EXPR want "${i} * 10")
  if(NOT step EQUAL want)
    message(SEND_ERROR "record ${i} is of step ${step}")
  endif()
endforeach()
