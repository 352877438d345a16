// The functions of fluxion/indexing.hpp, against worked examples and loops.
#include <catch2/catch.hpp>

#include <fluxion/indexing.hpp>
#include <fluxion/lax/indexing.hpp>

#include "numpy/shown.hpp"
#include "support/host.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

Array m23() { return array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}}); }

std::string all_shown(const Arrays& xs) {
  std::string s;
  for (const auto& x : xs) s += (s.empty() ? "" : ", ") + shown(x);
  return s;
}

}  // namespace

TEST_CASE("take fills, clips or wraps") {
  CHECK(shown(take(m23(), array({2, 0}), 0)) == "f64[2,3] [[nan nan nan] [1. 2. 3.]]");
  CHECK(shown(take(m23(), array({2, 0, -1}), 1)) == "f64[2,3] [[3. 1. 3.] [6. 4. 6.]]");
  CHECK(shown(take(m23(), array({{5, 0}}))) == "f64[1,2] [[6. 1.]]");
  CHECK(shown(take(m23(), 1, 0)) == "f64[3] [4. 5. 6.]");
  CHECK(shown(take(m23(), array({-1, 9}), 1, {.mode = IndexMode::clip})) == "f64[2,2] [[1. 3.] [4. 6.]]");
  CHECK(shown(take(m23(), array({-1, 4}), 1, {.mode = IndexMode::wrap})) == "f64[2,2] [[3. 2.] [6. 5.]]");
  CHECK(shown(take(m23(), array({7}), 1, {.fill_value = 0.5})) == "f64[2,1] [[0.5] [0.5]]");
  CHECK(shown(take(array({1, 2}), array({5}), none, {.fill_value = -1})) == "i32[1] [-1]");
  CHECK(shown(take(zeros({0, 2}), zeros({0}, int64), 0)) == "f64[0,2] []");
  CHECK(shown(jit([](const Array& x, const Array& i) { return take(x, i, 1); })(m23(), array({1}))) ==
        "f64[2,1] [[2.] [5.]]");
  CHECK(refuses<IndexError>([] { take(zeros({0, 2}), array({0}), 0); }));
  CHECK(refuses<TypeError>([] { take(m23(), array({0.5}), 0); }));
  CHECK(refuses<ValueError>([] { take(m23(), array({0}), {0, 1}); }));
  CHECK(refuses<ValueError>([] { take(m23(), array({0}), 0, {.mode = IndexMode::raise}); }));
  CHECK(refuses<ValueError>([] { take(m23(), array({0}), 2); }));
}

TEST_CASE("take_along_axis and put_along_axis share the other axes") {
  const auto x = array({{30, 10, 20}, {40, 60, 50}});
  const auto order = array({{1, 2, 0}, {0, 2, 1}});
  CHECK(shown(take_along_axis(x, order)) == "i32[2,3] [[10 20 30] [40 50 60]]");
  CHECK(shown(take_along_axis(x, array({{1, 0, 1}}), 0)) == "i32[1,3] [[40 10 50]]");
  CHECK(shown(take_along_axis(x, array({{-1}}), 1)) == "i32[2,1] [[20] [50]]");
  CHECK(shown(take_along_axis(x(range(), range(0, 1)), array({{0, 0}, {0, 9}}), 1, {.mode = IndexMode::clip})) ==
        "i32[2,2] [[30 30] [40 40]]");
  CHECK(shown(take_along_axis(x, array({{-1, -9}}), 1, {.mode = IndexMode::clip})) == "i32[2,2] [[20 30] [50 40]]");
  CHECK(shown(take_along_axis(m23(), array({{9}}), 1)) == "f64[2,1] [[nan] [nan]]");
  CHECK(shown(take_along_axis(x, array({5, 0}), none)) == "i32[2] [50 30]");
  CHECK(shown(put_along_axis(x, array({{1}, {0}}), 99, 1)) == "i32[2,3] [[30 99 20] [99 60 50]]");
  CHECK(shown(put_along_axis(x, array({{1}}), 99, 1)) == "i32[2,3] [[30 99 20] [40 99 50]]");
  CHECK(shown(put_along_axis(x, array({{7, 1, 0}}), array({{1, 2, 3}}), 0)) == "i32[2,3] [[30 10 3] [40 2 50]]");
  CHECK(shown(put_along_axis(x, array({-1}), 7)) == "i32[2,3] [[30 10 20] [40 60 7]]");
  const auto f = [](const Array& y, const Array& i) { return take_along_axis(y, i, 0); };
  const auto both = vmap(f)(stack({x, x + 1}), stack({order(range(), range(0, 3)) % 2, order % 2}));
  CHECK_FALSE(test::difference(both[1], f(x + 1, order % 2)));
  CHECK(shown(grad([&](const Array& y) {
          return sum(take_along_axis(y, array({{1, 1}, {0, 2}}), 1));
        })(m23())) == "f64[2,3] [[0. 2. 0.] [1. 0. 1.]]");
  CHECK(refuses<ValueError>([&] { take_along_axis(x, array({0}), 1); }));
  CHECK(refuses<ValueError>([&] { take_along_axis(x, array({{0}, {0}, {0}}), 1); }));
  CHECK(refuses<ValueError>([&] { put_along_axis(x, array({{0}, {0}, {0}}), 1, 1); }));
  CHECK(refuses<ValueError>([&] { put_along_axis(ones({1, 3}), array({{0}, {0}}), 1, 1); }));
  CHECK(refuses<IndexError>([] { take_along_axis(zeros({2, 0}), array({{0}, {0}}), 1); }));
}

TEST_CASE("put repeats its values and drops, clips or wraps") {
  const auto i = array({0, 2, 6});
  const auto v = array({10, 20, 30});
  CHECK(shown(put(zeros({5}), i, v)) == "f64[5] [10. 0. 20. 0. 0.]");
  CHECK(shown(put(zeros({5}), i, v, IndexMode::clip)) == "f64[5] [10. 0. 20. 0. 30.]");
  CHECK(shown(put(zeros({5}), i, v, IndexMode::wrap)) == "f64[5] [10. 30. 20. 0. 0.]");
  CHECK(shown(put(zeros({2, 2}), array({{0, 1}, {2, -1}}), array({1, 2}))) == "f64[2,2] [[1. 2.] [1. 2.]]");
  CHECK(shown(put(ones({2}), array({0}), zeros({0}))) == "f64[2] [1. 1.]");
  CHECK(refuses<ValueError>([&] { put(zeros({5}), i, v, IndexMode::raise); }));
}

TEST_CASE("compress, extract and positions of a condition") {
  const auto x = array({{1, 2}, {3, 4}, {5, 6}});
  CHECK(shown(compress(array({false, true, true}), x, 0)) == "i32[2,2] [[3 4] [5 6]]");
  CHECK(shown(compress(array({1, 0}), x, 1)) == "i32[3,1] [[1] [3] [5]]");
  CHECK(shown(compress(array({true, false, true}), x)) == "i32[2] [1 3]");
  CHECK(shown(compress(array({true}), x, 0)) == "i32[1,2] [[1 2]]");
  CHECK(shown(extract(x % 2 == 0, x)) == "i32[3] [2 4 6]");
  CHECK(shown(jit([](const Array& y) { return extract(y > 2, y, {.size = 6, .fill_value = -1}); })(x)) ==
        "i32[6] [3 4 5 6 -1 -1]");
  CHECK(shown(jit([](const Array& y) { return compress(y(range(0, 2), 0) > 0, y, 0, {.size = 3}); })(x)) ==
        "i32[3,2] [[1 2] [3 4] [0 0]]");
  CHECK(all_shown(where(x > 3)) == "i64[3] [1 2 2], i64[3] [1 0 1]");
  CHECK(all_shown(where(x > 3, {.size = 5, .fill_value = -1})) == "i64[5] [1 2 2 -1 -1], i64[5] [1 0 1 -1 -1]");
  CHECK(all_shown(jit([](const Array& y) { return where(y > 3, {.size = 2}); })(x)) == "i64[2] [1 2], i64[2] [1 0]");
  CHECK(all_shown(where(zeros({0, 2}))) == "i64[0] [], i64[0] []");
  CHECK(shown(x[where(x > 3)]) == shown(x[x > 3]));
  CHECK(refuses<NonConcreteBooleanIndexError>([&] { jit([](const Array& y) { return extract(y > 2, y); })(x); }));
  CHECK(refuses<ValueError>([&] { compress(x > 2, x); }));
  CHECK(refuses<ValueError>([&] { compress(array({true, true, true, true}), x, 0); }));
  CHECK(shown(compress(array({true, true, true, false}), x, 1 - 1)) == "i32[3,2] [[1 2] [3 4] [5 6]]");
  CHECK(refuses<ValueError>([] { where(Array(1)); }));
}

TEST_CASE("choose, select, piecewise and place") {
  const Arrays choices{array({0, 1, 2, 3}), array({10, 11, 12, 13}), array({20, 21, 22, 23})};
  CHECK(shown(choose(array({2, 0, 1, 0}), choices)) == "i32[4] [20 1 12 3]");
  CHECK(shown(choose(array({4, -1, 1, 0}), choices, IndexMode::clip)) == "i32[4] [20 1 12 3]");
  CHECK(shown(choose(array({4, -1, 1, 0}), choices, IndexMode::wrap)) == "i32[4] [10 21 12 3]");
  CHECK(shown(choose(array({{1}, {0}}), {5, 7.5})) == "f64[2,1]* [[7.5] [5. ]]");
  CHECK(refuses<ValueError>([&] { choose(array({3}), choices); }));
  CHECK(refuses<ValueError>([&] { choose(array({0}), {}); }));
  CHECK(refuses<ValueError>([&] { choose(array({0}), choices, IndexMode::drop); }));
  CHECK(refuses<TypeError>([&] { choose(array({0.0}), choices); }));
  CHECK(refuses<ConcretizationError>([&] { jit([&](const Array& i) { return choose(i, choices); })(array({0})); }));

  const auto x = arange(6);
  CHECK(shown(select({x<3, x> 3}, {x, x * x}, 42)) == "i64[6] [0 1 2 42 16 25]");
  CHECK(shown(select({x<4, x> 1}, {x, 10 * x})) == "i64[6] [0 1 2 3 40 50]");
  CHECK(refuses<ValueError>([] { select({}, {}); }));

  const auto y = array({-2.0, -1.0, 0.0, 1.0, 2.0});
  CHECK(shown(piecewise(y, {y < 0, y >= 1}, {[](const Array& t) { return -t; }, 7, 0.5})) ==
        "f64[5] [2. 1. 0.5 7. 7. ]");
  CHECK(shown(piecewise(y, {y < 0, y < -1}, {1, 2})) == "f64[5] [2. 1. 0. 0. 0.]");
  CHECK(refuses<ValueError>([&] { piecewise(y, {y < 0}, {}); }));
  CHECK(
      shown(grad([](const Array& t) {
        return sum(piecewise(t, {t < 0}, {[](const Array& u) { return u * u; }, [](const Array& u) { return 3 * u; }}));
      })(y)) == "f64[5] [-4. -2. 3. 3. 3.]");

  CHECK(shown(place(x, x > 2, array({44, 55}))) == "i64[6] [0 1 2 44 55 44]");
  CHECK(shown(jit([](const Array& a) {
          return place(a, a % 2 == 0, array({-1, -2, -3}));
        })(x)) == "i64[6] [-1 1 -2 3 -3 5]");
  CHECK(refuses<ValueError>([&] { place(x, array({true}), 1); }));
  CHECK(refuses<ValueError>([&] { place(x, x > 0, zeros({0})); }));
}

TEST_CASE("segments") {
  const auto data = array({5.0, 1.0, 2.0, 3.0, 4.0});
  const auto ids = array({0, 0, 2, 9, -1});
  CHECK(shown(segment_sum(data, ids, 4)) == "f64[4] [6. 0. 2. 0.]");
  CHECK(shown(segment_prod(data, ids, 4)) == "f64[4] [5. 1. 2. 1.]");
  CHECK(shown(segment_min(data, ids, 4)) == "f64[4] [1. inf 2. inf]");
  CHECK(shown(segment_max(data, ids, 4)) == "f64[4] [5. -inf 2. -inf]");
  CHECK(shown(segment_sum(data, array({0, 0, 1, 1, 1}))) == "f64[2] [6. 9.]");
  CHECK(shown(segment_sum(arange(6), array({0, 0, 1, 1, 2, 2}))) == "i64[3] [1 5 9]");
  CHECK(shown(segment_prod(arange(6), array({0, 0, 1, 1, 2, 2}))) == "i64[3] [0 6 20]");
  CHECK(shown(segment_max(arange(6), array({0, 0, 1, 1, 2, 2}), {}, {.indices_are_sorted = true})) == "i64[3] [1 3 5]");
  CHECK(shown(segment_min(arange(6), array({0, 0, 1, 1, 2, 2}))) == "i64[3] [0 2 4]");
  CHECK(shown(segment_sum(data, ids, 4, {.mode = IndexMode::clip})) == "f64[4] [10. 0. 2. 3.]");
  CHECK(shown(segment_sum(m23(), array({1, 1}), 2)) == "f64[2,3] [[0. 0. 0.] [5. 7. 9.]]");
  CHECK(segment_max(array({1}), array({1}), 2).to_vector<std::int32_t>()[0] ==
        std::numeric_limits<std::int32_t>::min());
  CHECK(segment_min(arange(1), array({1}), 2).to_vector<std::int64_t>()[0] == std::numeric_limits<std::int64_t>::max());
  CHECK(shown(segment_max(array({true}), array({1}), 2)) == "bool[2] [False True]");
  CHECK(shown(segment_sum(zeros({0}), zeros({0}, int64))) == "f64[0] []");
  CHECK(shown(grad([&](const Array& d) { return sum(segment_sum(d, ids, 4) * arange(1.0, 5.0)); })(data)) ==
        "f64[5] [1. 1. 3. 0. 0.]");
  CHECK(shown(grad([&](const Array& d) { return segment_max(d, ids, 4)[0]; })(data)) == "f64[5] [1. 0. 0. 0. 0.]");
  const auto f = [](const Array& d, const Array& i) { return segment_sum(d, i, 3); };
  CHECK(shown(vmap(f)(stack({data, data}), stack({ids, ids * 0}))) == "f64[2,3] [[6. 0. 2.] [15. 0. 0.]]");
  CHECK(refuses<ValueError>([&] { segment_sum(data, ids, -1); }));
  CHECK(refuses<TypeError>([&] { segment_sum(data, array({0, 1}), 2); }));
  CHECK(refuses<TypeError>([&] { segment_sum(data, data, 2); }));
  CHECK(refuses<TypeError>([&] { segment_sum(random::split(random::key(0), 1), array({0}), 1); }));
  CHECK(refuses<ValueError>([&] { segment_sum(data, ids, 2, {.mode = IndexMode::wrap}); }));
  CHECK(refuses<ConcretizationError>([&] { jit([&](const Array& i) { return segment_sum(data, i); })(ids); }));
}

TEST_CASE("positions of diagonals, triangles and masks") {
  CHECK(all_shown(diag_indices(3)) == "i64[3] [0 1 2], i64[3] [0 1 2]");
  CHECK(diag_indices_from(zeros({2, 2, 2})).size() == 3);
  CHECK(all_shown(tril_indices(3)) == "i64[6] [0 1 1 2 2 2], i64[6] [0 0 1 0 1 2]");
  CHECK(all_shown(tril_indices(2, 1, 4)) == "i64[5] [0 0 1 1 1], i64[5] [0 1 0 1 2]");
  CHECK(all_shown(triu_indices(3, 1)) == "i64[3] [0 0 1], i64[3] [1 2 2]");
  CHECK(all_shown(triu_indices(2, -5)) == "i64[4] [0 0 1 1], i64[4] [0 1 0 1]");
  CHECK(all_shown(tril_indices(2, -9)) == "i64[0] [], i64[0] []");
  CHECK(shown(m23()[tril_indices_from(m23())]) == "f64[3] [1. 4. 5.]");
  CHECK(shown(m23()[triu_indices_from(m23(), 1)]) == "f64[3] [2. 3. 6.]");
  const auto upper = [](const Array& x, std::int64_t k) {
    return (arange(3) >= arange(3)(range(), newaxis) + k).astype(float64) * x;
  };
  CHECK(all_shown(mask_indices(3, upper, 1)) == all_shown(triu_indices(3, 1)));
  const auto grid = ix_({array({0, 1}), array({true, false, true})});
  CHECK(all_shown(grid) == "i32[2,1] [[0] [1]], i64[1,2] [[0 2]]");
  CHECK(shown(m23()[grid]) == "f64[2,2] [[1. 3.] [4. 6.]]");
  CHECK(refuses<ValueError>([] { ix_({m23()}); }));
  CHECK(refuses<ValueError>([] { tril_indices(-1); }));
  CHECK(refuses<ValueError>([] { diag_indices(-1); }));
  CHECK(refuses<ValueError>([] { diag_indices_from(m23()); }));
  CHECK(refuses<ValueError>([] { tril_indices_from(zeros({2})); }));
}

TEST_CASE("flat positions and positions along axes") {
  const Arrays at{array({3, 6, 6}), array({4, 5, 1})};
  CHECK(shown(ravel_multi_index(at, {7, 6})) == "i64[3] [22 41 37]");
  CHECK(shown(ravel_multi_index(at, {7, 6}, IndexMode::raise, 'F')) == "i64[3] [31 41 13]");
  CHECK(shown(ravel_multi_index(at, {4, 6}, IndexMode::clip)) == "i64[3] [22 23 19]");
  CHECK(shown(ravel_multi_index(at, {4, 4}, IndexMode::wrap)) == "i64[3] [12 9 9]");
  CHECK(all_shown(unravel_index(array({22, 41, 37}), {7, 6})) == "i64[3] [3 6 6], i64[3] [4 5 1]");
  CHECK(all_shown(unravel_index(-1, {7, 6})) == "i64[] 6, i64[] 5");
  CHECK(all_shown(unravel_index(100, {2, 3})) == "i64[] 1, i64[] 2");
  CHECK(all_shown(jit([](const Array& i) {
          return unravel_index(i, {7, 6});
        })(array({22}))) == "i64[1] [3], i64[1] [4]");
  CHECK(refuses<ValueError>([&] { ravel_multi_index(at, {4, 6}); }));
  CHECK(refuses<ValueError>([&] { ravel_multi_index(at, {4}); }));
  CHECK(refuses<ValueError>([&] { ravel_multi_index(at, {7, 6}, IndexMode::raise, 'K'); }));
  CHECK(refuses<ValueError>([&] { ravel_multi_index(at, {7, 6}, IndexMode::drop); }));
  CHECK(refuses<TypeError>([&] { ravel_multi_index({array({0.5})}, {3}); }));
  CHECK(refuses<TypeError>([&] { unravel_index(array({0.5}), {3}); }));
  CHECK(refuses<ValueError>([&] { unravel_index(array({0}), {0}); }));
  CHECK(refuses<ConcretizationError>(
      [&] { jit([&](const Array& i) { return ravel_multi_index({i}, {3}); })(array({0})); }));
}

TEST_CASE("insert") {
  const auto x = array({{1, 1}, {2, 2}, {3, 3}});
  CHECK(shown(insert(x, 1, 5)) == "i32[7] [1 5 1 2 2 3 3]");
  CHECK(shown(insert(x, 1, 5, 1)) == "i32[3,3] [[1 5 1] [2 5 2] [3 5 3]]");
  CHECK(shown(insert(x, 1, array({7, 8, 9}), 1)) == "i32[3,3] [[1 7 1] [2 8 2] [3 9 3]]");
  CHECK(shown(insert(x, array({1}), array({{7}, {8}, {9}}), 1)) == "i32[3,3] [[1 7 1] [2 8 2] [3 9 3]]");
  CHECK(shown(insert(ravel(x), array({2, 2}), array({5, 6}))) == "i32[8] [1 1 5 6 2 2 3 3]");
  CHECK(shown(insert(ravel(x), range(2, 4), array({5, 6}))) == "i32[8] [1 1 5 2 6 2 3 3]");
  CHECK(shown(insert(ravel(x), array({5, 0, -1}), array({7, 8, 9}))) == "i32[9] [8 1 1 2 2 3 7 9 3]");
  CHECK(shown(insert(array({1, 2}), 99, 3)) == "i32[3] [1 2 3]");
  CHECK(shown(jit([](const Array& y, const Array& i) { return insert(y, i, 9.0); })(arange(3.0), 1)) ==
        "f64[4] [0. 9. 1. 2.]");
  CHECK(shown(grad([](const Array& y) { return sum(insert(y, 1, 9.0) * arange(4.0)); })(arange(3.0))) ==
        "f64[3] [0. 2. 3.]");
  CHECK(refuses<TypeError>([&] { insert(x, array({0.5}), 1); }));
  CHECK(refuses<TypeError>([&] { insert(x, newaxis, 1); }));
}

TEST_CASE("delete_") {
  const auto x = array({{1, 2, 3, 4}, {5, 6, 7, 8}, {9, 10, 11, 12}});
  CHECK(shown(delete_(x, 1, 0)) == "i32[2,4] [[1 2 3 4] [9 10 11 12]]");
  CHECK(shown(delete_(x, range(none, none, 2), 1)) == "i32[3,2] [[2 4] [6 8] [10 12]]");
  CHECK(shown(delete_(x, array({1, 3, 5}))) == "i32[9] [1 3 5 7 8 9 10 11 12]");
  CHECK(shown(delete_(x, array({0, 0, -1, 99}), 1)) == "i32[3,2] [[2 3] [6 7] [10 11]]");
  CHECK(shown(delete_(x, array({true, false, true}), 0)) == "i32[1,4] [[5 6 7 8]]");
  CHECK(shown(jit([](const Array& y, const Array& i) { return delete_(y, i); })(arange(4.0), -2)) ==
        "f64[3] [0. 1. 3.]");
  CHECK(shown(jit([](const Array& y, const Array& i) { return delete_(y, i, none, true); })(
            arange(4.0), array({0, 2}))) == "f64[2] [1. 3.]");
  CHECK(refuses<ConcretizationError>(
      [] { jit([](const Array& y, const Array& i) { return delete_(y, i); })(arange(4.0), array({0})); }));
  CHECK(refuses<ValueError>([&] { delete_(x, array({true}), 0); }));
  CHECK(refuses<TypeError>([&] { delete_(x, array({0.5}), 0); }));
  CHECK(refuses<IndexError>([] { delete_(zeros({0}), 0); }));
}

TEST_CASE("fill_diagonal") {
  CHECK(shown(fill_diagonal(zeros({2, 3}), 4)) == "f64[2,3] [[4. 0. 0.] [0. 4. 0.]]");
  CHECK(shown(fill_diagonal(zeros({3, 3}), array({1, 2}))) == "f64[3,3] [[1. 0. 0.] [0. 2. 0.] [0. 0. 1.]]");
  CHECK(shown(sum(fill_diagonal(zeros({2, 2, 2}), 1))) == "f64[] 2.0");
  CHECK(shown(grad([](const Array& x) { return sum(fill_diagonal(x, 1) * 3); })(ones({2, 2}))) ==
        "f64[2,2] [[0. 3.] [3. 0.]]");
  CHECK(shown(fill_diagonal(zeros({0, 2}), 1)) == "f64[0,2] []");
  CHECK(refuses<ValueError>([] { fill_diagonal(zeros({3}), 1); }));
  CHECK(refuses<ValueError>([] { fill_diagonal(zeros({2, 2, 3}), 1); }));
  CHECK(refuses<ValueError>([] { fill_diagonal(zeros({2, 2}), zeros({0})); }));
}

TEST_CASE("slices along one axis, static and traced") {
  const auto x = arange(5);
  CHECK(shown(lax::dynamic_slice_in_dim(x, 4, 3)) == "i64[3] [2 3 4]");
  CHECK(shown(lax::dynamic_slice_in_dim(x, -3, 2)) == "i64[2] [2 3]");
  CHECK(shown(lax::dynamic_update_index_in_dim(zeros({6}), 1.0, 10, 0)) == "f64[6] [0. 0. 0. 0. 0. 1.]");
  CHECK(shown(lax::dynamic_update_slice(zeros({6}), ones({3}), {5})) == "f64[6] [0. 0. 0. 1. 1. 1.]");
  CHECK(shown(lax::dynamic_slice(arange(12).reshape({3, 4}), {1, 1}, {2, 3})) == "i64[2,3] [[5 6 7] [9 10 11]]");
  CHECK(shown(lax::dynamic_slice(arange(12).reshape({3, 4}), {1, 1}, {2, 4})) == "i64[2,4] [[4 5 6 7] [8 9 10 11]]");
  CHECK(shown(lax::dynamic_index_in_dim(m23(), scalar<std::uint64_t>(~0ull), 1, false)) == "f64[2] [3. 6.]");
  CHECK(shown(jit([](const Array& i) { return lax::dynamic_index_in_dim(m23(), i, -1); })(
            scalar<std::uint64_t>(~0ull))) == "f64[2,1] [[3.] [6.]]");
  CHECK(shown(jit([](const Array& i) { return lax::dynamic_index_in_dim(m23(), i, 1, false); })(
            scalar<std::uint32_t>(1))) == "f64[2] [2. 5.]");
  CHECK(shown(lax::dynamic_update_slice_in_dim(m23(), zeros({2, 1}), 1, 1)) == "f64[2,3] [[1. 0. 3.] [4. 0. 6.]]");
  CHECK(shown(lax::dynamic_update_index_in_dim(m23(), zeros({3}), -1, 0)) == "f64[2,3] [[1. 2. 3.] [0. 0. 0.]]");
  CHECK(shown(lax::slice_in_dim(x, 1, none, 2)) == "i64[2] [1 3]");
  CHECK(shown(lax::slice_in_dim(m23(), -2, -1, 1, 1)) == "f64[2,1] [[2.] [5.]]");
  CHECK(shown(lax::index_in_dim(m23(), -1, 1)) == "f64[2,1] [[3.] [6.]]");
  CHECK(shown(lax::index_in_dim(m23(), 0, 0, false)) == "f64[3] [1. 2. 3.]");
  CHECK(shown(lax::index_take(m23(), {array({0, 1, -1}), array({2, 4, 0})}, {0, 1})) == "f64[3] [3. 5. 4.]");
  CHECK(shown(lax::index_take(m23(), {array({1})}, {1})) == "f64[1,2] [[2. 5.]]");
  CHECK(refuses<IndexError>([] { lax::index_in_dim(m23(), 2); }));
  CHECK(refuses<ValueError>([] { lax::index_in_dim(m23(), 0, 2); }));
  CHECK(refuses<ValueError>([] { lax::dynamic_update_index_in_dim(m23(), 0.0, 0, 0); }));
  CHECK(refuses<ValueError>([] { lax::index_take(m23(), {}, {0}); }));
  CHECK(refuses<TypeError>([] { lax::index_take(m23(), {array({0.5})}, {0}); }));
  CHECK(refuses<TypeError>([] {
    lax::gather(m23(), array({{0}}), {{1}, {0}, {0}}, {1, 3}, {.fill_value = array({1.0})});
  }));
}

TEST_CASE("a scan over positions reads one row per trip") {
  const auto x = arange(12.0).reshape({4, 3});
  const auto f = [x](const Array& order) {
    return scan([x](const Array& c, const Array& i) { return std::pair(c + x[i], x(i, 1)); }, zeros({3}), order);
  };
  const auto [carry, ys] = jit(f)(array({3, 0, 3}));
  CHECK(shown(carry) == "f64[3] [18. 21. 24.]");
  CHECK(shown(ys) == "f64[3] [10. 1. 10.]");
}

}  // namespace fluxion
