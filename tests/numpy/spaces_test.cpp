#include <cstddef>
#include <span>
#include <vector>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("evenly spaced values along any axis, with their distance") {
  const auto [x, step] = linspace(0.0, 1.0, 5, retstep);
  CHECK(shown(x) == "f64[5] [0. 0.25 0.5 0.75 1. ]");
  CHECK(shown(step) == "f64[] 0.25");
  CHECK(shown(linspace(0.0, 1.0, 4, retstep, {.endpoint = false}).second) == "f64[] 0.25");
  CHECK(shown(linspace(0.0, 1.0, 1, retstep).second) == "f64[] nan");
  CHECK(shown(linspace(3.0, 5.0, 1, {.endpoint = false})) == "f64[1] [3.]");
  CHECK(linspace(zeros({2}), ones({2}), 5, {.axis = -1}).shape() == Shape{2, 5});
  CHECK(shown(linspace(array({0.0, 1.0}), array({1.0, 3.0}), 3, {.axis = 1})) == "f64[2,3] [[0. 0.5 1. ] [1. 2. 3. ]]");
  CHECK(shown(linspace(0, 10, 5, {.dtype = int32})) == "i32[5] [0 2 5 7 10]");
  CHECK(refuses<ValueError>([] { linspace(0, 1, 3, {.axis = 1}); }));
}

TEST_CASE("values spaced by factors") {
  CHECK(bool(allclose(logspace(2.0, 3.0, 4), array({100.0, 215.443469, 464.15888336, 1000.0}), 1e-9)));
  CHECK(bool(allclose(logspace(2.0, 3.0, 4, {.endpoint = false}),
                      array({100.0, 177.827941, 316.22776602, 562.34132519}), 1e-9)));
  CHECK(bool(allclose(logspace(2.0, 3.0, 4, {.base = 2.0}), array({4.0, 5.0396842, 6.34960421, 8.0}), 1e-9)));
  CHECK(bool(allclose(geomspace(1, 1000, 4), array({1.0, 10.0, 100.0, 1000.0}), 1e-12)));
  CHECK(bool(allclose(geomspace(-1000, -1, 4), array({-1000.0, -100.0, -10.0, -1.0}), 1e-12)));
  CHECK(bool(allclose(geomspace(1, 256, 8, {.endpoint = false})[range(0, 3)], array({1.0, 2.0, 4.0}), 1e-12)));
  CHECK(logspace(zeros({2}), ones({2}), 3, {.axis = 1}).shape() == Shape{2, 3});
  CHECK(logspace(0, 1, 3, {.dtype = float32}).dtype() == float32);
  CHECK(refuses<ValueError>([] { geomspace(1, 2, -1); }));
  CHECK(refuses<ValueError>([] { logspace(1, 2, -1); }));
}

TEST_CASE("arrays of nothing, of memory, and of themselves") {
  CHECK(shown(empty({2})) == "f64[2] [0. 0.]");
  CHECK(shown(empty_like(array({1, 2}))) == "i32[2] [0 0]");
  const auto x = array({1.0, 2.0});
  CHECK(shown(copy(x)) == shown(x));
  const std::vector<std::int32_t> v = {1, 2, 3, 4};
  const auto bytes = std::as_bytes(std::span(v));
  CHECK(shown(frombuffer(bytes, int32)) == "i32[4] [1 2 3 4]");
  CHECK(shown(frombuffer(bytes, int32, 2, 4)) == "i32[2] [2 3]");
  CHECK(shown(frombuffer(bytes, int64, 0)) == "i64[0] []");
  CHECK(message_of<ValueError>([&] { frombuffer(bytes.first(6), int32); }) ==
        "frombuffer: whole elements of int32 are required, got 6 bytes; give a count that fits");
  CHECK(message_of<ValueError>([&] { frombuffer(bytes, int32, 5); }) ==
        "frombuffer: whole elements of int32 are required, got 16 bytes for 5 elements; give a count that fits");
  CHECK(message_of<ValueError>([&] { frombuffer(bytes, int32, 1, 17); }) ==
        "frombuffer: the offset must be in [0, 16], got 17; it counts bytes");
  CHECK(refuses<TypeError>([&] { frombuffer(bytes, float0); }));
}

}  // namespace fluxion
