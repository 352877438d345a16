#include <array>
#include <vector>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("arrays from lists have exactly the type of their elements") {
  CHECK(shown(array({1, 2, 3})) == "i32[3] [1 2 3]");
  CHECK(shown(array({1.5F, 2.0F})) == "f32[2] [1.5 2. ]");
  CHECK(shown(array({{1L, 2L}, {3L, 4L}})) == "i64[2,2] [[1 2] [3 4]]");
  CHECK(shown(array({{{1}, {2}}, {{3}, {4}}})) == "i32[2,2,1] [[[1] [2]] [[3] [4]]]");
  CHECK(shown(array({{{{true}}}})) == "bool[1,1,1,1] [[[[True]]]]");
  CHECK(shown(array<float>({1, 2})) == "f32[2] [1. 2.]");
  CHECK(shown(array({1, 2.5})) == "f64[2] [1. 2.5]");
  CHECK(shown(array(std::vector<double>{1, 2, 3, 4}, {2, 2})) == "f64[2,2] [[1. 2.] [3. 4.]]");
  CHECK(shown(array(std::vector<bool>{true, false})) == "bool[2] [True False]");
  CHECK(shown(array(std::vector<std::vector<int>>{{1, 2}, {3, 4}})) == "i32[2,2] [[1 2] [3 4]]");
  const std::array<std::uint8_t, 2> bytes{1, 255};
  CHECK(shown(array(std::span(bytes))) == "u8[2] [1 255]");
  const auto a = array({1.0, 2.0});
  CHECK(shown(array({a, 2 * a})) == "f64[2,2] [[1. 2.] [2. 4.]]");
  CHECK(shown(array({{a[0], a[1]}, {0, 1}})) == "f64[2,2] [[1. 2.] [0. 1.]]");
}

TEST_CASE("ragged lists and wrong shapes are refused") {
  CHECK(message_of<ValueError>([] { array({{1, 2}, {3}}); }) ==
        "array: nested lists of one level must have one length, got 2 and 1 at depth 1; pad the shorter rows");
  CHECK(message_of<ValueError>([] { array(std::vector<float>{1, 2, 3}, {2, 2}); }) ==
        "array: the shape must have as many elements as are given, got shape (2, 2) for 3 elements; leave the "
        "shape out for rank 1");
  CHECK(message_of<ValueError>([] { zeros({-1}); }) == 
        "zeros: extents must not be negative, got shape (-1,); use 0 for an empty axis");
}

TEST_CASE("filled arrays") {
  CHECK(shown(zeros({2})) == "f64[2] [0. 0.]");
  CHECK(shown(ones<float>({2})) == "f32[2] [1. 1.]");
  CHECK(shown(ones({2}, int32)) == "i32[2] [1 1]");
  CHECK(shown(full({2}, 3)) == "i64[2]* [3 3]");
  CHECK(shown(full({2, 2}, array({1, 2}))) == "i32[2,2] [[1 2] [1 2]]");
  CHECK(shown(full<float>({1}, 3)) == "f32[1] [3.]");
  CHECK(shown(zeros_like(array({1, 2}))) == "i32[2] [0 0]");
  CHECK(shown(ones_like(array({1, 2}), float32)) == "f32[2] [1. 1.]");
  CHECK(shown(full_like(array({1.0F}), 2)) == "f32[1] [2.]");
  CHECK(shown(ones({}, bool_)) == "bool[] True");
  CHECK(shown(eye(2)) == "f64[2,2] [[1. 0.] [0. 1.]]");
  CHECK(shown(eye<float>(2, 3, 1)) == "f32[2,3] [[0. 1. 0.] [0. 0. 1.]]");
  CHECK(shown(eye(2, 2, -1, int32)) == "i32[2,2] [[0 0] [1 0]]");
}

TEST_CASE("arange") {
  CHECK(shown(arange(4)) == "i64[4] [0 1 2 3]");
  CHECK(shown(arange(2, 5)) == "i64[3] [2 3 4]");
  CHECK(shown(arange(5, 0, -2)) == "i64[3] [5 3 1]");
  CHECK(shown(arange(5, 5)) == "i64[0] []");
  CHECK(shown(arange(3.0)) == "f64[3] [0. 1. 2.]");
  CHECK(shown(arange(0, 1, 0.25)) == "f64[4] [0. 0.25 0.5 0.75]");
  CHECK(shown(arange(3, float32)) == "f32[3] [0. 1. 2.]");
  CHECK(shown(arange(1.0F, 3.0F)) == "f32[2] [1. 2.]");
  CHECK(message_of<ValueError>([] { arange(0, 5, 0); }) == 
        "arange: the step must not be zero, got 0; linspace takes a count instead");
  CHECK(refuses<ConcretizationError>([] { jit([](const Array& n) { return arange(n); })(3); }));
}

TEST_CASE("linspace reaches both ends") {
  CHECK(shown(linspace(0, 10, 5)) == "f64[5] [0. 2.5 5. 7.5 10. ]");
  CHECK(shown(linspace(0, 10, 8, false)) == "f64[8] [0. 1.25 2.5 3.75 5. 6.25 7.5 8.75]");
  CHECK(shown(linspace(array({0.0, 1.0}), 2, 3)) == "f64[3,2] [[0. 1. ] [1. 1.5] [2. 2. ]]");
  CHECK(shown(linspace(3, 5, 1)) == "f64[1] [3.]");
  CHECK(shown(linspace(3, 5, 0)) == "f64[0] []");
  CHECK(shown(linspace(0, 5, 3, true, int32)) == "i32[3] [0 2 5]");
  CHECK(linspace(0.1, 0.7, 7).to_vector<double>().back() == 0.7);
}

TEST_CASE("external memory is used in place and given back once") {
  static int given_back;
  given_back = 0;
  std::vector<float> memory{1, 2, 3, 4};
  {
    const auto x = from_external(memory.data(), {2, 2}, [] { ++given_back; });
    CHECK(x.span<float>().data() == memory.data());
    const auto row = x[1];
    CHECK(shown(row) == "f32[2] [3. 4.]");
    CHECK(shown(x + 1) == "f32[2,2] [[2. 3.] [4. 5.]]");
    CHECK(given_back == 0);
  }
  CHECK(given_back == 1);
  CHECK(refuses<ValueError>([] { from_external(static_cast<const float*>(nullptr), {2}); }));
}

TEST_CASE("creation under a trace is recorded as a broadcast literal") {
  std::ostringstream os;
  os << make_jaxpr([](const Array& x) { return x + ones({3}); })(zeros({3}));
  CHECK(os.str().find("broadcast_in_dim") != std::string::npos);
}

}  // namespace fluxion
