// Cancellation, large and tiny scales, special functions, and ill-conditioned matrices.
#include "testing/tricky.hpp"

namespace fluxion::test {
namespace {

void add_cancellation(std::vector<Tricky>& to) {
  to.push_back(
      {"log(1 + x) of tiny x", [](const Arrays& x) { return Arrays{log(1.0 + x[0])}; }, drawn({{{4}, 1e-10, 1e-8}})});
  to.push_back(
      {"e^x - 1 of tiny x", [](const Arrays& x) { return Arrays{exp(x[0]) - 1.0}; }, drawn({{{4}, 1e-10, 1e-8}})});
  to.push_back({"log1p and expm1 of tiny x", [](const Arrays& x) { return Arrays{log1p(x[0]) * expm1(x[0])}; },
                drawn({{{4}, -1e-8, 1e-8}})});
  to.push_back({"variance of data with a large mean", [](const Arrays& x) { return Arrays{var(1e6 + x[0])}; },
                drawn({{{8}, -1, 1}})});
  to.push_back({"variance as a difference of moments",
                [](const Arrays& x) {
                  const Array y = 1e4 + x[0], m = mean(y);
                  return Arrays{mean(y * y) - m * m};
                },
                drawn({{{8}, -1, 1}})});
  to.push_back({"log sum exp without a shift", [](const Arrays& x) { return Arrays{log(sum(exp(x[0])))}; },
                drawn({{{5}, -20, 20}})});
  to.push_back({"log sum exp of large numbers", [](const Arrays& x) { return Arrays{logsumexp(x[0])}; },
                drawn({{{5}, 900, 1000}})});
  to.push_back(
      {"x - sin x near 0", [](const Arrays& x) { return Arrays{x[0] - sin(x[0])}; }, drawn({{{4}, -1e-4, 1e-4}})});
  to.push_back({"(1 - cos x) / x^2 near 0", [](const Arrays& x) { return Arrays{(1.0 - cos(x[0])) / (x[0] * x[0])}; },
                drawn({{{4}, 1e-2, 1e-1}})});
  to.push_back({"the small root of a quadratic",
                [](const Arrays& x) { return Arrays{0.5 * (x[0] - sqrt(x[0] * x[0] - 4.0 * x[1]))}; },
                drawn({{{3}, 1e4, 1e5}, {{3}, 0.5, 1}})});
  to.push_back({"a large number added and subtracted",
                [](const Arrays& x) { return Arrays{((x[0] + 1e10) - 1e10) * x[0]}; }, drawn({{{4}}})});
}

void add_scales(std::vector<Tricky>& to) {
  to.push_back({"values of 1e100", [](const Arrays& x) { return Arrays{x[0] * x[0] * sin(1e-100 * x[0])}; },
                drawn({{{4}, 1e100, 3e100}})});
  to.push_back({"values of 1e-100", [](const Arrays& x) { return Arrays{exp(1e100 * x[0]) * x[0]}; },
                drawn({{{4}, 1e-100, 2e-100}})});
  to.push_back({"scales mixed in one argument",
                [](const Arrays& x) {
                  return Arrays{sum(array({1e-8, 1.0, 1e8}) * sin(x[0] * array({1e8, 1.0, 1e-8})))};
                },
                [](const Array& key) -> Arrays {
                  return {random::uniform(key, {3}, float64, 0.5, 1.5) * array({1e-8, 1.0, 1e8})};
                }});
  to.push_back({"sin(1e8 x) of x near 1e-8", [](const Arrays& x) { return Arrays{sin(1e8 * x[0])}; },
                drawn({{{4}, -3e-8, 3e-8}})});
  to.push_back(
      {"sin(1e6 x) of x near 1", [](const Arrays& x) { return Arrays{sin(1e6 * x[0])}; }, drawn({{{4}, 0.5, 2}})});
  to.push_back({"e^x near overflow", [](const Arrays& x) { return Arrays{exp(x[0])}; }, drawn({{{4}, 650, 700}})});
  to.push_back({"tanh where it is flat", [](const Arrays& x) { return Arrays{tanh(x[0]) + nn::sigmoid(4.0 * x[0])}; },
                drawn({{{4}, 8, 30}})});
  to.push_back({"the tail of a Gaussian", [](const Arrays& x) { return Arrays{exp(-0.5 * x[0] * x[0])}; },
                drawn({{{4}, 10, 30}})});
  to.push_back({"a narrow peak", [](const Arrays& x) { return Arrays{1.0 / (1e-8 + (x[0] - 1.0) * (x[0] - 1.0))}; },
                drawn({{{4}, 0.999, 1.001}})});
  to.push_back({"a polynomial with twelve close roots",
                [](const Arrays& x) {
                  Array y = 1.0;
                  for (int i = 1; i <= 12; ++i) y = y * (x[0] - 0.1 * i);
                  return Arrays{y};
                },
                drawn({{{4}, 0, 1.3}})});
  to.push_back(
      {"reciprocal near its pole", [](const Arrays& x) { return Arrays{1.0 / x[0]}; }, drawn({{{4}, 1e-6, 1e-4}})});
  to.push_back({"product of 60 numbers", [](const Arrays& x) { return Arrays{prod(x[0])}; }, drawn({{{60}, 0.5, 2}})});
}

void add_special(std::vector<Tricky>& to) {
  to.push_back({"log gamma and digamma", [](const Arrays& x) { return Arrays{lax::lgamma(x[0]) + lax::digamma(x[0])}; },
                drawn({{{4}, 0.1, 20}})});
  to.push_back({"erf, erfc and the inverse",
                [](const Arrays& x) { return Arrays{erf(x[0]) + lax::erfc(3.0 * x[0]) * erfinv(0.9 * x[0])}; },
                drawn({{{4}, -1, 1}})});
  to.push_back({"the incomplete beta function", [](const Arrays& x) { return Arrays{lax::betainc(2.0, 3.0, x[0])}; },
                drawn({{{3}, 0.05, 0.95}})});
  to.push_back({"the incomplete gamma function",
                [](const Arrays& x) { return Arrays{lax::igamma(2.5, x[0]) + lax::igammac(0.5, x[0])}; },
                drawn({{{3}, 0.1, 8}})});
  to.push_back({"Bessel functions",
                [](const Arrays& x) { return Arrays{lax::bessel_i0e(x[0]) * lax::bessel_i1e(x[0])}; },
                drawn({{{4}, 0.5, 12}})});
  to.push_back(
      {"the normal distribution's cdf and its inverse",
       [](const Arrays& x) { return Arrays{scipy::special::ndtr(x[0]) * scipy::special::ndtri(nn::sigmoid(x[0]))}; },
       drawn({{{4}, -4, 4}})});
  to.push_back({"x^x", [](const Arrays& x) { return Arrays{power(x[0], x[0])}; }, drawn({{{4}, 0.01, 3}})});
}

Array symmetric(const Array& a) { return 0.5 * (a + a.T()); }

}  // namespace

void add_tricky_numbers(std::vector<Tricky>& to) {
  add_cancellation(to);
  add_scales(to);
  add_special(to);
}

void add_tricky_matrices(std::vector<Tricky>& to) {
  const auto hilbert = [] {
    const Array i = arange(6.0);
    return 1.0 / (i[{range(), newaxis}] + i[{newaxis, range()}] + 1.0);
  };
  to.push_back({"solution of a Hilbert system",
                [hilbert](const Arrays& x) { return Arrays{linalg::solve(hilbert() * (1.0 + 1e-3 * x[0]), x[0])}; },
                drawn({{{6}}})});
  to.push_back({"determinant and its logarithm",
                [](const Arrays& x) {
                  return Arrays{linalg::det(x[0]), linalg::slogdet(x[0]).logabsdet};
                },
                drawn({{{4, 4}, -1, 1}})});
  to.push_back({"determinant near 0",
                [](const Arrays& x) {
                  return Arrays{linalg::det(outer(x[0], x[0]) + 1e-3 * linalg::diagonal(outer(x[0], x[0])) * eye(3))};
                },
                drawn({{{3}}})});
  to.push_back({"close eigenvalues",
                [](const Arrays& x) { return Arrays{linalg::eigvalsh(eye(3) + 1e-2 * symmetric(x[0]))}; },
                drawn({{{3, 3}, -1, 1}})});
  to.push_back({"eigenvectors",
                [](const Arrays& x) {
                  const auto e = linalg::eigh(symmetric(x[0]) + fluxion::diag(array({0.0, 3.0, 6.0})));
                  return Arrays{e.eigenvalues, e.eigenvectors * e.eigenvectors};
                },
                drawn({{{3, 3}, -1, 1}})});
  to.push_back({"Cholesky factor of a nearly singular matrix",
                [](const Arrays& x) { return Arrays{linalg::cholesky(matmul(x[0], x[0].T()) + 1e-4 * eye(3))}; },
                drawn({{{3, 2}, -1, 1}})});
  to.push_back(
      {"inverse", [](const Arrays& x) { return Arrays{linalg::inv(x[0] + 0.3 * eye(3))}; }, drawn({{{3, 3}, -1, 1}})});
  to.push_back(
      {"singular values", [](const Arrays& x) { return Arrays{linalg::svdvals(x[0])}; }, drawn({{{3, 4}, -1, 1}})});
  to.push_back({"QR factors",
                [](const Arrays& x) {
                  const auto f = linalg::qr(x[0]);
                  return Arrays{f.q, f.r};
                },
                drawn({{{4, 3}, -1, 1}})});
  to.push_back({"matrix exponential", [](const Arrays& x) { return Arrays{scipy::linalg::expm(x[0])}; },
                drawn({{{2, 2}, -2, 2}})});
  to.push_back({"power spectrum",
                [](const Arrays& x) {
                  const Array z = fft::rfft(x[0]);
                  return Arrays{real(z) * real(z) + imag(z) * imag(z)};
                },
                drawn({{{8}, -1, 1}})});
  to.push_back({"convolution", [](const Arrays& x) { return Arrays{convolve(x[0], x[1], "same")}; },
                drawn({{{7}, -1, 1}, {{3}, -1, 1}})});
}

}  // namespace fluxion::test
