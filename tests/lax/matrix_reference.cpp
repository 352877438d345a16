#include "lax/matrix_reference.hpp"

namespace fluxion::test {

// Lifts f over leading axes; `ranks` are those of one operand: 1 or 2.
Reference stacked(OfMatrices f, std::vector<int> ranks, std::vector<Out> outs) {
  return [=](const std::vector<Host>& in) -> std::vector<Host> {
    const auto& first = in[0].shape;
    const Shape lead(first.data(), first.size() - static_cast<std::size_t>(ranks[0]));
    std::vector<Host> results;
    for (std::int64_t at = 0; at < std::max<std::int64_t>(1, element_count(lead)); ++at) {
      const bool none = element_count(lead) == 0;  // one matrix all the same, for the shapes of the results
      Matrices one;
      for (std::size_t k = 0; k < in.size(); ++k) {
        const auto& s = in[k].shape;
        Matrix x(s[s.size() - static_cast<std::size_t>(ranks[k])], ranks[k] == 2 ? s.back() : 1);
        for (std::size_t i = 0; i < x.v.size(); ++i)
          x.v[i] = none ? 1 : in[k].v[static_cast<std::size_t>(at) * x.v.size() + i].f;
        one.push_back(x);
      }
      const auto out = f(one);
      for (std::size_t k = 0; k < out.size(); ++k) {
        if (at == 0) {
          results.push_back({outs[k] == Out::integers ? DType::int32 : in[0].dtype, lead, {}});
          results[k].shape.push_back(out[k].m);
          if (outs[k] == Out::matrix) results[k].shape.push_back(out[k].n);
        }
        for (std::size_t i = 0; !none && i < out[k].v.size(); ++i)
          results[k].v.push_back(outs[k] == Out::integers ? whole(static_cast<std::int64_t>(out[k].v[i]))
                                                          : real(static_cast<double>(out[k].v[i])));
      }
    }
    return results;
  };
}

// --- the algorithms ---

Matrix cholesky_of(const Matrix& a) {
  Matrix l(a.m, a.m);
  for (std::int64_t j = 0; j < a.m; ++j)
    for (std::int64_t i = j; i < a.m; ++i) {
      Real s = (a(i, j) + a(j, i)) / 2;
      for (std::int64_t k = 0; k < j; ++k) s -= l(i, k) * l(j, k);
      l(i, j) = i == j ? std::sqrt(s) : s / l(j, j);
    }
  return l;
}

// Gaussian elimination with partial pivoting: {lu, pivots, permutation}.
Matrices lu_of(const Matrix& given) {
  Matrix a = given, pivots(std::min(a.m, a.n), 1), order(a.m, 1);
  for (std::int64_t i = 0; i < a.m; ++i) order(i, 0) = static_cast<Real>(i);
  for (std::int64_t k = 0; k < pivots.m; ++k) {
    auto p = k;
    for (auto i = k + 1; i < a.m; ++i)
      if (std::fabs(a(i, k)) > std::fabs(a(p, k))) p = i;
    pivots(k, 0) = static_cast<Real>(p);
    std::swap(order(k, 0), order(p, 0));
    for (std::int64_t j = 0; j < a.n; ++j) std::swap(a(k, j), a(p, j));
    for (auto i = k + 1; i < a.m; ++i) {
      a(i, k) /= a(k, k);
      for (auto j = k + 1; j < a.n; ++j) a(i, j) -= a(i, k) * a(k, j);
    }
  }
  return {a, pivots, order};
}
Matrix solved(const Matrix& a, const Matrix& b) {
  const auto f = lu_of(a);
  Matrix x = b;
  for (std::int64_t c = 0; c < b.n; ++c) {
    for (std::int64_t i = 0; i < a.m; ++i) {
      x(i, c) = b(static_cast<std::int64_t>(f[2](i, 0)), c);
      for (std::int64_t k = 0; k < i; ++k) x(i, c) -= f[0](i, k) * x(k, c);
    }
    for (auto i = a.m; i-- > 0;) {
      for (auto k = i + 1; k < a.m; ++k) x(i, c) -= f[0](i, k) * x(k, c);
      x(i, c) /= f[0](i, i);
    }
  }
  return x;
}

// The reflector 1 - tau (1, v) (1, v)^T that turns the column x (below row `at`) into (beta, 0): v overwrites it.
static Real reflector(Matrix& a, std::int64_t at, std::int64_t column) {
  Real below = 0;
  for (auto i = at + 1; i < a.m; ++i) below += a(i, column) * a(i, column);
  if (below == 0) return 0;
  const Real alpha = a(at, column), beta = -std::copysign(std::sqrt(alpha * alpha + below), alpha);
  for (auto i = at + 1; i < a.m; ++i) a(i, column) /= alpha - beta;
  a(at, column) = beta;
  return (beta - alpha) / beta;
}
// x becomes H x for the reflector whose vector stands in column c of a below row `at`.
static void reflect(const Matrix& a, std::int64_t at, std::int64_t c, Real tau, Matrix& x, std::int64_t from = 0) {
  for (auto j = from; j < x.n; ++j) {
    Real s = x(at, j);
    for (auto i = at + 1; i < x.m; ++i) s += a(i, c) * x(i, j);
    x(at, j) -= tau * s;
    for (auto i = at + 1; i < x.m; ++i) x(i, j) -= tau * s * a(i, c);
  }
}
Matrices geqrf_of(const Matrix& given) {
  Matrix a = given, taus(std::min(a.m, a.n), 1);
  for (std::int64_t k = 0; k < taus.m; ++k) {
    taus(k, 0) = reflector(a, k, k);
    const Matrix v = a;
    reflect(v, k, k, taus(k, 0), a, k + 1);
  }
  return {a, taus};
}
Matrix product_of(const Matrix& a, const Matrix& taus, std::int64_t columns) {
  Matrix q(a.m, columns);
  for (std::int64_t i = 0; i < std::min(a.m, columns); ++i) q(i, i) = 1;
  for (auto k = taus.m; k-- > 0;) reflect(a, k, k, taus(k, 0), q);
  return q;
}
Matrices qr_of(const Matrix& a, bool full) {
  const auto f = geqrf_of(a);
  const auto k = full ? a.m : std::min(a.m, a.n);
  Matrix r(k, a.n);
  for (std::int64_t i = 0; i < k; ++i)
    for (auto j = i; j < a.n; ++j) r(i, j) = f[0](i, j);
  return {product_of(f[0], f[1], k), r};
}

Matrices hessenberg_of(const Matrix& given) {
  Matrix a = given, taus(std::max<std::int64_t>(a.m - 1, 0), 1);
  for (std::int64_t k = 0; k + 1 < a.m; ++k) {
    taus(k, 0) = reflector(a, k + 1, k);
    const Matrix v = a;
    reflect(v, k + 1, k, taus(k, 0), a, k + 1);
    for (std::int64_t row = 0; row < a.m; ++row) {  // and from the right
      Matrix one(a.m, 1);
      for (auto j = k + 1; j < a.m; ++j) one(j, 0) = a(row, j);
      reflect(v, k + 1, k, taus(k, 0), one);
      for (auto j = k + 1; j < a.m; ++j) a(row, j) = one(j, 0);
    }
  }
  return {a, taus};
}

// Jacobi's method: eigenvalues in ascending order, eigenvectors in columns.
Matrices eigh_of(const Matrix& given) {
  const auto n = given.m;
  Matrix a = given, v = unit(n);
  for (int sweep = 0; sweep < 60; ++sweep)
    for (std::int64_t p = 0; p < n; ++p)
      for (auto q = p + 1; q < n; ++q) {
        if (a(p, q) == 0) continue;
        const Real theta = (a(q, q) - a(p, p)) / (2 * a(p, q));
        const Real t = std::copysign(Real(1), theta) / (std::fabs(theta) + std::sqrt(theta * theta + 1));
        const Real c = 1 / std::sqrt(t * t + 1), s = t * c;
        Matrix g = unit(n);
        g(p, p) = g(q, q) = c;
        g(p, q) = s;
        g(q, p) = -s;
        a = times(flipped(g), times(a, g));
        v = times(v, g);
      }
  std::vector<std::int64_t> order;
  for (std::int64_t i = 0; i < n; ++i) order.push_back(i);
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return a(i, i) < a(j, j); });
  Matrix w(n, 1), sorted(n, n);
  for (std::int64_t j = 0; j < n; ++j) {
    w(j, 0) = a(order[static_cast<std::size_t>(j)], order[static_cast<std::size_t>(j)]);
    for (std::int64_t i = 0; i < n; ++i) sorted(i, j) = v(i, order[static_cast<std::size_t>(j)]);
  }
  return {w, sorted};
}
Matrix symmetrised(const Matrix& a) {
  Matrix s = a;
  for (std::int64_t i = 0; i < a.m; ++i)
    for (std::int64_t j = 0; j < a.m; ++j) s(i, j) = (a(i, j) + a(j, i)) / 2;
  return s;
}
// {s, v^2 + 1} of a^T a for tall a: vectors up to their sign.
static Matrices half_svd_of(const Matrix& a) {
  const auto e = eigh_of(times(flipped(a), a));
  Matrix s(a.n, 1), v(a.n, a.n);
  for (std::int64_t j = 0; j < a.n; ++j) {
    s(j, 0) = std::sqrt(std::max(Real(0), e[0](a.n - 1 - j, 0)));
    for (std::int64_t i = 0; i < a.n; ++i) v(i, j) = e[1](i, a.n - 1 - j);
  }
  return {s, v};
}
Matrix squares_and_one(Matrix x) {
  for (auto& e : x.v) e = e * e + 1;
  return x;
}
// {s, u^2 + 1, vh^2 + 1}, reduced.
Matrices svd_of(const Matrix& a) {
  if (a.m < a.n) {
    const auto t = svd_of(flipped(a));
    return {t[0], flipped(t[2]), flipped(t[1])};
  }
  const auto h = half_svd_of(a);
  auto u = times(a, h[1]);
  for (std::int64_t i = 0; i < u.m; ++i)
    for (std::int64_t j = 0; j < u.n; ++j) u(i, j) /= h[0](j, 0);
  return {h[0], squares_and_one(u), squares_and_one(flipped(h[1]))};
}

}  // namespace fluxion::test
