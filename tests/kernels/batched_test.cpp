#include <cmath>
#include <limits>

#include "kernels/isa.hpp"
#include "support.hpp"

using namespace kernel_tests;

namespace {

template <class T>
std::vector<T> numbers(std::size_t n, unsigned seed) {
  std::mt19937 random(seed);
  std::vector<T> v(n);
  for (auto& x : v) x = T(random()) / T(random.max()) - T(0.5);
  return v;
}

/// f(kernels of an instruction set, n, how many matrices) for sizes around those of vectors.
template <class T, class F>
void each(const F& f) {
  for (const auto name : kernels::isa_names) {
    const kernels::Isa* isa = kernels::isa_for(name);
    if (isa == nullptr) continue;
    const auto kernels = isa->batched(dtype<T>());
    for (std::size_t n : {1u, 2u, 3u, 5u, 8u, 9u, 16u})
      for (std::size_t count : {std::size_t(1), kernels.lanes - 1, kernels.lanes, 2 * kernels.lanes + 1}) {
        INFO(name << ", " << count << " of order " << n);
        f(kernels, n, count);
      }
  }
}

template <class T>
std::vector<T> product(const std::vector<T>& a, const std::vector<T>& b, std::size_t n, std::size_t count) {
  std::vector<T> c(count * n * n);
  for (std::size_t m = 0; m < count; ++m)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j)
        for (std::size_t k = 0; k < n; ++k) c[(m * n + i) * n + j] += a[(m * n + i) * n + k] * b[(m * n + k) * n + j];
  return c;
}
template <class T>
std::vector<T> transposed(const std::vector<T>& a, std::size_t n, std::size_t count) {
  std::vector<T> t(a.size());
  for (std::size_t m = 0; m < count; ++m)
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) t[(m * n + j) * n + i] = a[(m * n + i) * n + j];
  return t;
}
template <class T>
double distance(const std::vector<T>& a, const std::vector<T>& b) {
  double most = 0;
  for (std::size_t i = 0; i < a.size(); ++i) most = std::max(most, std::abs(double(a[i]) - double(b[i])));
  return most;
}
template <class T>
constexpr double close_to = sizeof(T) == 4 ? 3e-5 : 1e-13;
template <class T>
bool same_bits(const T* a, const T* b, std::size_t n) { return std::memcmp(a, b, n * sizeof(T)) == 0; }

}  // namespace

TEMPLATE_TEST_CASE("Cholesky factors of many matrices multiply to them, each as alone", "[kernels]", float, double) {
  each<TestType>([](const kernels::Batched& kernels, std::size_t n, std::size_t count) {
    const auto x = numbers<TestType>(count * n * n, 1);
    auto a = product(x, transposed(x, n, count), n, count);
    for (std::size_t i = 0; i < count * n; ++i) a[i / n * n * n + i % n * (n + 1)] += TestType(2);
    std::vector<TestType> l(a.size() + 1, TestType(7)), alone(n * n);
    kernels.cholesky(a.data(), l.data(), n, count);
    CHECK(l.back() == TestType(7));
    l.pop_back();
    CHECK(distance(product(l, transposed(l, n, count), n, count), a) < close_to<TestType>);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = i + 1; j < n; ++j) CHECK(l[i * n + j] == 0);
    kernels.cholesky(a.data() + (count - 1) * n * n, alone.data(), n, 1);
    CHECK(same_bits(alone.data(), l.data() + (count - 1) * n * n, n * n));
  });
}

TEMPLATE_TEST_CASE("a matrix without a Cholesky factor gives NaN and spoils no other", "[kernels]", float, double) {
  each<TestType>([](const kernels::Batched& kernels, std::size_t n, std::size_t count) {
    std::vector<TestType> a(count * n * n), l(a.size());
    for (std::size_t m = 0; m < count; ++m)
      for (std::size_t i = 0; i < n; ++i) a[(m * n + i) * n + i] = m == 0 && i + 1 == n ? TestType(-1) : TestType(4);
    kernels.cholesky(a.data(), l.data(), n, count);
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < n; ++j) {
        CHECK((j > i ? l[i * n + j] == 0 : std::isnan(l[i * n + j])));
        if (count > 1) CHECK(l[(n + i) * n + j] == (i == j ? 2 : 0));
      }
  });
}

TEMPLATE_TEST_CASE("triangular systems are solved from either side", "[kernels]", float, double) {
  each<TestType>([](const kernels::Batched& kernels, std::size_t n, std::size_t count) {
    for (const std::size_t m : {std::size_t(1), std::size_t(3), n})
      for (int flags = 0; flags < 16; ++flags) {
        const kernels::TriangularShape s{n, m, (flags & 1) != 0, (flags & 2) != 0, (flags & 4) != 0, (flags & 8) != 0};
        auto a = numbers<TestType>(count * n * n, 2);
        for (std::size_t i = 0; i < count * n; ++i) a[i / n * n * n + i % n * (n + 1)] += TestType(n);
        const auto b = numbers<TestType>(count * n * m, 3);
        std::vector<TestType> x(b.size()), alone(n * m);
        kernels.triangular(a.data(), b.data(), x.data(), s, count);
        double most = 0;
        for (std::size_t q = 0; q < count; ++q)
          for (std::size_t i = 0; i < n; ++i)
            for (std::size_t r = 0; r < m; ++r) {
              const auto at = [&](std::size_t k) { return q * n * m + (s.left ? k * m + r : r * n + k); };
              double sum = -double(b[at(i)]);
              for (std::size_t k = 0; k < n; ++k) {
                // Row i of what multiplies x: op(a), or its transpose from the right.
                const bool turned = s.transpose == s.left;
                const std::size_t row = turned ? k : i, column = turned ? i : k;
                const bool there = row == column || (row > column) == s.lower;
                if (!there) continue;
                const double e = row == column && s.unit_diagonal ? 1 : double(a[(q * n + row) * n + column]);
                sum += e * double(x[at(k)]);
              }
              most = std::max(most, std::abs(sum) / (1 + std::abs(double(x[at(i)])) * double(n)));
            }
        CHECK(most < close_to<TestType>);
        kernels.triangular(a.data() + (count - 1) * n * n, b.data() + (count - 1) * n * m, alone.data(), s, 1);
        CHECK(same_bits(alone.data(), x.data() + (count - 1) * n * m, n * m));
      }
  });
}

TEMPLATE_TEST_CASE("L and U multiply to the matrix with its rows exchanged", "[kernels]", float, double) {
  each<TestType>([](const kernels::Batched& kernels, std::size_t n, std::size_t count) {
    auto a = numbers<TestType>(count * n * n, 4);
    if (n > 2)
      for (std::size_t i = 0; i < n; ++i) a[i * n + 1] = a[i * n];  // singular
    std::vector<TestType> lu(a.size()), l(a.size()), u(a.size()), alone(n * n);
    std::vector<std::int32_t> pivots(count * n), order(n);
    kernels.lu(a.data(), lu.data(), pivots.data(), n, count);
    auto exchanged = a;
    for (std::size_t m = 0; m < count; ++m)
      for (std::size_t i = 0; i < n; ++i) {
        const auto p = std::size_t(pivots[m * n + i]);
        REQUIRE((p >= i && p < n));
        for (std::size_t j = 0; j < n; ++j) {
          std::swap(exchanged[(m * n + i) * n + j], exchanged[(m * n + p) * n + j]);
          const std::size_t e = (m * n + i) * n + j;
          (j < i ? l : u)[e] = lu[e];
          if (j < i) CHECK(std::abs(lu[e]) <= 1);
        }
        l[(m * n + i) * n + i] = 1;
      }
    CHECK(distance(product(l, u, n, count), exchanged) < close_to<TestType>);
    kernels.lu(a.data() + (count - 1) * n * n, alone.data(), order.data(), n, 1);
    CHECK(same_bits(alone.data(), lu.data() + (count - 1) * n * n, n * n));
    CHECK(std::equal(order.begin(), order.end(), pivots.end() - std::ptrdiff_t(n)));
  });
}

TEMPLATE_TEST_CASE("systems are solved to the bit as by their factors", "[kernels]", float, double) {
  each<TestType>([](const kernels::Batched& kernels, std::size_t n, std::size_t count) {
    for (const std::size_t m : {std::size_t(1), std::size_t(3), n}) {
      auto a = numbers<TestType>(count * n * n, 5);
      const auto b = numbers<TestType>(count * n * m, 6);
      if (count > 2)
        for (std::size_t i = 0; i < n * n; ++i) a[n * n + i] = TestType(i % n);  // singular: all rows are the same
      if (count > 3) a[2 * n * n] = std::numeric_limits<TestType>::quiet_NaN();
      std::vector<TestType> lu(a.size()), permuted(b), y(b.size()), by_factors(b.size()), x(b.size() + 1, TestType(7));
      std::vector<std::int32_t> pivots(count * n);
      kernels.lu(a.data(), lu.data(), pivots.data(), n, count);
      for (std::size_t q = 0; q < count; ++q)
        for (std::size_t i = 0; i < n; ++i)
          for (std::size_t r = 0; r < m; ++r)
            std::swap(permuted[(q * n + i) * m + r], permuted[(q * n + std::size_t(pivots[q * n + i])) * m + r]);
      kernels.triangular(lu.data(), permuted.data(), y.data(), {n, m, true, true, false, true}, count);
      kernels.triangular(lu.data(), y.data(), by_factors.data(), {n, m, true, false, false, false}, count);
      kernels.solve(a.data(), b.data(), x.data(), n, m, count);
      CHECK(x.back() == TestType(7));
      for (std::size_t i = 0; i < b.size(); ++i) {
        INFO("element " << i << " of " << m << " right-hand sides");
        const bool both_nan = std::isnan(x[i]) && std::isnan(by_factors[i]);
        REQUIRE((both_nan || same_bits(&x[i], &by_factors[i], 1)));
      }
      CHECK(!std::isnan(x[0]));
    }
  });
}
