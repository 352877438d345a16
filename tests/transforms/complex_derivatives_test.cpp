// Derivatives of and through complex numbers, by jax's conventions.
#include <catch2/catch.hpp>

#include <cmath>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/numpy.hpp>
#include <fluxion/transforms.hpp>

#include "support/text.hpp"

namespace fluxion {

namespace {

using C = std::complex<double>;

C value(const Array& x) { return x.item<C>(); }
bool near(C a, C b) { return std::abs(a - b) <= 1e-12 * (1 + std::abs(b)); }

struct Holomorphic {
  const char* name;
  Array (*f)(const Array&);
};
const Holomorphic kHolomorphic[] = {
    {"sin", [](const Array& z) { return sin(z); }},
    {"exp z^2", [](const Array& z) { return exp(z * z); }},
    {"log", [](const Array& z) { return log(z); }},
    {"sqrt", [](const Array& z) { return sqrt(z); }},
    {"tanh/z", [](const Array& z) { return tanh(z) / z; }},
    {"power", [](const Array& z) { return power(z, C(0.5, 1.5)) + power(z, 3); }},
    {"logistic of log1p", [](const Array& z) { return lax::logistic(lax::log1p(z)); }},
    {"expm1 cos", [](const Array& z) { return lax::expm1(z) * cos(z); }},
};
const C kPoint(0.7, 0.4);

}  // namespace

TEST_CASE("holomorphic functions have one derivative, which all modes give") {
  for (const auto& h : kHolomorphic) {
    INFO(h.name);
    const Array z = scalar(kPoint);
    const double step = 1e-6;
    const C numeric = (value(h.f(scalar(kPoint + step))) - value(h.f(scalar(kPoint - step)))) / (2 * step);
    const C slope = value(grad(h.f, {.holomorphic = true})(z));
    CHECK(std::abs(slope - numeric) < 1e-8 * (1 + std::abs(numeric)));
    CHECK(near(value(jacfwd(h.f, {.holomorphic = true})(z)), slope));
    CHECK(near(value(jacrev(h.f, {.holomorphic = true})(z)), slope));
    CHECK(near(value(jit(grad(h.f, {.holomorphic = true}))(z)), slope));
    const auto [primal, tangent] = jvp(h.f, z, scalar(C(0, 1)));
    CHECK(near(value(tangent), slope * C(0, 1)));
    const auto [same, pullback] = vjp(h.f, z);
    CHECK(near(value(pullback(scalar(C(2, -1)))), slope * C(2, -1)));  // without a conjugate
    const auto second = grad(grad(h.f, {.holomorphic = true}), {.holomorphic = true});
    const C difference = (value(grad(h.f, {.holomorphic = true})(scalar(kPoint + step))) -
                          value(grad(h.f, {.holomorphic = true})(scalar(kPoint - step)))) / (2 * step);
    CHECK(std::abs(value(second(z)) - difference) < 1e-7 * (1 + std::abs(difference)));
  }
}

TEST_CASE("the derivatives of holomorphic functions obey the Cauchy-Riemann equations") {
  for (const auto& h : kHolomorphic) {
    INFO(h.name);
    const auto parts = [&](const Array& xy) {
      const auto w = h.f(lax::complex(xy[0], xy[1]));
      return stack({real(w), imag(w)});
    };
    const auto j = jacfwd(parts)(array({kPoint.real(), kPoint.imag()})).to_vector<double>();  // [[u_x, u_y], [v_x, v_y]]
    const auto k = jacrev(parts)(array({kPoint.real(), kPoint.imag()})).to_vector<double>();
    CHECK(std::abs(j[0] - j[3]) < 1e-12 * (1 + std::abs(j[0])));
    CHECK(std::abs(j[1] + j[2]) < 1e-12 * (1 + std::abs(j[1])));
    for (std::size_t i = 0; i < 4; ++i) CHECK(std::abs(j[i] - k[i]) < 1e-12 * (1 + std::abs(j[i])));
  }
}

TEST_CASE("the gradient of a real function of z = x + iy is f_x - i f_y") {
  const auto square = [](const Array& z) { return real(z) * real(z) + imag(z) * imag(z); };
  CHECK(value(grad(square)(C(3, 4))) == C(6, -8));
  CHECK(value(grad([](const Array& z) { return real(z * conj(z)); })(C(3, 4))) == C(6, -8));
  CHECK(near(value(grad([](const Array& z) { return abs(z); })(C(3, 4))), C(0.6, -0.8)));
  CHECK(value(grad([](const Array& z) { return abs(z); })(C(0, 0))) == C(0, 0));
  CHECK(value(grad([](const Array& z) { return imag(z); })(C(3, 4))) == C(0, -1));
  CHECK(value(grad([](const Array& z) { return real(conj(z) * C(1, 2)); })(C(3, 4))) == C(1, -2));
  CHECK(near(value(grad([](const Array& z) { return angle(z); })(C(3, 4))), C(-0.16, -0.12)));
}

TEST_CASE("steps against the conjugate of the gradient go downhill") {
  const auto f = [](const Array& z) { return sum(square(abs(z * z - C(0, 2)))); };
  Array z = array<C>({C(1, 0.5), C(-1.5, -0.5)});
  for (int i = 0; i < 200; ++i) z = z - 0.02 * conj(grad(f)(z));
  CHECK(f(z).item<double>() < 1e-10);
}

TEST_CASE("jax's documented example: a function of a complex number by its parts") {
  // u(x, y) + i v(x, y) with u = x^2 y, v = x y^3; its vjp of ct is real(ct) du + imag(-ct) ... as the cookbook derives.
  const auto f = [](const Array& z) {
    const auto x = real(z), y = imag(z);
    return lax::complex(x * x * y, x * y * y * y);
  };
  const double x = 2, y = 3;
  const C z(x, y), t(0.3, -0.7), ct(1.5, 0.25);
  const double ux = 2 * x * y, uy = x * x, vx = y * y * y, vy = 3 * x * y * y;
  const auto [value_out, tangent] = jvp(f, scalar(z), scalar(t));
  CHECK(near(value(tangent), C(ux * t.real() + uy * t.imag(), vx * t.real() + vy * t.imag())));
  const auto [same, pullback] = vjp(f, scalar(z));
  const double c = ct.real(), d = -ct.imag();  // the cotangent as jax reads it: c - i d
  CHECK(near(value(pullback(scalar(ct))), C(c * ux + d * vx, -(c * uy + d * vy))));
}

TEST_CASE("complex values pass through real functions of real arguments") {
  const auto f = [](const Array& x) { return real(exp(lax::complex(zeros_like(x), x)) * C(0, 1)); };  // -sin x
  CHECK(std::abs(grad(f)(0.8).item<double>() + std::cos(0.8)) < 1e-14);
  CHECK(std::abs(grad(grad(f))(0.8).item<double>() - std::sin(0.8)) < 1e-14);
  const auto mapped = vmap(grad(f))(array({0.1, 0.2})).to_vector<double>();
  CHECK(std::abs(mapped[1] + std::cos(0.2)) < 1e-14);
  const auto widen = [](const Array& x) { return sum(square(abs(x.astype(complex128) * C(3, 4)))); };
  CHECK(std::abs(grad(widen)(2.0).item<double>() - 100) < 1e-12);
}

TEST_CASE("misuse of complex derivatives names the remedy") {
  const auto sine = [](const Array& z) { return sin(z); };
  const Array z = scalar(C(1, 2)), x = scalar(1.0);
  CHECK_THAT(test::thrown<TypeError>([&] { grad(sine)(z); }), Catch::Contains("grad: the output must be a real floating scalar, got c128[]; pass {.holomorphic = true}"));
  CHECK_THAT(test::thrown<TypeError>([&] { grad(sine, {.holomorphic = true})(x); }), Catch::Contains("grad: with holomorphic = true differentiated inputs must be complex, got f64[]"));
  CHECK_THAT(test::thrown<TypeError>([&] { grad([](const Array& w) { return abs(w); }, {.holomorphic = true})(z); }), Catch::Contains("grad: with holomorphic = true the output must be complex, got f64[]"));
  CHECK_THAT(test::thrown<TypeError>([&] { jacfwd(sine)(z); }), Catch::Contains("jacfwd: differentiated inputs must be real, got c128[] for arg0"));
  CHECK_THAT(test::thrown<TypeError>([&] { jacrev(sine)(z); }), Catch::Contains("jacrev: every result must be of a floating dtype, got c128[]; pass {.holomorphic = true}"));
  CHECK_THAT(test::thrown<TypeError>([&] { jacfwd([](const Array& w) { return abs(w); }, {.holomorphic = true})(z); }), Catch::Contains("jacfwd: with holomorphic = true every result must be complex, got f64[]"));
  CHECK_THAT(test::thrown<TypeError>([&] { jacrev([](const Array& w) { return abs(w); }, {.holomorphic = true})(z); }), Catch::Contains("jacrev: with holomorphic = true every result must be complex, got f64[]"));
  CHECK_THAT(test::thrown<TypeError>([&] { jvp(sine, z, x); }), Catch::Contains("jvp: the tangent of arg0 must be c128[], got f64[]"));
}

TEST_CASE("Hessians of holomorphic functions are symmetric and right") {
  const auto f = [](const Array& z) { return z[0] * z[0] * z[1] + exp(z[1]); };
  const auto h = hessian(f, {.holomorphic = true})(array<C>({C(1, 1), C(0, 2)})).to_vector<C>();
  CHECK(near(h[0], C(0, 4)));
  CHECK(near(h[1], C(2, 2)));
  CHECK(near(h[2], C(2, 2)));
  CHECK(near(h[3], std::exp(C(0, 2))));
}

TEST_CASE("halves are differentiated in their own dtype") {
  const auto f = [](const Array& x) { return sum(x * x); };
  const auto g = grad(f)(array({1.0, 2.0}).astype(float16));
  CHECK(g.dtype() == float16);
  CHECK(g.astype(float64).to_vector<double>() == std::vector{2.0, 4.0});
}

}  // namespace fluxion
