// Chains: steps that pass eight vectors on in registers, each ending in a jump to the next. Such a jump is an
// ordinary call in tail position whose arguments are registers; the compiler makes it one.
#include "kernels/eval/arithmetic.hpp"
#include "kernels/eval/integer.hpp"
#include "kernels/eval/reduce.hpp"
#include "kernels/eval/threefry.hpp"
#include "kernels/isa/lookup.hpp"

namespace fluxion::kernels::FLUXION_ISA {
namespace {

constexpr std::size_t group = 8;               // vectors
using R = typename Batch<float>::register_type;  // of whatever element type
using Code = void (*)(const ChainStep*, void* const*, std::size_t, R, R, R, R, R, R, R, R);

template <class T> constexpr std::size_t group_elements = group * Batch<T>::size;

template <class T> Batch<T> as(R x) { return from_lanes<Batch<T>>(x); }
template <class B> R raw(B x) { return (R)x.data; }

/// Where a step finds its operands: pointers, of which vectors begin at element `at`.
struct Place {
  void* const* args;
  std::size_t at;

  template <class T> T* vector(std::size_t k = 0) const { return static_cast<T*>(args[k]) + at; }
  template <class T> T scalar(std::size_t k = 0) const { return *static_cast<const T*>(args[k]); }
};

/// Action::run changes the registers; then the next step goes on.
template <class Action>
void step(const ChainStep* s, void* const* args, std::size_t at, R a0, R a1, R a2, R a3, R a4, R a5, R a6, R a7) {
  R a[group] = {a0, a1, a2, a3, a4, a5, a6, a7};
  Action::run(a, Place{args + s->operand, at});
  return reinterpret_cast<Code>(s[1].code)(s + 1, args, at, a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]);
}
void end(const ChainStep*, void* const*, std::size_t, R, R, R, R, R, R, R, R) {}

template <class Action> ChainCode code() { return reinterpret_cast<ChainCode>(&step<Action>); }

/// Keeps what is done to one vector before what is done to the next: prefetchers follow ascending addresses, and
/// compilers see no reason to ascend.
inline void in_order(R& x) {
#if defined(__AVX512F__)
  asm volatile("" : "+v"(x));
#else
  asm volatile("" : "+x"(x));
#endif
}

// --- operations -----------------------------------------------------------------------------------------------

/// f(acc, other operand) for each vector, in the order of the operands.
template <class T, ChainForm form, class F> void each(R (&a)[group], const Place& p, std::size_t operand, F f) {
  using B = Batch<T>;
  constexpr bool one = form == ChainForm::acc_scalar || form == ChainForm::scalar_acc;
  const B held = one ? B(p.scalar<T>(operand)) : B(T(0));
#pragma GCC unroll 8
  for (std::size_t k = 0; k < group; ++k) {
    const B acc = as<T>(a[k]);
    if constexpr (form == ChainForm::unary || form == ChainForm::twice) {
      f(k, acc, acc);
    } else {
      const B other = one ? held : B::load_unaligned(p.vector<const T>(operand) + k * B::size);
      if constexpr (form == ChainForm::acc_vector || form == ChainForm::acc_scalar) f(k, acc, other);
      else f(k, other, acc);
    }
  }
}

template <class Function, class T, ChainForm form> struct Apply {
  static void run(R (&a)[group], const Place& p) {
    each<T, form>(a, p, 0, [&](std::size_t k, Batch<T> x, Batch<T> y) {
      if constexpr (form == ChainForm::unary) a[k] = raw(Function::call(x));
      else a[k] = raw(Function::call(x, y));
      if constexpr (form == ChainForm::acc_vector || form == ChainForm::vector_acc) in_order(a[k]);
    });
  }
};
/// Bytes that are 0 or 1, behind the other operand; acc stays.
template <class Function, class T, ChainForm form> struct Compare {
  static void run(R (&a)[group], const Place& p) {
    constexpr std::size_t flags = form == ChainForm::unary ? 0 : 1;
    each<T, form>(a, p, 0, [&](std::size_t k, Batch<T> x, Batch<T> y) {
      std::uint8_t* const to = p.vector<std::uint8_t>(flags) + k * Batch<T>::size;
      if constexpr (form == ChainForm::unary) store_flags<Batch<T>>(to, Function::call(x));
      else store_flags<Batch<T>>(to, Function::call(x, y));
    });
  }
};
template <class T, ChainForm form> struct Choose {
  static void run(R (&a)[group], const Place& p) {
    each<T, form>(a, p, 1, [&](std::size_t k, Batch<T> on_false, Batch<T> on_true) {
      const auto pred = load_flags<Batch<T>>(p.vector<const std::uint8_t>() + k * Batch<T>::size);
      a[k] = raw(Select::call(pred, on_false, on_true));
    });
  }
};

template <template <class, class, ChainForm> class Kind, class Function, class T> ChainCode unary(ChainForm form) {
  return form == ChainForm::unary ? code<Kind<Function, T, ChainForm::unary>>() : nullptr;
}
template <template <class, class, ChainForm> class Kind, class Function, class T> ChainCode binary(ChainForm form) {
  switch (form) {
    case ChainForm::acc_vector: return code<Kind<Function, T, ChainForm::acc_vector>>();
    case ChainForm::vector_acc: return code<Kind<Function, T, ChainForm::vector_acc>>();
    case ChainForm::acc_scalar: return code<Kind<Function, T, ChainForm::acc_scalar>>();
    case ChainForm::scalar_acc: return code<Kind<Function, T, ChainForm::scalar_acc>>();
    default: return nullptr;
  }
}
template <class Function, class T> ChainCode arithmetic(ChainForm form) {
  return form == ChainForm::twice ? code<Apply<Function, T, ChainForm::twice>>() : binary<Apply, Function, T>(form);
}
template <class T> ChainCode choice(ChainForm form) {
  switch (form) {
    case ChainForm::acc_vector: return code<Choose<T, ChainForm::acc_vector>>();
    case ChainForm::vector_acc: return code<Choose<T, ChainForm::vector_acc>>();
    case ChainForm::acc_scalar: return code<Choose<T, ChainForm::acc_scalar>>();
    case ChainForm::scalar_acc: return code<Choose<T, ChainForm::scalar_acc>>();
    default: return nullptr;
  }
}
/// a > b is b < a: half of the orders suffice.
constexpr ChainForm turned(ChainForm form) {
  switch (form) {
    case ChainForm::acc_vector: return ChainForm::vector_acc;
    case ChainForm::vector_acc: return ChainForm::acc_vector;
    case ChainForm::acc_scalar: return ChainForm::scalar_acc;
    case ChainForm::scalar_acc: return ChainForm::acc_scalar;
    default: return form;
  }
}

template <class T> ChainCode of_floats(ir::Op op, ChainForm form) {
  using ir::Op;
  switch (op) {
    case Op::neg: return unary<Apply, Neg, T>(form);
    case Op::abs: return unary<Apply, Abs, T>(form);
    case Op::square: return unary<Apply, Square, T>(form);
    case Op::sqrt: return unary<Apply, Sqrt, T>(form);
    case Op::sign: return unary<Apply, Sign, T>(form);
    case Op::is_finite: return unary<Compare, IsFinite, T>(form);
    case Op::add: return arithmetic<Add, T>(form);
    case Op::sub: return arithmetic<Sub, T>(form);
    case Op::mul: return arithmetic<Mul, T>(form);
    case Op::div: return arithmetic<Div, T>(form);
    case Op::max: return arithmetic<Max, T>(form);
    case Op::min: return arithmetic<Min, T>(form);
    case Op::eq: return binary<Compare, Eq, T>(form);
    case Op::ne: return binary<Compare, Ne, T>(form);
    case Op::lt: return binary<Compare, Lt, T>(form);
    case Op::le: return binary<Compare, Le, T>(form);
    case Op::gt: return binary<Compare, Lt, T>(turned(form));
    case Op::ge: return binary<Compare, Le, T>(turned(form));
    case Op::select: return choice<T>(form);
    default: return nullptr;
  }
}

/// What does not depend on a sign.
template <class T> ChainCode of_integers(ir::Op op, ChainForm form) {
  using ir::Op;
  switch (op) {
    case Op::not_: return unary<Apply, integer::Not, T>(form);
    case Op::neg: return unary<Apply, integer::Neg, T>(form);
    case Op::add: return arithmetic<integer::Add, T>(form);
    case Op::sub: return arithmetic<integer::Sub, T>(form);
    case Op::and_: return binary<Apply, integer::And, T>(form);
    case Op::or_: return binary<Apply, integer::Or, T>(form);
    case Op::xor_: return binary<Apply, integer::Xor, T>(form);
    case Op::shift_left: return binary<Apply, integer::ShiftLeft, T>(form);
    case Op::shift_right_logical: return binary<Apply, integer::ShiftRightLogical, T>(form);
    case Op::select: return choice<T>(form);
    default: return nullptr;
  }
}

// --- moves ----------------------------------------------------------------------------------------------------

template <class T> struct LoadVector {
  static void run(R (&a)[group], const Place& p) {
#pragma GCC unroll 8
    for (std::size_t k = 0; k < group; ++k) {
      a[k] = raw(Batch<T>::load_unaligned(p.vector<const T>() + k * Batch<T>::size));
      in_order(a[k]);
    }
  }
};
template <class T> struct LoadScalar {
  static void run(R (&a)[group], const Place& p) {
    for (auto& x : a) x = raw(Batch<T>(p.scalar<T>()));
  }
};
template <class T> struct Store {
  static void run(R (&a)[group], const Place& p) {
#pragma GCC unroll 8
    for (std::size_t k = 0; k < group; ++k) as<T>(a[k]).store_unaligned(p.vector<T>() + k * Batch<T>::size);
  }
};

inline void stream(float* to, R x) {
#if defined(__AVX512F__)
  _mm512_stream_ps(to, x);
#elif defined(__AVX__)
  _mm256_stream_ps(to, x);
#else
  _mm_stream_ps(to, x);
#endif
}
template <class T> struct Stream {
  static void run(R (&a)[group], const Place& p) {
    if (reinterpret_cast<std::uintptr_t>(p.vector<T>()) % sizeof(R) != 0) return Store<T>::run(a, p);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < group; ++k)
      stream(reinterpret_cast<float*>(p.vector<T>() + k * Batch<T>::size), a[k]);
  }
};

struct Count {
  static void run(R (&a)[group], const Place& p) {
    using B = Batch<std::uint32_t>;
    alignas(64) static constexpr std::uint32_t lane[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15};
    const auto first = std::uint32_t(std::uint64_t(p.scalar<std::int64_t>()) + p.at);
    const auto from = bits(B::load_aligned(lane)) + first;
#pragma GCC unroll 8
    for (std::size_t k = 0; k < group; ++k) a[k] = (R)(from + std::uint32_t(k * B::size));
  }
};
struct Threefry {
  static void run(R (&a)[group], const Place& p) {
    using B = Batch<std::uint32_t>;
    const auto held = [&](std::size_t k) { return bits(B(p.scalar<std::uint32_t>(k))); };
    const auto key0 = held(0), key1 = held(1), count = held(2);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < group; ++k) {
      auto x0 = count, x1 = bits(as<std::uint32_t>(a[k]));
      threefry_2x32(x0, x1, key0, key1);
      a[k] = (R)(x0 ^ x1);
    }
  }
};

template <class T> ChainCode move(ChainMove m) {
  switch (m) {
    case ChainMove::load_vector: return code<LoadVector<T>>();
    case ChainMove::load_scalar: return code<LoadScalar<T>>();
    case ChainMove::store: return code<Store<T>>();
    case ChainMove::stream: return code<Stream<T>>();
    case ChainMove::count: return sizeof(T) == 4 ? code<Count>() : nullptr;
    case ChainMove::threefry: return sizeof(T) == 4 ? code<Threefry>() : nullptr;
    case ChainMove::end: return reinterpret_cast<ChainCode>(&end);
  }
  return nullptr;
}

// --- folds ----------------------------------------------------------------------------------------------------

/// Element j belongs to the accumulator j modulo 256 bytes: see reduction_tree. As many as a group has vectors are
/// reached by one.
template <class Op, class T> struct FoldRow {
  using B = Batch<T>;
  static constexpr std::size_t all = accumulators_bytes / sizeof(R), held = all < group ? all : group;

  static void run(R (&a)[group], const Place& p) {
    T* const to = static_cast<T*>(p.args[0]) + p.at % (accumulators_bytes / sizeof(T));
    const auto left = std::size_t(p.scalar<std::int64_t>(1)) - p.at;
    if (left < group_elements<T>) {
      const R last[group] = {a[0], a[1], a[2], a[3], a[4], a[5], a[6], a[7]};  // alone in memory
      return part(last, to, left);
    }
    fold(a, to);
  }

 private:
  static void fold(const R (&a)[group], T* to) {
    B sum[held];
#pragma GCC unroll 8
    for (std::size_t k = 0; k < held; ++k) sum[k] = B::load_unaligned(to + k * B::size);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < group; ++k) sum[k % held] = Op::call(sum[k % held], as<T>(a[k]));
#pragma GCC unroll 8
    for (std::size_t k = 0; k < held; ++k) sum[k].store_unaligned(to + k * B::size);
  }
  /// The first `count` elements: the others are replaced by the identity.
  [[gnu::noinline]] static void part(const R (&a)[group], T* to, std::size_t count) {
    alignas(64) T elements[group_elements<T>];
    std::memcpy(elements, a, sizeof elements);
    for (std::size_t i = count; i < group_elements<T>; ++i) elements[i] = Op::identity;
    R filled[group];
    std::memcpy(filled, elements, sizeof filled);
    fold(filled, to);
  }
};
template <class Op, class T> struct FoldColumn {
  using B = Batch<T>;
  static void run(R (&a)[group], const Place& p) {
    T* const to = p.vector<T>();
    const bool is_first = p.scalar<std::int64_t>(1) != 0;
    if (is_first) return Store<T>::run(a, p);
#pragma GCC unroll 8
    for (std::size_t k = 0; k < group; ++k)
      Op::call(B::load_unaligned(to + k * B::size), as<T>(a[k])).store_unaligned(to + k * B::size);
  }
};

template <class Op, class T> ChainCode fold(bool columns) {
  return columns ? code<FoldColumn<Op, T>>() : code<FoldRow<Op, T>>();
}
template <class T> ChainCode fold(ir::ReduceOp op, bool columns) {
  switch (op) {
    case ir::ReduceOp::sum: return fold<Sum<T>, T>(columns);
    case ir::ReduceOp::prod: return fold<Product<T>, T>(columns);
    case ir::ReduceOp::max: return fold<Largest<T>, T>(columns);
    case ir::ReduceOp::min: return fold<Smallest<T>, T>(columns);
    default: return nullptr;
  }
}

// --- the run ----------------------------------------------------------------------------------------------------

void enter(const ChainStep* s, void* const* args, std::size_t at) {
  const R x = raw(Batch<float>(0.0f));
  reinterpret_cast<Code>(s->code)(s, args, at, x, x, x, x, x, x, x, x);
}

/// The last elements, fewer than a group: what has no room behind it is copied to where there is.
template <class T>
[[gnu::noinline]] void tail(const ChainHead& head, const ChainStep* steps, void* const* args, std::size_t first,
                            std::size_t count) {
  alignas(64) unsigned char room[most_chain_args][group * sizeof(R)];
  void* moved[most_chain_args];
  std::int64_t start = 0;
  auto length = std::int64_t(count);
  const auto* about = reinterpret_cast<const ChainArg*>(&head + 1);
  const auto from = [&](std::size_t k) { return static_cast<unsigned char*>(args[k]) + first * about[k].bytes; };
  for (std::size_t k = 0; k < head.args; ++k) {
    moved[k] = from(k);
    if (about[k].counter) {
      start = std::int64_t(std::uint64_t(*static_cast<const std::int64_t*>(args[k])) + first);
      moved[k] = &start;
    } else if (about[k].length) {
      moved[k] = &length;
    } else if (about[k].accumulators) {
      moved[k] = static_cast<unsigned char*>(args[k]) + first * sizeof(T) % accumulators_bytes;
    } else if (about[k].same != k) {
      moved[k] = moved[about[k].same];
    } else if (about[k].bytes != 0 && !about[k].padded) {
      std::memset(room[k], 0, group_elements<T> * about[k].bytes);
      if (!about[k].written) std::memcpy(room[k], from(k), count * about[k].bytes);
      moved[k] = room[k];
    }
  }
  enter(steps, moved, 0);
  for (std::size_t k = 0; k < head.args; ++k)
    if (about[k].written && !about[k].padded) std::memcpy(from(k), room[k], count * about[k].bytes);
}

/// Whether a group may be computed a second time: nothing is folded, or written where a step before has read.
[[gnu::noinline]] bool repeatable(const ChainHead& head, void* const* args, std::size_t n) {
  const auto* about = reinterpret_cast<const ChainArg*>(&head + 1);
  const auto begin = [&](std::size_t k) { return reinterpret_cast<std::uintptr_t>(args[k]); };
  const auto end = [&](std::size_t k) { return begin(k) + (about[k].bytes == 0 ? sizeof(R) : n * about[k].bytes); };
  for (std::size_t k = 0; k < head.args; ++k) {
    if (about[k].folded) return false;
    for (std::size_t read = 0; about[k].written && read < k; ++read)
      if (!about[read].written && begin(read) < end(k) && begin(k) < end(read)) return false;
  }
  return true;
}

template <class T> void run(void* const* args, std::size_t n) {
  const auto& head = *static_cast<const ChainHead*>(args[0]);
  const auto* steps = reinterpret_cast<const ChainStep*>(static_cast<const char*>(args[0]) + head.steps);
  std::size_t at = 0;
  for (; at + group_elements<T> <= n; at += group_elements<T>) enter(steps, args + 1, at);
  if (at == n) return;
  // The last group lies over the one before: cheaper than its elements alone.
  if (at != 0 && repeatable(head, args + 1, n)) enter(steps, args + 1, n - group_elements<T>);
  else tail<T>(head, steps, args + 1, at, n - at);
}

}  // namespace

ChainCode chain_code(ir::Op op, DType t, ChainForm form) {
  switch (t) {
    case DType::float32: return of_floats<float>(op, form);
    case DType::float64: return of_floats<double>(op, form);
    case DType::int32: case DType::uint32: return of_integers<std::uint32_t>(op, form);
    case DType::int64: case DType::uint64: return of_integers<std::uint64_t>(op, form);
    default: return nullptr;
  }
}

ChainCode chain_fold(ir::ReduceOp op, DType t, bool columns) {
  switch (t) {
    case DType::float32: return fold<float>(op, columns);
    case DType::float64: return fold<double>(op, columns);
    default: return nullptr;
  }
}

ChainCode chain_move(ChainMove m, std::size_t itemsize) {
  return itemsize == 4 ? move<std::uint32_t>(m) : itemsize == 8 ? move<std::uint64_t>(m) : nullptr;
}

Kernel chain_kernel(std::size_t itemsize) {
  return itemsize == 4 ? &run<std::uint32_t> : itemsize == 8 ? &run<std::uint64_t> : nullptr;
}

}  // namespace fluxion::kernels::FLUXION_ISA
