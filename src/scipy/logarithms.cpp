// Logarithms that stay finite, and entropies.
#include <cmath>

#include <fluxion/lax/math.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/nn.hpp>
#include <fluxion/reductions.hpp>
#include <fluxion/scipy/special.hpp>
#include <fluxion/transforms/custom_jvp.hpp>
#include "numpy/axes.hpp"
#include "scipy/parts.hpp"

namespace fluxion::scipy::special {

namespace rules {
namespace {

struct logit {
  Array operator()(const Array& x) const { return log(x / (1.0 - x)); }
};
struct xlogy {
  Array operator()(const Array& x, const Array& y) const { return where(x != 0.0, x * log(y), literal(x, 0)); }
};
struct xlog1py {
  Array operator()(const Array& x, const Array& y) const { return where(x != 0.0, x * log1p(y), literal(x, 0)); }
};
struct xlogx {
  Array operator()(const Array& x) const { return xlogy()(x, x); }
};

}  // namespace
}  // namespace rules

namespace {

Array xlogx(const Array& x) {
  return custom_jvp(rules::xlogx(), [](const auto& p, const auto& t) {
    const auto& x = std::get<0>(p);
    return std::pair(rules::xlogx()(x), std::get<0>(t) * (log(x) + 1.0));
  })(x);
}

}  // namespace

Array logit(const Array& x) {
  return custom_jvp(rules::logit(), [](const auto& p, const auto& t) {
    const auto& x = std::get<0>(p);
    return std::pair(rules::logit()(x), std::get<0>(t) / (x * (1.0 - x)));
  })(floating("logit", {x})[0]);
}

Array expit(const Array& x) { return lax::logistic(floating("expit", {x})[0]); }

Array xlogy(const Array& x, const Array& y) {
  const auto in = floating("xlogy", {x, y});
  return custom_jvp(rules::xlogy(), [](const auto& p, const auto& t) {
    const auto& [x, y] = p;
    return std::pair(rules::xlogy()(x, y), std::get<0>(t) * log(y) + std::get<1>(t) * (x / y));
  })(in[0], in[1]);
}

Array xlog1py(const Array& x, const Array& y) {
  const auto in = floating("xlog1py", {x, y});
  return custom_jvp(rules::xlog1py(), [](const auto& p, const auto& t) {
    const auto& [x, y] = p;
    return std::pair(rules::xlog1py()(x, y), std::get<0>(t) * log1p(y) + std::get<1>(t) * (x / (1.0 + y)));
  })(in[0], in[1]);
}

Array entr(const Array& x_in) {
  const auto x = floating("entr", {x_in})[0];
  return where(x < 0.0, literal(x, -HUGE_VAL), -xlogx(x));
}

Array rel_entr(const Array& p_in, const Array& q_in) {
  const auto in = floating("rel_entr", {p_in, q_in});
  const auto &p = in[0], &q = in[1];
  const auto both = logical_and(p > 0.0, q > 0.0), none_of_p = logical_and(p == 0.0, q >= 0.0);
  const auto safe_p = where(both, p, literal(p, 1)), safe_q = where(both, q, literal(p, 1));
  return where(both, safe_p * log(safe_p / safe_q), where(none_of_p, literal(p, 0), literal(p, HUGE_VAL)));
}

Array kl_div(const Array& p, const Array& q) {
  const auto in = floating("kl_div", {p, q});
  return rel_entr(in[0], in[1]) - in[0] + in[1];
}

Array softmax(const Array& x, const Axis& axis) { return nn::softmax(x, axis); }
Array log_softmax(const Array& x, const Axis& axis) { return nn::log_softmax(x, axis); }

// The largest term is taken out; no derivative passes through it, for it cancels.
std::pair<Array, Array> logsumexp_sign(const Array& a_in, const LogsumexpOptions& o) {
  auto in = o.b ? floating("logsumexp", {a_in, *o.b}) : floating("logsumexp", {a_in});
  if (o.b) broadcast_operands("logsumexp", in, true);
  const auto axes = sorted_axes("logsumexp", o.axis, in[0]);
  const auto a = o.b ? where(in[1] != 0.0, in[0], literal(in[0], -HUGE_VAL)) : in[0];
  const auto largest = a.size() == 0 ? literal(a, 0) : max(a, axes, true);
  const auto shift = lax::stop_gradient(where(isfinite(largest), largest, literal(a, 0)));
  auto terms = exp(a - shift);
  if (o.b) terms = terms * in[1];
  auto total = sum(terms, axes, true);
  const auto sign = fluxion::sign(total);
  auto out = log(abs(total)) + shift;
  if (o.keepdims) return {out, sign};
  return {remove_axes(out, axes), remove_axes(sign, axes)};
}

Array logsumexp(const Array& a, const LogsumexpOptions& o) {
  const auto [out, sign] = logsumexp_sign(a, o);
  return o.b ? where(sign < 0.0, literal(out, std::nan("")), out) : out;
}

}  // namespace fluxion::scipy::special
