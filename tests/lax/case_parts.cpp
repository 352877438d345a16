#include "lax/case_parts.hpp"

#include <algorithm>

namespace fluxion::test {

namespace {

constexpr DType kAll[] = {DType::bool_,  DType::int32,   DType::int64,   DType::uint32,
                          DType::uint64, DType::float32, DType::float64, DType::key_fry};

}  // namespace

std::vector<Shape> sample_shapes(DType dtype) {
  const std::int64_t w = dtype == DType::float32 || dtype == DType::int32 || dtype == DType::uint32 ? 16 : 8;
  return {{}, {0}, {1}, {w - 1}, {w}, {w + 1}, {3 * w + 2}, {2, 0, 3}, {3, 1, 2}, {2, 3, 4}};
}

std::vector<Signature> same_shape_signatures(DType dtype, std::vector<Interval> domain) {
  std::vector<Signature> out;
  for (const auto& shape : sample_shapes(dtype)) {
    Signature s;
    for (const auto& d : domain) s.args.push_back({dtype, shape, d.lo, d.hi});
    out.push_back(s);
  }
  if (domain.size() == 2)
    for (const std::size_t scalar : {0U, 1U})
      for (const auto& shape : {Shape{5}, Shape{2, 3}}) {
        Signature s;
        for (std::size_t i = 0; i < 2; ++i) s.args.push_back({dtype, i == scalar ? Shape{} : shape, domain[i].lo, domain[i].hi});
        out.push_back(s);
      }
  return out;
}

const std::vector<Number>& edge_values() {
  static const std::vector<Number> values = [] {
    std::vector<Number> v;
    for (const double x : {0.0, 0.5, 1.0, 1.5, 2.0, 3.0, 1e-5, 1e-40, 5e-324, 1e30, 1.7976931348623157e308, kInf})
      for (const double sign : {1.0, -1.0}) v.push_back(real(sign * x));
    v.push_back(real(kNaN));
    return v;
  }();
  return values;
}

Signature edges(DType dtype, const std::vector<Number>& values) {
  return {{{dtype, {static_cast<std::int64_t>(values.size())}, 0, 0, values}}, false};
}

Signature edge_pairs(DType dtype, const std::vector<Number>& first, const std::vector<Number>& second) {
  std::vector<Number> x, y;
  for (const auto& a : first)
    for (const auto& b : second) {
      x.push_back(a);
      y.push_back(b);
    }
  const Shape shape{static_cast<std::int64_t>(x.size())};
  return {{{dtype, shape, 0, 0, x}, {dtype, shape, 0, 0, y}}, false};
}
Signature edge_pairs(DType dtype, const std::vector<Number>& values) { return edge_pairs(dtype, values, values); }

Signature wide(DType dtype, std::vector<Interval> domain) {
  Signature s{{}, false};
  for (const auto& d : domain) s.args.push_back({dtype, {200}, d.lo, d.hi});
  return s;
}

Reference pointwise(std::function<Number(std::span<const Number>, DType)> f, std::optional<DType> result) {
  return [f = std::move(f), result](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{result.value_or(in.back().dtype), in[0].shape, {}};
    for (const auto& x : in)
      if (!x.shape.empty()) out.shape = x.shape;
    std::vector<Number> at(in.size());
    for (std::int64_t i = 0; i < element_count(out.shape); ++i) {
      for (std::size_t k = 0; k < in.size(); ++k) at[k] = in[k].v[in[k].shape.empty() ? 0 : static_cast<std::size_t>(i)];
      auto n = f(at, in.back().dtype);
      n.i = wrapped(n.i, out.dtype);
      out.v.push_back(n);
    }
    return {out};
  };
}

void for_each_index(const Shape& shape, const std::function<void(const Dims&, std::size_t)>& visit) {
  Dims at(shape.size(), 0);
  const auto n = static_cast<std::size_t>(element_count(shape));
  for (std::size_t flat = 0; flat < n; ++flat) {
    visit(at, flat);
    for (std::size_t d = shape.size(); d-- > 0;) {
      if (++at[d] < shape[d]) break;
      at[d] = 0;
    }
  }
}

std::size_t flat_index(const Shape& shape, const Dims& at) {
  std::int64_t flat = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) flat = flat * shape[d] + at[d];
  return static_cast<std::size_t>(flat);
}

std::vector<ErrorInput> refused_dtypes(std::vector<DType> accepted, std::size_t n_operands) {
  std::vector<ErrorInput> out;
  for (const auto t : kAll) {
    if (std::find(accepted.begin(), accepted.end(), t) != accepted.end()) continue;
    const Arg arg{t, {2}, 0, 1};
    out.push_back({[=] { return Arrays(n_operands, make(sample(arg, 1))); }, {std::string(short_name(t)) + "[2]"}});
  }
  return out;
}

std::vector<ErrorInput> mismatched(DType a, DType b) {
  const Arg x{a, {2, 3}, 1, 1}, other_dtype{b, {2, 3}, 1, 1}, other_shape{a, {3, 2}, 1, 1};
  const auto pair = [](Arg first, Arg second) { return [=] { return Arrays{make(sample(first, 1)), make(sample(second, 2))}; }; };
  return {{pair(x, other_dtype), {"equal dtypes", "astype"}},
          {pair(x, other_shape), {"equal shapes", "[2,3]", "[3,2]", "broadcast"}}};
}

}  // namespace fluxion::test
