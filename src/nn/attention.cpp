// Attention with all its masks. Source: jax.nn.dot_product_attention.
#include <fluxion/nn.hpp>

#include <cmath>
#include <limits>

#include <fluxion/contraction.hpp>
#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "lax/broadcasting.hpp"
#include "lax/promote.hpp"

namespace fluxion::nn {

namespace {

constexpr const char* kName = "dot_product_attention";

/// Batch, queries, keys, heads of queries, heads of keys, their size.
struct Extents {
  std::int64_t b, t, s, n, k, h;
};

Extents checked(const Array& q, const Array& k, const Array& v) {
  if (!is_floating(q.dtype()) || q.dtype() != k.dtype() || q.dtype() != v.dtype())
    throw TypeError(text(kName, ": query, key and value must have one floating dtype, got ", q.aval(), ", ", k.aval(),
                         " and ", v.aval(), "; convert with astype"));
  if (q.ndim() != 4 || k.ndim() != 4 || v.shape() != k.shape())
    throw ValueError(text(kName,
                          ": query [B, T, N, H] and key and value [B, S, K, H] are required, or all without B, got ",
                          q.aval(), ", ", k.aval(), " and ", v.aval(), "; reshape them"));
  const Extents e{q.shape(0), q.shape(1), k.shape(1), q.shape(2), k.shape(2), q.shape(3)};
  if (k.shape(0) != e.b || k.shape(3) != e.h)
    throw ValueError(text(kName, ": query and key must agree in batch and head size, got ", q.aval(), " and ", k.aval(),
                          "; reshape one"));
  if (e.k == 0 || e.n % e.k != 0)
    throw ValueError(text(kName, ": the heads of query must be a multiple of those of key, got ", e.n, " and ", e.k,
                          " of ", q.aval(), " and ", k.aval(), "; repeat or drop heads"));
  return e;
}

// At [B, N, T, S], heads then split into groups: [B, K, N/K, T, S].
Array grouped(const char* what, const Array& x, const Extents& e) {
  const Shape full{e.b, e.n, e.t, e.s};
  if (x.ndim() != 4)
    throw ValueError(text(kName, ": ", what, " must have 4 axes that broadcast to ", full, ", got ", x.aval(),
                          "; add axes of extent 1"));
  for (std::size_t i = 0; i < 4; ++i)
    if (x.shape()[i] != 1 && x.shape()[i] != full[i])
      throw ValueError(text(kName, ": ", what, " must broadcast to ", full, ", got ", x.aval(), "; check its axes"));
  return reshape(broadcast_to(x, full), {e.b, e.k, e.n / e.k, e.t, e.s});
}

void check_lengths(const char* what, const Array& lengths, const Extents& e) {
  if (!is_integer(lengths.dtype()) || lengths.shape() != Shape{e.b})
    throw ValueError(text(kName, ": ", what, " must be integers of shape ", Shape{e.b}, ", got ", lengths.aval(),
                          "; give one length per batch element"));
}

/// Positions along axis 3 or 4 of the grouped scores.
Array positions(std::int64_t n, bool of_queries) {
  return reshape(lax::iota(int64, {n}, 0), of_queries ? Shape{n, 1} : Shape{1, n});
}

// positions < lengths, at [B, 1, 1, T or 1, S or 1].
Array within(const Array& lengths, const Array& at, const Extents& e) {
  return at < reshape(lengths.astype(int64), {e.b, 1, 1, 1, 1});
}

// Which scores count; none if all do.
Mask visible(const AttentionOptions& o, const Extents& e) {
  Mask all;
  const auto also = [&](const Array& m) { all = all ? *all & m : m; };
  const auto query = positions(e.t, true), key = positions(e.s, false);
  if (o.mask) {
    if (o.mask->dtype() != bool_)
      throw TypeError(text(kName, ": mask must be bool, got ", o.mask->aval(), "; numbers are added as bias"));
    also(grouped("mask", *o.mask, e));
  }
  if (o.is_causal) also(query >= key);
  if (o.local_window_size) {
    const auto [left, right] = *o.local_window_size;
    if (left < 0 || right < 0)
      throw ValueError(text(kName, ": local_window_size must not be negative, got ", left, " and ", right,
                            "; 0 is the position itself"));
    also((query <= key + left) & (query >= key - right));
  }
  if (o.query_seq_lengths) also(within(*o.query_seq_lengths, query, e));
  if (o.key_value_seq_lengths) also(within(*o.key_value_seq_lengths, key, e));
  return all;
}

// Low enough to vanish, and finite: a query that sees nothing gets equal weights rather than NaN, as in jax.
double masked_score(DType t) {
  return -0.7 *
         (t == float64 ? std::numeric_limits<double>::max() : static_cast<double>(std::numeric_limits<float>::max()));
}

Array with_batch(const Array& x) { return x.ndim() == 3 ? expand_dims(x, 0) : x; }

}  // namespace

Array dot_product_attention(const Array& query, const Array& key, const Array& value, const AttentionOptions& options) {
  const auto q = with_batch(query), k = with_batch(key), v = with_batch(value);
  const auto e = checked(q, k, v);
  if (query.ndim() != key.ndim() || key.ndim() != value.ndim())
    throw ValueError(text(kName, ": either all of query, key and value have a batch axis or none, got ", query.aval(),
                          ", ", key.aval(), " and ", value.aval(), "; add it with fx::expand_dims"));
  if (options.query_seq_lengths) check_lengths("query_seq_lengths", *options.query_seq_lengths, e);
  if (options.key_value_seq_lengths) check_lengths("key_value_seq_lengths", *options.key_value_seq_lengths, e);
  const auto wide = itemsize(q.dtype()) < 4 ? float32 : q.dtype();
  const auto heads = reshape(q, {e.b, e.t, e.k, e.n / e.k, e.h});
  const auto scale = options.scale.value_or(1 / std::sqrt(static_cast<double>(e.h)));
  auto scores = einsum("btkgh,bskh->bkgts", {heads.astype(wide), k.astype(wide)}) * scale;
  if (options.bias) scores = (scores + grouped("bias", *options.bias, e)).astype(wide);
  if (const auto mask = visible(options, e)) scores = where(*mask, scores, masked_score(wide));
  const auto weights = softmax(scores).astype(q.dtype());
  auto out = reshape(einsum("bkgts,bskh->btkgh", {weights, v}), {e.b, e.t, e.n, e.h});
  if (options.query_seq_lengths) {
    const auto real =
        reshape(lax::iota(int64, {e.t}, 0), {1, e.t}) < reshape(options.query_seq_lengths->astype(int64), {e.b, 1});
    out = out * reshape(real, {e.b, e.t, 1, 1}).astype(out.dtype());
  }
  return query.ndim() == 3 ? squeeze(out, 0) : out;
}

}  // namespace fluxion::nn
