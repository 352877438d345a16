// The jit primitive: a call of a held jaxpr. Its rules retrace the jaxpr under the transformation, its lowering
// inlines it.
#include "transforms/jit.hpp"

#include <iostream>
#include <mutex>

#include "base/text.hpp"
#include "core/evaluate.hpp"
#include "core/guards.hpp"
#include "core/nans.hpp"
#include "core/ops.hpp"
#include "transforms/jaxpr_transforms.hpp"
#include "transforms/jet.hpp"
#include "transforms/readable.hpp"

namespace fluxion {

namespace {

struct Jit {
  static constexpr std::string_view name = "jit";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::string, name), (JaxprPtr, jaxpr));
  };

  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto want = p.jaxpr->in_avals();
    if (in.size() != want.size()) throw InternalError(text("jit: ", want.size(), " operands are required, got ", in.size()));
    for (std::size_t i = 0; i < in.size(); ++i)
      if (!same_type(in[i], want[i])) throw InternalError(text("jit: operand ", i, " must be ", want[i], ", got ", in[i]));
    return p.jaxpr->out_avals();
  }

  static Arrays call(const std::string& name, const ClosedJaxpr& closed, ArraySpan args) {
    Arrays all = closed.consts;
    all.insert(all.end(), args.begin(), args.end());
    return bind_all<Jit>(all, {name, closed.jaxpr});
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto t = jvp_jaxpr(p.jaxpr, present(args.tangents));
    Arrays in(args.primals.begin(), args.primals.end());
    append_present(in, args.tangents);
    auto out = call(p.name, t->closed, in);
    const auto n = p.jaxpr->out.size();
    auto tangents = spread(std::span<const Array>(out).subspan(n), t->out);
    out.resize(n);
    return {std::move(out), std::move(tangents)};
  }

  static JetOut jet(const JetArgs& args, const Params& p) {
    const auto t = jet_jaxpr(p.jaxpr, args.order, moving(args.series));
    return jet_results(call(p.name, t->closed, jet_operands(args)), t->out, args.order);
  }

  static JvpOut linearize(const JvpArgs& args, const Params& p) {
    const auto t = linearize_jaxpr(p.jaxpr, present(args.tangents));
    auto out = call(p.name, t->forward, args.primals);
    const auto n = p.jaxpr->out.size();
    Arrays in(out.begin() + static_cast<std::ptrdiff_t>(n), out.end());  // residuals
    out.resize(n);
    append_present(in, args.tangents);
    Arrays tangents;
    if (!t->linear->out.empty()) tangents = bind_all<Jit>(in, {p.name, t->linear});
    return {std::move(out), spread(tangents, t->out)};
  }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    Mask linear;
    Arrays in;
    for (const auto& x : args.operands) {
      linear.push_back(x.linear());
      if (!x.linear()) in.push_back(x.value);
    }
    append_present(in, args.cotangents);
    const auto t = transpose_jaxpr(p.jaxpr, linear, present(args.cotangents));
    return spread(call(p.name, t->closed, in), t->out);
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) {
    const auto t = batch_jaxpr(p.jaxpr, args.axis(), Mask(args.mapped.begin(), args.mapped.end()));
    return {call(p.name, t->closed, args.operands), t->out};
  }

  static JaxprPtr callee(const Params& p) { return p.jaxpr; }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_jaxpr(*p.jaxpr, b, in);
  }
};

bool any_nan(ArraySpan xs) {
  for (const auto& x : xs)
    if (has_nan(x)) return true;
  return false;
}

}  // namespace

JaxprPtr jitted_jaxpr(const Eqn& e) { return e.prim == &define<Jit>() ? e.params.as<Jit::Params>().jaxpr : nullptr; }

namespace detail {

/// Compiled when it is first run: functions that are only ever called inside others never are.
class LazyExecutable {
 public:
  explicit LazyExecutable(JaxprPtr jaxpr) : jaxpr_(std::move(jaxpr)) {}
  const Executable& get() {
    std::call_once(once_, [this] { executable_ = compile(jaxpr_); });
    return *executable_;
  }

 private:
  JaxprPtr jaxpr_;
  std::once_flag once_;
  std::shared_ptr<const Executable> executable_;
};

namespace {

// A default of float64 meeting float32 data is the usual way to lose half the speed without noticing.
void warn_of_widening(const Jaxpr& jaxpr, const std::string& name) {
  for (const auto& e : jaxpr.eqns)
    for (const auto& a : e.in)
      if (jaxpr.aval(a).dtype == DType::float32 && jaxpr.vars[e.out[0]].dtype == DType::float64) {
        std::cerr << "jit: in " << name << ", " << jaxpr.aval(a) << " became " << jaxpr.vars[e.out[0]]
                  << "; give constants and created arrays the dtype float32 if that was not meant\n";
        return;
      }
}

}  // namespace

std::shared_ptr<const JitEntry> trace_jit(const FlatFn& f, const std::vector<Aval>& in, const std::string& name) {
  auto entry = std::make_shared<JitEntry>();
  entry->name = name;
  entry->closed = trace_to_jaxpr(f, in, "jit");
  if (config().log_compiles) warn_of_widening(*entry->closed.jaxpr, name);
  if (all_concrete(entry->closed.consts)) entry->executable = std::make_shared<LazyExecutable>(entry->closed.jaxpr);
  return entry;
}

bool runs_directly(const JitEntry& entry, ArraySpan args) {
  return current_trace() == nullptr && entry.executable != nullptr && all_concrete(args);
}

const Executable& executable_of(const JitEntry& entry) {
  if (entry.executable == nullptr)
    throw TypeError(text("compile: a program is required whose captured values are concrete, got one of ", entry.name,
                         " that captured a traced value; pass it as an argument"));
  return entry.executable->get();
}

void call_jit(const JitEntry& entry, const Arrays& args, Arrays& out) {
  if (runs_directly(entry, args)) run_jit(entry, args, {}, out);
  else out = Jit::call(entry.name, entry.closed, args);
}

void run_jit(const JitEntry& entry, const Arrays& args, std::span<Fate> fates, Arrays& out) {
  const Arrays* in = &args;
  Arrays with_consts;
  if (!entry.closed.consts.empty()) {
    with_consts = entry.closed.consts;
    with_consts.insert(with_consts.end(), args.begin(), args.end());
    in = &with_consts;
  }
  if (config().debug_nans && has_effects(*entry.closed.jaxpr)) {  // it must not run twice
    out = eval_jaxpr(*entry.closed.jaxpr, *in);
    return;
  }
  run(entry.executable->get(), *in, out, {fates, entry.closed.consts.size()});
  // A NaN is traced to its origin by running the program again, one operation at a time.
  if (config().debug_nans && any_nan(out)) eval_jaxpr(*entry.closed.jaxpr, *in);
}

std::size_t jit_config_key() { return config().key(); }
bool jit_disabled() { return config().disable_jit; }

void log_compile(const std::string& name, const std::vector<Aval>& in, const std::string& why_again) {
  std::cerr << "jit: compiling " << name << " for (";
  for (std::size_t i = 0; i < in.size(); ++i) std::cerr << (i == 0 ? "" : ", ") << in[i];
  std::cerr << ")\n";
  if (!why_again.empty()) std::cerr << "jit: " << name << " is traced again: " << why_again << '\n';
}

}  // namespace detail
void list_jit(std::vector<ReadablePrimitive>& to) {
  to.insert(to.end(), {readable<Jit>(0, ReadablePrimitive::any)});
}

}  // namespace fluxion
