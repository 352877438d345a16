#include "testing/directions.hpp"

#include <algorithm>
#include <cmath>

namespace fluxion::testing {

namespace {

// A power of two, within what the halves hold.
double size_of(double x, double leaf, DType t) {
  const double a = std::fabs(x) > 0.01 * leaf ? std::fabs(x) : leaf;
  if (!(a > 0) || !std::isfinite(a)) return 1;
  const double size = std::exp2(std::floor(std::log2(a)));
  return t == DType::float16 ? std::clamp(size, 0x1p-8, 0x1p8) : size;
}

Vec sizes(const Layout& layout, const Vec& x) {
  Vec out(x.size(), 1);
  for (std::size_t k = 0; k < layout.leaves(); ++k) {
    double largest = 0;
    for (auto i = layout.begin(k); i < layout.begin(k + 1); ++i)
      if (std::isfinite(x[i])) largest = std::max(largest, std::fabs(x[i]));
    for (auto i = layout.begin(k); i < layout.begin(k + 1); ++i) out[i] = size_of(x[i], largest, layout.aval(k).dtype);
  }
  return out;
}

double digit(Numbers& numbers) {
  return numbers.sign() * (0.5 + 0.25 * static_cast<double>(numbers.below(5)));
}

}  // namespace

Vec coefficients(std::size_t n, Numbers& numbers) {
  Vec v(n);
  for (auto& x : v) x = digit(numbers);
  return v;
}

std::vector<Vec> covectors(std::size_t size, std::size_t n, Numbers& numbers) {
  std::vector<Vec> out;
  for (std::size_t i = 0; i < n; ++i) out.push_back(coefficients(size, numbers));
  if (size > 1 && size <= n)
    for (std::size_t i = 0; i < size; ++i) {
      out.emplace_back(size);
      out.back()[i] = 1;
    }
  return out;
}

std::vector<Vec> directions(const Layout& layout, const Vec& x, std::size_t n, Numbers& numbers) {
  const auto size = sizes(layout, x);
  std::vector<std::size_t> leaves;
  for (std::size_t k = 0; k < layout.leaves(); ++k)
    if (layout.begin(k) < layout.begin(k + 1)) leaves.push_back(k);
  std::vector<Vec> out;
  if (leaves.empty()) return out;
  for (std::size_t d = 0; d < n; ++d) {
    auto v = coefficients(x.size(), numbers);
    const auto leaf = leaves[(d / 4) % leaves.size()];
    for (std::size_t i = 0; i < v.size(); ++i) {
      const bool in_leaf = i >= layout.begin(leaf) && i < layout.begin(leaf + 1);
      const bool kept = d % 4 == 1 ? in_leaf : d % 4 == 2 ? numbers.below(v.size()) < 4 : true;
      v[i] = kept ? v[i] * (d % 4 == 3 && size[i] > 0x1p-10 && size[i] < 0x1p10 ? 1 : size[i]) : 0;
    }
    if (std::all_of(v.begin(), v.end(), [](double s) { return s == 0; })) v[d % v.size()] = size[d % v.size()];
    out.push_back(std::move(v));
  }
  if (x.size() > 1 && x.size() <= n)
    for (std::size_t i = 0; i < x.size(); ++i) {
      out.emplace_back(x.size());
      out.back()[i] = size[i];
    }
  return out;
}

}  // namespace fluxion::testing
