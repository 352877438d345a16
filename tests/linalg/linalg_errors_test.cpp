// Every misuse of linalg is one message that says what is required, what came, and the way out.
#include <catch2/catch.hpp>

#include <fluxion/creation.hpp>
#include <fluxion/linalg.hpp>
#include <fluxion/scipy/linalg.hpp>

namespace fluxion::test {

namespace {

namespace la = linalg;
namespace sl = scipy::linalg;

template <class E, class F>
void refuses(const F& f, const std::vector<std::string>& pieces) {
  std::string message = "nothing was thrown";
  try {
    f();
  } catch (const E& e) {
    message = e.what();
  } catch (const std::exception& e) {
    message = std::string("another error: ") + e.what();
  }
  INFO(message);
  CHECK(message.rfind(pieces[0] + ":", 0) == 0);
  for (const auto& piece : pieces) CHECK_THAT(message, Catch::Contains(piece));
  CHECK_THAT(message, Catch::Contains("got") && Catch::Contains("; "));
}

}  // namespace

TEST_CASE("matrices are required, and square ones where it matters") {
  const auto vector = ones({3}), wide = ones({2, 3});
  const std::pair<const char*, std::function<void(const Array&)>> square[] = {
      {"cholesky", [](const Array& a) { la::cholesky(a); }},
      {"eigh", [](const Array& a) { la::eigh(a); }},
      {"eigvalsh", [](const Array& a) { la::eigvalsh(a); }},
      {"eig", [](const Array& a) { la::eig(a); }},
      {"eigvals", [](const Array& a) { la::eigvals(a); }},
      {"det", [](const Array& a) { la::det(a); }},
      {"slogdet", [](const Array& a) { la::slogdet(a); }},
      {"inv", [](const Array& a) { la::inv(a); }},
      {"solve", [](const Array& a) { la::solve(a, ones({2})); }},
      {"matrix_power", [](const Array& a) { la::matrix_power(a, 2); }},
      {"svd", [](const Array& a) { la::svd(a, {.hermitian = true}); }},
      {"pinv", [](const Array& a) { la::pinv(a, {}, true); }},
      {"cond", [](const Array& a) { la::cond(a, 1); }},
      {"solve_triangular", [](const Array& a) { sl::solve_triangular(a, ones({2})); }},
      {"lu_solve",
       [](const Array& a) {
         sl::lu_solve({a, array({0, 1})}, ones({2}));
       }},
      {"cho_solve",
       [](const Array& a) {
         sl::cho_solve({a, false}, ones({2}));
       }},
      {"expm", [](const Array& a) { sl::expm(a); }},
      {"expm_frechet", [](const Array& a) { sl::expm_frechet(a, a); }}};
  for (const auto& [name, f] : square) {
    refuses<ValueError>([&f = f, &vector] { f(vector); }, {name, "matrix", "f64[3]", "reshape"});
    refuses<ValueError>([&f = f, &wide] { f(wide); }, {name, "square", "f64[2,3]"});
  }
  const std::pair<const char*, std::function<void(const Array&)>> any_shape[] = {
      {"qr", [](const Array& a) { la::qr(a); }},
      {"qr_raw", [](const Array& a) { la::qr_raw(a); }},
      {"svd", [](const Array& a) { la::svd(a); }},
      {"svdvals", [](const Array& a) { la::svdvals(a); }},
      {"pinv", [](const Array& a) { la::pinv(a); }},
      {"trace", [](const Array& a) { la::trace(a); }},
      {"diagonal", [](const Array& a) { la::diagonal(a); }},
      {"matrix_transpose", [](const Array& a) { la::matrix_transpose(a); }},
      {"matrix_norm", [](const Array& a) { la::matrix_norm(a); }},
      {"lu_factor", [](const Array& a) { sl::lu_factor(a); }},
      {"lu", [](const Array& a) { sl::lu(a); }},
      {"polar", [](const Array& a) { sl::polar(a); }}};
  for (const auto& [name, f] : any_shape)
    refuses<ValueError>([&f = f, &vector] { f(vector); }, {name, "matrix", "f64[3]", "reshape"});
}

TEST_CASE("options have names") {
  refuses<ValueError>([] { la::qr(ones({2, 2}), "full"); }, {"qr", "reduced, complete or r", "full", "qr_raw"});
  refuses<ValueError>([] { la::eigh(ones({2, 2}), "l"); }, {"eigh", "L or U", "l"});
  refuses<ValueError>([] { la::eigvalsh(ones({2, 2}), "x"); }, {"eigvalsh", "L or U", "x"});
  refuses<ValueError>([] { la::norm(ones({2, 2}), "two"); }, {"norm", "fro or nuc", "two"});
  refuses<ValueError>([] { la::norm(ones({2, 2}), 3); }, {"norm", "fro, nuc, 1, 2, inf", "got 3"});
  refuses<ValueError>([] { la::norm(ones({2}), "fro"); }, {"norm", "must be a number", "fro"});
  refuses<ValueError>([] { la::vector_norm(ones({2}), "nuc"); }, {"vector_norm", "must be a number", "nuc"});
  refuses<ValueError>([] { la::norm(ones({2, 2, 2}), 2); }, {"norm", "one axis", "(0, 1, 2)", "f64[2,2,2]"});
  refuses<ValueError>([] { sl::polar(ones({2, 2}), "up"); }, {"polar", "right or left", "up"});
  refuses<ValueError>([] { sl::lu_solve(sl::lu_factor(ones({2, 2})), ones({2}), 3); }, {"lu_solve", "trans", "got 3"});
  refuses<ValueError>(
      [] {
        sl::solve_triangular(ones({2, 2}), ones({2}), {.trans = -1});
      },
      {"solve_triangular", "trans", "got -1"});
  refuses<ValueError>(
      [] {
        lax::linalg::lu_solve(ones({2, 2}), array({0, 1}), ones({2}), 5);
      },
      {"lu_solve", "trans", "got 5"});
  refuses<ValueError>([] { sl::expm(ones({2, 2}), false, -1); }, {"expm", "max_squarings", "got -1"});
}

TEST_CASE("right-hand sides and operands fit") {
  refuses<ValueError>([] { la::solve(ones({2, 2}), ones({3})); }, {"solve", "(2) or (.., 2, k)", "f64[2,2]", "f64[3]"});
  refuses<ValueError>(
      [] {
        la::solve(ones({4, 2, 2}), ones({4, 2}));
      },
      {"solve", "f64[4,2,2]", "f64[4,2]", "last axis of extent 1"});
  refuses<ValueError>([] { la::solve(ones({2, 2}), 1.0); }, {"solve", "f64[]"});
  refuses<ValueError>([] { la::solve(ones({3, 2, 2}), ones({4, 2, 1})); }, {"solve", "(3,)", "(4,)"});
  refuses<TypeError>([] { lax::linalg::solve(ones({2, 2}), ones({3})); }, {"solve", "f64[3]", "fx::linalg::solve"});
  refuses<TypeError>(
      [] {
        lax::linalg::solve(ones({2, 2}), ones<float>({2}));
      },
      {"solve", "f32[2]", "fx::linalg::solve"});
  refuses<ValueError>([] { sl::cho_solve(sl::cho_factor(eye(2)), ones({3})); }, {"cho_solve", "f64[2,2]", "f64[3]"});
  refuses<ValueError>([] { la::lstsq(ones({3, 2}), ones({2})); }, {"lstsq", "f64[3,2]", "f64[2]", "vmap"});
  refuses<ValueError>([] { la::lstsq(ones({1, 3, 2}), ones({3})); }, {"lstsq", "f64[1,3,2]"});
  refuses<ValueError>([] { la::tensorsolve(ones({2, 3}), ones({2})); }, {"tensorsolve", "f64[2,3]", "f64[2]"});
  refuses<ValueError>([] { la::tensorinv(ones({2, 3}), 1); }, {"tensorinv", "(2,)", "(3,)"});
  refuses<ValueError>([] { la::tensorinv(ones({2, 2}), 2); }, {"tensorinv", "[1, 2)", "got 2"});
  refuses<ValueError>([] { la::multi_dot({ones({2, 2})}); }, {"multi_dot", "two or more", "got 1"});
  refuses<ValueError>([] { la::multi_dot({ones({2, 2}), ones({3, 2})}); }, {"multi_dot", "f64[3,2]", "operand 1"});
  refuses<ValueError>(
      [] {
        la::multi_dot({ones({2, 2}), ones({2}), ones({2, 2})});
      },
      {"multi_dot", "f64[2]", "operand 1"});
  refuses<ValueError>([] { la::vecdot(ones({2}), ones({3})); }, {"vecdot", "f64[2]", "f64[3]"});
  refuses<ValueError>([] { la::cross(ones({2}), ones({2})); }, {"cross", "3 elements", "f64[2]", "fx::cross"});
  refuses<ValueError>([] { cross(ones({4}), ones({3})); }, {"cross", "2 or 3", "f64[4]"});
  refuses<ValueError>([] { cross(1.0, ones({3})); }, {"cross", "f64[]"});
  refuses<ValueError>([] { la::outer(ones({2, 2}), ones({2})); }, {"outer", "two vectors", "f64[2,2]", "fx::outer"});
  refuses<ValueError>([] { la::cond(ones({0, 2})); }, {"cond", "empty", "f64[0,2]"});
  refuses<ValueError>([] { sl::polar(ones({2, 2, 2})); }, {"polar", "f64[2,2,2]", "vmap"});
  refuses<ValueError>([] { sl::block_diag({ones({2, 2, 2})}); }, {"block_diag", "f64[2,2,2]"});
  refuses<ValueError>([] { sl::expm_frechet(ones({2, 2}), ones({3, 3})); }, {"expm_frechet", "f64[3,3]", "f64[2,2]"});
  refuses<ValueError>(
      [] {
        lax::linalg::lu_pivots_to_permutation(array({0, 7}), 3);
      },
      {"lu_pivots_to_permutation", "[0, 3)", "got 7"});
}

TEST_CASE("keys are no numbers, and lax takes no integers") {
  refuses<TypeError>([] { lax::linalg::svd(ones<int>({2, 2})); }, {"svd", "float64", "i32[2,2]", "astype"});
  refuses<TypeError>(
      [] {
        lax::linalg::cholesky_update(ones({2, 2}), ones({3}));
      },
      {"cholesky_update", "f64[2]", "f64[3]"});
}

}  // namespace fluxion::test
