// Constants are folded by the kernels that would have computed them, on one element: so the bits are the same, on
// every instruction set.
#include <cstring>

#include "compiler/passes/rewriting.hpp"
#include "kernels/kernels.hpp"

namespace fluxion::compiler {
namespace {

/// Runs a kernel on one element of each operand.
template <std::size_t results>
std::array<Bits, results> on_one_element(kernels::Kernel kernel, std::span<const Bits> in) {
  constexpr std::size_t most = 6;
  struct alignas(64) Slot { std::byte bytes[64]; };
  Slot slots[most] = {};
  void* args[most];
  for (std::size_t k = 0; k < results + in.size(); ++k) args[k] = slots[k].bytes;
  for (std::size_t k = 0; k < in.size(); ++k) std::memcpy(slots[results + k].bytes, in[k].data(), sizeof(Bits));
  kernel(args, 1);
  std::array<Bits, results> out{};
  for (std::size_t k = 0; k < results; ++k) std::memcpy(out[k].data(), slots[k].bytes, sizeof(Bits));
  return out;
}

/// Folding the same element again and again changes nothing.
bool is_idempotent(ir::ReduceOp op) {
  using enum ir::ReduceOp;
  return op == max || op == min || op == and_ || op == or_;
}

class Folder {
 public:
  explicit Folder(ir::Program p) : r_(std::move(p)) {}

  ir::Program run() {
    return r_.run([this](ir::Instr& i) {
      const bool done = std::visit([&](const auto& action) { return fold(i, action); }, i.action);
      if (!done) r_.put(std::move(i));
    });
  }

 private:
  bool become(const ir::Instr& i, std::size_t k, const std::optional<Bits>& bits) {
    if (bits) become_scalar(i.out[k], r_.put_constant(r_.type(i.out[k]).dtype, *bits));
    return bits.has_value();
  }
  void become_scalar(ir::ValueId result, ir::ValueId scalar) {
    if (r_.type(result).shape.empty()) r_.replace(result, scalar);
    else r_.put(ir::Instr{ir::Broadcast{{}}, {scalar}, {result}});
  }
  /// The operands' bits; nothing if one is not constant.
  std::optional<std::vector<Bits>> constants(const ir::Instr& i) const {
    std::vector<Bits> bits;
    for (const auto v : i.in) {
      const auto* c = r_.constant(v);
      if (c == nullptr) return std::nullopt;
      bits.push_back(*c);
    }
    return bits;
  }

  bool fold(const ir::Instr& i, const ir::Map& action) {
    if (action.op == ir::Op::select) return select(i);
    const auto in = constants(i);
    return in && become(i, 0, folded_map(action.op, r_.type(i.in[0]).dtype, *in));
  }
  bool select(const ir::Instr& i) {
    const auto* predicate = r_.constant(i.in[0]);
    if (predicate == nullptr) return false;
    const auto chosen = i.in[(*predicate)[0] != std::byte{0} ? 2 : 1];
    if (r_.type(chosen) == r_.out(i)) r_.replace(i.out[0], chosen);
    else become_scalar(i.out[0], chosen);
    return true;
  }
  bool fold(const ir::Instr& i, const ir::Convert&) {
    const auto* in = r_.constant(i.in[0]);
    return in != nullptr && become(i, 0, folded_convert(r_.type(i.in[0]).dtype, r_.out(i).dtype, *in));
  }
  bool fold(const ir::Instr& i, const ir::Bitcast&) {
    const auto* in = r_.constant(i.in[0]);
    if (in == nullptr || is_tape(r_.out(i).dtype)) return false;
    const Bits same = *in;  // the list of constants may move
    return become(i, 0, same);
  }
  bool fold(const ir::Instr& i, const ir::Threefry&) {
    const auto in = constants(i);
    if (!in) return false;
    const auto out = on_one_element<2>(kernels::table().threefry2x32(0), *in);
    return become(i, 0, out[0]) && become(i, 1, out[1]);
  }
  bool fold(const ir::Instr& i, const ir::Reduce& action) {
    const auto scalar = r_.repeated(i.in[0]);
    if (!scalar || !is_idempotent(action.op) || element_count(r_.type(i.in[0]).shape) == 0) return false;
    if (r_.type(i.in[0]).shape.empty()) return false;
    become_scalar(i.out[0], *scalar);
    return true;
  }
  /// Pieces of the fill value, or nothing but pieces of one value.
  bool fold(const ir::Instr& i, const ir::Assemble& action) {
    std::optional<ir::ValueId> first;
    for (std::size_t k = action.covers ? 1 : 0; k < i.in.size(); ++k) {
      const auto scalar = r_.repeated(i.in[k]);
      if (!scalar || (first && !same_scalar(*first, *scalar))) return false;
      if (!first) first = scalar;
    }
    if (!first) return false;
    become_scalar(i.out[0], *first);
    return true;
  }
  bool same_scalar(ir::ValueId a, ir::ValueId b) const {
    const auto *x = r_.constant(a), *y = r_.constant(b);
    return a == b || (x != nullptr && y != nullptr && *x == *y);
  }
  template <class Other>
  bool fold(const ir::Instr&, const Other&) { return false; }

  Rewriting r_;
};

}  // namespace

std::optional<Bits> folded_map(ir::Op op, DType t, std::span<const Bits> in) {
  if (is_key(t) || is_tape(t) || itemsize(t) == 0) return std::nullopt;
  const auto kernel = kernels::table().elementwise(op, t, 0);
  if (kernel == nullptr) return std::nullopt;
  return on_one_element<1>(kernel, in)[0];
}

std::optional<Bits> folded_convert(DType from, DType to, const Bits& in) {
  if (itemsize(from) == 0 || itemsize(to) == 0) return std::nullopt;
  const auto kernel = kernels::table().convert(from, to);
  if (kernel == nullptr) return std::nullopt;
  return on_one_element<1>(kernel, {&in, 1})[0];
}

Bits bits_of(DType t, double v) {
  ir::Builder b;
  b.constant(t, v);
  return b.finish({}).constants[0].bits;
}

ir::Program with_folded_constants(ir::Program p) { return Folder(std::move(p)).run(); }

}  // namespace fluxion::compiler
