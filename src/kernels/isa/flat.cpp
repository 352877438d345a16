// Flat programs: one small function per instruction, each ending in a call of the next one's. Compilers make a jump of
// that call wherever they optimise, as this source always is: no frame of the machine's stack is left behind.
#include "kernels/flat.hpp"

#include "kernels/eval/convert.hpp"
#include "kernels/eval/integer.hpp"

namespace fluxion::kernels::isa_baseline {
namespace {

using flat::Fold;
using flat::Handler;
using flat::Instr;

#if defined(__has_cpp_attribute) && __has_cpp_attribute(clang::musttail)
#define FLUXION_JUMP [[clang::musttail]] return
#else
#define FLUXION_JUMP return
#endif

template <class T> T load(const std::byte* p) {
  T v;
  std::memcpy(&v, p, sizeof v);
  return v;
}
template <class T> void store(std::byte* p, T v) { std::memcpy(p, &v, sizeof v); }

/// What Action does, then the next instruction.
template <class Action> void then_next(const Instr* at, std::byte* frame) {
  Action::carry_out(*at, frame);
  ++at;
  FLUXION_JUMP at->run(at, frame);
}
/// The instruction that Choice finds.
template <class Choice> void go_on(const Instr* at, std::byte* frame) {
  at = Choice::next(at, frame);
  FLUXION_JUMP at->run(at, frame);
}

// --- arithmetic --------------------------------------------------------------------------------------------------

template <class Function, class Out, class... In> struct Compute {
  template <std::size_t... k>
  static Out value(const Instr& i, const std::byte* frame, std::index_sequence<k...>) {
    return Function::call(load<In>(frame + i.in[k])...);
  }
  static void carry_out(const Instr& i, std::byte* frame) {
    store(frame + i.to, value(i, frame, std::index_sequence_for<In...>{}));
  }
};
template <class Function, class Out, class... In> Handler compute() { return &then_next<Compute<Function, Out, In...>>; }

struct Add { template <class T> static T call(T a, T b) { return a + b; } };
struct Sub { template <class T> static T call(T a, T b) { return a - b; } };
struct Mul { template <class T> static T call(T a, T b) { return a * b; } };
struct Div { template <class T> static T call(T a, T b) { return a / b; } };
struct Square { template <class T> static T call(T x) { return x * x; } };
struct Neg { template <class T> static T call(T x) { return -x; } };
struct Eq { template <class T> static std::uint8_t call(T a, T b) { return a == b; } };
struct Ne { template <class T> static std::uint8_t call(T a, T b) { return !(a == b); } };
struct Lt { template <class T> static std::uint8_t call(T a, T b) { return a < b; } };
struct Le { template <class T> static std::uint8_t call(T a, T b) { return a <= b; } };
struct Gt { template <class T> static std::uint8_t call(T a, T b) { return b < a; } };
struct Ge { template <class T> static std::uint8_t call(T a, T b) { return b <= a; } };
struct Choose {
  template <class T> static T call(std::uint8_t pred, T on_false, T on_true) { return pred != 0 ? on_true : on_false; }
};

struct Abs { template <class T> static T call(T x) { return std::abs(x); } };
struct Sqrt {
  static float call(float x) { return __builtin_sqrtf(x); }
  static double call(double x) { return __builtin_sqrt(x); }
};
struct Rsqrt { template <class T> static T call(T x) { return T(1) / Sqrt::call(x); } };
struct Sign { template <class T> static T call(T x) { return x > 0 ? T(1) : x < 0 ? T(-1) : x; } };
struct IsFinite {
  template <class T> static std::uint8_t call(T x) { return std::abs(x) < std::numeric_limits<T>::infinity(); }
};
// As the vector instructions choose between equals, and a NaN on either side wins.
struct Max { template <class T> static T call(T a, T b) { return a != a ? a : a > b ? a : b; } };
struct Min { template <class T> static T call(T a, T b) { return a != a ? a : a < b ? a : b; } };
template <class Lower, class Upper> struct Clamp {
  template <class T> static T call(T low, T x, T high) { return Upper::call(Lower::call(low, x), high); }
};

struct Not { template <class T> static T call(T x) { return T(~x); } };
struct And { template <class T> static T call(T a, T b) { return T(a & b); } };
struct Or { template <class T> static T call(T a, T b) { return T(a | b); } };
struct Xor { template <class T> static T call(T a, T b) { return T(a ^ b); } };
struct Flip { template <class T> static T call(T x) { return T(x ^ 1); } };
struct Same { template <class T> static T call(T a, T b) { return T(a ^ b ^ 1); } };
struct Quotient { template <class T> static T call(T a, T b) { return integer::quotient(a, b); } };
struct Remainder {
  template <class T> static T call(T a, T b) {
    using U = std::make_unsigned_t<T>;
    return T(U(a) - U(integer::quotient(a, b)) * U(b));
  }
};
struct Greater { template <class T> static T call(T a, T b) { return a > b ? a : b; } };
struct Less { template <class T> static T call(T a, T b) { return a < b ? a : b; } };
struct IntegerAbs {
  template <class T> static T call(T x) {
    using U = std::make_unsigned_t<T>;
    return x < 0 ? T(U(0) - U(x)) : x;
  }
};

template <class T> Handler comparison(ir::Op op) {
  using ir::Op;
  switch (op) {
    case Op::eq: return compute<Eq, std::uint8_t, T, T>();
    case Op::ne: return compute<Ne, std::uint8_t, T, T>();
    case Op::lt: return compute<Lt, std::uint8_t, T, T>();
    case Op::le: return compute<Le, std::uint8_t, T, T>();
    case Op::gt: return compute<Gt, std::uint8_t, T, T>();
    case Op::ge: return compute<Ge, std::uint8_t, T, T>();
    case Op::select: return compute<Choose, T, std::uint8_t, T, T>();
    default: return nullptr;
  }
}

template <class T> Handler floating(ir::Op op) {
  using ir::Op;
  switch (op) {
    case Op::add: return compute<Add, T, T, T>();
    case Op::sub: return compute<Sub, T, T, T>();
    case Op::mul: return compute<Mul, T, T, T>();
    case Op::div: return compute<Div, T, T, T>();
    case Op::neg: return compute<Neg, T, T>();
    case Op::abs: return compute<Abs, T, T>();
    case Op::sqrt: return compute<Sqrt, T, T>();
    case Op::rsqrt: return compute<Rsqrt, T, T>();
    case Op::square: return compute<Square, T, T>();
    case Op::sign: return compute<Sign, T, T>();
    case Op::max: return compute<Max, T, T, T>();
    case Op::min: return compute<Min, T, T, T>();
    case Op::clamp: return compute<Clamp<Max, Min>, T, T, T, T>();
    case Op::is_finite: return compute<IsFinite, std::uint8_t, T>();
    default: return comparison<T>(op);
  }
}

/// `U` is unsigned, where arithmetic wraps; `T` has the sign.
template <class T> Handler whole(ir::Op op) {
  using ir::Op;
  using U = std::make_unsigned_t<T>;
  switch (op) {
    case Op::add: return compute<Add, U, U, U>();
    case Op::sub: return compute<Sub, U, U, U>();
    case Op::mul: return compute<Mul, U, U, U>();
    case Op::square: return compute<Square, U, U>();
    case Op::neg: return compute<Neg, U, U>();
    case Op::not_: return compute<Not, U, U>();
    case Op::and_: return compute<And, U, U, U>();
    case Op::or_: return compute<Or, U, U, U>();
    case Op::xor_: return compute<Xor, U, U, U>();
    case Op::div: return compute<Quotient, T, T, T>();
    case Op::rem: return compute<Remainder, T, T, T>();
    case Op::max: return compute<Greater, T, T, T>();
    case Op::min: return compute<Less, T, T, T>();
    case Op::clamp: return compute<Clamp<Greater, Less>, T, T, T, T>();
    case Op::abs: return compute<IntegerAbs, T, T>();
    default: return comparison<T>(op);
  }
}

Handler truth(ir::Op op) {
  using ir::Op;
  using B = std::uint8_t;
  switch (op) {
    case Op::not_: return compute<Flip, B, B>();
    case Op::and_: return compute<And, B, B, B>();
    case Op::or_: return compute<Or, B, B, B>();
    case Op::xor_: case Op::ne: return compute<Xor, B, B, B>();
    case Op::eq: return compute<Same, B, B, B>();
    case Op::select: return compute<Choose, B, B, B, B>();
    default: return nullptr;
  }
}

template <class To, class From> struct Converted {
  static To call(From x) { return convert_element<To>(x); }
};
template <class To> Handler conversion(DType from) {
  switch (from) {
    case DType::bool_: return compute<Converted<To, Flag>, To, Flag>();
    case DType::int32: return compute<Converted<To, std::int32_t>, To, std::int32_t>();
    case DType::int64: return compute<Converted<To, std::int64_t>, To, std::int64_t>();
    case DType::uint32: return compute<Converted<To, std::uint32_t>, To, std::uint32_t>();
    case DType::float32: return compute<Converted<To, float>, To, float>();
    case DType::float64: return compute<Converted<To, double>, To, double>();
    default: return nullptr;
  }
}

// --- chains: what lies between stays in a register ------------------------------------------------------------------

template <Fold f, class T> T folded(T acc, T x) {
  if constexpr (f == Fold::add) return acc + x;
  else if constexpr (f == Fold::sub) return acc - x;
  else if constexpr (f == Fold::mul) return acc * x;
  else if constexpr (f == Fold::div) return acc / x;
  else if constexpr (f == Fold::from) return x - acc;
  else return x / acc;
}
template <Fold... fs> struct Chain;
template <Fold a, Fold b> struct Chain<a, b> {
  template <class T> static T call(T x, T y, T z) { return folded<b>(folded<a>(x, y), z); }
};
template <Fold a, Fold b, Fold c> struct Chain<a, b, c> {
  template <class T> static T call(T x, T y, T z, T w) { return folded<c>(folded<b>(folded<a>(x, y), z), w); }
};
template <Fold a, Fold b, Fold c> struct Join {
  template <class T> static T call(T x, T y, T z, T w) { return folded<c>(folded<a>(x, y), folded<b>(z, w)); }
};

template <class T, std::size_t... i> Handler chain_of_two(std::size_t at, std::index_sequence<i...>) {
  static constexpr Handler table[] = {&then_next<Compute<Chain<Fold(i / 6), Fold(i % 6)>, T, T, T, T>>...};
  return table[at];
}
template <class T, std::size_t... i> Handler chain_of_three(std::size_t at, std::index_sequence<i...>) {
  static constexpr Handler table[] = {
      &then_next<Compute<Chain<Fold(i / 36), Fold(i / 6 % 6), Fold(i % 6)>, T, T, T, T, T>>...};
  return table[at];
}
template <class T, std::size_t... i> Handler join_of_two(std::size_t at, std::index_sequence<i...>) {
  static constexpr Handler table[] = {
      &then_next<Compute<Join<Fold(i / 16), Fold(i / 4 % 4), Fold(i % 4)>, T, T, T, T, T>>...};
  return table[at];
}

/// f.operator()<T>() for the two dtypes that have chains.
template <class F> Handler with_float(DType t, F f) {
  if (t == DType::float64) return f.template operator()<double>();
  return t == DType::float32 ? f.template operator()<float>() : nullptr;
}

// --- calls, moves, jumps -----------------------------------------------------------------------------------------

template <std::size_t operands, std::size_t results> struct Call {
  static void carry_out(const Instr& i, std::byte* frame) {
    void** const args = reinterpret_cast<void**>(frame);
    args[0] = frame + i.to;
    if constexpr (results == 2) args[1] = frame + i.count;
    for (std::size_t k = 0; k < operands; ++k) args[results + k] = frame + i.in[k];
    reinterpret_cast<Kernel>(i.value)(args, 1);
  }
};

template <std::size_t bytes> struct Move {
  static void carry_out(const Instr& i, std::byte* frame) { std::memmove(frame + i.to, frame + i.in[0], bytes); }
};
template <std::size_t bytes> struct Read {
  static void carry_out(const Instr& i, std::byte* frame) {
    auto* const from = load<const std::byte*>(frame + i.in[0]);
    std::memcpy(frame + i.to, from, bytes);
    store(frame + i.in[0], from + i.value);
  }
};
template <std::size_t bytes> struct Write {
  static void carry_out(const Instr& i, std::byte* frame) {
    auto* const to = load<std::byte*>(frame + i.to);
    std::memcpy(to, frame + i.in[0], bytes);
    store(frame + i.to, to + i.value);
  }
};
template <template <std::size_t> class Action> Handler of_size(std::size_t bytes) {
  switch (bytes) {
    case 1: return &then_next<Action<1>>;
    case 2: return &then_next<Action<2>>;
    case 4: return &then_next<Action<4>>;
    case 8: return &then_next<Action<8>>;
    case 16: return &then_next<Action<16>>;
    default: return nullptr;
  }
}

struct Jump {
  static const Instr* next(const Instr* at, std::byte*) { return at + at->value; }
};
struct JumpIf {
  static const Instr* next(const Instr* at, std::byte* frame) {
    return at + (load<std::uint8_t>(frame + at->in[0]) != 0 ? at->value : 1);
  }
};
struct JumpUnlessPositive {
  static const Instr* next(const Instr* at, std::byte* frame) {
    return at + (load<std::int32_t>(frame + at->in[0]) <= 0 ? at->value : 1);
  }
};
struct OneOfMany {
  static const Instr* next(const Instr* at, std::byte* frame) {
    const std::int64_t i = load<std::int32_t>(frame + at->in[0]), last = at->count;
    return at + 1 + (i < 0 ? 0 : i > last ? last : i);
  }
};
struct Repeat {
  static const Instr* next(const Instr* at, std::byte* frame) {
    const auto left = load<std::int64_t>(frame + at->in[0]) - 1;
    store(frame + at->in[0], left);
    return at + (left != 0 ? at->value : 1);
  }
};
void done(const Instr*, std::byte*) {}

}  // namespace

Handler flat_map(ir::Op op, DType t) {
  switch (t) {
    case DType::bool_: return truth(op);
    case DType::int32: return whole<std::int32_t>(op);
    case DType::int64: return whole<std::int64_t>(op);
    case DType::uint32: return whole<std::uint32_t>(op);
    case DType::uint64: return whole<std::uint64_t>(op);
    case DType::float32: return floating<float>(op);
    case DType::float64: return floating<double>(op);
    default: return nullptr;
  }
}

Handler flat_convert(DType from, DType to) {
  switch (to) {
    case DType::bool_: return conversion<Flag>(from);
    case DType::int32: return conversion<std::int32_t>(from);
    case DType::int64: return conversion<std::int64_t>(from);
    case DType::uint32: return conversion<std::uint32_t>(from);
    case DType::float32: return conversion<float>(from);
    case DType::float64: return conversion<double>(from);
    default: return nullptr;
  }
}

Handler flat_chain(DType t, Fold a, Fold b) {
  const auto at = std::size_t(a) * 6 + std::size_t(b);
  return with_float(t, [at]<class T>() { return chain_of_two<T>(at, std::make_index_sequence<24>{}); });
}
Handler flat_chain(DType t, Fold a, Fold b, Fold c) {
  const auto at = std::size_t(a) * 36 + std::size_t(b) * 6 + std::size_t(c);
  return with_float(t, [at]<class T>() { return chain_of_three<T>(at, std::make_index_sequence<144>{}); });
}
Handler flat_join(DType t, Fold a, Fold b, Fold c) {
  const auto at = std::size_t(a) * 16 + std::size_t(b) * 4 + std::size_t(c);
  return with_float(t, [at]<class T>() { return join_of_two<T>(at, std::make_index_sequence<64>{}); });
}

Handler flat_call(std::size_t operands, std::size_t results) {
  if (results == 2) return operands == 4 ? &then_next<Call<4, 2>> : nullptr;
  switch (operands) {
    case 1: return &then_next<Call<1, 1>>;
    case 2: return &then_next<Call<2, 1>>;
    case 3: return &then_next<Call<3, 1>>;
    default: return nullptr;
  }
}

Handler flat_move(std::size_t bytes) { return of_size<Move>(bytes); }
Handler flat_read(std::size_t bytes) { return of_size<Read>(bytes); }
Handler flat_write(std::size_t bytes) { return of_size<Write>(bytes); }
Handler flat_jump() { return &go_on<Jump>; }
Handler flat_jump_if() { return &go_on<JumpIf>; }
Handler flat_jump_unless_positive() { return &go_on<JumpUnlessPositive>; }
Handler flat_choose() { return &go_on<OneOfMany>; }
Handler flat_repeat() { return &go_on<Repeat>; }
Handler flat_done() { return &done; }

}  // namespace fluxion::kernels::isa_baseline
