#include "ir/program.hpp"

#include <algorithm>
#include <sstream>
#include <unordered_set>

#include <fluxion/error.hpp>

namespace fluxion::ir {
namespace {

/// Checks one instruction; every failure names it.
class Checker {
 public:
  Checker(const Program& p, const Instr& i) : p_(p), i_(i) {}

  void operator()(const Map& a) const {
    counts(static_cast<std::size_t>(arity(a.op)), 1);
    const std::size_t branch = a.op == Op::select ? 1 : 0;
    if (a.op == Op::select) require(in(0).dtype == DType::bool_, "the predicate must be bool");
    for (std::size_t k = branch; k < i_.in.size(); ++k)
      require(in(k).dtype == in(branch).dtype, "operands must have one dtype");
    require(out().dtype == result_dtype(a.op, in(branch).dtype), "wrong result dtype");
    elementwise();
  }
  void operator()(const Convert&) const {
    counts(1, 1);
    require(in(0).shape == out().shape, "the shape must stay");
  }
  void operator()(const Iota& a) const {
    counts(0, 1);
    require(a.dimension >= 0 && a.dimension < rank(out()), "no such dimension");
  }
  void operator()(const Threefry&) const {
    counts(4, 2);
    for (std::size_t k = 0; k < 4; ++k) require(in(k).dtype == DType::uint32, "operands must be uint32");
    require(out(0) == out(1) && out().dtype == DType::uint32, "wrong result type");
    elementwise();
  }
  void operator()(const Broadcast& a) const {
    view();
    require(a.dims.size() == in(0).shape.size(), "one result dimension per operand dimension is needed");
    for (std::size_t k = 0; k < a.dims.size(); ++k) {
      require(a.dims[k] >= 0 && a.dims[k] < rank(out()), "no such dimension");
      require(in(0).shape[k] == 1 || in(0).shape[k] == out().shape[at(a.dims[k])], "extents must agree or be 1");
      for (std::size_t l = 0; l < k; ++l) require(a.dims[l] != a.dims[k], "a dimension is named twice");
    }
  }
  void operator()(const Transpose& a) const {
    view();
    require(rank(out()) == rank(in(0)) && a.permutation.size() == out().shape.size(), "wrong rank");
    Dims seen(out().shape.size(), 0);
    for (std::size_t k = 0; k < a.permutation.size(); ++k) {
      const auto d = a.permutation[k];
      require(d >= 0 && d < rank(in(0)) && seen[at(d)]++ == 0, "not a permutation");
      require(out().shape[k] == in(0).shape[at(d)], "wrong result shape");
    }
  }
  void operator()(const Reshape&) const {
    view();
    require(element_count(in(0).shape) == element_count(out().shape), "the number of elements must stay");
  }
  void operator()(const Slice& a) const {
    view();
    const auto& from = in(0).shape;
    const auto& to = out().shape;
    require(to.size() == from.size() && a.start.size() == from.size() && a.stride.size() == from.size(), "wrong rank");
    if (element_count(to) == 0) return;
    for (std::size_t d = 0; d < from.size(); ++d) {
      const auto last = a.start[d] + (to[d] - 1) * a.stride[d];
      require(a.start[d] >= 0 && a.start[d] < from[d] && last >= 0 && last < from[d], "outside of the operand");
    }
  }
  void operator()(const Bitcast&) const {
    counts(1, 1);
    require(in(0).shape == out().shape && itemsize(in(0).dtype) == itemsize(out().dtype), "element sizes must agree");
  }
  void operator()(const Reduce& a) const {
    counts(1, 1);
    require(in(0).dtype == out().dtype, "the dtype must stay");
    Dims kept;
    std::size_t reduced = 0;
    for (std::size_t d = 0; d < in(0).shape.size(); ++d) {
      std::size_t named = 0;
      for (const auto axis : a.axes) named += axis == static_cast<std::int64_t>(d);
      require(named <= 1, "an axis is named twice");
      reduced += named;
      if (named == 0) kept.push_back(in(0).shape[d]);
    }
    require(reduced == a.axes.size() && out().shape == kept, "wrong result shape");
  }
  void operator()(const ArgMax& a) const {
    counts(1, 1);
    require(a.axis >= 0 && a.axis < rank(in(0)), "no such axis");
    Dims kept = in(0).shape;
    kept.erase(at(a.axis));
    require(out().shape == kept && out().dtype == DType::int64, "wrong result type");
  }
  void operator()(const Dot&) const {
    counts(2, 1);
    const Shape &a = in(0).shape, &b = in(1).shape;
    require(in(0).dtype == in(1).dtype && in(0).dtype == out().dtype, "dtypes must agree");
    const std::size_t r = a.size();
    const Shape& c = out().shape;
    const bool fits = r >= 2 && b.size() == r && c.size() == r && std::equal(a.begin(), a.end() - 2, b.begin()) &&
                      std::equal(a.begin(), a.end() - 1, c.begin()) && a[r - 1] == b[r - 2] && c[r - 1] == b[r - 1];
    require(fits, "shapes must be (.., m, k) (.., k, n) -> (.., m, n)");
  }
  void operator()(const Assemble& a) const {
    require(i_.out.size() == 1 && i_.in.size() == a.pieces.size() + 1, "wrong number of operands");
    require(in(0).shape.empty(), "the fill value must be a scalar");
    for (std::size_t k = 0; k < a.pieces.size(); ++k) {
      const auto& piece = in(k + 1);
      const auto& place = a.pieces[k];
      require(piece.dtype == out().dtype && in(0).dtype == out().dtype, "dtypes must agree");
      require(rank(piece) == rank(out()) && place.start.size() == out().shape.size() &&
                  place.stride.size() == out().shape.size(), "wrong rank");
      if (element_count(piece.shape) == 0) continue;
      for (std::size_t d = 0; d < piece.shape.size(); ++d)
        require(place.start[d] >= 0 && place.stride[d] > 0 &&
                    place.start[d] + (piece.shape[d] - 1) * place.stride[d] < out().shape[d], "a piece sticks out");
    }
  }
  void operator()(const HostCall& a) const { require(a.function != nullptr, "a function is needed"); }
  void operator()(const TruePositions&) const {
    counts(1, 1);
    require(in(0).dtype == DType::bool_ && out().dtype == DType::int64, "a mask becomes int64");
    require(rank(in(0)) > 0 && leading(in(0), in(0).shape.size() - 1) == leading(out(), in(0).shape.size() - 1) &&
                rank(out()) == rank(in(0)), "all extents but the last must stay");
  }
  void operator()(const TakeRows& a) const {
    counts(i_.in.size() == 3 ? 3 : 2, 1);
    if (i_.in.size() == 3) require(in(2) == Type{in(0).dtype, {}}, "the fill value must be a scalar of the dtype");
    rows(a.batch, out());
    require(in(0).shape[a.batch] > 0 || in(1).shape[a.batch] == 0, "there is no row to take");
  }
  void operator()(const PutRows& a) const {
    counts(3, 1);
    rows(a.batch, in(2));
    require(out() == in(0), "the type must stay");
  }
  void operator()(const TakeWindow&) const {
    window(out(), 1);
  }
  void operator()(const PutWindow&) const {
    require(i_.in.size() >= 2, "wrong number of operands");
    window(in(1), 2);
    require(out() == in(0), "the type must stay");
  }
  void operator()(const Tape& a) const {
    const bool reads = a.kind == Tape::Kind::read, folds = a.kind == Tape::Kind::fold;
    require(!i_.in.empty() && is_tape(in(0).dtype), "operand 0 must be a tape");
    if (!reads) {
      counts(a.kind == Tape::Kind::push ? i_.in.size() : folds ? 1 : 2, 1);
      Shape kept = in(0).shape;
      if (folds) kept.erase(0);
      require(is_tape(out().dtype) && out().shape == kept, "wrong result type");
    }
    if (a.kind == Tape::Kind::add) require(in(1) == in(0), "operands must have one type");
    if (folds || a.kind == Tape::Kind::add) return;
    require(i_.in.size() >= 2 && in(1) == Type{DType::int64, in(0).shape}, "the index must be i64 of the tape's shape");
    for (std::size_t k = 0; reads && k < i_.out.size(); ++k) recorded(out(k));
    for (std::size_t k = 2; k < i_.in.size(); ++k) recorded(in(k));
  }
  void operator()(const Cond& a) const {
    require(!a.branches.empty() && !i_.in.empty(), "an index and a branch are needed");
    require(in(0) == Type{DType::int32, {}}, "the index must be i32[]");
    for (const auto& branch : a.branches) {
      held(branch, {1, i_.in.size()});
      require(branch->outputs.size() == i_.out.size(), "branches must have the results");
      for (std::size_t k = 0; k < i_.out.size(); ++k)
        require(result(*branch, k) == out(k), "branches must have the results");
    }
  }
  void operator()(const While& a) const {
    const std::size_t consts = a.cond_consts + a.body_consts;
    require(i_.in.size() == consts + i_.out.size(), "wrong number of operands or results");
    held(a.cond, {0, a.cond_consts}, {consts, i_.in.size()});
    require(a.cond->outputs.size() == 1 && result(*a.cond, 0) == Type{DType::bool_, {}}, "cond must give bool[]");
    held(a.body, {a.cond_consts, i_.in.size()});
    carries(*a.body, consts, i_.out.size());
  }
  void operator()(const Scan& a) const {
    const std::size_t xs = a.consts + a.carry;
    require(a.length >= 0 && i_.in.size() >= xs && i_.out.size() >= a.carry, "wrong number of operands or results");
    require(a.body != nullptr && a.body->inputs.size() == i_.in.size(), "a held program has other inputs");
    for (std::size_t k = 0; k < i_.in.size(); ++k) {
      const Type& t = a.body->types[a.body->inputs[k]];
      require(in(k) == (k < xs ? t : stacked(t, a.length)), "a held program has other inputs");
    }
    carries(*a.body, a.consts, a.carry);
    for (std::size_t k = a.carry; k < i_.out.size(); ++k)
      require(out(k) == stacked(result(*a.body, k), a.length), "ys must be the body's results, stacked");
  }

 private:
  /// Operands [first, last).
  struct Range { std::size_t first, last; };

  static Shape leading(const Type& t, std::size_t n) { return Shape(t.shape.data(), std::min(n, t.shape.size())); }
  /// Operand 1 holds indices of rows of operand 0, which `rows` has.
  void rows(std::size_t batch, const Type& rows) const {
    const auto &x = in(0), &indices = in(1);
    require(indices.dtype == DType::int64 || indices.dtype == DType::int32, "indices must be int64 or int32");
    require(indices.shape.size() == batch + 1 && x.shape.size() > batch && leading(x, batch) == leading(indices, batch), "wrong rank or batch extents");
    Type want = x;
    want.shape[batch] = indices.shape[batch];
    require(rows == want, "rows must be those of the operand");
  }
  /// A window of operand 0 whose starts are the operands from `first` on.
  void window(const Type& w, std::size_t first) const {
    const auto& x = in(0);
    counts(first + x.shape.size(), 1);
    require(w.dtype == x.dtype && w.shape.size() == x.shape.size(), "the window must have the operand's dtype and rank");
    for (std::size_t d = 0; d < x.shape.size(); ++d) {
      require(w.shape[d] <= x.shape[d], "the window must fit");
      require(in(first + d) == Type{DType::int64, {}}, "starts must be i64[]");
    }
  }
  /// A value of a record: the tape's axes lead.
  void recorded(const Type& t) const {
    const auto& lead = in(0).shape;
    require(t.shape.size() >= lead.size() && Shape(t.shape.data(), lead.size()) == lead, "the tape's axes must lead");
  }
  static Type stacked(Type t, std::int64_t length) {
    t.shape.insert(0, length);
    return t;
  }
  static const Type& result(const Program& p, std::size_t k) { return p.types[p.outputs[k]]; }
  /// A held program takes the operands of both ranges.
  void held(const ProgramPtr& p, Range a, Range b = {0, 0}) const {
    const std::size_t n = a.last - a.first;
    require(p != nullptr && p->inputs.size() == n + b.last - b.first, "a held program has other inputs");
    for (std::size_t k = 0; k < p->inputs.size(); ++k)
      require(p->types[p->inputs[k]] == in(k < n ? a.first + k : b.first + k - n), "a held program has other inputs");
  }
  /// Operands [first, first + n), the body's first n results and the results have the same types.
  void carries(const Program& body, std::size_t first, std::size_t n) const {
    require(body.outputs.size() == i_.out.size(), "the body must have the results");
    for (std::size_t k = 0; k < n; ++k)
      require(result(body, k) == in(first + k) && out(k) == in(first + k), "the carry's types must stay");
  }
  static std::size_t at(std::int64_t i) { return static_cast<std::size_t>(i); }
  static std::int64_t rank(const Type& t) { return static_cast<std::int64_t>(t.shape.size()); }
  const Type& in(std::size_t k) const { return p_.types[i_.in[k]]; }
  const Type& out(std::size_t k = 0) const { return p_.types[i_.out[k]]; }

  void counts(std::size_t n_in, std::size_t n_out) const {
    require(i_.in.size() == n_in && i_.out.size() == n_out, "wrong number of operands or results");
  }
  void view() const {
    counts(1, 1);
    require(in(0).dtype == out().dtype, "the dtype must stay");
  }
  void elementwise() const {
    for (std::size_t k = 0; k < i_.in.size(); ++k)
      require(in(k).shape.empty() || in(k).shape == out().shape, "operands must have the result's shape or rank 0");
  }
  void require(bool ok, const char* what) const {
    if (ok) return;
    std::ostringstream message;
    message << "ir: " << what << " in " << i_;
    for (const ValueId v : i_.in) message << ", %" << v << " is " << Aval{p_.types[v].shape, p_.types[v].dtype};
    for (const ValueId v : i_.out) message << ", %" << v << " becomes " << Aval{p_.types[v].shape, p_.types[v].dtype};
    throw InternalError(message.str());
  }

  const Program& p_;
  const Instr& i_;
};

[[noreturn]] void undefined(ValueId v, const Instr* i) {
  std::ostringstream message;
  message << "ir: %" << v << " is used before it is defined, or defined twice";
  if (i != nullptr) message << ", in " << *i;
  throw InternalError(message.str());
}

[[noreturn]] void effect_unknown(const Instr& i) {
  std::ostringstream message;
  message << "ir: the program does not know the effect of " << i;
  throw InternalError(message.str());
}

/// Checks programs, each that is held in several places once.
class Verifier {
 public:
  void verify(const Program& p) {
    std::vector<char> defined(p.types.size(), 0);
    const auto define = [&](ValueId v, const Instr* i) {
      if (v >= defined.size() || defined[v]++ != 0) undefined(v, i);
    };
    const auto use = [&](ValueId v, const Instr* i) {
      if (v >= defined.size() || defined[v] == 0) undefined(v, i);
    };
    for (const ValueId v : p.inputs) define(v, nullptr);
    for (const auto& c : p.constants) define(c.value, nullptr);
    for (const auto& i : p.instrs) {
      for (const ValueId v : i.in) use(v, &i);
      for (const ValueId v : i.out) define(v, &i);
      for (const auto* held : held_programs(i.action))
        if (*held != nullptr && seen_.insert(held->get()).second) verify(**held);
      std::visit(Checker(p, i), i.action);
      if (effect_of(i.action) > p.effect) effect_unknown(i);
    }
    for (const ValueId v : p.outputs) use(v, nullptr);
  }

 private:
  std::unordered_set<const Program*> seen_;
};

}  // namespace

void verify(const Program& p) { Verifier().verify(p); }

}  // namespace fluxion::ir
