#include <algorithm>
#include <cmath>

#include "support.hpp"

using namespace kernel_tests;
using kernels::GemmArgs;

namespace {

template <class T> std::vector<T> numbers(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> v(n);
  for (auto& x : v) x = T(random()) / T(random.max()) - T(0.5);
  return v;
}

template <class T> T step(T a, T b, T sum, bool fused) {
  if (fused) return std::fma(a, b, sum);
  const volatile T product = a * b;
  return sum + product;
}

/// Chunk by chunk, and within one term by term.
template <class T> T sum_of_rows(const T* x, const T* b, std::size_t row, std::size_t k, bool fused) {
  T all = 0;
  for (std::size_t first = 0; first < k; first += kernels::product_chunk) {
    T sum = 0;
    for (std::size_t p = first; p < std::min(k, first + kernels::product_chunk); ++p)
      sum = step(x[p], b[p * row], sum, fused);
    all = first == 0 ? sum : all + sum;
  }
  return all;
}

/// Four vectors of sums by turns; what is no whole vector goes to the last; then sums in pairs, then lanes by halves.
template <class T> T inner_product(const T* a, const T* b, std::size_t k, std::size_t lanes, bool fused) {
  std::vector<T> sum[4];
  for (auto& s : sum) s.assign(lanes, T(0));
  const std::size_t whole = k / lanes;
  for (std::size_t p = 0; p < k; ++p) {
    T& s = sum[p / lanes < whole ? p / lanes % 4 : 3][p % lanes];
    s = step(a[p], b[p], s, fused);
  }
  std::vector<T> all(lanes);
  for (std::size_t l = 0; l < lanes; ++l) all[l] = (sum[0][l] + sum[1][l]) + (sum[2][l] + sum[3][l]);
  for (std::size_t h = lanes / 2; h > 0; h /= 2)
    for (std::size_t l = 0; l < h; ++l) all[l] = all[l] + all[l + h];
  return all[0];
}

/// f(an instruction set, its vectors' lanes, whether its steps are fused).
template <class T, class F> void each(const F& f) {
  for (const auto name : kernels::isa_names)
    if (const kernels::Isa* isa = kernels::isa_for(name)) {
      INFO(name);
      f(*isa, (name == "avx512" ? 64 : name == "avx2" ? 32 : 16) / sizeof(T), name != "baseline");
    }
}

}  // namespace

TEMPLATE_TEST_CASE("a row times a matrix is summed chunk by chunk, however many columns there are", "[kernels]", float,
                   double) {
  each<TestType>([](const kernels::Isa& isa, std::size_t, bool fused) {
    for (const std::size_t k : {1u, 2u, 25u, 255u, 256u, 257u, 511u, 600u, 1000u, 1024u, 1300u})
      for (std::size_t n = 1; n <= 70; n += n < 36 ? 1 : 17) {
        const std::size_t row = n + 3;
        const auto x = numbers<TestType>(2 * k, 1), b = numbers<TestType>(k * row, 2);
        std::vector<TestType> every_other(k), c(n + 1, TestType(9));
        for (std::size_t p = 0; p < k; ++p) every_other[p] = x[2 * p];
        isa.float_gemm(dtype<TestType>())
            .row(GemmArgs{c.data(), x.data(), b.data(), 1, n, k, 1, 2, std::ptrdiff_t(row), 1, std::ptrdiff_t(n)});
        std::size_t wrong = c[n] != TestType(9);
        for (std::size_t j = 0; j < n; ++j)
          wrong += !same(c[j], sum_of_rows(every_other.data(), b.data() + j, row, k, fused));
        INFO(k << " rows of " << n);
        CHECK(wrong == 0);
      }
  });
}

TEMPLATE_TEST_CASE("inner products have one tree for all rows, however many there are", "[kernels]", float, double) {
  each<TestType>([](const kernels::Isa& isa, std::size_t lanes, bool fused) {
    for (std::size_t k = 1; k <= 200; k += k < 70 ? 1 : 13)
      for (const std::size_t m : {std::size_t(1), std::size_t(3), lanes, 2 * lanes + 1, std::size_t(40)})
        for (const std::size_t step : {1u, 2u}) {
          const std::size_t row = k + 2;
          // Nothing behind the last row may be read: a page that is not there is, to a sanitizer.
          const auto a = numbers<TestType>((m - 1) * row + k, 3), b = numbers<TestType>(k, 4);
          std::vector<TestType> c(m * step + 1, TestType(9));
          isa.float_gemm(dtype<TestType>())
              .inner({c.data(), a.data(), b.data(), m, 1, k, std::ptrdiff_t(row), 1, 1, 1, std::ptrdiff_t(step)});
          std::size_t wrong = c[m * step] != TestType(9);
          for (std::size_t i = 0; i < m; ++i) {
            wrong += !same(c[i * step], inner_product(a.data() + i * row, b.data(), k, lanes, fused));
            if (step == 2) wrong += c[2 * i + 1] != TestType(9);
          }
          INFO(m << " rows of " << k << ", results " << step << " apart");
          CHECK(wrong == 0);
        }
  });
}

TEMPLATE_TEST_CASE("products with vectors keep what is not finite in its row or column", "[kernels]", float, double) {
  constexpr auto inf = std::numeric_limits<TestType>::infinity();
  each<TestType>([](const kernels::Isa& isa, std::size_t lanes, bool) {
    const std::size_t m = 2 * lanes + 3, k = 25;
    auto a = numbers<TestType>(m * k, 5);
    const auto b = numbers<TestType>(std::max(m, k), 6);
    const std::size_t bad_row = lanes + 1, bad_column = 24;
    a[bad_row * k + bad_column] = inf;
    std::vector<TestType> c(m), r(k);
    const auto& kernels = isa.float_gemm(dtype<TestType>());
    kernels.inner(GemmArgs{c.data(), a.data(), b.data(), m, 1, k, std::ptrdiff_t(k), 1, 1, 1, 1});
    const auto row = std::ptrdiff_t(k);
    kernels.row(GemmArgs{r.data(), b.data(), a.data(), 1, k, m, std::ptrdiff_t(m), 1, row, 1, row});
    for (std::size_t i = 0; i < m; ++i) CHECK(std::isfinite(c[i]) == (i != bad_row));
    for (std::size_t j = 0; j < k; ++j) CHECK(std::isfinite(r[j]) == (j != bad_column));
  });
}
