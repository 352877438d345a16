#include "ir/program.hpp"

#include <algorithm>
#include <ostream>
#include <string>

#include "base/text.hpp"

namespace fluxion::ir {
namespace {

struct Printer {
  std::ostream& os;

  void operator()(const Map& a) const { os << "map." << name(a.op); }
  void operator()(const Convert&) const { os << "convert"; }
  void operator()(const Iota& a) const { os << "iota[" << a.dimension << ']'; }
  void operator()(const Threefry&) const { os << "threefry"; }
  void operator()(const Broadcast& a) const { os << "broadcast" << a.dims; }
  void operator()(const Transpose& a) const { os << "transpose" << a.permutation; }
  void operator()(const Reshape&) const { os << "reshape"; }
  void operator()(const Slice& a) const { os << "slice[start=" << a.start << ", stride=" << a.stride << ']'; }
  void operator()(const Bitcast&) const { os << "bitcast"; }
  void operator()(const Reduce& a) const { os << "reduce." << name(a.op) << a.axes; }
  void operator()(const ArgMax& a) const { os << "argmax[" << a.axis << ']'; }
  void operator()(const Dot&) const { os << "dot"; }
  void operator()(const Assemble& a) const {
    os << "assemble[";
    for (const auto& p : a.pieces) os << p.start << ':' << p.stride << ' ';
    os << (a.covers ? "covers]" : "fills]");
  }
  void operator()(const HostCall& a) const {
    os << "host_call[" << (a.function != nullptr ? a.function->name() : "nothing")
       << (a.effect == Effect::none ? "]" : a.effect == Effect::ordered ? ", ordered]" : ", unordered]");
  }
  void operator()(const TruePositions&) const { os << "true_positions"; }
  void operator()(const TakeRows& a) const {
    os << "take_rows[batch=" << a.batch << (a.wraps ? " wraps" : "") << ']';
  }
  void operator()(const PutRows& a) const {
    os << (a.add ? "add_rows" : "put_rows") << "[batch=" << a.batch << (a.wraps ? " wraps" : "")
       << (a.clips ? " clips" : "") << ']';
  }
  void operator()(const TakeWindow&) const { os << "take_window"; }
  void operator()(const PutWindow&) const { os << "put_window"; }
  void operator()(const Tape& a) const {
    constexpr const char* names[] = {"push", "read", "add", "fold"};
    os << "tape." << names[static_cast<std::size_t>(a.kind)];
  }
  void operator()(const Cond& a) const { os << "cond[" << a.branches.size() << " branches]"; }
  void operator()(const While& a) const {
    os << "while[cond_consts=" << a.cond_consts << ", body_consts=" << a.body_consts << ']';
  }
  void operator()(const Scan& a) const {
    os << "scan[consts=" << a.consts << ", carry=" << a.carry << ", length=" << a.length
       << (a.reverse ? ", reverse]" : "]");
  }
};

void print_values(std::ostream& os, const Program& p, const Values& values) {
  const char* separator = "";
  for (const ValueId v : values) {
    os << separator << '%' << v << ':' << Aval{p.types[v].shape, p.types[v].dtype};
    separator = " ";
  }
}

/// 0x3f800000: most significant byte first.
void print_bits(std::ostream& os, const Constant& c, std::size_t bytes) {
  os << "0x";
  for (std::size_t i = bytes; i-- > 0;) {
    const auto b = std::to_integer<unsigned>(c.bits[i]);
    os << "0123456789abcdef"[b >> 4] << "0123456789abcdef"[b & 15];
  }
}

std::string program_name(const Action& a, std::size_t k) {
  if (std::holds_alternative<Cond>(a)) return text("branch ", k);
  return std::holds_alternative<While>(a) && k == 0 ? "cond" : "body";
}

void print_program(std::ostream& os, const Program& p, const std::string& indent) {
  os << indent << "inputs ";
  print_values(os, p, p.inputs);
  os << '\n';
  for (const auto& c : p.constants) {
    os << indent;
    print_values(os, p, {c.value});
    os << " = constant ";
    print_bits(os, c, itemsize(p.types[c.value].dtype));
    os << '\n';
  }
  for (const auto& i : p.instrs) {
    os << indent;
    print_values(os, p, i.out);
    os << (i.out.empty() ? "" : " = ");
    std::visit(Printer{os}, i.action);
    for (const ValueId v : i.in) os << " %" << v;
    os << '\n';
    const auto held = held_programs(i.action);
    for (std::size_t k = 0; k < held.size(); ++k) {
      os << indent << "  " << program_name(i.action, k) << ":\n";
      print_program(os, **held[k], indent + "    ");
    }
  }
  os << indent << "outputs ";
  print_values(os, p, p.outputs);
  os << '\n';
}

}  // namespace

Effect effect_of(const Action& a) {
  if (const auto* call = std::get_if<HostCall>(&a)) return call->effect;
  Effect all = Effect::none;
  if (!std::holds_alternative<Cond>(a) && !std::holds_alternative<While>(a) && !std::holds_alternative<Scan>(a)) return all;
  for (const auto* held : held_programs(a))
    if (*held != nullptr) all = std::max(all, (*held)->effect);
  return all;
}

std::vector<const ProgramPtr*> held_programs(const Action& a) {
  std::vector<const ProgramPtr*> held;
  if (const auto* cond = std::get_if<Cond>(&a))
    for (const auto& branch : cond->branches) held.push_back(&branch);
  if (const auto* loop = std::get_if<While>(&a)) held = {&loop->cond, &loop->body};
  if (const auto* scan = std::get_if<Scan>(&a)) held = {&scan->body};
  return held;
}

std::ostream& operator<<(std::ostream& os, const Instr& i) {
  for (const ValueId v : i.out) os << '%' << v << ' ';
  os << (i.out.empty() ? "" : "= ");
  std::visit(Printer{os}, i.action);
  for (const ValueId v : i.in) os << " %" << v;
  return os;
}

std::ostream& operator<<(std::ostream& os, const Program& p) {
  print_program(os, p, "");
  return os;
}

}  // namespace fluxion::ir
