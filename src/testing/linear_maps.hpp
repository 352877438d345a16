// What a transformation gives as the derivative at a point, as a map of numbers, with its rounding errors.
#pragma once

#include "testing/program.hpp"
#include "testing/reference.hpp"

namespace fluxion::testing {

/// By how much the estimates of rounding are enlarged: they are the largest of a few samples.
constexpr double kNoiseFactor = 64;

/// sum a b: of complex numbers the real part of the product, without a conjugate: what jax transposes by.
double pairing(const Layout& layout, const Vec& a, const Vec& b);
double pairing_magnitude(const Vec& a, const Vec& b);

/// The derivative program that a transformation makes of f at `args`, traced once. It is carried out in float64 where
/// the program is of narrower floats, so that only its rules are judged, and in its own dtypes.
class DerivativeMap {
 public:
  /// `derivative` takes the arguments, then tangents like `moving`; its last results, as many as `like` has inexact
  /// arrays, are the map's. `own_eps` is that of the function: a rule must not be coarser.
  DerivativeMap(const FlatFn& derivative, const Arrays& args, const Arrays& moving, const Arrays& like, double own_eps);

  /// Whether narrow floats could be widened throughout.
  bool widened() const { return wide_ != nullptr; }
  bool narrow() const { return narrow_; }
  double own_eps() const { return own_eps_; }
  const ClosedJaxpr& program() const { return own_.program(); }
  /// What the results do not fit: "result 1 is f32[2], f64[2] is required"; empty if they fit.
  const std::string& misfit() const { return misfit_; }

  /// The map on numbers, at the point or at other arguments of the same kind.
  Vec operator()(const Vec& v) const { return at(args_, v); }
  Vec at(const Arrays& args, const Vec& v) const;
  /// The uncertainty by rounding of what it gives.
  Vec noise(const Vec& v, const Vec& result, int samples = Noisy::kAll) const {
    return noise_at(args_, v, result, samples);
  }
  Vec noise_at(const Arrays& args, const Vec& v, const Vec& result, int samples = Noisy::kAll) const;
  /// In the program's own dtypes; and how far that may be from the wide one.
  Arrays own(const Vec& v) const;
  Vec own_numbers(const Arrays& results) const;
  Vec own_noise(const Vec& v, const Vec& result) const;

  Arrays own_operands(const Vec& v) const { return operands(args_, v); }
  const Layout& in() const { return in_; }
  const Layout& out() const { return out_; }

 private:
  Arrays operands(const Arrays& args, const Vec& v) const;
  Arrays last(const Arrays& results) const;
  const Evaluated& judged() const { return wide_ ? *wide_ : own_; }
  Vec spread(const Noisy& noisy, const Arrays& args, const Vec& v, const Vec& result, int samples) const;
  Arrays judged_operands(const Arrays& args, const Vec& v) const;
  Vec numbers(const Arrays& results) const;

  Arrays args_, moving_;
  Layout in_, out_;
  Evaluated own_;
  std::unique_ptr<Evaluated> wide_;
  std::unique_ptr<Noisy> noisy_, own_noisy_;
  bool narrow_ = false;
  double own_eps_ = 0;
  std::string misfit_;
};

}  // namespace fluxion::testing
