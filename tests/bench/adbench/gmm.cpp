// A Gaussian mixture whose inverse covariances are Q'Q, with lower triangular Q of positive diagonal.
#include <cmath>
#include <vector>

#include "programs.hpp"

namespace fx = fluxion;

namespace adbench {
namespace {

/// Q, of which `icf` has the logarithm of the diagonal, then what is below it, column by column.
Array factor(const Array& icf, std::int64_t d) {
  const Array diagonal = fx::exp(icf[fx::range(0, d)]);
  fx::Arrays columns;
  for (std::int64_t j = 0, at = d; j < d; ++j) {
    const auto below = d - j - 1;
    columns.push_back(fx::concatenate({fx::zeros({j}), diagonal[fx::range(j, j + 1)], icf[fx::range(at, at + below)]}));
    at += below;
  }
  return fx::stack(columns, 1);
}

/// ln of the multivariate gamma function.
double log_gamma(std::int64_t d, double a) {
  double out = 0.25 * static_cast<double>(d * (d - 1)) * std::log(M_PI);
  for (std::int64_t j = 1; j <= d; ++j) out += std::lgamma(a + 0.5 * static_cast<double>(1 - j));
  return out;
}

Array log_wishart_prior(const Gmm& p, const GmmData& data, std::int64_t d) {
  const auto k = static_cast<double>(p.alphas.size()), nu = static_cast<double>(d + data.m + 1);
  const double scale = std::log(data.gamma) - 0.5 * std::log(2.0);
  const double constant = nu * static_cast<double>(d) * scale - log_gamma(d, 0.5 * nu);
  const Array log_diagonal = p.icf(fx::ellipsis, fx::range(0, d));
  const Array below = p.icf(fx::ellipsis, fx::range(d, p.icf.shape(1)));
  const Array squares = fx::sum(fx::square(fx::exp(log_diagonal))) + fx::sum(fx::square(below));
  return 0.5 * data.gamma * data.gamma * squares - static_cast<double>(data.m) * fx::sum(log_diagonal) - k * constant;
}

}  // namespace

Gmm gmm_of(const GmmInput& in) {
  return {fx::array(in.alphas), fx::array(in.means, {in.k, in.d}), fx::array(in.icf, {in.k, in.d * (in.d + 1) / 2})};
}
GmmData gmm_data_of(const GmmInput& in) {
  std::vector<double> columns(in.x.size());
  for (std::size_t i = 0, n = static_cast<std::size_t>(in.n), d = static_cast<std::size_t>(in.d); i < n; ++i)
    for (std::size_t j = 0; j < d; ++j) columns[j * n + i] = in.x[i * d + j];
  return {fx::array(columns, {in.d, in.n}), in.gamma, in.m};
}

Array gmm_objective(const Gmm& p, const GmmData& data) {
  const auto d = data.x.shape(0), n = data.x.shape(1);
  const auto log_density = [&](const Array& alpha, const Array& mean, const Array& icf) {
    const Array q = factor(icf, d);
    const Array y = fx::dot(q, data.x) - fx::expand_dims(fx::dot(q, mean), 1);  // columns Q (x - mean)
    return alpha + fx::sum(icf[fx::range(0, d)]) - 0.5 * fx::sum(fx::square(y), 0);
  };
  const Array of_components = fx::vmap(log_density)(p.alphas, p.means, p.icf);  // [k, n]
  const auto points = static_cast<double>(n);
  const double constant = -0.5 * points * static_cast<double>(d) * std::log(2 * M_PI);
  return constant + fx::sum(fx::logsumexp(of_components, 0)) - points * fx::logsumexp(p.alphas) +
         log_wishart_prior(p, data, d);
}

}  // namespace adbench
