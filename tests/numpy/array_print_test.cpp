#include <limits>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::printed;

TEST_CASE("numbers print as NumPy prints them") {
  constexpr auto inf = std::numeric_limits<double>::infinity();
  CHECK(printed(array({1.0, 2.5, -3.125})) == "[ 1.     2.5   -3.125]");
  CHECK(printed(array({0.1F, 0.2F})) == "[0.1 0.2]");
  CHECK(printed(array({1.0 / 3, 2.0 / 3})) == "[0.33333333 0.66666667]");
  CHECK(printed(array({1e10, 2.5})) == "[1.0e+10 2.5e+00]");
  CHECK(printed(array({1e-5, 1.0})) == "[1.e-05 1.e+00]");
  CHECK(printed(array({1e-5, 1.0 / 3})) == "[1.00000000e-05 3.33333333e-01]");
  CHECK(printed(array({1e200, 1e-300})) == "[1.e+200 1.e-300]");
  CHECK(printed(array({1.0, inf, -inf})) == "[  1.  inf -inf]");
  CHECK(printed(array({1.5, std::numeric_limits<double>::quiet_NaN()})) == "[1.5 nan]");
  CHECK(printed(array({inf})) == "[inf]");
  CHECK(printed(array({-0.0, 0.0})) == "[-0.  0.]");
  CHECK(printed(array({100000.0, 0.5})) == "[1.e+05 5.e-01]");
  CHECK(printed(array({0.947667F, 0.9785799F, 0.33229148F})) == "[0.947667   0.9785799  0.33229148]");
}

TEST_CASE("integers and bools line up") {
  CHECK(printed(array({1, -20, 300})) == "[  1 -20 300]");
  CHECK(printed(array({true, false})) == "[ True False]");
  CHECK(printed(array({std::numeric_limits<std::int64_t>::min()})) == "[-9223372036854775808]");
}

TEST_CASE("scalars print as Python prints them") {
  CHECK(printed(1.0) == "1.0");
  CHECK(printed(0.1) == "0.1");
  CHECK(printed(scalar(0.1F)) == "0.1");
  CHECK(printed(1e-5) == "1e-05");
  CHECK(printed(1e16) == "1e+16");
  CHECK(printed(123456789.0) == "123456789.0");
  CHECK(printed(-3) == "-3");
  CHECK(printed(true) == "True");
  CHECK(printed(-std::numeric_limits<double>::infinity()) == "-inf");
}

TEST_CASE("rows are nested, wrapped and summarised") {
  CHECK(printed(array({{1, 2}, {3, 4}})) == "[[1 2]\n [3 4]]");
  CHECK(printed(zeros({2, 1, 2})) == "[[[0. 0.]]\n\n [[0. 0.]]]");
  CHECK(printed(zeros({2, 0})) == "[]");
  CHECK(printed(arange(30)) ==
        "[ 0  1  2  3  4  5  6  7  8  9 10 11 12 13 14 15 16 17 18 19 20 21 22 23\n 24 25 26 27 28 29]");
  CHECK(printed(arange(2000)) == "[   0    1    2 ... 1997 1998 1999]");
  CHECK(printed(arange(1100).reshape({100, 11})) ==
        "[[   0    1    2 ...    8    9   10]\n"
        " [  11   12   13 ...   19   20   21]\n"
        " [  22   23   24 ...   30   31   32]\n"
        " ...\n"
        " [1067 1068 1069 ... 1075 1076 1077]\n"
        " [1078 1079 1080 ... 1086 1087 1088]\n"
        " [1089 1090 1091 ... 1097 1098 1099]]");
}

TEST_CASE("views print their elements, keys their words, tracers what they are") {
  CHECK(printed(array({{1, 2}, {3, 4}}).T()) == "[[1 3]\n [2 4]]");
  CHECK(printed(random::key(7)) == "key<fry>[] overlaying:\n[0 7]");
  CHECK(printed(random::split(random::key(0), 2)) ==
        "key<fry>[2] overlaying:\n[[1797259609 2579123966]\n [ 928981903 3453687069]]");
  std::string text;
  vmap([&](const Array& x) { return text = printed(x), x; })(zeros({2, 3}));
  CHECK(text.find("f64[3]") != std::string::npos);
}

}  // namespace fluxion
