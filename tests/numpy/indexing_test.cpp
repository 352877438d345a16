#include <vector>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

// Each subscript of the same array, with what NumPy gives.
struct Case {
  std::vector<Index> at;
  const char* expect;
};

const std::vector<Case> kCases = {
    {{0}, "i64[3] [0 1 2]"},
    {{-1}, "i64[3] [9 10 11]"},
    {{1, 2}, "i64[] 5"},
    {{range(1, 3)}, "i64[2,3] [[3 4 5] [6 7 8]]"},
    {{range(none, none, -2)}, "i64[2,3] [[9 10 11] [3 4 5]]"},
    {{range(), range(none, none, 2)}, "i64[4,2] [[0 2] [3 5] [6 8] [9 11]]"},
    {{range(-2, none), 0}, "i64[2] [6 9]"},
    {{range(3, 1)}, "i64[0,3] []"},
    {{range(1, 100)}, "i64[3,3] [[3 4 5] [6 7 8] [9 10 11]]"},
    {{newaxis, 0}, "i64[1,3] [[0 1 2]]"},
    {{0, newaxis}, "i64[1,3] [[0 1 2]]"},
    {{ellipsis, 1}, "i64[4] [1 4 7 10]"},
    {{ellipsis, newaxis, 1}, "i64[4,1] [[1] [4] [7] [10]]"},
    {{range(3, none, -1), range(1, 0, -1)}, "i64[4,1] [[10] [7] [4] [1]]"},
    {{ellipsis}, "i64[4,3] [[0 1 2] [3 4 5] [6 7 8] [9 10 11]]"},
};

Array subscript(const Array& x, const std::vector<Index>& at) {
  switch (at.size()) {
    case 1: return x[at[0]];
    case 2: return x(at[0], at[1]);
    default: return x(at[0], at[1], at[2]);
  }
}

Array table() { return arange(12).reshape({4, 3}); }

}  // namespace

TEST_CASE("static indices are NumPy's, concrete and traced") {
  for (const auto& c : kCases) {
    CHECK(shown(subscript(table(), c.at)) == c.expect);
    CHECK(shown(jit([&](const Array& x) { return subscript(x, c.at); })(table())) == c.expect);
    CHECK(shown(subscript(table().T().T(), c.at)) == c.expect);
  }
}

TEST_CASE("updates set and add where indexing reads") {
  for (const auto& c : kCases) {
    const auto x = table(), part = subscript(x, c.at);
    const auto set = IndexUpdate(x, c.at).set(part + 100), add = IndexUpdate(x, c.at).add(100);
    CHECK(shown(set) == shown(add));
    CHECK(shown(subscript(set, c.at)) == shown(part + 100));
    CHECK(sum(set).item<std::int64_t>() == 66 + 100 * part.size());
  }
}

TEST_CASE("updates broadcast and cast their value") {
  const auto x = zeros({2, 3});
  CHECK(shown(x.at(0).set(1)) == "f64[2,3] [[1. 1. 1.] [0. 0. 0.]]");
  CHECK(shown(x.at(range(), 1).set(array({1, 2}))) == "f64[2,3] [[0. 1. 0.] [0. 2. 0.]]");
  CHECK(shown(x.at(range(none, none, -1)).set(array({{1}, {2}}))) == "f64[2,3] [[2. 2. 2.] [1. 1. 1.]]");
  CHECK(shown(array({1, 2}).at(0).set(7.9)) == "i32[2] [7 2]");
  CHECK(shown(array({-0.0, 1.0}).at(1).add(1.0)) == "f64[2] [-0. 2.]");
  CHECK(message_of<ValueError>([&] { (void)x.at(0).set(ones({2})); }) ==
        "at.set: the shape must broadcast to (3,), got (2,); sizes must be equal or 1, counted from the last axis (reshape, "
        "or index with newaxis)");
}

TEST_CASE("updates of keys") {
  const auto keys = random::split(random::key(0), 3);
  const auto k = random::key(5);
  CHECK(shown(keys.at(1).set(k) == k) == "bool[3] [False True False]");
  CHECK(shown(keys.at(ellipsis, 2).set(k) == k) == "bool[3] [False False True]");
}

TEST_CASE("wrong indices say axis, index and size") {
  const auto x = table();
  CHECK(message_of<IndexError>([&] { x[4]; }) ==
        "index: axis 0 has size 4, got index 4 for shape (4, 3); indices are in [-4, 4)");
  CHECK(message_of<IndexError>([&] { x(0, -4); }) ==
        "index: axis 1 has size 3, got index -4 for shape (4, 3); indices are in [-3, 3)");
  CHECK(message_of<IndexError>([&] { x(0, 0, 0); }) ==
        "index: at most one index per axis is required, got 3 for shape (4, 3); add axes with newaxis");
  CHECK(refuses<IndexError>([&] { x(ellipsis, ellipsis); }));
  CHECK(refuses<IndexError>([&] { (void)x.at(4).set(1); }));
  CHECK(refuses<TypeError>([&] { x[Array(1.0)]; }));
}

TEST_CASE("arrays index and iterate") {
  const auto x = table();
  CHECK(shown(x[Array(2)]) == "i64[3] [6 7 8]");
  std::int64_t total = 0, rows = 0;
  for (const Array& row : x) {
    total += sum(row).item<std::int64_t>();
    ++rows;
  }
  CHECK(total == 66);
  CHECK(rows == 4);
  CHECK(refuses<TypeError>([] { Array(1.0).begin(); }));
}

TEST_CASE("views share memory") {
  const auto x = array({{1.0, 2.0}, {3.0, 4.0}});
  CHECK(x[1].span<double>().data() == x.span<double>().data() + 2);
  CHECK(x(range(), 1).strides() == Dims{2});
}

TEST_CASE("indexing is differentiable") {
  const auto f = [](const Array& x) { return sum(square(x(range(none, none, -2))) * array({1.0, 10.0})); };
  CHECK(shown(grad(f)(arange(4.0))) == "f64[4] [0. 20. 0. 6.]");
  const auto g = [](const Array& x) { return sum(square(x.at(1).set(5.0 * x[0]))); };
  CHECK(shown(grad(g)(array({1.0, 2.0, 3.0}))) == "f64[3] [52. 0. 6.]");
  const auto h = [](const Array& x) { return x.at(0).add(x[1]); };
  CHECK(shown(vmap(h)(array({{1.0, 2.0}, {3.0, 4.0}}))) == "f64[2,2] [[3. 2.] [7. 4.]]");
}

}  // namespace fluxion
