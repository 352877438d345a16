// Initial weights by the QR decomposition of random matrices.
#include <utility>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/linalg.hpp>
#include <fluxion/manipulation.hpp>
#include <fluxion/nn/initializers.hpp>
#include <fluxion/random.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "numpy/axes.hpp"

namespace fluxion::nn::initializers {

namespace {

// The diagonal of a square matrix; picked by a mask, for the sum of one number and zeros is exact.
Array diagonal_of(const Array& r) {
  const auto n = r.shape(0);
  const auto on = lax::eq(lax::iota(int64, {n, n}, 0), lax::iota(int64, {n, n}, 1));
  return sum(where(on, r, 0), 1);
}

Array drawn(const Array& key, const Shape& shape, DType t, double scale, std::int64_t column_axis) {
  if (shape.size() < 2)
    throw ValueError(
        text("orthogonal: weights must have at least two axes, got shape ", shape, "; vectors are drawn by normal"));
  const auto at = normalize_axis("orthogonal", column_axis, static_cast<std::int64_t>(shape.size()), shape);
  const auto columns = shape[static_cast<std::size_t>(at)], rows = columns == 0 ? 0 : element_count(shape) / columns;
  const bool tall = rows > columns;
  const auto a = random::normal(key, tall ? Shape{rows, columns} : Shape{columns, rows}, t);
  const auto [q, r] = lax::linalg::qr(a, {.full_matrices = false});
  // With the signs of R's diagonal Q is uniform: Mezzadri (2007).
  auto uniform = q * sign(diagonal_of(r));
  if (!tall) uniform = uniform.T();
  auto ordered = shape;
  ordered.erase(static_cast<std::size_t>(at));
  ordered.push_back(columns);
  return make_scalar(t, scale) * moveaxis(reshape(uniform, ordered), -1, at);
}

}  // namespace

Initializer orthogonal(double scale, std::int64_t column_axis, std::optional<DType> dtype) {
  return {"orthogonal", dtype,
          [=](const Array& key, const Shape& shape, DType t) { return drawn(key, shape, t, scale, column_axis); }};
}

Initializer delta_orthogonal(double scale, std::int64_t column_axis, std::optional<DType> dtype) {
  return {
      "delta_orthogonal", dtype, [=](const Array& key, const Shape& shape, DType t) {
        const auto rank = shape.size();
        if (rank < 3 || rank > 5)
          throw ValueError(text(
              "delta_orthogonal: one to three spatial axes, then input and output features are required, got shape ",
              shape, "; use orthogonal for matrices"));
        const auto in = shape[rank - 2], out = shape[rank - 1];
        if (in > out)
          throw ValueError(text("delta_orthogonal: there must not be more input than output features, got shape ",
                                shape, "; the convolution could not keep lengths"));
        std::vector<lax::Padding> around(rank);
        Shape middle(rank, 1);
        middle[rank - 2] = in;
        middle[rank - 1] = out;
        for (std::size_t i = 0; i + 2 < rank; ++i)
          around[i] = {(shape[i] - 1) / 2, shape[i] - 1 - (shape[i] - 1) / 2, 0};
        return lax::pad(reshape(drawn(key, {in, out}, t, scale, column_axis), middle), make_scalar(t, 0.0), around);
      }};
}

}  // namespace fluxion::nn::initializers
