#include <cmath>
#include <cstdlib>
#include <tuple>

#include "support.hpp"

using namespace kernel_tests;
using kernels::GemmArgs;

namespace {

/// A matrix in a buffer, under one of several layouts.
template <class T>
struct Operand {
  std::vector<T> data;
  std::ptrdiff_t first = 0, row = 0, col = 0;

  Operand(std::size_t rows, std::size_t cols, int layout, unsigned seed) {
    std::mt19937 random(seed);
    data.resize(3 * rows * cols + 1);
    for (auto& x : data) x = std::is_same_v<T, std::uint8_t> ? T(random() % 8 == 0) : T(int(random() % 17) - 8);
    const auto r = std::ptrdiff_t(rows), c = std::ptrdiff_t(cols);
    switch (layout) {
      case 0: row = c, col = 1; break;
      case 1: row = 1, col = r; break;
      case 2: row = 3 * c, col = 3; break;
      case 3: row = -c, col = 1, first = (r - 1) * c; break;
      case 4: row = 0, col = 1; break;
      case 5: row = 2 * c, col = 1; break;
      default: row = 1, col = 0; break;
    }
  }
  const T* begin() const { return data.data() + first; }
  T at(std::size_t i, std::size_t j) const { return begin()[std::ptrdiff_t(i) * row + std::ptrdiff_t(j) * col]; }
};

template <class T>
void check(std::size_t m, std::size_t n, std::size_t k, int la, int lb) {
  const Operand<T> a(m, k, la, 1), b(k, n, lb, 2);
  std::vector<T> c(m * n + 1, T(77)), again(m * n + 1, T(55));
  GemmArgs g{c.data(), a.begin(), b.begin(), m, n, k, a.row, a.col, b.row, b.col, std::ptrdiff_t(n)};
  kernels::gemm(dtype<T>())(g);
  g.c = again.data();
  kernels::gemm(dtype<T>())(g);
  std::size_t wrong = 0;
  for (std::size_t i = 0; i < m; ++i)
    for (std::size_t j = 0; j < n; ++j) {
      T sum = 0;
      for (std::size_t p = 0; p < k; ++p) {
        if constexpr (std::is_same_v<T, std::uint8_t>)
          sum |= a.at(i, p) & b.at(p, j);
        else
          sum += a.at(i, p) * b.at(p, j);  // small integers: exact in every order
      }
      wrong += c[i * n + j] != sum || again[i * n + j] != sum;
    }
  INFO(m << "x" << k << " by " << k << "x" << n << ", layouts " << la << " and " << lb);
  CHECK(wrong == 0);
  CHECK(c[m * n] == T(77));
}

}  // namespace

TEMPLATE_TEST_CASE("products of all sizes and layouts are exact on small integers", "[kernels]", std::uint8_t,
                   std::int32_t, std::int64_t, std::uint32_t, std::uint64_t, float, double) {
  const std::size_t sizes[][3] = {{1, 1, 1},     {1, 1, 100},   {3, 5, 0},   {0, 4, 3},    {2, 3, 4},
                                  {7, 1, 9},     {1, 9, 7},     {17, 33, 5}, {40, 41, 42}, {300, 1, 200},
                                  {1, 300, 200}, {2, 150, 150}, {64, 64, 1}, {4, 8, 3000}};
  for (const auto& s : sizes)
    for (int la = 0; la < 7; ++la)
      for (int lb = 0; lb < 7; ++lb) check<TestType>(s[0], s[1], s[2], la, lb);
  CHECK(kernels::gemm(complex64) == nullptr);
}

namespace {

/// Sums in the order that every product has: chunk by chunk, and within one term by term, fused if `fused`.
template <class T>
T chained(const Operand<T>& a, const Operand<T>& b, std::size_t i, std::size_t j, std::size_t k, bool fused) {
  T all = 0;
  for (std::size_t first = 0; first < k; first += kernels::product_chunk) {
    T sum = 0;
    for (std::size_t p = first; p < std::min(k, first + kernels::product_chunk); ++p) {
      if (fused) {
        sum = std::fma(a.at(i, p), b.at(p, j), sum);
      } else {
        const volatile T product = a.at(i, p) * b.at(p, j);
        sum = sum + product;
      }
    }
    all = first == 0 ? sum : all + sum;
  }
  return all;
}

/// What gemm gives under each instruction set, by its own tables.
template <class T>
void multiply(const kernels::Isa& isa, const GemmArgs& g) {
  const kernels::Memory memory{[](std::size_t bytes) { return std::malloc(bytes); },
                               [](void* p, std::size_t) noexcept { std::free(p); }};
  isa.float_gemm(dtype<T>()).products(g, memory);
}

template <class T>
void check_order(std::size_t m, std::size_t n, std::size_t k, int la, int lb) {
  Operand<T> a(m, k, la, 5), b(k, n, lb, 6);
  std::mt19937 random(7);
  for (auto* data : {&a.data, &b.data})
    for (auto& x : *data) x = T(random()) / T(random.max()) - T(0.5);
  for (const auto name : kernels::isa_names) {
    const kernels::Isa* isa = kernels::isa_for(name);
    if (isa == nullptr) continue;
    std::vector<T> c((m + 1) * (n + 3), T(9));
    multiply<T>(*isa, {c.data(), a.begin(), b.begin(), m, n, k, a.row, a.col, b.row, b.col, std::ptrdiff_t(n + 3)});
    std::size_t wrong = 0;
    for (std::size_t i = 0; i <= m; ++i)
      for (std::size_t j = 0; j < n + 3; ++j)
        wrong += c[i * (n + 3) + j] != (i < m && j < n ? chained(a, b, i, j, k, name != "baseline") : T(9));
    INFO(name << ": " << m << "x" << k << " by " << k << "x" << n << ", layouts " << la << " and " << lb);
    CHECK(wrong == 0);
  }
}

}  // namespace

TEMPLATE_TEST_CASE("an element of a product depends on its row and column alone", "[kernels]", float, double) {
  const std::size_t sizes[][3] = {{2, 2, 3},   {8, 8, 8},     {3, 17, 31},   {13, 49, 70},
                                  {30, 7, 300}, {9, 500, 260}, {70, 65, 130}, {5, 1000, 515}};
  for (const auto& s : sizes)
    for (int la : {0, 1, 2, 5})
      for (int lb : {0, 1, 2, 5}) check_order<TestType>(s[0], s[1], s[2], la, lb);
}

TEMPLATE_TEST_CASE("a batch of products is each of them", "[kernels]", float, double, std::int32_t) {
  const std::size_t batch = 5;
  const std::size_t sizes[][3] = {{8, 8, 8}, {5, 3, 2}, {1, 6, 4}, {6, 1, 4}, {1, 1, 7}, {4, 4, 0}, {33, 40, 50}};
  for (const auto& s : sizes) {
    const auto [m, n, k] = std::tuple(s[0], s[1], s[2]);
    const Operand<TestType> a(batch * m, k, 0, 1), b(k, n, 1, 2);
    std::vector<TestType> c(batch * m * n, TestType(3)), one(m * n);
    GemmArgs g{c.data(), a.begin(), b.begin(), m, n, k, a.row, a.col, b.row, b.col, std::ptrdiff_t(n), batch};
    g.a_batch = std::ptrdiff_t(m) * a.row;  // and B is shared
    g.c_batch = std::ptrdiff_t(m * n);
    kernels::gemm(dtype<TestType>())(g);
    g.batch = 1;
    g.c = one.data();
    std::size_t wrong = 0;
    for (std::size_t i = 0; i < batch; ++i) {
      g.a = a.begin() + std::ptrdiff_t(i * m) * a.row;
      kernels::gemm(dtype<TestType>())(g);
      for (std::size_t e = 0; e < m * n; ++e) wrong += c[i * m * n + e] != one[e];
    }
    INFO(m << "x" << k << " by " << k << "x" << n);
    CHECK(wrong == 0);
  }
}

TEMPLATE_TEST_CASE("every instruction set's own product is right", "[kernels]", std::uint8_t, std::int32_t) {
  for (const auto name : kernels::isa_names) {
    const kernels::Isa* isa = kernels::isa_for(name);
    if (isa == nullptr) continue;
    for (std::size_t m : {1u, 4u, 6u})
      for (std::size_t n : {1u, 8u, 31u, 70u}) {
        const std::size_t k = 13;
        const Operand<TestType> a(m, k, 0, 3), b(k, n, 0, 4);
        std::vector<TestType> c(m * n), inner(m);
        isa->plain_gemm(dtype<TestType>()).rows(
            {c.data(), a.begin(), b.begin(), m, n, k, a.row, a.col, b.row, 1, std::ptrdiff_t(n)});
        isa->plain_gemm(dtype<TestType>()).inner({inner.data(), a.begin(), b.begin(), m, 1, k, a.row, 1, 1, 1, 1});
        std::size_t wrong = 0;
        for (std::size_t i = 0; i < m; ++i) {
          TestType row = 0;
          for (std::size_t j = 0; j < n; ++j) {
            TestType sum = 0;
            for (std::size_t p = 0; p < k; ++p) {
              if constexpr (std::is_same_v<TestType, std::uint8_t>)
                sum |= a.at(i, p) & b.at(p, j);
              else
                sum += a.at(i, p) * b.at(p, j);
            }
            wrong += c[i * n + j] != sum;
          }
          for (std::size_t p = 0; p < k; ++p) {
            if constexpr (std::is_same_v<TestType, std::uint8_t>)
              row |= a.at(i, p) & b.begin()[p];
            else
              row += a.at(i, p) * b.begin()[p];
          }
          wrong += inner[i] != row;
        }
        INFO(name << " " << m << " " << n);
        CHECK(wrong == 0);
      }
  }
}

TEMPLATE_TEST_CASE("products are finished to the bit as by single operations", "[kernels]", float, double) {
  using T = TestType;
  using Kind = kernels::GemmFinish::Kind;
  const std::size_t sizes[][3] = {{2, 2, 1}, {9, 8, 7}, {40, 41, 42}, {17, 100, 300}, {64, 10, 33}, {100, 97, 600}};
  const T scale = T(0.1);
  for (const auto& [m, n, k] : sizes)
    for (const int la : {0, 1})
      for (const int lb : {0, 1})
        for (const Kind kind : {Kind::none, Kind::add, Kind::from_other, Kind::minus_other})
          for (const bool scaled : {false, true})
            for (const bool row : {false, true}) {
              const Operand<T> a(m, k, la, 1), b(k, n, lb, 2);
              const Operand<T> other(m, n, row ? 4 : 5, 3);
              std::vector<T> c(m * n + 1, T(77)), expected(c);
              GemmArgs g{expected.data(), a.begin(), b.begin(), m, n, k, a.row, a.col, b.row, b.col, std::ptrdiff_t(n)};
              kernels::gemm(dtype<T>())(g);
              for (std::size_t i = 0; i < m * n; ++i) {
                const T x = scaled ? scale * expected[i] : expected[i], y = other.at(i / n, i % n);
                expected[i] = kind == Kind::add          ? y + x
                              : kind == Kind::from_other ? y - x
                              : kind == Kind::none       ? x
                                                         : x - y;
              }
              g.c = c.data();
              const void* const begin = kind == Kind::none ? nullptr : other.begin();
              kernels::GemmFinish finish{scaled ? &scale : nullptr, begin, other.row, kind};
              g.finish = &finish;
              kernels::gemm(dtype<T>())(g);
              INFO(m << "x" << k << " by " << k << "x" << n << ", layouts " << la << " and " << lb << ", kind "
                     << int(kind) << (scaled ? ", scaled" : "") << (row ? ", one row" : ""));
              CHECK(c == expected);
              if (k > kernels::product_chunk || row || kind == Kind::none) continue;
              for (std::size_t i = 0; i < m * n; ++i) c[i] = other.at(i / n, i % n);
              finish.other = c.data(), finish.other_row = std::ptrdiff_t(n);
              kernels::gemm(dtype<T>())(g);
              CHECK(c == expected);
            }
}
