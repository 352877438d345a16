#include <fluxion/grids.hpp>

#include <fluxion/creation.hpp>
#include <fluxion/joining.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/manipulation.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "lax/promote.hpp"
#include "numpy/axes.hpp"

namespace fluxion {

namespace {

// Vector i along axis places[i] of size-1 axes.
Arrays laid_along(const Arrays& xs, const Dims& places) {
  Arrays out;
  for (std::size_t i = 0; i < xs.size(); ++i) {
    Shape shape(xs.size(), 1);
    shape[static_cast<std::size_t>(places[i])] = xs[i].size();
    out.push_back(reshape(xs[i], shape));
  }
  return out;
}

Arrays points_of(const char* op, std::initializer_list<GridAxis> axes) {
  Arrays xs;
  for (const auto& a : axes) {
    if (a.points().ndim() != 1)
      throw ValueError(text(op, ": axes must be ranges or vectors, got shape ", a.points().shape(),
                            "; write range(0, n) or linspace(a, b, n)"));
    xs.push_back(a.points());
  }
  return xs.empty() ? xs : promote(op, xs);
}

}  // namespace

Arrays meshgrid(ArraySpan xs, const MeshgridOptions& options) {
  if (options.indexing != "xy" && options.indexing != "ij")
    throw ValueError(text("meshgrid: the indexing must be \"xy\" or \"ij\", got \"", options.indexing,
                          "\"; \"ij\" keeps the order of axes"));
  Arrays vectors;
  for (const auto& x : xs) {
    if (x.ndim() > 1)
      throw ValueError(text("meshgrid: vectors are required, got shape ", x.shape(), "; ravel it first"));
    vectors.push_back(atleast_1d(x));
  }
  auto places = iota_dims(0, static_cast<std::int64_t>(xs.size()));
  if (options.indexing == "xy" && xs.size() >= 2) std::swap(places[0], places[1]);
  const auto out = laid_along(vectors, places);
  return options.sparse || out.empty() ? out : broadcast_arrays(out);
}

Array indices(const Shape& shape, DType dtype) {
  Shape whole = shape;
  whole.insert(0, static_cast<std::int64_t>(shape.size()));
  checked_element_count("indices", whole);
  if (shape.empty()) return zeros({0}, dtype);
  Arrays out;
  for (std::size_t i = 0; i < shape.size(); ++i)
    out.push_back(lax::iota(dtype, shape, static_cast<std::int64_t>(i)));
  return stack(out);
}

Arrays sparse_indices(const Shape& shape, DType dtype) {
  checked_element_count("sparse_indices", shape);
  Arrays out;
  for (auto n : shape) out.push_back(lax::iota(dtype, {n}, 0));
  return laid_along(out, iota_dims(0, static_cast<std::int64_t>(shape.size())));
}

GridAxis::GridAxis(const Range& r) {
  if (!r.stop) throw ValueError("grid: a range with a stop is required, got one without; write range(0, n)");
  points_ = arange(r.start.value_or(0), *r.stop, r.step);
}

namespace detail {

Array DenseGrid::operator[](std::initializer_list<GridAxis> axes) const {
  const auto xs = points_of("mgrid", axes);
  if (xs.empty()) return zeros({0}, int64);
  return stack(meshgrid(xs, {.indexing = "ij"}));
}

Arrays OpenGrid::operator[](std::initializer_list<GridAxis> axes) const {
  return meshgrid(points_of("ogrid", axes), {.indexing = "ij", .sparse = true});
}

Array RowConcatenator::operator[](std::initializer_list<GridAxis> parts) const {
  Arrays xs;
  for (const auto& p : parts) xs.push_back(atleast_1d(p.points()));
  return concatenate(xs, 0);
}

Array ColumnConcatenator::operator[](std::initializer_list<GridAxis> parts) const {
  Arrays xs;
  for (const auto& p : parts)
    xs.push_back(p.points().ndim() < 2 ? reshape(p.points(), {p.points().size(), 1}) : p.points());
  return concatenate(xs, -1);
}

void throw_fromfunction_rank(const Shape& shape) {
  throw TypeError(text("fromfunction: the function must take one index per axis, got shape ", shape,
                       " of rank ", shape.size(), "; ranks 1 to 4 are possible, more with fx::indices"));
}

// Mapped over the last axis inside, the first one outside.
Array fromfunction_flat(const FlatFn& f, const Shape& shape, DType dtype) {
  checked_element_count("fromfunction", shape);
  Arrays at;
  for (auto n : shape) at.push_back(lax::iota(dtype, {n}, 0));
  FlatFn mapped = f;
  for (auto i = shape.size(); i-- > 0;) {
    FlatAxes in(shape.size());
    in[i] = 0;
    mapped = [inner = std::move(mapped), in, n = shape[i]](const Arrays& xs) {
      return vmap_flat(inner, xs, in, n, [](std::size_t k) { return FlatAxes(k, 0); });
    };
  }
  return mapped(at)[0];
}

}  // namespace detail
}  // namespace fluxion
