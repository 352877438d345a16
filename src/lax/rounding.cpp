// Primitives that round: round to whole numbers, reduce_precision to a narrower floating format.
#include <fluxion/lax/math.hpp>

#include "core/node.hpp"
#include "lax/readable.hpp"
#include "lax/rules.hpp"

namespace fluxion::lax {

namespace {

struct Round {
  static constexpr std::string_view name = "round";
  static constexpr auto locality = Locality::elementwise;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, rounding_method));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (!is_floating(in[0].dtype))
      throw TypeError(text(name, ": the operand must be floating, got ", in[0], "; convert with astype(fx::float64)"));
    if (p.rounding_method != 0 && p.rounding_method != 1)
      throw ValueError(text(name, ": rounding_method must be 0 (away from zero) or 1 (to nearest even), got ",
                            p.rounding_method, "; use lax::RoundingMethod"));
    return {in[0]};
  }
  static constexpr no_jvp jvp{"piecewise constant"};
  static constexpr no_transpose transpose{"piecewise constant"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {{bind_one<Round>(args.operands, p)}, {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.map(p.rounding_method == 0 ? ir::Op::round_half_away : ir::Op::round_half_even, in)};
  }
};

/// Where a format keeps its exponent.
struct Layout {
  DType bits;
  std::int64_t mantissa, exponent;
};
Layout layout_of(DType t) {
  return t == DType::float64 ? Layout{DType::uint64, 52, 11} : Layout{DType::uint32, 23, 8};
}

/// Builds the steps on unsigned words.
class Steps {
 public:
  Steps(ir::Builder& b, DType bits) : b_(b), bits_(bits) {}
  ir::ValueId constant(std::uint64_t v) {
    const auto narrow = static_cast<std::uint32_t>(v);
    const void* from = bits_ == DType::uint64 ? static_cast<const void*>(&v) : &narrow;
    return b_.constant(bits_, from);
  }
  ir::ValueId operator()(ir::Op op, ir::ValueId x, ir::ValueId y) { return b_.map(op, {x, y}); }
  ir::ValueId operator()(ir::Op op, ir::ValueId x, std::uint64_t y) { return (*this)(op, x, constant(y)); }
  ir::ValueId select(ir::ValueId pred, ir::ValueId no, ir::ValueId yes) {
    return b_.map(ir::Op::select, {pred, no, yes});
  }

 private:
  ir::Builder& b_;
  DType bits_;
};

/// On the bits, as XLA does.
struct ReducePrecision {
  static constexpr std::string_view name = "reduce_precision";
  static constexpr auto locality = Locality::elementwise;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, exponent_bits), (std::int64_t, mantissa_bits));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (!is_floating(in[0].dtype))
      throw TypeError(text(name, ": the operand must be floating, got ", in[0], "; convert with astype(fx::float64)"));
    if (p.exponent_bits < 1 || p.mantissa_bits < 0)
      throw ValueError(text(name, ": exponent_bits must be at least 1 and mantissa_bits at least 0, got ",
                            p.exponent_bits, " and ", p.mantissa_bits, "; float16 has 5 and 10, bfloat16 8 and 7"));
    return {in[0]};
  }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {bind_one<ReducePrecision>(args.cotangents, p)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{bind_one<ReducePrecision>(args.operands, p)}, {1}};
  }

  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto t = b.type(in[0]).dtype;
    if (itemsize(t) < 4) {
      const auto wide = b.convert(in[0], DType::float32);
      return {b.convert(lower(b, {&wide, 1}, p)[0], t)};
    }
    const auto format = layout_of(t);
    Steps steps(b, format.bits);
    auto x = b.bitcast(in[0], format.bits);
    if (p.mantissa_bits < format.mantissa) x = rounded(steps, x, format.mantissa - p.mantissa_bits);
    if (p.exponent_bits < format.exponent) x = within_range(steps, x, format, p.exponent_bits);
    // Of a NaN, rounding could have made an infinity.
    const auto value = b.bitcast(x, t);
    return {b.map(ir::Op::select, {b.map(ir::Op::ne, {in[0], in[0]}), value, in[0]})};
  }

 private:
  static std::uint64_t ones(std::int64_t n) { return (std::uint64_t(1) << n) - 1; }
  // To nearest, ties to even: half a unit less one is added, and one more if the last bit that stays is set. What
  // overflows the mantissa raises the exponent, rightly.
  static ir::ValueId rounded(Steps& steps, ir::ValueId x, std::int64_t dropped) {
    const auto unit = std::uint64_t(1) << dropped;
    const auto shift = static_cast<std::uint64_t>(dropped);
    const auto last = steps(ir::Op::shift_right_logical, steps(ir::Op::and_, x, unit), shift);
    const auto bias = steps(ir::Op::add, last, (unit >> 1) - 1);
    return steps(ir::Op::and_, steps(ir::Op::add, x, bias), ~(unit - 1));
  }
  // Exponents above the format's become infinity, those of its subnormals zero.
  static ir::ValueId within_range(Steps& steps, ir::ValueId x, const Layout& format, std::int64_t exponent_bits) {
    const auto mantissa = format.mantissa;
    const auto bias = ones(format.exponent - 1), reduced = ones(exponent_bits - 1);
    const auto mask = ones(format.exponent) << mantissa;
    const auto exponent = steps(ir::Op::and_, x, mask);
    const auto sign = steps(ir::Op::and_, x, std::uint64_t(1) << (mantissa + format.exponent));
    const auto over = steps(ir::Op::gt, exponent, (bias + reduced) << mantissa);
    const auto under = steps(ir::Op::le, exponent, (bias - reduced) << mantissa);
    const auto bounded = steps.select(over, x, steps(ir::Op::or_, sign, mask));
    return steps.select(under, bounded, sign);
  }
};

}  // namespace

Array round(const Array& x, RoundingMethod method) {
  return bind_one<Round>({&x, 1}, {static_cast<std::int64_t>(method)});
}
Array reduce_precision(const Array& x, std::int64_t exponent_bits, std::int64_t mantissa_bits) {
  return bind_one<ReducePrecision>({&x, 1}, {exponent_bits, mantissa_bits});
}

void list_roundings(Readables& to) {
  to.insert(to.end(), {readable<Round>(1), readable<ReducePrecision>(1)});
}

}  // namespace fluxion::lax
