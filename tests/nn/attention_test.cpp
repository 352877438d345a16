#include <cmath>

#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using nn::AttentionOptions;
using nn::dot_product_attention;
using test::message_of;
using test::refuses;

namespace {

Array drawn(std::int64_t seed, const Shape& shape) { return random::normal(random::key(seed), shape); }

struct Operands {
  Array q = drawn(0, {2, 5, 4, 3}), k = drawn(1, {2, 6, 4, 3}), v = drawn(2, {2, 6, 4, 3});
};

// One head, [T, H] and [S, H], as Vaswani et al. (2017) write it; `seen` [T, S].
Array one_head(const Array& q, const Array& k, const Array& v, const Array& seen) {
  const auto scores = where(seen, dot(q, k.T()) / std::sqrt(static_cast<double>(q.shape(1))), -1e300);
  const auto e = exp(scores - max(scores, 1, true));
  return dot(e / sum(e, 1, true), v);
}

// Every batch element and head alone.
void equals_heads(const Array& got, const Operands& o, const std::function<Array(std::int64_t b)>& seen) {
  for (std::int64_t b = 0; b < 2; ++b)
    for (std::int64_t n = 0; n < 4; ++n) {
      const auto head = [&](const Array& x) { return x(b, range(), n * x.shape(2) / 4); };
      CHECK(bool(allclose(got(b, range(), n), one_head(head(o.q), head(o.k), head(o.v), seen(b)), 1e-10, 1e-12)));
    }
}

Array index(std::int64_t n, bool rows) { return reshape(arange(n), rows ? Shape{n, 1} : Shape{1, n}); }
Array everything() { return full({5, 6}, true); }

}  // namespace

TEST_CASE("attention is a weighted mean of values, head by head") {
  const Operands o;
  equals_heads(dot_product_attention(o.q, o.k, o.v), o, [](auto) { return everything(); });
  equals_heads(dot_product_attention(o.q, o.k, o.v, {.is_causal = true}), o,
               [](auto) { return index(5, true) >= index(6, false); });
  const auto mask = (index(5, true) + index(6, false)) % 3 != 0;
  equals_heads(dot_product_attention(o.q, o.k, o.v, {.mask = reshape(mask, {1, 1, 5, 6})}), o,
               [&](auto) { return mask; });
  equals_heads(dot_product_attention(o.q, o.k, o.v, {.local_window_size = std::pair{1, 2}}), o, [](auto) {
    const auto t = index(5, true), s = index(6, false);
    return (s >= t - 1) & (s <= t + 2);
  });
  equals_heads(dot_product_attention(o.q, o.k, o.v, {.key_value_seq_lengths = array({3, 6})}), o,
               [](std::int64_t b) { return everything() & (index(6, false) < (b == 0 ? 3 : 6)); });
}

TEST_CASE("queries beyond their length give 0, and no derivative") {
  const Operands o;
  const AttentionOptions options{.query_seq_lengths = array({2, 5})};
  const auto y = dot_product_attention(o.q, o.k, o.v, options), all = dot_product_attention(o.q, o.k, o.v);
  CHECK(bool(array_equal(y(0, range(2, 5)), zeros({3, 4, 3}))));
  CHECK(bool(array_equal(y(0, range(0, 2)), all(0, range(0, 2)))));
  CHECK(bool(array_equal(y[1], all[1])));
  const auto g = grad([&](const Array& q) { return sum(square(dot_product_attention(q, o.k, o.v, options))); })(o.q);
  CHECK(bool(array_equal(g(0, range(2, 5)), zeros({3, 4, 3}))));
  CHECK(bool(any(g(0, range(0, 2)) != 0.0)));
}

TEST_CASE("heads of a group share keys and values") {
  Operands o;
  o.k = drawn(1, {2, 6, 2, 3});
  o.v = drawn(2, {2, 6, 2, 3});
  equals_heads(dot_product_attention(o.q, o.k, o.v), o, [](auto) { return everything(); });
  const auto repeated = dot_product_attention(o.q, repeat(o.k, 2, 2), repeat(o.v, 2, 2), {.is_causal = true});
  CHECK(bool(allclose(dot_product_attention(o.q, o.k, o.v, {.is_causal = true}), repeated)));
  const auto bias = drawn(3, {1, 4, 5, 6});
  CHECK(bool(allclose(dot_product_attention(o.q, o.k, o.v, {.bias = bias}),
                      dot_product_attention(o.q, repeat(o.k, 2, 2), repeat(o.v, 2, 2), {.bias = bias}))));
}

TEST_CASE("bias is added to scaled scores") {
  const Operands o;
  const auto low = where(index(5, true) >= index(6, false), 0.0, -1e4);
  CHECK(bool(allclose(dot_product_attention(o.q, o.k, o.v, {.bias = reshape(low, {1, 1, 5, 6})}),
                      dot_product_attention(o.q, o.k, o.v, {.is_causal = true}))));
  CHECK(bool(
      allclose(dot_product_attention(o.q, o.k, o.v, {.scale = 0.0}), broadcast_to(mean(o.v, 1, true), {2, 5, 4, 3}))));
}

TEST_CASE("without a batch axis, under vmap and jit") {
  const Operands o;
  const auto f = [](const Array& q, const Array& k, const Array& v) {
    return dot_product_attention(q, k, v, {.is_causal = true});
  };
  const auto want = f(o.q, o.k, o.v);
  CHECK(bool(allclose(f(o.q[0], o.k[0], o.v[0]), want[0])));
  CHECK(bool(allclose(vmap(f)(o.q, o.k, o.v), want)));
  CHECK(bool(array_equal(jit(f)(o.q, o.k, o.v), want)));
  const auto loss = [&](const Array& q, const Array& k, const Array& v) { return sum(square(f(q, k, v))); };
  const auto g = grad(loss, argnums<1>)(o.q, o.k, o.v);
  const double h = 1e-6;
  const auto moved = [&](double by) { return loss(o.q, o.k.at(1, 2, 3, 0).add(by), o.v).item<double>(); };
  CHECK(g(1, 2, 3, 0).item<double>() == Approx((moved(h) - moved(-h)) / (2 * h)).epsilon(1e-6));
  CHECK(f(o.q.astype(float32), o.k.astype(float32), o.v.astype(float32)).dtype() == float32);
}

TEST_CASE("attention refuses what does not fit") {
  const Operands o;
  const auto message = [&](const Array& q, const Array& k, const Array& v, const AttentionOptions& options = {}) {
    return message_of<Error>([&] { dot_product_attention(q, k, v, options); });
  };
  using Catch::Contains;
  CHECK_THAT(message(o.q.astype(float32), o.k, o.v), Contains("must have one floating dtype, got f32[2,5,4,3]"));
  CHECK_THAT(message(o.q.astype(int64), o.k.astype(int64), o.v.astype(int64)), Contains("one floating dtype"));
  CHECK_THAT(message(o.q, o.k, o.v[0]), Contains("query [B, T, N, H]"));
  CHECK_THAT(message(o.q, o.k, o.v(range(), range(0, 3))), Contains("query [B, T, N, H]"));
  CHECK_THAT(message(o.q[{0}], expand_dims(o.k[0], 0), expand_dims(o.v[0], 0)),
             Contains("all of query, key and value"));
  CHECK_THAT(message(o.q, o.k(range(0, 1)), o.v(range(0, 1))), Contains("agree in batch and head size"));
  CHECK_THAT(message(o.q, ones({2, 6, 3, 3}), ones({2, 6, 3, 3})), Contains("multiple of those of key, got 4 and 3"));
  CHECK_THAT(message(o.q, o.k, o.v, {.mask = ones({1, 1, 5, 6})}), Contains("mask must be bool"));
  CHECK_THAT(message(o.q, o.k, o.v, {.mask = full({5, 6}, true)}), Contains("mask must have 4 axes"));
  CHECK_THAT(message(o.q, o.k, o.v, {.bias = ones({1, 1, 5, 5})}), Contains("bias must broadcast to (2, 4, 5, 6)"));
  CHECK_THAT(message(o.q, o.k, o.v, {.query_seq_lengths = array({1, 2, 3})}),
             Contains("query_seq_lengths must be integers of shape (2,)"));
  CHECK_THAT(message(o.q, o.k, o.v, {.key_value_seq_lengths = array({1.0, 2.0})}),
             Contains("key_value_seq_lengths must be integers"));
  CHECK_THAT(message(o.q, o.k, o.v, {.local_window_size = std::pair{-1, 0}}),
             Contains("local_window_size must not be negative"));
}

}  // namespace fluxion
