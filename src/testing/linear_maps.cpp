#include "testing/linear_maps.hpp"

#include <cmath>

#include "base/text.hpp"

namespace fluxion::testing {

namespace {

Arrays joined(Arrays a, const Arrays& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

Arrays inexact(const Arrays& xs) {
  Arrays out;
  for (const auto& x : xs)
    if (is_inexact(x.dtype())) out.push_back(x);
  return out;
}

std::string misfit_of(const Arrays& got, const Arrays& want) {
  if (got.size() != want.size()) return text(want.size(), " results are required, got ", got.size());
  for (std::size_t k = 0; k < got.size(); ++k)
    if (!same_type(got[k].aval(), want[k].aval()))
      return text("number ", k, " is ", got[k].aval(), ", ", want[k].aval(), " is required");
  return {};
}

bool has_narrow(const Jaxpr& jaxpr) {
  for (const auto& a : jaxpr.vars)
    if (wide(a.dtype) != a.dtype) return true;
  return false;
}

}  // namespace

double pairing(const Layout& layout, const Vec& a, const Vec& b) {
  double sum = 0;
  for (std::size_t k = 0; k < layout.leaves(); ++k) {
    const bool complex = is_complex(layout.aval(k).dtype);
    for (auto i = layout.begin(k); i < layout.begin(k + 1); ++i)
      sum += complex && (i - layout.begin(k)) % 2 == 1 ? -a[i] * b[i] : a[i] * b[i];
  }
  return sum;
}

double pairing_magnitude(const Vec& a, const Vec& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i)
    if (a[i] != 0 && b[i] != 0) sum += std::fabs(a[i] * b[i]);
  return sum;
}

DerivativeMap::DerivativeMap(const FlatFn& derivative, const Arrays& args, const Arrays& moving, const Arrays& like,
                             double own_eps)
    : args_(args), moving_(moving), in_(inexact(moving)), out_(inexact(like)),
      own_(program_of(derivative, joined(args, moving))), own_eps_(own_eps) {
  const auto all = joined(args, moving);
  misfit_ = misfit_of(last(own_(all)), inexact(like));
  if (!misfit_.empty()) return;
  narrow_ = has_narrow(*own_.program().jaxpr);
  if (narrow_) {
    try {
      auto w = fluxion::testing::widened(own_.program(), all);
      if (w.complete) {  // else what it holds, a solver say, would round to its own dtype behind our back
        wide_ = std::make_unique<Evaluated>(std::move(w.program));
        own_noisy_ = std::make_unique<Noisy>(wide_->program(), fluxion::testing::widened(all), Rounding{own_eps_});
      }
    } catch (const UnsupportedError&) {
      // judged in its own dtype, then
    }
  }
  const double eps = narrow_ && !wide_ ? own_eps_ : 0x1p-52;
  noisy_ = std::make_unique<Noisy>(judged().program(), wide_ ? fluxion::testing::widened(all) : all,
                                   Rounding{eps, wide_ ? own_eps_ : 0});
}

Arrays DerivativeMap::operands(const Arrays& args, const Vec& v) const { return joined(args, in_.tangents(v)); }

Arrays DerivativeMap::judged_operands(const Arrays& args, const Vec& v) const {
  if (!wide_) return operands(args, v);
  const auto moved = fluxion::testing::widened(inexact(moving_));
  return joined(fluxion::testing::widened(args), Layout(moved).write(v, moved));
}

Arrays DerivativeMap::last(const Arrays& results) const {
  const auto n = out_.leaves();
  if (results.size() < n) return results;
  return {results.end() - static_cast<std::ptrdiff_t>(n), results.end()};
}

Vec DerivativeMap::numbers(const Arrays& results) const {
  const auto some = last(results);
  return Layout(some).read(some);
}

Vec DerivativeMap::at(const Arrays& args, const Vec& v) const { return numbers(judged()(judged_operands(args, v))); }

Vec DerivativeMap::spread(const Noisy& noisy, const Arrays& args, const Vec& v, const Vec& result, int samples) const {
  auto widest = noisy.spread(
      judged_operands(args, v), [this](const Arrays& results) { return numbers(results); }, result, samples);
  for (auto& s : widest) s *= kNoiseFactor;
  return widest;
}

Vec DerivativeMap::noise_at(const Arrays& args, const Vec& v, const Vec& result, int samples) const {
  return spread(*noisy_, args, v, result, samples);
}

Arrays DerivativeMap::own(const Vec& v) const { return last(own_(operands(args_, v))); }
Vec DerivativeMap::own_numbers(const Arrays& results) const { return numbers(results); }

Vec DerivativeMap::own_noise(const Vec& v, const Vec& result) const {
  return spread(*own_noisy_, args_, v, result, Noisy::kAll);
}

}  // namespace fluxion::testing
