# Every way in which a CSV file or an option can be wrong: PROGRAM must say so in one line on stderr, print nothing
# on stdout, and exit with code 1. A last file that is in order must pass.
cmake_minimum_required(VERSION 3.25)

set(folder ${CMAKE_CURRENT_BINARY_DIR}/csv)
file(MAKE_DIRECTORY ${folder})

# Writes a CSV file of twenty rows whose line number `at`, counted from 1, is `line`.
function(csv name at line)
  set(lines "size,weight,good")
  foreach(i RANGE 1 20)
    math(EXPR good "${i} % 2")
    math(EXPR weight "${i} * 7 % 11")
    list(APPEND lines "${i}.5,${weight},${good}")
  endforeach()
  if(at GREATER 0)
    math(EXPR index "${at} - 1")
    list(REMOVE_AT lines ${index})
    list(INSERT lines ${index} "${line}")
  endif()
  list(JOIN lines "\n" text)
  file(WRITE ${folder}/${name}.csv "${text}\n")
endfunction()

# Runs PROGRAM and compares what it says with `message`, in which FOLDER stands for the files' folder.
function(expect message)
  execute_process(COMMAND ${PROGRAM} ${ARGN} WORKING_DIRECTORY ${folder}
    OUTPUT_VARIABLE out ERROR_VARIABLE err RESULT_VARIABLE code)
  if(NOT code EQUAL 1 OR NOT out STREQUAL "" OR NOT err STREQUAL "bayesian_logistic: ${message}\n")
    message(SEND_ERROR "${ARGN}\n  expected: ${message}\n  got:      ${err}  exit code ${code}, stdout: ${out}")
  endif()
endfunction()

csv(right 0 "")
csv(ragged 17 "1,2")
csv(text 17 "1,heavy,0")
csv(missing 5 "1,,0")
csv(infinite 5 "inf,2,0")
csv(target 9 "1,2,0.5")
file(WRITE ${folder}/empty.csv "")
file(WRITE ${folder}/short.csv "size,good\n1,0\n2,1\n")
file(READ ${folder}/right.csv text)
string(REGEX REPLACE "\n[0-9.]+,([0-9]+)" "\n3,\\1" constant "${text}")
file(WRITE ${folder}/constant.csv "${constant}")
string(REGEX REPLACE ",[01]\n" ",1\n" one_class "${text}")
file(WRITE ${folder}/one_class.csv "${one_class}")
string(REGEX REPLACE "(^|\n)[^\n]*,[^\n]*,([^\n,]*)" "\\1\\2" only_target "${text}")
file(WRITE ${folder}/only_target.csv "${only_target}")

expect("nowhere.csv: the file cannot be opened; name another with --csv FILE" --csv nowhere.csv --target good)
expect("empty.csv: a header line with the names of the columns is required, got an empty file"
  --csv empty.csv --target good)
expect("ragged.csv:17: 3 cells are required, as in the header, got 2" --csv ragged.csv --target good)
expect("text.csv:17: column \"weight\" must be a finite number, got \"heavy\"" --csv text.csv --target good)
expect("missing.csv:5: column \"weight\" must be a finite number, got \"\"" --csv missing.csv --target good)
expect("infinite.csv:5: column \"size\" must be a finite number, got \"inf\"" --csv infinite.csv --target good)
expect("short.csv: at least 20 rows are required, got 2" --csv short.csv --target good)
expect("right.csv: no column is named \"bad\"; choose with --target from \"size\", \"weight\", \"good\""
  --csv right.csv --target bad)
expect("target.csv:9: the target \"good\" must be 0 or 1, got \"0.5\"" --csv target.csv --target good)
expect("constant.csv: column \"size\" is the same in all rows to learn from; remove it"
  --csv constant.csv --target good)
expect("one_class.csv: the target \"good\" is the same in all rows to learn from; both 0 and 1 are required"
  --csv one_class.csv --target good)
expect("only_target.csv: a column besides the target is required" --csv only_target.csv --target good)

expect("--target: the column to predict is required with --csv" --csv right.csv)
expect("--chains: an integer from 1 to 1000000 is required, got \"four\"" --chains four)
expect("--samples: an integer from 4 to 1000000 is required, got \"3\"" --samples 3)
expect("--seed: a value is required; see --help" --seed)
expect("\"--sed\" is not an option; see --help" --sed 1)

execute_process(COMMAND ${PROGRAM} --csv right.csv --target good --quick --chains 2 WORKING_DIRECTORY ${folder}
  RESULT_VARIABLE code OUTPUT_VARIABLE out ERROR_VARIABLE err)
if(NOT code EQUAL 0 OR NOT out MATCHES "weight" OR NOT err STREQUAL "")
  message(SEND_ERROR "A file in order: exit code ${code}\n${out}${err}")
endif()
