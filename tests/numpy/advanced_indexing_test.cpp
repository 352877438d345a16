// x[...] and x.at(...) with arrays in the subscript: NumPy's examples, modes, dtypes and what is refused.
#include <catch2/catch.hpp>

#include <limits>

#include <fluxion/indexing.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

/// Distinct whole numbers.
Array counted(const Shape& shape) { return (arange(static_cast<double>(element_count(shape))) + 1).reshape(shape); }

}  // namespace

TEST_CASE("advanced indices next to each other stay in their place, separated ones go first") {
  const auto x = zeros({2, 3, 4, 5});
  const auto i = array({0, 1, 0, 1, 0, 1});
  CHECK(x(range(), i, i).shape() == Shape{2, 6, 5});
  CHECK(x(range(), i, range(), i).shape() == Shape{6, 2, 4});
  CHECK(x(0, range(), i).shape() == Shape{6, 3, 5});
  CHECK(x(i, newaxis, i).shape() == Shape{6, 1, 4, 5});
  CHECK(x(range(), i, ellipsis, 0).shape() == Shape{6, 2, 4});
  CHECK(x(range(), i, 0).shape() == Shape{2, 6, 5});
  CHECK(x(range(), lax::reshape(i, {3, 2}), 0).shape() == Shape{2, 3, 2, 5});
}

TEST_CASE("lists, masks and mixtures") {
  const auto x = arange(12).reshape({4, 3});
  CHECK(shown(x[std::vector{2, 0, 2}]) == "i64[3,3] [[6 7 8] [0 1 2] [6 7 8]]");
  CHECK(shown(x[std::vector<unsigned>{3}]) == "i64[1,3] [[9 10 11]]");
  CHECK(shown(x[std::vector{true, false, false, true}]) == "i64[2,3] [[0 1 2] [9 10 11]]");
  CHECK(shown(x(std::vector{0, 1}, std::vector{2, -1})) == "i64[2] [2 5]");
  CHECK(shown(x[x > 9]) == "i64[2] [10 11]");
  CHECK(shown(x[{x(range(), 0) > 2, 1}]) == "i64[3] [4 7 10]");
  CHECK(shown(x[unravel_index(array({1, 5}), {4, 3})]) == "i64[2] [1 5]");
  CHECK(shown(x.at(x > 4).set(0)) == "i64[4,3] [[0 1 2] [3 4 0] [0 0 0] [0 0 0]]");
  CHECK(shown(x.at(diag_indices(3)).set(0)) == "i64[4,3] [[0 1 2] [3 0 5] [6 7 0] [9 10 11]]");
  CHECK(shown(x[zeros({0}, int64)]) == "i64[0,3] []");
  CHECK(shown(zeros({0, 3})(range(), array({1, 1}))) == "f64[0,2] []");
}

TEST_CASE("bool scalars add an axis of size 1 or 0; a traced one updates all or nothing") {
  const auto x = arange(3.0);
  CHECK(shown(x[true]) == "f64[1,3] [[0. 1. 2.]]");
  CHECK(shown(x[false]) == "f64[0,3] []");
  CHECK(shown(x.at(false).set(7.0)) == "f64[3] [0. 1. 2.]");
  const auto f = jit([](const Array& y, const Array& p) { return y.at(p).add(1.0); });
  CHECK(shown(f(x, scalar(true))) == "f64[3] [1. 2. 3.]");
  CHECK(shown(f(x, scalar(false))) == "f64[3] [0. 1. 2.]");
}

TEST_CASE("indices outside: reading clips, writing drops, and modes say otherwise") {
  const auto x = arange(5.0);
  const auto i = array({-7, -6, -5, -1, 0, 4, 5, 20});
  CHECK(shown(x[i]) == "f64[8] [0. 0. 0. 4. 0. 4. 4. 4.]");
  CHECK(shown(x.at(i).get({.mode = IndexMode::fill})) == "f64[8] [nan nan 0. 4. 0. 4. nan nan]");
  CHECK(shown(x.at(i).get({.fill_value = -1})) == "f64[8] [-1. -1. 0. 4. 0. 4. -1. -1.]");
  CHECK(shown(x.at(i).get({.mode = IndexMode::wrap})) == "f64[8] [3. 4. 0. 4. 0. 4. 0. 0.]");
  CHECK(shown(x.at(i).add(1)) == "f64[5] [2. 1. 2. 3. 6.]");
  CHECK(shown(x.at(i).add(1, {.mode = IndexMode::clip})) == "f64[5] [4. 1. 2. 3. 8.]");
  CHECK(shown(x.at(10).add(10, {.mode = IndexMode::drop})) == "f64[5] [0. 1. 2. 3. 4.]");
  CHECK(shown(x.at(20).add(10, {.mode = IndexMode::clip})) == "f64[5] [0. 1. 2. 3. 14.]");
  CHECK(shown(x.at(20).get({.mode = IndexMode::clip})) == "f64[] 4.0");
  CHECK(shown(x.at(20).get({.mode = IndexMode::fill})) == "f64[] nan");
  CHECK(shown(x.at(20).get({.mode = IndexMode::fill, .fill_value = -1})) == "f64[] -1.0");
  CHECK(shown(x.at(-1).set(99, {.mode = IndexMode::drop, .wrap_negative_indices = false})) ==
        "f64[5] [0. 1. 2. 3. 4.]");
  CHECK(shown(x[Array(-7)]) == "f64[] 0.0");
  CHECK(shown(x[Array(20)]) == "f64[] 4.0");
  CHECK(shown(jit([](const Array& y, const Array& k) { return y[k]; })(x, -7)) == "f64[] 0.0");
  CHECK(shown(jit([](const Array& y, const Array& k) { return y.at(k).set(9.0); })(x, -7)) ==
        "f64[5] [0. 1. 2. 3. 4.]");
  CHECK(shown(x[scalar(~std::uint64_t{0})]) == "f64[] 4.0");
  CHECK(shown(x[array({~std::uint64_t{0}, std::uint64_t{1}})]) == "f64[2] [4. 1.]");
}

TEST_CASE("what a gather fills with") {
  const auto fill = [](DType t) { return arange(3).astype(t).at(array({5})).get({.mode = IndexMode::fill}); };
  CHECK(shown(fill(float32)) == "f32[1] [nan]");
  CHECK(fill(int32).to_vector<std::int32_t>()[0] == std::numeric_limits<std::int32_t>::min());
  CHECK(fill(int64).to_vector<std::int64_t>()[0] == std::numeric_limits<std::int64_t>::min());
  CHECK(fill(uint32).to_vector<std::uint32_t>()[0] == std::numeric_limits<std::uint32_t>::max());
  CHECK(fill(uint64).to_vector<std::uint64_t>()[0] == std::numeric_limits<std::uint64_t>::max());
  CHECK(shown(fill(bool_)) == "bool[1] [True]");
  CHECK(shown(zeros({0}).at(array({0, 1})).get({.fill_value = 2})) == "f64[2] [2. 2.]");
}

TEST_CASE("keys are indexed and replaced") {
  const auto keys = random::split(random::key(0), 4);
  const auto k = random::key(9);
  CHECK(shown(keys[array({3, 1})] == keys(range(3, 0, -2))) == "bool[2] [True True]");
  CHECK(shown(keys.at(array({2, 0})).set(k) == k) == "bool[4] [True False True False]");
  CHECK(shown(keys[keys == keys[1]] == keys[1]) == "bool[1] [True]");
}

TEST_CASE("a traced integer among ranges is a dynamic slice") {
  const auto x = counted({3, 4, 5});
  const auto f = [](const Array& y, const Array& i) { return y(range(none, none, 2), i, range(3, 0, -1)); };
  CHECK(to_string(make_jaxpr(f)(x, 1)).find("dynamic_slice") != std::string::npos);
  CHECK(shown(jit(f)(x, 2)) == shown(x(range(none, none, 2), 2, range(3, 0, -1))));
}

TEST_CASE("what is no index is refused") {
  const auto x = counted({4, 3});
  CHECK(message_of<TypeError>([&] { x[array({0.5})]; }) ==
        "index: an indexer must have integer or boolean type, got f64[1] at position 0; convert it with "
        "astype(fx::int64)");
  CHECK(message_of<IndexError>([&] {
          x[array({true, false})];
        }) ==
        "index: a mask must have the sizes of the axes that it selects from, got bool[2] at axis 0 of shape (4, 3); "
        "compare the "
        "array itself, as in x > 0");
  CHECK(message_of<IndexError>([&] { x(array({0}), array({0}), array({0})); }) ==
        "index: at most one index per axis is required, got 3 for shape (4, 3); add axes with newaxis");
  CHECK(refuses<IndexError>([&] { x(0, x > 1); }));
  CHECK(refuses<IndexError>([&] { x(ellipsis, array({0}), ellipsis); }));
  CHECK(refuses<IndexError>([&] { x(array({0}), 7); }));
  CHECK(refuses<IndexError>([&] { zeros({0})[array({0})]; }));
  CHECK(refuses<ValueError>([&] { x(array({0, 1}), array({0, 1, 2})); }));
  CHECK(refuses<ValueError>([&] { (void)x.at(array({0, 1})).set(zeros({3, 3})); }));
  CHECK(refuses<ValueError>([&] { (void)x.at(array({0, 9})).get({.mode = IndexMode::raise}); }));
  CHECK(refuses<TypeError>([&] { (void)x.at(array({0})).get({.fill_value = array({1.0})}); }));
  CHECK(refuses<TypeError>([&] { x[Array()]; }));
  CHECK(message_of<NonConcreteBooleanIndexError>([&] { jit([](const Array& y) { return y[y > 1]; })(x); }) ==
        "index: a concrete mask is required, for it decides the shape, got Traced<bool[4,3]> of jit; select with "
        "fx::where(mask, x, "
        "y), or fix the number of elements with fx::where(mask, {.size = n})");
  CHECK(refuses<NonConcreteBooleanIndexError>([&] { vmap([](const Array& y) { return y.at(y > 1).set(0); })(x); }));
}

}  // namespace fluxion
