#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <fluxion/sorting.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::shown;

namespace {
constexpr auto kNaN = std::numeric_limits<double>::quiet_NaN();
constexpr auto kInf = std::numeric_limits<double>::infinity();

template <class F>
void holds(const char* what, F f) { CHECK(rc::check(what, f)); }
}  // namespace

TEST_CASE("sort along an axis, flattened, descending") {
  const auto x = array({{3, 1, 2}, {9, 7, 8}});
  CHECK(shown(sort(x)) == "i32[2,3] [[1 2 3] [7 8 9]]");
  CHECK(shown(sort(array({{3, 1}, {2, 9}}), 0)) == "i32[2,2] [[2 1] [3 9]]");
  CHECK(shown(sort(x, none)) == "i32[6] [1 2 3 7 8 9]");
  CHECK(shown(sort(x, -1, {.descending = true})) == "i32[2,3] [[3 2 1] [9 8 7]]");
  CHECK(shown(sort(array({true, false, true}))) == "bool[3] [False True True]");
  CHECK(shown(sort(zeros({0}))) == "f64[0] []");
  CHECK(shown(sort(Array(3.0), none)) == "f64[1]* [3.]");
}

TEST_CASE("NaNs come last, zeros of both signs keep their order") {
  CHECK(shown(sort(array({kNaN, 1.0, -kInf, -kNaN, kInf}))) == "f64[5] [-inf 1. inf nan nan]");
  CHECK(shown(sort(array({1.0, 0.0, -0.0, -1.0, 0.0, -0.0}))) == "f64[6] [-1. 0. -0. 0. -0. 1.]");
  CHECK(shown(argsort(array({0.0, -0.0, kNaN, -1.0, kNaN}))) == "i64[5] [3 0 1 2 4]");
}

TEST_CASE("complex numbers are ordered by real, then imaginary part") {
  using Z = std::complex<double>;
  const auto z = array({Z(3, -2), Z(1, 2), Z(3, 5), Z(2, -1), Z(3, -3), Z(kNaN, 0)});
  const auto sorted = sort_complex(z).to_vector<Z>();
  CHECK(std::vector<Z>(sorted.begin(), sorted.end() - 1) == std::vector<Z>{{1, 2}, {2, -1}, {3, -3}, {3, -2}, {3, 5}});
  CHECK(std::isnan(sorted.back().real()));
  CHECK(sort_complex(array({2, 1})).dtype() == complex64);
  CHECK(sort_complex(array({2L, 1L})).to_vector<Z>() == std::vector<Z>{{1, 0}, {2, 0}});
  CHECK(shown(argsort(z)) == "i64[6] [1 3 4 0 2 5]");
  CHECK(message_of<TypeError>([&] { top_k(z, 1); }) ==
        "top_k: the operand must have an order, got c128[6]; keys and complex numbers have none");
}

TEST_CASE("small integers and halves sort as wide ones do") {
  const auto x = array({3.0, -1.0, 2.0, -1.0, 0.5});
  for (const auto t : {float16, bfloat16, float32})
    CHECK(shown(sort(x.astype(t)).astype(float64)) == "f64[5] [-1. -1. 0.5 2. 3. ]");
  for (const auto t : {int8, int16, int32}) CHECK(shown(sort(x.astype(t)).astype(int64)) == "i64[5] [-1 -1 0 2 3]");
  CHECK(shown(top_k(x.astype(bfloat16), 2).second) == "i32[2] [0 2]");
  CHECK(shown(searchsorted(array({1.0, 2.0}).astype(float16), array({1.5}).astype(float16))) == "i32[1] [1]");
}

TEST_CASE("argsort is stable in both directions") {
  CHECK(shown(argsort(array({2, 1, 2, 1}))) == "i64[4] [1 3 0 2]");
  CHECK(shown(argsort(array({2, 1, 2, 1}), -1, {.descending = true})) == "i64[4] [0 2 1 3]");
  CHECK(shown(argsort(array({{3, 2}, {1, 9}}), 0)) == "i64[2,2] [[1 0] [0 1]]");
}

TEST_CASE("lexsort sorts by the last key first") {
  // The surnames and first names of NumPy's documentation, as numbers.
  CHECK(shown(lexsort({array({9, 4, 0, 4, 0, 2, 1}), array({1, 5, 1, 4, 3, 4, 4})})) == "i64[7] [2 0 4 6 5 3 1]");
  CHECK(message_of<TypeError>([] { lexsort(ArraySpan()); }) ==
        "lexsort: at least one key is required, got none; the last one counts most");
}

TEST_CASE("partition puts the kth element in its place") {
  const auto x = array({7, 1, 7, 7, 1, 5, 7, 2, 3, 2, 6, 2, 3, 0});
  const auto p = partition(x, 4).to_vector<std::int32_t>();
  CHECK(p[4] == 2);
  CHECK(*std::max_element(p.begin(), p.begin() + 4) <= 2);
  CHECK(*std::min_element(p.begin() + 4, p.end()) >= 2);
  CHECK(shown(argpartition(array({3, 1, 2}), -1)) == "i64[3] [1 2 0]");
  CHECK(message_of<ValueError>([&] { partition(x, 14); }) ==
        "partition: kth must be in [-14, 14), got 14 for axis 0 of i32[14]; negative ones count from the end");
}

TEST_CASE("top_k takes the greatest, the first of equals first") {
  const auto [values, indices] = top_k(array({1.0, 5.0, 2.0, 5.0, kNaN}), 3);
  CHECK(shown(values) == "f64[3] [nan 5. 5.]");
  CHECK(shown(indices) == "i32[3] [4 1 3]");
  CHECK(shown(top_k(array({{1, 2}, {3, 0}}), 1, 0).first) == "i32[1,2] [[3 2]]");
  CHECK(shown(top_k(array({-0.0, 0.0}), 2).second) == "i32[2] [1 0]");
  CHECK(message_of<ValueError>([] { top_k(array({1.0}), 2); }) ==
        "top_k: k must be in [0, 1] along axis 0 of f64[1], got 2; take no more than there are");
}

TEST_CASE("the tangent of a sort goes where its element goes") {
  const auto x = array({3.0, 1.0, 2.0}), weights = array({1.0, 10.0, 100.0});
  CHECK(shown(grad([&](const Array& v) { return sum(sort(v) * weights); })(x)) == "f64[3] [100. 1. 10.]");
  CHECK(shown(grad([&](const Array& v) {
          return sum(top_k(v, 2).first * array({1.0, 10.0}));
        })(x)) == "f64[3] [1. 0. 10.]");
  CHECK(shown(hessian([&](const Array& v) { return sum(sort(v * v) * weights); })(x)) ==
        "f64[3,3] [[200. 0. 0.] [0. 2. 0.] [0. 0. 20.]]");
}

TEST_CASE("searchsorted finds the place before equals, or behind") {
  const auto a = array({1, 2, 2, 3, 4, 5, 5});
  CHECK(shown(searchsorted(a, 2)) == "i32[] 1");
  CHECK(shown(searchsorted(a, 2, {.side = Side::right})) == "i32[] 3");
  CHECK(shown(searchsorted(array({11, 12, 13, 14, 15}), array({-10, 20, 12, 13}))) == "i32[4] [0 5 1 2]");
  CHECK(shown(searchsorted(array({1.0, kNaN}), array({{2.0, kNaN}}), {.side = Side::right})) == "i32[1,2] [[1 2]]");
  const auto shuffled = array({5, 1, 3});
  CHECK(shown(searchsorted(shuffled, array({2, 4}), {.sorter = argsort(shuffled)})) == "i32[2] [1 2]");
  CHECK(shown(searchsorted(zeros({0}), array({1.0}))) == "i32[1] [0]");
  CHECK(message_of<ValueError>([] { searchsorted(zeros({2, 2}), 1.0); }) ==
        "searchsorted: sorted must have rank 1, got f64[2,2]; ravel, or use fx::vmap over rows");
}

TEST_CASE("digitize in ascending and descending bins") {
  CHECK(shown(digitize(array({0.2, 6.4, 3.0, 1.6}), array({0.0, 1.0, 2.5, 4.0, 10.0}))) == "i32[4] [1 4 3 2]");
  CHECK(shown(digitize(array({1.2, 10.0, 12.4, 15.5, 20.0}), array({0, 5, 10, 15, 20}), true)) == "i32[5] [1 2 3 4 4]");
  CHECK(shown(digitize(array({1.2, 10.0, 12.4, 15.5, 20.0}), array({0, 5, 10, 15, 20}))) == "i32[5] [1 3 3 4 5]");
  CHECK(shown(digitize(array({1, 5, 9}), array({8, 5, 2}))) == "i32[3] [3 1 0]");
  CHECK(shown(digitize(array({1.0}), zeros({0}))) == "i32[1] [0]");
  CHECK(message_of<ValueError>([] { digitize(array({1.0}), 1.0); }) ==
        "digitize: bins must have rank 1, got f64[]; ravel, or use fx::vmap over rows");
}

TEST_CASE("sorts under vmap and jit equal those of each row") {
  const auto x = array({{3.0, 1.0, 2.0}, {0.0, 5.0, 4.0}});
  CHECK(shown(vmap([](const Array& v) { return argsort(v); })(x)) == shown(argsort(x)));
  CHECK(shown(jit(vmap([](const Array& v) { return sort(v, -1, {.descending = true}); }))(x)) ==
        "f64[2,3] [[3. 2. 1.] [5. 4. 0.]]");
  CHECK(shown(vmap([](const Array& a, const Array& v) { return searchsorted(a, v); }, {.in_axes = {0, none}})(
            sort(x), 2.0)) == "i32[2] [1 1]");
  CHECK(shown(vmap([](const Array& a, const Array& v) { return searchsorted(a, v); }, {.in_axes = {none, 0}})(
            array({1.0, 2.0}), x)) == "i32[2,3] [[2 0 1] [0 2 2]]");
}

TEST_CASE("sorts refuse what they cannot do") {
  const auto x = array({1.0, 2.0});
  CHECK(message_of<ValueError>([&] { sort(zeros({2, 2}), {0, 1}); }) ==
        "sort: one axis or none is required, got (0, 1); ravel or reshape first");
  CHECK(message_of<ValueError>([&] { argsort(x, 1); }) ==
        "argsort: axis must be in [-1, 1), got 1 for shape (2,); negative axes count from the end");
  CHECK(message_of<ValueError>([&] { lax::sort(x, 5); }) ==
        "sort: dimension must be in [-1, 1), got 5 for f64[2]; negative ones count from the end");
  CHECK(message_of<ValueError>([&] { lax::top_k(x, 1, -2); }) ==
        "top_k: axis must be in [-1, 1), got -2 for f64[2]; negative ones count from the end");
  CHECK(message_of<ValueError>([&] { lax::sort(ArraySpan()); }) ==
        "sort: at least one operand is required, got none; pass what to sort");
  CHECK(message_of<ValueError>([&] { searchsorted(x, 1.0, {.sorter = zeros({1, 2}, int64)}); }) ==
        "searchsorted: sorter must have rank 1, got i64[1,2]; ravel, or use fx::vmap over rows");
  CHECK(message_of<TypeError>([&] { lexsort({x, zeros({3})}); }) ==
        "sort: operands must have one shape, got f64[3] and f64[2]; broadcast them");
  CHECK(message_of<TypeError>([] { sort(Array()); }).starts_with("sort: "));
  CHECK(message_of<TypeError>([] { sort(random::split(random::key(0), 3)); }) ==
        "sort: keys to sort by must be numbers or bool, got key<fry>[3]; keys of a generator have no order, sort "
        "fx::random::key_data of them");
}

TEST_CASE("any sort is an ordered, stable permutation") {
  holds("as std::stable_sort sorts", [](const std::vector<std::int8_t>& small) {
    std::vector<double> v(small.begin(), small.end());  // many ties
    std::vector<std::int64_t> order(v.size());
    std::iota(order.begin(), order.end(), 0);
    const auto at = [](std::int64_t i) { return static_cast<std::size_t>(i); };
    std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return v[at(i)] < v[at(j)]; });
    const auto x = array(v);
    RC_ASSERT(argsort(x).to_vector<std::int64_t>() == order);
    RC_ASSERT(argsort(x.astype(int32)).to_vector<std::int64_t>() == order);
    std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return v[at(i)] > v[at(j)]; });
    std::iota(order.begin(), order.end(), 0);
    std::stable_sort(order.begin(), order.end(), [&](auto i, auto j) { return v[at(i)] > v[at(j)]; });
    RC_ASSERT(argsort(x, -1, {.descending = true}).to_vector<std::int64_t>() == order);
    std::sort(v.begin(), v.end());
    RC_ASSERT(sort(x).to_vector<double>() == v);
    RC_ASSERT(sort(x.astype(float32)).astype(float64).to_vector<double>() == v);
    RC_ASSERT(sort(x.astype(int64)).astype(float64).to_vector<double>() == v);
  });
}

TEST_CASE("any search agrees with counting") {
  holds("as many before as there are smaller ones",
        [](std::vector<std::int16_t> small, const std::vector<std::int16_t>& queries) {
          std::vector<std::int64_t> a(small.begin(), small.end()), q(queries.begin(), queries.end());
          std::sort(a.begin(), a.end());
          q.insert(q.end(), a.begin(), a.end());
          const auto left = searchsorted(array(a), array(q)).to_vector<std::int32_t>();
          const auto right = searchsorted(array(a), array(q), {.side = Side::right}).to_vector<std::int32_t>();
          for (std::size_t i = 0; i < q.size(); ++i) {
            RC_ASSERT(left[i] == std::count_if(a.begin(), a.end(), [&](auto v) { return v < q[i]; }));
            RC_ASSERT(right[i] == std::count_if(a.begin(), a.end(), [&](auto v) { return v <= q[i]; }));
          }
        });
}

}  // namespace fluxion
