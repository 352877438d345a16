#include "testing/coverage_programs.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <set>

#include "core/jaxpr.hpp"
#include "ir/op.hpp"
#include "support/case.hpp"

namespace fluxion::test {

namespace {

bool is_differentiated(const Case& c, const Signature& s, std::size_t i) {
  return i < c.differentiable.size() && c.differentiable[i] && is_inexact(s.args[i].dtype);
}

// The equation of a primitive, in a program or in what it holds.
const Eqn* equation_of(const Jaxpr& jaxpr, std::string_view primitive, const Jaxpr** owner) {
  struct Held final : FieldVisitor {
    std::vector<JaxprPtr> all;
    void text(const char*, const std::string&) override {}
    void jaxpr(const char*, const JaxprPtr& j) override { all.push_back(j); }
    void jaxprs(const char*, const std::vector<JaxprPtr>& js) override {
      all.insert(all.end(), js.begin(), js.end());
    }
  };
  for (const auto& e : jaxpr.eqns) {
    if (e.prim->name() == primitive) {
      *owner = &jaxpr;
      return &e;
    }
    Held held;
    e.params.view().fields(held);
    for (const auto& h : held.all)
      if (h != nullptr)
        if (const auto* found = equation_of(*h, primitive, owner)) return found;
  }
  return nullptr;
}

// The dtype that the primitive works in: of its first inexact operand, or result, or of anything.
std::optional<DType> dtype_at_work(const Jaxpr& jaxpr, std::string_view primitive) {
  const Jaxpr* owner = nullptr;
  const auto* e = equation_of(jaxpr, primitive, &owner);
  if (e == nullptr) return {};
  Avals avals;
  for (const auto& a : e->in) avals.push_back(owner->aval(a));
  for (const auto v : e->out) avals.push_back(owner->vars[static_cast<std::size_t>(v)]);
  for (const auto& a : avals)
    if (is_inexact(a.dtype)) return a.dtype;
  return avals.empty() ? DType::bool_ : avals[0].dtype;
}

std::int64_t elements(const Signature& s) {
  std::int64_t n = 0;
  for (const auto& a : s.args) n += element_count(a.shape);
  return n;
}

// Lower is better: a few elements, an axis, and something to differentiate.
std::int64_t cost(const Case& c, const Signature& s) {
  const auto n = elements(s);
  auto cost = n < 4 ? 100 - n : n;
  bool axis = false, differentiable = false;
  for (std::size_t i = 0; i < s.args.size(); ++i) {
    axis = axis || !s.args[i].shape.empty();
    differentiable = differentiable || is_differentiated(c, s, i);
    if (element_count(s.args[i].shape) == 0) cost += 10000;
  }
  return cost + (axis ? 0 : 50) + (differentiable ? 0 : 1000);
}

// Third derivatives are cheap of rows of the elementwise table.
bool is_row(const std::string& primitive) {
  for (std::size_t i = 0; i < static_cast<std::size_t>(ir::Op::count_); ++i)
    if (ir::name(static_cast<ir::Op>(i)) == primitive) return true;
  return false;
}

// The arguments that are not differentiable are held.
CoverageProgram program(const Case& c, const Signature& s, DType t, const std::vector<DType>& dtypes) {
  Arrays all, active;
  std::vector<char> held;
  for (std::size_t i = 0; i < s.args.size(); ++i) {
    const auto x = make(sample(s.args[i], seed_of(c.name, i)));
    all.push_back(x.dtype() == dtypes[i] ? x : x.astype(dtypes[i]));
    held.push_back(is_inexact(dtypes[i]) && !is_differentiated(c, s, i));
    if (!held[i]) active.push_back(all[i]);
  }
  if (active.empty()) {  // nothing is differentiated: values only
    active = all;
    std::fill(held.begin(), held.end(), 0);
  }
  const FlatFn f = [g = c.f, all, held](const Arrays& some) {
    auto xs = all;
    for (std::size_t i = 0, next = 0; i < xs.size(); ++i)
      if (!held[i]) xs[i] = some[next++];
    return g(xs);
  };
  return {c.primitive,
          c.name,
          t,
          f,
          active,
          {},
          t == DType::float64 && is_row(c.primitive) && elements(s) <= 12 ? 3 : 2};
}

std::vector<DType> dtypes_of(const Signature& s) {
  std::vector<DType> out;
  for (const auto& a : s.args) out.push_back(a.dtype);
  return out;
}

struct Candidate {
  const Case* c = nullptr;
  const Signature* s = nullptr;
};
using ByDType = std::map<DType, Candidate>;

bool has_results(const Case& c, const Signature& s) {
  Arrays args;
  for (const auto& a : s.args) args.push_back(make(sample(a, seed_of(c.name, 0))));
  const auto out = c.f(args);
  return std::any_of(out.begin(), out.end(), [](const Array& y) { return y.size() > 0; });
}

// The best signature for each dtype that each primitive works in. Signatures of a case with the same dtypes
// do the same.
std::map<std::string, ByDType> best_candidates() {
  std::map<std::string, ByDType> best;
  for (const auto& c : cases()) {
    std::map<std::vector<DType>, std::optional<DType>> known;
    for (const auto& s : c.signatures) {
      if (!s.smooth) continue;
      const auto [it, first] = known.try_emplace(dtypes_of(s));
      if (first) {
        Arrays args;
        for (const auto& a : s.args) args.push_back(make(sample(a, seed_of(c.name, 0))));
        it->second = dtype_at_work(*jaxpr_of(c.f, args).jaxpr, c.primitive);
      }
      if (!it->second) continue;
      auto& b = best[c.primitive][*it->second];
      if (b.c == nullptr || (cost(c, s) < cost(*b.c, *b.s) && has_results(c, s))) b = {&c, &s};
    }
  }
  return best;
}

// What the primitive says of its operands in another dtype; empty if it takes them.
std::string refusal(const Jaxpr& jaxpr, const std::string& primitive, DType from, DType to) {
  const Jaxpr* owner = nullptr;
  const auto* e = equation_of(jaxpr, primitive, &owner);
  Avals in;
  for (const auto& a : e->in) {
    in.push_back(owner->aval(a));
    if (in.back().dtype == from) in.back().dtype = to;
  }
  try {
    e->prim->abstract_eval(in, e->params.view());
  } catch (const Error& error) {
    return error.what();
  }
  return {};
}

// A dtype of operands where the primitive is to work in `to` instead of `from`: complex programs may be made
// of reals.
DType converted_dtype(DType t, DType from, DType to) {
  if (t == from || !is_inexact(t) || !is_inexact(from) || !is_inexact(to)) return t == from ? to : t;
  return is_complex(to) && !is_complex(t) ? real_part(to) : to;
}

// The case of one dtype in another: a program, a refusal, or what went wrong.
CoverageProgram converted(const Candidate& of, DType from, DType to) {
  const auto own = dtypes_of(*of.s);
  std::vector<DType> dtypes;
  for (const auto t : own) dtypes.push_back(converted_dtype(t, from, to));
  CoverageProgram p{of.c->primitive, of.c->name, to, nullptr, {}, {}, 2};
  try {
    auto q = program(*of.c, *of.s, to, dtypes);
    q.f(q.args);
    if (dtype_at_work(*jaxpr_of(q.f, q.args).jaxpr, p.primitive) == to) return q;
    p.name += ": the case works in a dtype of its own";
  } catch (const Error& error) {
    p.name += std::string(": ") + error.what();
  }
  const auto q = program(*of.c, *of.s, from, own);
  p.refused = refusal(*jaxpr_of(q.f, q.args).jaxpr, p.primitive, from, to);
  return p;
}

}  // namespace

const std::vector<DType>& coverage_dtypes() {
  static const std::vector<DType> all{DType::float64,    DType::float32,   DType::float16, DType::bfloat16,
                                      DType::complex128, DType::complex64, DType::int32};
  return all;
}

std::vector<CoverageProgram> coverage_programs(bool all) {
  std::vector<CoverageProgram> out;
  std::set<std::pair<std::string, DType>> own;
  for (const auto t : coverage_dtypes())
    for (auto& p : programs_without_case(t)) {
      own.emplace(p.primitive, t);
      out.push_back(std::move(p));
    }
  for (const auto& [primitive, by_dtype] : best_candidates())
    for (const auto t : coverage_dtypes()) {
      if (own.contains({primitive, t})) continue;
      if (const auto found = by_dtype.find(t); found != by_dtype.end()) {
        const auto& [c, s] = found->second;
        out.push_back(program(*c, *s, t, dtypes_of(*s)));
        continue;
      }
      const std::vector<DType> like =
          is_complex(t) ? std::vector{DType::complex128, DType::float64} : std::vector{DType::float64};
      auto from = by_dtype.begin();
      for (const auto l : like)
        if (by_dtype.contains(l)) {
          from = by_dtype.find(l);
          break;
        }
      out.push_back(converted(from->second, from->first, t));
    }
  if (all)
    for (const auto& c : cases())
      for (const auto& s : c.signatures) {
        if (!s.smooth || elements(s) == 0 || elements(s) > 64) continue;
        auto p = program(c, s, DType::float64, dtypes_of(s));
        if (const auto t = dtype_at_work(*jaxpr_of(p.f, p.args).jaxpr, c.primitive)) {
          p.dtype = *t;
          out.push_back(std::move(p));
        }
      }
  return out;
}

}  // namespace fluxion::test
