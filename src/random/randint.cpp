// Uniform integers. A word of twice the bits is reduced modulo the span by (high * 2^n + low) mod span, so
// that the bias is below 2^-n; exactly jax.random.randint.
#include <fluxion/random.hpp>

#include <limits>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"
#include "random/words.hpp"

namespace fluxion::random {

namespace {

std::uint64_t largest(DType t) {
  switch (t) {
    case DType::int32: return std::numeric_limits<std::int32_t>::max();
    case DType::int64: return std::numeric_limits<std::int64_t>::max();
    case DType::uint32: return std::numeric_limits<std::uint32_t>::max();
    default: return std::numeric_limits<std::uint64_t>::max();
  }
}
std::int64_t smallest(DType t) {
  return t == int32   ? std::numeric_limits<std::int32_t>::min()
         : t == int64 ? std::numeric_limits<std::int64_t>::min()
                      : 0;
}

DType unsigned_of(DType t) { return itemsize(t) == 4 ? uint32 : uint64; }

Array word(DType t, std::uint64_t v) {
  return t == uint32 ? scalar(static_cast<std::uint32_t>(v)) : scalar(v);
}

// --- bounds known: the constants of the reduction are computed here ---

struct Bound {
  std::uint64_t bits;  // two's complement, clamped to the dtype
  bool above;          // it was larger than the dtype's largest value
};

Bound clamped(const Array& x, DType t) {
  if (x.dtype() == uint64) {
    const auto u = x.item<std::uint64_t>();
    return {std::min(u, largest(t)), u > largest(t)};
  }
  const auto v = x.item<std::int64_t>();
  if (v < smallest(t)) return {static_cast<std::uint64_t>(smallest(t)), false};
  if (v >= 0 && static_cast<std::uint64_t>(v) > largest(t)) return {largest(t), true};
  return {static_cast<std::uint64_t>(v), false};
}

Array known_bounds(const Array& key, const Shape& shape, const Array& minval, const Array& maxval, DType t) {
  const auto lo = clamped(minval, t), hi = clamped(maxval, t);
  const auto mask = itemsize(t) == 4 ? 0xffffffffULL : ~0ULL;
  const bool empty = is_unsigned_integer(t)
                         ? hi.bits <= lo.bits
                         : static_cast<std::int64_t>(hi.bits) <= static_cast<std::int64_t>(lo.bits);
  const auto span = empty ? 1 : (hi.bits - lo.bits + (hi.above ? 1 : 0)) & mask;  // 0 stands for all words
  const auto rem = [&](std::uint64_t v) { return span == 0 ? v : v % span; };
  const auto half = rem(1ULL << (itemsize(t) * 4));
  const auto multiplier = rem((half * half) & mask);
  const auto u = unsigned_of(t);
  const auto keys = split<2>(key);
  const auto reduced = [&](const Array& k) {
    const auto b = bits(k, shape, u);
    return span == 0 ? b : lax::rem(b, word(u, span));
  };
  auto offset = reduced(keys[1]);
  if (multiplier != 0) {  // else the high words cannot matter
    offset = lax::add(lax::mul(reduced(keys[0]), word(u, multiplier)), offset);
    if (span != 0) offset = lax::rem(offset, word(u, span));
  }
  const auto low = make_scalar(t, false, &lo.bits);  // little-endian: the low bytes are the value
  const auto value = lax::convert_element_type(offset, t);
  return lo.bits == 0 ? value : lax::add(low, value);
}

// --- bounds traced or arrays ---

struct TracedBound {
  Array value, above;
};

TracedBound traced_bound(const Array& x, DType t) {
  const Array never = scalar(false);
  if (x.dtype() == t) return {x, never};
  if (x.dtype() == uint64) {
    const auto above = x > scalar(largest(t));
    return {lax::convert_element_type(minimum(x, scalar(largest(t))), t), above};
  }
  const auto wide = lax::convert_element_type(x, int64);
  const auto not_below = maximum(wide, scalar(smallest(t)));
  if (itemsize(t) == 8) return {lax::convert_element_type(not_below, t), never};
  const auto top = scalar(static_cast<std::int64_t>(largest(t)));
  return {lax::convert_element_type(minimum(not_below, top), t), wide > top};
}

Array traced_bounds(const Array& key, const Shape& shape, const Array& minval, const Array& maxval, DType t) {
  const auto lo = traced_bound(minval, t), hi = traced_bound(maxval, t);
  const auto u = unsigned_of(t);
  const auto one = word(u, 1), zero = word(u, 0);
  const auto empty = hi.value <= lo.value;
  auto span = lax::convert_element_type(hi.value - lo.value, u);
  span = where(empty, one, span);
  span = where(logical_and(hi.above, !empty), span + one, span);
  const auto everything = span == zero;
  const auto divisor = where(everything, one, span);
  const auto rem = [&](const Array& x) { return fmod(x, divisor); };
  const auto half = rem(word(u, 1ULL << (itemsize(t) * 4)));
  const auto multiplier = rem(half * half);
  const auto keys = split<2>(key);
  const auto high = bits(keys[0], shape, u), low = bits(keys[1], shape, u);
  const auto offset = where(everything, low, rem(rem(high) * multiplier + rem(low)));
  return lo.value + lax::convert_element_type(broadcast_to(offset, shape), t);
}

// Bounds of narrow integers, which are drawn in 32 bits.
Array within(const Array& x, std::int64_t lowest, std::int64_t highest) {
  const auto top = scalar(highest);
  const auto capped = x.dtype() == uint64 ? minimum(x, scalar(static_cast<std::uint64_t>(highest))) : x;
  return maximum(minimum(lax::convert_element_type(capped, int64), top), scalar(lowest));
}

void check_bound(const Array& x, const Shape& shape) {
  if (!is_integer(x.dtype()))
    throw TypeError(
        text("randint: integer bounds are required, got ", x.aval(), "; convert with astype(fx::int64)"));
  if (broadcast_shapes("randint", {x.shape(), shape}) != shape)
    throw ValueError(text("randint: bounds must broadcast to the shape ", shape, ", got ", x.shape(),
                          "; give the shape of the result"));
}

}  // namespace

Array randint(const Array& key, const Shape& shape, const Array& minval, const Array& maxval, DType dtype) {
  check_single_key<ValueError>("randint", key);
  checked_element_count("randint", shape);
  if (!is_integer(dtype))
    throw TypeError(
        text("randint: an integer dtype is required, got ", dtype, "; use uniform for floating numbers"));
  const auto known = [](const Array& x) { return x.ndim() == 0 && concrete(x) != nullptr; };
  check_bound(minval, shape);
  check_bound(maxval, shape);
  if (is_narrow(dtype)) {
    const auto lowest = is_unsigned_integer(dtype) ? 0 : -(std::int64_t{1} << (8 * itemsize(dtype) - 1));
    const auto above = lowest + (std::int64_t{1} << (8 * itemsize(dtype)));
    const auto wide = randint(key, shape, within(minval, lowest, above - 1), within(maxval, lowest, above), int32);
    return lax::convert_element_type(wide, dtype);
  }
  return known(minval) && known(maxval) ? known_bounds(key, shape, minval, maxval, dtype)
                                        : traced_bounds(key, shape, minval, maxval, dtype);
}

}  // namespace fluxion::random
