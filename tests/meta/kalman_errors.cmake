# Every way in which a file of flows can be wrong: PROGRAM must say so in one line on stderr, print nothing on stdout,
# and exit with code 1. A file that is in order must pass.
cmake_minimum_required(VERSION 3.25)

set(folder ${CMAKE_CURRENT_BINARY_DIR}/kalman_files)
file(MAKE_DIRECTORY ${folder})

# Writes a file of twelve flows whose line number `at`, counted from 1, is `line`.
function(flows name at line)
  set(lines "year,flow")
  foreach(i RANGE 1 12)
    math(EXPR flow "${i} * 37 % 23")
    list(APPEND lines "${i},${flow}.5")
  endforeach()
  if(at GREATER 0)
    math(EXPR index "${at} - 1")
    list(REMOVE_AT lines ${index})
    list(INSERT lines ${index} "${line}")
  endif()
  list(JOIN lines "\n" text)
  file(WRITE ${folder}/${name}.csv "${text}\n")
endfunction()

# Runs PROGRAM and compares what it says with `message`.
function(expect message)
  execute_process(COMMAND ${PROGRAM} ${ARGN} WORKING_DIRECTORY ${folder}
    OUTPUT_VARIABLE out ERROR_VARIABLE err RESULT_VARIABLE code)
  if(NOT code EQUAL 1 OR NOT out STREQUAL "" OR NOT err STREQUAL "kalman: ${message}\n")
    message(SEND_ERROR "${ARGN}\n  expected: ${message}\n  got:      ${err}  exit code ${code}, stdout: ${out}")
  endif()
endfunction()

set(required "a line \"year,flow\" with a finite flow is required, got")
flows(right 0 "")
flows(text 5 "4,high")
flows(missing 6 "5,")
flows(one_cell 7 "6")
flows(infinite 8 "7,inf")
flows(trailing 9 "8,1.5x")
file(WRITE ${folder}/empty.csv "")
file(WRITE ${folder}/short.csv "year,flow\n1,2\n2,3\n")
file(WRITE ${folder}/constant.csv "year,flow\n1,2\n2,2\n3,2\n4,2\n5,2\n6,2\n7,2\n8,2\n9,2\n10,2\n")

expect("nowhere.csv: the file cannot be opened; name another as the argument" nowhere.csv)
expect("empty.csv: a header line is required, got an empty file" empty.csv)
expect("text.csv:5: ${required} \"4,high\"" text.csv)
expect("missing.csv:6: ${required} \"5,\"" missing.csv)
expect("one_cell.csv:7: ${required} \"6\"" one_cell.csv)
expect("infinite.csv:8: ${required} \"7,inf\"" infinite.csv)
expect("trailing.csv:9: ${required} \"8,1.5x\"" trailing.csv)
expect("short.csv: at least 10 observations are required, got 2" short.csv)
expect("constant.csv: the flows must differ, got the same one in every line" constant.csv)

execute_process(COMMAND ${PROGRAM} right.csv WORKING_DIRECTORY ${folder}
  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT code EQUAL 0 OR NOT out MATCHES "12 observations" OR NOT err STREQUAL "")
  message(SEND_ERROR "A file in order: exit code ${code}\n${out}${err}")
endif()
