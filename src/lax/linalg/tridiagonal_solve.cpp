// Tridiagonal systems.
#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax::linalg {

namespace {

template <class T>
void solve_stack(std::span<const HostOperand> in, std::span<const HostResult> out) {
  const auto m = extent("tridiagonal_solve", rows(in[3].shape())),
             k = extent("tridiagonal_solve", columns(in[3].shape()));
  if (m == 0 || k == 0) return;
  const Workspace<T> below(m), d(m), above(m), x(std::int64_t{m} * k);
  for (std::int64_t i = 0; i < count(in[3]); ++i) {
    std::memcpy(below, stack<const T>(in[0], 1)[i] + 1, sizeof(T) * static_cast<std::size_t>(m - 1));
    std::memcpy(d, stack<const T>(in[1], 1)[i], sizeof(T) * static_cast<std::size_t>(m));
    std::memcpy(above, stack<const T>(in[2], 1)[i], sizeof(T) * static_cast<std::size_t>(m - 1));
    to_columns(stack<const T>(in[3])[i], m, k, static_cast<T*>(x), m);
    int info = 0;
    lapack::Routines<T>::gtsv(&m, &k, below, d, above, x, &m, &info);
    if (info != 0) fill_nan<T>(x, std::int64_t{m} * k);
    to_rows<T>(x, m, m, k, stack<T>(out[0])[i]);
  }
}

// x with zeros in the place of what is not read: the first element of the lower, the last of the upper diagonal.
Array without(const Array& x, std::int64_t i) {
  const auto n = columns(x.shape());
  if (n == 0) return x;
  const auto at = iota(DType::int64, x.shape(), x.ndim() - 1);
  const auto skip = eq(at, convert_element_type(full({}, Array(i)), DType::int64));
  return select_n(skip, x, ops::zeros_like_aval(x.aval()));
}

// Moved along the last (second to last) axis by one place, with zeros coming in.
Array moved(const Array& x, std::int64_t from_the_end, std::int64_t by) {
  std::vector<Padding> config(x.shape().size());
  auto& p = config[config.size() - static_cast<std::size_t>(from_the_end)];
  p.low = by;
  p.high = -by;
  return pad(x, constant(x, 0), config);
}

struct TridiagonalSolve {
  static constexpr std::string_view name = "tridiagonal_solve";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    for (const auto& a : in) check_element(name, a);
    check_matrix(name, in[3]);
    const Aval want{leading(in[3].shape, 1), in[3].dtype};
    for (std::size_t i = 0; i < 3; ++i)
      if (!same_type(in[i], want))
        throw TypeError(text(name, ": three diagonals ", want, " are required for the right-hand side ", in[3],
                             ", got ", in[i], "; broadcast or convert it"));
    return {{in[3].shape, in[3].dtype, false}};
  }
  static Array solve(const Array& dl, const Array& d, const Array& du, const Array& b) {
    const Array args[] = {dl, d, du, b};
    return bind_one<TridiagonalSolve>(args, {});
  }
  // A x = b, so A dx = db - dA x.
  static JvpOut jvp(const JvpArgs& args, const Params&) {
    const auto &p = args.primals, &t = args.tangents;
    const auto x = solve(p[0], p[1], p[2], p[3]);
    Array dax;
    if (!t[0].is_empty_handle()) dax = mul(per_row(t[0], x.shape()), moved(x, 2, 1));
    if (!t[1].is_empty_handle()) dax = ops::add_tangents(dax, mul(per_row(t[1], x.shape()), x));
    if (!t[2].is_empty_handle()) dax = ops::add_tangents(dax, mul(per_row(t[2], x.shape()), moved(x, 2, -1)));
    auto rhs = dax.is_empty_handle() ? t[3] : ops::add_tangents(t[3], neg(dax));
    return {{x}, {solve(p[0], p[1], p[2], rhs)}};
  }
  // The transpose has the diagonals exchanged, each moved by one place.
  static Arrays transpose(const TransposeArgs& args, const Params&) {
    for (std::size_t i = 0; i < 3; ++i)
      if (args.operands[i].linear())
        detail::throw_no_transpose(define<TridiagonalSolve>(), "it is linear in the right-hand side only");
    const auto &dl = args.operands[0].value, &d = args.operands[1].value, &du = args.operands[2].value;
    const auto n = columns(d.shape());
    return {Array(), Array(), Array(),
            solve(moved(without(du, n - 1), 1, 1), d, moved(without(dl, 0), 1, -1), args.cotangents[0])};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<TridiagonalSolve>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<TridiagonalSolve>(b, in, p, [](auto from, auto to) {
      visit_element(to[0].dtype(), [&]<class T>() { solve_stack<T>(from, to); });
    });
  }
};

}  // namespace

Array tridiagonal_solve(const Array& dl, const Array& d, const Array& du, const Array& b) {
  return TridiagonalSolve::solve(dl, d, du, b);
}

void list_tridiagonal_solve(Readables& to) {
  to.push_back(readable<TridiagonalSolve>(4));
}

}  // namespace fluxion::lax::linalg
