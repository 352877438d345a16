#include <catch2/catch.hpp>
#include <fluxion/ufunc.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

const auto plus = [](const Array& a, const Array& b) { return a + b; };
const auto minus = [](const Array& a, const Array& b) { return a - b; };

}  // namespace

TEST_CASE("a ufunc maps, reduces and accumulates") {
  const auto add = frompyfunc(plus, 2, 1, {.identity = 0}), sub = frompyfunc(minus, 2);
  CHECK(add.nin() == 2);
  CHECK(add.nargs() == 3);
  CHECK(shown(add(array({1, 2}), array({{10}, {20}}))) == "i32[2,2] [[11 12] [21 22]]");
  const auto x = arange(6.0).reshape({2, 3});
  CHECK(shown(add.reduce(x)) == "f64[3] [3. 5. 7.]");
  CHECK(shown(add.reduce(x, none)) == "f64[] 15.0");
  CHECK(shown(add.reduce(x, {0, 1}, {.keepdims = true})) == "f64[1,1] [[15.]]");
  CHECK(shown(sub.reduce(x, 1)) == "f64[2] [-3. -6.]");
  CHECK(shown(add.reduce(x, 1, {.initial = 100.0, .where = array({true, false, true})})) == "f64[2] [102. 108.]");
  CHECK(shown(add.reduce(zeros({0, 2}))) == "f64[2] [0. 0.]");
  CHECK(shown(sub.accumulate(x, 1)) == "f64[2,3] [[0. -1. -3.] [3. -1. -6.]]");
  CHECK(shown(add.accumulate(array({1, 2, 3}), 0, float64)) == "f64[3] [1. 3. 6.]");
  CHECK(add.accumulate(zeros({0})).shape() == Shape{0});
  CHECK(shown(add.outer(array({1, 2}), array({10, 20, 30}))) == "i32[2,3] [[11 21 31] [12 22 32]]");
  CHECK(shown(add.reduceat(arange(8), array({0, 4, 1, 5}))) == "i64[4] [6 4 10 18]");
  CHECK(shown(add.reduceat(x, array({0, 2}), 1)) == "f64[2,2] [[1. 2.] [7. 5.]]");
  CHECK(shown(add.at(array({1, 2, 3}), array({0, 0, -1}), array({10, 20, 30}))) == "i32[3] [31 2 33]");
  CHECK(shown(add.at(x, array({1, 7}), 1.0)) == "f64[2,3] [[0. 1. 2.] [4. 5. 6.]]");
  const auto twice = frompyfunc([](const Array& a) { return 2 * a; }, 1);
  CHECK(shown(twice.at(array({1, 2, 3}), array({2, 2}))) == "i32[3] [1 2 12]");
  CHECK(shown(grad([&](const Array& x) { return sub.reduce(x * x, none); })(array({1.0, 2.0, 3.0}))) ==
        "f64[3] [2. -4. -6.]");
  CHECK(shown(jit(vmap([&](const Array& r) { return add.accumulate(r); }))(x)) == "f64[2,3] [[0. 1. 3.] [3. 7. 12.]]");
}

TEST_CASE("a ufunc says what it cannot do") {
  const auto sub = frompyfunc(minus, 2);
  const auto one = frompyfunc([](const Array& a) { return -a; }, 1);
  CHECK(message_of<TypeError>([] { frompyfunc(minus, 3); }) ==
        "frompyfunc: nin must be the number of arrays that the function takes, one to four, got 3 for a function of 2; "
        "write its "
        "parameters as const fx::Array&");
  CHECK(message_of<TypeError>([] { frompyfunc(minus, 2, 2); }) ==
        "frompyfunc: functions of one result are possible, got nout = 2; fx::vectorize maps functions of several");
  CHECK(message_of<TypeError>([&] { sub(1.0); }) == "ufunc: 2 arguments are required, got 1; its nin says how many");
  CHECK(message_of<ValueError>([&] { one.reduce(zeros({2})); }) ==
        "ufunc.reduce: a function of two arguments is required, got one of 1; map it by calling it");
  CHECK(refuses<ValueError>([&] { one.accumulate(zeros({2})); }));
  CHECK(refuses<ValueError>([&] { one.outer(zeros({2}), zeros({2})); }));
  CHECK(message_of<ValueError>([&] { sub.reduce(zeros({0})); }) ==
        "ufunc.reduce: an identity or an initial value is required over no elements, got none for shape (0,); give "
        ".initial");
  CHECK(refuses<ValueError>([&] { sub.reduce(zeros({2}), 0, {.where = array({true, false})}); }));
  CHECK(message_of<TypeError>([&] { sub.reduceat(zeros({2}), array({0.5})); }) ==
        "ufunc.reduceat: the indices must be a vector of integers, got f64[1]; convert them with astype");
  CHECK(message_of<ValueError>([&] { sub.at(zeros({2}), array({0})); }) ==
        "ufunc.at: one value per index is required, got a function of 2; call at(x, indices, values)");
  CHECK(refuses<ValueError>([&] { one.at(zeros({2}), array({0}), array({1.0})); }));
  CHECK(refuses<TypeError>([&] { one.at(zeros({2}), array({0.5})); }));
  CHECK(refuses<ValueError>([&] { one.at(1.0, array({0})); }));
}

}  // namespace fluxion
