# Compiles SOURCE, which says in its first line how that must fail. COMPILE is the compiler with the flags
# of a user.
cmake_minimum_required(VERSION 3.25)

set(most_errors 3)

execute_process(COMMAND ${COMPILE} -fsyntax-only ${SOURCE}
  OUTPUT_VARIABLE output ERROR_VARIABLE output RESULT_VARIABLE status)

file(STRINGS ${SOURCE} first LIMIT_COUNT 1)
string(REGEX MATCHALL " error: " errors "${output}")
list(LENGTH errors count)
if(SOURCE MATCHES "/ok[.]cpp$")
  if(NOT status EQUAL 0)
    set(wrong "must compile")
  endif()
elseif(NOT first MATCHES "^// error: (.+)$")
  set(wrong "the first line must be `// error: <text>`")
else()
  string(FIND "${output}" "${CMAKE_MATCH_1}" found)
  if(status EQUAL 0 OR found EQUAL -1)
    set(wrong "must fail to compile with: ${CMAKE_MATCH_1}")
  elseif(count GREATER most_errors)
    set(wrong "${count} errors; a user reads at most ${most_errors}")
  endif()
endif()
if(wrong)
  message("${output}")
  message(FATAL_ERROR "${SOURCE}: ${wrong}")
endif()
