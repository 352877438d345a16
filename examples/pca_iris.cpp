// Principal components of Fisher's irises: singular values of the centred measurements say along which directions
// flowers differ, and a two-dimensional picture of them is printed. The shares of variance are well-known numbers, and
// checked.
#include <fluxion/fluxion.hpp>
#include <fluxion/lax/linalg.hpp>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <fstream>
#include <iostream>
#include <sstream>
#include <stdexcept>
#include <string>
#include <vector>

namespace fx = fluxion;
using fx::Array;

struct Irises {
  std::vector<std::string> species;
  std::vector<double> measurements;  // 4 per flower
  std::vector<int> kinds;            // one per flower
};

Irises read_irises(const std::string& path) {
  std::ifstream in(path);
  const auto fields_of = [&](std::size_t wanted) {
    std::string line, field;
    std::vector<std::string> fields;
    std::getline(in, line);
    for (std::istringstream rest(line); std::getline(rest, field, ',');) fields.push_back(field);
    if (fields.size() != wanted) throw std::runtime_error(path + ": cannot be read, or is no table of irises");
    return fields;
  };
  const auto head = fields_of(5);
  Irises out{{head.begin() + 2, head.end()}, {}, {}};
  for (int i = std::stoi(head[0]); i > 0; --i) {
    const auto row = fields_of(5);
    for (std::size_t k = 0; k < 4; ++k) out.measurements.push_back(std::stod(row[k]));
    out.kinds.push_back(std::stoi(row[4]));
    if (out.kinds.back() < 0 || out.kinds.back() > 2)
      throw std::runtime_error(path + ": the species must be 0, 1 or 2");
  }
  return out;
}

struct Components {
  Array directions;  // in rows
  Array shares;      // of the variance
  Array scores;      // of each flower along each direction
};

Components principal_components(const Array& x) {
  const Array centred = x - fx::mean(x, 0);
  const auto svd = fx::lax::linalg::svd(centred, {.full_matrices = false});
  const Array variances = fx::square(svd.s);
  return {svd.vh, variances / fx::sum(variances), svd.u * svd.s};
}

/// Flowers by their first two scores, each drawn by the mark of its species.
void draw(const Array& scores, const Irises& irises) {
  constexpr int kWidth = 78, kHeight = 18;
  constexpr char kMarks[] = "o+x";
  std::vector<std::string> picture(kHeight, std::string(kWidth, ' '));
  const auto cell = [](const Array& along, int cells) {
    const Array low = fx::min(along), high = fx::max(along);
    return fx::floor((along - low) / (high - low) * (cells - 0.001)).to_vector<double>();
  };
  const auto column = cell(scores(fx::range(), 0), kWidth), row = cell(scores(fx::range(), 1), kHeight);
  for (std::size_t i = 0; i < irises.kinds.size(); ++i)
    picture[static_cast<std::size_t>(row[i])][static_cast<std::size_t>(column[i])] = kMarks[irises.kinds[i]];
  for (const auto& line : picture) std::cout << line << '\n';
  for (std::size_t k = 0; k < irises.species.size(); ++k) std::cout << kMarks[k] << ' ' << irises.species[k] << "  ";
  std::cout << '\n';
}

int main() try {
  const auto irises = read_irises(FLUXION_EXAMPLES_DATA "/iris.csv");
  const Array x = fx::array(irises.measurements, {static_cast<std::int64_t>(irises.kinds.size()), 4});
  const auto pca = fx::jit([](const Array& x) {
    const auto c = principal_components(x);
    return std::tuple(c.directions, c.shares, c.scores);
  });
  const auto [directions, shares, scores] = pca(x);
  std::cout << "shares of variance " << shares << "\ndirections\n" << directions << '\n';
  draw(scores, irises);

  const auto require = [](bool holds, const char* what) {
    if (!holds) throw std::runtime_error(std::string("not so: ") + what);
  };
  const Array known = fx::array({0.92461872, 0.05306648, 0.01710261, 0.00521218});
  require(bool(fx::allclose(shares, known, 0, 1e-8)), "the shares of variance are those that are known");
  require(bool(fx::allclose(fx::dot(directions, directions.T()), fx::eye(4), 0, 1e-12)), "directions are orthonormal");
  const Array covariance = fx::dot(scores.T(), scores) / 149.0;
  require(bool(fx::allclose(covariance, covariance * fx::eye(4), 0, 1e-12)), "scores are uncorrelated");
  require(bool(fx::allclose(fx::dot(scores, directions) + fx::mean(x, 0), x)),
          "scores and directions give back the flowers");

  // How the first share changes with each measurement: it does not depend on where the origin is, nor on the unit.
  const Array slope = fx::grad([](const Array& x) { return principal_components(x).shares[0]; })(x);
  require(bool(fx::allclose(fx::sum(slope, 0), 0.0, 0, 1e-12)), "the share does not depend on the origin");
  require(std::fabs(fx::sum(slope * (x - fx::mean(x, 0))).item<double>()) < 1e-12,
          "the share does not depend on the unit");
  return 0;
} catch (const std::exception& e) {
  std::cerr << e.what() << '\n';
  return 1;
}
