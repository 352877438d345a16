// Counts what a program does, for cost_analysis and memory_analysis.
#include <fluxion/analysis.hpp>

#include <algorithm>
#include <ostream>
#include <set>

#include "compiler/executable.hpp"
#include "compiler/planner.hpp"

namespace fluxion {

std::ostream& operator<<(std::ostream& os, const CostAnalysis& c) {
  os << "flops " << c.flops << ", transcendentals " << c.transcendentals << ", bytes accessed " << c.bytes_accessed;
  if (c.dynamic_loops != 0) os << ", " << c.dynamic_loops << " loops of unknown length counted once";
  return os;
}

std::ostream& operator<<(std::ostream& os, const MemoryAnalysis& m) {
  return os << "arguments " << m.argument_size_in_bytes << ", output " << m.output_size_in_bytes << ", temp "
            << m.temp_size_in_bytes << ", alias " << m.alias_size_in_bytes << " bytes";
}

namespace compiler {
namespace {

double elements(const ir::Type& t) { return static_cast<double>(element_count(t.shape)); }
double bytes_of(const ir::Type& t) { return elements(t) * static_cast<double>(itemsize(t.dtype)); }

bool is_transcendental(ir::Op op) {
  using enum ir::Op;
  switch (op) {
    case exp: case expm1: case log: case log1p: case sqrt: case cbrt: case sin: case cos: case tanh: case logistic:
    case erf: case erf_inv: case pow: return true;
    default: return false;
  }
}

void add(CostAnalysis& to, const CostAnalysis& c, double times) {
  to.flops += c.flops * times;
  to.transcendentals += c.transcendentals * times;
  to.bytes_accessed += c.bytes_accessed * times;
  to.dynamic_loops += c.dynamic_loops;
}

class Counting {
 public:
  explicit Counting(const ir::Program& p)
      : p_(p), origins_(p), fusion_(fused(p, origins_, row_major_inputs())), constant_(p.types.size(), 0) {
    for (const auto& c : p.constants) constant_[c.value] = 1;
  }

  CostAnalysis run() {
    for (const auto& i : p_.instrs) std::visit([&](const auto& action) { count(action, i); }, i.action);
    for (std::uint32_t u = 0; u < fusion_.units.size(); ++u) count_bytes(u);
    return cost_;
  }

 private:
  std::vector<Dims> row_major_inputs() const {
    std::vector<Dims> strides;
    for (const auto v : p_.inputs) strides.push_back(row_major(p_.types[v].shape));
    return strides;
  }
  const ir::Type& type(ir::ValueId v) const { return p_.types[v]; }

  void count(const ir::Map& m, const ir::Instr& i) {
    (is_transcendental(m.op) ? cost_.transcendentals : cost_.flops) += elements(type(i.out[0]));
  }
  // 20 rounds of an addition, a rotation (two shifts and an or) and an exclusive or, and five additions of keys to both.
  void count(const ir::Threefry&, const ir::Instr& i) { cost_.flops += 110 * elements(type(i.out[0])); }
  void count(const ir::Reduce&, const ir::Instr& i) { cost_.flops += std::max(0.0, elements(type(i.in[0])) - elements(type(i.out[0]))); }
  void count(const ir::ArgMax&, const ir::Instr& i) { cost_.flops += elements(type(i.in[0])); }
  void count(const ir::Dot&, const ir::Instr& i) { cost_.flops += 2 * elements(type(i.out[0])) * static_cast<double>(type(i.in[0]).shape.back()); }
  void count(const ir::PutRows& r, const ir::Instr& i) {
    if (r.add) cost_.flops += elements(type(i.in[2]));
  }
  void count(const ir::Cond& c, const ir::Instr&) {
    CostAnalysis most;
    std::int64_t loops = 0;
    for (const auto& b : c.branches) {
      const auto one = cost_analysis(*b);
      loops += one.dynamic_loops;
      if (one.flops + one.transcendentals + one.bytes_accessed >= most.flops + most.transcendentals + most.bytes_accessed) most = one;
    }
    most.dynamic_loops = loops;
    add(cost_, most, 1);
  }
  void count(const ir::While& w, const ir::Instr&) {
    add(cost_, cost_analysis(*w.cond), 1);
    add(cost_, cost_analysis(*w.body), 1);
    ++cost_.dynamic_loops;
  }
  void count(const ir::Scan& s, const ir::Instr&) { add(cost_, cost_analysis(*s.body), static_cast<double>(s.length)); }
  template <class Other>
  void count(const Other&, const ir::Instr&) {}  // moves elements, or only looks at them otherwise

  /// The operands that a step reads, once each however often it looks at them, and the results that others read.
  void count_bytes(std::uint32_t number) {
    const auto& u = fusion_.units[number];
    std::vector<std::uint32_t> instrs = u.members;
    instrs.insert(instrs.end(), u.reductions.begin(), u.reductions.end());
    if (instrs.size() == 1 && holds_programs(p_.instrs[instrs[0]].action)) return;  // its programs read and write
    std::set<ir::ValueId> read;
    for (const auto at : instrs) {
      for (const auto v : p_.instrs[at].in) {
        const auto producer = origins_.producer[v];
        const bool inside = producer != no_instr && fusion_.unit_of[producer] == number;
        if (!inside && constant_[origins_.root[v]] == 0) read.insert(origins_.root[v]);
      }
      for (const auto v : p_.instrs[at].out)
        if (fusion_.stored[v] != 0) cost_.bytes_accessed += bytes_of(type(v));
    }
    for (const auto v : read) cost_.bytes_accessed += bytes_of(type(v));
  }

  const ir::Program& p_;
  Origins origins_;
  Fusion fusion_;
  std::vector<char> constant_;  // by value
  CostAnalysis cost_;
};

}  // namespace

MemoryAnalysis memory_analysis(const ir::Program& p, const Plan& plan, std::size_t consts, std::span<const char> donated) {
  const auto size = [&](ir::ValueId v) { return static_cast<std::int64_t>(bytes_of(p.types[v])); };
  MemoryAnalysis m;
  for (std::size_t k = consts; k < p.inputs.size(); ++k) m.argument_size_in_bytes += size(p.inputs[k]);
  for (const auto v : p.outputs) m.output_size_in_bytes += size(v);
  m.temp_size_in_bytes = static_cast<std::int64_t>(plan.arena_bytes);
  for (std::size_t k = 0; k < plan.outputs.size(); ++k) {
    const auto& o = plan.outputs[k];
    if (o.kind != Output::Kind::scalar && plan.storages[o.from.storage].kind == Storage::Kind::input)
      m.alias_size_in_bytes += size(p.outputs[k]);
  }
  std::vector<char> given(consts, 0);
  given.insert(given.end(), donated.begin(), donated.end());
  given.resize(plan.storages.size(), 0);
  std::vector<char> placed(plan.storages.size(), 0);
  for (const auto& r : plan.reuses) {
    if (given[r.input] == 0 || placed[r.result] != 0) continue;
    given[r.input] = 0;
    placed[r.result] = 1;
    m.alias_size_in_bytes += static_cast<std::int64_t>(plan.storages[r.result].bytes);
  }
  return m;
}

}  // namespace compiler

CostAnalysis cost_analysis(const ir::Program& p) { return compiler::Counting(p).run(); }

}  // namespace fluxion
