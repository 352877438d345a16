// Compositions over decompositions obey what primitives obey: derivatives by differences, adjoints, jit, vmap.
#include <catch2/catch.hpp>

#include <limits>

#include <fluxion/complex.hpp>
#include <fluxion/creation.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/scipy/linalg.hpp>

#include "lax/laws.hpp"

namespace fluxion::test {

namespace {

namespace sl = scipy::linalg;

constexpr std::pair<std::string_view, Outcome (*)(const Case&, const Signature&, std::uint64_t)> kLaws[] = {
    {"jit equals eager", jit_equals_eager},
    {"avals are what came out", avals_are_what_came_out},
    {"jvp equals differences", jvp_equals_differences},
    {"second derivatives equal differences", second_derivatives_equal_differences},
    {"transposes satisfy the inner product", transpose_satisfies_inner_product},
    {"linearize equals jvp", linearize_equals_jvp},
    {"each argument alone", arguments_alone},
    {"vmap equals the loop", vmap_equals_loop},
    {"jit commutes with derivatives", jit_commutes_with_derivatives},
    {"jit commutes with vmap", jit_commutes_with_vmap},
    {"vmap commutes with jvp", vmap_commutes_with_jvp},
    {"vmap commutes with vjp", vmap_commutes_with_vjp},
};

Array with_diagonal(const Array& a, double d, double step = 0) {
  const auto m = a.shape(-2), n = a.shape(-1);
  return a + (d + step * reshape(arange(static_cast<double>(n)), {1, n})) * eye(m, n);
}

void check(const std::string& name, const std::function<Arrays(const Arrays&)>& f,
           const std::vector<std::vector<Shape>>& shapes, const std::vector<std::string_view>& except = {},
           DType dtype = DType::float64) {
  Case c{name, name, f, {}, {}, 0, 0, {}, {}, {}};
  for (const auto& operands : shapes) {
    Signature s;
    for (const auto& shape : operands) s.args.push_back({dtype, shape, -1, 1});
    c.differentiable.assign(operands.size(), 1);
    c.linear.assign(operands.size(), 0);
    c.signatures.push_back(s);
  }
  for (std::size_t i = 0; i < c.signatures.size(); ++i)
    for (const auto& [law, holds] : kLaws) {
      if (std::find(except.begin(), except.end(), law) != except.end()) continue;
      INFO(name << " of " << describe(c.signatures[i]) << ": " << law);
      std::string failure;
      try {
        failure = holds(c, c.signatures[i], seed_of(name, i)).failure.value_or("");
      } catch (const std::exception& e) {
        failure = std::string("threw: ") + e.what();
      }
      CHECK(failure == "");
    }
}

using Shapes = std::vector<std::vector<Shape>>;
const Shapes kSquare{{{1, 1}}, {{2, 2}}, {{4, 4}}, {{2, 3, 3}}};
// A product of many rows is summed otherwise than that of one matrix.
const std::vector<std::string_view> kProducts{"vmap equals the loop"};

}  // namespace

TEST_CASE("solutions and inverses") {
  check("solve", [](const Arrays& a) -> Arrays { return {linalg::solve(with_diagonal(a[0], 4), a[1])}; },
        {{{1, 1}, {1}},
         {{3, 3}, {3}},
         {{3, 3}, {3, 2}},
         {{2, 3, 3}, {2, 3, 1}},
         {{2, 1, 3, 3}, {4, 3, 2}},
         {{2, 3, 3}, {3}}});
  check(
      "inv", [](const Arrays& a) -> Arrays { return {linalg::inv(with_diagonal(a[0], 4))}; }, kSquare);
  check("tensorsolve",
        [](const Arrays& a) -> Arrays {
          return {linalg::tensorsolve(a[0] + 4.0 * reshape(eye(6), {2, 3, 6}), a[1])};
        },
        {{{2, 3, 6}, {2, 3}}});
}

TEST_CASE("the derivative of pinv, tall, wide, deficient and hermitian") {
  const auto f = [](const Arrays& a) -> Arrays { return {linalg::pinv(with_diagonal(a[0], 3))}; };
  check("pinv", f, {{{3, 2}}, {{2, 4}}, {{3, 3}}, {{2, 3, 2}}}, kProducts);
  check(
      "pinv/hermitian", [](const Arrays& a) -> Arrays { return {linalg::pinv(with_diagonal(a[0], 3, 2), {}, true)}; },
      {{{3, 3}}}, kProducts);
}

TEST_CASE("least squares") {
  check(
      "lstsq",
      [](const Arrays& a) -> Arrays {
        const auto r = linalg::lstsq(with_diagonal(a[0], 3, 2), a[1]);
        return {r.x, r.residuals, r.s};
      },
      {{{4, 2}, {4}}, {{4, 3}, {4, 2}}}, kProducts);
}

TEST_CASE("determinants of all sizes") {
  const auto f = [](const Arrays& a) -> Arrays { return {linalg::det(with_diagonal(a[0], 1))}; };
  check("det", f, {{{1, 1}}, {{2, 2}}, {{3, 3}}, {{4, 4}}, {{2, 5, 5}}, {{0, 0}}});
  check(
      "slogdet", [](const Arrays& a) -> Arrays { return {linalg::slogdet(with_diagonal(a[0], 2)).logabsdet}; },
      kSquare);
}

TEST_CASE("decompositions by their numpy names") {
  check(
      "cholesky/upper", [](const Arrays& a) -> Arrays { return {linalg::cholesky(with_diagonal(a[0], 6), true)}; },
      kSquare);
  check("qr/r", [](const Arrays& a) -> Arrays { return {linalg::qr(with_diagonal(a[0], 2), "r").r}; },
        {{{3, 2}}, {{2, 3}}, {{2, 3, 3}}});
  check("svd/hermitian",
        [](const Arrays& a) -> Arrays {
          const auto [u, s, vh] = linalg::svd(with_diagonal(a[0], -4, 3), {.hermitian = true});
          return {square(u), s, square(vh)};
        },
        {{{3, 3}}, {{2, 4, 4}}});
  check(
      "eigvalsh", [](const Arrays& a) -> Arrays { return {linalg::eigvalsh(with_diagonal(a[0], 2, 3))}; }, kSquare);
}

TEST_CASE("norms of every order") {
  constexpr auto inf = std::numeric_limits<double>::infinity();
  for (const auto& ord : {linalg::NormOrder(none), linalg::NormOrder("fro"), linalg::NormOrder("nuc"),
                          linalg::NormOrder(1), linalg::NormOrder(-1), linalg::NormOrder(2), linalg::NormOrder(-2),
                          linalg::NormOrder(inf), linalg::NormOrder(-inf)})
    check("matrix_norm",
          [ord](const Arrays& a) -> Arrays {
            return {linalg::norm(with_diagonal(a[0], 3, 2), ord, {-2, -1}, true)};
          },
          {{{3, 2}}, {{2, 2, 3}}});
  for (const auto& ord : {linalg::NormOrder(none), linalg::NormOrder(1), linalg::NormOrder(2), linalg::NormOrder(3),
                          linalg::NormOrder(0.5), linalg::NormOrder(inf), linalg::NormOrder(-inf)})
    check("vector_norm", [ord](const Arrays& a) -> Arrays { return {linalg::vector_norm(a[0] + 2.0, ord, 0)}; },
          {{{3}}, {{2, 3}}});
  for (const auto& ord :
       {linalg::NormOrder(none), linalg::NormOrder(-2), linalg::NormOrder(1), linalg::NormOrder("fro")})
    check("cond", [ord](const Arrays& a) -> Arrays { return {linalg::cond(with_diagonal(a[0], 3, 2), ord)}; },
          {{{3, 3}}, {{2, 2, 2}}});
}

TEST_CASE("products and powers") {
  for (const auto n : {-2, -1, 0, 1, 2, 3, 5})
    check(
        "matrix_power", [n](const Arrays& a) -> Arrays { return {linalg::matrix_power(with_diagonal(a[0], 3), n)}; },
        {{{2, 2}}, {{2, 3, 3}}}, kProducts);
  check(
      "multi_dot", [](const Arrays& a) -> Arrays { return {linalg::multi_dot(a)}; },
      {{{2}, {2, 3}, {3, 4}, {4}}, {{2, 5}, {5, 1}, {1, 3}}}, kProducts);
  check("kron", [](const Arrays& a) -> Arrays { return {kron(a[0], a[1])}; }, {{{2, 3}, {2, 2}}, {{2}, {3, 2}}});
  check("cross", [](const Arrays& a) -> Arrays { return {cross(a[0], a[1])}; },
        {{{3}, {3}}, {{2}, {3}}, {{2}, {2}}, {{4, 1, 3}, {2, 3}}});
  check(
      "vecdot", [](const Arrays& a) -> Arrays { return {linalg::vecdot(a[0], a[1], 0)}; }, {{{3, 2}, {3, 2}}},
      kProducts);
  check("trace",
        [](const Arrays& a) -> Arrays {
          return {linalg::trace(a[0], 1), linalg::diagonal(a[0], -1)};
        },
        {{{3, 4}}, {{2, 3, 2}}});
}

TEST_CASE("systems of scipy") {
  check("cho_solve",
        [](const Arrays& a) -> Arrays { return {sl::cho_solve(sl::cho_factor(with_diagonal(a[0], 5)), a[1])}; },
        {{{3, 3}, {3}}, {{2, 3, 3}, {3, 2}}});
  for (const int trans : {0, 1, 2})
    check(
        "lu_solve",
        [trans](const Arrays& a) -> Arrays {
          return {sl::lu_solve(sl::lu_factor(with_diagonal(a[0], 2)), a[1], trans)};
        },
        {{{3, 3}, {3}}, {{2, 3, 3}, {3, 2}}}, kProducts);
  for (const int trans : {0, 1, 2})
    check("solve_triangular",
          [trans](const Arrays& a) -> Arrays {
            return {sl::solve_triangular(with_diagonal(a[0], 3), a[1], {.trans = trans, .lower = trans == 1})};
          },
          {{{3, 3}, {3}}, {{2, 3, 3}, {3, 2}}});
  check("lu",
        [](const Arrays& a) -> Arrays {
          const auto [p, l, u] = sl::lu(a[0]);
          return {p, l, u};
        },
        {{{3, 3}}, {{2, 4, 2}}, {{2, 3}}});
  check(
      "polar",
      [](const Arrays& a) -> Arrays {
        const auto r = sl::polar(with_diagonal(a[0], 3, 2)), l = sl::polar(with_diagonal(a[0], 3, 2), "left");
        return {r.u, r.p, l.p};
      },
      {{{3, 3}}, {{4, 2}}}, kProducts);
  check("toeplitz",
        [](const Arrays& a) -> Arrays {
          return {sl::toeplitz(a[0], a[1]), sl::toeplitz(a[0])};
        },
        {{{3}, {4}}, {{1}, {1}}});
  check("block_diag", [](const Arrays& a) -> Arrays { return {sl::block_diag(a)}; }, {{{2, 3}, {}, {2}, {1, 1}}});
}

TEST_CASE("the matrix exponential at every order and with squarings") {
  for (const double scale : {0.003, 0.05, 0.2, 0.5, 2.0, 20.0})
    check(
        "expm", [scale](const Arrays& a) -> Arrays { return {sl::expm(a[0] * scale)}; }, {{{3, 3}}, {{2, 2, 2}}},
        kProducts);
}

TEST_CASE("complex matrices") {
  const auto holds = [](const std::string& name, const std::function<Arrays(const Arrays&)>& f, const Shapes& shapes) {
    check("complex " + name, f, shapes, kProducts, DType::complex128);
  };
  // Vectors have a phase that LAPACK chooses otherwise than the derivative does: their magnitudes are compared.
  const auto magnitude = [](const Array& z) { return square(real(z)) + square(imag(z)); };
  holds("cholesky", [](const Arrays& a) -> Arrays { return {linalg::cholesky(with_diagonal(a[0], 6))}; }, kSquare);
  holds("solve", [](const Arrays& a) -> Arrays { return {linalg::solve(with_diagonal(a[0], 4), a[1])}; },
        {{{3, 3}, {3}}, {{2, 3, 3}, {3, 2}}});
  holds("inv", [](const Arrays& a) -> Arrays { return {linalg::inv(with_diagonal(a[0], 4))}; }, kSquare);
  holds("lu", [](const Arrays& a) -> Arrays { return {lax::linalg::lu(with_diagonal(a[0], 3)).lu}; }, {{{3, 3}}, {{3, 2}}, {{2, 2, 3}}});
  holds("qr", [](const Arrays& a) -> Arrays {
    const auto [q, r] = linalg::qr(with_diagonal(a[0], 3));
    return {q, r};
  }, {{{3, 3}}, {{4, 2}}, {{2, 3}}});
  holds("det", [](const Arrays& a) -> Arrays { return {linalg::det(with_diagonal(a[0], 2))}; }, {{{2, 2}}, {{3, 3}}, {{4, 4}}});
  holds("slogdet", [](const Arrays& a) -> Arrays {
    const auto [sign, logabs] = linalg::slogdet(with_diagonal(a[0], 2));
    return {sign, logabs};
  }, {{{2, 2}}, {{2, 3, 3}}});
  holds("eigh", [magnitude](const Arrays& a) -> Arrays {
    const auto [w, v] = linalg::eigh(with_diagonal(a[0], 2, 3));
    return {w, magnitude(v)};
  }, {{{3, 3}}, {{2, 2, 2}}});
  holds("svd", [magnitude](const Arrays& a) -> Arrays {
    const auto [u, s, vh] = linalg::svd(with_diagonal(a[0], 3, 3), {.full_matrices = false});
    return {magnitude(u), s, magnitude(vh)};
  }, {{{3, 3}}, {{4, 2}}, {{2, 3}}});
  holds("eig", [magnitude](const Arrays& a) -> Arrays {
    const auto [w, v] = linalg::eig(with_diagonal(a[0], 2, 4));
    return {w, magnitude(v), linalg::eigvals(with_diagonal(a[0], 2, 4))};
  }, {{{3, 3}}, {{2, 2, 2}}});
  holds("pinv", [](const Arrays& a) -> Arrays { return {linalg::pinv(with_diagonal(a[0], 3))}; }, {{{3, 2}}, {{2, 3}}});
  holds("norms", [](const Arrays& a) -> Arrays {
    const auto x = with_diagonal(a[0], 3, 2);
    return {linalg::norm(x), linalg::norm(x, 2), linalg::norm(x, "nuc"), linalg::norm(x, 1)};
  }, {{{3, 2}}});
  holds("lstsq", [](const Arrays& a) -> Arrays {
    const auto r = linalg::lstsq(with_diagonal(a[0], 3, 2), a[1]);
    return {r.x, r.residuals};
  }, {{{4, 2}, {4}}});
  holds("triangular_solve", [](const Arrays& a) -> Arrays {
    return {lax::linalg::triangular_solve(with_diagonal(a[0], 3), a[1], {.lower = true, .conjugate_a = true}),
            lax::linalg::triangular_solve(with_diagonal(a[0], 3), a[1], {.transpose_a = true, .conjugate_a = true})};
  }, {{{3, 3}, {2, 3}}});
  holds("tridiagonal_solve", [](const Arrays& a) -> Arrays {
    return {lax::linalg::tridiagonal_solve(a[0], a[1] + 4.0, a[2], a[3])};
  }, {{{4}, {4}, {4}, {4, 2}}});
  holds("expm", [](const Arrays& a) -> Arrays { return {sl::expm(a[0] * 2.0)}; }, {{{2, 2}}});
}

TEST_CASE("eigenvalues of real matrices, which are complex") {
  const auto parts = [](const Array& z) { return Arrays{real(z), imag(z)}; };
  check("eig of real", [parts](const Arrays& a) { return parts(linalg::eigvals(with_diagonal(a[0], 2, 4))); }, {{{3, 3}}, {{2, 2, 2}}}, kProducts);
  const auto rotation = array({{0.0, -2.0}, {2.0, 0.0}});
  check("eig of a rotation", [parts, rotation](const Arrays& a) { return parts(linalg::eigvals(a[0] * 0.1 + rotation)); }, {{{2, 2}}}, kProducts);
}

}  // namespace fluxion::test
