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
  GemmArgs g{c.data(), a.begin(), b.begin(), m, n, k, a.row, a.col, b.row, b.col};
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

TEMPLATE_TEST_CASE("every instruction set's own product is right", "[kernels]", std::uint8_t, std::int32_t, float,
                   double) {
  for (const auto name : kernels::isa_names) {
    const kernels::Isa* isa = kernels::isa_for(name);
    if (isa == nullptr) continue;
    for (std::size_t m : {1u, 4u, 6u})
      for (std::size_t n : {1u, 8u, 31u, 70u}) {
        const std::size_t k = 13;
        const Operand<TestType> a(m, k, 0, 3), b(k, n, 0, 4);
        std::vector<TestType> c(m * n), inner(m);
        isa->small_gemm(dtype<TestType>()).rows({c.data(), a.begin(), b.begin(), m, n, k, a.row, a.col, b.row, 1});
        isa->small_gemm(dtype<TestType>()).inner({inner.data(), a.begin(), b.begin(), m, 1, k, a.row, 1, 1, 1});
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
