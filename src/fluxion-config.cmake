# What find_package(fluxion) reads.
include(CMakeFindDependencyMacro)
find_dependency(Boost 1.74)
include(${CMAKE_CURRENT_LIST_DIR}/fluxion-libraries.cmake)
include(${CMAKE_CURRENT_LIST_DIR}/fluxion-targets.cmake)
