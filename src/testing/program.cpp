#include "testing/program.hpp"

#include "core/node.hpp"

namespace fluxion::testing {

namespace {

// A value together with its variable in the jaxpr being recorded.
struct PathTracer final : Tracer {
  Array value, recorded;
  PathTracer(Aval a, TracePtr t, Array v, Array r)
      : Tracer(std::move(a), std::move(t)), value(std::move(v)), recorded(std::move(r)) {}
  const Array* primal() const override { return &value; }
};

// Evaluates, so that the function can look at its values, and records what it did.
class PathTrace final : public Trace {
 public:
  explicit PathTrace(TracePtr parent)
      : Trace(std::move(parent)), record_(std::make_shared<JaxprTrace>(this->parent(), "check")) {}
  ~PathTrace() override { record_->finish(); }
  const char* name() const override { return "check"; }

  Array input(const Array& value) { return wrap(value, record_->new_input(value.aval())); }
  Arrays process(const Primitive& p, ArraySpan args, ParamsView params) override {
    Arrays values, recorded;
    for (const auto& x : args) {
      const auto* t = owns(x) ? static_cast<const PathTracer*>(tracer(x)) : nullptr;
      values.push_back(t != nullptr ? t->value : x);
      recorded.push_back(t != nullptr ? t->recorded : x);
    }
    Arrays out, names;
    {
      const SetTrace outer(parent());
      out = p.bind(values, params);
    }
    {
      const SetTrace inner(record_);
      names = p.bind(recorded, params);
    }
    for (std::size_t i = 0; i < out.size(); ++i) out[i] = wrap(out[i], names[i]);
    return out;
  }
  ClosedJaxpr finish_jaxpr(const Arrays& out) {
    Arrays names;
    for (const auto& x : out) names.push_back(owns(x) ? static_cast<const PathTracer*>(tracer(x))->recorded : x);
    return record_->finish_jaxpr(names);
  }

 private:
  Array wrap(const Array& value, const Array& recorded) {
    return make_tracer<PathTracer>(value.aval(), shared_from_this(), value, recorded);
  }
  std::shared_ptr<JaxprTrace> record_;
};

ClosedJaxpr recorded_path(const FlatFn& f, const Arrays& args) {
  NewTrace<PathTrace> trace;
  Arrays in;
  for (const auto& x : args) in.push_back(trace->input(x));
  const auto out = f(in);
  check_results(out, "check");
  return trace->finish_jaxpr(out);
}

// f as a function of its active arguments only.
struct Split {
  Arrays active;
  FlatFn f;
};
Split split(const FlatFn& f, const Arrays& args, const std::vector<char>& active) {
  Split s;
  for (std::size_t i = 0; i < active.size(); ++i)
    if (active[i]) s.active.push_back(args[i]);
  s.f = [&f, args, active](const Arrays& some) {
    Arrays all(args.begin(), args.begin() + static_cast<std::ptrdiff_t>(active.size()));
    for (std::size_t i = 0, next = 0; i < active.size(); ++i)
      if (active[i]) all[i] = some[next++];
    return f(all);
  };
  return s;
}

Arrays with_tangents(Arrays primals, const Arrays& tangents) {
  const auto n = primals.size();
  for (std::size_t i = 0; i < n; ++i)
    if (is_inexact(primals[i].dtype())) primals.push_back(tangents[i]);
  return primals;
}

Arrays from(const Arrays& xs, std::size_t first) { return {xs.begin() + static_cast<std::ptrdiff_t>(first), xs.end()}; }

}  // namespace

ClosedJaxpr program_of(const FlatFn& f, const Arrays& args) {
  std::vector<Aval> avals;
  for (const auto& x : args) avals.push_back(x.aval());
  try {
    return fluxion::detail::make_jaxpr_flat(f, avals, "check");
  } catch (const ConcretizationError&) {
    return recorded_path(f, args);
  }
}

FlatFn function_of(const ClosedJaxpr& program) {
  return [program](const Arrays& args) {
    Arrays all = program.consts;
    all.insert(all.end(), args.begin(), args.end());
    return eval_jaxpr(*program.jaxpr, all);
  };
}

std::vector<char> active_of(const Arrays& args) {
  std::vector<char> active;
  for (const auto& x : args) active.push_back(is_inexact(x.dtype()));
  return active;
}

FlatFn jvp_of(FlatFn f, std::vector<char> active) {
  return [f = std::move(f), active = std::move(active)](const Arrays& args) {
    const auto s = split(f, args, active);
    auto r = fluxion::detail::jvp_flat(s.f, s.active, from(args, active.size()));
    return with_tangents(std::move(r.primals), r.tangents);
  };
}

FlatFn linearized_of(FlatFn f, std::vector<char> active) {
  return [f = std::move(f), active = std::move(active)](const Arrays& args) {
    const auto s = split(f, args, active);
    auto lin = fluxion::detail::linearize_flat(s.f, s.active, "linearize");
    const auto tangents = lin.map.forward(from(args, active.size()));
    return with_tangents(std::move(lin.primals_out), tangents);
  };
}

FlatFn vjp_of(FlatFn f, std::vector<char> active) {
  return [f = std::move(f), active = std::move(active)](const Arrays& args) {
    const auto s = split(f, args, active);
    auto lin = fluxion::detail::linearize_flat(s.f, s.active, "vjp");
    Arrays cts(lin.primals_out.size());
    for (std::size_t i = 0, next = active.size(); i < cts.size(); ++i)
      if (is_inexact(lin.primals_out[i].dtype())) cts[i] = args[next++];
    auto out = std::move(lin.primals_out);
    for (auto& x : lin.map.backward(cts)) out.push_back(std::move(x));
    return out;
  };
}

}  // namespace fluxion::testing
