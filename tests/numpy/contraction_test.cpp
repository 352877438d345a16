#include <cmath>
#include <limits>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

// The sum over all values of all letters, one by one.
Array einsum_by_loops(const std::vector<std::string>& terms, const std::string& result, const Arrays& xs) {
  std::map<char, std::int64_t> size;
  for (std::size_t k = 0; k < xs.size(); ++k)
    for (std::size_t i = 0; i < terms[k].size(); ++i) size[terms[k][i]] = xs[k].shape()[i];
  Shape shape;
  for (char c : result) shape.push_back(size[c]);
  std::vector<double> out(static_cast<std::size_t>(element_count(shape)), 0.0);
  const auto place = [](const std::string& letters, const Shape& s, const std::map<char, std::int64_t>& at) {
    std::int64_t p = 0;
    for (std::size_t i = 0; i < letters.size(); ++i) p = p * s[i] + at.at(letters[i]);
    return static_cast<std::size_t>(p);
  };
  std::vector<std::vector<double>> values;
  for (const auto& x : xs) values.push_back(x.to_vector<double>());
  std::map<char, std::int64_t> at;
  std::int64_t total = 1;
  for (const auto& [c, n] : size) total *= n;
  for (std::int64_t i = 0; i < total; ++i) {
    auto rest = i;
    for (const auto& [c, n] : size) {
      at[c] = rest % n;
      rest /= n;
    }
    double product = 1;
    for (std::size_t k = 0; k < xs.size(); ++k) product *= values[k][place(terms[k], xs[k].shape(), at)];
    out[place(result, shape, at)] += product;
  }
  return array(out, shape);
}

Array numbers(const Shape& shape) { return sin(arange(static_cast<double>(element_count(shape))) + 1).reshape(shape); }

}  // namespace

TEST_CASE("dot, matmul and their kin have NumPy's shapes") {
  const auto a = numbers({2, 3}), b = numbers({3, 4}), v = numbers({3});
  CHECK(shown(dot(array({1, 2, 3}), array({4, 5, 6}))) == "i32[] 32");
  CHECK(shown(dot(2, array({1.0, 2.0}))) == "f64[2] [2. 4.]");
  CHECK(dot(a, b).shape() == Shape{2, 4});
  CHECK(dot(a, v).shape() == Shape{2});
  CHECK(dot(numbers({5, 2, 3}), numbers({6, 3, 4})).shape() == Shape{5, 2, 6, 4});
  CHECK(matmul(v, v).shape() == Shape{});
  CHECK(matmul(a, v).shape() == Shape{2});
  CHECK(matmul(v, b).shape() == Shape{4});
  CHECK(matmul(numbers({5, 2, 3}), b).shape() == Shape{5, 2, 4});
  CHECK(matmul(numbers({5, 1, 2, 3}), numbers({6, 3, 4})).shape() == Shape{5, 6, 2, 4});
  CHECK(inner(a, a).shape() == Shape{2, 2});
  CHECK(shown(outer(array({1, 2}), array({3, 4}))) == "i32[2,2] [[3 4] [6 8]]");
  CHECK(shown(vdot(array({{1, 2}, {3, 4}}), array({{1, 1}, {1, 1}}))) == "i32[] 10");
  CHECK(tensordot(numbers({2, 3, 4}), numbers({4, 3, 5}), {1, 2}, {1, 0}).shape() == Shape{2, 5});
  CHECK(bool(allclose(tensordot(a, b, 1), dot(a, b))));
  CHECK(shown(dot(array({true, false}), array({true, true}))) == "bool[] True");
}

TEST_CASE("broadcast matmul equals the loop") {
  const auto a = numbers({5, 1, 2, 3}), b = numbers({6, 3, 4});
  const auto c = matmul(a, b);
  for (std::int64_t i = 0; i < 5; ++i)
    for (std::int64_t j = 0; j < 6; ++j) CHECK(bool(allclose(c(i, j), dot(a(i, 0), b[j]), 1e-14)));
}

/// The same matrix, its columns contiguous.
static Array by_columns(const Array& x) {
  return transpose(transpose(x).reshape({x.size()}).reshape({x.shape()[1], x.shape()[0]}));
}

TEST_CASE("an element of a product does not depend on what is multiplied with it, nor on layouts") {
  for (const auto t : {float32, float64}) {
    const auto a = numbers({40, 300}).astype(t), b = numbers({300, 50}).astype(t);
    const auto c = matmul(a, b);
    CHECK(bool(array_equal(transpose(matmul(transpose(b), transpose(a))), c)));
    CHECK(bool(array_equal(matmul(by_columns(a), by_columns(b)), c)));
    for (std::int64_t i : {0, 13, 38})
      for (std::int64_t j : {0, 17, 48})
        CHECK(bool(array_equal(matmul(a[{range(i, i + 2)}], b[{ellipsis, range(j, j + 2)}]),
                               c[{range(i, i + 2), range(j, j + 2)}])));
    const auto stack = reshape(numbers({6, 40, 30}).astype(t), {6, 40, 30}), other = b[{range(0, 30)}];
    const auto all = matmul(stack, other);
    for (std::int64_t i = 0; i < 6; ++i) CHECK(bool(array_equal(all[i], matmul(stack[i], other))));
  }
}

TEST_CASE("einsum equals sums over loops") {
  struct Case {
    std::vector<std::string> terms;
    const char* result;
  };
  const std::vector<Case> cases = {
      {{"ij", "jk"}, "ik"}, {{"ij", "jk"}, "ki"},   {{"i", "i"}, ""},         {{"ij"}, "ji"},          {{"ij"}, "i"},
      {{"ii"}, "i"},        {{"ii"}, ""},           {{"iij"}, "ji"},          {{"bij", "bjk"}, "bik"}, {{"ij", "j"}, "ij"},
      {{"i", "j"}, "ij"},   {{"ij", "jk", "kl"}, "il"}, {{"ij", "ij", "ij"}, "j"}, {{"ijk", "k"}, "ji"},   {{"ij", "kl"}, "ljki"},
  };
  const std::map<char, std::int64_t> size = {{'i', 2}, {'j', 3}, {'k', 4}, {'l', 2}, {'b', 5}};
  for (const auto& c : cases) {
    Arrays xs;
    std::string spec;
    for (const auto& t : c.terms) {
      Shape s;
      for (char letter : t) s.push_back(size.at(letter));
      xs.push_back(numbers(s));
      spec += (spec.empty() ? "" : ",") + t;
    }
    spec += "->";
    spec += c.result;
    INFO(spec);
    const auto y = einsum(spec, xs), expect = einsum_by_loops(c.terms, c.result, xs);
    CHECK(y.shape() == expect.shape());
    CHECK(bool(allclose(y, expect, 1e-12, 1e-12)));
  }
}

TEST_CASE("einsum without a result, with an ellipsis, and with axes of size 1") {
  const auto a = numbers({2, 3}), b = numbers({3, 4});
  CHECK(bool(allclose(einsum("ij,jk", {a, b}), dot(a, b))));
  CHECK(bool(allclose(einsum("ji", {a}), a.T())));
  CHECK(bool(allclose(einsum("ii", {eye(3)}), 3.0)));
  CHECK(bool(allclose(einsum("...ij,...jk->...ik", {numbers({5, 2, 3}), b}), matmul(numbers({5, 2, 3}), b))));
  CHECK(bool(allclose(einsum("...j,j", {a, numbers({3})}), dot(a, numbers({3})))));
  CHECK(einsum("ij,ij->ij", {numbers({2, 1}), a}).shape() == Shape{2, 3});
  CHECK(shown(einsum("i,i", {array({1, 2}), array({3, 4})})) == "i32[] 11");
}

TEST_CASE("einsum explains what is wrong with a specification") {
  CHECK(message_of<ValueError>([] { einsum("ij,jk", {zeros({2, 3})}); }) ==
        "einsum: 2 operands are required, got 1 in \"ij,jk\"; commas separate operands");
  CHECK(refuses<ValueError>([] { einsum("i", {zeros({2, 3})}); }));
  CHECK(refuses<ValueError>([] { einsum("ij->ik", {zeros({2, 3})}); }));
  CHECK(refuses<ValueError>([] { einsum("ij->ii", {zeros({2, 3})}); }));
  CHECK(refuses<ValueError>([] { einsum("i!->i", {zeros({2, 3})}); }));
  CHECK(refuses<ValueError>([] { einsum("ij,jk", {zeros({2, 3}), zeros({4, 5})}); }));
}

TEST_CASE("norms") {
  constexpr auto inf = std::numeric_limits<double>::infinity();
  const auto v = array({3.0, -4.0});
  CHECK(shown(norm(v)) == "f64[] 5.0");
  CHECK(shown(norm(array({{3, 0}, {0, 4}}), 1)) == "f32[2] [3. 4.]");
  CHECK(shown(norm(eye(4))) == "f64[] 2.0");
  CHECK(shown(vector_norm(v, 1)) == "f64[] 7.0");
  CHECK(shown(vector_norm(v, inf)) == "f64[] 4.0");
  CHECK(shown(vector_norm(v, -inf)) == "f64[] 3.0");
  CHECK(shown(vector_norm(v, 0)) == "f64[] 2.0");
  CHECK(vector_norm(v, 3).item<double>() == Approx(std::cbrt(91.0)));
}

TEST_CASE("products are differentiable") {
  const auto f = [](const Array& a, const Array& b) { return sum(matmul(a, b)); };
  const auto [da, db] = grad(f, argnums<0, 1>)(ones({2, 3}), ones({3, 4}));
  CHECK(shown(da) == "f64[2,3] [[4. 4. 4.] [4. 4. 4.]]");
  CHECK(shown(db[0]) == "f64[4] [2. 2. 2. 2.]");
  CHECK(shown(grad([](const Array& x) { return einsum("ii", {x}); })(ones({2, 2}))) == "f64[2,2] [[1. 0.] [0. 1.]]");
}

TEST_CASE("shapes that do not fit are named") {
  CHECK(message_of<ValueError>([] { dot(zeros({2, 3}), zeros({4})); }) ==
        "dot: the sizes summed over must be equal, got 3 and 4 of shapes (2, 3) and (4,); transpose an operand");
  CHECK(refuses<ValueError>([] { matmul(zeros({2, 3}), zeros({2, 3})); }));
  CHECK(refuses<ValueError>([] { matmul(zeros({2, 2, 3}), zeros({3, 3, 2})); }));
  CHECK(refuses<ValueError>([] { matmul(zeros({2}), 2.0); }));
  CHECK(refuses<ValueError>([] { tensordot(zeros({2}), zeros({2}), 2); }));
}

}  // namespace fluxion
