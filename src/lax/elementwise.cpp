#include "lax/elementwise.hpp"

#include <array>
#include <memory>

#include <fluxion/complex.hpp>
#include <fluxion/lax/math.hpp>

#include "core/node.hpp"

namespace fluxion::lax {

namespace {

using ir::Op;

bool accepts(Operands k, DType t) {
  switch (k) {
    case Operands::floating: return is_floating(t);
    case Operands::inexact: return is_inexact(t);
    case Operands::real: return is_integer(t) || is_floating(t);
    case Operands::number: return is_integer(t) || is_inexact(t);
    case Operands::bits: return is_integer(t) || t == DType::bool_;
    case Operands::integer: return is_integer(t);
    case Operands::ordered: return is_integer(t) || is_floating(t) || t == DType::bool_;
    case Operands::comparable: return is_integer(t) || is_inexact(t) || t == DType::bool_;
    case Operands::complex: return is_complex(t);
    case Operands::parts: return t == DType::float32 || t == DType::float64;
    case Operands::any: return t != DType::float0;
  }
  return false;
}

/// What is required of operands, and the way out when they are something else.
struct Requirement {
  std::string_view what, way_out;
};

Requirement requirement(Operands k) {
  switch (k) {
    case Operands::floating: return {"floating", "convert with astype(fx::float64)"};
    case Operands::inexact: return {"floating or complex", "convert with astype(fx::float64)"};
    case Operands::real: return {"real numbers", "convert bools with astype; take fx::real or fx::abs of complex numbers"};
    case Operands::number: return {"numbers", "convert bools with astype; keys only enter fx::random functions"};
    case Operands::bits: return {"integers or bool", "convert with astype"};
    case Operands::integer: return {"integers", "convert with astype"};
    case Operands::ordered: return {"real numbers or bool", "keys and complex numbers have no order"};
    case Operands::comparable: return {"numbers or bool", "keys have no order"};
    case Operands::complex: return {"complex", "convert with astype(fx::complex128), or use fx::real, fx::imag and fx::conj"};
    case Operands::parts: return {"float32 or float64", "convert with astype"};
    case Operands::any: return {"values", "float0 arrays hold none"};
  }
  return {};
}

[[noreturn]] void throw_operand(Op op, Operands k, const Aval& got) {
  const auto [what, way_out] = requirement(k);
  const char* symbol = op == Op::and_ ? "&" : op == Op::or_ ? "|" : op == Op::xor_ ? "^" : op == Op::not_ ? "~" : nullptr;
  if (symbol == nullptr) throw TypeError(text(ir::name(op), ": operands must be ", what, ", got ", got, "; ", way_out));
  throw TypeError(text(ir::name(op), ": operands of ", symbol, " must be ", what, ", got ", got,
                       "; for the truth of numbers use fx::logical_", ir::name(op), ", or compare first as in x != 0"));
}

/// The rules that follow from a row.
class ElementwisePrimitive final : public Primitive {
 public:
  explicit ElementwisePrimitive(const Row& r)
      : Primitive(ir::name(r.op), r.op, r.op != Op::select && accepts(r.operands, DType::float64)), row_(r) {}

  Avals abstract_eval(AvalSpan in, ParamsView) const override {
    const auto first = row_.op == Op::select ? 1U : 0U;
    for (std::size_t i = first; i < in.size(); ++i) {
      if (!accepts(row_.operands, in[i].dtype))
        throw_operand(row_.op, row_.operands, in[i]);
      if (in[i].dtype != in[first].dtype)
        throw TypeError(text(name(), ": operands must have equal dtypes, got ", in[first], " and ", in[i],
                             "; convert one with astype, or use the operators, which promote"));
    }
    if (first == 1 && in[0].dtype != DType::bool_)
      throw TypeError(text("select_n: the predicate must be bool, got ", in[0], "; compare it, as in x != 0"));
    bool weak = true;
    for (std::size_t i = first; i < in.size(); ++i) weak = weak && in[i].weak;
    return {{elementwise_shape(name(), in), ir::result_dtype(row_.op, in[first].dtype), weak && !ir::is_comparison(row_.op)}};
  }

  JvpOut jvp(const JvpArgs& args, ParamsView params) const override {
    const auto ans = bind_one(args.primals, params);
    if (row_.op == Op::select) return {{ans}, {select_tangent(args, ans)}};
    Array tangent;
    const auto& x = args.primals[0];
    const auto& y = args.primals.size() > 1 ? args.primals[1] : x;
    const auto& z = args.primals.size() > 2 ? args.primals[2] : y;
    for (std::size_t i = 0; i < args.primals.size(); ++i) {
      if (args.tangents[i].is_empty_handle() || row_.tangent[i] == nullptr) continue;
      const auto part = row_.tangent[i]({args.tangents[i], ans, x, y, z});
      tangent = ops::add_tangents(tangent, broadcast_scalar(part, ans.shape()));
    }
    return {{ans}, {tangent}};
  }

  Arrays transpose(const TransposeArgs& args, ParamsView) const override {
    const auto& ct = args.cotangents[0];
    Arrays out(args.operands.size());
    if (row_.op == Op::select) {
      const auto& pred = args.operands[0].value;
      const auto zero = make_scalar(ct.dtype(), 0.0);
      if (args.operands[1].linear()) out[1] = unbroadcast(select_n(pred, ct, zero), args.operands[1].aval);
      if (args.operands[2].linear()) out[2] = unbroadcast(select_n(pred, zero, ct), args.operands[2].aval);
      return out;
    }
    for (std::size_t i = 0; i < args.operands.size(); ++i) {
      if (!args.operands[i].linear()) continue;
      if (row_.transpose[i] == nullptr) detail::throw_no_transpose(*this, no_transpose_reason());
      if (row_.algebra == Algebra::bilinear && args.operands[1 - i].linear())
        detail::throw_no_transpose(*this, "a product of two tangents; what a rule returns must be linear in them");
      const auto& other = args.operands.size() > 1 ? args.operands[1 - i].value : ct;
      out[i] = unbroadcast(row_.transpose[i](ct, other), args.operands[i].aval);
    }
    return out;
  }

  BatchOut batch(const BatchArgs& args, ParamsView params) const override {
    return {{bind_one(batched_operands(args), params)}, {1}};
  }

  ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, ParamsView) const override {
    return {b.map(row_.op, in)};
  }

  Locality locality() const override { return row_.op == Op::select ? Locality::chosen : Locality::elementwise; }
  Algebra algebra() const override { return row_.algebra; }

  std::string_view no_jvp_reason() const override {
    if (row_.tangent[0] != nullptr || row_.op == Op::select) return {};
    return is_floating_row() ? "piecewise constant" : "integer or boolean result";
  }
  std::string_view no_transpose_reason() const override {
    return row_.transpose[0] != nullptr || row_.op == Op::select ? "" : "not linear in this operand";
  }

 private:
  bool is_floating_row() const { return row_.operands != Operands::any && accepts(row_.operands, DType::float64); }

  static Array select_tangent(const JvpArgs& args, const Array& ans) {
    const auto& [f, t] = std::tie(args.tangents[1], args.tangents[2]);
    if (f.is_empty_handle() && t.is_empty_handle()) return {};
    const auto zero = make_scalar(ans.dtype(), 0.0);
    return broadcast_scalar(select_n(args.primals[0], f.is_empty_handle() ? zero : f, t.is_empty_handle() ? zero : t), ans.shape());
  }

  const Row& row_;
};

constexpr auto kOps = static_cast<std::size_t>(Op::count_);

const std::array<const Primitive*, kOps>& primitives() {
  static const auto table = [] {
    std::array<const Primitive*, kOps> t{};
    for (std::size_t i = 0; i < kOps; ++i) t[i] = new ElementwisePrimitive(row(static_cast<Op>(i)));
    return t;
  }();
  return table;
}

const NoParams kNone{};

Array unary(Op op, const Array& x) { return elementwise(op).bind_one({&x, 1}, ParamsView::of(kNone)); }
Array binary(Op op, const Array& x, const Array& y) {
  const Array args[] = {x, y};
  return elementwise(op).bind_one(args, ParamsView::of(kNone));
}

}  // namespace

const Primitive& elementwise(Op op) { return *primitives()[static_cast<std::size_t>(op)]; }

Array neg(const Array& x) { return unary(Op::neg, x); }
Array abs(const Array& x) { return unary(Op::abs, x); }
Array sign(const Array& x) { return unary(Op::sign, x); }
Array floor(const Array& x) { return unary(Op::floor, x); }
Array exp(const Array& x) { return unary(Op::exp, x); }
Array expm1(const Array& x) { return unary(Op::expm1, x); }
Array log(const Array& x) { return unary(Op::log, x); }
Array log1p(const Array& x) { return unary(Op::log1p, x); }
Array sqrt(const Array& x) { return unary(Op::sqrt, x); }
Array cbrt(const Array& x) { return unary(Op::cbrt, x); }
Array sin(const Array& x) { return unary(Op::sin, x); }
Array cos(const Array& x) { return unary(Op::cos, x); }
Array tanh(const Array& x) { return unary(Op::tanh, x); }
Array logistic(const Array& x) { return unary(Op::logistic, x); }
Array erf(const Array& x) { return unary(Op::erf, x); }
Array erf_inv(const Array& x) { return unary(Op::erf_inv, x); }
Array bitwise_not(const Array& x) { return unary(Op::not_, x); }
Array real(const Array& x) { return unary(Op::real, x); }
Array imag(const Array& x) { return unary(Op::imag, x); }
Array conj(const Array& x) { return unary(Op::conj, x); }
Array complex(const Array& re, const Array& im) { return binary(Op::complex, re, im); }

Array ceil(const Array& x) { return unary(Op::ceil, x); }
Array exp2(const Array& x) { return unary(Op::exp2, x); }
Array rsqrt(const Array& x) { return unary(Op::rsqrt, x); }
Array square(const Array& x) { return unary(Op::square, x); }
Array reciprocal(const Array& x) { return div(make_scalar(x.dtype(), 1.0), x); }
Array tan(const Array& x) { return unary(Op::tan, x); }
Array asin(const Array& x) { return unary(Op::asin, x); }
Array acos(const Array& x) { return unary(Op::acos, x); }
Array atan(const Array& x) { return unary(Op::atan, x); }
Array sinh(const Array& x) { return unary(Op::sinh, x); }
Array cosh(const Array& x) { return unary(Op::cosh, x); }
Array asinh(const Array& x) { return unary(Op::asinh, x); }
Array acosh(const Array& x) { return unary(Op::acosh, x); }
Array atanh(const Array& x) { return unary(Op::atanh, x); }
Array erfc(const Array& x) { return unary(Op::erfc, x); }
Array lgamma(const Array& x) { return unary(Op::lgamma, x); }
Array digamma(const Array& x) { return unary(Op::digamma, x); }
Array population_count(const Array& x) { return unary(Op::population_count, x); }
Array clz(const Array& x) { return unary(Op::clz, x); }
Array is_finite(const Array& x) { return unary(Op::is_finite, x); }

Array add(const Array& x, const Array& y) { return binary(Op::add, x, y); }
Array sub(const Array& x, const Array& y) { return binary(Op::sub, x, y); }
Array mul(const Array& x, const Array& y) { return binary(Op::mul, x, y); }
Array div(const Array& x, const Array& y) { return binary(Op::div, x, y); }
Array rem(const Array& x, const Array& y) { return binary(Op::rem, x, y); }
Array max(const Array& x, const Array& y) { return binary(Op::max, x, y); }
Array min(const Array& x, const Array& y) { return binary(Op::min, x, y); }
Array pow(const Array& x, const Array& y) { return binary(Op::pow, x, y); }
Array bitwise_and(const Array& x, const Array& y) { return binary(Op::and_, x, y); }
Array bitwise_or(const Array& x, const Array& y) { return binary(Op::or_, x, y); }
Array bitwise_xor(const Array& x, const Array& y) { return binary(Op::xor_, x, y); }
Array shift_left(const Array& x, const Array& y) { return binary(Op::shift_left, x, y); }
Array shift_right_logical(const Array& x, const Array& y) { return binary(Op::shift_right_logical, x, y); }
Array shift_right_arithmetic(const Array& x, const Array& y) { return binary(Op::shift_right_arithmetic, x, y); }
Array eq(const Array& x, const Array& y) { return binary(Op::eq, x, y); }
Array ne(const Array& x, const Array& y) { return binary(Op::ne, x, y); }
Array lt(const Array& x, const Array& y) { return binary(Op::lt, x, y); }
Array le(const Array& x, const Array& y) { return binary(Op::le, x, y); }
Array gt(const Array& x, const Array& y) { return binary(Op::gt, x, y); }
Array ge(const Array& x, const Array& y) { return binary(Op::ge, x, y); }

Array atan2(const Array& x, const Array& y) { return binary(Op::atan2, x, y); }
Array nextafter(const Array& x, const Array& y) { return binary(Op::nextafter, x, y); }
Array polygamma(const Array& m, const Array& x) { return binary(Op::polygamma, m, x); }

Array clamp(const Array& min, const Array& x, const Array& max) {
  const Array args[] = {min, x, max};
  return elementwise(Op::clamp).bind_one(args, ParamsView::of(kNone));
}

Array select_n(const Array& pred, const Array& on_false, const Array& on_true) {
  const Array args[] = {pred, on_false, on_true};
  return elementwise(Op::select).bind_one(args, ParamsView::of(kNone));
}

}  // namespace fluxion::lax
