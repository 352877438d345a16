// A sum of arrays that are zero but for a piece each, as the transposes of slices make them, becomes one array to which
// the pieces are added in order: its cost is that of the pieces, not of as many whole arrays.
//
// The bits stay: x + 0 is x but for x = -0, which becomes +0. So where each element has a zero among its terms, no
// result is -0, and zeros need not be added to what begins as +0.
#include <algorithm>
#include <cstring>
#include <optional>

#include "compiler/execute.hpp"
#include "compiler/fusion.hpp"
#include "compiler/passes/passes.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler {
namespace {

/// Where the elements of one operand are added.
struct Place {
  Shape shape;
  Dims start, stride;
};

/// (base, if there is one; pieces) -> base + 0 + pieces, one after the other.
class AddPieces final : public HostFunction {
 public:
  AddPieces(const ir::Type& type, bool has_base, const std::vector<Place>& places) : has_base_(has_base) {
    add_ = kernels::table().elementwise(ir::Op::add, type.dtype, 0);
    add_zero_ = kernels::table().elementwise(ir::Op::add, type.dtype, 2);
    for (const auto& place : places) pieces_.push_back(piece(type, place));
  }
  std::string name() const override { return "add_pieces"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    std::byte* const to = out[0].bytes();
    if (has_base_) {
      alignas(16) std::byte zero[16] = {};
      void* const args[] = {to, const_cast<std::byte*>(in[0].bytes()), zero};
      add_zero_(args, static_cast<std::size_t>(out[0].size()));
    } else if (out[0].size_in_bytes() != 0) {
      std::memset(to, 0, out[0].size_in_bytes());
    }
    for (std::size_t k = 0; k < pieces_.size(); ++k) add(pieces_[k], to + pieces_[k].offset, in[k + has_base_].bytes());
  }

 private:
  /// Runs of `run` contiguous elements; `shape` and `steps` are those of the dimensions outside of them, in bytes.
  struct Piece {
    std::int64_t offset = 0;
    std::size_t run = 1;
    Shape shape;
    Dims steps;
    std::size_t run_bytes = 0, count = 1;
  };

  static Piece piece(const ir::Type& type, const Place& place) {
    const auto size = static_cast<std::int64_t>(itemsize(type.dtype));
    Dims strides = row_major(type.shape);
    Piece p;
    for (std::size_t d = 0; d < strides.size(); ++d) {
      strides[d] *= size;
      p.offset += place.start[d] * strides[d];
      strides[d] *= place.stride[d];
    }
    auto end = place.shape.size();
    for (auto step = size; end > 0 && (place.shape[end - 1] == 1 || strides[end - 1] == step); --end) {
      step *= place.shape[end - 1];
      p.run *= static_cast<std::size_t>(place.shape[end - 1]);
    }
    for (std::size_t d = 0; d < end; ++d) {
      p.shape.push_back(place.shape[d]);
      p.steps.push_back(strides[d]);
    }
    p.run_bytes = p.run * static_cast<std::size_t>(size);
    p.count = static_cast<std::size_t>(element_count(p.shape));
    return p;
  }
  void add(const Piece& p, std::byte* to, const std::byte* from) const {
    if (p.run == 0) return;
    Dims at(p.shape.size(), 0);
    for (std::size_t i = 0; i < p.count; ++i, from += p.run_bytes) {
      void* const args[] = {to, to, const_cast<std::byte*>(from)};
      add_(args, p.run);
      for (std::size_t d = p.shape.size(); d-- > 0;) {
        to += p.steps[d];
        if (++at[d] < p.shape[d]) break;
        to -= p.steps[d] * p.shape[d];
        at[d] = 0;
      }
    }
  }

  bool has_base_;
  kernels::Kernel add_, add_zero_;
  std::vector<Piece> pieces_;
};

constexpr std::int64_t fewest_added = 256;  // elements: below, a call costs as much as it saves

bool known(DType t) {
  return t == DType::float32 || t == DType::float64 || t == DType::int32 || t == DType::int64;
}

class Accumulation {
 public:
  explicit Accumulation(ir::Program p)
      : p_(std::move(p)), producer_(p_.types.size(), no_instr), constant_(producer_), uses_(p_.types.size(), 0) {
    for (std::uint32_t c = 0; c < p_.constants.size(); ++c) constant_[p_.constants[c].value] = c;
    for (std::uint32_t i = 0; i < p_.instrs.size(); ++i) {
      for (const auto v : p_.instrs[i].in) ++uses_[v];
      for (const auto v : p_.instrs[i].out) producer_[v] = i;
    }
    for (const auto v : p_.outputs) ++uses_[v];
  }
  ir::Program run() {
    std::vector<char> inside(p_.instrs.size(), 0);  // links of a chain that was rewritten further on
    bool any = false;
    for (auto i = p_.instrs.size(); i-- > 0;)
      if (inside[i] == 0 && adds(static_cast<std::uint32_t>(i))) any |= rewritten(static_cast<std::uint32_t>(i), inside);
    return any ? without_dead_code(std::move(p_)) : std::move(p_);
  }

 private:
  bool adds(std::uint32_t i) const {
    const auto* map = std::get_if<ir::Map>(&p_.instrs[i].action);
    return map != nullptr && map->op == ir::Op::add && known(p_.types[p_.instrs[i].out[0]].dtype);
  }
  /// The instruction that makes v of zeros and pieces for one reader.
  const ir::Instr* pad(ir::ValueId v) const {
    if (producer_[v] == no_instr || uses_[v] != 1) return nullptr;
    const auto& i = p_.instrs[producer_[v]];
    const auto* a = std::get_if<ir::Assemble>(&i.action);
    return a != nullptr && !a->covers && !a->pieces.empty() && is_zero(i.in[0]) ? &i : nullptr;
  }
  bool is_zero(ir::ValueId v) const {
    if (constant_[v] == no_instr) return false;
    const auto* const bits = p_.constants[constant_[v]].bits.data();
    return std::all_of(bits, bits + itemsize(p_.types[v].dtype), [](std::byte b) { return b == std::byte{0}; });
  }

  /// Terms of (((base + pad) + pad) + ..), from the last backwards.
  struct Chain {
    std::optional<ir::ValueId> base;
    std::vector<const ir::Instr*> pads;
    std::vector<std::uint32_t> links;
  };
  Chain chain(std::uint32_t root) const {
    Chain c;
    for (auto at = root;;) {
      const auto& in = p_.instrs[at].in;
      const auto &shape = p_.types[p_.instrs[at].out[0]].shape;
      if (p_.types[in[0]].shape != shape || p_.types[in[1]].shape != shape) break;
      const ir::Instr *left = pad(in[0]), *right = pad(in[1]);
      if (left == nullptr && right == nullptr) break;
      c.links.push_back(at);
      c.pads.push_back(right != nullptr ? right : left);
      const auto rest = right != nullptr ? in[0] : in[1];
      c.base.reset();
      if (right != nullptr && left != nullptr) {
        c.pads.push_back(left);
        return c;
      }
      c.base = rest;
      if (producer_[rest] == no_instr || uses_[rest] != 1 || !adds(producer_[rest])) return c;
      at = producer_[rest];
    }
    return c;
  }

  bool rewritten(std::uint32_t root, std::vector<char>& inside) {
    const auto c = chain(root);
    const auto& type = p_.types[p_.instrs[root].out[0]];
    if (c.pads.size() < 2) return false;
    std::vector<Place> places;
    ir::Values in;
    if (c.base) in.push_back(*c.base);
    std::int64_t elements = 0;
    for (auto pad = c.pads.rbegin(); pad != c.pads.rend(); ++pad) {
      const auto& a = std::get<ir::Assemble>((*pad)->action);
      for (std::size_t k = 0; k < a.pieces.size(); ++k) {
        const auto& shape = p_.types[(*pad)->in[k + 1]].shape;
        elements += element_count(shape);
        places.push_back({shape, a.pieces[k].start, a.pieces[k].stride});
        in.push_back((*pad)->in[k + 1]);
      }
    }
    const auto added = static_cast<std::int64_t>(c.pads.size()) * element_count(type.shape);
    const bool pays = added >= fewest_added && 2 * elements <= added;
    if (!pays || (is_inexact(type.dtype) && !some_pad_misses_each(c, type.shape))) return false;
    for (const auto link : c.links) inside[link] = 1;
    auto& i = p_.instrs[root];
    i.action = ir::HostCall{std::make_shared<AddPieces>(type, c.base.has_value(), places), Effect::none};
    i.in = std::move(in);
    return true;
  }
  /// Whether no element is in all pads' pieces: the boxes around each pad's pieces have no element in common.
  bool some_pad_misses_each(const Chain& c, const Shape& shape) const {
    for (std::size_t d = 0; d < shape.size(); ++d) {
      std::int64_t from = 0, to = shape[d];
      for (const auto* pad : c.pads) {
        const auto& a = std::get<ir::Assemble>(pad->action);
        std::int64_t first = shape[d], last = 0;
        for (std::size_t k = 0; k < a.pieces.size(); ++k) {
          const auto n = p_.types[pad->in[k + 1]].shape[d];
          first = std::min(first, a.pieces[k].start[d]);
          last = std::max(last, n == 0 ? 0 : a.pieces[k].start[d] + (n - 1) * a.pieces[k].stride[d] + 1);
        }
        from = std::max(from, first);
        to = std::min(to, last);
      }
      if (from >= to) return true;
    }
    return false;
  }

  ir::Program p_;
  std::vector<std::uint32_t> producer_, constant_, uses_;
};

bool has_pads(const ir::Program& p) {
  return std::any_of(p.instrs.begin(), p.instrs.end(), [](const ir::Instr& i) {
    const auto* a = std::get_if<ir::Assemble>(&i.action);
    return a != nullptr && !a->covers;
  });
}

}  // namespace

ir::Program with_accumulated_pieces(ir::Program p) {
  return has_pads(p) ? Accumulation(std::move(p)).run() : p;
}

}  // namespace fluxion::compiler
