// The test executable's main. Compiled here rather than taken from the package, whose C++ standard differs.
#define CATCH_CONFIG_MAIN
#include <catch2/catch.hpp>
