#include <cmath>
#include <map>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include "numpy/shown.hpp"
#include "support/text.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

namespace {

Array numbers(const Shape& shape) {
  return sin(arange(static_cast<double>(element_count(shape))) + 1).reshape(shape);
}

struct RandomSum {
  std::vector<std::string> terms;
  std::string result, spec;
  Arrays operands;
};

const std::map<char, std::int64_t> kSizes = {{'a', 2}, {'b', 3}, {'c', 1}, {'d', 4}, {'e', 2}};

// Up to four operands over five letters, which may repeat within an operand; some letters in the result, in any order.
RandomSum random_sum() {
  RandomSum s;
  const auto letter = rc::gen::inRange('a', static_cast<char>('f'));
  const auto n = *rc::gen::inRange(1, 5);
  std::string used;
  for (int k = 0; k < n; ++k) {
    std::string term;
    Shape shape;
    const auto rank = *rc::gen::inRange(0, 4);
    for (int i = 0; i < rank; ++i) {
      term += *letter;
      shape.push_back(kSizes.at(term.back()));
      if (used.find(term.back()) == std::string::npos) used += term.back();
    }
    s.terms.push_back(term);
    s.operands.push_back(numbers(shape) + k);
    s.spec += (k == 0 ? "" : ",") + term;
  }
  for (char c : used)
    if (*rc::gen::arbitrary<bool>()) s.result.insert(*rc::gen::arbitrary<bool>() ? 0 : s.result.size(), 1, c);
  s.spec += "->" + s.result;
  return s;
}

std::size_t place(const std::string& letters, const std::map<char, std::int64_t>& at) {
  std::int64_t p = 0;
  for (char c : letters) p = p * kSizes.at(c) + at.at(c);
  return static_cast<std::size_t>(p);
}

// The sum over all values of all letters, one by one.
std::vector<double> by_loops(const RandomSum& s) {
  std::string letters;
  for (const auto& t : s.terms)
    for (char c : t)
      if (letters.find(c) == std::string::npos) letters += c;
  std::int64_t total = 1, size = 1;
  for (char c : letters) total *= kSizes.at(c);
  for (char c : s.result) size *= kSizes.at(c);
  std::vector<std::vector<double>> values;
  for (const auto& x : s.operands) values.push_back(x.to_vector<double>());
  std::vector<double> out(static_cast<std::size_t>(size), 0.0);
  std::map<char, std::int64_t> at;
  for (std::int64_t i = 0; i < total; ++i) {
    auto rest = i;
    for (char c : letters) {
      at[c] = rest % kSizes.at(c);
      rest /= kSizes.at(c);
    }
    double product = 1;
    for (std::size_t k = 0; k < s.terms.size(); ++k) product *= values[k][place(s.terms[k], at)];
    out[place(s.result, at)] += product;
  }
  return out;
}

}  // namespace

TEST_CASE("einsum of random specifications, in every order, is what loops sum") {
  CHECK(rc::check([] {
    const auto s = random_sum();
    RC_TAG(s.terms.size());
    Shape shape;
    for (char c : s.result) shape.push_back(kSizes.at(c));
    const auto want = array(by_loops(s), shape);
    for (const auto order : {Contraction::optimal, Contraction::greedy, Contraction::left_to_right}) {
      const auto got = einsum(s.spec, s.operands, {.optimize = order});
      RC_ASSERT(got.shape() == shape);
      RC_ASSERT(bool(allclose(got, want, 1e-11, 1e-11)));
    }
    const auto f = [&](const Array& x) {
      auto xs = s.operands;
      xs[0] = x;
      return einsum(s.spec, xs);
    };
    const auto x = s.operands[0];
    RC_ASSERT(bool(array_equal(jit(f)(x), f(x))));
    const auto batch = stack({x, x + 1});
    RC_ASSERT(bool(allclose(vmap(f)(batch)[1], f(x + 1), 1e-11, 1e-11)));
    const auto g = grad([&](const Array& x) { return sum(f(x) * f(x)); })(x);
    const auto direction = cos(x), slope = sum(g * direction);
    const auto step = 1e-6;
    const auto at = [&](double h) { return sum(square(f(x + h * direction))).item<double>(); };
    RC_ASSERT(std::abs((at(step) - at(-step)) / (2 * step) - slope.item<double>()) <
              1e-4 * (1 + std::abs(slope.item<double>())));
  }));
}

TEST_CASE("einsum chooses a cheap order") {
  const auto a = zeros({10, 1000}), b = zeros({1000, 10}), c = zeros({10, 500});
  const auto path = einsum_path("ij,jk,kl->il", {b.T(), a.T(), c});
  CHECK(test::str(path) == "[(0, 1), (0, 1)], 300000 operations instead of 1.5e+08, largest intermediate 5000");
  // Right to left is cheaper here.
  const auto right =
      einsum_path("ij,jk,k->i", {zeros({100, 100}), zeros({100, 100}), zeros({100})}, Contraction::optimal);
  CHECK(test::str(right) == "[(1, 2), (0, 1)], 40000 operations instead of 3e+06, largest intermediate 100");
  const auto given =
      einsum_path("ij,jk,k->i", {zeros({100, 100}), zeros({100, 100}), zeros({100})}, Contraction::left_to_right);
  CHECK(given.steps == std::vector<std::vector<std::int64_t>>{{0, 1}, {0, 1}});
  CHECK(given.cost > right.cost);
  CHECK(einsum_path("ii->i", {zeros({3, 3})}).steps == std::vector<std::vector<std::int64_t>>{{0}});
}

TEST_CASE("the optimal order is never dearer than the others") {
  CHECK(rc::check([] {
    const auto s = random_sum();
    const auto optimal = einsum_path(s.spec, s.operands, Contraction::optimal).cost;
    RC_ASSERT(optimal <= einsum_path(s.spec, s.operands, Contraction::greedy).cost);
    RC_ASSERT(optimal <= einsum_path(s.spec, s.operands, Contraction::left_to_right).cost);
  }));
}

TEST_CASE("einsum sums in the dtype that is asked for") {
  const auto a = array({1.0F, 2.0F}), b = array({3.0F, 4.0F});
  CHECK(shown(einsum("i,i", {a, b}, {.preferred_element_type = float64})) == "f64[] 11.0");
  const auto big = array({2000000000, 2000000000});
  CHECK(shown(einsum("i->", {big}, {.preferred_element_type = int64})) == "i64[] 4000000000");
  CHECK(shown(einsum("i,i->i", {array({true, false}), array({true, true})})) == "bool[2] [True False]");
}

TEST_CASE("malformed specifications say what is wrong") {
  const auto m = zeros({2, 3});
  CHECK(message_of<ValueError>([&] { einsum("ij->i->j", {m}); }) ==
        "einsum: axes are named by letters, with at most one `...` per operand and one `->`, got '-' in \"ij->i->j\"; "
        "write it like "
        "\"ij,jk->ik\"");
  CHECK(message_of<ValueError>([&] { einsum("......ij", {m}); }).find("got '.' in") != std::string::npos);
  CHECK(message_of<ValueError>([&] {
          einsum("...i,...i", {zeros({2, 4}), zeros({3, 4})});
        }) ==
        "einsum: axes of one letter must have one size or 1, got 2 and 3 for the ellipsis in \"...i,...i\"; transpose "
        "an operand, or use "
        "another letter");
  CHECK(message_of<ValueError>([&] { einsum_path("ij,k", {m}); }) ==
        "einsum: 2 operands are required, got 1 in \"ij,k\"; commas separate operands");
  CHECK(refuses<ValueError>([&] { einsum("ijk", {m}); }));
  CHECK(refuses<ValueError>([&] { einsum("i j >", {m}); }));
}

TEST_CASE("products of vectors and matrices broadcast") {
  const auto a = numbers({2, 3}), b = numbers({4, 1, 3});
  CHECK(vecdot(a, b).shape() == Shape{4, 2});
  CHECK(bool(allclose(vecdot(a, a), sum(a * a, -1), 1e-14)));
  CHECK(bool(allclose(vecdot(a, a, 0), sum(a * a, 0), 1e-14)));
  CHECK(bool(allclose(matvec(numbers({5, 2, 3}), numbers({3})), matmul(numbers({5, 2, 3}), numbers({3})), 1e-14)));
  CHECK(bool(allclose(vecmat(numbers({5, 2}), numbers({2, 3})), matmul(numbers({5, 2}), numbers({2, 3})), 1e-14)));
  CHECK(matvec(numbers({5, 2, 3}), numbers({5, 3})).shape() == Shape{5, 2});
  CHECK(vecmat(numbers({5, 2}), numbers({5, 2, 3})).shape() == Shape{5, 3});
  CHECK(message_of<ValueError>([] { matvec(zeros({3}), zeros({3})); }) ==
        "matvec: operands of rank 2 and 1 or more are required, got shapes (3,) and (3,); add axes with expand_dims");
  CHECK(message_of<ValueError>([] { vecdot(zeros({3}), zeros({4})); }) ==
        "vecdot: the sizes summed over must be equal, got 3 and 4 of shapes (3,) and (4,); transpose an operand");
  CHECK(refuses<ValueError>([] { vecmat(zeros({3}), zeros({4, 3})); }));
  CHECK(refuses<ValueError>([] { vecdot(1.0, zeros({3})); }));
}

TEST_CASE("einsum takes its operands one by one, too") {
  const auto a = arange(6.0).reshape({2, 3}), b = arange(12.0).reshape({3, 4});
  CHECK(shown(einsum("ij,jk->ik", a, b)) == shown(einsum("ij,jk->ik", {a, b})));
  CHECK(shown(einsum("ij->ji", a)) == shown(einsum("ij->ji", {a})));
}

}  // namespace fluxion
