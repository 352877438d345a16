#include <fluxion/testing/random_program.hpp>

#include <algorithm>
#include <mutex>
#include <numeric>
#include <ostream>
#include <set>

#include <fluxion/testing/compare.hpp>
#include <fluxion/testing/draw.hpp>

#include "base/text.hpp"
#include "testing/elements.hpp"
#include "testing/held_jaxprs.hpp"
#include "testing/moves.hpp"
#include "testing/words.hpp"

namespace fluxion::testing {

struct RandomProgram::State {
  ProgramOptions options;
  std::vector<Gene> genes;
  Arrays inputs;
  bool two_results = false;

  /// Traced when it is first wanted: of most candidates for shrinking nobody asks.
  const ClosedJaxpr& program() const {
    std::call_once(once_, [this] { program_ = trace(); });
    return program_;
  }

 private:
  ClosedJaxpr trace() const;
  mutable std::once_flag once_;
  mutable ClosedJaxpr program_;
};

namespace {

using State = RandomProgram::State;
using StatePtr = std::shared_ptr<const State>;
constexpr int kDepth = 2;       // of bodies within bodies
constexpr double kInputs = 1.75;  // sample inputs are closer to 0 than what programs are made for

std::shared_ptr<State> changed(const State& s) {
  auto out = std::make_shared<State>();
  out->options = s.options;
  out->genes = s.genes;
  out->inputs = s.inputs;
  out->two_results = s.two_results;
  return out;
}

/// Without inputs for captured values that no equation uses.
ClosedJaxpr without_unused_consts(const ClosedJaxpr& closed) {
  auto jaxpr = dead_code_eliminated(*closed.jaxpr);
  std::vector<char> used(jaxpr.vars.size(), 0);
  const auto use = [&](const Atom& a) {
    if (!a.is_literal()) used[static_cast<std::size_t>(a.var)] = 1;
  };
  for (const auto& e : jaxpr.eqns)
    for (const auto& a : e.in) use(a);
  for (const auto& a : jaxpr.out) use(a);
  Arrays consts;
  std::vector<VarId> in;
  for (std::size_t i = 0; i < jaxpr.in.size(); ++i) {
    const bool is_const = i < jaxpr.n_consts;
    if (is_const && used[static_cast<std::size_t>(jaxpr.in[i])] == 0) continue;
    in.push_back(jaxpr.in[i]);
    if (is_const) consts.push_back(closed.consts[i]);
  }
  jaxpr.in = std::move(in);
  jaxpr.n_consts = consts.size();
  return {std::make_shared<const Jaxpr>(std::move(jaxpr)), std::move(consts)};
}

std::size_t equations_in(const Jaxpr& jaxpr) {
  std::size_t n = 0;
  for_each_equation(jaxpr, [&](const Eqn&) { ++n; });
  return n;
}

void check_options(const ProgramOptions& o) {
  if (o.max_equations == 0) throw ValueError("random_program: max_equations of at least 1 is required, got 0");
  for (const auto& in : o.inputs) {
    const Aval aval{in.shape, in.dtype};
    if (!is_floating(in.dtype))
      throw TypeError(text("random_program: inputs of floating dtypes are required, got ", aval));
    if (element_count(in.shape) == 0)
      throw ValueError(text("random_program: inputs with elements are required, got ", aval));
  }
  if (!is_floating(o.dtype)) throw TypeError(text("random_program: a floating dtype is required, got ", name(o.dtype)));
}

Gene draw_gene(Words& w, const MoveTable& table, int depth) {
  const auto& families = table.families(depth);
  const auto& family = families[w.below(families.size())];
  const auto recent = [&w] { return static_cast<std::uint32_t>(w.one_in(4) ? w.below(12) : w.below(2)); };
  Gene g{family[w.below(family.size())], recent(), recent(), static_cast<std::uint32_t>(w.below(60)), {}};
  if (table.at(g.move, depth).has_body())
    for (auto n = 1 + w.below(3); n > 0; --n) g.body.push_back(draw_gene(w, table, depth - 1));
  return g;
}

Arrays draw_inputs(Words& w, const ProgramOptions& o) {
  auto kinds = o.inputs;
  if (kinds.empty()) {
    const auto n = 1 + w.below(3);
    for (std::size_t i = 0; i < n; ++i) {
      Shape shape;
      for (auto rank = w.below(3); rank > 0; --rank) shape.push_back(w.between(1, 4));
      kinds.push_back({shape, o.dtype});
    }
  }
  Arrays out;
  for (const auto& k : kinds) {
    std::vector<Element> elements(static_cast<std::size_t>(element_count(k.shape)));
    for (auto& e : elements) e.re = static_cast<double>(w.between(-448, 448)) / 448 * kInputs;  // multiples of 1/256
    out.push_back(array_of(elements, k.dtype, k.shape));
  }
  return out;
}

}  // namespace

ClosedJaxpr RandomProgram::State::trace() const {
  std::vector<Aval> avals;
  for (const auto& x : inputs) avals.push_back({x.shape(), x.dtype()});
  const auto f = [this](const Arrays& args) -> Arrays {
    std::vector<Value> pool;
    for (const auto& x : args) pool.push_back({x, -2, 2});
    play(genes, MoveTable::of(options), kDepth, pool);
    if (two_results && pool.size() > 1) return {pool[pool.size() - 1].x, pool[pool.size() - 2].x};
    return {pool.back().x};
  };
  return without_unused_consts(trace_to_jaxpr(f, avals, "random_program"));
}

RandomProgram random_program(std::uint64_t seed, const ProgramOptions& o, int size) {
  check_options(o);
  Words w(seed);
  const auto& table = MoveTable::of(o);
  auto s = std::make_shared<State>();
  s->options = o;
  s->inputs = draw_inputs(w, o);
  s->two_results = w.one_in(4);
  const auto most =
      std::max<std::size_t>(1, o.max_equations * static_cast<std::size_t>(std::clamp(size, 1, 100)) / 100);
  for (auto n = 1 + w.below(most); n > 0; --n) s->genes.push_back(draw_gene(w, table, kDepth));
  while (equations_in(*s->program().jaxpr) > o.max_equations && !s->genes.empty()) {
    s = changed(*s);
    s->genes.erase(s->genes.begin() + static_cast<std::ptrdiff_t>(w.below(s->genes.size())));
  }
  if (s->genes.empty()) s->genes = {Gene{}};  // the first move is one equation
  return RandomProgram(changed(*s));
}

// --- what is simpler ------------------------------------------------------------------------------------------------

namespace {

using Genes = std::vector<Gene>;

// All lists with one part simpler: chunks left out, bodies in place of what is around them, numbers lowered.
std::vector<Genes> simpler_genes(const Genes& genes) {
  std::vector<Genes> out;
  const auto n = genes.size();
  for (auto chunk = n; chunk > 0; chunk /= 2)
    for (std::size_t from = 0; from < n; from += chunk) {
      auto fewer = genes;
      const auto first = fewer.begin() + static_cast<std::ptrdiff_t>(from);
      fewer.erase(first, first + static_cast<std::ptrdiff_t>(std::min(chunk, n - from)));
      out.push_back(std::move(fewer));
    }
  const auto with = [&](std::size_t i, const Gene& g) {
    auto next = genes;
    next[i] = g;
    out.push_back(std::move(next));
  };
  for (std::size_t i = 0; i < n; ++i) {
    const auto& g = genes[i];
    if (!g.body.empty()) {
      auto inlined = genes;
      const auto at = inlined.erase(inlined.begin() + static_cast<std::ptrdiff_t>(i));
      inlined.insert(at, g.body.begin(), g.body.end());
      out.push_back(std::move(inlined));
    }
    for (auto& body : simpler_genes(g.body)) with(i, {g.move, g.a, g.b, g.c, std::move(body)});
  }
  for (std::size_t i = 0; i < n; ++i) {
    const auto& g = genes[i];
    if (g.move != 0) with(i, {0, g.a, g.b, g.c, g.body});
    if (g.a != 0) with(i, {g.move, 0, g.b, g.c, g.body});
    if (g.b != 0) with(i, {g.move, g.a, 0, g.c, g.body});
    if (g.c != 0) with(i, {g.move, g.a, g.b, 0, g.body}), with(i, {g.move, g.a, g.b, g.c / 2, g.body});
  }
  return out;
}

// One input fewer, or of a smaller shape, or with simpler elements.
std::vector<Arrays> simpler_inputs(const Arrays& inputs, bool of_given_shapes) {
  std::vector<Arrays> out;
  for (std::size_t i = 0; i < inputs.size() && inputs.size() > 1 && !of_given_shapes; ++i) {
    auto fewer = inputs;
    fewer.erase(fewer.begin() + static_cast<std::ptrdiff_t>(i));
    out.push_back(std::move(fewer));
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    const auto& x = inputs[i];
    gen::detail::ArrayRecipe recipe{.dtype = x.dtype(), .shape = x.shape(), .values = {.low = -2, .high = 2}};
    if (!of_given_shapes)
      recipe.shapes =
          gen::ShapeOptions{.max_rank = x.ndim(), .min_extent = 1, .max_extent = 1000, .max_size = x.size()};
    for (auto& y : gen::detail::simpler_arrays(recipe, x)) {
      out.push_back(inputs);
      out.back()[i] = std::move(y);
    }
  }
  return out;
}

}  // namespace

std::vector<RandomProgram> RandomProgram::simpler() const {
  std::vector<RandomProgram> out;
  for (auto& genes : simpler_genes(state_->genes)) {
    if (genes.empty()) continue;
    auto s = changed(*state_);
    s->genes = std::move(genes);
    out.emplace_back(std::move(s));
  }
  if (state_->two_results) {
    auto s = changed(*state_);
    s->two_results = false;
    out.emplace_back(std::move(s));
  }
  for (auto& inputs : simpler_inputs(state_->inputs, !state_->options.inputs.empty())) {
    auto s = changed(*state_);
    s->inputs = std::move(inputs);
    out.emplace_back(std::move(s));
  }
  return out;
}

// --- what it is -----------------------------------------------------------------------------------------------------

const Arrays& RandomProgram::inputs() const { return state_->inputs; }
const ClosedJaxpr& RandomProgram::jaxpr() const { return state_->program(); }

Arrays RandomProgram::operator()(const Arrays& args) const {
  const auto& [jaxpr, consts] = state_->program();
  const auto want = state_->inputs.size();
  if (args.size() != want)
    throw ValueError(
        text("RandomProgram: as many arguments as inputs are required, ", want, ", got ", args.size()));
  for (std::size_t i = 0; i < want; ++i) {
    const Aval in{state_->inputs[i].shape(), state_->inputs[i].dtype()};
    if (!same_type(args[i].aval(), in))
      throw TypeError(
          text("RandomProgram: argument ", i, " must be ", in, " as its input is, got ", args[i].aval()));
  }
  auto all = consts;
  all.insert(all.end(), args.begin(), args.end());
  return eval_jaxpr(*jaxpr, all);
}

Array RandomProgram::total_of(const Arrays& args) const {
  const auto results = (*this)(args);
  auto out = sum(results[0]);
  for (std::size_t i = 1; i < results.size(); ++i) out = out + sum(results[i]);
  return out;
}

std::size_t RandomProgram::num_equations() const { return equations_in(*state_->program().jaxpr); }

std::vector<std::string> RandomProgram::primitives() const {
  std::set<std::string> names;
  for_each_equation(*state_->program().jaxpr, [&](const Eqn& e) { names.emplace(e.prim->name()); });
  return {names.begin(), names.end()};
}

std::ostream& operator<<(std::ostream& os, const RandomProgram& p) {
  os << p.jaxpr() << "\nat";
  for (const auto& x : p.inputs()) os << ' ' << detail::show_array(x);
  return os;
}

std::vector<std::string> program_primitives(const ProgramOptions& options) {
  check_options(options);
  const auto& table = MoveTable::of(options);
  Words w(0);
  auto given = options;
  if (given.inputs.empty()) given.inputs = {{{}, options.dtype}, {{3}, options.dtype}, {{2, 3}, options.dtype}};
  State s;
  s.options = options;
  s.inputs = draw_inputs(w, given);
  std::set<std::string> names;
  const auto collect = [&](const Gene& g) {
    auto one = changed(s);
    one->genes = {g};
    for (auto& n : RandomProgram(std::move(one)).primitives()) names.insert(std::move(n));
  };
  constexpr std::uint32_t kChoices = 12, kChoicesWithin = 3;
  for (std::uint32_t move = 0; move < table.size(); ++move) {
    for (std::uint32_t c = 0; c < kChoices; ++c) collect({move, c % 3, c % 2, c, {}});
    if ((table.at(move, kDepth).kind & Move::transform) == 0) continue;
    for (std::uint32_t within = 0; within < table.size(); ++within)  // derivatives have operations of their own
      for (std::uint32_t c = 0; c < kChoicesWithin; ++c) collect({move, 0, 0, 0, {{within, 0, 0, c, {}}}});
  }
  return {names.begin(), names.end()};
}

}  // namespace fluxion::testing
