// The one loop of all elementwise kernels: whole vectors in place, and the tail as one padded vector
// through the same code, so that no value depends on where its element stands.
#pragma once

#include "kernels/eval/simd.hpp"
#include "kernels/kernels.hpp"

namespace fluxion::kernels::FLUXION_ISA {

/// An operand or result whose elements are of type T.
template <class T> struct Values {
  using Element = T;
  using Vector = Batch<T>;
  static constexpr std::size_t lanes = Vector::size;
  static Vector load(const T* p) { return Vector::load_unaligned(p); }
  static Vector splat(const T* p) { return Vector(*p); }
  static void store(T* p, Vector v) { v.store_unaligned(p); }
};

/// Bools, one byte each, read and written as the masks that go with batches of T.
template <class T> struct Flags {
  using Element = std::uint8_t;
  using Vector = Mask<Batch<T>>;
  static constexpr std::size_t lanes = Batch<T>::size;
  static Vector load(const std::uint8_t* p) { return load_flags<Batch<T>>(p); }
  static void store(std::uint8_t* p, Vector v) { store_flags<Batch<T>>(p, v); }
};

/// Reads an operand at any multiple of its vector width; a scalar one is held.
template <class In, bool scalar> struct Cursor {
  const typename In::Element* p;
  explicit Cursor(const void* from) : p(static_cast<const typename In::Element*>(from)) {}
  typename In::Vector at(std::size_t i) const { return In::load(p + i); }
};
template <class In> struct Cursor<In, true> {
  typename In::Vector value;
  explicit Cursor(const void* from) : value(In::splat(static_cast<const typename In::Element*>(from))) {}
  typename In::Vector at(std::size_t) const { return value; }
};

/// Copies `count` < lanes elements and repeats the last: padding is valid data.
template <class In> void pad(typename In::Element* to, const void* from, std::size_t first, std::size_t count) {
  using T = typename In::Element;
  const T* p = static_cast<const T*>(from) + first;
  const T last = p[count - 1];
  if constexpr (sizeof(T) * In::lanes == sizeof(Batch<T>)) Batch<T>(last).store_aligned(to);
  else std::memset(to, last, In::lanes);
  for (std::size_t i = 0; i + 1 < count; ++i) to[i] = p[i];
}

template <class In, bool scalar>
void pad_unless_scalar(unsigned char* to, const void* from, std::size_t first, std::size_t count) {
  if constexpr (!scalar) pad<In>(reinterpret_cast<typename In::Element*>(to), from, first, count);
}

/// An elementwise kernel: Function over Out and In..., operand i one element if bit i of `mask` is set.
template <class Function, unsigned mask, class Out, class... In>
struct Elementwise {
  static constexpr std::size_t lanes = Out::lanes;
  using OutElement = typename Out::Element;
  static constexpr std::size_t unroll = Function::unroll < 1 ? 1 : Function::unroll;

  template <class... Cursors>
  static typename Out::Vector step(std::size_t i, const Cursors&... in) { return Function::call(in.at(i)...); }

  template <std::size_t... batch, class... Cursors>
  static void group(OutElement* out, std::size_t i, std::index_sequence<batch...>, const Cursors&... in) {
    // All are loaded before any is stored, for the output may be an input.
    const typename Out::Vector result[] = {step(i + batch * lanes, in...)...};
    (Out::store(out + i + batch * lanes, result[batch]), ...);
  }

  template <std::size_t... k>
  static void whole(void* const* args, std::size_t n, std::index_sequence<k...>) {
    auto* out = static_cast<OutElement*>(args[0]);
    const std::tuple in{Cursor<In, bool((mask >> k) & 1)>(args[k + 1])...};
    std::size_t i = 0;
    if constexpr (unroll > 1)
      for (; i + unroll * lanes <= n; i += unroll * lanes)
        group(out, i, std::make_index_sequence<unroll>{}, std::get<k>(in)...);
    for (; i < n; i += lanes) group(out, i, std::index_sequence<0>{}, std::get<k>(in)...);
  }

  /// n is a multiple of the vector width.
  [[gnu::noinline]] static void whole(void* const* args, std::size_t n) {
    whole(args, n, std::index_sequence_for<In...>{});
  }

  template <std::size_t... k>
  static void tail(void* const* args, std::size_t first, std::size_t count, std::index_sequence<k...>) {
    alignas(64) unsigned char buffer[1 + sizeof...(In)][64];
    void* padded[] = {buffer[0], ((mask >> k) & 1 ? args[k + 1] : buffer[k + 1])...};
    (pad_unless_scalar<In, bool((mask >> k) & 1)>(buffer[k + 1], args[k + 1], first, count), ...);
    whole(padded, lanes);
    auto* out = static_cast<OutElement*>(args[0]) + first;
    const auto* result = reinterpret_cast<const OutElement*>(buffer[0]);
    for (std::size_t i = 0; i < count; ++i) out[i] = result[i];
  }

  static void run(void* const* args, std::size_t n) {
    const std::size_t first = n - n % lanes;
    if (first != 0) whole(args, first);
    if (first != n) tail(args, first, n - first, std::index_sequence_for<In...>{});
  }
};

/// The same for functions too large to instantiate per mask: a scalar operand is filled out to one vector
/// that every step reads again.
template <class Function, class T>
struct LargeBinary {
  using B = Batch<T>;

  [[gnu::noinline]] static void whole(T* out, const T* a, std::size_t a_step, const T* b, std::size_t b_step,
                                      std::size_t n) {
    for (std::size_t i = 0; i < n; i += B::size)
      Function::call(B::load_unaligned(a + i * a_step), B::load_unaligned(b + i * b_step)).store_unaligned(out + i);
  }

  template <unsigned mask>
  static void run(void* const* args, std::size_t n) {
    constexpr bool scalar_a = mask & 1, scalar_b = mask & 2;
    alignas(64) T fill[3][B::size];
    auto* out = static_cast<T*>(args[0]);
    const auto* a = static_cast<const T*>(args[1]);
    const auto* b = static_cast<const T*>(args[2]);
    if (scalar_a) B(*a).store_aligned(fill[0]), a = fill[0];
    if (scalar_b) B(*b).store_aligned(fill[1]), b = fill[1];
    const std::size_t first = n - n % B::size, count = n - first;
    if (first != 0) whole(out, a, !scalar_a, b, !scalar_b, first);
    if (count == 0) return;
    if (!scalar_a) pad<Values<T>>(fill[0], a, first, count);
    if (!scalar_b) pad<Values<T>>(fill[1], b, first, count);
    whole(fill[2], fill[0], 1, fill[1], 1, B::size);
    for (std::size_t i = 0; i < count; ++i) out[first + i] = fill[2][i];
  }
};

template <class Function, class T>
Kernel unary() { return &Elementwise<Function, 0, Values<T>, Values<T>>::run; }

/// Of one operand, with a bool result.
template <class Function, class T>
Kernel predicate() { return &Elementwise<Function, 0, Flags<T>, Values<T>>::run; }

/// Of three operands of one type; the first and the last are both scalars or neither is.
template <class Function, class T>
Kernel ternary(unsigned mask) {
  switch (mask) {
    case 0: return &Elementwise<Function, 0, Values<T>, Values<T>, Values<T>, Values<T>>::run;
    case 5: return &Elementwise<Function, 5, Values<T>, Values<T>, Values<T>, Values<T>>::run;
    default: return nullptr;
  }
}

template <class Function, class Out, class In>
Kernel binary_to(unsigned mask) {
  switch (mask) {
    case 0: return &Elementwise<Function, 0, Out, In, In>::run;
    case 1: return &Elementwise<Function, 1, Out, In, In>::run;
    case 2: return &Elementwise<Function, 2, Out, In, In>::run;
    default: return nullptr;
  }
}

template <class Function, class T>
Kernel binary(unsigned mask) {
  if constexpr (Function::unroll == 0) {
    switch (mask) {
      case 0: return &LargeBinary<Function, T>::template run<0>;
      case 1: return &LargeBinary<Function, T>::template run<1>;
      case 2: return &LargeBinary<Function, T>::template run<2>;
      default: return nullptr;
    }
  } else {
    return binary_to<Function, Values<T>, Values<T>>(mask);
  }
}

template <class Function, class T>
Kernel comparison(unsigned mask) { return binary_to<Function, Flags<T>, Values<T>>(mask); }

/// Bits 1 and 2 of the mask are those of on_false and on_true.
template <class Function, class Pred, class T>
Kernel selection(unsigned mask) {
  switch (mask) {
    case 0: return &Elementwise<Function, 0, Values<T>, Pred, Values<T>, Values<T>>::run;
    case 2: return &Elementwise<Function, 2, Values<T>, Pred, Values<T>, Values<T>>::run;
    case 4: return &Elementwise<Function, 4, Values<T>, Pred, Values<T>, Values<T>>::run;
    case 6: return &Elementwise<Function, 6, Values<T>, Pred, Values<T>, Values<T>>::run;
    default: return nullptr;
  }
}

}  // namespace fluxion::kernels::FLUXION_ISA
