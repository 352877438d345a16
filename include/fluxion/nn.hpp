// Functions of neural networks: activations, normalisation, attention. Names, semantics and derivatives are jax.nn's.
// Initial weights are in fluxion/nn/initializers.hpp, pooling is in fluxion/nn/pooling.hpp.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>

#include <fluxion/array.hpp>
#include <fluxion/axis.hpp>
#include <fluxion/reductions.hpp>

namespace fluxion::nn {

// --- activations: elementwise, integers become floats. TypeError for keys. ------------------------------------------

/// max(x, 0), with derivative 0 at 0. Integers stay what they are.
Array relu(const Array& x);
/// min(max(x, 0), 6), with derivative 0 at both kinks.
Array relu6(const Array& x);
/// 1 / (1 + exp(-x)).
Array sigmoid(const Array& x);
/// log(1 + exp(x)) without overflow.
Array softplus(const Array& x);
/// 0 below -1, (x + 1)^2 / 4 up to 1, x above.
Array sparse_plus(const Array& x);
/// The derivative of sparse_plus: 0 below -1, (x + 1) / 2 up to 1, 1 above.
Array sparse_sigmoid(const Array& x);
/// x / (|x| + 1).
Array soft_sign(const Array& x);
/// x * sigmoid(x), also called swish.
Array silu(const Array& x);
inline Array swish(const Array& x) { return silu(x); }
/// log(sigmoid(x)) without overflow.
Array log_sigmoid(const Array& x);
/// x from 0 on (where the derivative is 1), negative_slope * x below.
Array leaky_relu(const Array& x, const Array& negative_slope = 0.01);
/// relu6(x + 3) / 6.
Array hard_sigmoid(const Array& x);
/// x * hard_sigmoid(x), also called hard_swish.
Array hard_silu(const Array& x);
inline Array hard_swish(const Array& x) { return hard_silu(x); }
/// x between -1 and 1, where it is cut off.
Array hard_tanh(const Array& x);
Array tanh(const Array& x);
/// x above 0, alpha * (exp(x) - 1) below; derivative alpha at 0.
Array elu(const Array& x, const Array& alpha = 1.0);
/// max(x, 0) + alpha * (exp(min(x, 0) / alpha) - 1).
Array celu(const Array& x, const Array& alpha = 1.0);
/// 1.0507 * elu(x, 1.6733): keeps mean 0 and variance 1 (Klambauer et al. 2017).
Array selu(const Array& x);
/// x * P(z <= x) for standard normal z; approximated by x/2 (1 + tanh(sqrt(2/pi) (x + 0.044715 x^3))) unless told not
/// to.
Array gelu(const Array& x, bool approximate = true);
/// The first half along the axis times the sigmoid of the second. Throws ValueError for an odd extent.
Array glu(const Array& x, std::int64_t axis = -1);
/// (x + sqrt(x^2 + b)) / 2.
Array squareplus(const Array& x, const Array& b = 4.0);
/// x * tanh(softplus(x)).
Array mish(const Array& x);
/// x itself.
Array identity(const Array& x);
/// log(1 - exp(-x)) for x > 0, accurately near 0 and far from it; -inf at 0, NaN below.
Array log1mexp(const Array& x);

// --- along axes. Elements where the bool `where` (broadcast to x) is false are left out. ---------------------------

using Mask = std::optional<Array>;

/// exp(x) / sum(exp(x)) along the axes; 0 where left out.
Array softmax(const Array& x, const Axis& axis = -1, const Mask& where = {});
/// log(softmax(x)), accurately; -inf where left out.
Array log_softmax(const Array& x, const Axis& axis = -1, const Mask& where = {});

struct StandardizeOptions {
  Array epsilon = 1e-5;
  Mask where{};
  std::optional<Array> mean{}, variance{};  ///< Of x along the axes, kept as axes of extent 1, if they are known.
};
/// (x - mean(x)) / sqrt(mean(x^2) - mean(x)^2 + epsilon) along the axes.
Array standardize(const Array& x, const Axis& axis = -1, const StandardizeOptions& options = {});

using fluxion::logsumexp;
/// log(sum(b * exp(x))) without overflow, with weights b that broadcast against x; NaN where the sum is negative.
/// Source: jax.scipy.special.logsumexp.
Array logsumexp(const Array& x, const Axis& axis, const std::optional<Array>& b, bool keepdims = false,
                const Mask& where = {});
/// log(|sum(b * exp(x))|), and the sum's sign.
std::pair<Array, Array> logsumexp_with_sign(const Array& x, const Axis& axis = none, const std::optional<Array>& b = {},
                                            bool keepdims = false, const Mask& where = {});
/// log(mean(exp(x))).
Array logmeanexp(const Array& x, const Axis& axis = none, bool keepdims = false, const Mask& where = {});

/// A new axis, the last unless told otherwise, with 1 at the place x names, and 0 elsewhere: everywhere if x is out of
/// range. Of the default float unless a dtype is given. TypeError for an x that is no integer.
Array one_hot(const Array& x, std::int64_t num_classes, std::optional<DType> dtype = {}, std::int64_t axis = -1);

// --- attention
// ---------------------------------------------------------------------------------------------------------

struct AttentionOptions {
  std::optional<Array> bias{};    ///< Added to the scores: broadcast to [B, N, T, S].
  Mask mask{};                    ///< Which scores count: bool, broadcast to [B, N, T, S].
  std::optional<double> scale{};  ///< Of the scores; 1/sqrt(H) unless given.
  bool is_causal = false;         ///< A query sees no key behind its own position.
  /// How many queries and keys of each batch element are real: integers [B]. Results of other queries are 0.
  std::optional<Array> query_seq_lengths{}, key_value_seq_lengths{};
  /// A query sees so many keys before and behind its own position.
  std::optional<std::pair<std::int64_t, std::int64_t>> local_window_size{};
};
/// softmax(scale * query key^T + bias) value for each head: query [B, T, N, H], key and value [B, S, K, H], or all
/// without B; N a multiple of K, heads of a group sharing a key and a value. Result like query. The softmax is taken in
/// float32, in float64 for such operands. Throws TypeError, ValueError. Source: jax.nn.dot_product_attention.
Array dot_product_attention(const Array& query, const Array& key, const Array& value,
                            const AttentionOptions& options = {});

}  // namespace fluxion::nn

namespace fluxion {
using nn::log_softmax;
using nn::relu;
using nn::sigmoid;
using nn::softmax;
using nn::softplus;
}  // namespace fluxion
