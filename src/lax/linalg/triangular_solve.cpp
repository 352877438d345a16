// Triangular systems: small ones side by side, others by BLAS.
#include <algorithm>
#include <cstring>

#include "core/dense.hpp"
#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax::linalg {

namespace {

struct Params_ {
  BOOST_HANA_DEFINE_STRUCT(Params_, (bool, left_side), (bool, lower), (bool, transpose_a), (bool, conjugate_a),
                           (bool, unit_diagonal));
};

// How BLAS is asked. Its matrices are the transposes of row-major ones.
struct Question {
  const char *triangle, *turn, *diagonal;
  bool forward;  // the first unknowns are found first
};
Question question(const Params_& p, bool turned) {
  return {p.lower ? "U" : "L", turned ? "T" : "N", p.unit_diagonal ? "U" : "N", p.lower != turned};
}

// op(a) x = b for one vector: a routine for many packs all of a.
template <class T>
void solve_vector(const T* a, int n, T* x, const Question& q) {
  const int one = 1;
  lapack::Routines<T>::trsv(q.triangle, *q.turn == 'T' ? "N" : "T", q.diagonal, &n, a, &n, x, &one, 1, 1, 1);
}

// The blocks on the diagonal.
template <class T>
void solve_block(const T* a, int n, int order, T* x, int m, const Question& q) {
  if constexpr (lapack::is_complex<T>) {
    const T one = 1;
    lapack::Routines<T>::trsm("R", q.triangle, q.turn, q.diagonal, &m, &n, &one, a, &order, x, &m, 1, 1, 1, 1);
  } else {
    constexpr DType t = sizeof(T) == sizeof(float) ? DType::float32 : DType::float64;
    dense::substitute({t, n, m, order, false, *q.turn == 'T', q.forward, *q.diagonal == 'U'}, a, x, x);
  }
}
template <class T> int most_of_block(int n) {
  if constexpr (lapack::is_complex<T>) return n <= 256 ? 32 : 64;
  constexpr DType t = sizeof(T) == sizeof(float) ? DType::float32 : DType::float64;
  return static_cast<int>(dense::substituted_order(t));
}

// op(a) x = b for x of n x m.
template <class T>
void solve_blocks(const T* a, int n, T* x, int m, const Question& q) {
  const std::ptrdiff_t order = n, row = m;
  const int block = most_of_block<T>(n);
  const T one = 1, minus = -1;
  for (int done = 0, w = 0; done < n; done += w) {
    w = std::min(block, n - done);
    const std::ptrdiff_t at = q.forward ? done : n - done - w, known = q.forward ? 0 : at + w;
    const T* const on = a + at * (order + 1);
    const T* const beside = a + (*q.turn == 'T' ? known * order + at : at * order + known);
    const T* const found = x + known * row;
    T* const wanted = x + at * row;
    if (done > 0)
      lapack::Routines<T>::gemm("N", q.turn, &m, &w, &done, &minus, found, &m, beside, &n, &one, wanted, &m, 1, 1);
    solve_block(on, w, n, wanted, m, q);
  }
}

template <class T>
void solve_stack(std::span<const HostOperand> in, std::span<const HostResult> out, const Params_& p) {
  const auto n = extent("triangular_solve", columns(in[0].shape()));
  const auto r = extent("triangular_solve", rows(in[1].shape())),
             c = extent("triangular_solve", columns(in[1].shape()));
  const int m = p.left_side ? c : r;
  if (dense::side_by_side(in[0].dtype(), n, m))
    return dense::triangular_solve({in[0].dtype(), n, count(in[0])},
                                   {m, p.left_side, p.lower, p.transpose_a, p.unit_diagonal}, in[0].bytes(),
                                   in[1].bytes(), out[0].bytes());
  const auto a_size = static_cast<std::int64_t>(n) * n, x_size = static_cast<std::int64_t>(n) * m;
  const auto as = stack<const T>(in[0]), bs = stack<const T>(in[1]);
  const auto xs = stack<T>(out[0]);
  // x op(a) = b is op(a)^T x^T = b^T.
  const auto q = question(p, p.left_side ? p.transpose_a : !p.transpose_a);
  const bool turned = !p.left_side && m != 1;
  if (m != 1 && n <= dense::substituted_order(in[0].dtype())) {
    const bool transpose = *q.turn == 'T';
    for (std::int64_t i = 0; x_size > 0 && i < count(in[0]); ++i)
      dense::substitute({in[0].dtype(), n, m, n, turned, transpose, q.forward, p.unit_diagonal}, as[i], bs[i], xs[i]);
    return;
  }
  const bool a_there = as.aligned(count(in[0])) && !p.conjugate_a, x_there = xs.aligned(count(in[0])) && !turned;
  const Workspace<T> a_aside(a_there ? 0 : a_size), x_aside(x_there ? 0 : x_size);
  const auto bytes = [](std::int64_t size) { return sizeof(T) * static_cast<std::size_t>(size); };
  for (std::int64_t i = 0; x_size > 0 && i < count(in[0]); ++i) {
    T* const x = x_there ? xs[i] : x_aside;
    if (!a_there) std::memcpy(a_aside, as[i], bytes(a_size));
    if constexpr (lapack::is_complex<T>)
      for (std::int64_t k = 0; p.conjugate_a && k < a_size; ++k) a_aside[k] = std::conj(a_aside[k]);
    if (turned) dense::transpose(bs[i], r, c, sizeof(T), x);
    else std::memcpy(x, bs[i], bytes(x_size));
    const T* const a = a_there ? as[i] : a_aside;
    if (m == 1) solve_vector(a, n, x, q);
    else solve_blocks(a, n, x, m, q);
    if (turned) dense::transpose(x, c, r, sizeof(T), xs[i]);
    else if (!x_there) std::memcpy(xs[i], x, bytes(x_size));
  }
}

class SolveStack final : public dense::Substitution {
 public:
  explicit SolveStack(const Params_& p)
      : Substitution({p.left_side, p.lower, p.transpose_a, p.conjugate_a, p.unit_diagonal}), p_(p) {}
  std::string name() const override { return "triangular_solve"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    visit_element(out[0].dtype(), [&]<class T>() { solve_stack<T>(in, out, p_); });
  }

 private:
  Params_ p_;
};

struct TriangularSolve {
  static constexpr std::string_view name = "triangular_solve";
  using Params = Params_;
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_square(name, in[0]);
    check_matrix(name, in[1]);
    if (in[0].dtype != in[1].dtype)
      throw TypeError(
          text(name, ": operands must have equal dtypes, got ", in[0], " and ", in[1], "; convert one with astype"));
    const auto n = p.left_side ? rows(in[1].shape) : columns(in[1].shape);
    if (leading(in[0].shape) != leading(in[1].shape) || n != rows(in[0].shape))
      throw TypeError(text(name, ": leading axes and the system's order must agree, got ", in[0], " and ", in[1],
                           p.left_side ? " on its right" : " on its left", "; broadcast or transpose an operand"));
    return {{in[1].shape, in[1].dtype, false}};
  }

  static Array solve(const Array& a, const Array& b, const Params& p) {
    const Array args[] = {a, b};
    return bind_one<TriangularSolve>(args, p);
  }

  // -a^-1 da x, or -x da a^-1, in the cheaper order.
  static Array tangent_of_a(const Array& da, const Array& x, const Array& a, const Params& p) {
    const std::int64_t k = p.unit_diagonal ? 1 : 0;
    auto g = neg(p.lower ? lower_part(da, -k) : upper_part(da, k));
    if (p.transpose_a) g = swapped(g);
    if (p.conjugate_a) g = conjugated(g);
    const auto m = rows(x.shape()), n = columns(x.shape());
    if (p.left_side) return m > n ? solve(a, product(g, x), p) : product(solve(a, g, p), x);
    return m < n ? solve(a, product(x, g), p) : product(x, solve(a, g, p));
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto& a = args.primals[0];
    const auto x = bind_one<TriangularSolve>(args.primals, p);
    Array dx;
    if (!args.tangents[0].is_empty_handle()) dx = tangent_of_a(args.tangents[0], x, a, p);
    if (!args.tangents[1].is_empty_handle()) dx = ops::add_tangents(dx, solve(a, args.tangents[1], p));
    return {{x}, {dx}};
  }

  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    if (args.operands[0].linear())
      detail::throw_no_transpose(define<TriangularSolve>(), "it is linear in the right-hand side only");
    auto q = p;
    q.transpose_a = !p.transpose_a;
    return {Array(), solve(args.operands[0].value, args.cotangents[0], q)};
  }

  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<TriangularSolve>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_call<TriangularSolve>(b, in, p, std::make_shared<const SolveStack>(p));
  }
};

}  // namespace

Array triangular_solve(const Array& a, const Array& b, const TriangularOptions& options) {
  const Params_ p{options.left_side, options.lower, options.transpose_a, options.conjugate_a && is_complex(a.dtype()),
                  options.unit_diagonal};
  if (b.ndim() + 1 != a.ndim() || b.ndim() == 0) return TriangularSolve::solve(a, b, p);
  auto shape = b.shape();
  shape.insert(options.left_side ? shape.size() : shape.size() - 1, 1);
  return reshape(TriangularSolve::solve(a, reshape(b, shape), p), b.shape());
}

void list_triangular_solve(Readables& to) {
  to.push_back(readable<TriangularSolve>(2));
}

}  // namespace fluxion::lax::linalg
