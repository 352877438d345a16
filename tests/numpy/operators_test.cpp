#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("operators broadcast as NumPy") {
  const auto column = array({{1.0}, {2.0}}), row = array({10.0, 20.0, 30.0});
  CHECK(shown(column + row) == "f64[2,3] [[11. 21. 31.] [12. 22. 32.]]");
  CHECK(shown(row - 1) == "f64[3] [9. 19. 29.]");
  CHECK(shown(2 * row) == "f64[3] [20. 40. 60.]");
  CHECK(shown(ones({1, 3}) * ones({2, 1})) == "f64[2,3] [[1. 1. 1.] [1. 1. 1.]]");
  CHECK(shown(zeros({0, 3}) + row) == "f64[0,3] []");
  CHECK(message_of<ValueError>([] { ones({2}) + ones({3}); }) ==
        "add: operands could not be broadcast together, got shapes (2,) and (3,); sizes must be equal or 1, counted "
        "from the last axis (reshape, or index with newaxis)");
}

TEST_CASE("division, remainders and shifts are Python's") {
  const auto x = array({-5, -1, 0, 1, 5});
  CHECK(shown(x % 3) == "i32[5] [1 2 0 1 2]");
  CHECK(shown(x % -3) == "i32[5] [-2 -1 0 -2 -1]");
  CHECK(shown(x % 0) == "i32[5] [0 0 0 0 0]");
  CHECK(shown(array({5.5, -5.5}) % 2) == "f64[2] [1.5 0.5]");
  CHECK(shown(x / 2) == "f32[5] [-2.5 -0.5 0. 0.5 2.5]");
  CHECK(shown(x >> 1) == "i32[5] [-3 -1 0 0 2]");
  CHECK(shown(array({0x80000000U}) >> 31) == "u32[1] [1]");
  CHECK(shown(x << 1) == "i32[5] [-10 -2 0 2 10]");
  CHECK(shown(floor_divide(x, 2)) == "i32[5] [-3 -1 0 0 2]");
  CHECK(shown(floor_divide(array({7.5, -7.5, 1.0}), array({2.0, 2.0, 0.0}))) == "f64[3] [3. -4. nan]");
  CHECK(shown(fmod(x, 3)) == "i32[5] [-2 -1 0 1 2]");
  CHECK(shown(remainder(array({{3, -1, 4}, {8, 5, -2}}), array({2, 3, -5}))) == "i32[2,3] [[1 2 -1] [0 2 -2]]");
  CHECK(shown(fmod(array({{3, -1, 4}, {8, 5, -2}}), array({2, 3, -5}))) == "i32[2,3] [[1 -1 4] [0 2 -2]]");
  CHECK(shown(floor_divide(arange(-5, 6), 3)) == "i64[11] [-2 -2 -1 -1 -1 0 0 0 1 1 1]");
}

TEST_CASE("logic and comparison") {
  const auto x = array({0, 1, 2});
  CHECK(shown(!x) == "bool[3] [True False False]");
  CHECK(shown(~x) == "i32[3] [-1 -2 -3]");
  CHECK(shown(-x) == "i32[3] [0 -1 -2]");
  CHECK(shown(x == 1.0) == "bool[3] [False True False]");
  CHECK(shown(x != x) == "bool[3] [False False False]");
  CHECK(shown((x > 0) & (x < 2)) == "bool[3] [False True False]");
  CHECK(shown((x | 1) ^ 1) == "i32[3] [0 0 2]");
  CHECK(shown(array({true}) + array({true})) == "bool[1] [True]");
  CHECK(shown(logical_and(x, array({1.0, 0.0, 3.0}))) == "bool[3] [False False True]");
  CHECK(refuses<TypeError>([] { array({true}) - array({true}); }));
}

TEST_CASE("keys compare") {
  const auto keys = random::split(random::key(0), 3);
  CHECK(shown(keys == keys[1]) == "bool[3] [False True False]");
  CHECK(shown(keys != keys[1]) == "bool[3] [True False True]");
}

TEST_CASE("compound assignment rebinds") {
  const auto x = array({1.0});
  auto y = x;
  y += 1;
  y *= 3;
  CHECK(shown(x) == "f64[1] [1.]");
  CHECK(shown(y) == "f64[1] [6.]");
}

TEST_CASE("a literal stays a literal of the array's dtype") {
  const auto f = [](const Array& x) { return 2.0 * x + 1; };
  std::ostringstream os;
  os << make_jaxpr(f)(array({1.0F}));
  CHECK(os.str().find("mul 2.0:f32[] a") != std::string::npos);
  CHECK(os.str().find("add b 1.0:f32[]") != std::string::npos);
}

TEST_CASE("operands that are no values are refused") {
  CHECK(refuses<TypeError>([] { Array() + 1; }));
}

}  // namespace fluxion
