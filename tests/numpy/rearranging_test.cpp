#include <catch2/catch.hpp>
#include <fluxion/diagonals.hpp>
#include <fluxion/grids.hpp>
#include <fluxion/joining.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("axes move, and planes turn, as in NumPy") {
  CHECK(rollaxis(zeros({3, 4, 5, 6}), 3, 1).shape() == Shape{3, 6, 4, 5});
  CHECK(rollaxis(zeros({3, 4, 5, 6}), 2).shape() == Shape{5, 3, 4, 6});
  CHECK(rollaxis(zeros({3, 4, 5, 6}), 1, 4).shape() == Shape{3, 5, 6, 4});
  CHECK(matrix_transpose(zeros({2, 3, 4})).shape() == Shape{2, 4, 3});
  CHECK(permute_dims(zeros({2, 3, 4}), {2, 0, 1}).shape() == Shape{4, 2, 3});
  CHECK(atleast_1d(3).shape() == Shape{1});
  CHECK(atleast_2d(zeros({3})).shape() == Shape{1, 3});
  CHECK(atleast_3d(zeros({3})).shape() == Shape{1, 3, 1});
  CHECK(atleast_3d(zeros({3, 4})).shape() == Shape{3, 4, 1});
  const auto m = array({{1, 2}, {3, 4}});
  CHECK(shown(rot90(m)) == "i32[2,2] [[2 4] [1 3]]");
  CHECK(shown(rot90(m, 2)) == "i32[2,2] [[4 3] [2 1]]");
  CHECK(shown(rot90(m, -1)) == "i32[2,2] [[3 1] [4 2]]");
  CHECK(shown(rot90(arange(8).reshape({2, 2, 2}), 1, {1, 2})) == "i64[2,2,2] [[[1 3] [0 2]] [[5 7] [4 6]]]");
  CHECK(shown(fliplr(m)) == "i32[2,2] [[2 1] [4 3]]");
  CHECK(shown(flipud(m)) == "i32[2,2] [[3 4] [1 2]]");
  const auto xs = broadcast_arrays({array({{1}, {2}}), array({3, 4})});
  CHECK(shown(xs[0]) == "i32[2,2] [[1 1] [2 2]]");
  CHECK(shown(xs[1]) == "i32[2,2] [[3 4] [3 4]]");
  const std::vector<Shape> shapes = {{2, 1}, {3}, {4, 1, 1}};
  CHECK(broadcast_shapes(shapes) == Shape{4, 2, 3});
}

TEST_CASE("rolling along several axes and by traced shifts") {
  const auto x = arange(10).reshape({2, 5});
  CHECK(shown(roll(x, {1, 1}, {1, 0})) == "i64[2,5] [[9 5 6 7 8] [4 0 1 2 3]]");
  CHECK(shown(roll(x, {2, 1}, {1, 0})) == "i64[2,5] [[8 9 5 6 7] [3 4 0 1 2]]");
  CHECK(shown(roll(x, Dims{1}, {0, 1})) == shown(roll(x, {1, 1}, {0, 1})));
  CHECK(shown(roll(x, {1, 2}, 1)) == shown(roll(x, 3, 1)));
  const auto traced = jit([](const Array& x, const Array& s) { return roll(x, s, 1); });
  for (std::int64_t s : {-7, -1, 0, 2, 5, 11}) CHECK(shown(traced(x, s)) == shown(roll(x, s, 1)));
  const auto both = jit([](const Array& x, const Array& s) { return roll(x, s, {1, 0}); });
  CHECK(shown(both(x, array({2, 1}))) == shown(roll(x, {2, 1}, {1, 0})));
  const auto flat = vmap([&](const Array& s) { return roll(x, s); });
  CHECK(shown(flat(array({1, 3}))) == shown(stack({roll(x, 1), roll(x, 3)})));
  CHECK(shown(grad([](const Array& x) {
          return sum(roll(x, 1) * array({1.0, 2.0, 3.0}));
        })(zeros({3}))) == "f64[3] [2. 3. 1.]");
}

TEST_CASE("repeating by numbers that differ") {
  const auto x = array({{1, 2}, {3, 4}});
  CHECK(shown(repeat(x, array({1, 2}), 0)) == "i32[3,2] [[1 2] [3 4] [3 4]]");
  CHECK(shown(repeat(x, array({0, 3}), 1)) == "i32[2,3] [[2 2 2] [4 4 4]]");
  CHECK(shown(repeat(x, array({2}))) == "i32[8] [1 1 2 2 3 3 4 4]");
  CHECK(shown(repeat(array({7, 8}), array({2, 3}), 0, {.total_repeat_length = 4})) == "i32[4] [7 7 8 8]");
  CHECK(shown(repeat(array({7, 8}), array({2, 1}), 0, {.total_repeat_length = 5})) == "i32[5] [7 7 8 8 8]");
  const auto traced =
      jit([](const Array& x, const Array& n) { return repeat(x, n, 0, {.total_repeat_length = 6}); });
  CHECK(shown(traced(array({7, 8, 9}), array({2, 0, 4}))) == "i32[6] [7 7 9 9 9 9]");
  CHECK(shown(traced(array({7, 8, 9}), array({1, 1, 1}))) == "i32[6] [7 8 9 9 9 9]");
  CHECK(shown(traced(array({7, 8, 9}), array({5, 5, 1}))) == "i32[6] [7 7 7 7 7 8]");
  CHECK(message_of<ConcretizationError>([] {
          jit([](const Array& n) { return repeat(array({1, 2}), n, 0); })(array({1, 2}));
        }).find("total_repeat_length") != std::string::npos);
}

TEST_CASE("other shapes of the same elements") {
  CHECK(shown(resize(array({1, 2, 3}), {2, 4})) == "i32[2,4] [[1 2 3 1] [2 3 1 2]]");
  CHECK(shown(resize(arange(9), {2, 2})) == "i64[2,2] [[0 1] [2 3]]");
  CHECK(shown(resize(zeros({0}), {2})) == "f64[2] [0. 0.]");
  CHECK(shown(trim_zeros(array({0, 0, 1, 0, 2, 0}))) == "i32[3] [1 0 2]");
  CHECK(shown(trim_zeros(array({0, 0, 1, 0, 2, 0}), "f")) == "i32[4] [1 0 2 0]");
  CHECK(shown(trim_zeros(array({0, 0, 1, 0, 2, 0}), "b")) == "i32[5] [0 0 1 0 2]");
  CHECK(trim_zeros(zeros({3})).shape() == Shape{0});
}

TEST_CASE("joining by other names") {
  CHECK(shown(append(array({1, 2}), array({{3}, {4}}))) == "i32[4] [1 2 3 4]");
  CHECK(shown(append(array({{1, 2}}), array({{3, 4}}), 0)) == "i32[2,2] [[1 2] [3 4]]");
  CHECK(shown(column_stack({array({1, 2}), array({3, 4})})) == "i32[2,2] [[1 3] [2 4]]");
  CHECK(shown(dstack({array({1, 2}), array({3, 4})})) == "i32[1,2,2] [[[1 3] [2 4]]]");
  CHECK(shown(concat({array({1}), array({2})})) == "i32[2] [1 2]");
  CHECK(shown(concatenate({array({1}), array({2})}, 0, float64)) == "f64[2] [1. 2.]");
  const auto a = ones({2, 2}), b = zeros({2, 1}), c = full({1, 2}, 2.0), d = full({1, 1}, 3.0);
  CHECK(shown(block({{a, b}, {c, d}})) == "f64[3,3] [[1. 1. 0.] [1. 1. 0.] [2. 2. 3.]]");
  CHECK(shown(block({array({1, 2}), Array(3)})) == "i32[3] [1 2 3]");
}

TEST_CASE("splitting and joining are inverse") {
  const auto x = arange(24).reshape({4, 6});
  for (const std::int64_t axis : {0, 1, -1})
    for (const auto& parts :
         {split(x, 2, axis), array_split(x, 4, axis), split(x, {1, 3}, axis), array_split(x, {2}, axis)})
      CHECK(shown(concatenate(parts, axis)) == shown(x));
  CHECK(shown(stack(unstack(x, 1), 1)) == shown(x));
  const auto p = array_split(arange(8), 3);
  CHECK(shown(p[0]) == "i64[3] [0 1 2]");
  CHECK(shown(p[1]) == "i64[3] [3 4 5]");
  CHECK(shown(p[2]) == "i64[2] [6 7]");
  const auto q = split(arange(8), {3, 5, 6, 10});
  REQUIRE(q.size() == 5);
  CHECK(shown(q[2]) == "i64[1] [5]");
  CHECK(shown(q[3]) == "i64[2] [6 7]");
  CHECK(q[4].shape() == Shape{0});
  CHECK(split(arange(8), {3}).size() == 2);
  CHECK(hsplit(arange(8), 2)[1].shape() == Shape{4});
  CHECK(hsplit(x, 3)[1].shape() == Shape{4, 2});
  CHECK(vsplit(x, 2)[1].shape() == Shape{2, 6});
  CHECK(dsplit(zeros({2, 3, 4}), 2)[1].shape() == Shape{2, 3, 2});
}

TEST_CASE("diagonals and triangles") {
  const auto x = arange(9).reshape({3, 3});
  CHECK(shown(diag(x)) == "i64[3] [0 4 8]");
  CHECK(shown(diag(x, 1)) == "i64[2] [1 5]");
  CHECK(shown(diag(x, -1)) == "i64[2] [3 7]");
  CHECK(diag(x, 5).shape() == Shape{0});
  CHECK(shown(diag(array({1, 2}))) == "i32[2,2] [[1 0] [0 2]]");
  CHECK(shown(diag(array({1, 2}), 1)) == "i32[3,3] [[0 1 0] [0 0 2] [0 0 0]]");
  CHECK(shown(diag(array({1, 2}), -1)) == "i32[3,3] [[0 0 0] [1 0 0] [0 2 0]]");
  CHECK(shown(diagflat(array({{1}, {2}}))) == "i32[2,2] [[1 0] [0 2]]");
  CHECK(shown(diagonal(arange(8).reshape({2, 2, 2}), 0, 0, 1)) == "i64[2,2] [[0 6] [1 7]]");
  CHECK(shown(diagonal(arange(12).reshape({3, 4}), 2)) == "i64[2] [2 7]");
  CHECK(shown(trace(x)) == "i64[] 12");
  CHECK(shown(trace(array({{1, 2}, {3, 4}}))) == "i64[] 5");
  CHECK(shown(trace(array({{1, 2}, {3, 4}}), 0, 0, 1, float32)) == "f32[] 5.0");
  CHECK(trace(zeros({2, 3, 4, 5}), 0, 1, -1).shape() == Shape{2, 4});
  CHECK(shown(tri(3, 5, 2, int32)) == "i32[3,5] [[1 1 1 0 0] [1 1 1 1 0] [1 1 1 1 1]]");
  CHECK(shown(tril(x, -1)) == "i64[3,3] [[0 0 0] [3 0 0] [6 7 0]]");
  CHECK(shown(triu(x, 1)) == "i64[3,3] [[0 1 2] [0 0 5] [0 0 0]]");
  CHECK(shown(tril(ones({2, 2, 2}))) == "f64[2,2,2] [[[1. 0.] [1. 1.]] [[1. 0.] [1. 1.]]]");
  CHECK(shown(vander(array({1, 2, 3, 5}), 3)) == "i32[4,3] [[1 1 1] [4 2 1] [9 3 1] [25 5 1]]");
  CHECK(shown(vander(array({1.0, 2.0}), {}, true)) == "f64[2,2] [[1. 1.] [1. 2.]]");
  CHECK(shown(grad([](const Array& v) {
          return sum(diag(v) * arange(9.0).reshape({3, 3}));
        })(ones({3}))) == "f64[3] [0. 4. 8.]");
  CHECK(shown(grad([](const Array& m) { return trace(m); })(ones({2, 2}))) == "f64[2,2] [[1. 0.] [0. 1.]]");
  const auto batched = vmap([](const Array& v) { return diag(v, 1); })(arange(6).reshape({3, 2}));
  CHECK(shown(batched[1]) == shown(diag(array({2, 3}).astype(int64), 1)));
}

TEST_CASE("grids") {
  const auto xy = meshgrid({array({1, 2, 3}), array({10, 20})});
  CHECK(shown(xy[0]) == "i32[2,3] [[1 2 3] [1 2 3]]");
  CHECK(shown(xy[1]) == "i32[2,3] [[10 10 10] [20 20 20]]");
  const auto ij = meshgrid({array({1, 2, 3}), array({10, 20})}, {.indexing = "ij", .sparse = true});
  CHECK(ij[0].shape() == Shape{3, 1});
  CHECK(ij[1].shape() == Shape{1, 2});
  CHECK(shown(indices({2, 3})) == "i64[2,2,3] [[[0 0 0] [1 1 1]] [[0 1 2] [0 1 2]]]");
  CHECK(sparse_indices({2, 3})[1].shape() == Shape{1, 3});
  CHECK(shown(mgrid[{range(0, 2), range(1, 3)}]) == "i64[2,2,2] [[[0 0] [1 1]] [[1 2] [1 2]]]");
  CHECK(ogrid[{range(0, 2), range(1, 4)}][1].shape() == Shape{1, 3});
  CHECK(shown(mgrid[{linspace(0, 1, 3)}]) == "f64[1,3] [[0. 0.5 1. ]]");
  CHECK(shown(r_[{range(0, 3), 7, array({8, 9})}]) == "i64[6] [0 1 2 7 8 9]");
  CHECK(shown(c_[{array({1, 2}), array({3, 4})}]) == "i32[2,2] [[1 3] [2 4]]");
  CHECK(shown(fromfunction([](const Array& i, const Array& j) { return 10 * i + j; }, {2, 3}, int64)) ==
        "i64[2,3] [[0 1 2] [10 11 12]]");
  CHECK(shown(fromfunction([](const Array& i) { return i == 1; }, {3})) == "bool[3] [False True False]");
}

TEST_CASE("what cannot be rearranged is named") {
  CHECK(message_of<ValueError>([] { split(zeros({5}), 2); }) ==
        "split: parts must be equal, got 2 of axis 0 of shape (5,); array_split makes unequal ones");
  CHECK(message_of<ValueError>([] { split(zeros({5}), 0); }) ==
        "split: the number of parts must be positive, got 0; use 1 for the whole");
  CHECK(refuses<ValueError>([] { array_split(zeros({5}), -1); }));
  CHECK(message_of<ValueError>([] { vsplit(zeros({4}), 2); }) ==
        "vsplit: rank 2 or more is required, got shape (4,); split takes any axis");
  CHECK(refuses<ValueError>([] { unstack(1.0); }));
  CHECK(message_of<ValueError>([] {
          roll(zeros({2, 3}), {1, 2, 3}, {0, 1});
        }) ==
        "roll: one shift for each axis or one for all is required, got 3 for axes (0, 1); name the axis of "
        "each");
  CHECK(
      message_of<TypeError>([] { roll(zeros({2}), array({0.5}), 0); }) ==
      "roll: the shift must be an integer or a vector of them, got f64[1]; round and convert it with astype");
  CHECK(message_of<ValueError>([] {
          jit([](const Array& s) { return roll(zeros({2, 2}), s); })(array({1, 2}));
        }) == "roll: one shift is required without an axis, got i32[2]; name the axis of each");
  CHECK(message_of<ValueError>([] {
          repeat(array({1, 2}), array({1, 2, 3}), 0);
        }) ==
        "repeat: one number of repeats per element or one for all is required, got i32[3] for 2 elements of "
        "axis 0 of shape "
        "(2,); broadcast or reshape them");
  CHECK(refuses<ValueError>([] { repeat(array({1, 2}), array({1, -2}), 0); }));
  CHECK(message_of<TypeError>([] {
          repeat(array({1, 2}), array({1.0, 2.0}), 0);
        }) == "repeat: repeats must be integers, got f64[2]; convert them with astype");
  CHECK(message_of<ValueError>([] {
          rot90(zeros({2, 2}), 1, {0, 1, 1});
        }) == "rot90: two axes are required, got (0, 1, 1); they span the plane that is turned");
  CHECK(refuses<ValueError>([] { rot90(zeros({2, 2}), 1, {0, 0}); }));
  CHECK(message_of<ValueError>([] {
          rollaxis(zeros({2, 2}), 0, 3);
        }) ==
        "rollaxis: start must be in [-2, 2], got 3 for shape (2, 2); moveaxis says where the axis ends up");
  CHECK(message_of<ValueError>([] { matrix_transpose(zeros({2})); }) ==
        "matrix_transpose: rank 2 or more is required, got shape (2,); expand_dims makes a vector a row or a "
        "column");
  CHECK(refuses<ValueError>([] { fliplr(zeros({2})); }));
  CHECK(refuses<ValueError>([] { flipud(1.0); }));
  CHECK(message_of<ValueError>([] { resize(zeros({2}), {-1}); }) ==
        "resize: extents must not be negative, got (-1,); reshape computes one from -1");
  CHECK(message_of<ValueError>([] { trim_zeros(zeros({2}), "x"); }) ==
        "trim_zeros: trim must be \"f\", \"b\" or \"fb\", got \"x\"; they mean front and back");
  CHECK(refuses<ValueError>([] { trim_zeros(zeros({2, 2})); }));
  CHECK(message_of<ConcretizationError>([] {
          jit([](const Array& x) { return trim_zeros(x); })(zeros({2}));
        }).find("trim_zeros: the values decide the shape and must be concrete") == 0);
  CHECK(message_of<ValueError>([] {
          diag(zeros({2, 2, 2}));
        }) ==
        "diag: a vector or a matrix is required, got shape (2, 2, 2); diagflat flattens first, diagonal "
        "takes any rank");
  CHECK(message_of<ValueError>([] { trace(zeros({2})); }) ==
        "trace: rank 2 or more is required, got shape (2,); diag makes a matrix of a vector");
  CHECK(refuses<ValueError>([] { tril(zeros({2})); }));
  CHECK(refuses<ValueError>([] { diagonal(zeros({2, 2}), 0, 1, 1); }));
  CHECK(message_of<ValueError>([] {
          vander(zeros({2, 2}));
        }) == "vander: a vector is required, got shape (2, 2); ravel it, or map with vmap");
  CHECK(refuses<ValueError>([] { vander(zeros({2}), -1); }));
  CHECK(message_of<ValueError>([] { meshgrid({zeros({2})}, {.indexing = "yx"}); }) ==
        "meshgrid: the indexing must be \"xy\" or \"ij\", got \"yx\"; \"ij\" keeps the order of axes");
  CHECK(refuses<ValueError>([] { meshgrid({zeros({2, 2})}); }));
  CHECK(message_of<ValueError>([] { (void)mgrid[{range()}]; }) ==
        "grid: a range with a stop is required, got one without; write range(0, n)");
  CHECK(refuses<ValueError>([] { (void)ogrid[{zeros({2, 2})}]; }));
  CHECK(message_of<TypeError>([] {
          fromfunction([](const Array& i) { return i; }, {2, 2});
        }) ==
        "fromfunction: the function must take one index per axis, got shape (2, 2) of rank 2; ranks 1 to 4 "
        "are possible, more "
        "with fx::indices");
  CHECK(refuses<ValueError>([] { block({{}, {}}); }));
}

TEST_CASE("bits in bytes") {
  const auto a = array({true, false, true, true, false, false, false, false, true});
  CHECK(shown(packbits(a)) == "u8[2] [176 128]");
  CHECK(shown(packbits(a, none, "little")) == "u8[2] [13 1]");
  const auto m = array({{1, 0, 1}, {0, 3, 0}});
  CHECK(shown(packbits(m, 1)) == "u8[2,1] [[160] [64]]");
  CHECK(shown(packbits(m, 0)) == "u8[1,3] [[128 64 128]]");
  CHECK(shown(unpackbits(array({std::uint8_t{2}, std::uint8_t{7}}))) == "u8[16] [0 0 0 0 0 0 1 0 0 0 0 0 0 1 1 1]");
  CHECK(shown(unpackbits(packbits(a), none, 9)) == "u8[9] [1 0 1 1 0 0 0 0 1]");
  CHECK(shown(unpackbits(packbits(a, none, "little"), none, 12, "little")) == "u8[12] [1 0 1 1 0 0 0 0 1 0 0 0]");
  CHECK(unpackbits(zeros({2, 3}, uint8), 1, 30).shape() == Shape{2, 30});
  CHECK(message_of<TypeError>([] { packbits(zeros({2})); }) == "packbits: integers or bools are required, got f64[2]; compare floats with 0");
  CHECK(message_of<TypeError>([] { unpackbits(zeros({2})); }) == "unpackbits: uint8 is required, got f64[2]; bitcast or convert it");
  CHECK(message_of<ValueError>([&] { packbits(a, none, "middle"); }) ==
        "packbits: the order of bits must be \"big\" or \"little\", got \"middle\"; \"big\" puts the first bit highest");
  CHECK(refuses<ValueError>([&] { unpackbits(packbits(a), none, -1); }));
}

}  // namespace fluxion
