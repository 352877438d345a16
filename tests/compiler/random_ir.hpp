// Random programs: what the compiler makes of them must agree with the interpreter, and so must each pass alone.
#pragma once

#include <random>
#include <vector>

#include "compiler/interpreter.hpp"
#include "kernels/kernels.hpp"

namespace fluxion::compiler_test {

/// Draws a program of about `length` instructions, and its inputs.
class Generator {
  using Op = ir::Op;
  using ValueId = ir::ValueId;

 public:
  explicit Generator(unsigned seed) : random_(seed) {}

  ir::Program draw(std::size_t length) {
    const auto n_inputs = 1 + pick(3);
    shapes_ = {Shape{}, shape(), shape()};
    for (std::size_t k = 0; k < n_inputs; ++k) {
      const ir::Type t{dtypes[pick(std::size(dtypes))], shapes_[pick(shapes_.size())]};
      inputs.push_back(random_value(t, random_));
      layouts_drawn.push_back(static_cast<Layout>(pick(layouts)));
      values_.push_back(b_.input(t));
    }
    for (std::size_t k = 0; k < length; ++k) instruction();
    ir::Values outputs;
    for (std::size_t k = 0; k < 3; ++k) outputs.push_back(values_[values_.size() - 1 - pick(std::min<std::size_t>(values_.size(), 6))]);
    return b_.finish(outputs);
  }

  std::vector<Value> inputs;
  std::vector<Layout> layouts_drawn;

 private:
  static constexpr DType dtypes[] = {DType::float32, DType::float64, DType::float64, DType::int32,
                                     DType::int64,   DType::bool_,   DType::uint32};

  std::size_t pick(std::size_t n) { return random_() % n; }
  std::int64_t upto(std::int64_t n) { return static_cast<std::int64_t>(pick(static_cast<std::size_t>(n + 1))); }
  ValueId any() { return values_[pick(values_.size())]; }
  const ir::Type& type(ValueId v) const { return b_.type(v); }

  Shape shape() {
    static constexpr std::int64_t extents[] = {1, 2, 3, 4, 7, 16, 65, 130};
    if (pick(12) == 0) return {static_cast<std::int64_t>(2000 + pick(5000))};
    if (pick(25) == 0) return {3, 0, 2};
    Shape s;
    for (std::size_t rank = 1 + pick(4); rank > 0; --rank) {
      const auto e = extents[pick(std::size(extents))];
      s.push_back(element_count(s) * e > 6000 ? 2 : e);
    }
    return s;
  }

  void instruction() {
    const ValueId x = any();
    switch (pick(16)) {
      case 13: return keep(rows(x));
      case 14: return keep(positions(x, type(x).shape.size()));
      case 0: case 1: case 2: case 3: return keep(binary(x));
      case 4: return keep(unary(x));
      case 5: return keep(b_.convert(x, dtypes[pick(std::size(dtypes))]));
      case 6: return keep(reduction(x));
      case 7: return keep(broadcast(x));
      case 8: return keep(transpose(x));
      case 9: return keep(reshape(x));
      case 10: return keep(slice(x));
      case 11: return keep(assemble(x));
      case 12: return keep(compare_and_select(x));
      default:
        if (pick(3) == 0 && !type(x).shape.empty())
          return keep(b_.iota({DType::int64, type(x).shape}, upto(static_cast<std::int64_t>(type(x).shape.size()) - 1)));
        return keep(type(x).dtype == DType::float32 ? b_.bitcast(x, DType::uint32) : x);
    }
  }
  void keep(ValueId v) { values_.push_back(v); }

  ValueId partner(ValueId x) {
    std::vector<ValueId> same;
    for (const auto v : values_)
      if (type(v).dtype == type(x).dtype && (type(v).shape == type(x).shape || type(v).shape.empty())) same.push_back(v);
    if (pick(4) == 0) return b_.constant(type(x).dtype, 1.0);
    for (const auto v : values_)  // the shorter operand of a row-wise operation
      if (type(v).dtype == type(x).dtype && type(x).shape.size() == 2 && type(v).shape == Shape{type(x).shape[1]} && pick(2) == 0)
        return b_.broadcast(v, type(x).shape, {1});
    return same[pick(same.size())];
  }
  ValueId mapped(Op op, std::initializer_list<ValueId> in, ValueId otherwise) {
    const DType t = type(in.begin()[in.size() == 3 ? 1 : 0]).dtype;  // of a select: its branches
    return kernels::table().elementwise(op, t, 0) != nullptr ? b_.map(op, in) : otherwise;
  }
  ValueId binary(ValueId x) {
    static constexpr Op ops[] = {Op::add, Op::sub, Op::mul, Op::max, Op::min, Op::and_, Op::xor_};
    const ValueId y = partner(x);
    return pick(2) == 0 ? mapped(ops[pick(std::size(ops))], {x, y}, x) : mapped(ops[pick(std::size(ops))], {y, x}, x);
  }
  ValueId unary(ValueId x) {
    static constexpr Op ops[] = {Op::neg, Op::abs, Op::sign, Op::floor, Op::exp, Op::tanh, Op::sqrt, Op::not_, Op::sin};
    return mapped(ops[pick(std::size(ops))], {x}, x);
  }
  ValueId compare_and_select(ValueId x) {
    const ValueId y = partner(x);
    const ValueId less = mapped(Op::lt, {x, y}, x);
    if (type(less).dtype != DType::bool_) return x;
    return mapped(Op::select, {less, y, x}, x);
  }
  ValueId reduction(ValueId x) {
    static constexpr ir::ReduceOp ops[] = {ir::ReduceOp::sum, ir::ReduceOp::max, ir::ReduceOp::min};
    const auto op = ops[pick(3)];
    if (kernels::table().reduce_rows(op, type(x).dtype) == nullptr) return x;
    Dims axes;
    for (std::size_t d = 0; d < type(x).shape.size(); ++d)
      if (pick(2) == 0) axes.push_back(static_cast<std::int64_t>(d));
    return b_.reduce(op, x, axes);
  }
  ValueId broadcast(ValueId x) {
    Shape s = type(x).shape;
    Dims dims;
    if (element_count(s) > 3000 || s.size() > 4) return x;
    for (std::size_t d = 0; d < s.size(); ++d) dims.push_back(static_cast<std::int64_t>(d));
    if (s.empty() && pick(2) == 0) return b_.broadcast(x, shapes_[1], {});
    const auto at = pick(s.size() + 1);
    s.insert(at, pick(3) == 0 ? 1 : static_cast<std::int64_t>(2 + pick(3)));
    for (auto& d : dims) d += d >= static_cast<std::int64_t>(at);
    return b_.broadcast(x, s, dims);
  }
  ValueId transpose(ValueId x) {
    Dims permutation;
    for (std::size_t d = 0; d < type(x).shape.size(); ++d) permutation.insert(pick(d + 1), static_cast<std::int64_t>(d));
    return b_.transpose(x, permutation);
  }
  ValueId reshape(ValueId x) {
    const Shape s = type(x).shape;
    if (pick(3) == 0) return b_.reshape(x, {element_count(s)});
    Shape to = s;
    if (pick(2) == 0) {
      to.insert(pick(s.size() + 1), 1);
    } else if (s.size() >= 2) {
      const auto d = pick(s.size() - 1);
      to[d] = s[d] * s[d + 1];
      to.erase(d + 1);
    }
    return b_.reshape(x, to);
  }
  ValueId slice(ValueId x) {
    const Shape s = type(x).shape;
    Dims start, stride;
    Shape to;
    for (const auto extent : s) {
      if (extent < 2 || pick(2) == 0) {
        start.push_back(0);
        stride.push_back(1);
        to.push_back(extent);
      } else if (pick(3) == 0) {
        start.push_back(extent - 1);
        stride.push_back(-1);
        to.push_back(extent);
      } else {
        start.push_back(upto(extent / 2));
        stride.push_back(1 + upto(1));
        to.push_back((extent - start.back() - 1) / stride.back() + 1);
      }
    }
    return b_.slice(x, start, stride, to);
  }
  ValueId assemble(ValueId x) {
    const Shape s = type(x).shape;
    if (s.empty() || element_count(s) > 3000) return x;
    const ValueId fill = b_.constant(type(x).dtype, 1.0);
    Shape to = s;
    Dims zero(s.size(), 0), one(s.size(), 1), shifted(s.size(), 0);
    const auto d = pick(s.size());
    to[d] = 2 * s[d] + 1;
    shifted[d] = s[d] + 1;
    if (pick(2) == 0) return b_.assemble(to, fill, std::vector{x, x}, {{zero, one}, {shifted, one}}, false);
    one[d] = 2;
    return b_.assemble(to, fill, std::vector{x}, {{zero, one}}, false);
  }

  /// Where the elements of x are at least 1 along dimension rank - 1, of those up to `rank`.
  ValueId positions(ValueId x, std::size_t rank) {
    ValueId mask = mapped(Op::ge, {x, b_.constant(type(x).dtype, 1.0)}, x);
    if (rank == 0 || type(mask).dtype != DType::bool_) return x;
    Dims row;
    for (std::size_t d = rank; d < type(x).shape.size(); ++d) row.push_back(static_cast<std::int64_t>(d));
    return b_.true_positions(row.empty() ? mask : b_.reduce(ir::ReduceOp::max, mask, row), upto(5));
  }
  /// Takes rows of x, and often puts or adds them elsewhere; some indices are out of range, some equal.
  ValueId rows(ValueId x) {
    if (type(x).shape.empty() || element_count(type(x).shape) == 0) return x;
    const auto batch = pick(type(x).shape.size());
    const ValueId at = positions(x, batch + 1);
    if (type(at).shape.size() != batch + 1) return x;
    const ValueId taken = b_.take_rows(x, at, batch);
    if (pick(3) == 0) return taken;
    const ValueId to = pick(2) == 0 ? b_.map(Op::sub, {at, b_.constant(DType::int64, 1.0)}) : b_.map(Op::min, {at, b_.constant(DType::int64, 1.0)});
    const bool add = pick(2) == 0 && type(x).dtype != DType::bool_;
    return b_.put_rows(pick(2) == 0 ? x : b_.broadcast(b_.constant(type(x).dtype, 1.0), type(x).shape, {}), to, taken, {batch, add});
  }

  std::mt19937 random_;
  ir::Builder b_;
  std::vector<Shape> shapes_;
  std::vector<ValueId> values_;
};

}  // namespace fluxion::compiler_test
