// gather and the scatters, against loops over index vectors and windows.
#include <algorithm>
#include <complex>
#include <limits>

#include <fluxion/lax/indexing.hpp>

#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

using lax::GatherDimensionNumbers;
using lax::GatherScatterMode;
using lax::ScatterDimensionNumbers;
using Numbers = std::vector<std::int64_t>;

constexpr DType kAll[] = {DType::float32, DType::int64,   DType::bool_,    DType::int8,  DType::complex64,
                          DType::uint32,  DType::float16, DType::uint64,   DType::int16, DType::key_fry,
                          DType::uint8,   DType::int32,   DType::bfloat16, DType::uint16};
/// Those that derivative laws look at, and some of the others in turn.
std::vector<DType> dtypes_in_turn() {
  static std::size_t turn = 0;
  std::vector<DType> out{DType::float64, DType::complex128};
  for (int k = 0; k < 3; ++k) out.push_back(kAll[turn++ % std::size(kAll)]);
  return out;
}
constexpr GatherScatterMode kModes[] = {GatherScatterMode::clip, GatherScatterMode::fill_or_drop,
                                        GatherScatterMode::promise_in_bounds};

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
bool has(const Dims& d, std::int64_t v) { return std::find(d.begin(), d.end(), v) != d.end(); }
const char* name_of(GatherScatterMode m) {
  return m == GatherScatterMode::clip ? "clip" : m == GatherScatterMode::fill_or_drop ? "fill" : "promise";
}

/// Where the element of the result (or of the updates) at `at` lies in the operand.
struct Place {
  bool fits;
  std::size_t flat;
};

/// A gather's numbers with plain indices: the definition, element by element.
struct Definition {
  const char* variant;
  Shape operand, indices, result, slice_sizes;
  GatherDimensionNumbers d;
  Numbers values;  // of the indices

  Place place(const Dims& at, bool clamp) const {
    Dims batch, offset;
    for (std::size_t r = 0; r < at.size(); ++r)
      (has(d.offset_dims, static_cast<std::int64_t>(r)) ? offset : batch).push_back(at[r]);
    Dims full(operand.size(), 0), start(operand.size(), 0);
    std::size_t next = 0;
    for (std::size_t a = 0; a < operand.size(); ++a) {
      const auto axis = static_cast<std::int64_t>(a);
      if (!has(d.collapsed_slice_dims, axis) && !has(d.operand_batching_dims, axis)) full[a] = offset[next++];
    }
    bool fits = true;
    for (std::size_t k = 0; k < d.start_index_map.size(); ++k) {
      auto vector = batch;
      vector.push_back(static_cast<std::int64_t>(k));
      const auto a = unsign(d.start_index_map[k]);
      const auto i = values[flat_index(indices, vector)], last = operand[a] - slice_sizes[a];
      fits = fits && i >= 0 && i <= last;
      start[a] = std::clamp<std::int64_t>(i, 0, last);
    }
    for (std::size_t k = 0; k < d.operand_batching_dims.size(); ++k)
      start[unsign(d.operand_batching_dims[k])] = batch[unsign(d.start_indices_batching_dims[k])];
    for (std::size_t a = 0; a < operand.size(); ++a) full[a] += start[a];
    return {fits || clamp, fits || clamp ? flat_index(operand, full) : 0};
  }
  Array index_array(DType t = DType::int64) const { return array(values).astype(t).reshape(indices); }
  ScatterDimensionNumbers scatter() const {
    return {d.offset_dims, d.collapsed_slice_dims, d.start_index_map, d.operand_batching_dims,
            d.start_indices_batching_dims};
  }
};

/// Rows, windows, several components, shared axes, in all orders; indices inside, outside and repeated.
std::vector<Definition> definitions() {
  return {
      {"elements", {5}, {4, 1}, {4}, {1}, {{}, {0}, {0}}, {4, -1, 2, 2}},
      {"rows", {5, 3}, {2, 3, 1}, {2, 3, 3}, {1, 3}, {{2}, {0}, {0}}, {0, 4, 9, 2, 2, -3}},
      {"columns", {3, 5}, {4, 1}, {3, 4}, {3, 1}, {{0}, {1}, {1}}, {4, 0, 5, 4}},
      {"points", {3, 4}, {5, 2}, {5}, {1, 1}, {{}, {0, 1}, {0, 1}}, {0, 3, 2, 2, 3, 0, 2, 2, -1, 1}},
      {"points_swapped", {3, 4}, {3, 2}, {3}, {1, 1}, {{}, {0, 1}, {1, 0}}, {3, 0, 1, 2, 4, 0}},
      {"windows", {4, 5}, {3, 2}, {2, 3, 3}, {2, 3}, {{0, 2}, {}, {0, 1}}, {0, 0, 2, 2, 3, 1}},
      {"windows_of_one_axis", {6, 2}, {3, 1}, {3, 4, 2}, {4, 2}, {{1, 2}, {}, {0}}, {0, 2, 1}},
      {"one_window", {4, 3}, {2}, {2, 2}, {2, 2}, {{0, 1}, {}, {0, 1}}, {1, 9}},
      {"shared", {2, 4}, {2, 3, 1}, {2, 3}, {1, 1}, {{}, {1}, {1}, {0}, {0}}, {0, 3, 3, 1, 2, 4}},
      {"shared_behind", {4, 2, 3}, {3, 2, 1}, {3, 2, 3}, {1, 1, 3}, {{2}, {0}, {0}, {1}, {1}}, {0, 3, 3, 1, 2, 4}},
      {"shared_rows",
       {2, 3, 4, 2},
       {2, 3, 1},
       {2, 3, 3, 2},
       {1, 3, 1, 2},
       {{1, 3}, {2}, {2}, {0}, {0}},
       {0, 3, 3, 1, 2, 4}},
      {"no_component", {3}, {2, 0}, {2, 3}, {3}, {{1}, {}, {}}, {}},
      {"none", {3, 2}, {0, 1}, {0, 2}, {1, 2}, {{1}, {0}, {0}}, {}},
      {"empty_windows", {3, 2}, {2, 1}, {2, 0}, {1, 0}, {{1}, {0}, {0}}, {1, 1}},
  };
}

Number default_fill(DType t) {
  if (is_inexact(t)) return real(kNaN);
  if (is_signed_integer(t)) return whole(std::numeric_limits<std::int64_t>::min() >> (64 - 8 * itemsize(t)));
  return whole(t == DType::bool_ ? 1 : wrapped(-1, t));
}

Case gather_case(const Definition& g, GatherScatterMode mode, DType index_dtype, bool filled) {
  Case c{std::string("gather/") + g.variant + "_" + name_of(mode) + (filled ? "_with_zero" : ""),
         "gather",
         {},
         {},
         {},
         0,
         0,
         {1},
         {0},
         {},
         {1}};
  const bool finite = mode != GatherScatterMode::fill_or_drop || filled;  // else it fills with NaN
  c.differentiable = c.linear = c.affine = {finite};
  lax::GatherOptions o{.mode = mode};
  if (filled) o.fill_value = 0;
  c.f = [=](const Arrays& a) -> Arrays {
    return {lax::gather(a[0], g.index_array(index_dtype), g.d, g.slice_sizes, o)};
  };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{in[0].dtype, g.result, {}};
    for_each_index(g.result, [&](const Dims& at, std::size_t) {
      const auto p = g.place(at, mode != GatherScatterMode::fill_or_drop);
      out.v.push_back(p.fits ? in[0].v[p.flat] : filled ? Number{} : default_fill(out.dtype));
    });
    return {out};
  };
  for (const auto t : dtypes_in_turn())
    if (!filled || !is_key(t)) c.signatures.push_back({{{t, g.operand}}, finite});
  return c;
}

enum class Kind { set, add, sub, mul, min, max };
using Scatter = Array (*)(const Array&, const Array&, const Array&, const ScatterDimensionNumbers&,
                          const lax::ScatterOptions&);
struct Operation {
  Kind kind;
  const char* name;
  Scatter f;
};
constexpr Operation kOperations[] = {
    {Kind::set, "scatter", lax::scatter},         {Kind::add, "scatter_add", lax::scatter_add},
    {Kind::sub, "scatter_sub", lax::scatter_sub}, {Kind::mul, "scatter_mul", lax::scatter_mul},
    {Kind::min, "scatter_min", lax::scatter_min}, {Kind::max, "scatter_max", lax::scatter_max}};

template <class T>
bool less(const T& x, const T& y) {
  return x < y;
}
template <class T>
bool less(const std::complex<T>& x, const std::complex<T>& y) {
  return x.real() < y.real() || (x.real() == y.real() && x.imag() < y.imag());
}

template <class T>
T combined(Kind k, T x, T y) {
  switch (k) {
    case Kind::set: return y;
    case Kind::add: return static_cast<T>(x + y);
    case Kind::sub: return static_cast<T>(x - y);
    case Kind::mul: return static_cast<T>(x * y);
    case Kind::min: return less(x, y) ? x : y;
    case Kind::max: return less(y, x) ? x : y;
  }
  return x;
}

// Halves are computed as float32 and rounded once, when they are compared.
Number combined(Kind k, DType t, Number x, Number y) {
  if (k == Kind::set) return y;
  if (t == DType::float64) return real(combined(k, x.f, y.f));
  if (is_floating(t)) return real(combined(k, static_cast<float>(x.f), static_cast<float>(y.f)));
  if (t == DType::complex128) return complex_number(combined(k, complex_value(x), complex_value(y)));
  if (t == DType::complex64)
    return complex_number(combined(k, std::complex<float>(complex_value(x)), std::complex<float>(complex_value(y))));
  const bool ordered = k == Kind::min || k == Kind::max;
  if (t == DType::bool_ && k == Kind::add) return whole(x.i | y.i);
  if (t == DType::bool_ && k == Kind::mul) return whole(x.i & y.i);
  const auto a = static_cast<std::uint64_t>(x.i), b = static_cast<std::uint64_t>(y.i);
  if (ordered && t != DType::uint64) return whole(combined(k, x.i, y.i));
  return whole(wrapped(static_cast<std::int64_t>(combined(k, a, b)), t));
}

/// Which dtypes an operation is for.
bool takes(Kind k, DType t) {
  if (t == DType::bool_) return k != Kind::sub;
  return k == Kind::set || !is_key(t);
}

/// The order in which updates are applied: that of the index vectors.
std::vector<Dims> update_order(const Definition& g) {
  std::vector<Dims> order;
  for_each_index(g.result, [&](const Dims& at, std::size_t) { order.push_back(at); });
  const auto batch = [&](const Dims& at) {
    std::vector<std::int64_t> b;
    for (std::size_t r = 0; r < at.size(); ++r)
      if (!has(g.d.offset_dims, static_cast<std::int64_t>(r))) b.push_back(at[r]);
    return b;
  };
  std::stable_sort(order.begin(), order.end(), [&](const Dims& a, const Dims& b) { return batch(a) < batch(b); });
  return order;
}

/// Far enough from each other that no difference step makes another the greatest or least.
Arg spaced(DType t, const Shape& shape, double first) {
  Arg a{t, shape};
  for (std::int64_t i = 0; i < 101; ++i)
    a.values.push_back(is_inexact(t) ? real(first + 0.02 * static_cast<double>(37 * i % 101)) : whole(37 * i % 101));
  return a;
}

Case scatter_case(const Definition& g, const Operation& op, GatherScatterMode mode) {
  const bool extremum = op.kind == Kind::min || op.kind == Kind::max;
  Case c{std::string(op.name) + "/" + g.variant + "_" + name_of(mode),
         op.name,
         {},
         {},
         {},
         0,
         0,
         {1, 1},
         {0, 0},
         {},
         {1, 1}};
  if (extremum) c.affine = {0, 0};
  if (op.kind == Kind::mul) c.differentiable = {1, 0}, c.linear = {1, 0}, c.affine = {1, 0};
  c.f = [=](const Arrays& a) -> Arrays { return {op.f(a[0], g.index_array(), a[1], g.scatter(), {.mode = mode})}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out = in[0];
    for (const auto& at : update_order(g)) {
      const auto p = g.place(at, mode == GatherScatterMode::clip);
      if (!p.fits) continue;
      auto& x = out.v[p.flat];
      x = combined(op.kind, out.dtype, x, in[1].v[flat_index(g.result, at)]);
    }
    return {out};
  };
  for (const auto t : dtypes_in_turn())
    if (extremum && t != DType::bool_ && !is_key(t))
      c.signatures.push_back({{spaced(t, g.operand, -1), spaced(t, g.result, -0.99)}});
    else if (takes(op.kind, t))
      c.signatures.push_back({{{t, g.operand}, {t, g.result}}});
  return c;
}

/// Updates of distinct elements, said to be so: differentiable in the updates.
Case unique_case(const Operation& op) {
  Case c{std::string(op.name) + "/unique", op.name, {}, {}, {}, 0, 0, {1, 1}, {0, 0}, {}, {0, 0}};
  if (op.kind == Kind::mul)
    c.linear = {1, 0}, c.affine = {1, 1};
  else if (op.kind != Kind::min && op.kind != Kind::max)
    c.affine = {1, 1};
  const Definition g{"unique", {6, 2}, {3, 1}, {3, 2}, {1, 2}, {{1}, {0}, {0}}, {5, 0, 7}};
  c.f = [=](const Arrays& a) -> Arrays {
    return {op.f(a[0], g.index_array(DType::int32), a[1], g.scatter(),
                 {.indices_are_sorted = false, .unique_indices = true})};
  };
  c.reference = scatter_case(g, op, GatherScatterMode::fill_or_drop).reference;
  for (const auto t : kFloats) c.signatures.push_back({{spaced(t, g.operand, -1), spaced(t, g.result, -0.99)}});
  return c;
}

// --- what is refused
// ------------------------------------------------------------------------------------------------------

std::vector<ErrorInput> gather_errors() {
  return {{[] {
             return Arrays{zeros({3, 2}), array({0.5})};
           },
           {"indices must be integers", "f64[1]"}},
          {[] {
             return Arrays{zeros({3, 2}), scalar(1)};
           },
           {"last axis", "i32[]"}},
          {[] {
             return Arrays{zeros({3, 2}), array({{1, 0}})};
           },
           {"one axis per component", "i32[1,2]"}},
          {[] {
             return Arrays{zeros({3}), array({{1}})};
           },
           {"one axis for each of the 0", "(1,)"}},
          {[] {
             return Arrays{zeros({3, 1}), array({{1}})};
           },
           {"between 0 and the extent", "f64[3,1]"}},
          {[] {
             return Arrays{zeros({3, 2, 2}), array({{1}})};
           },
           {"for each of the 2"}}};
}

Case refusing_gather() {
  auto c = gather_case({"refuses", {3, 2}, {1, 1}, {1, 2}, {1, 2}, {{1}, {0}, {0}}, {1}}, GatherScatterMode::clip,
                       DType::int64, false);
  const auto f = [](const Array& x, const Array& i) {
    return lax::gather(x, i, {{1}, {0}, {0}}, {1, 2}, {.mode = GatherScatterMode::clip});
  };
  const auto plain = c.f;
  c.f = [=](const Arrays& a) -> Arrays { return a.size() == 2 ? Arrays{f(a[0], a[1])} : plain(a); };
  c.errors = gather_errors();
  return c;
}

Case refusing_scatter(const Operation& op) {
  auto c = scatter_case({"refuses", {3, 2}, {1, 1}, {1, 2}, {1, 2}, {{1}, {0}, {0}}, {1}}, op, GatherScatterMode::clip);
  const auto plain = c.f;
  c.f = [=](const Arrays& a) -> Arrays {
    return a.size() == 3 ? Arrays{op.f(a[0], a[1], a[2], {{1}, {0}, {0}}, {})} : plain(a);
  };
  const auto i = [] { return array({{1}}); };
  c.errors = {{[=] {
                 return Arrays{zeros({3, 2}), i(), zeros({1, 2}, float32)};
               },
               {"operand's dtype", "f32[1,2]"}},
              {[=] {
                 return Arrays{zeros({3, 2}), i(), zeros({2})};
               },
               {"updates must have 2 axes", "f64[2]"}},
              {[=] {
                 return Arrays{zeros({3, 2}), i(), zeros({4, 2})};
               },
               {"shape (1, 2)", "f64[4,2]"}},
              {[=] {
                 return Arrays{zeros({3, 2}), i(), zeros({1, 3})};
               },
               {"between 0 and the extent"}},
              {[] {
                 return Arrays{zeros({3, 2}), array({{0.5}}), zeros({1, 2})};
               },
               {"indices must be integers"}}};
  if (op.kind == Kind::sub)
    c.errors.push_back({[=] {
                          return Arrays{full({3, 2}, true), i(), full({1, 2}, true)};
                        },
                        {"numbers are required", "bool[3,2]"}});
  return c;
}

}  // namespace

void add_indexing_cases(std::vector<Case>& to) {
  const auto first = to.size();
  constexpr DType kIndexTypes[] = {DType::int64, DType::int32};
  std::size_t n = 0;
  for (const auto& g : definitions()) {
    for (const auto mode : kModes) {
      to.push_back(gather_case(g, mode, kIndexTypes[n++ % 2], false));
      const bool drops_as_the_others = mode == GatherScatterMode::promise_in_bounds && to.size() - first > 30;
      for (const auto& op : kOperations)
        if (!drops_as_the_others) to.push_back(scatter_case(g, op, mode));
    }
    to.push_back(gather_case(g, GatherScatterMode::fill_or_drop, DType::int64, true));
  }
  to.push_back(refusing_gather());
  for (const auto& op : kOperations) {
    to.push_back(unique_case(op));
    to.push_back(refusing_scatter(op));
  }
  add_dynamic_slicing_cases(to);
}

}  // namespace fluxion::test
