// Windows and computations of the caller's: padding by name, messages, and what becomes a primitive.
#include <limits>

#include <catch2/catch.hpp>

#include <fluxion/lax/reductions.hpp>
#include <fluxion/parse.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::shown;

namespace {
constexpr auto kInf = std::numeric_limits<double>::infinity();
constexpr auto kNaN = std::numeric_limits<double>::quiet_NaN();

std::string primitives(const std::function<Array(const Array&)>& f, const Array& x) {
  std::ostringstream os;
  os << make_jaxpr(f)(x);
  return os.str();
}
Array image() { return arange(12.0).reshape({3, 4}); }
}  // namespace

TEST_CASE("padding by name") {
  using P = std::pair<std::int64_t, std::int64_t>;
  CHECK(lax::padtype_to_pads({5, 6}, {2, 3}, {1, 2}, "SAME") == lax::Pads{P{0, 1}, P{0, 1}});
  CHECK(lax::padtype_to_pads({5, 6}, {2, 3}, {1, 2}, "SAME_LOWER") == lax::Pads{P{1, 0}, P{1, 0}});
  CHECK(lax::padtype_to_pads({5, 6}, {2, 3}, {1, 2}, "VALID") == lax::Pads{P{0, 0}, P{0, 0}});
  CHECK(message_of<ValueError>([] { lax::padtype_to_pads({5}, {2}, {1}, "FULL"); }) ==
        "padtype_to_pads: padding must be \"SAME\", \"SAME_LOWER\" or \"VALID\", got \"FULL\"; or give a pair of "
        "numbers per axis");
  CHECK(message_of<ValueError>([] {
          lax::padtype_to_pads({5}, {2, 2}, {1}, "SAME");
        }) ==
        "padtype_to_pads: window and strides must have one entry per axis, got (2, 2) and (1,) for shape (5,); 1 "
        "leaves an axis as "
        "it is");
}

TEST_CASE("sums and extrema over windows") {
  CHECK(shown(lax::reduce_window_sum(image(), {.dimensions = {2, 2}})) == "f64[2,3] [[10. 14. 18.] [26. 30. 34.]]");
  CHECK(shown(lax::reduce_window_max(image(), {.dimensions = {2, 2}, .strides = {2, 2}, .padding = "SAME"})) ==
        "f64[2,2] [[5. 7.] [9. 11.]]");
  CHECK(shown(lax::reduce_window_min(image(), {.dimensions = {1, 3}, .padding = {{0, 0}, {2, 0}}})) ==
        "f64[3,4] [[0. 0. 0. 1.] [4. 4. 4. 5.] [8. 8. 8. 9.]]");
  CHECK(shown(lax::reduce_window_sum(array({1, 2, 3}), {.dimensions = {2}, .base_dilation = {2}})) ==
        "i32[4] [1 2 2 3]");
  CHECK(shown(lax::reduce_window_max(array({1.0, kNaN, 2.0, 3.0}), {.dimensions = {2}})) == "f64[3] [nan nan 3.]");
  CHECK(shown(lax::reduce_window_max(zeros({1}), {.dimensions = {3}})) == "f64[0] []");
}

TEST_CASE("an extremum's derivative goes to the first that attains it") {
  const auto pool = [](const Array& v) { return sum(lax::reduce_window_max(v, {.dimensions = {2}, .strides = {2}})); };
  CHECK(shown(grad(pool)(array({1.0, 1.0, 2.0, 5.0}))) == "f64[4] [1. 0. 0. 1.]");
  CHECK(shown(grad(pool)(array({1.0, kNaN, kNaN, 5.0}))) == "f64[4] [0. 1. 1. 0.]");
  CHECK(shown(lax::select_and_gather_add(array({1.0, 2.0}), array({5.0, 4.0}), lax::Choose::le,
                                         {.dimensions = {1}, .padding = {{1, 0}}})) == "f64[3] [0. 1. 2.]");
  const auto average = [](const Array& v) { return sum(square(lax::reduce_window_sum(v, {.dimensions = {2, 2}}))); };
  CHECK(shown(jit(grad(average))(ones({2, 3}))) == "f64[2,3] [[8. 16. 8.] [8. 16. 8.]]");
}

TEST_CASE("windows that do not fit are refused") {
  CHECK(message_of<ValueError>([] { lax::reduce_window_sum(image(), {.dimensions = {2}}); }) ==
        "reduce_window_sum: a window must have one entry per axis, got dimensions (2,), strides (1, 1), dilations (1, "
        "1) and (1, 1) "
        "for f64[3,4]; 1 leaves an axis as it is");
  CHECK(message_of<ValueError>([] {
          lax::reduce_window_max(image(), {.dimensions = {2, 0}});
        }) ==
        "reduce_window_max: window extents, strides and dilations must be at least 1, got (2, 0), (1, 1), (1, 1) and "
        "(1, 1) for "
        "f64[3,4]; 1 leaves an axis as it is");
  CHECK(message_of<ValueError>([] {
          lax::reduce_window_min(image(), {.dimensions = {1, 1}, .padding = {{0, 0}, {-9, 0}}});
        }) ==
        "reduce_window_min: padding must leave a size of at least 0, got ((0, 0), (-9, 0)) for f64[3,4]; cut off less");
  CHECK(message_of<ValueError>([] { lax::reduce_window_min(image(), {.dimensions = {1, 1}, .padding = {{0, 0}}}); }) ==
        "reduce_window_min: padding must be one pair per axis, got ((0, 0),) for f64[3,4]; (0, 0) pads nothing");
}

TEST_CASE("computations that are one known operation become its primitive") {
  const auto x = image();
  CHECK_THAT(primitives([](const Array& v) { return lax::reduce(v, scalar(0.0), lax::add, {0}); }, x),
             Catch::Contains("reduce_sum"));
  CHECK_THAT(primitives([](const Array& v) { return lax::reduce(v, scalar(1.0), lax::mul, {0}); }, x),
             Catch::Contains("reduce_prod"));
  CHECK_THAT(primitives(
                 [](const Array& v) {
                   return lax::reduce_window(v, scalar(-kInf), lax::max, {.dimensions = {2, 2}});
                 },
                 x),
             Catch::Contains("reduce_window_max"));
  CHECK(shown(lax::reduce(x, scalar(0.0), lax::add, {0})) == "f64[4] [12. 15. 18. 21.]");
  CHECK(shown(lax::reduce(x, scalar(2.0), lax::add, {0})) == "f64[4] [14. 17. 20. 23.]");
  CHECK(shown(lax::reduce(array({true, false}), scalar(true), lax::bitwise_and, {0})) == "bool[] False");
  CHECK(shown(lax::reduce_window(array({1.0, 2.0, 3.0}), scalar(0.0), lax::add, {.dimensions = {2}})) ==
        "f64[2] [3. 5.]");
}

TEST_CASE("any other computation is applied to halves, or to one place of the windows after the other") {
  const auto hypotenuse = [](const Array& a, const Array& b) { return sqrt(a * a + b * b); };
  CHECK(lax::reduce(array({3.0, 4.0, 12.0}), scalar(0.0), hypotenuse, {0}).item<double>() == Approx(13));
  CHECK(shown(lax::reduce(image(), scalar(0.0), [](const Array& a, const Array& b) { return a + b + a * b; },
                          {0, 1})) == "f64[] 479001599.0");
  CHECK(shown(lax::reduce(zeros({0, 2}), scalar(7.0), hypotenuse, {0})) == "f64[2] [7. 7.]");
  CHECK(shown(lax::reduce_window(array({3.0, 4.0, 3.0}), scalar(0.0), hypotenuse,
                                 {.dimensions = {2}, .padding = "SAME"})) == "f64[3] [5. 5. 3.]");
  CHECK(shown(grad([&](const Array& v) { return lax::reduce(v, scalar(0.0), hypotenuse, {0}); })(array({3.0, 4.0}))) ==
        "f64[2] [0.6 0.8]");
  // The greatest and where it is.
  const Array x[] = {array({2.0, 9.0, 4.0}), array({0, 1, 2})}, init[] = {scalar(-kInf), scalar(-1)};
  const auto best = lax::reduce(x, init, [](const Arrays& a, const Arrays& b) -> Arrays {
    const auto first = a[0] >= b[0];
    return {where(first, a[0], b[0]), where(first, a[1], b[1])};
  }, {0});
  CHECK(shown(best[0]) == "f64[] 9.0");
  CHECK(shown(best[1]) == "i32[] 1");
  CHECK(shown(jit(vmap([&](const Array& v) { return lax::reduce(v, scalar(0.0), hypotenuse, {0}); }))(
            array({{3.0, 4.0}, {5.0, 12.0}}))) == "f64[2] [5. 13.]");
}

TEST_CASE("parameters of windows and searches that are none are not read") {
  const auto window = [](const std::string& padding, const std::string& choose) {
    return message_of<ValueError>([&] {
      parse_jaxpr("{ lambda ; a:f64[3] b:f64[3]. let c:f64[2] = select_and_gather_add[ select_prim=" + choose +
                  " window_dimensions=(2,) window_strides=(1,) padding=" + padding +
                  " base_dilation=(1,) window_dilation=(1,) ] a b in (c,) }");
    });
  };
  CHECK(window("((0, 0),)", "ge") == "");
  CHECK_THAT(window("((0, 0),)", "gt"), Catch::Contains("one of the values of this parameter is required, got"));
  CHECK_THAT(window("((0,),)", "ge"), Catch::Contains("2 numbers in each"));
  CHECK_THAT(window("((0, 0) (1, 1))", "ge"), Catch::Contains("',' or ')'"));
  CHECK_THAT(message_of<ValueError>([] {
               parse_jaxpr("{ lambda ; a:f64[3] b:f64[3]. let c:i32[3] = searchsorted[side=up] a b in (c,) }");
             }), Catch::Contains("one of the values of this parameter"));
}

TEST_CASE("computations that return something else are refused") {
  const auto x = array({1.0, 2.0});
  CHECK(message_of<TypeError>([&] { lax::reduce(x, scalar(0), lax::add, {0}); }) ==
        "reduce: init must be a scalar of the operand's dtype, got i32[] for f64[2]; convert it with astype");
  CHECK(message_of<TypeError>([&] { lax::reduce(x, scalar(0.0), lax::lt, {0}); }) ==
        "reduce: the computation must return f64[] for two of them, got bool[]; convert it with astype");
  CHECK(message_of<ValueError>([&] {
          lax::reduce(ArraySpan(&x, 1), {}, [](const Arrays& a, const Arrays&) { return a; }, {0});
        }) == "reduce: one initial value per operand is required, got 0 for 1; give as many");
  CHECK(message_of<ValueError>([&] { lax::reduce(x, scalar(0.0), lax::add, {1}); })
            .starts_with("reduce_sum: axes must be in [0, 1), got (1,) for f64[2]"));
  const Array two[] = {x, array({1.0})}, init[] = {scalar(0.0), scalar(0.0)};
  CHECK(message_of<TypeError>([&] { lax::reduce(two, init, [](const Arrays& a, const Arrays&) { return a; }, {0}); }) ==
        "reduce: operands must have one shape, got f64[2] and f64[1]; broadcast them");
  CHECK(message_of<TypeError>([&] {
          lax::reduce(ArraySpan(&x, 1), {init, 1}, [](const Arrays&, const Arrays&) { return Arrays(); }, {0});
        }) ==
        "reduce: the computation must return as many values as are combined, got 0 for 1; return one for each operand");
}

}  // namespace fluxion
