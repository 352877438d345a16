#include "compiler/executable.hpp"

#include <algorithm>
#include <iostream>

#include "base/text.hpp"
#include "compiler/debug.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/planner.hpp"

namespace fluxion::detail {
namespace {

const ConcreteNode& node_of(const Array& x) {
  const auto* c = concrete(x);
  if (c == nullptr) throw InternalError("run: arguments must be concrete arrays");
  return *c;
}

bool fits(const compiler::Plan& plan, ArraySpan args) {
  for (std::size_t k = 0; k < args.size(); ++k) {
    const auto& x = static_cast<const ConcreteNode&>(*args[k].node_or_null());
    if (x.contiguous) {
      if (plan.input_row_major[k] == 0) return false;
    } else if (!(x.strides == plan.input_strides[k])) {
      return false;
    }
  }
  return true;
}

}  // namespace

Executable::Executable(ir::Program program, std::vector<Aval> results) : results_(std::move(results)) {
  ir::verify(program);
  program_ = compiler::optimised(std::move(program));
}

Executable::~Executable() { delete plans_.load(std::memory_order_relaxed); }

const compiler::Plan* Executable::find_plan(ArraySpan args) const {
  const auto* list = plans_.load(std::memory_order_acquire);
  if (list == nullptr) return nullptr;
  for (auto i = list->plans.rbegin(); i != list->plans.rend(); ++i)
    if (fits(**i, args)) return i->get();
  return nullptr;
}

const compiler::Plan& Executable::plan_for(ArraySpan args) const {
  std::vector<Dims> strides;
  for (const auto& x : args) {
    const auto& node = node_of(x);
    strides.push_back(node.contiguous ? compiler::row_major(node.aval.shape) : node.strides);
  }
  std::shared_ptr<const compiler::Plan> plan = compiler::planned(program_, strides, results_);
  if (compiler::debug_stage("program")) std::cerr << compiler::listing(program_, *plan);
  const std::lock_guard lock(mutex_);
  if (const auto* other = find_plan(args)) return *other;  // another thread was first
  auto list = std::make_unique<Plans>();
  const auto* old = plans_.load(std::memory_order_relaxed);
  if (old != nullptr) list->plans = old->plans;
  list->plans.push_back(std::move(plan));
  list->older.reset(old);
  const auto& result = *list->plans.back();
  plans_.store(list.release(), std::memory_order_release);
  return result;
}

void Executable::check(ArraySpan args) const {
  if (args.size() != program_.inputs.size())
    throw InternalError(text("run: ", program_.inputs.size(), " arguments are needed, got ", args.size()));
  for (std::size_t k = 0; k < args.size(); ++k) {
    const auto& want = program_.types[program_.inputs[k]];
    const auto& have = node_of(args[k]).aval;
    if (have.dtype != want.dtype || have.shape != want.shape)
      throw InternalError(text("run: argument ", k, " must be ", Aval{want.shape, want.dtype}, ", got ", have));
  }
}

void Executable::run(ArraySpan args, Arrays& out, Fates fates) const {
#ifdef FLUXION_DEBUG_CHECKS
  check(args);
#else
  if (args.size() != program_.inputs.size()) check(args);
#endif
  if (const auto* plan = find_plan(args)) return compiler::run_plan(*plan, args, results_, out, fates);
  check(args);
  const auto* list = plans_.load(std::memory_order_acquire);
  if (list != nullptr && list->plans.size() >= most_plans) return run_row_major(args, out, fates);
  compiler::run_plan(plan_for(args), args, results_, out, fates);
}

/// So many layouts that another plan costs more than copies.
void Executable::run_row_major(ArraySpan args, Arrays& out, Fates fates) const {
  Arrays copies;
  for (const auto& x : args) {
    const auto& node = node_of(x);
    copies.push_back(node.contiguous ? x : compiler::row_major_copy(node));
  }
  const auto* plan = find_plan(copies);
  compiler::run_plan(plan != nullptr ? *plan : plan_for(copies), copies, results_, out, fates);
}

std::unique_ptr<const compiler::Plan> Executable::row_major_plan() const {
  std::vector<Dims> strides;
  for (const auto v : program_.inputs) strides.push_back(compiler::row_major(program_.types[v].shape));
  return compiler::planned(program_, strides, results_);
}

compiler::IntoRunner& Executable::into() const {
  std::call_once(into_once_, [this] { into_ = std::make_unique<compiler::IntoRunner>(program_); });
  return *into_;
}

MemoryAnalysis Executable::memory(std::size_t consts, std::span<const char> donated) const {
  return compiler::memory_analysis(program_, *row_major_plan(), consts, donated);
}

std::string Executable::listing() const {
  const auto* list = plans_.load(std::memory_order_acquire);
  if (list != nullptr) return compiler::listing(program_, *list->plans.back());
  return compiler::listing(program_, *row_major_plan());
}

}  // namespace fluxion::detail

namespace fluxion::compiler {

std::shared_ptr<const detail::Executable> compile_program(ir::Program program, std::vector<Aval> results) {
  return std::make_shared<const detail::Executable>(std::move(program), std::move(results));
}

}  // namespace fluxion::compiler

namespace fluxion {

std::shared_ptr<const Executable> compile(JaxprPtr jaxpr) {
  ir::Builder b;
  ir::Values in;
  for (const auto& aval : jaxpr->in_avals()) in.push_back(b.input({aval.dtype, aval.shape}));
  auto out = lower_jaxpr(*jaxpr, b, in);
  return compiler::compile_program(b.finish(std::move(out)), jaxpr->out_avals());
}

void run(const Executable& e, ArraySpan args, Arrays& out, Fates fates) { e.run(args, out, fates); }

Array packed(const Array& x) {
  const auto& node = *concrete(x);
  return node.contiguous ? x : compiler::row_major_copy(node);
}
void prepare_into(const Executable& e) { e.into(); }
void run_into(const Executable& e, const Places& places) { e.into().run(places); }

CostAnalysis cost_analysis(const Executable& e) { return cost_analysis(e.program()); }
MemoryAnalysis memory_analysis(const Executable& e, std::size_t consts, std::span<const char> donated) {
  return e.memory(consts, donated);
}

std::string to_string(const Executable& e) { return e.listing(); }

}  // namespace fluxion
