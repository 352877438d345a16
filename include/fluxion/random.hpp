// Random numbers from explicit keys: the same bits as jax.random with its default generator (partitionable
// Threefry-2x32). Functions are pure: a key gives the same numbers every time, so use a key once and make new
// ones with split or fold_in. Under vmap over keys each lane gets what its key alone would give.
#pragma once

#include <array>
#include <concepts>
#include <cstdint>
#include <optional>

#include <fluxion/array.hpp>

namespace fluxion::random {

namespace detail {
Array key_from_bits(std::uint64_t seed);
}

/// A scalar of dtype key<fry>. A seed of 64 bits is split into the two words of the key; integer arrays of
/// fewer bits have a zero high word. Throws TypeError for a seed that is no integer scalar. Source: jax.random.key.
template <std::integral T>
Array key(T seed) { return detail::key_from_bits(static_cast<std::uint64_t>(static_cast<std::int64_t>(seed))); }
Array key(const Array& seed);

/// New keys, statistically independent of each other and of `key`: key i is fold_in(key, i).
/// Throws TypeError for an array of keys (use vmap). Source: jax.random.split.
Array split(const Array& key, std::int64_t n = 2);
Array split(const Array& key, const Shape& shape);
/// auto [key, subkey] = split<2>(key)
template <std::size_t N>
std::array<Array, N> split(const Array& key) {
  const auto keys = split(key, static_cast<std::int64_t>(N));
  std::array<Array, N> out;
  for (std::size_t i = 0; i < N; ++i) out[i] = keys[static_cast<std::int64_t>(i)];
  return out;
}
/// A new key from a key and an integer scalar, of which the low 32 bits count. Source: jax.random.fold_in.
Array fold_in(const Array& key, const Array& data);

/// The words of keys, uint32[..., 2], and keys of such words. TypeError for anything else. Source:
/// jax.random.key_data, wrap_key_data.
Array key_data(const Array& keys);
Array wrap_key_data(const Array& data);

// Samplers take one key (ValueError for an array of keys: use vmap) and draw `shape` independent values.

/// Uniform unsigned integers; uint64 by default. Those of fewer than 32 bits are the low bits of words of 32.
/// Source: jax.random.bits.
Array bits(const Array& key, const Shape& shape = {}, DType dtype = uint64);

/// Uniform on [minval, maxval), with as many random bits as the mantissa has; the default float unless a dtype is given. Rounding
/// can give maxval itself. Differentiable in the bounds. Source: jax.random.uniform.
Array uniform(const Array& key, const Shape& shape = {}, std::optional<DType> dtype = {},
              const Array& minval = 0.0, const Array& maxval = 1.0);
template <Scalar T>
Array uniform(const Array& key, const Shape& shape = {}, const Array& minval = 0.0, const Array& maxval = 1.0) {
  return uniform(key, shape, dtype_of<T>, minval, maxval);
}

/// Standard normal: sqrt(2) * erf_inv(uniform(-1, 1)); complex numbers have mean 0 and mean square 1. Source:
/// jax.random.normal.
Array normal(const Array& key, const Shape& shape = {}, std::optional<DType> dtype = {});
template <Scalar T>
Array normal(const Array& key, const Shape& shape = {}) { return normal(key, shape, dtype_of<T>); }

/// Standard normal between two bounds, of which neither is attained: sqrt(2) * erf_inv(uniform(erf(lower/sqrt(2)),
/// erf(upper/sqrt(2)))). Bounds broadcast to the shape. Differentiable in the bounds. Source: jax.random.truncated_normal.
Array truncated_normal(const Array& key, const Array& lower, const Array& upper, const std::optional<Shape>& shape = {},
                       std::optional<DType> dtype = {});

/// Uniform integers in [minval, maxval); minval where that is empty. A maxval beyond the dtype means up to its
/// largest value. Source: jax.random.randint.
Array randint(const Array& key, const Shape& shape, const Array& minval, const Array& maxval,
              DType dtype = int64);

/// true with probability p: uniform < p in p's dtype; of p's shape unless another is given.
/// Throws TypeError for a p that is not floating. Source: jax.random.bernoulli.
Array bernoulli(const Array& key, const Array& p = 0.5F, const std::optional<Shape>& shape = {});

}  // namespace fluxion::random
