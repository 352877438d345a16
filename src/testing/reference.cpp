#include "testing/reference.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

#include <fluxion/lax.hpp>
#include "core/evaluate.hpp"

#include "testing/live_stops.hpp"

namespace fluxion::testing {

namespace {

constexpr double kEps = 0x1p-52;

// A value that stop_gradient has seen is a constant for every derivative.
class RecordStops : public Interpreter {
 public:
  Arrays seen;

 protected:
  Array given(const Array& x) override { return x; }
  Arrays primitive(const Eqn& e, const Jaxpr&, ArraySpan operands) override {
    if (e.prim->name() != "stop_gradient" || !is_known(*e.prim)) return e.prim->bind(operands, e.params.view());
    if (concrete(operands[0]) == nullptr)
      throw UnsupportedError("check: stop_gradient within a loop or branch; its value differs from trip to trip");
    seen.push_back(operands[0]);
    return {operands[0]};
  }
};
class ReplayStops final : public Interpreter {
 public:
  explicit ReplayStops(Arrays seen) : seen_(std::move(seen)) {}

 protected:
  Array given(const Array& x) override { return x; }
  Arrays primitive(const Eqn& e, const Jaxpr&, ArraySpan operands) override {
    if (e.prim->name() != "stop_gradient" || !is_known(*e.prim)) return e.prim->bind(operands, e.params.view());
    return {seen_.at(next_++)};
  }

 private:
  Arrays seen_;
  std::size_t next_ = 0;
};

}  // namespace

bool has_stops(const Jaxpr& jaxpr) {
  return std::any_of(jaxpr.eqns.begin(), jaxpr.eqns.end(), [](const Eqn& e) {
    if (e.prim->name() == "stop_gradient") return true;
    for (const auto& [name, programs] : Fields(e.params.view()).programs)
      for (const auto& p : programs)
        if (p != nullptr && has_stops(*p)) return true;
    return false;
  });
}

namespace {

// Without stops that hold no derivative back.
class OpenStops final : public Interpreter {
 protected:
  Array given(const Array& x) override { return x; }
  Arrays primitive(const Eqn& e, const Jaxpr& in, ArraySpan operands) override {
    if (e.prim->name() == "stop_gradient" && is_known(*e.prim) && !live_.holds(e, in)) return {operands[0]};
    return e.prim->bind(operands, e.params.view());
  }

 private:
  LiveStops live_;
};
ClosedJaxpr without_idle_stops(const ClosedJaxpr& program, const Arrays& args) {
  return has_stops(*program.jaxpr) ? OpenStops().traced(program, args) : program;
}

// Stops within loops differ from trip to trip: they are left to the program with its decisions kept.
ClosedJaxpr with_stops_kept(const ClosedJaxpr& program, const Arrays& args) {
  if (!has_stops(*program.jaxpr)) return program;
  RecordStops record;
  Arrays all = program.consts;
  all.insert(all.end(), args.begin(), args.end());
  try {
    record.run(*program.jaxpr, all);
  } catch (const UnsupportedError&) {
    return program;
  }
  return ReplayStops(std::move(record.seen)).traced(program, args);
}

// stop_gradient as the identity.
class WithoutStops final : public Interpreter {
 protected:
  Array given(const Array& x) override { return x; }
  Arrays primitive(const Eqn& e, const Jaxpr&, ArraySpan operands) override {
    if (e.prim->name() == "stop_gradient" && is_known(*e.prim)) return {operands[0]};
    return e.prim->bind(operands, e.params.view());
  }
};

// Wide, where that can be.
struct AsReference {
  ClosedJaxpr program;
  Arrays point;
  double eps = kEps;
};
AsReference as_reference(const ClosedJaxpr& given, const Arrays& args, bool stops) {
  const auto program = stops ? without_idle_stops(given, args) : given;
  const double eps = coarsest_eps(program.jaxpr->vars);
  const auto with_stops_kept = [stops](const ClosedJaxpr& p, const Arrays& at) {
    return stops ? testing::with_stops_kept(p, at) : p;
  };
  if (eps > kEps) {
    try {
      const auto wide_args = widened(args);
      return {with_stops_kept(widened(program, args).program, wide_args), wide_args};
    } catch (const UnsupportedError&) {
      return {with_stops_kept(program, args), args, eps};  // tapes of narrow floats
    }
  }
  return {with_stops_kept(program, args), args};
}

double relative_or_zero(double error, double value) { return value == 0 ? error : error / std::fabs(value); }

}  // namespace

Evaluated::Evaluated(ClosedJaxpr program) : program_(std::move(program)) {
  const auto& jaxpr = *program_.jaxpr;
  std::vector<char> seen(jaxpr.vars.size(), 0);
  for (const auto& a : jaxpr.out)
    if (!a.is_literal()) seen[static_cast<std::size_t>(a.var)] = 1;
  dying_.resize(jaxpr.eqns.size());
  for (auto i = jaxpr.eqns.size(); i-- > 0;)
    for (const auto& a : jaxpr.eqns[i].in)
      if (!a.is_literal() && !std::exchange(seen[static_cast<std::size_t>(a.var)], 1)) dying_[i].push_back(a.var);
}

// As eval_jaxpr, prepared, for it is done thousands of times.
Arrays Evaluated::operator()(const Arrays& args) const {
  const auto& jaxpr = *program_.jaxpr;
  const SetTrace none(nullptr);
  Arrays env(jaxpr.vars.size()), in;
  std::size_t next = 0;
  for (const auto& c : program_.consts) env[static_cast<std::size_t>(jaxpr.in[next++])] = c;
  for (const auto& x : args) env[static_cast<std::size_t>(jaxpr.in[next++])] = x;
  const auto read = [&env](const Atom& a) { return a.is_literal() ? a.literal : env[static_cast<std::size_t>(a.var)]; };
  for (std::size_t i = 0; i < jaxpr.eqns.size(); ++i) {
    const auto& e = jaxpr.eqns[i];
    in.clear();
    for (const auto& a : e.in) in.push_back(read(a));
    if (e.prim->op()) {
      env[static_cast<std::size_t>(e.out[0])] = evaluate_row(*e.prim, in);
    } else {
      auto out = e.prim->bind(in, e.params.view());
      for (std::size_t k = 0; k < out.size(); ++k) env[static_cast<std::size_t>(e.out[k])] = std::move(out[k]);
    }
    for (const auto v : dying_[i]) env[static_cast<std::size_t>(v)] = Array();
  }
  Arrays results;
  for (const auto& a : jaxpr.out) results.push_back(read(a));
  return results;
}

Vec Noisy::spread(const Arrays& args, const Layout& layout, const Vec& at) const {
  return spread(args, [&layout](const Arrays& results) { return layout.read(results); }, at);
}

Vec Noisy::spread(const Arrays& args, const std::function<Vec(const Arrays&)>& read, const Vec& at, int samples) const {
  while (samples_.size() < static_cast<std::size_t>(samples))
    samples_.emplace_back(with_noise(program_, args_, rounding_, samples_.size() + 1));
  Vec widest(at.size());
  for (int n = 0; n < samples; ++n) {
    const auto v = read(samples_[static_cast<std::size_t>(n)](args));
    for (std::size_t i = 0; i < v.size(); ++i) {
      const double d = std::fabs(v[i] - at[i]);
      widest[i] = d >= widest[i] ? d : std::isnan(d) && v[i] != at[i] ? INFINITY : widest[i];
    }
  }
  return widest;
}

// The program on complex numbers, and with rounding errors.
struct Reference::Complex {
  Evaluated program;
  Noisy noisy;
  Arrays point;

  static constexpr double kStep = 0x1p-100, kOtherStep = 0x1p-120;

  Arrays at(const Layout& in, const Vec& x, const Vec& v, double h, const Arrays& rest) const {
    Arrays out;
    for (std::size_t k = 0; k < rest.size(); ++k) {
      if (!is_inexact(rest[k].dtype())) {
        out.push_back(rest[k]);
        continue;
      }
      Vec both;
      for (std::size_t i = in.begin(k); i < in.begin(k + 1); ++i) {
        both.push_back(x[i]);
        both.push_back(h * v[i]);
      }
      out.push_back(Layout({point[k]}).write(both, {point[k]})[0]);
    }
    return out;
  }
  // The imaginary parts over h; real results do not depend on the argument.
  static Vec slopes(const Arrays& results, double h) {
    Vec out;
    for (const auto& y : results) {
      if (!is_inexact(y.dtype())) continue;
      const auto v = Layout({y}).read({y});
      if (is_complex(y.dtype())) {
        for (std::size_t i = 1; i < v.size(); i += 2) out.push_back(v[i] / h);
      } else {
        out.resize(out.size() + v.size());
      }
    }
    return out;
  }
};

Reference::Reference(const ClosedJaxpr& program, const Arrays& args, bool stops)
    : original_(stops || !has_stops(*program.jaxpr) ? program : WithoutStops().traced(program, args)),
      args_(args),
      in_(args),
      out_(Arrays{}) {
  auto reference = as_reference(original_, args, stops);
  program_ = std::make_unique<Evaluated>(std::move(reference.program));
  point_ = std::move(reference.point);
  in_ = Layout(point_);
  x_ = in_.read(point_);
  const auto results = (*program_)(point_);
  out_ = Layout(results);
  value_ = out_.read(results);
  eps_ = reference.eps;
  if (auto complex = reference.eps > kEps ? std::nullopt : complexified(program_->program(), point_)) {
    Arrays at;
    for (const auto& x : point_)
      at.push_back(is_inexact(x.dtype()) ? lax::convert_element_type(x, DType::complex128) : x);
    complex_.reset(new Complex{Evaluated(*complex), Noisy(*complex, at, {.eps = kEps, .infinitesimal = true}), at});
  }
}
Reference::~Reference() = default;

const Vec& Reference::noise() const {
  if (noise_) return *noise_;
  noise_ = Noisy(program_->program(), point_, {eps_}).spread(point_, out_, value_);
  return *noise_;
}

Curve Reference::curve(const Vec& v) const {
  return [this, &v](double t) {
    Vec at = x_;
    for (std::size_t i = 0; i < at.size(); ++i) at[i] += t * v[i];
    return out_.read((*program_)(in_.write(at, point_)));
  };
}

Estimate Reference::differences(const Curve& y, const Vec& at_zero, double first_step) const {
  RiddersOptions options;
  options.first_step = first_step;
  options.noise = &noise();
  return ridders(y, at_zero, options);
}

namespace {

// Where `b` knows better, b.
void improve(Estimate& a, const Estimate& b) {
  for (std::size_t k = 0; k < a.value.size(); ++k) {
    if (b.kind[k] == Kind::non_finite || (a.kind[k] == Kind::smooth && !(b.error[k] < a.error[k]))) continue;
    if (a.kind[k] == Kind::kink && b.kind[k] != Kind::kink && !(b.error[k] < 1e-6 * std::fabs(b.value[k]))) continue;
    a.value[k] = b.value[k];
    a.error[k] = b.error[k];
    a.left[k] = b.left[k];
    a.right[k] = b.right[k];
    a.kind[k] = b.kind[k];
  }
}

bool well_known(const Estimate& e) {
  for (std::size_t k = 0; k < e.value.size(); ++k)
    if (e.kind[k] != Kind::smooth || relative_or_zero(e.error[k], e.value[k]) > 1e-7) return false;
  return true;
}

Estimate searched(const std::function<Estimate(double)>& with_first_step) {
  auto e = with_first_step(0x1p-5);
  for (const double h : {0x1p-11, 0x1p-3, 0x1p-18, 0x1p-26}) {
    if (well_known(e)) break;
    improve(e, with_first_step(h));
  }
  return e;
}

}  // namespace

std::optional<Estimate> Reference::complex_step(const Vec& v) const {
  const auto at = complex_->at(in_, x_, v, Complex::kStep, point_);
  const auto first = complex_->program(at);
  const auto d = Complex::slopes(first, Complex::kStep);
  const auto other = Complex::slopes(complex_->program(complex_->at(in_, x_, v, Complex::kOtherStep, point_)),
                                     Complex::kOtherStep);
  const Layout layout(first);
  const auto spread = complex_->noisy.spread(
      at, [&layout](const Arrays& y) { return layout.read(y); }, layout.read(first), 1);
  Estimate e{d, Vec(d.size()), Vec(d.size()), Vec(d.size()), std::vector<Kind>(d.size(), Kind::smooth)};
  std::size_t k = 0;
  for (std::size_t leaf = 0; leaf < first.size(); ++leaf) {
    const bool complex = is_complex(first[leaf].dtype());
    for (auto i = layout.begin(leaf); i < layout.begin(leaf + 1); i += complex ? 2 : 1, ++k) {
      const double noise = complex ? 4 * spread[i + 1] / Complex::kStep : 0, difference = std::fabs(d[k] - other[k]);
      // What is rounding in the real parts leaks into imaginary parts, where it grows as the step shrinks.
      if (!std::isfinite(d[k]) || !std::isfinite(value_[k]) || !(difference <= 1e-9 * std::fabs(d[k]))) return {};
      e.error[k] = difference + noise + kEps * std::fabs(d[k]);
    }
  }
  return e;
}

Estimate Reference::along(const Vec& v) const {
  if (complex_) {
    try {
      if (auto e = complex_step(v)) return *std::move(e);
    } catch (const Error&) {  // an operation whose parameters hold real numbers
      complex_.reset();
    }
  }
  const auto y = curve(v);
  return searched([&](double h) { return differences(y, value_, h); });
}

Estimate Reference::again(const Vec& v) const {
  const auto y = curve(v);
  auto e = searched([&](double h) { return differences(y, value_, 0.77 * h); });
  const auto f = searched([&](double h) { return differences(y, value_, 1.31 * h); });
  for (std::size_t k = 0; k < e.value.size(); ++k)
    if (e.kind[k] == Kind::smooth && f.kind[k] == Kind::smooth) e.error[k] += std::fabs(e.value[k] - f.value[k]);
  return e;
}

const Frozen* Reference::kept() const {
  if (!std::exchange(tried_keeping_, true)) {
    try {
      kept_ = std::make_unique<Frozen>(original_, args_);
    } catch (const UnsupportedError&) {
      // no second opinion
    }
  }
  return kept_.get();
}

std::optional<Estimate> Reference::with_decisions_kept(const Vec& v) const {
  if (kept() == nullptr) return {};
  if (kept_along_ == v) return kept_estimate_;
  kept_along_ = v;
  const Curve y = [&](double t) {
    Vec at = x_;
    for (std::size_t i = 0; i < at.size(); ++i) at[i] += t * v[i];
    const auto results = (*kept_)(in_.write(at, point_));
    return Layout(results).read(results);
  };
  try {
    const auto at_zero = y(0);
    kept_estimate_ = searched([&](double h) { return differences(y, at_zero, h); });
  } catch (const UnsupportedError&) {
    kept_estimate_.reset();
  }
  return kept_estimate_;
}

bool Reference::at_kink() const { return kept() != nullptr && kept()->at_kink(); }

}  // namespace fluxion::testing
