#include "compiler/layout.hpp"

#include <algorithm>
#include <cstdlib>

namespace fluxion::compiler {
namespace {

std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }

struct ViewOf {
  const ir::Type& in;
  const Dims& strides;
  const ir::Type& out;

  std::optional<View> operator()(const ir::Broadcast& a) const {
    View v{0, Dims(out.shape.size(), 0)};
    for (std::size_t i = 0; i < a.dims.size(); ++i)
      if (in.shape[i] != 1) v.strides[at(a.dims[i])] = strides[i];
    return v;
  }
  std::optional<View> operator()(const ir::Transpose& a) const {
    View v;
    for (const auto d : a.permutation) v.strides.push_back(strides[at(d)]);
    return v;
  }
  std::optional<View> operator()(const ir::Reshape&) const {
    auto s = reshaped(in.shape, strides, out.shape);
    if (!s) return std::nullopt;
    return View{0, std::move(*s)};
  }
  std::optional<View> operator()(const ir::Slice& a) const {
    View v{0, strides};
    for (std::size_t d = 0; d < strides.size(); ++d) {
      v.offset += a.start[d] * strides[d];
      v.strides[d] *= a.stride[d];
    }
    return v;
  }
  std::optional<View> operator()(const ir::Bitcast&) const { return View{0, strides}; }
  template <class Other>
  std::optional<View> operator()(const Other&) const { return std::nullopt; }
};

}  // namespace

Shape squeezed(const Shape& shape) {
  Shape s;
  for (const auto extent : shape)
    if (extent != 1) s.push_back(extent);
  return s;
}

Dims squeezed(const Shape& shape, const Dims& strides) {
  Dims s;
  for (std::size_t d = 0; d < shape.size(); ++d)
    if (shape[d] != 1) s.push_back(strides[d]);
  return s;
}

Dims row_major(const Shape& shape) {
  Dims strides(shape.size(), 1);
  for (std::size_t d = shape.size(); d-- > 1;) strides[d - 1] = strides[d] * shape[d];
  return strides;
}

Dims dense(const Shape& shape, const Dims& order) {
  Dims strides(shape.size(), 1);
  std::int64_t step = 1;
  for (std::size_t i = order.size(); i-- > 0;) {
    strides[at(order[i])] = step;
    step *= shape[at(order[i])];
  }
  return strides;
}

bool is_row_major(const Shape& shape, const Dims& strides) {
  std::int64_t step = 1;
  for (std::size_t d = shape.size(); d-- > 0;) {
    if (shape[d] == 1) continue;
    if (strides[d] != step) return false;
    step *= shape[d];
  }
  return true;
}

bool is_dense(const Shape& shape, const Dims& strides) {
  std::int64_t step = 1;
  std::size_t left = 0;
  for (const auto extent : shape) left += extent != 1;
  while (left != 0) {  // find the dimension that continues where the last one ended
    std::size_t d = 0;
    while (d < shape.size() && (shape[d] == 1 || strides[d] != step)) ++d;
    if (d == shape.size()) return false;
    step *= shape[d];
    --left;
  }
  return true;
}

std::optional<Dims> reshaped(const Shape& from, const Dims& strides, const Shape& to) {
  if (is_row_major(from, strides) || element_count(to) == 0) return row_major(to);
  const Shape shape = squeezed(from);
  const Dims steps = squeezed(from, strides);
  Dims result(to.size(), 0);
  std::size_t i = 0, j = 0;  // groups of dimensions with equal products correspond
  while (i < shape.size()) {
    std::int64_t a = shape[i], b = 1;
    std::size_t i_end = i + 1, j_end = j;
    while (j_end < to.size() && (b < a || b == 1)) b *= to[j_end++];
    while (a != b) {
      if (a < b) a *= shape[i_end++];
      else b *= to[j_end++];
    }
    for (std::size_t k = i; k + 1 < i_end; ++k)
      if (steps[k] != steps[k + 1] * shape[k + 1]) return std::nullopt;
    std::int64_t step = steps[i_end - 1];
    for (std::size_t k = j_end; k-- > j;) {
      result[k] = step;
      step *= to[k];
    }
    i = i_end;
    j = j_end;
  }
  for (; j < to.size(); ++j) result[j] = 1;  // extents 1
  return result;
}

std::optional<View> view_of(const ir::Action& action, const ir::Type& in, const Dims& strides, const ir::Type& out) {
  return std::visit(ViewOf{in, strides, out}, action);
}

void merge_dimensions(Shape& extents, std::span<Dims> strides) {
  std::size_t kept = 0;
  for (std::size_t d = 1; d < extents.size(); ++d) {
    const bool continues = std::all_of(strides.begin(), strides.end(),
                                       [&](const Dims& s) { return s[kept] == s[d] * extents[d]; });
    if (continues) extents[kept] *= extents[d];
    else extents[++kept] = extents[d];
    for (auto& s : strides) s[kept] = s[d];
  }
  const std::size_t rank = extents.empty() ? 0 : kept + 1;
  while (extents.size() > rank) extents.pop_back();
  for (auto& s : strides)
    while (s.size() > rank) s.pop_back();
}

Dims visiting_order(std::size_t rank, std::span<const Dims> operands) {
  const auto outside = [&](std::size_t a, std::size_t b) {  // dimension a belongs outside of dimension b
    for (const Dims& s : operands) {
      if (s[a] == 0 || s[b] == 0 || std::abs(s[a]) == std::abs(s[b])) continue;
      return std::abs(s[a]) > std::abs(s[b]);
    }
    return a < b;
  };
  Dims order;
  for (std::size_t d = 0; d < rank; ++d) {
    std::size_t i = order.size();
    while (i > 0 && outside(d, at(order[i - 1]))) --i;
    order.insert(i, static_cast<std::int64_t>(d));
  }
  return order;
}

Dims sparing_gathers(const Dims& order, const Shape& extents, std::span<const Dims> operands, std::int64_t shortest) {
  const auto last = order[order.size() - 1];
  if (extents[at(last)] >= shortest) return order;
  auto longest = last;
  for (const auto d : order)
    if (extents[at(d)] > extents[at(longest)]) longest = d;
  std::ptrdiff_t repeated = 0, gathered = 0;  // now, and if the longest were innermost
  for (const auto& s : operands) {
    repeated += std::find(s.begin(), s.end(), 0) != s.end();
    gathered += s[at(longest)] != 0 && s[at(longest)] != 1;
  }
  if (extents[at(longest)] < shortest || 2 * gathered >= repeated) return order;
  Dims out;
  for (const auto d : order)
    if (d != longest) out.push_back(d);
  out.push_back(longest);
  return out;
}

}  // namespace fluxion::compiler
