// Simpler forms of what fails: fewer results, smaller shapes, simpler numbers.
#include "testing/explain.hpp"

#include <algorithm>
#include <cmath>
#include <complex>

#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>

#include "core/node.hpp"
#include "testing/shrink_shapes.hpp"

namespace fluxion::testing {

namespace {

constexpr double kSimple[] = {1, 2, 0.5, 3, -1, 0};
constexpr std::int64_t kFewElements = 16;

bool is_number(DType t) { return t != DType::bool_ && !is_key(t) && t != DType::float0 && t != DType::tape; }

using Numbers = std::vector<std::complex<double>>;

Numbers numbers_of(const Array& x) { return x.astype(DType::complex128).to_vector<std::complex<double>>(); }

Array array_of(const Numbers& v, const Aval& like) {
  if (is_complex(like.dtype)) return array(v).reshape(like.shape).astype(like.dtype);
  std::vector<double> real;
  for (const auto& z : v) real.push_back(z.real());
  return array(real).reshape(like.shape).astype(like.dtype);
}

double rounded(double v, double unit) { return std::isfinite(v) ? std::round(v * unit) / unit : v; }

// The same with so many digits behind the point.
Numbers rounded(const Numbers& v, double unit) {
  Numbers out;
  for (const auto& z : v) out.emplace_back(rounded(z.real(), unit), rounded(z.imag(), unit));
  return out;
}

bool is_simple(std::complex<double> z) {
  return z.imag() == 0 && std::find(std::begin(kSimple), std::end(kSimple), z.real()) != std::end(kSimple);
}

// Tries values in order; `x` becomes the first that holds.
class Simplifier {
 public:
  Simplifier(const Array& x, const std::function<bool(const Array&)>& keep)
      : like_(x.aval()), keep_(keep), v_(numbers_of(x)), x_(x) {}

  Array run() {
    if (same_everywhere()) return x_;
    for (const double unit : {1.0, 10.0, 100.0, 1000.0})
      if (take(rounded(v_, unit))) break;
    if (like_.size() <= kFewElements) each_element();
    return x_;
  }

 private:
  bool take(Numbers v) {
    if (v == v_) return false;
    const auto candidate = array_of(v, like_);
    if (!keep_(candidate)) return false;
    v_ = std::move(v);
    x_ = candidate;
    return true;
  }
  bool same_everywhere() {
    if (!v_.empty() && is_simple(v_[0]) && std::all_of(v_.begin(), v_.end(), [&](auto z) { return z == v_[0]; }))
      return true;
    for (const double s : kSimple)
      if (take(Numbers(v_.size(), s))) return true;
    return is_complex(like_.dtype) && take(Numbers(v_.size(), {1, 2}));
  }
  void each_element() {
    for (std::size_t k = 0; k < v_.size(); ++k) {
      if (is_simple(v_[k])) continue;
      for (const double s : kSimple) {
        auto v = v_;
        v[k] = s;
        if (take(std::move(v))) break;
      }
    }
  }

  Aval like_;
  const std::function<bool(const Array&)>& keep_;
  Numbers v_;
  Array x_;
};

Case with_fewer_results(const Case& c, const Probe& probe) {
  for (std::size_t k = 0; k < c.program.out.size() && c.program.out.size() > 1; ++k)
    if (const auto one = with_results(c, {k}); probe.fails(one)) return one;
  return c;
}

Case with_simple_numbers(Case c, const Probe& probe) {
  for (std::size_t i = 0; i < c.values.size(); ++i) {
    const auto with = [&](const Array& x) {
      Case other = c;
      other.values[i] = x;
      return other;
    };
    c.values[i] = with_simple_values(c.values[i], [&](const Array& x) { return probe.fails(with(x)); });
  }
  return c;
}

// Scalars that stand still become literals.
Case with_literals(const Case& c, const Probe& probe) {
  Case out = c;
  for (std::size_t i = out.program.n_consts; i-- > 0;) {
    const auto& x = out.values[i];
    if (x.ndim() != 0 || is_key(x.dtype())) continue;
    const auto v = out.program.in[i];
    const auto replace = [&](std::vector<Atom>& atoms) {
      for (auto& a : atoms)
        if (a.var == v) a = {-1, x};
    };
    for (auto& e : out.program.eqns) replace(e.in);
    replace(out.program.out);
    out.program.in.erase(out.program.in.begin() + static_cast<std::ptrdiff_t>(i));
    out.values.erase(out.values.begin() + static_cast<std::ptrdiff_t>(i));
    --out.program.n_consts;
  }
  return out.program.in.size() < c.program.in.size() && probe.fails(out) ? out : c;
}

}  // namespace

Array with_simple_values(const Array& x, const std::function<bool(const Array&)>& keep) {
  if (!is_number(x.dtype()) || x.size() == 0) return x;
  return Simplifier(x, keep).run();
}

Case shrunk(const Case& c, const Probe& probe) {
  auto best = with_fewer_results(c, probe);
  best = with_small_shapes(best, probe);
  best = with_simple_numbers(best, probe);
  best = with_small_shapes(best, probe);  // some are kept by their numbers only
  return with_literals(best, probe);
}

}  // namespace fluxion::testing
