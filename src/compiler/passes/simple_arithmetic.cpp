// Identities of arithmetic that hold to the bit: for every operand, with -0 and NaN (all NaNs are one value). So
// x + (-0) is x but x + 0 is not, unless x is known not to be -0; and nothing is reassociated.
#include <bit>
#include <cmath>
#include <cstring>

#include <fluxion/dtype.hpp>
#include "compiler/passes/rewriting.hpp"

namespace fluxion::compiler {
namespace {

using ir::Op;
using ir::ValueId;

template <class T>
T read(const Bits& bits) {
  T v;
  std::memcpy(&v, bits.data(), sizeof v);
  return v;
}

/// A real floating-point constant; nothing for other dtypes.
std::optional<double> floating(DType t, const Bits& bits) {
  switch (t) {
    case DType::float64: return read<double>(bits);
    case DType::float32: return read<float>(bits);
    case DType::float16: return static_cast<float>(read<float16_t>(bits));
    case DType::bfloat16: return static_cast<float>(read<bfloat16_t>(bits));
    default: return std::nullopt;
  }
}

/// A power of two (of any sign) whose reciprocal is one, both normal: x / c is x * (1 / c) for every x.
bool has_exact_reciprocal(DType t, double c) {
  const double most = t == DType::float64 ? 0x1p1022 : t == DType::float16 ? 0x1p14 : 0x1p126;
  int exponent;
  return std::isfinite(c) && std::abs(std::frexp(c, &exponent)) == 0.5 && std::abs(c) <= most && std::abs(c) >= 1 / most;
}

/// Whether every value of `from` is one of `to`, and the other way round comes back to it.
bool is_exact(DType from, DType to) {
  const auto digits = [](DType t) {
    switch (t) {
      case DType::bfloat16: return 8;
      case DType::float16: return 11;
      case DType::float32: return 24;
      default: return 53;
    }
  };
  const auto bits = static_cast<int>(8 * itemsize(from));
  if (from == to) return true;
  if (is_floating(from)) {
    if (from == DType::float16 && to == DType::bfloat16) return false;
    return is_floating(to) && itemsize(to) > itemsize(from);
  }
  if (from == DType::bool_) return is_integer(to) || is_floating(to);
  if (!is_integer(from)) return false;
  if (is_floating(to)) return bits - (is_signed_integer(from) ? 1 : 0) <= digits(to) && to != DType::float16;
  if (!is_integer(to) || itemsize(to) <= itemsize(from)) return false;
  return is_unsigned_integer(from) || is_signed_integer(to);
}

class Simplifier {
 public:
  explicit Simplifier(ir::Program p) : r_(std::move(p)) {}

  ir::Program run() {
    return r_.run([this](ir::Instr& i) {
      constexpr int most = 8;  // each rule removes an operation or a constant; more would be a cycle
      for (int n = 0; n < most; ++n) {
        const auto what = step(i);
        if (what == Gone) return;
        if (what == Same) break;
      }
      r_.put(std::move(i));
    });
  }

 private:
  enum Outcome { Same, Changed, Gone };

  /// A constant operand: its dtype's class, and its value.
  struct Number {
    std::optional<double> real;          // of a floating dtype
    std::optional<std::uint64_t> whole;  // of an integer dtype or bool, its bits
    bool is(double v) const {
      if (real) return *real == v && std::signbit(*real) == std::signbit(v);
      return whole && *whole == static_cast<std::uint64_t>(static_cast<std::int64_t>(v));
    }
  };
  Number number(ValueId v) const {
    const auto* bits = r_.constant(v);
    const DType t = r_.type(v).dtype;
    if (bits == nullptr) return {};
    if (is_floating(t)) return {floating(t, *bits), {}};
    if (!is_integer(t) && t != DType::bool_) return {};
    const auto low = read<std::uint64_t>(*bits), mask = itemsize(t) == 8 ? ~std::uint64_t{0} : (std::uint64_t{1} << 8 * itemsize(t)) - 1;
    const bool negative = is_signed_integer(t) && (low >> (8 * itemsize(t) - 1) & 1) != 0;
    return {{}, negative ? low | ~mask : low & mask};
  }

  Outcome step(ir::Instr& i) {
    return std::visit([&](const auto& action) { return rewrite(i, action); }, i.action);
  }

  Outcome become(ir::Instr& i, ValueId v) {
    if (r_.type(v) == r_.out(i)) {
      r_.replace(i.out[0], v);
      return Gone;
    }
    if (!r_.type(v).shape.empty() || r_.type(v).dtype != r_.out(i).dtype) return Same;
    i.action = ir::Broadcast{{}};
    i.in = {v};
    return Same;
  }
  Outcome become(ir::Instr& i, Op op, ir::Values in) {
    i.action = ir::Map{op};
    i.in = std::move(in);
    return Changed;
  }
  Outcome become_number(ir::Instr& i, double v) {
    const DType t = r_.out(i).dtype;
    return become(i, r_.put_constant(t, bits_of(t, v)));
  }
  /// Whether `v` may stand for the whole result (a rank-0 operand of a larger result may: it is repeated).
  const ir::Instr* operand(const ir::Instr& i, std::size_t k, Op op) const { return r_.made_by(i.in[k], op); }
  std::optional<ValueId> negated_constant(ValueId v) {
    const auto* bits = r_.constant(v);
    if (bits == nullptr || !is_floating(r_.type(v).dtype)) return std::nullopt;
    const Bits in[] = {*bits};
    const auto out = folded_map(Op::neg, r_.type(v).dtype, in);
    if (!out) return std::nullopt;
    return r_.put_constant(r_.type(v).dtype, *out);
  }

  Outcome rewrite(ir::Instr& i, const ir::Map& action) {
    const DType t = r_.type(i.in.back()).dtype;
    if (is_key(t) || is_tape(t)) return Same;
    switch (action.op) {
      case Op::add: return add(i, t);
      case Op::sub: return sub(i, t);
      case Op::mul: return mul(i, t);
      case Op::div: return div(i, t);
      case Op::rem: return is_integer(t) && number(i.in[1]).is(1) ? become_number(i, 0) : Same;
      case Op::neg: return neg(i, t);
      case Op::abs: case Op::square: return of_magnitude(i, action.op);
      case Op::floor: case Op::ceil: case Op::round_half_even: case Op::round_half_away:
        return operand(i, 0, action.op) != nullptr ? become(i, i.in[0]) : Same;
      case Op::max: case Op::min: return extreme(i, action.op, t);
      case Op::and_: case Op::or_: case Op::xor_: return bitwise(i, action.op, t);
      case Op::not_: return negation(i, t);
      case Op::shift_left: case Op::shift_right_arithmetic: case Op::shift_right_logical:
        return number(i.in[1]).is(0) ? become(i, i.in[0]) : Same;
      case Op::eq: case Op::ne: case Op::le: case Op::ge: case Op::lt: case Op::gt: return comparison(i, action.op, t);
      case Op::select: return select(i);
      case Op::real: case Op::imag:
        if (const auto* z = operand(i, 0, Op::complex)) return become(i, z->in[action.op == Op::real ? 0 : 1]);
        return Same;
      case Op::complex: return complex(i);
      case Op::conj:
        if (const auto* z = operand(i, 0, Op::conj)) return become(i, z->in[0]);
        return Same;
      default: return Same;
    }
  }

  Outcome add(ir::Instr& i, DType t) {
    for (const std::size_t k : {0U, 1U}) {
      const Number c = number(i.in[k]);
      const ValueId x = i.in[1 - k];
      if (c.whole && c.is(0)) return become(i, x);
      if (c.is(-0.0) && c.real) return become(i, x);
      if (c.is(0.0) && c.real && never_minus_zero(x, 4)) return become(i, x);
    }
    if (is_complex(t)) return Same;
    for (const std::size_t k : {1U, 0U})
      if (const auto* n = operand(i, k, Op::neg)) return become(i, Op::sub, {i.in[1 - k], n->in[0]});
    return Same;
  }
  Outcome sub(ir::Instr& i, DType t) {
    if (is_complex(t)) return Same;
    if (number(i.in[1]).is(0.0)) return become(i, i.in[0]);
    if (is_integer(t) && i.in[0] == i.in[1]) return become_number(i, 0);
    if (number(i.in[0]).is(is_floating(t) ? -0.0 : 0.0)) return become(i, Op::neg, {i.in[1]});
    if (const auto* n = operand(i, 1, Op::neg)) return become(i, Op::add, {i.in[0], n->in[0]});
    return Same;
  }
  Outcome mul(ir::Instr& i, DType t) {
    if (is_complex(t)) return Same;
    for (const std::size_t k : {0U, 1U}) {
      const Number c = number(i.in[k]);
      if (c.is(1)) return become(i, i.in[1 - k]);
      if (c.whole && c.is(0)) return become_number(i, 0);
      if (c.is(-1)) return become(i, Op::neg, {i.in[1 - k]});
    }
    return signs(i, Op::mul, t);
  }
  Outcome div(ir::Instr& i, DType t) {
    if (is_complex(t)) return Same;
    const Number c = number(i.in[1]);
    if (c.is(1)) return become(i, i.in[0]);
    if (c.real && c.is(-1)) return become(i, Op::neg, {i.in[0]});
    if (c.real && has_exact_reciprocal(t, *c.real))
      return become(i, Op::mul, {i.in[0], r_.put_constant(t, bits_of(t, 1 / *c.real))});
    return signs(i, Op::div, t);
  }
  /// The sign of a product is the product of the signs.
  Outcome signs(ir::Instr& i, Op op, DType t) {
    if (!is_floating(t)) return Same;
    const auto *a = operand(i, 0, Op::neg), *b = operand(i, 1, Op::neg);
    if (a != nullptr && b != nullptr) return become(i, op, {a->in[0], b->in[0]});
    for (const std::size_t k : {0U, 1U}) {
      const auto* n = k == 0 ? a : b;
      if (n == nullptr) continue;
      const ValueId inner = n->in[0];
      const auto c = negated_constant(i.in[1 - k]);
      if (!c) continue;
      return become(i, op, k == 0 ? ir::Values{inner, *c} : ir::Values{*c, inner});
    }
    return Same;
  }
  Outcome neg(ir::Instr& i, DType t) {
    if (const auto* n = operand(i, 0, Op::neg)) return become(i, n->in[0]);
    if (!is_floating(t)) return Same;
    for (const Op op : {Op::mul, Op::div}) {
      const auto* product = operand(i, 0, op);
      if (product == nullptr) continue;
      const ir::Values in = product->in;
      for (const std::size_t k : {0U, 1U})
        if (const auto c = negated_constant(in[k])) {
          ir::Values changed = in;
          changed[k] = *c;
          return become(i, op, changed);
        }
    }
    return Same;
  }
  /// What does not see its operand's sign.
  Outcome of_magnitude(ir::Instr& i, Op op) {
    if (!is_floating(r_.type(i.in[0]).dtype)) return Same;
    for (const Op inner : {Op::neg, Op::abs})
      if (const auto* x = operand(i, 0, inner)) {
        if (op == Op::abs && inner == Op::abs) return become(i, i.in[0]);
        return become(i, op, {x->in[0]});
      }
    return Same;
  }
  Outcome extreme(ir::Instr& i, Op op, DType t) {
    if (is_complex(t)) return Same;
    if (i.in[0] == i.in[1]) return become(i, i.in[0]);
    const double neutral = op == Op::max ? -INFINITY : INFINITY;
    for (const std::size_t k : {0U, 1U})
      if (const Number c = number(i.in[k]); c.real && c.is(neutral)) return become(i, i.in[1 - k]);
    return Same;
  }
  Outcome bitwise(ir::Instr& i, Op op, DType t) {
    if (i.in[0] == i.in[1]) return op == Op::xor_ ? become_number(i, 0) : become(i, i.in[0]);
    const double ones = t == DType::bool_ ? 1 : is_signed_integer(t) ? -1 : 0;  // 0: not asked for
    for (const std::size_t k : {0U, 1U}) {
      const Number c = number(i.in[k]);
      const ValueId x = i.in[1 - k];
      if (c.is(0)) return op == Op::and_ ? become_number(i, 0) : become(i, x);
      if (ones == 0 || !c.is(ones)) continue;
      if (op == Op::and_) return become(i, x);
      if (op == Op::or_) return become_number(i, ones);
      return become(i, Op::not_, {x});
    }
    return Same;
  }
  Outcome negation(ir::Instr& i, DType t) {
    if (const auto* n = operand(i, 0, Op::not_)) return become(i, n->in[0]);
    if (t != DType::bool_) return Same;
    if (const auto* c = operand(i, 0, Op::eq)) return become(i, Op::ne, ir::Values(c->in));
    if (const auto* c = operand(i, 0, Op::ne)) return become(i, Op::eq, ir::Values(c->in));
    const auto* c = r_.made_by<ir::Map>(i.in[0]);
    if (c == nullptr || !is_integer(r_.type(c->in[0]).dtype)) return Same;  // a NaN is neither less nor not less
    const ir::Values in = c->in;
    switch (std::get<ir::Map>(c->action).op) {
      case Op::lt: return become(i, Op::ge, in);
      case Op::ge: return become(i, Op::lt, in);
      case Op::gt: return become(i, Op::le, in);
      case Op::le: return become(i, Op::gt, in);
      default: return Same;
    }
  }
  Outcome comparison(ir::Instr& i, Op op, DType t) {
    if (t == DType::bool_ && (op == Op::eq || op == Op::ne))
      for (const std::size_t k : {0U, 1U}) {
        const Number c = number(i.in[k]);
        if (!c.whole) continue;
        const bool same = c.is(op == Op::eq ? 1 : 0);
        return same ? become(i, i.in[1 - k]) : become(i, Op::not_, {i.in[1 - k]});
      }
    if (i.in[0] != i.in[1] || !is_integer(t)) return Same;
    return become_number(i, op == Op::eq || op == Op::le || op == Op::ge ? 1 : 0);
  }
  /// select(pred, on_false, on_true).
  Outcome select(ir::Instr& i) {
    if (i.in[1] == i.in[2] && r_.type(i.in[1]) == r_.out(i)) return become(i, i.in[1]);
    if (const auto* n = operand(i, 0, Op::not_); n != nullptr)
      return become(i, Op::select, {n->in[0], i.in[2], i.in[1]});
    for (const std::size_t k : {1U, 2U}) {
      const auto* inner = operand(i, k, Op::select);
      if (inner == nullptr || inner->in[0] != i.in[0] || r_.type(inner->in[k]) != r_.type(i.in[k])) continue;
      ir::Values in = i.in;
      in[k] = inner->in[k];
      return become(i, Op::select, in);
    }
    if (r_.out(i).dtype != DType::bool_ || r_.type(i.in[0]) != r_.out(i)) return Same;
    const Number on_false = number(i.in[1]), on_true = number(i.in[2]);
    if (on_false.is(0) && on_true.is(1)) return become(i, i.in[0]);
    if (on_false.is(1) && on_true.is(0)) return become(i, Op::not_, {i.in[0]});
    return Same;
  }
  Outcome complex(ir::Instr& i) {
    const auto *re = operand(i, 0, Op::real), *im = operand(i, 1, Op::imag);
    return re != nullptr && im != nullptr && re->in[0] == im->in[0] ? become(i, re->in[0]) : Same;
  }

  /// There and back again, or two exact steps that one can do.
  Outcome rewrite(ir::Instr& i, const ir::Convert&) {
    const auto* before = r_.made_by<ir::Convert>(i.in[0]);
    if (before == nullptr) return Same;
    const ValueId x = before->in[0];
    const DType from = r_.type(x).dtype, middle = r_.type(i.in[0]).dtype, to = r_.out(i).dtype;
    if (!is_exact(from, middle)) return Same;
    if (from == to) return become(i, x);
    if (!is_exact(middle, to) || !is_exact(from, to)) return Same;
    i.in = {x};
    return Changed;
  }

  template <class Other>
  Outcome rewrite(ir::Instr&, const Other&) { return Same; }

  /// Whether no element is -0; looks at most `depth` operations back.
  bool never_minus_zero(ValueId v, int depth) const {
    const auto* i = r_.producer(v);
    if (i == nullptr) {
      const Number c = number(v);
      return c.real && !c.is(-0.0);
    }
    if (depth == 0) return false;
    if (std::holds_alternative<ir::Reshape>(i->action) || std::holds_alternative<ir::Broadcast>(i->action) ||
        std::holds_alternative<ir::Transpose>(i->action) || std::holds_alternative<ir::Slice>(i->action))
      return never_minus_zero(i->in[0], depth - 1);
    if (const auto* reduce = std::get_if<ir::Reduce>(&i->action)) return reduce->op == ir::ReduceOp::sum;
    if (std::holds_alternative<ir::Convert>(i->action)) return !is_inexact(r_.type(i->in[0]).dtype);
    const auto* map = std::get_if<ir::Map>(&i->action);
    if (map == nullptr) return false;
    const auto operand = [&](std::size_t k) { return never_minus_zero(i->in[k], depth - 1); };
    switch (map->op) {
      case Op::exp: case Op::square: case Op::abs: return true;
      case Op::mul: return i->in[0] == i->in[1];
      case Op::add: return operand(0) || operand(1);  // x + y is -0 only if both are
      case Op::select: return operand(1) && operand(2);
      default: return false;
    }
  }

  Rewriting r_;
};

}  // namespace

ir::Program with_simple_arithmetic(ir::Program p) { return Simplifier(std::move(p)).run(); }

}  // namespace fluxion::compiler
