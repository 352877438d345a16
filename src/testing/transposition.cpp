// check_transpose: a linear function is its own derivative, so that its transpose is held against itself.
#include <cmath>

#include "base/text.hpp"
#include "testing/directions.hpp"
#include "testing/values.hpp"
#include "transforms/linearize.hpp"

namespace fluxion::testing {

namespace {

Arrays inexact(const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) out.push_back(x);
  return out;
}

class Transposition {
 public:
  Transposition(const Subject& subject, const CheckOptions& options, Findings& findings)
      : subject_(subject), options_(options), findings_(findings), numbers_(seed_of(options) + 4),
        program_(program_of(subject.f, subject.args)), results_(Evaluated(program_)(subject.args)), in_(subject.args),
        out_(results_), eps_(coarsest_eps(program_.jaxpr->vars)), noisy_(program_, subject.args, {eps_}) {}

  void run() {
    // First, so that f is not called far from its argument unless that is safe: a linear program's loops end anywhere.
    try {
      transposed(Vec(out_.size(), 1));
    } catch (const Error& e) {
      Disagreement d{"f is linear", text("its program cannot be transposed: ", e.what()), 0};
      d.numbers = false;
      d.point = subject_.args;
      return findings_.add(std::move(d));
    }
    x_ = coefficients(in_.size(), numbers_);
    fx_ = value(x_);
    error_ = uncertainty(x_, fx_);
    is_linear();
    if (findings_.failed()) return;
    for (const auto& ct : covectors(out_.size(), static_cast<std::size_t>(options_.directions), numbers_))
      if (!inner_product(ct)) return;
  }

 private:
  Vec value(const Vec& x) const { return out_.read(subject_.f(in_.write(x, subject_.args))); }
  Vec uncertainty(const Vec& x, const Vec& y) const {
    auto spread = noisy_.spread(in_.write(x, subject_.args), out_, y);
    for (std::size_t k = 0; k < y.size(); ++k) spread[k] = kNoiseFactor * spread[k] + 16 * eps_ * std::fabs(y[k]);
    return spread;
  }

  void is_linear() {
    const std::string law = "f is linear";
    const auto y = coefficients(in_.size(), numbers_);
    Vec both = x_;
    for (std::size_t i = 0; i < both.size(); ++i)
      both[i] = 2 * x_[i] + y[i];  // not of sum 1, which an affine f would pass
    const auto fy = value(y), sum = value(both), ey = uncertainty(y, fy), es = uncertainty(both, sum);
    for (std::size_t k = 0; k < fx_.size(); ++k) {
      const double want = 2 * fx_[k] + fy[k], most = options_.slack * (2 * error_[k] + ey[k] + es[k]);
      if (std::fabs(want - sum[k]) <= most) ++findings_.tally(law).agree;
      else
        findings_.add({law,
                       "f(2x + y) against 2 f(x) + f(y), result " + out_.place(k),
                       0,
                       false,
                       subject_.args,
                       {},
                       want,
                       0,
                       sum[k],
                       most});
    }
  }

  // One per argument, zeros where f does not depend on it.
  Arrays transposed(const Vec& ct) const {
    Arrays operands = program_.consts, cts(results_.size());
    for (const auto& a : subject_.args) operands.push_back(is_inexact(a.dtype()) ? Array() : a);
    const auto some = out_.tangents(ct);
    for (std::size_t k = 0, next = 0; k < cts.size(); ++k)
      if (is_inexact(results_[k].dtype())) cts[k] = some[next++];
    const auto all = backward_pass(*program_.jaxpr, operands, cts);
    Arrays pulled;
    for (std::size_t k = 0; k < subject_.args.size(); ++k) {
      if (!is_inexact(subject_.args[k].dtype())) continue;
      const auto& c = all[program_.consts.size() + k];
      pulled.push_back(c.is_empty_handle() ? fluxion::detail::zeros_like_aval(subject_.args[k].aval()) : c);
    }
    return pulled;
  }

  std::string misfit(const Arrays& pulled) const {
    const auto like = inexact(subject_.args);
    for (std::size_t k = 0; k < like.size(); ++k)
      if (!same_type(pulled[k].aval(), like[k].aval()))
        return text("the cotangent of argument ", k, " is ", pulled[k].aval(), ", ", like[k].aval(), " is required");
    return {};
  }

  bool inner_product(const Vec& ct) {
    const std::string law = "<ct, f(x)> = <f^T ct, x>";
    Disagreement d{law, "the transpose", 1, true, subject_.args, in_.tangents(x_)};
    const auto pulled = transposed(ct);
    if (auto problem = misfit(pulled); !problem.empty()) {
      d.what = std::move(problem);
      d.numbers = false;
      findings_.add(std::move(d));
      return false;
    }
    const Layout layout(pulled);
    const auto v = layout.read(pulled);
    d.expected = pairing(out_, ct, fx_);
    d.got = pairing(layout, v, x_);
    d.expected_error = 2 * pairing_magnitude(ct, error_);
    d.tolerance = options_.slack *
                  (d.expected_error + 64 * eps_ * (pairing_magnitude(ct, fx_) + pairing_magnitude(v, x_)));
    if (std::fabs(d.expected - d.got) <= d.tolerance) {
      ++findings_.tally(law).agree;
      return true;
    }
    findings_.add(std::move(d));
    return false;
  }

  const Subject& subject_;
  const CheckOptions& options_;
  Findings& findings_;
  Numbers numbers_;
  ClosedJaxpr program_;
  Arrays results_;
  Layout in_, out_;
  double eps_;
  Noisy noisy_;
  Vec x_, fx_, error_;
};

}  // namespace

Findings examine_transpose(const Subject& subject, const CheckOptions& options) {
  Findings findings;
  Transposition(subject, options, findings).run();
  return findings;
}

}  // namespace fluxion::testing
