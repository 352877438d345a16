// Singular values and vectors.
#include <algorithm>

#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax::linalg {

namespace {

/// gesdd for m x n matrices, with its memory.
template <class T>
class Solver {
  using R = lapack::Real<T>;

 public:
  /// job: 'A' for square factors, 'S' for the first min(m, n) vectors, 'N' for none.
  Solver(int m, int n, char job)
      : m_(m),
        n_(n),
        k_(std::min(m, n)),
        rows_of_vt_(job == 'A' ? n : k_),
        job_(job),
        iwork_(8 * std::int64_t{k_}),
        rwork_(rwork_size()),
        work_(1) {
    T work{};
    call(nullptr, nullptr, nullptr, nullptr, &work, -1);
    lwork_ = std::max(1, asked_size(work));
    work_ = Workspace<T>(lwork_);
  }
  bool operator()(T* a, R* s, T* u, T* vt) { return call(a, s, u, vt, work_, lwork_) == 0; }

 private:
  // What LAPACK's description of the complex routines asks for.
  std::int64_t rwork_size() const {
    const auto mn = std::int64_t{k_}, mx = std::int64_t{std::max(m_, n_)};
    return lapack::is_complex<T> ? std::max(5 * mn * mn + 7 * mn, 2 * mx * mn + 2 * mn * mn + mn) : 1;
  }
  int call(T* a, R* s, T* u, T* vt, T* work, int lwork) {
    int info = 0;
    const int lda = std::max(1, m_), ldvt = std::max(1, rows_of_vt_);
    if constexpr (lapack::is_complex<T>)
      lapack::Routines<T>::gesdd(&job_, &m_, &n_, a, &lda, s, u, &lda, vt, &ldvt, work, &lwork, rwork_, iwork_, &info,
                                 1);
    else
      lapack::Routines<T>::gesdd(&job_, &m_, &n_, a, &lda, s, u, &lda, vt, &ldvt, work, &lwork, iwork_, &info, 1);
    return info;
  }
  int m_, n_, k_, rows_of_vt_;
  char job_;
  int lwork_ = 1;
  Workspace<int> iwork_;
  Workspace<R> rwork_;
  Workspace<T> work_;
};

template <class T>
void fill_identity(T* x, std::int64_t n) {
  fill(x, n * n, T(0));
  for (std::int64_t i = 0; i < n; ++i) x[i * n + i] = T(1);
}

struct SvdPrimitive {
  static constexpr std::string_view name = "svd";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (bool, full_matrices), (bool, compute_uv));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_matrix(name, in[0]);
    const auto& s = in[0].shape;
    const auto m = rows(s), n = columns(s), k = std::min(m, n);
    Avals out{{with_last(leading(s), {k}), real_dtype(in[0].dtype), false}};
    if (!p.compute_uv) return out;
    out.push_back({with_last(leading(s), {m, p.full_matrices ? m : k}), in[0].dtype, false});
    out.push_back({with_last(leading(s), {p.full_matrices ? n : k, n}), in[0].dtype, false});
    return out;
  }

  template <class T>
  static void decompose(std::span<const HostOperand> in, std::span<const HostResult> out, const Params& p) {
    using R = lapack::Real<T>;
    const auto m = extent(name, rows(in[0].shape())), n = extent(name, columns(in[0].shape())), k = std::min(m, n);
    const auto u_columns = p.full_matrices ? m : k, v_rows = p.full_matrices ? n : k;
    const auto size = std::int64_t{m} * n;
    if (k == 0) return empty_factors<T>(in[0], out, p);
    Solver<T> solve(m, n, !p.compute_uv ? 'N' : p.full_matrices ? 'A' : 'S');
    const Workspace<T> a(size), u(p.compute_uv ? std::int64_t{m} * u_columns : 1),
        vt(p.compute_uv ? std::int64_t{n} * v_rows : 1);
    for (std::int64_t i = 0; i < count(in[0]); ++i) {
      const auto* from = stack<const T>(in[0])[i];
      auto* s = stack<R>(out[0], 1)[i];
      to_columns(from, m, n, static_cast<T*>(a), m);
      const bool ok = all_finite(from, size) && solve(a, s, u, vt);
      if (!ok) fill_nan(s, k);
      if (!p.compute_uv) continue;
      if (!ok) {
        fill_nan<T>(u, std::int64_t{m} * u_columns);
        fill_nan<T>(vt, std::int64_t{n} * v_rows);
      }
      to_rows<T>(u, m, m, u_columns, stack<T>(out[1])[i]);
      to_rows<T>(vt, v_rows, v_rows, n, stack<T>(out[2])[i]);
    }
  }
  template <class T>
  static void empty_factors(const HostOperand& a, std::span<const HostResult> out, const Params& p) {
    if (!p.compute_uv || !p.full_matrices) return;
    for (std::int64_t i = 0; i < count(a); ++i) {
      fill_identity(stack<T>(out[1])[i], rows(a.shape()));
      fill_identity(stack<T>(out[2])[i], columns(a.shape()));
    }
  }

  // 1 / x, and 0 where x is 0.
  static Array inverse_or_zero(const Array& x) {
    const auto zeros = convert_element_type(eq(x, constant(x, 0)), x.dtype());
    return sub(div(constant(x, 1), add(x, zeros)), zeros);
  }
  static Array as(const Array& x, DType t) { return x.dtype() == t ? x : convert_element_type(x, t); }

  // The tangents of the vectors, from dS = U^H da V. A tall or wide a moves its vectors out of their span, too.
  static std::pair<Array, Array> vector_tangents(const Array& da, const Array& s, const Array& u, const Array& vh,
                                                 const Array& ds) {
    const auto k = columns(s.shape()), m = rows(u.shape()), n = columns(vh.shape());
    const auto t = da.dtype();
    const auto square = with_last(s.shape(), {k});
    const auto s_j = per_column(s, square), s_i = per_row(s, square);
    const auto eye = identity_like(s_j, k);
    const auto gaps = mul(add(s_j, s_i), sub(s_j, s_i));
    const auto f = as(sub(div(constant(s, 1), add(gaps, eye)), eye), t);
    const auto ss = mul(as(s_j, t), ds), rs = mul(as(s_i, t), ds);
    const auto diagonal_part = mul(mul(constant(ds, 0.5), sub(ds, adjoint(ds))), as(mul(eye, inverse_or_zero(s_j)), t));
    const auto v = adjoint(vh);
    auto du = product(u, add(mul(f, add(ss, adjoint(ss))), diagonal_part));
    auto dv = product(v, mul(f, add(rs, adjoint(rs))));
    if (m > n) {
      const auto dav = product(da, v);
      du = add(du, div(sub(dav, product(u, product(adjoint(u), dav))), as(per_column(s, dav.shape()), t)));
    }
    if (n > m) {
      const auto dahu = product(adjoint(da), u);
      dv = add(dv, div(sub(dahu, product(v, product(vh, dahu))), as(per_column(s, dahu.shape()), t)));
    }
    return {du, adjoint(dv)};
  }

  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto& a = args.primals[0];
    if (p.compute_uv && p.full_matrices && rows(a.shape()) != columns(a.shape()))
      throw UnsupportedError(
          text(name, ": the derivative of ", a.aval(), " needs full_matrices = false; vectors beyond its ",
               std::min(rows(a.shape()), columns(a.shape())), " singular values are not determined"));
    const auto thin = bind_all<SvdPrimitive>({&a, 1}, {false, true});
    const auto &s = thin[0], &u = thin[1], &vh = thin[2];
    const auto ds = product(product(adjoint(u), args.tangents[0]), adjoint(vh));
    const auto values = real_part(diagonal(ds));
    if (!p.compute_uv) return {{s}, {values}};
    const auto [du, dvh] = vector_tangents(args.tangents[0], s, u, vh, ds);
    return {{s, u, vh}, {values, du, dvh}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<SvdPrimitive>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<SvdPrimitive>(b, in, p, [p](auto from, auto to) {
      visit_element(from[0].dtype(), [&]<class T>() { decompose<T>(from, to, p); });
    });
  }
};

}  // namespace

SVD svd(const Array& a, const SVDOptions& options) {
  auto r = bind_all<SvdPrimitive>({&a, 1}, {options.full_matrices, true});
  return {std::move(r[1]), std::move(r[0]), std::move(r[2])};
}

Array svdvals(const Array& a) { return bind_one<SvdPrimitive>({&a, 1}, {false, false}); }

void list_svd(Readables& to) {
  to.push_back(readable<SvdPrimitive>(1));
}

}  // namespace fluxion::lax::linalg
