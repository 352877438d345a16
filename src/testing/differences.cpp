#include "testing/differences.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace fluxion::testing {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();
constexpr double kEps = std::numeric_limits<double>::epsilon();

struct Level {
  double h;
  Vec up, down;
};

// The tableau of one result.
class Extrapolation {
 public:
  Extrapolation(const std::vector<Level>& levels, std::size_t k, double at_zero, double noise)
      : levels_(levels), k_(k), y0_(at_zero), noise_(noise) {}

  void into(Estimate& e) {
    collect();
    if (!std::isfinite(y0_) || (steps_.empty() && sided_.size() < 2)) return put(e, Kind::non_finite, 0, kInf);
    if (steps_.size() < 2) return one_sided(e);
    extrapolate(0);
    if (!near_finest()) extrapolate(steps_.size() / 2);
    if (is_kink()) {
      e.left[k_] = left_;
      e.right[k_] = right_;
      return put(e, Kind::kink, value_, error_);
    }
    put(e, Kind::smooth, value_, error_);
  }

 private:
  struct Step {
    double h, up, down;
  };

  void collect() {
    for (const auto& l : levels_) {
      const bool u = std::isfinite(l.up[k_]), d = std::isfinite(l.down[k_]);
      if (u && d) steps_.push_back({l.h, l.up[k_], l.down[k_]});
      else if (u || d) sided_.push_back({l.h, l.up[k_], l.down[k_]});
    }
  }
  void put(Estimate& e, Kind kind, double value, double error) {
    e.kind[k_] = kind;
    e.value[k_] = value;
    e.error[k_] = error;
  }
  // At the border of the domain: a kink whose other side is not there.
  void one_sided(Estimate& e) {
    if (sided_.size() < 2) return put(e, Kind::non_finite, 0, kInf);
    const auto& s = sided_.back();
    const bool up = std::isfinite(s.up);
    const double slope = up ? (s.up - y0_) / s.h : (y0_ - s.down) / s.h;
    e.left[k_] = up ? std::numeric_limits<double>::quiet_NaN() : slope;
    e.right[k_] = up ? slope : std::numeric_limits<double>::quiet_NaN();
    put(e, Kind::kink, slope, kInf);
  }

  double rounding(double h) const { return (noise_ + kEps * std::fabs(y0_)) / h; }

  static double central(const Step& s) { return (s.up - s.down) / (2 * s.h); }

  // On a plateau, coarse steps agree with each other to the last bit, and not with the fine ones.
  bool near_finest() const {
    const double last = central(steps_.back()), before = central(steps_[steps_.size() - 2]);
    return std::fabs(value_ - last) <= error_ + 4 * std::fabs(last - before) + 8 * rounding(steps_.back().h);
  }

  void extrapolate(std::size_t first) {
    const auto n = steps_.size();
    std::vector<double> row(n), before;
    error_ = kInf;
    for (std::size_t i = first; i < n; ++i) {
      row[0] = central(steps_[i]);
      for (std::size_t j = 1; j <= i - first; ++j) {
        const double ratio = steps_[i - j].h / steps_[i].h, factor = ratio * ratio;
        row[j] = row[j - 1] + (row[j - 1] - before[j - 1]) / (factor - 1);
        const double spread = std::max(std::fabs(row[j] - row[j - 1]), std::fabs(row[j] - before[j - 1]));
        consider(row[j], spread + rounding(steps_[i].h));
      }
      before = row;
    }
  }
  void consider(double value, double error) {
    if (!(error < error_)) return;
    value_ = value;
    error_ = error;
  }

  // Forward and backward differences of a smooth function come together like h; those at a kink stay apart.
  bool is_kink() {
    const auto gap = [this](const Step& s) { return (s.up - y0_) / s.h - (y0_ - s.down) / s.h; };
    const auto& fine = steps_.back();
    const auto& coarse = steps_[steps_.size() / 2 == 0 ? 0 : steps_.size() / 2 - 1];
    right_ = (fine.up - y0_) / fine.h;
    left_ = (y0_ - fine.down) / fine.h;
    const double g = gap(fine), scale = std::max({std::fabs(left_), std::fabs(right_)});
    if (std::fabs(g) <= 64 * rounding(fine.h) || std::fabs(g) <= 1e-7 * scale) return false;
    return std::fabs(g) > 0.6 * std::fabs(gap(coarse));
  }

  const std::vector<Level>& levels_;
  std::size_t k_;
  double y0_, noise_;
  std::vector<Step> steps_, sided_;
  double value_ = 0, error_ = 0, left_ = 0, right_ = 0;
};

}  // namespace

Estimate ridders(const Curve& y, const Vec& at_zero, const RiddersOptions& options) {
  std::vector<Level> levels;
  double h = options.first_step;
  for (int i = 0; i < options.levels; ++i, h /= 2) levels.push_back({h, y(h), y(-h)});
  const auto n = at_zero.size();
  Estimate e{Vec(n), Vec(n), Vec(n), Vec(n), std::vector<Kind>(n, Kind::smooth)};
  for (std::size_t k = 0; k < n; ++k)
    Extrapolation(levels, k, at_zero[k], options.noise != nullptr ? (*options.noise)[k] : 0).into(e);
  return e;
}

}  // namespace fluxion::testing
