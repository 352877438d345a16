#include "compiler/interpreter.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <stdexcept>

#include "compiler/executable.hpp"
#include "compiler/layout.hpp"
#include "compiler/planner.hpp"

namespace fluxion::compiler_test {
namespace {

std::size_t unsign(std::int64_t i) { return static_cast<std::size_t>(i); }
std::size_t count(const Shape& s) { return unsign(element_count(s)); }

Dims coordinates(std::int64_t index, const Shape& shape) {
  Dims c(shape.size(), 0);
  for (std::size_t d = shape.size(); d-- > 0;) {
    c[d] = index % shape[d];
    index /= shape[d];
  }
  return c;
}
std::size_t index_of(const Dims& coordinates, const Shape& shape) {
  std::int64_t i = 0;
  for (std::size_t d = 0; d < shape.size(); ++d) i = i * shape[d] + coordinates[d];
  return unsign(i);
}

class Interpreter {
 public:
  Interpreter(const ir::Program& p, const std::vector<Value>& inputs) : p_(p), values_(p.types.size()) {
    for (std::size_t v = 0; v < p.types.size(); ++v) {
      values_[v].type = p.types[v];
      values_[v].bytes.resize(count(p.types[v].shape) * itemsize(p.types[v].dtype));
    }
    for (std::size_t k = 0; k < inputs.size(); ++k) values_[p.inputs[k]].bytes = inputs[k].bytes;
    for (const auto& c : p.constants)
      std::memcpy(values_[c.value].bytes.data(), c.bits.data(), values_[c.value].bytes.size());
  }
  std::vector<Value> run() {
    for (const auto& i : p_.instrs) {
      i_ = &i;
      std::visit(*this, i.action);
    }
    std::vector<Value> out;
    for (const auto v : p_.outputs) out.push_back(values_[v]);
    return out;
  }

  void operator()(const ir::Map& a) {
    const DType t = in(a.op == ir::Op::select ? 1 : 0).type.dtype;
    each_element(kernels::table().elementwise(a.op, t, 0));
  }
  void operator()(const ir::Convert&) { each_element(kernels::table().convert(in(0).type.dtype, out().type.dtype)); }
  void operator()(const ir::Threefry&) { each_element(kernels::table().threefry2x32(0)); }
  void operator()(const ir::Iota& a) {
    const auto kernel = kernels::table().iota(out().type.dtype);
    for (std::size_t e = 0; e < count(out().type.shape); ++e) {
      std::int64_t start = coordinates(static_cast<std::int64_t>(e), out().type.shape)[unsign(a.dimension)];
      void* const args[] = {element(out(), e), &start};
      kernel(args, 1);
    }
  }
  template <class View>
  void operator()(const View& a) {  // by the definition of each view
    for (std::size_t e = 0; e < count(out().type.shape); ++e)
      std::memcpy(element(out(), e), element(in(0), source(a, e)), itemsize(out().type.dtype));
  }
  void operator()(const ir::Reduce& a) {
    const auto& shape = in(0).type.shape;
    const auto rows = count(out().type.shape);
    const std::size_t size = itemsize(out().type.dtype);
    std::vector<std::vector<std::byte>> row(rows);
    for (std::size_t e = 0; e < count(shape); ++e) {
      Dims kept;
      const Dims c = coordinates(static_cast<std::int64_t>(e), shape);
      for (std::size_t d = 0; d < shape.size(); ++d)
        if (std::find(a.axes.begin(), a.axes.end(), static_cast<std::int64_t>(d)) == a.axes.end()) kept.push_back(c[d]);
      auto& to = row[index_of(kept, out().type.shape)];
      to.insert(to.end(), element(in(0), e), element(in(0), e) + size);
    }
    for (std::size_t r = 0; r < rows; ++r) fold(a.op, row[r], element(out(), r));
  }
  void operator()(const ir::ArgMax& a) {
    const auto& shape = in(0).type.shape;
    const Dims strides = compiler::row_major(shape);
    const auto axis = unsign(a.axis);
    const auto size = static_cast<std::int64_t>(itemsize(in(0).type.dtype));
    for (std::size_t e = 0; e < count(out().type.shape); ++e) {
      Dims c = coordinates(static_cast<std::int64_t>(e), out().type.shape);
      c.insert(axis, 0);
      kernels::argmax(in(0).type.dtype)(reinterpret_cast<std::int64_t*>(element(out(), e)),
                                        element(in(0), index_of(c, shape)), 1, unsign(shape[axis]), 1, 0,
                                        strides[axis] * size, 0);
    }
  }
  void operator()(const ir::Dot&) {
    const auto& shape = in(0).type.shape;
    const auto m = shape[shape.size() - 2], k = shape.back(), n = in(1).type.shape.back();
    for (std::int64_t i = 0; i * m * n < element_count(out().type.shape); ++i)
      kernels::gemm(in(0).type.dtype)({element(out(), unsign(i * m * n)), element(in(0), unsign(i * m * k)),
                                       element(in(1), unsign(i * k * n)), unsign(m), unsign(n), unsign(k), k, 1, n, 1,
                                       n});
  }
  void operator()(const ir::Assemble& a) {
    const std::size_t size = itemsize(out().type.dtype);
    for (std::size_t e = 0; e < count(out().type.shape); ++e) std::memcpy(element(out(), e), in(0).bytes.data(), size);
    for (std::size_t k = 0; k < a.pieces.size(); ++k) {
      auto& piece = in(k + 1);
      for (std::size_t e = 0; e < count(piece.type.shape); ++e) {
        Dims c = coordinates(static_cast<std::int64_t>(e), piece.type.shape);
        for (std::size_t d = 0; d < c.size(); ++d) c[d] = a.pieces[k].start[d] + c[d] * a.pieces[k].stride[d];
        std::memcpy(element(out(), index_of(c, out().type.shape)), element(piece, e), size);
      }
    }
  }
  void operator()(const ir::HostCall& a) {
    std::vector<Aval> avals;
    for (const auto v : i_->in) avals.push_back({p_.types[v].shape, p_.types[v].dtype});
    for (const auto v : i_->out) avals.push_back({p_.types[v].shape, p_.types[v].dtype});
    std::vector<HostOperand> in;
    std::vector<HostResult> out;
    for (const auto v : i_->in) in.emplace_back(avals[in.size()], values_[v].bytes.data());
    for (const auto v : i_->out) out.emplace_back(avals[in.size() + out.size()], values_[v].bytes.data());
    (*a.function)(in, out);
  }
  void operator()(const ir::TruePositions&) {
    const auto n = unsign(in(0).type.shape.back()), size = unsign(out().type.shape.back());
    for (std::size_t row = 0; row * size < count(out().type.shape); ++row) {
      std::size_t next = row * size;
      for (std::size_t i = 0; i <= n && next < (row + 1) * size; i += i < n ? 1 : 0) {
        if (i < n && in(0).bytes[row * n + i] == std::byte{0}) continue;
        const auto position = static_cast<std::int64_t>(i);
        std::memcpy(element(out(), next++), &position, sizeof position);
      }
    }
  }
  void operator()(const ir::TakeRows& a) {
    each_row(a.batch, in(0), [&](std::size_t to, std::int64_t i, std::size_t table, std::int64_t n, std::size_t bytes) {
      if (a.wraps && i < 0) i += n;
      if (i_->in.size() == 3 && (i < 0 || i >= n)) {
        const auto size = itemsize(out().type.dtype);
        for (std::size_t at = 0; at < bytes; at += size)
          std::memcpy(out().bytes.data() + to * bytes + at, in(2).bytes.data(), size);
        return;
      }
      const auto from = (table + unsign(std::clamp<std::int64_t>(i, 0, n - 1))) * bytes;
      std::memcpy(out().bytes.data() + to * bytes, in(0).bytes.data() + from, bytes);
    });
  }
  void operator()(const ir::PutRows& a) {
    out() = in(0);
    each_row(a.batch, in(0), [&](std::size_t from, std::int64_t i, std::size_t table, std::int64_t n, std::size_t bytes) {
      if (a.wraps && i < 0) i += n;
      if (a.clips) i = std::clamp<std::int64_t>(i, 0, n - 1);
      if (i < 0 || i >= n) return;
      std::byte* const to = out().bytes.data() + (table + unsign(i)) * bytes;
      std::byte* const row = in(2).bytes.data() + from * bytes;
      void* const args[] = {to, to, row};
      if (a.add) compiler::combining_kernel(ir::ReduceOp::sum, out().type.dtype)(args, bytes / itemsize(out().type.dtype));
      else std::memcpy(to, row, bytes);
    });
  }
  void operator()(const ir::TakeWindow&) {
    each_of_window(out(), 1, [&](std::size_t w, std::size_t x) { move(out(), w, in(0), x); });
  }
  void operator()(const ir::PutWindow&) {
    out() = in(0);
    each_of_window(in(1), 2, [&](std::size_t w, std::size_t x) { move(out(), x, in(1), w); });
  }
  void operator()(const ir::Tape&) { throw std::logic_error("the interpreter knows no tapes"); }
  void operator()(const ir::Cond& a) {
    std::int32_t index;
    std::memcpy(&index, in(0).bytes.data(), sizeof index);
    index = std::clamp(index, 0, static_cast<std::int32_t>(a.branches.size()) - 1);
    give(interpreted(*a.branches[unsign(index)], operands(1, i_->in.size())));
  }
  void operator()(const ir::While& a) {
    const auto consts = a.cond_consts + a.body_consts;
    auto cond = operands(0, a.cond_consts), body = operands(a.cond_consts, consts);
    auto carry = operands(consts, i_->in.size());
    const auto with_carry = [&](std::vector<Value> v) {
      v.insert(v.end(), carry.begin(), carry.end());
      return v;
    };
    while (interpreted(*a.cond, with_carry(cond))[0].bytes[0] != std::byte{0})
      carry = interpreted(*a.body, with_carry(body));
    give(std::move(carry));
  }
  void operator()(const ir::Scan& a) {
    auto args = operands(0, a.consts + a.carry);
    for (std::int64_t round = 0; round < a.length; ++round) {
      const auto at = unsign(a.reverse ? a.length - 1 - round : round);
      args.resize(a.consts + a.carry);
      for (std::size_t k = args.size(); k < i_->in.size(); ++k)
        args.push_back({a.body->types[a.body->inputs[k]], slab(in(k), at, unsign(a.length))});
      const auto results = interpreted(*a.body, args);
      for (std::size_t k = 0; k < results.size(); ++k) {
        const auto& bytes = results[k].bytes;
        if (k < a.carry) args[a.consts + k] = results[k];
        else std::copy(bytes.begin(), bytes.end(), out(k).bytes.begin() + static_cast<std::ptrdiff_t>(at * bytes.size()));
      }
    }
    for (std::size_t k = 0; k < a.carry; ++k) out(k) = args[a.consts + k];
  }

 private:
  std::vector<Value> operands(std::size_t first, std::size_t last) {
    std::vector<Value> v;
    for (; first < last; ++first) v.push_back(in(first));
    return v;
  }
  void give(std::vector<Value> results) {
    for (std::size_t k = 0; k < results.size(); ++k) out(k) = std::move(results[k]);
  }
  static std::vector<std::byte> slab(const Value& v, std::size_t at, std::size_t length) {
    const auto size = static_cast<std::ptrdiff_t>(v.bytes.size() / length), i = static_cast<std::ptrdiff_t>(at);
    return {v.bytes.begin() + i * size, v.bytes.begin() + (i + 1) * size};
  }
  /// Calls f(row among all rows, index, first row of its table, rows of the table, bytes of a row) for each index.
  template <class F>
  void each_row(std::size_t batch, const Value& x, const F& f) {
    const auto n = x.type.shape[batch];
    const auto m = unsign(in(1).type.shape[batch]);
    std::size_t bytes = itemsize(x.type.dtype);
    for (std::size_t d = batch + 1; d < x.type.shape.size(); ++d) bytes *= unsign(x.type.shape[d]);
    for (std::size_t j = 0; j < count(in(1).type.shape); ++j) {
      std::int64_t i = 0;
      if (in(1).type.dtype == DType::int32) {
        std::int32_t narrow;
        std::memcpy(&narrow, element(in(1), j), sizeof narrow);
        i = narrow;
      } else {
        std::memcpy(&i, element(in(1), j), sizeof i);
      }
      f(j, i, j / m * unsign(n), n, bytes);
    }
  }
  /// Calls f(element of the window, element of operand 0 there); the starts are the operands from `first` on.
  template <class F>
  void each_of_window(const Value& window, std::size_t first, const F& f) {
    const auto &x = in(0).type.shape, &w = window.type.shape;
    for (std::size_t e = 0; e < count(w); ++e) {
      Dims c = coordinates(static_cast<std::int64_t>(e), w);
      for (std::size_t d = 0; d < c.size(); ++d) {
        std::int64_t start;
        std::memcpy(&start, in(first + d).bytes.data(), sizeof start);
        c[d] += std::clamp<std::int64_t>(start, 0, x[d] - w[d]);
      }
      f(e, index_of(c, x));
    }
  }
  static void move(Value& to, std::size_t i, Value& from, std::size_t j) {
    std::memcpy(element(to, i), element(from, j), itemsize(to.type.dtype));
  }
  Value& in(std::size_t k) { return values_[i_->in[k]]; }
  Value& out(std::size_t k = 0) { return values_[i_->out[k]]; }
  static std::byte* element(Value& v, std::size_t e) { return v.bytes.data() + e * itemsize(v.type.dtype); }

  void each_element(kernels::Kernel kernel) {
    for (std::size_t e = 0; e < count(out().type.shape); ++e) {
      std::vector<void*> args;
      for (std::size_t k = 0; k < i_->out.size(); ++k) args.push_back(element(out(k), e));
      for (std::size_t k = 0; k < i_->in.size(); ++k) args.push_back(element(in(k), in(k).type.shape.empty() ? 0 : e));
      kernel(args.data(), 1);
    }
  }
  std::size_t source(const ir::Reshape&, std::size_t e) { return e; }
  std::size_t source(const ir::Bitcast&, std::size_t e) { return e; }
  std::size_t source(const ir::Broadcast& a, std::size_t e) {
    const Dims to = coordinates(static_cast<std::int64_t>(e), out().type.shape);
    Dims from;
    for (std::size_t i = 0; i < a.dims.size(); ++i)
      from.push_back(in(0).type.shape[i] == 1 ? 0 : to[unsign(a.dims[i])]);
    return index_of(from, in(0).type.shape);
  }
  std::size_t source(const ir::Transpose& a, std::size_t e) {
    const Dims to = coordinates(static_cast<std::int64_t>(e), out().type.shape);
    Dims from(to.size(), 0);
    for (std::size_t i = 0; i < to.size(); ++i) from[unsign(a.permutation[i])] = to[i];
    return index_of(from, in(0).type.shape);
  }
  std::size_t source(const ir::Slice& a, std::size_t e) {
    Dims c = coordinates(static_cast<std::int64_t>(e), out().type.shape);
    for (std::size_t i = 0; i < c.size(); ++i) c[i] = a.start[i] + c[i] * a.stride[i];
    return index_of(c, in(0).type.shape);
  }
  void fold(ir::ReduceOp op, const std::vector<std::byte>& row, std::byte* to) {
    const DType t = out().type.dtype;
    const std::size_t size = itemsize(t), chunk = kernels::chunk_elements(t), n = row.size() / size;
    std::byte bits[16];
    compiler::identity_bits(op, t, bits);
    std::vector<std::byte> p(std::max<std::size_t>(1, (n + chunk - 1) / chunk) * size);
    if (n == 0) std::memcpy(p.data(), bits, size);
    for (std::size_t c = 0; c * chunk < n; ++c)
      kernels::table().reduce_rows(op, t)(p.data() + c * size, row.data() + c * chunk * size, 1,
                                          std::min(chunk, n - c * chunk));
    for (std::size_t m = p.size() / size; m > 1; m = (m + 1) / 2) {
      for (std::size_t i = 0; i < m / 2; ++i) {
        void* const args[] = {p.data() + i * size, p.data() + 2 * i * size, p.data() + (2 * i + 1) * size};
        compiler::combining_kernel(op, t)(args, 1);
      }
      if (m % 2 != 0) std::memcpy(p.data() + m / 2 * size, p.data() + (m - 1) * size, size);
    }
    std::memcpy(to, p.data(), size);
  }

  const ir::Program& p_;
  std::vector<Value> values_;
  const ir::Instr* i_ = nullptr;
};

template <class T>
bool same_floats(const std::byte* a, const std::byte* b) {
  T x, y;
  std::memcpy(&x, a, sizeof x);
  std::memcpy(&y, b, sizeof y);
  return (std::isnan(x) && std::isnan(y)) || std::memcmp(a, b, sizeof x) == 0;
}

template <class T>
void put(std::byte* to, double v) {
  const auto x = static_cast<T>(v);
  std::memcpy(to, &x, sizeof x);
}

}  // namespace

std::vector<Value> interpreted(const ir::Program& p, const std::vector<Value>& inputs) {
  return Interpreter(p, inputs).run();
}

Array laid_out(const Value& v, Layout layout) {
  const auto& shape = v.type.shape;
  const std::size_t size = itemsize(v.type.dtype);
  const Aval aval{shape, v.type.dtype};
  if (shape.empty() && layout == Layout::row_major) return make_scalar(v.type.dtype, false, v.bytes.data());
  Dims order;
  for (std::size_t d = 0; d < shape.size(); ++d) order.push_back(static_cast<std::int64_t>(d));
  if (layout == Layout::column_major) std::reverse(order.begin(), order.end());
  if (layout == Layout::rotated && !order.empty()) std::rotate(order.begin(), order.begin() + 1, order.end());
  Dims strides = compiler::dense(shape, order);
  const std::int64_t gap = layout == Layout::spaced || layout == Layout::reversed ? 2 : 1;
  for (auto& s : strides) s *= gap;
  auto buffer = allocate(count(shape) * size * 2);
  std::byte* first = buffer.data();
  if (layout == Layout::reversed)
    for (std::size_t d = 0; d < shape.size(); ++d) {
      first += std::max<std::int64_t>(0, shape[d] - 1) * strides[d] * static_cast<std::int64_t>(size);
      strides[d] = -strides[d];
    }
  for (std::size_t e = 0; e < count(shape); ++e) {
    const Dims c = coordinates(static_cast<std::int64_t>(e), shape);
    std::int64_t at = 0;
    for (std::size_t d = 0; d < c.size(); ++d) at += c[d] * strides[d];
    std::memcpy(first + at * static_cast<std::int64_t>(size), v.bytes.data() + e * size, size);
  }
  return make_array(aval, std::move(buffer), first, strides);
}

Value elements_of(const Array& x) {
  const std::size_t size = itemsize(x.dtype());
  Value v{{x.dtype(), x.shape()}, {}};
  const auto& node = *concrete(x);
  for (std::size_t e = 0; e < count(x.shape()); ++e) {
    const Dims c = coordinates(static_cast<std::int64_t>(e), x.shape());
    std::int64_t at = 0;
    for (std::size_t d = 0; d < c.size(); ++d) at += c[d] * node.strides[d];
    const auto* p = node.data + at * static_cast<std::int64_t>(size);
    v.bytes.insert(v.bytes.end(), p, p + size);
  }
  return v;
}

namespace {
bool same_halves(const Value& a, const Value& b) {
  const std::uint16_t infinity = a.type.dtype == DType::float16 ? 0x7c00 : 0x7f80;
  for (std::size_t i = 0; i < a.bytes.size(); i += 2) {
    std::uint16_t x, y;
    std::memcpy(&x, &a.bytes[i], 2);
    std::memcpy(&y, &b.bytes[i], 2);
    const bool both_nan = (x & 0x7fff) > infinity && (y & 0x7fff) > infinity;
    if (x != y && !both_nan) return false;
  }
  return true;
}
}  // namespace

bool same_elements(const Value& a, const Value& b) {
  if (!(a.type == b.type) || a.bytes.size() != b.bytes.size()) return false;
  if (is_half(a.type.dtype)) return same_halves(a, b);
  if (a.type.dtype != DType::float32 && a.type.dtype != DType::float64) return a.bytes == b.bytes;
  const bool single = a.type.dtype == DType::float32;
  const std::size_t size = single ? 4 : 8;
  for (std::size_t i = 0; i < a.bytes.size(); i += size)
    if (!(single ? same_floats<float>(&a.bytes[i], &b.bytes[i]) : same_floats<double>(&a.bytes[i], &b.bytes[i])))
      return false;
  return true;
}

Value random_value(const ir::Type& t, std::mt19937& random) {
  Value v{t, std::vector<std::byte>(count(t.shape) * itemsize(t.dtype))};
  std::normal_distribution<double> normal(0, 2);
  for (std::size_t e = 0; e < count(t.shape); ++e) {
    std::byte* const to = v.bytes.data() + e * itemsize(t.dtype);
    const double x = normal(random);
    switch (t.dtype) {
      case DType::bool_: put<std::uint8_t>(to, x > 0); break;
      case DType::int16: put<std::int16_t>(to, x * 100); break;
      case DType::int32: put<std::int32_t>(to, x * 100); break;
      case DType::int64: put<std::int64_t>(to, x * 100); break;
      case DType::uint32: put<std::uint32_t>(to, x * x * 1e7); break;
      case DType::float32: put<float>(to, x); break;
      default: put<double>(itemsize(t.dtype) < 8 ? throw std::invalid_argument("random_value: its dtype") : to, x);
    }
  }
  return v;
}

std::vector<Value> compiled(const ir::Program& p, const std::vector<Value>& inputs, const std::vector<Layout>& layouts) {
  std::vector<Aval> results;
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype});
  Arrays args, out;
  for (std::size_t k = 0; k < inputs.size(); ++k)
    args.push_back(laid_out(inputs[k], k < layouts.size() ? layouts[k] : Layout::row_major));
  compiler::compile_program(p, results)->run(args, out);
  std::vector<Value> values;
  for (const auto& x : out) values.push_back(elements_of(x));
  return values;
}

namespace {

std::size_t in_place = 0;

bool all_same(const std::vector<Value>& want, const std::vector<Value>& have) {
  for (std::size_t k = 0; k < want.size(); ++k)
    if (!same_elements(want[k], have[k])) return false;
  return true;
}

/// With every third input, starting from `first`, kept and the others free to be written over (all are if it is 3).
bool agrees_in_place(const detail::Executable& e, const std::vector<Value>& inputs, const std::vector<Value>& want, std::size_t first) {
  Arrays args, out;
  std::vector<Fate> fates;
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    args.push_back(laid_out(inputs[k], Layout::row_major));
    fates.push_back(k % 3 == first || args.back().ndim() == 0 ? Fate::kept : Fate::free);
  }
  e.run(args, out, {fates});
  std::vector<Value> have;
  for (const auto& x : out) have.push_back(elements_of(x));
  for (std::size_t k = 0; k < inputs.size(); ++k) {
    in_place += fates[k] == Fate::reused;
    if (fates[k] != Fate::reused && !same_elements(inputs[k], elements_of(args[k]))) return false;
  }
  return all_same(want, have);
}

/// On memory of the caller, which is just as large as it must be.
bool agrees_into(const detail::Executable& e, const std::vector<Value>& inputs, const std::vector<Value>& want) {
  auto have = want;
  for (auto& v : have) std::fill(v.bytes.begin(), v.bytes.end(), std::byte{0x5a});
  struct Here final : Places {
    const std::vector<Value>& in;
    std::vector<Value>& out;
    Here(const std::vector<Value>& i, std::vector<Value>& o) : in(i), out(o) {}
    const void* input(std::size_t k) const override { return in[k].bytes.data(); }
    void* result(std::size_t k) const override { return out[k].bytes.data(); }
  };
  const auto before = inputs;
  e.into().run(Here(inputs, have));
  return all_same(want, have) && all_same(before, inputs);
}

}  // namespace

std::size_t results_in_place() { return in_place; }

bool agrees(const ir::Program& p, const std::vector<Value>& inputs, const std::vector<Layout>& layouts) {
  const auto want = interpreted(p, inputs);
  std::vector<Aval> results;
  for (const auto v : p.outputs) results.push_back({p.types[v].shape, p.types[v].dtype});
  const auto executable = compiler::compile_program(p, results);
  for (std::size_t kept = 0; kept <= 3; ++kept)
    if (!agrees_in_place(*executable, inputs, want, kept)) return false;
  if (!agrees_into(*executable, inputs, want)) return false;
  for (const auto& chosen : {std::vector<Layout>{}, layouts}) {
    const auto have = compiled(p, inputs, chosen);
    for (std::size_t k = 0; k < want.size(); ++k)
      if (!same_elements(want[k], have[k])) return false;
  }
  return true;
}

}  // namespace fluxion::compiler_test
