# A source that no CMakeLists.txt names is neither compiled nor tested, and nobody would notice.
cmake_minimum_required(VERSION 3.25)

file(READ ${COMPILE_COMMANDS} commands)
file(GLOB_RECURSE sources ${ROOT}/src/*.cpp ${ROOT}/tests/*_test.cpp ${ROOT}/examples/*.cpp)
foreach(source IN LISTS sources)
  string(FIND "${commands}" "\"file\": \"${source}\"" found)
  if(found EQUAL -1)
    message(SEND_ERROR "${source} is built by no target")
  endif()
endforeach()
