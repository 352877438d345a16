// A program's values and derivatives by means that no rule has a part in.
#pragma once

#include <memory>
#include <optional>

#include "testing/differences.hpp"
#include "testing/frozen.hpp"
#include "testing/interpret.hpp"

namespace fluxion::testing {

/// Whether the program holds a derivative back by stop_gradient, here or in what it calls.
bool has_stops(const Jaxpr& jaxpr);

/// Carried out as often as differences need; prepared once.
class Evaluated {
 public:
  explicit Evaluated(ClosedJaxpr program);
  Arrays operator()(const Arrays& args) const;
  const ClosedJaxpr& program() const { return program_; }

 private:
  ClosedJaxpr program_;
  std::vector<std::vector<VarId>> dying_;  // by equation: what nobody needs after it
};

/// The same program several times, each with other rounding errors.
class Noisy {
 public:
  static constexpr int kAll = 3;
  /// Where so few say that something is wrong: the largest of three may be small by chance.
  static constexpr int kSecondLook = 24;

  Noisy(ClosedJaxpr program, Arrays args, const Rounding& rounding)
      : program_(std::move(program)), args_(std::move(args)), rounding_(rounding) {}
  /// The largest distance of the numbers of its results from `at`, by number, over so many samples.
  Vec spread(const Arrays& args, const Layout& layout, const Vec& at) const;
  Vec spread(const Arrays& args, const std::function<Vec(const Arrays&)>& read, const Vec& at,
             int samples = kAll) const;

 private:
  ClosedJaxpr program_;
  Arrays args_;
  Rounding rounding_;
  mutable std::vector<Evaluated> samples_;  // made when they are needed
};

class Reference {
 public:
  /// Narrow floats are widened where that can be; `args` are the program's own. `stops`: what stop_gradient has seen
  /// is a constant; else stop_gradient is the identity that it is.
  Reference(const ClosedJaxpr& program, const Arrays& args, bool stops);
  ~Reference();
  Reference(const Reference&) = delete;

  /// The point, wide.
  const Arrays& point() const { return point_; }
  const Layout& in() const { return in_; }
  const Layout& out() const { return out_; }
  const Vec& x() const { return x_; }
  /// The values at the point, and by how much rounding makes them uncertain.
  const Vec& value() const { return value_; }
  const Vec& noise() const;
  /// How derivatives are found: "complex step" or "Richardson extrapolation".
  const char* method() const { return complex_ ? "complex step" : "Richardson extrapolation"; }

  /// The derivative along v.
  Estimate along(const Vec& v) const;
  /// The same by differences with other steps, for a second opinion.
  Estimate again(const Vec& v) const;
  /// The derivative of the program with all its decisions kept as they are at the point, with the slopes of the
  /// sub-gradient table where one is a tie; nothing if it has none that can be kept.
  std::optional<Estimate> with_decisions_kept(const Vec& v) const;
  /// Whether one of them is a tie.
  bool at_kink() const;

 private:
  struct Complex;
  std::optional<Estimate> complex_step(const Vec& v) const;
  Curve curve(const Vec& v) const;
  Estimate differences(const Curve& y, const Vec& at_zero, double first_step) const;
  const Frozen* kept() const;

  ClosedJaxpr original_;
  Arrays args_;
  Arrays point_;
  std::unique_ptr<Evaluated> program_;
  Layout in_, out_;
  Vec x_, value_;
  double eps_ = 0;
  mutable std::optional<Vec> noise_;
  mutable std::unique_ptr<Complex> complex_;
  mutable std::unique_ptr<Frozen> kept_;
  mutable bool tried_keeping_ = false;
  mutable Vec kept_along_;
  mutable std::optional<Estimate> kept_estimate_;
};

}  // namespace fluxion::testing
