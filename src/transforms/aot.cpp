// The compiled halves of Traced, Lowered and Compiled.
#include <fluxion/transforms/aot.hpp>

#include <functional>
#include <mutex>
#include <sstream>

#include "base/text.hpp"
#include "core/evaluate.hpp"
#include "core/trace.hpp"
#include "transforms/aot.hpp"
#include "transforms/donation.hpp"
#include "transforms/flat_calls.hpp"
#include "transforms/jit.hpp"

namespace fluxion {

namespace {

const ConcreteNode& readable(const Array& x) {
  require_value("call_into", x);
  const auto* c = concrete(x);
  if (c == nullptr) throw TypeError(text("call_into: arguments must be concrete, got ", describe(x), "; call the function itself under a transformation"));
  if (!c->contiguous)
    throw ValueError(text("call_into: arrays must be contiguous, got ", c->aval, " with strides ", c->strides,
                          "; copy it with 1 * x, or call the compiled function with it"));
  return *c;
}

}  // namespace

ConstSpan::ConstSpan(const Array& x)
    : data_(readable(x).data), size_(static_cast<std::size_t>(x.size())), dtype_(x.dtype()) {}

namespace detail {

namespace {

std::string of(const Staged& s) { return text("compiled ", s.entry->name); }

const Executable& executable(const Staged& s) { return executable_of(*s.entry); }

std::vector<std::string> result_paths(const Staged& s) {
  const std::string root[] = {"result"};
  return s.out.paths(root);
}

/// Where call_into reads and writes: captured values, then the caller's spans.
class Spans final : public Places {
 public:
  Spans(const Staged& s, const MutableSpan* results, const ConstSpan* args) : s_(s), results_(results), args_(args) {}
  const void* input(std::size_t k) const override {
    const auto n = s_.packed_consts.size();
    return k < n ? concrete(s_.packed_consts[k])->data : args_[k - n].data();
  }
  void* result(std::size_t k) const override { return results_[k].data(); }

 private:
  const Staged& s_;
  const MutableSpan* results_;
  const ConstSpan* args_;
};

bool fits(const Aval& want, std::size_t size, DType dtype) {
  return dtype == want.dtype && static_cast<std::int64_t>(size) == want.size();
}

[[noreturn]] void refuse_span(const Staged& s, const std::string& path, const Aval& want, std::size_t size, DType dtype) {
  throw ValueError(text(of(s), ": ", path, " must be ", want.size(), " elements of ", want.dtype, ", for it is ", want, ", got ",
                        size, " of ", dtype, "; give a span of that size and type"));
}

template <class A, class B>
bool overlap(const A& a, const B& b) {
  const auto begin = [](const auto& s) { return static_cast<const std::byte*>(s.data()); };
  const auto end = [&](const auto& s) { return begin(s) + s.size() * itemsize(s.dtype()); };
  const std::less<const std::byte*> before;
  return a.size() != 0 && b.size() != 0 && before(begin(a), end(b)) && before(begin(b), end(a));
}

void check_overlaps(const Staged& s, const MutableSpan* results, std::size_t n_results, const ConstSpan* args, std::size_t n_args) {
  for (std::size_t k = 0; k < n_results; ++k) {
    for (std::size_t i = 0; i < n_args; ++i)
      if (overlap(results[k], args[i]))
        throw ValueError(text(of(s), ": a result must not overlap an argument, got ", result_paths(s)[k], " in the memory of ",
                              s.paths[i], "; give the result memory of its own"));
    for (std::size_t i = 0; i < k; ++i)
      if (overlap(results[k], results[i]))
        throw ValueError(text(of(s), ": results must not overlap, got ", result_paths(s)[i], " and ", result_paths(s)[k],
                              " in one place; give each memory of its own"));
  }
}

}  // namespace

const TreeDef& staged_out(const Staged& s) { return s.out; }
ClosedJaxpr staged_jaxpr(const Staged& s) { return s.entry->closed; }
Arrays staged_out_info(const Staged& s) {
  Arrays out;
  for (const auto& a : out_avals(*s.entry->closed.jaxpr)) out.push_back(abstract_array(a));
  return out;
}
std::string staged_program(const Staged& s) {
  std::ostringstream os;
  os << *lower_to_program(*s.entry->closed.jaxpr);
  return os.str();
}
CostAnalysis staged_program_cost(const Staged& s) { return cost_analysis(*lower_to_program(*s.entry->closed.jaxpr)); }

void compile_staged(const Staged& s) {
  std::call_once(s.prepared, [&] {
    const auto& e = executable(s);
    for (const auto& c : s.entry->closed.consts) s.packed_consts.push_back(packed(c));
    prepare_into(e);
  });
}

std::string compiled_plan(const Staged& s) { return fluxion::to_string(executable(s)); }
CostAnalysis compiled_cost(const Staged& s) { return cost_analysis(executable(s)); }
MemoryAnalysis compiled_memory(const Staged& s) {
  return memory_analysis(executable(s), s.entry->closed.consts.size(), s.donated);
}

void check_compiled_arguments(const Staged& s, const TreeWriter& args) {
  if (!std::equal(args.words.begin(), args.words.end(), s.in.words().begin(), s.in.words().end()) || !s.in.statics().empty()) {
    const TreeDef got(args);
    const auto n = decode(got).size(), wanted = decode(s.in).size();
    if (n != wanted)
      throw ValueError(text(of(s), ": ", wanted, " arguments are required, those of trace without the static ones, got ",
                            n, "; pass them all"));
    check_same_structure(s.in, got, of(s).c_str(), s.arguments);
  }
  for (std::size_t i = 0; i < args.leaves.size(); ++i) {
    const auto& x = args.leaves[i];
    if (x.is_empty_handle())
      throw TypeError(text(of(s), ": ", s.paths[i], " must hold a value, got an empty handle (default-constructed or moved-from); assign it first"));
    if (tracer(x) != nullptr)
      throw TypeError(text(of(s), ": ", s.paths[i], " must be concrete, for a compiled program cannot be transformed, got ", describe(x),
                           "; transform the function itself, then compile"));
    if (x.dtype() != s.avals[i].dtype || x.shape() != s.avals[i].shape)
      throw TypeError(text(of(s), ": ", s.paths[i], " must be ", s.avals[i], ", for which it was compiled, got ", x.aval(),
                           "; convert it, compile for this type too, or call what fx::jit returns"));
  }
}

void call_compiled(const Staged& s, TreeWriter& args, Arrays& results) {
  const SetTrace none(nullptr);  // the arguments are concrete, whatever function this is called in
  std::vector<Fate> fates;
  run_donating(*s.entry, args.leaves, s.donated, [&](std::size_t i) { return s.paths[i]; }, fates, results);
}

void call_compiled_into(const Staged& s, const MutableSpan* results, std::size_t n_results, const ConstSpan* args,
                        std::size_t n_args) {
  const auto& jaxpr = *s.entry->closed.jaxpr;
  if (n_args != s.avals.size() || n_results != jaxpr.out.size())
    throw ValueError(text(of(s), ": call_into takes ", jaxpr.out.size(), " results and ", s.avals.size(), " arguments, one span per leaf, got ",
                          n_results, " and ", n_args, "; give the results first"));
  for (std::size_t i = 0; i < n_args; ++i)
    if (!fits(s.avals[i], args[i].size(), args[i].dtype())) refuse_span(s, s.paths[i], s.avals[i], args[i].size(), args[i].dtype());
  for (std::size_t k = 0; k < n_results; ++k) {
    const auto& want = jaxpr.aval(jaxpr.out[k]);
    if (!fits(want, results[k].size(), results[k].dtype()))
      refuse_span(s, result_paths(s)[k], want, results[k].size(), results[k].dtype());
  }
  check_overlaps(s, results, n_results, args, n_args);
  run_into(executable(s), Spans(s, results, args));
}

}  // namespace detail
}  // namespace fluxion
