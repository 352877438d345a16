# What lies at the top of the tree, and how long its files are.
cmake_minimum_required(VERSION 3.25)

set(entries include src tests examples docs CMakeLists.txt README.md CMakePresets.json LICENSE
  build CMakeUserPresets.json)  # the last two are nobody's but the user's, and git ignores them
set(longest 500)

file(GLOB found RELATIVE ${ROOT} ${ROOT}/*)
foreach(entry IN LISTS found)
  if(NOT entry IN_LIST entries AND NOT entry MATCHES "^[.]")
    message(SEND_ERROR "${entry} does not belong at the top of the tree")
  endif()
endforeach()

set(files "")
foreach(folder include src tests examples)
  set(at ${ROOT}/${folder})
  file(GLOB_RECURSE more RELATIVE ${ROOT} ${at}/*.hpp ${at}/*.cpp ${at}/*.cmake ${at}/CMakeLists.txt)
  list(APPEND files ${more})
endforeach()
foreach(file IN LISTS files)
  file(READ ${ROOT}/${file} text)
  string(REGEX MATCHALL "\n" lines "${text}")
  list(LENGTH lines count)
  if(count GREATER longest)
    message(SEND_ERROR "${file} has ${count} lines, more than ${longest}")
  endif()
endforeach()
