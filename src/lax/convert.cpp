// Primitives of one operand with parameters: dtype conversion, integer powers, stop_gradient.
#include <cstring>
#include <memory>

#include <fluxion/complex.hpp>

#include "core/node.hpp"
#include "lax/rules.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax {

namespace {

/// The mapped operand's result is mapped: the rule of every unary elementwise primitive.
template <class P>
BatchOut batch_unary(const BatchArgs& args, const typename P::Params& p) {
  return {{bind_one<P>(args.operands, p)}, {1}};
}

struct ConvertElementType {
  static constexpr std::string_view name = "convert_element_type";
  static constexpr auto locality = Locality::elementwise;
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (DType, new_dtype), (bool, weak_type));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (is_key(in[0].dtype) || is_key(p.new_dtype) || in[0].dtype == DType::float0 || p.new_dtype == DType::float0)
      throw TypeError(text(name, ": keys and float0 do not convert, got ", in[0], " to ", p.new_dtype,
                           "; use fx::random::key_data to see a key's bits"));
    return {{in[0].shape, p.new_dtype, p.weak_type}};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    auto ans = bind_one<ConvertElementType>(args.primals, p);
    if (!is_inexact(p.new_dtype) || !is_inexact(args.primals[0].dtype())) return {{ans}, {Array()}};
    return {{ans}, {bind_one<ConvertElementType>(args.tangents, p)}};
  }
  static Arrays transpose(const TransposeArgs& args, const Params&) {
    const auto& a = args.operands[0].aval;
    return {convert_element_type(args.cotangents[0], a.dtype, a.weak)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_unary<ConvertElementType>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return {b.type(in[0]).dtype == p.new_dtype ? in[0] : b.convert(in[0], p.new_dtype)};
  }
};

/// Row-major elements copied byte by byte: what is one element to the one side are several to the other.
class CopyBytes final : public HostFunction {
 public:
  std::string name() const override { return "copy_bytes"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    if (out[0].size_in_bytes() != 0) std::memcpy(out[0].bytes(), in[0].bytes(), out[0].size_in_bytes());
  }
};

struct BitcastConvertType {
  static constexpr std::string_view name = "bitcast_convert_type";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (DType, new_dtype));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const auto from = in[0].dtype, to = p.new_dtype;
    if (from != to && !(is_bits(from) && is_bits(to)))
      throw TypeError(text(name, ": integers and floats have bits to reinterpret, other dtypes have none, got ", in[0], " to ", to,
                           "; convert the value with astype instead"));
    Aval out{in[0].shape, to, false};
    const auto size = itemsize(from), new_size = itemsize(to);
    if (size > new_size) out.shape.push_back(static_cast<std::int64_t>(size / new_size));
    if (size >= new_size) return {sized(name, out)};
    const auto parts = static_cast<std::int64_t>(new_size / size);
    if (in[0].ndim() == 0 || out.shape.back() != parts)
      throw ValueError(text(name, ": the last axis must hold the ", parts, " parts of each element, got ", in[0], " to ", to,
                            "; reshape it first"));
    out.shape.pop_back();
    return {out};
  }
  static constexpr no_jvp jvp{"acts on bits"};
  static constexpr no_transpose transpose{"acts on bits"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_unary<BitcastConvertType>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    const auto type = b.type(in[0]);
    if (itemsize(type.dtype) == itemsize(p.new_dtype)) return {b.bitcast(in[0], p.new_dtype)};
    static const HostFunctionPtr copy = std::make_shared<CopyBytes>();
    const auto out = abstract_eval(std::initializer_list<Aval>{{type.shape, type.dtype, false}}, p)[0];
    return b.host_call(in, {{out.dtype, out.shape}}, copy, Effect::none);
  }

 private:
  static bool is_bits(DType t) { return is_integer(t) || is_floating(t); }
};

struct IntegerPow {
  static constexpr std::string_view name = "integer_pow";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, y));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    const bool integer = is_integer(in[0].dtype);
    if (!integer && !is_inexact(in[0].dtype))
      throw TypeError(text(name, ": the base must be a number, got ", in[0], "; convert with astype"));
    if (integer && p.y < 0)
      throw TypeError(text(name, ": integers cannot be raised to negative powers, got ", in[0], " to the power ", p.y,
                           "; convert the base with astype(fx::float64)"));
    return {in[0]};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto& x = args.primals[0];
    auto ans = bind_one<IntegerPow>(args.primals, p);
    if (p.y == 0) return {{ans}, {Array()}};
    const Array y = make_scalar(x.dtype(), static_cast<double>(p.y));
    const auto slope = p.y == 1 ? y : mul(y, p.y == 2 ? x : integer_pow(x, p.y - 1));
    return {{ans}, {mul(args.tangents[0], slope)}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_unary<IntegerPow>(args, p); }
  // Binary exponentiation from the least significant bit; the order of products fixes the rounding.
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    if (const auto t = b.type(in[0]).dtype; is_half(t)) {  // rounded once, not after each product
      const auto wide = b.convert(in[0], DType::float32);
      return {b.convert(lower(b, {&wide, 1}, p)[0], t)};
    }
    const auto t = b.type(in[0]).dtype;
    auto n = p.y < 0 ? 0 - static_cast<std::uint64_t>(p.y) : static_cast<std::uint64_t>(p.y);
    if (n == 0) return {b.broadcast(b.constant(t, 1.0), b.type(in[0]).shape, {})};
    ir::ValueId power = in[0], acc = 0;
    bool have = false;
    for (; n > 0; n >>= 1) {
      if (n & 1) {
        acc = have ? b.map(ir::Op::mul, {acc, power}) : power;
        have = true;
      }
      if (n > 1) power = b.map(ir::Op::mul, {power, power});
    }
    return {p.y < 0 ? b.map(ir::Op::div, {b.constant(t, 1.0), acc}) : acc};
  }
};

struct StopGradient {
  static constexpr std::string_view name = "stop_gradient";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) { return {in[0]}; }
  static constexpr no_jvp jvp{"zero by definition"};
  static constexpr no_transpose transpose{"zero by definition"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_unary<StopGradient>(args, p); }
  static ir::Values lower(ir::Builder&, std::span<const ir::ValueId> in, const Params&) { return {in[0]}; }
};

}  // namespace

Array convert_element_type(const Array& x, DType dtype, bool weak_type) {
  if (x.dtype() == dtype && x.weak_type() == weak_type) return x;
  if (is_complex(x.dtype()) && !is_complex(dtype)) return convert_element_type(lax::real(x), dtype, weak_type);
  return bind_one<ConvertElementType>({&x, 1}, {dtype, weak_type});
}
Array bitcast_convert_type(const Array& x, DType dtype) { return bind_one<BitcastConvertType>({&x, 1}, {dtype}); }
Array integer_pow(const Array& x, std::int64_t y) {
  return y == 1 ? x : bind_one<IntegerPow>({&x, 1}, {y});
}
Array stop_gradient(const Array& x) { return bind_one<StopGradient>({&x, 1}, {}); }

void list_conversions(Readables& to) {
  to.insert(to.end(), {readable<ConvertElementType>(1), readable<BitcastConvertType>(1), readable<IntegerPow>(1),
                       readable<StopGradient>(1)});
}

}  // namespace fluxion::lax
