// lax: reductions, cumulative operations and windows. Strict as lax.hpp; names, semantics and derivatives are
// jax.lax's.
#pragma once

#include <cstdint>
#include <functional>
#include <string_view>
#include <utility>
#include <vector>

#include <fluxion/array.hpp>

namespace fluxion::lax {

// --- over whole axes -----------------------------------------------------------

/// The product over the axes; integers wrap. Its derivative takes no quotient and is right where elements are zero.
Array reduce_prod(const Array& x, const Dims& axes);
/// The bits of all elements over the axes, combined by and, or, xor; logic for bool. Integers and bool.
Array reduce_and(const Array& x, const Dims& axes);
Array reduce_or(const Array& x, const Dims& axes);
Array reduce_xor(const Array& x, const Dims& axes);
/// Index of the first minimum along an axis, or of the first NaN. Throws ValueError for an empty axis.
Array argmin(const Array& x, std::int64_t axis, DType index_dtype = DType::int32);

/// A function of two scalars, called once with tracers.
using Computation = std::function<Array(const Array&, const Array&)>;
/// computation(...computation(init, x[0])..., x[n-1]) over the axes, in an order that only the shape decides: the
/// computation must be associative and commutative, and `init` its identity, a scalar of x's dtype. add, mul, max, min,
/// and, or, xor are reduce_sum and so on; any other is applied about log2(n) times to halves. Differentiable as the
/// computation is. Throws TypeError if it gives another dtype or no scalar. Source: jax.lax.reduce.
Array reduce(const Array& x, const Array& init, const Computation& computation, const Dims& axes);
/// The same for several operands of one shape, combined together.
using Computations = std::function<Arrays(const Arrays&, const Arrays&)>;
Arrays reduce(ArraySpan operands, ArraySpan init, const Computations& computation, const Dims& axes);

// --- along one axis -----------------------------------------------------------

/// result[i] = x[0] + ... + x[i] along the axis, or x[i] + ... + x[n-1] with `reverse`; of x's dtype: integers wrap,
/// the 16-bit floats are summed in float32 and rounded once. The order is that of the axis, one element after the
/// other, so that the result does not depend on layout, batching or threads (XLA sums a tree, and rounds otherwise).
Array cumsum(const Array& x, std::int64_t axis = 0, bool reverse = false);
Array cumprod(const Array& x, std::int64_t axis = 0, bool reverse = false);
/// The greatest and the least so far; NaN from the first NaN on. bool too. Ties share the derivative as jax's do.
Array cummax(const Array& x, std::int64_t axis = 0, bool reverse = false);
Array cummin(const Array& x, std::int64_t axis = 0, bool reverse = false);
/// log(exp(x[0]) + ... + exp(x[i])) without overflow. Floating dtypes.
Array cumlogsumexp(const Array& x, std::int64_t axis = 0, bool reverse = false);

// --- over windows -----------------------------------------------------------

/// Elements added before and behind each axis.
using Pads = std::vector<std::pair<std::int64_t, std::int64_t>>;
/// Padding as numbers, or by name: "VALID" none, "SAME" as many windows as the stride leaves elements, what is odd
/// behind, "SAME_LOWER" what is odd before.
class WindowPadding {
 public:
  WindowPadding(const char* name) : name_(name) {}  // NOLINT: implicit on purpose
  WindowPadding(Pads pads) : pads_(std::move(pads)) {}  // NOLINT
  WindowPadding(std::initializer_list<Pads::value_type> pads) : pads_(pads) {}
  Pads resolved(const Shape& shape, const Dims& window, const Dims& strides) const;

 private:
  std::string_view name_;
  Pads pads_;
};
/// The pads that a name stands for. Throws ValueError for another name. Source: jax.lax.padtype_to_pads.
Pads padtype_to_pads(const Shape& shape, const Dims& window, const Dims& strides, std::string_view padding);

/// A window moved over x: extents, steps (1 if empty), padding, and gaps between the elements of x (base) and of the
/// window (1 is none). One entry per axis of x.
struct Window {
  Dims dimensions;
  Dims strides = {};
  WindowPadding padding = "VALID";
  Dims base_dilation = {};
  Dims window_dilation = {};
};
/// The sum, maximum or minimum over each window; padding counts as 0, as the lowest, as the highest value. A window's
/// elements are combined axis by axis, the last axis first.
Array reduce_window_sum(const Array& x, const Window& window);
Array reduce_window_max(const Array& x, const Window& window);
Array reduce_window_min(const Array& x, const Window& window);
/// The windows' elements combined by any function of two scalars, starting from `init`, which is also the padding. add,
/// max and min with their identity are the functions above. Source: jax.lax.reduce_window.
Array reduce_window(const Array& x, const Array& init, const Computation& computation, const Window& window);

/// What a window chooses: its first greatest or first smallest element; the first NaN before all.
enum class Choose : std::uint8_t { ge, le };
/// The element of `source` that stands where each window of `operand` has its choice; 0 for windows of padding only.
/// Both of one shape. Linear in source. Source: jax.lax's select_and_gather_add.
Array select_and_gather_add(const Array& source, const Array& operand, Choose choose, const Window& window);
/// Its transpose: an array like `operand` to which each window adds its element of `source` where its choice stands.
Array select_and_scatter_add(const Array& source, const Array& operand, Choose choose, const Window& window);

}  // namespace fluxion::lax
