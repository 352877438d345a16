// Kernels that move and fold lines, on each instruction set: transforms against their definition, prefix sums against
// their tree, elements in another order.
#include <complex>
#include <numbers>

#include "kernels/support.hpp"

#include "compiler/fourier_plan.hpp"

namespace {

using namespace kernel_tests;

std::vector<const kernels::Isa*> isas() {
  std::vector<const kernels::Isa*> found;
  for (const auto name : kernels::isa_names)
    if (const auto* i = kernels::isa_for(name)) found.push_back(i);
  return found;
}

template <class T>
std::vector<T> noise(std::size_t n) {
  std::mt19937 random(static_cast<unsigned>(n));
  std::vector<T> v(n);
  for (auto& x : v) x = static_cast<T>(static_cast<double>(random()) / 4294967296.0 - 0.5);
  return v;
}

/// The tree that kernels/prefix.hpp states.
template <class T>
std::vector<T> prefix(std::vector<T> v, bool reverse) {
  if (reverse) std::reverse(v.begin(), v.end());
  constexpr std::size_t block = 64 / sizeof(T);
  T before{};
  for (std::size_t b = 0; b < v.size(); b += block) {
    T part[block] = {};
    for (std::size_t i = 0; i < block && b + i < v.size(); ++i) part[i] = v[b + i];
    for (std::size_t s = 1; s < block; s *= 2)
      for (std::size_t i = block; i-- > s;) part[i] = static_cast<T>(part[i] + part[i - s]);
    for (std::size_t i = 0; i < block && b + i < v.size(); ++i) v[b + i] = b == 0 ? part[i] : static_cast<T>(part[i] + before);
    before = b == 0 ? part[block - 1] : static_cast<T>(before + part[block - 1]);
  }
  if (reverse) std::reverse(v.begin(), v.end());
  return v;
}

template <class T>
void check_prefix(const kernels::Isa& isa, DType t) {
  for (const std::size_t n : {1U, 7U, 8U, 15U, 16U, 17U, 63U, 64U, 65U, 1000U})
    for (const bool reverse : {false, true}) {
      auto v = noise<T>(n);
      v[0] = T(-0.0);
      std::vector<T> out(n);
      isa.prefix_sum(t)(out.data(), v.data(), n, reverse);
      const auto want = prefix(v, reverse);
      for (std::size_t i = 0; i < n; ++i) CHECK(same(out[i], want[i]));
    }
}

template <class T>
void check_reordering(const kernels::Isa& isa) {
  const auto k = isa.reordering(sizeof(T));
  for (const std::size_t rows : {1U, 3U, 16U, 37U})
    for (const std::size_t columns : {1U, 8U, 33U, 50U}) {
      const std::size_t from_row = columns + 3, to_row = rows + 5;
      const auto x = noise<T>(rows * from_row);
      std::vector<T> y(columns * to_row, T(9));
      k.transpose({y.data(), x.data(), static_cast<std::ptrdiff_t>(to_row * sizeof(T)),
                   static_cast<std::ptrdiff_t>(from_row * sizeof(T)), rows, columns});
      bool right = true;
      for (std::size_t c = 0; c < columns; ++c)
        for (std::size_t r = 0; r < to_row; ++r) right &= y[c * to_row + r] == (r < rows ? x[r * from_row + c] : T(9));
      CHECK(right);
    }
  for (const std::size_t n : {1U, 4U, 16U, 35U}) {
    const auto x = noise<T>(n);
    std::vector<T> y(n);
    k.reverse(y.data(), x.data() + n - 1, n);
    CHECK(std::equal(x.rbegin(), x.rend(), y.begin()));
  }
}

/// The greatest difference from the definition, relative to the norm per element.
template <class T>
double transform_error(std::size_t n, bool inverse) {
  const auto parts = noise<T>(2 * n);
  std::vector<T> got(2 * n);
  compiler::LinePlan<T>(n).run(parts.data(), got.data(), 1, inverse, 1);
  std::vector<std::complex<long double>> roots(n);
  for (std::size_t k = 0; k < n; ++k)
    roots[k] = std::polar(1.0L, -2 * std::numbers::pi_v<long double> * static_cast<long double>(k) / static_cast<long double>(n));
  double worst = 0, norm = 0;
  for (std::size_t k = 0; k < n; ++k) {
    std::complex<long double> sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      const auto& w = roots[j * k % n];
      sum += std::complex<long double>(parts[2 * j], parts[2 * j + 1]) * (inverse ? std::conj(w) : w);
    }
    worst = std::max(worst, static_cast<double>(std::abs(sum - std::complex<long double>(got[2 * k], got[2 * k + 1]))));
    norm += static_cast<double>(std::norm(sum));
  }
  return worst / std::sqrt(norm / static_cast<double>(n));
}

}  // namespace

TEST_CASE("prefix sums have one tree on all instruction sets") {
  for (const auto* isa : isas()) {
    check_prefix<float>(*isa, DType::float32);
    check_prefix<double>(*isa, DType::float64);
  }
}

TEST_CASE("lines are reversed and matrices transposed") {
  for (const auto* isa : isas()) {
    check_reordering<float>(*isa);
    check_reordering<double>(*isa);
  }
}

TEST_CASE("roots of unity lie on the circle, where they should") {
  CHECK(compiler::root_of_unity(0, 7) == std::complex<double>(1, -0.0));
  for (std::size_t b = 1; b < 50; ++b)
    for (std::size_t a = 0; a < b; ++a) {
      const auto want = std::polar(1.0L, -2 * std::numbers::pi_v<long double> * static_cast<long double>(a) / static_cast<long double>(b));
      const auto got = compiler::root_of_unity(a, b);
      CHECK(std::abs(static_cast<double>(want.real() - got.real())) < 1.7e-16);
      CHECK(std::abs(static_cast<double>(want.imag() - got.imag())) < 1.7e-16);
    }
}

TEST_CASE("a transform is the sum that defines it, for every kind of length") {
  // lanes of each radix, four steps with partial panels, with factors in two tables, and convolutions
  for (const std::size_t n : {1U, 2U, 3U, 4U, 5U, 6U, 7U, 8U, 9U, 16U, 25U, 32U, 47U, 60U, 64U, 65U, 90U, 94U, 128U, 243U, 256U, 500U,
                              1001U, 1024U, 2209U, 53U, 106U, 509U})
    for (const bool inverse : {false, true}) {
      INFO(n);
      constexpr double units = 12;  // the worst element; a prime factor of 47 is a sum of as many terms
      CHECK(transform_error<float>(n, inverse) < units * std::numeric_limits<float>::epsilon());
      CHECK(transform_error<double>(n, inverse) < units * std::numeric_limits<double>::epsilon());
    }
}

TEST_CASE("a line has the same bits alone and among others") {
  for (const std::size_t n : {12U, 64U, 100U, 53U}) {
    constexpr std::size_t lines = 19;
    const auto x = noise<float>(2 * n * lines);
    std::vector<float> all(x.size()), one(2 * n);
    const compiler::LinePlan<float> plan(n);
    plan.run(x.data(), all.data(), lines, false, 1);
    for (std::size_t i = 0; i < lines; ++i) {
      plan.run(x.data() + 2 * n * i, one.data(), 1, false, 1);
      CHECK(std::equal(one.begin(), one.end(), all.begin() + static_cast<std::ptrdiff_t>(2 * n * i)));
    }
  }
}
