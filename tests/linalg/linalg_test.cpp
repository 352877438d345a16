// Decompositions give back what was decomposed; special matrices; failures; the numbers of jax's documentation.
#include <catch2/catch.hpp>
#include <rapidcheck.h>

#include <cmath>
#include <limits>

#include <fluxion/complex.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/diagonals.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/random.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/scipy/linalg.hpp>
#include <fluxion/transforms.hpp>

#include "support/host.hpp"

namespace fluxion::test {

namespace {

namespace la = linalg;
namespace sl = scipy::linalg;
constexpr auto inf = std::numeric_limits<double>::infinity();

double distance(const Array& a, const Array& b) {
  CHECK(a.shape() == b.shape());
  return a.size() == 0 ? 0 : max(abs(a - b)).item<double>();
}
Array mt(const Array& x) { return la::matrix_transpose(x); }
Array unit_like(const Array& x) { return broadcast_to(eye(x.shape(-1), {}, 0, x.dtype()), x.shape()); }
Array with_diagonal(const Array& v) { return expand_dims(v, -2) * eye(v.shape(-1), {}, 0, v.dtype()); }

/// A random stack of matrices, of either precision, and the error that its decompositions may have.
struct Sample {
  Array a;
  double tolerance;
};
Sample random_matrices(bool square) {
  const auto dtype = *rc::gen::element(float32, float64);
  Shape shape;
  const auto extents = rc::gen::inRange<std::int64_t>(0, 9);
  if (*rc::gen::inRange(0, 2) == 1) shape.push_back(*rc::gen::inRange<std::int64_t>(0, 4));
  shape.push_back(*extents);
  shape.push_back(square ? shape.back() : *extents);
  const auto a = random::normal(random::key(*rc::gen::inRange(0, 1000000)), shape, dtype);
  return {a, (dtype == float32 ? 1e-5 : 1e-13) * 10};
}

}  // namespace

TEST_CASE("factors multiply to what was decomposed, and orthogonal ones are orthogonal") {
  CHECK(rc::check("qr", [] {
    const auto [a, tolerance] = random_matrices(false);
    for (const auto* mode : {"reduced", "complete"}) {
      const auto [q, r] = la::qr(a, mode);
      RC_ASSERT(distance(matmul(q, r), a) < tolerance);
      RC_ASSERT(distance(matmul(mt(q), q), unit_like(matmul(mt(q), q))) < tolerance);
      RC_ASSERT(distance(la::qr(a, "r").r, la::qr(a).r) == 0);
    }
  }));
  CHECK(rc::check("svd", [] {
    const auto [a, tolerance] = random_matrices(false);
    for (const bool full : {false, true}) {
      const auto [u, s, vh] = la::svd(a, {.full_matrices = full});
      const auto k = s.shape(-1);
      const auto rebuilt =
          matmul(u[{ellipsis, range(0, k)}] * expand_dims(s, -2), vh[{ellipsis, range(0, k), range()}]);
      RC_ASSERT(distance(rebuilt, a) < tolerance);
      RC_ASSERT(distance(matmul(mt(u), u), unit_like(matmul(mt(u), u))) < tolerance);
      RC_ASSERT(distance(matmul(vh, mt(vh)), unit_like(matmul(vh, mt(vh)))) < tolerance);
      RC_ASSERT(all(s[{ellipsis, range(1, none)}] <= s[{ellipsis, range(0, -1)}]).item<bool>());
      RC_ASSERT(distance(la::svdvals(a), s) < tolerance);
    }
  }));
  CHECK(rc::check("eigh, and svd by it", [] {
    const auto [a, tolerance] = random_matrices(true);
    const auto h = a + mt(a);
    const auto [w, v] = la::eigh(h);
    RC_ASSERT(distance(matmul(h, v), v * expand_dims(w, -2)) < tolerance);
    RC_ASSERT(distance(matmul(mt(v), v), unit_like(h)) < tolerance);
    RC_ASSERT(all(w[{ellipsis, range(1, none)}] >= w[{ellipsis, range(0, -1)}]).item<bool>());
    const auto [u, s, vh] = la::svd(h, {.hermitian = true});
    RC_ASSERT(distance(matmul(u * expand_dims(s, -2), vh), h) < tolerance);
    RC_ASSERT(distance(s, la::svdvals(h)) < tolerance);
  }));
  CHECK(rc::check("cholesky", [] {
    const auto [a, tolerance] = random_matrices(true);
    const auto p = matmul(a, mt(a)) + unit_like(a);
    const auto l = la::cholesky(p);
    RC_ASSERT(distance(matmul(l, mt(l)), p) < 10 * tolerance);
    RC_ASSERT(distance(la::cholesky(p, true), mt(l)) == 0);
  }));
  CHECK(rc::check("lu", [] {
    const auto [a, tolerance] = random_matrices(false);
    const auto [p, l, u] = sl::lu(a);
    RC_ASSERT(distance(matmul(p, matmul(l, u)), a) < tolerance);
    if (l.size() > 0) RC_ASSERT(max(abs(l)).item<double>() == 1);
  }));
  CHECK(rc::check("schur, hessenberg and tridiagonal form", [] {
    const auto [a, tolerance] = random_matrices(true);
    const auto [t, z] = lax::linalg::schur(a);
    RC_ASSERT(distance(matmul(matmul(z, t), mt(z)), a) < tolerance);
    const auto h = a + mt(a);
    const auto r = lax::linalg::tridiagonal(h);
    RC_ASSERT(distance(sum(r.d, -1), la::trace(h)) < 10 * tolerance);
    RC_ASSERT(distance(sum(square(r.d), -1) + 2 * sum(square(r.e), -1), sum(square(h), {-2, -1})) < 100 * tolerance);
  }));
}

TEST_CASE("solutions solve, with every broadcast of leading axes") {
  CHECK(rc::check("solve, inv and det", [] {
    const auto [a, tolerance] = random_matrices(true);
    const auto x = a + 8.0 * unit_like(a);
    RC_ASSERT(distance(matmul(x, la::inv(x)), unit_like(x)) < tolerance);
    const auto [sign, logabs] = la::slogdet(x);
    RC_ASSERT(distance(sign * exp(logabs) / la::det(x), ones_like(sign)) < 10 * tolerance);
  }));
  const auto a = random::normal(random::key(1), {2, 1, 3, 3}) + 5.0 * eye(3),
             b = random::normal(random::key(2), {4, 3, 2});
  const auto x = la::solve(a, b);
  CHECK(x.shape() == Shape{2, 4, 3, 2});
  CHECK(distance(matmul(a, x), broadcast_to(b, {2, 4, 3, 2})) < 1e-13);
  const auto v = random::normal(random::key(3), {3});
  CHECK(la::solve(a, v).shape() == Shape{2, 1, 3});
  CHECK(distance(matmul(a, la::solve(a, v)[{ellipsis, newaxis}]), broadcast_to(v[{range(), newaxis}], {2, 1, 3, 1})) <
        1e-13);
  CHECK(distance(sl::solve_triangular(eye(3) * 2, v, {.trans = 1}), v / 2) < 1e-15);
}

TEST_CASE("factors of complex matrices multiply to what was decomposed") {
  const auto part = [](int seed, const Shape& s) { return random::normal(random::key(seed), s, float64); };
  const auto h = [](const Array& x) { return mt(conj(x)); };
  const auto gap = [](const Array& x, const Array& y) { return std::max(distance(real(x), real(y)), distance(imag(x), imag(y))); };
  for (const auto& shape : {Shape{1, 1}, Shape{3, 3}, Shape{5, 2}, Shape{2, 2, 4}}) {
    const auto a = lax::complex(part(1, shape), part(2, shape));
    const auto [q, r] = la::qr(a);
    CHECK(gap(matmul(q, r), a) < 1e-13);
    CHECK(gap(matmul(h(q), q), unit_like(matmul(h(q), q))) < 1e-13);
    const auto [u, s, vh] = la::svd(a, {.full_matrices = false});
    CHECK(gap(matmul(u * expand_dims(s, -2), vh), a) < 1e-13);
    CHECK(s.dtype() == float64);
    const auto p = matmul(a, h(a)) + 0.5 * unit_like(matmul(a, h(a)));
    const auto l = la::cholesky(p);
    CHECK(gap(matmul(l, h(l)), p) < 1e-13);
    const auto [w, v] = la::eigh(p);
    CHECK(gap(matmul(p, v), v * expand_dims(w, -2)) < 1e-13);
    const auto [hu, hs, hv] = la::svd(p, {.hermitian = true});
    CHECK(gap(matmul(hu * expand_dims(hs, -2), hv), p) < 1e-13);
    CHECK(gap(matmul(la::inv(p), p), unit_like(p)) < 1e-12);
    const auto e = lax::linalg::eig(p + lax::complex(part(3, p.shape()), part(4, p.shape())));
    const auto general = p + lax::complex(part(3, p.shape()), part(4, p.shape()));
    CHECK(gap(matmul(general, e.vr), e.vr * expand_dims(e.w, -2)) < 1e-12);
    CHECK(gap(matmul(h(e.vl), general), h(e.vl) * expand_dims(e.w, -1)) < 1e-12);
    const auto [t, z] = lax::linalg::schur(general);
    CHECK(gap(matmul(matmul(z, t), h(z)), general) < 1e-12);
    const auto [pm, pl, pu] = sl::lu(a);
    CHECK(gap(matmul(pm, matmul(pl, pu)), a) < 1e-13);
  }
  const auto [w, v] = la::eig(array({{0.0, -2.0, 0.0}, {2.0, 0.0, 0.0}, {0.0, 0.0, 3.0}}));
  CHECK(w.dtype() == complex128);
  CHECK(distance(real(w), array({0.0, 0.0, 3.0})) < 1e-15);
  CHECK(distance(imag(w), array({2.0, -2.0, 0.0})) < 1e-15);
  CHECK(distance(real(sum(v * conj(v), 0)), ones({3})) < 1e-15);
  CHECK_THROWS_WITH(grad([](const Array& a) { return sum(real(lax::linalg::eig(a).vl)); })(eye(2)), Catch::Contains("left eigenvectors"));
}

TEST_CASE("a stack gives the bits of its matrices, wherever they lie") {
  const auto a = random::normal(random::key(4), {5, 7, 7});
  const auto p = matmul(a, mt(a));
  for (std::int64_t i = 0; i < 5; ++i) {
    CHECK_FALSE(difference(la::cholesky(p)[i], la::cholesky(p[i])));
    CHECK_FALSE(difference(la::svd(a).u[i], la::svd(a[i]).u));
    CHECK_FALSE(difference(la::eigh(a).eigenvectors[i], la::eigh(a[i]).eigenvectors));
    CHECK_FALSE(difference(la::inv(a)[i], la::inv(a[i])));
    CHECK_FALSE(difference(la::qr(a).q[i], la::qr(a[i]).q));
  }
}

TEST_CASE("failures give NaN, singular systems infinities or NaN, and nothing throws") {
  const auto indefinite = array({{{1.0, 2.0}, {2.0, 1.0}}, {{4.0, 2.0}, {2.0, 5.0}}});
  const auto l = la::cholesky(indefinite);
  CHECK(all(isnan(l[{0, 0, 0}])).item<bool>());
  CHECK(l[{0, 0, 1}].item<double>() == 0);
  CHECK_FALSE(difference(l[1], array({{2.0, 0.0}, {1.0, 2.0}})));
  const auto singular = ones({2, 2});
  CHECK_FALSE(all(isfinite(la::inv(singular))).item<bool>());
  CHECK_FALSE(all(isfinite(lax::linalg::triangular_solve(zeros({2, 2}), ones({2, 2})))).item<bool>());
  CHECK(la::slogdet(singular).sign.item<double>() == 0);
  CHECK(la::slogdet(singular).logabsdet.item<double>() == -inf);
  for (const double bad : {kNaN, inf}) {
    const auto a = array({{1.0, bad}, {bad, 2.0}});
    CHECK(all(isnan(la::svdvals(a))).item<bool>());
    CHECK(all(isnan(la::eigh(a).eigenvalues)).item<bool>());
    CHECK(all(isnan(la::eigh(a).eigenvectors)).item<bool>());
    CHECK(all(isnan(lax::linalg::schur(a).t)).item<bool>());
    CHECK(all(isnan(real(la::eigvals(a)))).item<bool>());
  }
  CHECK(all(isnan(sl::expm(eye(2) * 1e9))).item<bool>());
  CHECK_FALSE(
      all(isfinite(lax::linalg::tridiagonal_solve(zeros({2}), zeros({2}), zeros({2}), ones({2, 1})))).item<bool>());
}

TEST_CASE("the gradient of det is the cofactors, for singular matrices too") {
  const auto cofactors = grad([](const Array& a) { return la::det(a); });
  const auto rank_3 = with_diagonal(array({1.0, 2.0, 3.0, 0.0})), rank_2 = with_diagonal(array({1.0, 2.0, 0.0, 0.0}));
  CHECK(distance(cofactors(rank_3), with_diagonal(array({0.0, 0.0, 0.0, 6.0}))) < 1e-14);
  CHECK(distance(cofactors(rank_2), zeros({4, 4})) == 0);
  CHECK(la::det(rank_3).item<double>() == 0);
  CHECK(la::det(array({{{1.0, 2.0}, {3.0, 4.0}}, {{2.0, 0.0}, {0.0, 2.0}}})).to_vector<double>() ==
        std::vector<double>{-2, 4});
  CHECK(la::det(zeros({0, 0})).item<double>() == 1);
}

TEST_CASE("coinciding eigenvalues and singular values have no derivative of vectors, distinct values do") {
  const auto first = grad([](const Array& a) { return la::eigh(a).eigenvectors[{0, 0}]; });
  CHECK_FALSE(all(isfinite(first(eye(2)))).item<bool>());
  CHECK(all(isfinite(first(array({{1.0, 0.5}, {0.5, 3.0}})))).item<bool>());
  const auto largest = grad([](const Array& a) { return la::svdvals(a)[0]; });
  CHECK(distance(largest(with_diagonal(array({3.0, 1.0}))), with_diagonal(array({1.0, 0.0}))) < 1e-15);
  CHECK_THROWS_WITH(grad([](const Array& a) { return sum(la::qr(a, "complete").q); })(ones({3, 2})),
                    Catch::Contains("full_matrices = false"));
  CHECK_THROWS_WITH(grad([](const Array& a) { return sum(la::svd(a).u); })(ones({3, 2})),
                    Catch::Contains("full_matrices = false"));
  CHECK_THROWS_WITH(grad([](const Array& a) { return sum(la::qr_raw(a).h); })(ones({3, 2})),
                    Catch::Contains("geqrf: it has no derivative"));
  CHECK_THROWS_WITH(grad([](const Array& a) { return sum(lax::linalg::schur(a).t); })(ones({2, 2})),
                    Catch::Contains("schur: it has no derivative"));
  CHECK_THROWS_WITH(grad([](const Array& a) { return sum(lax::linalg::hessenberg(a).a); })(ones({2, 2})),
                    Catch::Contains("hessenberg: it has no"));
  CHECK_THROWS_WITH(grad([](const Array& a) { return sum(lax::linalg::tridiagonal(a).d); })(ones({2, 2})),
                    Catch::Contains("tridiagonal: it has no"));
  CHECK_THROWS_WITH(grad([](const Array& a) { return sum(lax::linalg::householder_product(a, a[0])); })(ones({2, 2})),
                    Catch::Contains("householder_product: it has no derivative"));
}

TEST_CASE("forward and reverse mode of solve share one factorisation") {
  const auto jaxpr = make_jaxpr(
      [](const Array& a, const Array& b) { return grad([&](const Array& x) { return sum(la::solve(x, b)); })(a); });
  const auto shown = to_string(jaxpr(eye(3), ones({3})));
  std::size_t n = 0;
  for (auto at = shown.find("= lu "); at != std::string::npos; at = shown.find("= lu ", at + 1)) ++n;
  CHECK(n == 1);
}

TEST_CASE("least squares, ranks and pseudo-inverses of deficient matrices") {
  const auto a = array({{1.0, 2.0}, {2.0, 4.0}, {0.0, 0.0}});
  CHECK(la::matrix_rank(a).item<std::int64_t>() == 1);
  CHECK(la::matrix_rank(stack({eye(3), zeros({3, 3})})).to_vector<std::int64_t>() == std::vector<std::int64_t>{3, 0});
  CHECK(la::matrix_rank(zeros({0, 3})).item<std::int64_t>() == 0);
  CHECK(la::matrix_rank(array({0, 2})).item<std::int64_t>() == 1);
  const auto p = la::pinv(a);
  CHECK(distance(matmul(matmul(a, p), a), a) < 1e-14);
  CHECK(distance(matmul(matmul(p, a), p), p) < 1e-14);
  CHECK(la::pinv(zeros({0, 3})).shape() == Shape{3, 0});
  const auto [x, residuals, rank, s] = la::lstsq(a, array({1.0, 2.0, 3.0}));
  CHECK(distance(x, array({0.2, 0.4})) < 1e-14);
  CHECK(distance(residuals, array({9.0})) < 1e-13);
  CHECK(rank.item<std::int64_t>() == 1);
  CHECK(s.shape() == Shape{2});
  CHECK(la::lstsq(a, ones({3, 2}), 0.1).x.shape() == Shape{2, 2});
  CHECK(la::lstsq(zeros({0, 2}), zeros({0})).x.shape() == Shape{2});
}

TEST_CASE("numbers of jax's documentation") {
  CHECK(distance(la::svdvals(array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}})), array({9.5080320, 0.7728696})) < 1e-7);
  CHECK_FALSE(difference(la::matrix_power(array({{1.0, 2.0}, {3.0, 4.0}}), 3), array({{37.0, 54.0}, {81.0, 118.0}})));
  CHECK(la::matrix_power(array({{1, 2}, {3, 4}}), 3).to_vector<std::int32_t>() ==
        std::vector<std::int32_t>{37, 54, 81, 118});
  CHECK(std::fabs(la::cond(array({{1, 2}, {2, 1}})).item<double>() - 3) < 1e-14);
  CHECK(la::cond(array({{1, 2}, {0, 0}})).item<double>() == inf);
  CHECK(la::cond(zeros({2, 2}), 1).item<double>() == inf);
  CHECK(cross(array({1, 2, 0}), array({3, 4, 0})).to_vector<std::int32_t>() == std::vector<std::int32_t>{0, 0, -2});
  CHECK(cross(array({1, 2}), array({3, 4})).item<std::int64_t>() == -2);
  CHECK(kron(array({1, 2}), array({1, 10})).to_vector<std::int32_t>() == std::vector<std::int32_t>{1, 10, 2, 20});
  CHECK(kron(eye(2), ones({1, 2, 2})).shape() == Shape{1, 4, 4});
}

TEST_CASE("norms of numpy") {
  const auto a = array({{-4.0, -3.0, -2.0}, {-1.0, 0.0, 1.0}, {2.0, 3.0, 4.0}});
  const auto is = [&](const la::NormOrder& ord, double want) {
    return std::fabs(la::norm(a, ord).item<double>() - want) < 1e-12;
  };
  CHECK(is(none, 7.745966692414834));
  CHECK(is("fro", 7.745966692414834));
  CHECK(is(inf, 9));
  CHECK(is(-inf, 2));
  CHECK(is(1, 7));
  CHECK(is(-1, 6));
  CHECK(is(2, 7.348469228349534));
  CHECK(la::norm(a, -2).item<double>() < 1e-14);
  CHECK(is("nuc", 7.348469228349534 + 2.449489742783178));
  const auto v = ravel(a);
  CHECK(la::norm(v, 0).item<double>() == 8);
  CHECK(std::fabs(la::norm(v, 3).item<double>() - 5.8480354764257312) < 1e-12);
  CHECK(la::norm(a, 1, 0).to_vector<double>() == std::vector<double>{7, 6, 7});
  CHECK(la::norm(reshape(v, {1, 3, 3}), 1, {2, 1}).to_vector<double>() == std::vector<double>{9});
  CHECK(la::norm(reshape(v, {1, 3, 3}), "nuc", {2, 0}, true).shape() == Shape{1, 3, 1});
  CHECK(la::norm(zeros({0, 2}), 1).item<double>() == 0);
  CHECK(la::norm(zeros({0}), inf).item<double>() == 0);
  CHECK(la::vector_norm(a).item<double>() == la::norm(a).item<double>());
}

TEST_CASE("the matrix exponential") {
  const auto rotation = sl::expm(array({{0.0, 1.0}, {-1.0, 0.0}}));
  CHECK(distance(rotation, array({{std::cos(1.0), std::sin(1.0)}, {-std::sin(1.0), std::cos(1.0)}})) < 1e-15);
  CHECK(distance(sl::expm(with_diagonal(array({1.0, -30.0, 0.0}))),
                 with_diagonal(array({std::exp(1.0), std::exp(-30.0), 1.0}))) < 1e-14);
  const auto a =
      random::normal(random::key(5), {4, 3, 3}) * array({0.001, 0.3, 1.0, 30.0})[{range(), newaxis, newaxis}];
  const auto whole = sl::expm(a);
  for (std::int64_t i = 0; i < 4; ++i) {
    const auto e = sl::expm(a[i]), back = sl::expm(-a[i]);
    CHECK_FALSE(difference(whole[i], e));
    CHECK(distance(matmul(e, back), eye(3)) < 1e-10 * max(abs(e)).item<double>() * max(abs(back)).item<double>());
  }
  CHECK(distance(sl::expm(array({{1.0, 2.0}, {0.0, 1.0}}), true), std::exp(1.0) * array({{1.0, 2.0}, {0.0, 1.0}})) <
        1e-14);
  const auto f = sl::expm_frechet(zeros({2, 2}), array({{1.0, 2.0}, {3.0, 4.0}}));
  CHECK(distance(f.frechet, array({{1.0, 2.0}, {3.0, 4.0}})) < 1e-15);
  CHECK(sl::expm(zeros({2, 0, 0})).shape() == Shape{2, 0, 0});
  CHECK(distance(sl::expm(scalar(1.0F) * eye<float>(2)), (std::exp(1.0) * eye(2)).astype(float32)) < 1e-6);
}

TEST_CASE("integers and mixed dtypes are promoted") {
  CHECK(la::inv(array({{2, 0}, {0, 4}})).dtype() == float32);
  CHECK(la::inv(arange(4)[{newaxis, range(1, 2)}]).dtype() == float64);
  CHECK(la::solve(eye<float>(2), ones({2})).dtype() == float64);
  CHECK(la::svdvals(ones<float>({2, 2})).dtype() == float32);
  CHECK(la::trace(array({{1, 2}, {3, 4}})).item<std::int64_t>() == 5);
}

TEST_CASE("triangular systems of any order, number of right-hand sides and place in a stack") {
  const auto whole = [](const Array& a, const lax::linalg::TriangularOptions& o) {
    const Array t = (o.lower ? tril(a, o.unit_diagonal ? -1 : 0) : triu(a, o.unit_diagonal ? 1 : 0)) +
                    (o.unit_diagonal ? eye(a.shape(-1), {}, 0, a.dtype()) : zeros(a.shape(), a.dtype()));
    const Array u = o.conjugate_a ? conj(t) : t;
    return o.transpose_a ? mt(u) : u;
  };
  for (const DType t : {float64, float32, complex128})
    for (const std::int64_t n : {17, 33, 100, 301})
      for (const std::int64_t m : {1, 3, 40})
        for (int k = 0; k < 16; ++k) {
          if (n == 301 && (m == 40 || t != float64)) continue;
          const lax::linalg::TriangularOptions o{.left_side = (k & 1) != 0, .lower = (k & 2) != 0,
                                                 .transpose_a = (k & 4) != 0, .conjugate_a = (k & 8) != 0,
                                                 .unit_diagonal = (k & 8) != 0};
          const auto draw = [&](int seed, Shape shape) {
            const Array x = random::normal(random::key(seed), shape) / static_cast<double>(n);
            const Array y = cos(50.0 * x) / static_cast<double>(n);
            return (is_complex(t) ? x + std::complex<double>(0, 1) * y : x).astype(t);
          };
          const Array a = draw(k, {3, n, n}) + eye(n, {}, 0, t) * 1.5;
          const Array b = draw(k + 20, o.left_side ? Shape{3, n, m} : Shape{3, m, n});
          const Array x = lax::linalg::triangular_solve(a, b, o);
          const Array back = o.left_side ? matmul(whole(a, o), x) : matmul(x, whole(a, o));
          INFO(t << ' ' << n << ' ' << m << ' ' << k);
          CHECK(distance(back, b) < (t == float32 ? 1e-5 : 1e-14));
          for (int i = 0; i < 3; ++i) CHECK(distance(x[i], lax::linalg::triangular_solve(a[i], b[i], o)) == 0);
        }
}

TEST_CASE("Cholesky factors of any order and place in a stack") {
  for (const DType t : {float64, float32})
    for (const std::int64_t n : {17, 40, 100, 257}) {
      const Array x = random::normal(random::key(n), {3, n, n}, t);
      const Array a = matmul(x, mt(x)) + static_cast<double>(n) * eye(n, {}, 0, t);
      const Array l = lax::linalg::cholesky(a);
      CHECK(distance(matmul(l, mt(l)), a) < (t == float32 ? 1e-5 : 1e-14) * 10 * static_cast<double>(n));
      CHECK(distance(l, tril(l)) == 0);
      for (int i = 0; i < 3; ++i) CHECK(distance(l[i], lax::linalg::cholesky(a[i])) == 0);
      const Array none = lax::linalg::cholesky(-a[0]);
      CHECK(sum(isnan(none)).item<std::int64_t>() == n * (n + 1) / 2);
      CHECK(distance(triu(none, 1), zeros({n, n}, t)) == 0);
    }
}

}  // namespace fluxion::test
