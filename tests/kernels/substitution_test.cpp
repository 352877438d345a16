#include "kernels/substitution.hpp"

#include <algorithm>
#include <cmath>

#include "support.hpp"

using namespace kernel_tests;

namespace {

template <class T> constexpr double close_to = sizeof(T) == 4 ? 2e-4 : 1e-12;

template <class T> std::vector<T> numbers(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> v(n);
  for (auto& x : v) x = T(random()) / T(random.max()) - T(0.5);
  return v;
}

/// f(kernels of an instruction set).
template <class T, class F> void each(const F& f) {
  for (const auto name : kernels::isa_names)
    if (const kernels::Isa* isa = kernels::isa_for(name)) {
      INFO(name);
      f(isa->factors(dtype<T>()));
    }
}

/// A triangle, lower or upper, by rows or by columns; NaN wherever it must not be read.
template <class T> struct Triangle {
  std::vector<T> data;
  std::ptrdiff_t row, col;
  bool upper;

  Triangle(std::size_t n, bool by_columns, bool is_upper, bool unit)
      : data(n * (n + 2), std::numeric_limits<T>::quiet_NaN()), row(by_columns ? 1 : std::ptrdiff_t(n) + 2),
        col(by_columns ? std::ptrdiff_t(n) + 2 : 1), upper(is_upper) {
    const auto values = numbers<T>(n * n, 11);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        if (i == j ? unit : upper != (j > i)) continue;
        at(i, j) = values[i * n + j] / T(unit ? n : 1) + (i == j ? T(n) / 4 + 1 : T(0));
      }
  }
  T& at(std::size_t i, std::size_t j) { return data[std::size_t(std::ptrdiff_t(i) * row + std::ptrdiff_t(j) * col)]; }
};

}  // namespace

TEMPLATE_TEST_CASE("triangular systems are solved by tiles, column by column the same", "[kernels]", float, double) {
  each<TestType>([](const kernels::Factors& kernels) {
    for (const std::size_t n : {1u, 2u, 3u, 4u, 7u, 8u, 9u, 17u, 31u, 100u, 128u})
      for (const std::size_t m : {1u, 2u, 7u, 8u, 9u, 24u, 25u, 50u, 100u})
        for (const int layout : {0, 1, 2, 3})
          for (const bool unit : {false, true}) {
            if (n * n * m > 260'000) continue;  // other sizes take the same ways
            double off = 0;
            std::size_t wrong = 0;
            Triangle<TestType> a(n, layout % 2, layout / 2, unit);
            for (const bool turned : {false, true}) {
              // Element (i, c) of the right-hand side, with room behind each line that must stay as it is.
              const std::size_t row = turned ? 1 : m + 1, col = turned ? n + 1 : 1, size = turned ? m * col : n * row;
              const auto b = numbers<TestType>(size, 12);
              auto x = b, apart = std::vector<TestType>(size, TestType(9));
              const auto solve = [&](const TestType* from, TestType* to, std::size_t columns) {
                kernels.substitute({a.data.data(), from, to, n, columns, a.row, a.col, std::ptrdiff_t(row),
                                    std::ptrdiff_t(col), a.upper, unit});
              };
              solve(x.data(), x.data(), m);
              solve(b.data(), apart.data(), m);
              auto one = b;
              solve(one.data() + m / 2 * col, one.data() + m / 2 * col, 1);
              for (std::size_t i = 0; i < n; ++i)
                for (std::size_t c = 0; c < m; ++c) {
                  double sum = unit ? double(x[i * row + c * col]) : 0;
                  for (std::size_t j = 0; j < n; ++j)
                    if (i == j ? !unit : a.upper == (j > i)) sum += double(a.at(i, j)) * double(x[j * row + c * col]);
                  off = std::max(off, std::abs(sum - double(b[i * row + c * col])));
                  if (std::isnan(sum)) off = 1;
                  wrong += !same(apart[i * row + c * col], x[i * row + c * col]);
                  if (c == m / 2) wrong += !same(one[i * row + c * col], x[i * row + c * col]);
                }
              const std::size_t lines = turned ? m : n, lead = turned ? col : row;
              for (std::size_t l = 0; l < lines; ++l)
                wrong += apart[l * lead + lead - 1] != TestType(9) || x[l * lead + lead - 1] != b[l * lead + lead - 1];
            }
            INFO("order " << n << ", " << m << " columns, layout " << layout << (unit ? ", unit diagonal" : ""));
            CHECK(off < close_to<TestType>);
            CHECK(wrong == 0);
          }
  });
}

TEMPLATE_TEST_CASE("the upper factor multiplies to the matrix", "[kernels]", float, double) {
  each<TestType>([](const kernels::Factors& kernels) {
    for (const std::size_t n : {1u, 2u, 3u, 4u, 5u, 7u, 8u, 9u, 16u, 17u, 31u, 64u, 100u, 129u}) {
      const std::size_t row = n + kernels.spare;
      const auto g = numbers<TestType>(n * n, 13);
      std::vector<TestType> a(n * row, TestType(0));
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i; j < n; ++j) {
          TestType sum = i == j ? TestType(1) : TestType(0);
          for (std::size_t k = 0; k < n; ++k) sum += g[i * n + k] * g[j * n + k];
          a[i * row + j] = sum;
        }
      auto u = a;
      INFO("order " << n);
      REQUIRE(kernels.cholesky(u.data(), n, row));
      double off = 0;
      for (std::size_t i = 0; i < n; ++i)
        for (std::size_t j = i; j < n; ++j) {
          double sum = 0;
          for (std::size_t k = 0; k <= i; ++k) sum += double(u[k * row + i]) * double(u[k * row + j]);
          off = std::max(off, std::abs(sum - double(a[i * row + j])) / double(n));
        }
      CHECK(off < close_to<TestType> / 10);
    }
  });
}

TEMPLATE_TEST_CASE("a matrix with a pivot that is not positive has no factor", "[kernels]", float, double) {
  each<TestType>([](const kernels::Factors& kernels) {
    for (const std::size_t n : {1u, 9u, 33u})
      for (const std::size_t at : {std::size_t(0), n / 2, n - 1})
        for (const TestType bad : {TestType(0), TestType(-1), std::numeric_limits<TestType>::quiet_NaN()}) {
          const std::size_t row = n + kernels.spare;
          std::vector<TestType> a(n * row, TestType(0));
          for (std::size_t i = 0; i < n; ++i) a[i * row + i] = i == at ? bad : TestType(2);
          INFO("pivot " << at << " of " << n);
          CHECK(!kernels.cholesky(a.data(), n, row));
        }
  });
}

TEST_CASE("only real floats have these kernels", "[kernels]") {
  CHECK(kernels::factors(complex128).substitute == nullptr);
  CHECK(kernels::factors(int32).cholesky == nullptr);
}
