// Source of the method: the documentation of Stan Math's test framework (expect_ad) and of its finite differences: de
// Levie, Journal of Chemical Sciences 121 (2009); Eberly, Derivative approximation by finite differences.
#include <algorithm>
#include <cmath>

#include "testing/others.hpp"
#include "testing/real_function.hpp"

namespace fluxion::test {
namespace {

struct Relative {
  double tol, least;
  explicit Relative(double t) : tol(t), least(std::max(t * t, 1e-14)) {}
  Relative(double t, double l) : tol(t), least(l) {}
  bool near(double a, double b) const {
    if (std::isnan(a) || std::isnan(b)) return std::isnan(a) && std::isnan(b);
    if (std::isinf(a) || std::isinf(b)) return a == b;
    return std::fabs(a - b) <= std::max(tol * 0.5 * (std::fabs(a) + std::fabs(b)), least);
  }
};
const Relative kValue(1e-8), kGradient(1e-4), kHessian(1e-4, 1e-3), kThird(1e-2);

double step(double x) { return std::pow(0x1p-52, 1.0 / 7) * std::max(1.0, std::fabs(x)); }
bool finite(const Reals& v) {
  return std::all_of(v.begin(), v.end(), [](double d) { return std::isfinite(d); });
}
Reals unit(std::size_t n, std::size_t i) {
  Reals v(n);
  v[i] = 1;
  return v;
}
// y += a x
void add(Reals& y, double a, const Reals& x) {
  for (std::size_t i = 0; i < y.size(); ++i) y[i] += a * x[i];
}

struct Node {
  double at, weight;
};
constexpr Node kSix[] = {{3, 1. / 60}, {2, -9. / 60}, {1, 45. / 60}, {-1, -45. / 60}, {-2, 9. / 60}, {-3, -1. / 60}};
constexpr Node kFour[] = {{2, -1. / 12}, {1, 8. / 12}, {-1, -8. / 12}, {-2, 1. / 12}};

class Expectation {
 public:
  explicit Expectation(const RealFunction& f) : f_(f), x_(f.x()), value_(f(x_)), n_(f.inputs()), m_(f.outputs()) {}

  Complaint values() const {
    const auto forward = f_.value_by_jvp(x_), reverse = f_.value_by_vjp(x_);
    for (std::size_t k = 0; k < m_; ++k)
      if (!kValue.near(value_[k], forward[k]) || !kValue.near(value_[k], reverse[k])) return {true, "value"};
    return {};
  }

  Complaint gradients() const {
    std::vector<Reals> differences, columns;
    for (std::size_t i = 0; i < n_; ++i) {
      differences.push_back(difference(i));
      columns.push_back(f_.jvp(x_, unit(n_, i)));
    }
    const auto rows = f_.rows(x_);
    for (std::size_t k = 0; k < m_; ++k) {
      if (!std::isfinite(value_[k])) continue;
      for (std::size_t i = 0; i < n_; ++i)
        if (!kGradient.near(differences[i][k], rows[k][i]) || !kGradient.near(differences[i][k], columns[i][k]))
          return {true, "gradient"};
    }
    return {};
  }

  Complaint hessians() const {
    std::vector<std::vector<Reals>> reverse(m_);  // by result, direction: rows of the Hessian
    for (std::size_t k = 0; k < m_; ++k)
      for (std::size_t i = 0; i < n_; ++i) reverse[k].push_back(f_.jvp_of_vjp(x_, unit(m_, k), unit(n_, i)));
    for (std::size_t i = 0; i < n_; ++i) {
      for (std::size_t j = i; j < n_; ++j) {
        const auto want = second_difference(i, j), forward = f_.jvp_of_jvp(x_, unit(n_, i), unit(n_, j));
        for (std::size_t k = 0; k < m_; ++k) {
          if (!std::isfinite(value_[k])) continue;
          if (!kHessian.near(want[k], forward[k]) || !kHessian.near(want[k], reverse[k][i][j]))
            return {true, "Hessian"};
        }
      }
    }
    return {};
  }

  /// d^3 f along one direction for each pair, by differences of the derivative of second order.
  Complaint third() const {
    for (std::size_t i = 0; i < n_; ++i) {
      const RealFunction second([this, i](const Arrays& at) { return hessian_diagonal(at, i); }, f_.args());
      Reals want(second.outputs());
      for (const auto& node : kFour) add(want, node.weight / step(x_[i]), second(moved(x_, i, node.at * step(x_[i]))));
      const auto got = second.jvp(x_, unit(n_, i));
      for (std::size_t k = 0; k < want.size(); ++k)
        if (!kThird.near(want[k], got[k])) return {true, "gradient of the Hessian"};
    }
    return {};
  }

 private:
  static Reals moved(Reals x, std::size_t i, double by) {
    x[i] += by;
    return x;
  }
  Reals difference(std::size_t i) const {
    const double h = step(x_[i]);
    Reals d(m_);
    for (const auto& node : kSix) add(d, node.weight / h, f_(moved(x_, i, node.at * h)));
    return d;
  }
  Reals second_difference(std::size_t i, std::size_t j) const {
    const double h = step(x_[i]);
    Reals d(m_);
    if (i == j) {
      for (const auto& [at, weight] : {Node{2, -1}, Node{1, 16}, Node{0, -30}, Node{-1, 16}, Node{-2, -1}})
        add(d, weight / (12 * h * h), f_(moved(x_, i, at * h)));
      return d;
    }
    for (const auto& a : kFour)
      for (const auto& b : kFour) add(d, a.weight * b.weight / (h * h), f_(moved(moved(x_, i, a.at * h), j, b.at * h)));
    return d;
  }
  Arrays hessian_diagonal(const Arrays& at, std::size_t i) const {
    const auto active = f_.in().active();
    const auto t = f_.in().tangents(unit(n_, i));
    const auto results = f_.out().tangents(Reals(m_)).size();
    const FlatFn once = [&](const Arrays& in) {
      const auto all = jvp_of(f_.flat(), active)(joined(in, t));
      return part(all, all.size() - results, results);
    };
    const auto all = jvp_of(once, active)(joined(at, t));
    return part(all, all.size() - results, results);
  }

  const RealFunction& f_;
  Reals x_, value_;
  std::size_t n_, m_;
};

}  // namespace

Complaint stan_expect_ad(const FlatFn& f, const Arrays& args, int order) {
  try {
    const RealFunction real(f, args);
    const Expectation e(real);
    if (auto o = e.values(); o.complains) return o;
    if (!finite(real.x())) return {};
    if (auto o = e.gradients(); o.complains) return o;
    if (order >= 2)
      if (auto o = e.hessians(); o.complains) return o;
    return order >= 3 ? e.third() : Complaint{};
  } catch (const std::exception& e) {
    return {true, e.what()};
  }
}

}  // namespace fluxion::test
