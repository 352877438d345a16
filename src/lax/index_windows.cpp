#include "lax/index_windows.hpp"

#include <algorithm>
#include <cstring>
#include <limits>

#include "core/literal.hpp"
#include "core/node.hpp"

namespace fluxion::lax {

namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
std::int64_t rank(const Shape& s) { return static_cast<std::int64_t>(s.size()); }

std::size_t hash_all(std::initializer_list<const Dims*> lists) {
  std::size_t h = 0;
  for (const auto* d : lists) h = hash_combine(h, fluxion::hash_value(*d));
  return h;
}

template <class T>
FillValue filled_with(DType dtype, T value) {
  FillValue f{true, dtype};
  std::memcpy(f.bits.data(), &value, sizeof value);
  return f;
}

}  // namespace

// --- parameters -----------------------------------------------------------

std::string show(const FillValue& v) {
  if (!v.given) return "None";
  return literal_text(make_scalar(v.dtype, false, v.bits.data()));
}
// Its dtype is that of the result.
FillValue parse_value(ValueParser& p, ParseAs<FillValue>) {
  if (p.accept("None")) return {};
  const auto before = p.accept("(") ? "(" : "";
  const auto word = before + p.word() + (*before != '\0' ? ")" : "");
  if (*before != '\0') p.expect(")");
  const auto x = p.results().empty() ? std::nullopt : literal_of(word, p.results()[0].dtype);
  if (!x) p.fail_with(text("the value to fill with must be one of the result's dtype, got ", word));
  FillValue v{true, x->dtype()};
  std::memcpy(v.bits.data(), concrete(*x)->data, itemsize(v.dtype));
  return v;
}
std::size_t hash_value(const FillValue& v) {
  std::uint64_t words[2];
  std::memcpy(words, v.bits.data(), sizeof words);
  return hash_combine(hash_combine(words[0], words[1]), static_cast<std::size_t>(v.dtype) * 2 + v.given);
}

std::string show(GatherScatterMode m) {
  switch (m) {
    case GatherScatterMode::clip: return "GatherScatterMode.CLIP";
    case GatherScatterMode::fill_or_drop: return "GatherScatterMode.FILL_OR_DROP";
    case GatherScatterMode::promise_in_bounds: break;
  }
  return "GatherScatterMode.PROMISE_IN_BOUNDS";
}
std::size_t hash_value(GatherScatterMode m) { return static_cast<std::size_t>(m); }
GatherScatterMode parse_value(ValueParser& p, ParseAs<GatherScatterMode>) {
  return parse_choice(p, {GatherScatterMode::clip, GatherScatterMode::fill_or_drop, GatherScatterMode::promise_in_bounds});
}

std::string show(const GatherDimensionNumbers& d) {
  return text("GatherDimensionNumbers(offset_dims=", d.offset_dims, ", collapsed_slice_dims=", d.collapsed_slice_dims,
              ", start_index_map=", d.start_index_map, ", operand_batching_dims=", d.operand_batching_dims,
              ", start_indices_batching_dims=", d.start_indices_batching_dims, ")");
}
std::size_t hash_value(const GatherDimensionNumbers& d) {
  return hash_all({&d.offset_dims, &d.collapsed_slice_dims, &d.start_index_map, &d.operand_batching_dims,
                   &d.start_indices_batching_dims});
}
GatherDimensionNumbers parse_value(ValueParser& p, ParseAs<GatherDimensionNumbers>) {
  GatherDimensionNumbers d;
  p.expect("GatherDimensionNumbers(");
  d.offset_dims = parse_labelled(p, "offset_dims");
  d.collapsed_slice_dims = parse_labelled(p, "collapsed_slice_dims");
  d.start_index_map = parse_labelled(p, "start_index_map");
  d.operand_batching_dims = parse_labelled(p, "operand_batching_dims");
  d.start_indices_batching_dims = parse_labelled(p, "start_indices_batching_dims");
  p.expect(")");
  return d;
}
ScatterDimensionNumbers parse_value(ValueParser& p, ParseAs<ScatterDimensionNumbers>) {
  ScatterDimensionNumbers d;
  p.expect("ScatterDimensionNumbers(");
  d.update_window_dims = parse_labelled(p, "update_window_dims");
  d.inserted_window_dims = parse_labelled(p, "inserted_window_dims");
  d.scatter_dims_to_operand_dims = parse_labelled(p, "scatter_dims_to_operand_dims");
  d.operand_batching_dims = parse_labelled(p, "operand_batching_dims");
  d.scatter_indices_batching_dims = parse_labelled(p, "scatter_indices_batching_dims");
  p.expect(")");
  return d;
}
std::string show(const ScatterDimensionNumbers& d) {
  return text("ScatterDimensionNumbers(update_window_dims=", d.update_window_dims,
              ", inserted_window_dims=", d.inserted_window_dims,
              ", scatter_dims_to_operand_dims=", d.scatter_dims_to_operand_dims,
              ", operand_batching_dims=", d.operand_batching_dims,
              ", scatter_indices_batching_dims=", d.scatter_indices_batching_dims, ")");
}
std::size_t hash_value(const ScatterDimensionNumbers& d) { return hash_value(as_gather(d)); }

FillValue default_fill(DType dtype) {
  FillValue f{true, dtype};
  switch (dtype) {
    case DType::bool_: return filled_with(dtype, true);
    case DType::int8: return filled_with(dtype, std::numeric_limits<std::int8_t>::min());
    case DType::int16: return filled_with(dtype, std::numeric_limits<std::int16_t>::min());
    case DType::int32: return filled_with(dtype, std::numeric_limits<std::int32_t>::min());
    case DType::int64: return filled_with(dtype, std::numeric_limits<std::int64_t>::min());
    case DType::bfloat16: return filled_with(dtype, std::uint16_t{0x7fc0});
    case DType::float16: return filled_with(dtype, std::uint16_t{0x7e00});
    case DType::float32: return filled_with(dtype, std::numeric_limits<float>::quiet_NaN());
    case DType::float64: return filled_with(dtype, std::numeric_limits<double>::quiet_NaN());
    case DType::complex64: return filled_with(dtype, std::complex<float>(std::numeric_limits<float>::quiet_NaN(), 0));
    case DType::complex128:
      return filled_with(dtype, std::complex<double>(std::numeric_limits<double>::quiet_NaN(), 0));
    default: f.bits.fill(std::byte{0xff}); return f;  // unsigned integers, and the words of keys
  }
}

// --- dimension numbers
// ------------------------------------------------------------------------------------------------

GatherDimensionNumbers as_gather(const ScatterDimensionNumbers& d) {
  return {d.update_window_dims, d.inserted_window_dims, d.scatter_dims_to_operand_dims, d.operand_batching_dims,
          d.scatter_indices_batching_dims};
}
ScatterDimensionNumbers as_scatter(const GatherDimensionNumbers& d) {
  return {d.offset_dims, d.collapsed_slice_dims, d.start_index_map, d.operand_batching_dims,
          d.start_indices_batching_dims};
}

Dims window_sizes(const Aval& x, const Aval& updates, const ScatterDimensionNumbers& d) {
  Dims sizes(x.shape.size(), 1);
  for (auto axis : d.operand_batching_dims) sizes[unsign(axis)] = std::min<std::int64_t>(1, x.shape[unsign(axis)]);
  std::size_t next = 0;
  for (auto axis : remaining(x.ndim(), d.inserted_window_dims, d.operand_batching_dims))
    sizes[unsign(axis)] = updates.shape[unsign(d.update_window_dims[next++])];
  return sizes;
}

GatherDimensionNumbers with_lanes(GatherDimensionNumbers d, bool operand, bool indices) {
  d.offset_dims = shifted(d.offset_dims);
  if (operand) {
    d.collapsed_slice_dims = shifted(d.collapsed_slice_dims);
    d.start_index_map = shifted(d.start_index_map);
    d.operand_batching_dims = shifted(d.operand_batching_dims);
    if (!indices) d.offset_dims.insert(0, 0);  // the lanes are part of the window
  }
  if (indices) d.start_indices_batching_dims = shifted(d.start_indices_batching_dims);
  if (operand && indices) {
    d.operand_batching_dims.insert(0, 0);
    d.start_indices_batching_dims.insert(0, 0);
  }
  return d;
}

// --- checks
// -----------------------------------------------------------------------------------------------------------

namespace {

/// What gather and scatter call the same things.
struct Names {
  const char *offset, *collapsed, *map, *indices_batching;
};
constexpr Names kGather{"offset_dims", "collapsed_slice_dims", "start_index_map", "start_indices_batching_dims"};
constexpr Names kScatter{"update_window_dims", "inserted_window_dims", "scatter_dims_to_operand_dims",
                         "scatter_indices_batching_dims"};

struct Check {
  std::string_view op;
  const Names& names;
  const Aval &x, &indices;
  const GatherDimensionNumbers& d;

  void axes(const char* what, const Dims& list, std::int64_t limit, bool sorted) const {
    for (std::size_t i = 0; i < list.size(); ++i) {
      if (list[i] < 0 || list[i] >= limit)
        throw ValueError(text(op, ": ", what, " must be in [0, ", limit, "), got ", list, " for ", x, " and indices ",
                              indices, "; fx::take and x[...] find the numbers themselves"));
      for (std::size_t j = 0; j < i; ++j)
        if (list[i] == list[j] || (sorted && list[i] < list[j]))
          throw ValueError(text(op, ": ", what, " must be ", sorted ? "sorted and " : "", "without repetitions, got ",
                                list, "; name each axis once"));
    }
  }
  void disjoint(const char* a, const Dims& one, const char* b, const Dims& other) const {
    for (auto axis : one)
      if (contains(other, axis))
        throw ValueError(text(op, ": ", a, " and ", b, " must have no axis in common, got ", one, " and ", other,
                              "; an axis is one or the other"));
  }
  void numbers() const {
    if (!is_integer(indices.dtype))
      throw TypeError(text(op, ": indices must be integers, got ", indices, "; convert them with astype(fx::int64)"));
    if (indices.shape.empty())
      throw ValueError(
          text(op, ": indices need a last axis that holds the index vector, got ", indices, "; reshape them to {1}"));
    if (rank(d.start_index_map) != indices.shape.back())
      throw ValueError(text(op, ": ", names.map, " must have one axis per component of an index vector, got ",
                            d.start_index_map, " for indices ", indices,
                            "; the last axis of the indices holds the vector"));
    axes(names.collapsed, d.collapsed_slice_dims, x.ndim(), true);
    axes("operand_batching_dims", d.operand_batching_dims, x.ndim(), true);
    axes(names.map, d.start_index_map, x.ndim(), false);
    axes(names.indices_batching, d.start_indices_batching_dims, indices.ndim() - 1, false);
    disjoint(names.collapsed, d.collapsed_slice_dims, "operand_batching_dims", d.operand_batching_dims);
    disjoint(names.map, d.start_index_map, "operand_batching_dims", d.operand_batching_dims);
    if (d.operand_batching_dims.size() != d.start_indices_batching_dims.size())
      throw ValueError(text(op, ": operand_batching_dims and ", names.indices_batching, " must be of one length, got ",
                            d.operand_batching_dims, " and ", d.start_indices_batching_dims, "; they are pairs"));
    for (std::size_t k = 0; k < d.operand_batching_dims.size(); ++k)
      if (x.shape[unsign(d.operand_batching_dims[k])] != indices.shape[unsign(d.start_indices_batching_dims[k])])
        throw ValueError(text(op, ": shared axes must have equal sizes, got axis ", d.operand_batching_dims[k], " of ",
                              x, " and axis ", d.start_indices_batching_dims[k], " of indices ", indices,
                              "; broadcast one of them"));
    const auto kept = x.ndim() - rank(d.collapsed_slice_dims) - rank(d.operand_batching_dims);
    if (rank(d.offset_dims) != kept)
      throw ValueError(text(op, ": ", names.offset, " must have one axis for each of the ", kept,
                            " that a window keeps, got ", d.offset_dims, " for ", x, "; the others are in ",
                            names.collapsed, " or operand_batching_dims"));
    axes(names.offset, d.offset_dims, kept + indices.ndim() - 1, true);
  }
  void sizes(const char* what, const Dims& sizes) const {
    if (sizes.size() != x.shape.size())
      throw ValueError(text(op, ": slice_sizes must have one entry per axis, got ", sizes, " for ", x,
                            "; the extent takes all of it"));
    for (std::size_t i = 0; i < sizes.size(); ++i) {
      const auto axis = static_cast<std::int64_t>(i);
      if (sizes[i] < 0 || sizes[i] > x.shape[i])
        throw ValueError(
            text(op, ": ", what, " must be between 0 and the extent, got ", sizes, " for ", x, "; windows lie inside"));
      if (sizes[i] > 1 && (contains(d.collapsed_slice_dims, axis) || contains(d.operand_batching_dims, axis)))
        throw ValueError(text(op, ": axes that are left out must have window size 1, got ", sizes, " with axis ", axis,
                              " in ", names.collapsed, " or operand_batching_dims; keep the axis"));
    }
  }
};

}  // namespace

Windows gather_windows(std::string_view op, const Aval& x, const Aval& indices, const GatherDimensionNumbers& d,
                       const Dims& slice_sizes) {
  const Check check{op, kGather, x, indices, d};
  check.numbers();
  check.sizes("slice_sizes", slice_sizes);
  Windows w{x.shape, indices.shape, {}, slice_sizes, d};
  const auto kept = remaining(x.ndim(), d.collapsed_slice_dims, d.operand_batching_dims);
  std::size_t next_kept = 0, next_index = 0;
  for (std::int64_t r = 0; r < rank(kept) + indices.ndim() - 1; ++r)
    w.other.push_back(contains(d.offset_dims, r) ? slice_sizes[unsign(kept[next_kept++])]
                                                 : indices.shape[next_index++]);
  return w;
}

Windows scatter_windows(std::string_view op, const Aval& x, const Aval& indices, const Aval& updates,
                        const ScatterDimensionNumbers& s) {
  const auto d = as_gather(s);
  const Check check{op, kScatter, x, indices, d};
  check.numbers();
  const auto want = rank(d.offset_dims) + indices.ndim() - 1;
  if (updates.ndim() != want)
    throw ValueError(text(op, ": updates must have ", want,
                          " axes, those of a window and those of the indices but the last, got ", updates, " for ", x,
                          " and indices ", indices, "; broadcast or reshape them"));
  const auto sizes = window_sizes(x, updates, s);
  check.sizes("windows of updates", sizes);
  auto w = gather_windows(op, x, indices, d, sizes);
  if (w.other != updates.shape)
    throw ValueError(text(op, ": updates must have shape ", w.other, " for ", x, " and indices ", indices, ", got ",
                          updates, "; broadcast them"));
  return w;
}

}  // namespace fluxion::lax
