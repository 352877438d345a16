#include "ir/program.hpp"

#include <ostream>

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

}  // namespace

std::ostream& operator<<(std::ostream& os, const Instr& i) {
  for (const ValueId v : i.out) os << '%' << v << ' ';
  os << "= ";
  std::visit(Printer{os}, i.action);
  for (const ValueId v : i.in) os << " %" << v;
  return os;
}

std::ostream& operator<<(std::ostream& os, const Program& p) {
  os << "inputs ";
  print_values(os, p, p.inputs);
  os << '\n';
  for (const auto& c : p.constants) {
    print_values(os, p, {c.value});
    os << " = constant ";
    print_bits(os, c, itemsize(p.types[c.value].dtype));
    os << '\n';
  }
  for (const auto& i : p.instrs) {
    print_values(os, p, i.out);
    os << " = ";
    std::visit(Printer{os}, i.action);
    for (const ValueId v : i.in) os << " %" << v;
    os << '\n';
  }
  os << "outputs ";
  print_values(os, p, p.outputs);
  return os << '\n';
}

}  // namespace fluxion::ir
