#include <cmath>
#include <limits>

#include <catch2/catch.hpp>

#include <fluxion/nn/pooling.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::shown;

namespace {

Array images() { return random::normal(random::key(0), {2, 7, 6, 3}); }

// What the window of `extent` elements at each place covers, stacked along a new first axis; the fill stands for
// padding.
std::vector<Array> covered(const Array& x, const Dims& extent, const Dims& stride, const lax::Pads& pads, double fill) {
  const auto padded = lax::pad(x, Array(fill).astype(x.dtype()),
                               {{}, {pads[0].first, pads[0].second, 0}, {pads[1].first, pads[1].second, 0}, {}});
  std::vector<Array> out;
  for (std::int64_t i = 0; i < extent[0]; ++i)
    for (std::int64_t j = 0; j < extent[1]; ++j)
      out.push_back(padded(range(), range(i, padded.shape(1) - extent[0] + i + 1, stride[0]),
                           range(j, padded.shape(2) - extent[1] + j + 1, stride[1])));
  return out;
}

Array greatest(const std::vector<Array>& parts) { return max(stack(parts), 0); }

}  // namespace

TEST_CASE("pools are extrema and means of what their windows cover") {
  const auto x = images();
  const lax::Pads pads{{1, 2}, {0, 1}};
  const double inf = std::numeric_limits<double>::infinity();
  const nn::PoolOptions options{.strides = {2, 1}, .padding = pads};
  CHECK(bool(array_equal(nn::max_pool(x, {3, 2}, options), greatest(covered(x, {3, 2}, {2, 1}, pads, -inf)))));
  CHECK(bool(array_equal(nn::min_pool(x, {3, 2}, options), -greatest(covered(-x, {3, 2}, {2, 1}, pads, -inf)))));
  const auto total = sum(stack(covered(x, {3, 2}, {2, 1}, pads, 0)), 0);
  CHECK(bool(allclose(nn::avg_pool(x, {3, 2}, options), total / 6.0)));
  const auto count = sum(stack(covered(ones_like(x), {3, 2}, {2, 1}, pads, 0)), 0);
  CHECK(bool(allclose(nn::avg_pool(x, {3, 2}, options, false), total / count)));
}

TEST_CASE("pools slide by one unless told otherwise, over any number of batch axes") {
  const auto x = images();
  CHECK(nn::max_pool(x, {2, 2}).shape() == Shape{2, 6, 5, 3});
  CHECK(nn::max_pool(x, {2, 2}, {.strides = {2, 2}}).shape() == Shape{2, 3, 3, 3});
  CHECK(nn::max_pool(x, {2, 2}, {.strides = {2, 2}, .padding = "SAME"}).shape() == Shape{2, 4, 3, 3});
  const auto whole = nn::avg_pool(x, {2, 2}, {.padding = "SAME"}, false);
  CHECK(bool(array_equal(nn::avg_pool(x[0], {2, 2}, {.padding = "SAME"}, false), whole[0])));
  CHECK(bool(array_equal(nn::max_pool(expand_dims(x, 0), {2, 2})[0], nn::max_pool(x, {2, 2}))));
  CHECK(bool(array_equal(vmap([](const Array& v) { return nn::max_pool(v, {2, 2}); })(x), nn::max_pool(x, {2, 2}))));
  CHECK(shown(nn::max_pool(array({{1}, {5}, {2}}), {2})) == "i32[2,1] [[5] [5]]");
  CHECK(shown(nn::avg_pool(array({{1.0}, {5.0}, {2.0}}), {2}, {.padding = "SAME"})) == "f64[3,1] [[3. ] [3.5] [1. ]]");
}

TEST_CASE("the derivative of max_pool goes to the first greatest element, that of avg_pool to all") {
  const auto x = array({{1.0}, {3.0}, {3.0}, {2.0}});
  const auto chosen = grad([](const Array& v) { return sum(nn::max_pool(v, {3})); })(x);
  CHECK(shown(chosen) == "f64[4,1] [[0.] [2.] [0.] [0.]]");
  const auto shared = grad([](const Array& v) { return sum(nn::avg_pool(v, {2}, {.strides = {2}})); })(x);
  CHECK(shown(shared) == "f64[4,1] [[0.5] [0.5] [0.5] [0.5]]");
  const auto f = jit(grad([](const Array& v) { return sum(square(nn::max_pool(v, {2, 2}, {.strides = {2, 2}}))); }));
  CHECK(f(images()).shape() == images().shape());
}

TEST_CASE("pools refuse windows that do not fit") {
  const auto x = images();
  using Catch::Contains;
  const auto message = [&](const Array& v, const Dims& window, const nn::PoolOptions& o = {}) {
    return message_of<Error>([&] { nn::max_pool(v, window, o); });
  };
  CHECK_THAT(message(ones({3}), {2}),
             Contains("max_pool: operands must be [batch..., spatial..., features], got f64[3]"));
  CHECK_THAT(message(x, {2, 2}, {.strides = {1}}), Contains("strides must have one entry per axis of the window"));
  CHECK_THAT(message(x, {2, 0}), Contains("must be positive"));
  CHECK_THAT(message(x, {2, 2}, {.strides = {0, 1}}), Contains("must be positive"));
  CHECK_THAT(message(x, {2, 2}, {.padding = {{1, 1}}}), Contains("padding must have one {low, high} per axis"));
  CHECK_THAT(message(x, {2, 2}, {.padding = "FULL"}), Contains("FULL"));
  CHECK_THAT(message_of<Error>([&] { nn::avg_pool(x, {2, 2}, {.strides = {1}}); }), Contains("avg_pool"));
  CHECK_THAT(message_of<Error>([&] { nn::min_pool(x, {2, 2}, {.strides = {1}}); }), Contains("min_pool"));
}

}  // namespace fluxion
