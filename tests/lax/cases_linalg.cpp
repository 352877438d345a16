// Decompositions and solves of matrices, against textbook algorithms in long double.
#include <fluxion/lax/linalg.hpp>

#include "lax/matrix_reference.hpp"

namespace fluxion::test {

namespace {

namespace la = lax::linalg;
// --- samples ---

// a with d, d + step, .. added to its diagonal (if it is floating; what else comes is an error input and stays).
Array raised(const Array& a, double d, double step = 0) {
  if (!is_floating(a.dtype()) || a.ndim() < 2) return a;
  const auto r = a.ndim(), m = a.shape()[static_cast<std::size_t>(r - 2)], n = a.shape().back();
  std::vector<Number> v(static_cast<std::size_t>(m * n));
  for (std::int64_t i = 0; i < std::min(m, n); ++i)
    v[static_cast<std::size_t>(i * n + i)] = real(d + step * static_cast<double>(i));
  const auto diagonal = make({a.dtype(), {m, n}, v});
  return lax::add(a, r == 2 ? diagonal : lax::broadcast_in_dim(diagonal, a.shape(), {r - 2, r - 1}));
}
Matrix raised(Matrix a, Real d, Real step = 0) {
  for (std::int64_t i = 0; i < std::min(a.m, a.n); ++i) a(i, i) += d + step * static_cast<Real>(i);
  return a;
}
Array square_plus_one(const Array& x) {
  return lax::add(lax::mul(x, x), lax::convert_element_type(lax::full({}, Array(1.0)), x.dtype()));
}

std::vector<Signature> of_shapes(DType t, const std::vector<std::vector<Shape>>& shapes) {
  std::vector<Signature> out;
  for (const auto& operands : shapes) {
    Signature s;
    for (const auto& shape : operands) s.args.push_back({t, shape, -1, 1});
    out.push_back(s);
  }
  return out;
}
const std::vector<std::vector<Shape>> kSquare{{{0, 0}},    {{1, 1}},    {{2, 2}},      {{5, 5}},
                                              {{0, 3, 3}}, {{2, 3, 3}}, {{2, 1, 4, 4}}};
const std::vector<std::vector<Shape>> kTall{{{3, 0}}, {{1, 1}}, {{4, 2}}, {{2, 3, 1}}, {{2, 5, 3}}, {{3, 3}}};
const std::vector<std::vector<Shape>> kWide{{{0, 3}}, {{2, 4}}, {{2, 1, 3}}, {{0, 2, 3}}};

ErrorInput refused(Arg arg, std::vector<std::string> message) {
  return {[=] { return Arrays{make(sample(arg, 1))}; }, std::move(message)};
}
std::vector<ErrorInput> no_square() {
  return {refused({DType::int64, {2, 2}}, {"float64", "i64[2,2]", "astype"}),
          refused({DType::bool_, {2, 2}}, {"bool[2,2]"}), refused({DType::float64, {3}}, {"matrix", "f64[3]"}),
          refused({DType::float64, {2, 3}}, {"square", "f64[2,3]"})};
}
std::vector<ErrorInput> no_matrix() {
  return {refused({DType::int64, {2, 2}}, {"float64", "i64[2,2]", "astype"}),
          refused({DType::float64, {3}}, {"matrix", "f64[3]"})};
}

// float32 has too few digits for differences.
char smooth(DType t) { return t == DType::float64; }
std::string named(const char* name, DType t) { return std::string(name) + "/" + std::string(short_name(t)); }

// --- the records ---

void add_cholesky(std::vector<Case>& to, DType t) {
  Case c{named("cholesky", t), "cholesky", {}, of_shapes(t, kSquare), {}, 100, 100, {smooth(t)}, {0}, no_square()};
  c.f = [](const Arrays& a) -> Arrays { return {la::cholesky(raised(a[0], 6))}; };
  c.reference =
      stacked([](const Matrices& a) -> Matrices { return {cholesky_of(raised(a[0], 6))}; }, {2}, {Out::matrix});
  to.push_back(c);

  Case u{named("cholesky_update", t), "cholesky_update", {}, {}, {}, 200, 200, {smooth(t), smooth(t)}, {0, 0}, {}};
  u.signatures = of_shapes(t, {{{0, 0}, {0}}, {{1, 1}, {1}}, {{4, 4}, {4}}, {{2, 3, 3}, {2, 3}}});
  u.f = [](const Arrays& a) -> Arrays { return {la::cholesky_update(raised(a[0], 2), a[1])}; };
  u.reference = stacked(
      [](const Matrices& a) -> Matrices {
        auto r = raised(a[0], 2);
        for (std::int64_t i = 0; i < r.m; ++i)
          for (std::int64_t j = 0; j < i; ++j) r(i, j) = 0;
        auto sum = times(flipped(r), r);
        for (std::int64_t i = 0; i < r.m; ++i)
          for (std::int64_t j = 0; j < r.m; ++j) sum(i, j) += a[1](i, 0) * a[1](j, 0);
        return {flipped(cholesky_of(sum))};
      },
      {2, 1}, {Out::matrix});
  u.errors.push_back({[] {
                        return Arrays{fluxion::ones({2, 2}), fluxion::ones({3})};
                      },
                      {"f64[2]", "f64[3]", "broadcast"}});
  to.push_back(u);
}

void add_triangular(std::vector<Case>& to, DType t) {
  for (const auto left : {false, true})
    for (const auto lower : {false, true})
      for (const auto transposed : {false, true}) {
        const bool unit_diagonal = left != lower;
        auto name = std::string(left ? "left" : "right") + (lower ? ",lower" : "") + (transposed ? ",transposed" : "");
        Case c{named(("triangular_solve/" + name).c_str(), t),
               "triangular_solve",
               {},
               {},
               {},
               1000,
               1000,
               {smooth(t), smooth(t)},
               {0, 1},
               {}};
        const Shape few = left ? Shape{4, 2} : Shape{2, 4}, many = left ? Shape{2, 3, 5} : Shape{2, 5, 3};
        const Shape none = left ? Shape{2, 0} : Shape{0, 2};
        c.signatures =
            of_shapes(t, {{{0, 0}, {0, 0}}, {{1, 1}, {1, 1}}, {{4, 4}, few}, {{2, 3, 3}, many}, {{2, 2}, none}});
        c.f = [=](const Arrays& a) -> Arrays {
          return {la::triangular_solve(
              raised(a[0], 5), a[1],
              {.left_side = left, .lower = lower, .transpose_a = transposed, .unit_diagonal = unit_diagonal})};
        };
        c.reference = stacked(
            [=](const Matrices& in) -> Matrices {
              auto a = raised(in[0], 5);
              for (std::int64_t i = 0; i < a.m; ++i)
                for (std::int64_t j = 0; j < a.m; ++j)
                  if (i == j ? unit_diagonal : (i > j) != lower) a(i, j) = i == j ? 1 : 0;
              if (transposed) a = flipped(a);
              return {left ? solved(a, in[1]) : flipped(solved(flipped(a), flipped(in[1])))};
            },
            {2, 2}, {Out::matrix});
        c.errors.push_back({[] {
                              return Arrays{fluxion::ones({2, 2}), fluxion::ones({3, 3})};
                            },
                            {"f64[2,2]", "f64[3,3]"}});
        c.errors.push_back({[] {
                              return Arrays{fluxion::ones({2, 2}), fluxion::ones<float>({2, 2})};
                            },
                            {"equal dtypes", "astype"}});
        c.errors.push_back({[] {
                              return Arrays{fluxion::ones({2, 3}), fluxion::ones({2, 2})};
                            },
                            {"square", "f64[2,3]"}});
        to.push_back(c);
      }
}

void add_lu(std::vector<Case>& to, DType t) {
  auto shapes = kSquare;
  shapes.insert(shapes.end(), kTall.begin(), kTall.end());
  shapes.insert(shapes.end(), kWide.begin(), kWide.end());
  Case c{named("lu", t), "lu", {}, of_shapes(t, shapes), {}, 2000, 2000, {smooth(t)}, {0}, no_matrix()};
  c.f = [](const Arrays& a) -> Arrays {
    const auto [lu, pivots, permutation] = la::lu(raised(a[0], 1.5));
    return {lu, pivots, permutation};
  };
  c.reference = stacked([](const Matrices& a) { return lu_of(raised(a[0], 1.5)); }, {2},
                        {Out::matrix, Out::integers, Out::integers});
  to.push_back(c);
}

void add_pivots(std::vector<Case>& to) {
  Case c{"lu_pivots_to_permutation", "lu_pivots_to_permutation", {}, {}, {}, 0, 0, {0}, {0}, {}};
  c.f = [](const Arrays& a) -> Arrays { return {la::lu_pivots_to_permutation(a[0], 5)}; };
  for (const auto& s : {Shape{0}, Shape{1}, Shape{3}, Shape{5}, Shape{2, 4}})
    c.signatures.push_back({{{DType::int32, s, 0, 4}}});
  c.reference = [](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{DType::int32, in[0].shape, {}};
    const auto k = static_cast<std::size_t>(out.shape.back());
    out.shape[out.shape.size() - 1] = 5;
    for (std::size_t at = 0; at < static_cast<std::size_t>(element_count(out.shape)) / 5; ++at) {
      std::vector<Number> order;
      for (std::int64_t i = 0; i < 5; ++i) order.push_back(whole(i));
      for (std::size_t i = 0; i < k; ++i) std::swap(order[i], order[static_cast<std::size_t>(in[0].v[at * k + i].i)]);
      out.v.insert(out.v.end(), order.begin(), order.end());
    }
    return {out};
  };
  c.errors.push_back(refused({DType::int64, {3}, 0, 2}, {"int32", "i64[3]"}));
  c.errors.push_back(refused({DType::int32, {6}, 0, 2}, {"permutation_size = 5", "i32[6]"}));
  to.push_back(c);
}

void add_qr(std::vector<Case>& to, DType t) {
  for (const bool full : {false, true}) {
    auto shapes = full ? std::vector<std::vector<Shape>>{} : kTall;
    shapes.insert(shapes.end(), kSquare.begin(), kSquare.end());
    shapes.insert(shapes.end(), kWide.begin(), kWide.end());
    Case c{named(full ? "qr/full" : "qr", t),
           "qr",
           {},
           of_shapes(t, shapes),
           {},
           2000,
           2000,
           {smooth(t)},
           {0},
           no_matrix()};
    c.f = [full](const Arrays& a) -> Arrays {
      const auto [q, r] = la::qr(raised(a[0], 2), {.full_matrices = full});
      return {q, r};
    };
    c.reference =
        stacked([full](const Matrices& a) { return qr_of(raised(a[0], 2), full); }, {2}, {Out::matrix, Out::matrix});
    to.push_back(c);
  }
  Case g{named("geqrf", t), "geqrf", {}, of_shapes(t, kTall), {}, 1000, 1000, {0}, {0}, no_matrix()};
  g.f = [](const Arrays& a) -> Arrays {
    const auto [x, taus] = la::geqrf(a[0]);
    return {x, taus};
  };
  g.reference = stacked([](const Matrices& a) { return geqrf_of(a[0]); }, {2}, {Out::matrix, Out::vector});
  to.push_back(g);
  Case h{named("householder_product", t), "householder_product", {}, {}, {}, 1000, 1000, {0, 0}, {0, 0}, {}};
  h.signatures = of_shapes(t, {{{4, 3}, {2}}, {{3, 3}, {3}}, {{2, 4, 2}, {2, 2}}, {{3, 0}, {0}}, {{2, 2}, {0}}});
  h.f = [](const Arrays& a) -> Arrays { return {la::householder_product(a[0], a[1])}; };
  h.reference =
      stacked([](const Matrices& a) -> Matrices { return {product_of(a[0], a[1], a[0].n)}; }, {2, 1}, {Out::matrix});
  h.errors.push_back({[] { return Arrays{fluxion::ones({2, 3}), fluxion::ones({2})}; }, {"m >= n >= k", "f64[2,3]"}});
  to.push_back(h);
}

// Vectors are compared by their squares, which have no sign; one is added so that ulps measure the absolute error.
void add_spectral(std::vector<Case>& to, DType t) {
  Case e{named("eigh", t), "eigh", {}, of_shapes(t, kSquare), {}, 500, 500, {smooth(t)}, {0}, no_square()};
  e.f = [](const Arrays& a) -> Arrays {
    const auto [v, w] = la::eigh(raised(a[0], 2, 3));
    return {w, square_plus_one(v)};
  };
  e.reference = stacked(
      [](const Matrices& a) -> Matrices {
        const auto r = eigh_of(symmetrised(raised(a[0], 2, 3)));
        return {r[0], squares_and_one(r[1])};
      },
      {2}, {Out::vector, Out::matrix});
  to.push_back(e);

  auto shapes = kTall;
  shapes.insert(shapes.end(), kWide.begin(), kWide.end());
  Case s{named("svd", t), "svd", {}, of_shapes(t, shapes), {}, 1000, 1000, {smooth(t)}, {0}, no_matrix()};
  s.f = [](const Arrays& a) -> Arrays {
    const auto [u, values, vh] = la::svd(raised(a[0], 3, 3), {.full_matrices = false});
    return {values, square_plus_one(u), square_plus_one(vh)};
  };
  s.reference = stacked([](const Matrices& a) { return svd_of(raised(a[0], 3, 3)); }, {2},
                        {Out::vector, Out::matrix, Out::matrix});
  to.push_back(s);

  Case v{named("svd/values", t), "svd", {}, of_shapes(t, shapes), {}, 1000, 1000, {smooth(t)}, {0}, no_matrix()};
  v.f = [](const Arrays& a) -> Arrays { return {la::svdvals(raised(a[0], 3, 3))}; };
  v.reference =
      stacked([](const Matrices& a) -> Matrices { return {svd_of(raised(a[0], 3, 3))[0]}; }, {2}, {Out::vector});
  to.push_back(v);
}

void add_tridiagonal(std::vector<Case>& to, DType t) {
  Case c{named("tridiagonal_solve", t),
         "tridiagonal_solve",
         {},
         {},
         {},
         200,
         200,
         {smooth(t), smooth(t), smooth(t), smooth(t)},
         {0, 0, 0, 1},
         {}};
  for (const auto& [d, b] : {std::pair<Shape, Shape>{{0}, {0, 2}}, {{1}, {1, 1}}, {{5}, {5, 2}}, {{2, 3}, {2, 3, 1}}}) {
    Signature s{{{t, d, -1, 1}, {t, d, 3, 4}, {t, d, -1, 1}, {t, b, -1, 1}}};
    c.signatures.push_back(s);
  }
  c.f = [](const Arrays& a) -> Arrays { return {la::tridiagonal_solve(a[0], a[1], a[2], a[3])}; };
  c.reference = stacked(
      [](const Matrices& in) -> Matrices {
        Matrix a(in[1].m, in[1].m);
        for (std::int64_t i = 0; i < a.m; ++i) {
          a(i, i) = in[1](i, 0);
          if (i > 0) a(i, i - 1) = in[0](i, 0);
          if (i + 1 < a.m) a(i, i + 1) = in[2](i, 0);
        }
        return {solved(a, in[3])};
      },
      {1, 1, 1, 2}, {Out::matrix});
  c.errors.push_back(
      {[] {
         return Arrays{fluxion::ones({2}), fluxion::ones({3}), fluxion::ones({3}), fluxion::ones({3, 1})};
       },
       {"f64[3]", "got f64[2]"}});
  to.push_back(c);
}

// Complex results, whatever the operand.
void add_eig(std::vector<Case>& to, DType t) {
  Case c{named("eig", t), "eig", {}, {}, {}, 0, 0, {0}, {0}, no_square()};
  c.f = [](const Arrays& a) -> Arrays {
    const auto r = la::eig(a[0]);
    return {r.w, r.vl, r.vr};
  };
  c.reference = [](const std::vector<Host>&) -> std::vector<Host> { return {}; };
  to.push_back(c);
}

// Rebuilt from their factors, and the factors' orthogonality; one is added so that ulps measure the absolute error.
void add_reduced(std::vector<Case>& to, DType t) {
  Case s{named("schur", t), "schur", {}, of_shapes(t, kSquare), {}, 100, 100, {0}, {0}, no_square()};
  s.f = [](const Arrays& a) -> Arrays {
    const auto [form, z] = la::schur(a[0]);
    const auto r = z.ndim();
    Dims batch;
    for (std::int64_t i = 0; i + 2 < r; ++i) batch.push_back(i);
    const auto zt = lax::dot_general(z, form, {{r - 1}, {r - 2}, batch, batch});
    const auto one = lax::convert_element_type(lax::full({}, Array(2.0)), a[0].dtype());
    return {lax::add(lax::dot_general(zt, z, {{r - 1}, {r - 1}, batch, batch}), one),
            lax::add(lax::dot_general(z, z, {{r - 1}, {r - 1}, batch, batch}), one)};
  };
  s.reference = stacked(
      [](const Matrices& a) -> Matrices {
        auto rebuilt = a[0], orthogonal = unit(a[0].m);
        for (auto& x : rebuilt.v) x += 2;
        for (auto& x : orthogonal.v) x += 2;
        return {rebuilt, orthogonal};
      },
      {2}, {Out::matrix, Out::matrix});
  to.push_back(s);

  Case h{named("hessenberg", t), "hessenberg", {}, of_shapes(t, kSquare), {}, 2000, 2000, {0}, {0}, no_square()};
  h.f = [](const Arrays& a) -> Arrays {
    const auto [x, taus] = la::hessenberg(a[0]);
    return {x, taus};
  };
  h.reference = stacked([](const Matrices& a) { return hessenberg_of(a[0]); }, {2}, {Out::matrix, Out::vector});
  to.push_back(h);

  Case d{named("tridiagonal", t), "tridiagonal", {}, of_shapes(t, kSquare), {}, 2000, 2000, {0}, {0}, no_square()};
  d.f = [](const Arrays& a) -> Arrays {
    const auto r = la::tridiagonal(a[0]);
    return {r.d, r.e, r.taus};
  };
  d.reference = stacked(
      [](const Matrices& in) -> Matrices {
        Matrix a = in[0];
        for (std::int64_t i = 0; i < a.m; ++i)
          for (auto j = i + 1; j < a.m; ++j) a(i, j) = a(j, i);
        const auto r = hessenberg_of(a);
        Matrix diagonal(a.m, 1), beside(r[1].m, 1);
        for (std::int64_t i = 0; i < a.m; ++i) diagonal(i, 0) = r[0](i, i);
        for (std::int64_t i = 0; i < beside.m; ++i) beside(i, 0) = r[0](i + 1, i);
        return {diagonal, beside, r[1]};
      },
      {2}, {Out::vector, Out::vector, Out::vector});
  to.push_back(d);
}

}  // namespace

void add_linalg_cases(std::vector<Case>& to) {
  for (const auto t : kFloats) {
    add_cholesky(to, t);
    add_triangular(to, t);
    add_lu(to, t);
    add_qr(to, t);
    add_spectral(to, t);
    add_tridiagonal(to, t);
    add_reduced(to, t);
    add_eig(to, t);
  }
  add_pivots(to);
}

}  // namespace fluxion::test
