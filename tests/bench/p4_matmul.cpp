// P4: matrix products, square ones and those of a perceptron, in every layout.
#include <fluxion/fluxion.hpp>

#include <cblas.h>
#ifdef FLUXION_BENCH_EIGEN
#include <Eigen/Core>
#endif

#include "bench.hpp"

namespace fluxion::bench {
namespace {

/// (m x k) (k x n); the operands are stored transposed or not.
struct Product {
  int m, n, k;
  bool left = false, right = false;
};

void blas(const Product& p, const float* a, const float* b, float* c) {
  cblas_sgemm(CblasRowMajor, p.left ? CblasTrans : CblasNoTrans, p.right ? CblasTrans : CblasNoTrans, p.m, p.n, p.k, 1,
              a, p.left ? p.m : p.k, b, p.right ? p.k : p.n, 0, c, p.n);
}
void blas(const Product& p, const double* a, const double* b, double* c) {
  cblas_dgemm(CblasRowMajor, p.left ? CblasTrans : CblasNoTrans, p.right ? CblasTrans : CblasNoTrans, p.m, p.n, p.k, 1,
              a, p.left ? p.m : p.k, b, p.right ? p.k : p.n, 0, c, p.n);
}

#ifdef FLUXION_BENCH_EIGEN
template <class T> void eigen(const Product& p, const T* a, const T* b, T* c) {
  using Matrix = Eigen::Matrix<T, Eigen::Dynamic, Eigen::Dynamic, Eigen::RowMajor>;
  const Eigen::Map<const Matrix> x(a, p.left ? p.k : p.m, p.left ? p.m : p.k);
  const Eigen::Map<const Matrix> y(b, p.right ? p.n : p.k, p.right ? p.k : p.n);
  Eigen::Map<Matrix> z(c, p.m, p.n);
  if (p.left && p.right) z.noalias() = x.transpose() * y.transpose();
  else if (p.left) z.noalias() = x.transpose() * y;
  else if (p.right) z.noalias() = x * y.transpose();
  else z.noalias() = x * y;
}
#endif

/// A chain of products inside one compiled program costs what its products cost; small ones are measured so, as a
/// call of a compiled program is measured elsewhere.
constexpr int chained(const Product& p) { return p.m == p.n && p.n == p.k && p.m <= 64 ? 64 : 1; }

template <class T> Case product(Product p) {
  const DType dtype = dtype_of<T>;
  const Shape left = p.left ? Shape{p.k, p.m} : Shape{p.m, p.k}, right = p.right ? Shape{p.n, p.k} : Shape{p.k, p.n};
  const double norm = std::sqrt(3.0 / p.k);  // a product is then as large as its left factor
  const Array x = uniform(left, -1, 1, dtype, 1), y = uniform(right, -norm, norm, dtype, 2);
  const int chain = chained(p);
  const auto program = [p, chain](const Array& a, const Array& b) {
    Array c = matmul(p.left ? transpose(a) : a, p.right ? transpose(b) : b);
    for (int i = 1; i < chain; ++i) c = matmul(c, b);
    return c;
  };
  const auto compiled = jit(program);
  struct State {
    Memory<T> a, b, c[2];
  };
  const auto size = std::size_t(p.m) * std::size_t(p.n);
  const auto state = std::make_shared<State>(State{Memory<T>(x), Memory<T>(y), {Memory<T>(size), Memory<T>(size)}});
  const auto by = [state, p, chain](const auto& multiply) {
    return [=] {
      State& s = *state;
      multiply(p, s.a.data(), s.b.data(), s.c[0].data());
      for (int i = 1; i < chain; ++i) multiply(p, s.c[(i - 1) % 2].data(), s.b.data(), s.c[i % 2].data());
      keep(s.c);
    };
  };
  const auto openblas = by([](const Product& q, const T* a, const T* b, T* c) { blas(q, a, b, c); });
  Case c{.impls = {{"jit", [=] { keep(compiled(x, y)); }, chain}, {"openblas", openblas, chain}},
         .check =
             [=] {
               openblas();
               return differs(compiled(x, y), state->c[(chain - 1) % 2], sizeof(T) == 4 ? 1e-4 : 1e-12);
             },
         .narrow = sizeof(T) == 4,
         .flops = 2.0 * p.m * p.n * p.k,
         .goals = {{"jit", "openblas", 1.0}}};
#ifdef FLUXION_BENCH_EIGEN
  if (chain == 1)
    c.impls.push_back({"eigen", by([](const Product& q, const T* a, const T* b, T* z) { eigen<T>(q, a, b, z); })});
#endif
  return c;
}

bool square(int n) {
  const std::string size = std::to_string(n) + "_";
  return add("P4/" + size + "f32", [n] { return product<float>({n, n, n}); }) &&
         add("P4/" + size + "f64", [n] { return product<double>({n, n, n}); });
}
bool layouts(int m, int k, int n) {
  const std::string size = std::to_string(m) + "x" + std::to_string(k) + "x" + std::to_string(n) + "_";
  return add("P4/" + size + "f32", [=] { return product<float>({m, n, k}); }) &&
         add("P4/" + size + "f32_tn", [=] { return product<float>({m, n, k, true, false}); }) &&
         add("P4/" + size + "f32_nt", [=] { return product<float>({m, n, k, false, true}); });
}

const bool registered[] = {
    square(8),   square(16),   square(32), square(64), square(256), square(1024), square(2048),
    layouts(128, 784, 512), layouts(784, 128, 512), layouts(128, 256, 10),
    add("P4/512_f32_tt", [] { return product<float>({512, 512, 512, true, true}); }),
    add("P4/512_f64_tn", [] { return product<double>({512, 512, 512, true, false}); }),
    add("P4/512_f64_nt", [] { return product<double>({512, 512, 512, false, true}); }),
    add("P4/matvec_2048_f32", [] { return product<float>({2048, 1, 2048}); }),
    add("P4/vecmat_2048_f32", [] { return product<float>({1, 2048, 2048}); }),
    add("P4/matvec_256_f64", [] { return product<double>({256, 1, 256}); }),
};

}  // namespace
}  // namespace fluxion::bench
