// One operation along curves. If y = f(x) then y' = f'(x) x', where f' is what the jvp rule computes, mostly by
// operations that have such a rule themselves: a system of differential equations, from which the derivatives of y
// follow one after the other. The system closes as soon as an operation occurs that is in it already (exp needs exp,
// sin needs cos needs sin), so that n derivatives cost in the order of n^2 operations. Products and quotients have
// formulas of their own. (Griewank and Walther 2008, chapter 13, for the recurrences.)
#include <algorithm>
#include <cstring>
#include <deque>
#include <optional>

#include "core/ops.hpp"
#include "transforms/jet.hpp"

namespace fluxion {

namespace {

/// The `shift`-th derivative of a result of a node.
struct Ref {
  std::size_t node, out, shift;
  friend bool operator==(const Ref&, const Ref&) = default;
};

struct Node {
  const Primitive* prim = nullptr;  // null: given
  std::optional<Params> params{};
  std::vector<Ref> operands{};
  Avals avals{};
  bool moves = false;
  std::vector<Arrays> terms{};      // terms[j][i] is the j-th derivative of result i; an empty handle is zero
  std::optional<std::vector<std::optional<Ref>>> slopes{};  // the first derivative of each result as another node's
};

struct SeriesTracer final : Tracer {
  Ref ref;
  SeriesTracer(Aval a, TracePtr t, Ref r) : Tracer(std::move(a), std::move(t)), ref(r) {}
};

double binomial(std::size_t n, std::size_t k) {
  double b = 1;
  for (std::size_t i = 0; i < k; ++i) b = b * static_cast<double>(n - i) / static_cast<double>(i + 1);
  return b;
}

// Rules make their literals anew each time they run.
bool same_value(const Array& a, const Array& b) {
  if (a.node_or_null() == b.node_or_null()) return true;
  const auto *x = concrete(a), *y = concrete(b);
  return x != nullptr && y != nullptr && same_type(x->aval, y->aval) && x->aval.shape.empty() &&
         std::memcmp(x->data, y->data, static_cast<std::size_t>(itemsize(x->aval.dtype))) == 0;
}

/// The system. It is a trace, under which jvp rules write down equations; terms are computed outside of it.
class System final : public Trace {
 public:
  using Trace::Trace;
  const char* name() const override { return "jet"; }

  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override {
    if (std::none_of(args.begin(), args.end(), [&](const Array& x) { return owns(x); })) {
      const SetTrace outer(parent());
      return p.bind(args, params);
    }
    std::vector<Ref> operands;
    for (const auto& x : args) operands.push_back(ref_of(x));
    const auto n = equation(p, operands, params);
    Arrays out;
    for (std::size_t i = 0; i < nodes_[n].avals.size(); ++i) out.push_back(traced({n, i, 0}));
    return out;
  }

  /// A value with its derivatives.
  Ref given(const Array& value, const Arrays& series) {
    Node n;
    n.avals = {value.aval()};
    n.terms = {{value}};
    for (const auto& s : series) n.terms.push_back({s});
    n.moves = !series.empty();
    nodes_.push_back(std::move(n));
    return {nodes_.size() - 1, 0, 0};
  }

  std::size_t equation(const Primitive& p, const std::vector<Ref>& operands, ParamsView params) {
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto& n = nodes_[i];
      if (n.prim == &p && n.operands == operands && n.params->view() == params) return i;
    }
    Node n{&p, Params(params), operands};
    Avals in;
    for (const auto& r : operands) {
      in.push_back(aval(r));
      n.moves |= moves(r);
    }
    n.avals = p.abstract_eval(in, params);
    nodes_.push_back(std::move(n));
    return nodes_.size() - 1;
  }

  std::size_t results(std::size_t node) const { return nodes_[node].avals.size(); }

  /// The j-th derivative; an empty handle is zero.
  Array term(const Ref& r, std::size_t j) {
    auto& n = nodes_[r.node];  // a deque: stays where it is
    j += r.shift;
    while (n.terms.size() <= j) {
      auto next = next_terms(r.node, n.terms.size());
      n.terms.push_back(std::move(next));
    }
    return n.terms[j][r.out];
  }

 private:
  const Aval& aval(const Ref& r) const { return nodes_[r.node].avals[r.out]; }
  bool moves(const Ref& r) const {
    const auto& n = nodes_[r.node];
    if (!n.moves || ops::tangent_aval(n.avals[r.out]).dtype == DType::float0) return false;
    if (n.prim != nullptr) return true;
    for (auto j = r.shift + 1; j < n.terms.size(); ++j)
      if (!n.terms[j][0].is_empty_handle()) return true;
    return false;
  }
  Array traced(const Ref& r) { return make_tracer<SeriesTracer>(aval(r), shared_from_this(), r); }

  Ref ref_of(const Array& x) {
    if (owns(x)) return static_cast<const SeriesTracer*>(tracer(x))->ref;
    for (std::size_t i = 0; i < nodes_.size(); ++i)
      if (nodes_[i].prim == nullptr && !nodes_[i].moves && same_value(nodes_[i].terms[0][0], x)) return {i, 0, 0};
    return given(x, {});
  }
  // As a rule sees it: what does not move is a plain value.
  Array seen(const Ref& r) {
    const auto& n = nodes_[r.node];
    return n.prim == nullptr && !n.moves ? n.terms[0][0] : traced(r);
  }

  Arrays next_terms(std::size_t at, std::size_t j) {
    const auto& n = nodes_[at];
    const Arrays zeros(n.avals.size());
    if (n.prim == nullptr || (j > 0 && !n.moves)) return zeros;
    if (n.prim->algebra() == Algebra::bilinear) return {leibniz(n, j)};
    if (n.prim->algebra() == Algebra::quotient && is_inexact(n.avals[0].dtype)) return {quotient(at, j)};
    if (n.prim->algebra() == Algebra::linear) return applied(n, j, 0, true);
    if (j == 0) return applied(n, 0, 0, false);
    if (n.prim->locality() == Locality::chosen) return applied(n, j, 1, true);
    if (auto own = own_terms(n, j)) return std::move(*own);
    Arrays out = zeros;
    const auto slopes = slopes_of(at);
    for (std::size_t i = 0; i < out.size(); ++i)
      if (slopes[i]) out[i] = term(*slopes[i], j - 1);
    return out;
  }

  // The operation on the j-th derivatives of its operands, but for the first `fixed`, whose values it takes. With
  // `linear`, zero if all of those are.
  Arrays applied(const Node& n, std::size_t j, std::size_t fixed, bool linear) {
    Arrays in;
    bool zero = linear;
    for (std::size_t i = 0; i < n.operands.size(); ++i) {
      const auto t = term(n.operands[i], i < fixed ? 0 : j);
      zero &= i < fixed || t.is_empty_handle();
      in.push_back(ops::instantiate(t, aval(n.operands[i])));
    }
    return zero ? Arrays(n.avals.size()) : n.prim->bind(in, n.params->view());
  }

  // Of a primitive with a jet rule, such as a call or a loop that a jvp rule makes.
  std::optional<Arrays> own_terms(const Node& n, std::size_t j) {
    Arrays primals;
    std::vector<Arrays> series;
    for (const auto& r : n.operands) {
      primals.push_back(ops::instantiate(term(r, 0), aval(r)));
      Arrays& s = series.emplace_back();
      if (!moves(r)) continue;
      for (std::size_t i = 1; i <= j; ++i) s.push_back(term(r, i));
    }
    const auto out = n.prim->jet({primals, series, j}, n.params->view());
    if (!out) return {};
    Arrays last(n.avals.size());
    for (std::size_t i = 0; i < last.size(); ++i)
      if (!out->series[i].empty()) last[i] = out->series[i][j - 1];
    return last;
  }

  // (a b)^(j) = sum over i of C(j, i) a^(i) b^(j-i).
  Array leibniz(const Node& n, std::size_t j) {
    Array total;
    for (std::size_t i = 0; i <= j; ++i) {
      const Array factors[] = {term(n.operands[0], i), term(n.operands[1], j - i)};
      if (factors[0].is_empty_handle() || factors[1].is_empty_handle()) continue;
      total = ops::add_tangents(total, ops::scaled(n.prim->bind_one(factors, n.params->view()), binomial(j, i)));
    }
    return total;
  }

  // y b = a, by Leibniz' rule for y b solved for the last term.
  Array quotient(std::size_t at, std::size_t j) {
    const auto& n = nodes_[at];
    Array rest = term(n.operands[0], j);
    for (std::size_t i = 1; i <= j; ++i) {
      const auto b = term(n.operands[1], i), y = term({at, 0, 0}, j - i);
      if (b.is_empty_handle() || y.is_empty_handle()) continue;
      rest = ops::add_tangents(rest, ops::scaled(ops::product(b, y), -binomial(j, i)));
    }
    if (rest.is_empty_handle()) return rest;
    const Array args[] = {rest, ops::instantiate(term(n.operands[1], 0), aval(n.operands[1]))};
    return n.prim->bind_one(args, n.params->view());
  }

  const std::vector<std::optional<Ref>>& slopes_of(std::size_t at) {
    auto& n = nodes_[at];
    if (n.slopes) return *n.slopes;
    n.slopes.emplace(n.avals.size());
    Arrays primals, tangents;
    bool any = false;
    for (const auto& r : n.operands) {
      primals.push_back(seen(r));
      tangents.push_back(moves(r) ? traced({r.node, r.out, r.shift + 1}) : Array());
      any |= moves(r);
    }
    if (!any) return *n.slopes;
    const SetTrace writing(shared_from_this());
    const auto out = n.prim->jvp({primals, tangents}, n.params->view());
    for (std::size_t i = 0; i < out.tangents.size(); ++i)
      if (!out.tangents[i].is_empty_handle()) (*n.slopes)[i] = ref_of(out.tangents[i]);
    return *n.slopes;
  }

  std::deque<Node> nodes_;
};

}  // namespace

JetOut pushed_along(const Primitive& p, const JetArgs& args, ParamsView params) {
  const auto system = std::make_shared<System>(current_trace());
  std::vector<Ref> operands;
  for (std::size_t i = 0; i < args.primals.size(); ++i) operands.push_back(system->given(args.primals[i], args.series[i]));
  const auto n = system->equation(p, operands, params);
  JetOut out;
  const auto n_out = system->results(n);
  for (std::size_t i = 0; i < n_out; ++i) {
    out.primals.push_back(system->term({n, i, 0}, 0));
    Arrays series;
    for (std::size_t j = 1; j <= args.order; ++j) series.push_back(system->term({n, i, 0}, j));
    const bool zero = std::all_of(series.begin(), series.end(), [](const Array& x) { return x.is_empty_handle(); });
    out.series.push_back(zero ? Arrays() : series);
  }
  system->finish();
  return out;
}

}  // namespace fluxion
