// Primitives that are wrong in one way each, made with the public extension API.
#pragma once

#include <fluxion/extend.hpp>
#include <fluxion/fluxion.hpp>

namespace faulty {

using namespace fluxion;

/// An elementwise function `Self::value` of n operands of one shape.
template <class Self, std::size_t N>
struct Elementwise {
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    for (const auto& a : in)
      if (!same_type(a, in[0])) throw TypeError("faulty: operands must be alike");
    return {{in[0].shape, in[0].dtype}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static Arrays lanes(const BatchArgs& args) {
    Arrays in;
    for (std::size_t i = 0; i < N; ++i) {
      const auto& x = args.operands[i];
      Shape shape = x.shape();
      if (!args.mapped[i]) shape.insert(0, args.size);
      in.push_back(args.mapped[i] ? x : broadcast_to(x, shape));
    }
    return in;
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {bind_all<Self>(lanes(args), p), {1}};
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params&) {
    return lower_as(b, in, [](const Arrays& x) { return Arrays{Self::value(x)}; });
  }
};
template <class P>
Array bound(const Arrays& in) { return bind_one<P>(in, {}); }
inline Array zero_or(const Array& t, const Array& like) { return t.is_empty_handle() ? zeros_like(like) : t; }

/// a b, with the derivative by b doubled.
struct MulWrongInB : Elementwise<MulWrongInB, 2> {
  static constexpr std::string_view name = "mul_wrong_in_b";
  static Array value(const Arrays& x) { return x[0] * x[1]; }
  static JvpOut jvp(const JvpArgs& j, const Params&) {
    const Array &a = j.primals[0], &b = j.primals[1];
    return {{bound<MulWrongInB>({a, b})}, {zero_or(j.tangents[0], a) * b + 2.0 * a * zero_or(j.tangents[1], b)}};
  }
};

/// 2 x, with 3 ct as its transpose.
struct WrongTranspose : Elementwise<WrongTranspose, 1> {
  static constexpr std::string_view name = "wrong_transpose";
  static Array value(const Arrays& x) { return 2.0 * x[0]; }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params&) { return {3.0 * args.cotangents[0]}; }
};

/// 2 x, negated where it is mapped.
struct WrongBatch : Elementwise<WrongBatch, 1> {
  static constexpr std::string_view name = "wrong_batch";
  static Array value(const Arrays& x) { return 2.0 * x[0]; }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params&) { return {2.0 * args.cotangents[0]}; }
  static BatchOut batch(const BatchArgs& args, const Params& p) {
    return {{-bind_one<WrongBatch>(args.operands, p)}, {1}};
  }
};

/// x^2, lowered to something else than it is.
struct WrongLowering : Elementwise<WrongLowering, 1> {
  static constexpr std::string_view name = "wrong_lowering";
  static Array value(const Arrays& x) { return x[0] * x[0] + 0.5; }
  static Arrays impl(ArraySpan x, const Params&) { return {x[0] * x[0]}; }
  static JvpOut jvp(const JvpArgs& j, const Params&) {
    return {{bound<WrongLowering>({j.primals[0]})}, {2.0 * j.primals[0] * j.tangents[0]}};
  }
};

/// a b, with a wrong derivative where both are one value.
struct WrongForSquares : Elementwise<WrongForSquares, 2> {
  static constexpr std::string_view name = "wrong_for_squares";
  static Array value(const Arrays& x) { return x[0] * x[1]; }
  static JvpOut jvp(const JvpArgs& j, const Params&) {
    const Array &a = j.primals[0], &b = j.primals[1], t = zero_or(j.tangents[0], a) * b,
                s = a * zero_or(j.tangents[1], b);
    const bool same = a.node_or_null() == b.node_or_null();
    return {{bound<WrongForSquares>({a, b})}, {same ? t : t + s}};
  }
};

/// a b for a constant a, with a wrong derivative beside more than 64 constants.
struct WrongBesideMany : Elementwise<WrongBesideMany, 2> {
  static constexpr std::string_view name = "wrong_beside_many";
  static Array value(const Arrays& x) { return x[0] * x[1]; }
  static JvpOut jvp(const JvpArgs& j, const Params&) {
    const double factor = j.primals[0].size() > 64 && j.tangents[0].is_empty_handle() ? 3.0 : 1.0;
    Array t = factor * j.primals[0] * zero_or(j.tangents[1], j.primals[1]);
    if (!j.tangents[0].is_empty_handle()) t = t + j.tangents[0] * j.primals[1];
    return {{bound<WrongBesideMany>({j.primals[0], j.primals[1]})}, {t}};
  }
};

/// cos x, said to be constant.
struct FrozenCos : Elementwise<FrozenCos, 1> {
  static constexpr std::string_view name = "frozen_cos";
  static Array value(const Arrays& x) { return cos(x[0]); }
  static constexpr no_jvp jvp{"a mistake"};
};

/// sin x, whose derivative is right, but not the derivative of that.
struct WrongSecond : Elementwise<WrongSecond, 1> {
  static constexpr std::string_view name = "wrong_second";
  static Array value(const Arrays& x) { return sin(x[0]); }
  static JvpOut jvp(const JvpArgs& j, const Params&) {
    return {{bound<WrongSecond>({j.primals[0]})}, {j.tangents[0] * bound<FrozenCos>({j.primals[0]})}};
  }
};

/// x^2, with a wrong derivative of arrays of more than 64 elements.
struct WrongIfLarge : Elementwise<WrongIfLarge, 1> {
  static constexpr std::string_view name = "wrong_if_large";
  static Array value(const Arrays& x) { return x[0] * x[0]; }
  static JvpOut jvp(const JvpArgs& j, const Params&) {
    const double factor = j.primals[0].size() > 64 ? 3.0 : 2.0;
    return {{bound<WrongIfLarge>({j.primals[0]})}, {factor * j.primals[0] * j.tangents[0]}};
  }
};

/// x^2, with a wrong derivative in float32.
struct WrongInFloat32 : Elementwise<WrongInFloat32, 1> {
  static constexpr std::string_view name = "wrong_in_float32";
  static Array value(const Arrays& x) { return x[0] * x[0]; }
  static JvpOut jvp(const JvpArgs& j, const Params&) {
    const double factor = j.primals[0].dtype() == float32 ? 3.0 : 2.0;
    return {{bound<WrongInFloat32>({j.primals[0]})}, {factor * j.primals[0] * j.tangents[0]}};
  }
};

/// exp x, whose correct derivative uses a product that is not.
struct UsesWrongMul : Elementwise<UsesWrongMul, 1> {
  static constexpr std::string_view name = "uses_wrong_mul";
  static Array value(const Arrays& x) { return exp(x[0]); }
  static JvpOut jvp(const JvpArgs& j, const Params&) {
    return {{bound<UsesWrongMul>({j.primals[0]})},
            {j.tangents[0] * bound<MulWrongInB>({ones_like(j.primals[0]), exp(j.primals[0])})}};
  }
};

}  // namespace faulty
