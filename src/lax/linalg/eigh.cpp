// Eigenvalues of symmetric and Hermitian matrices.
#include <algorithm>

#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax::linalg {

namespace {

/// syevd and heevd for matrices of order n, with their memory.
template <class T>
class Solver {
  using R = lapack::Real<T>;

 public:
  Solver(int n, bool lower) : n_(n), uplo_(lower ? "L" : "U"), work_(1), rwork_(1), iwork_(1) {
    T work{};
    R rwork{};
    int iwork = 0;
    call(nullptr, nullptr, &work, -1, &rwork, -1, &iwork, -1);
    lwork_ = std::max(1, asked_size(work));
    lrwork_ = std::max(1, static_cast<int>(rwork));
    liwork_ = std::max(1, iwork);
    work_ = Workspace<T>(lwork_);
    rwork_ = Workspace<R>(lrwork_);
    iwork_ = Workspace<int>(liwork_);
  }
  /// False if it did not converge.
  bool operator()(T* a, R* w) { return call(a, w, work_, lwork_, rwork_, lrwork_, iwork_, liwork_) == 0; }

 private:
  int call(T* a, R* w, T* work, int lwork, [[maybe_unused]] R* rwork, [[maybe_unused]] int lrwork, int* iwork,
           int liwork) {
    int info = 0;
    const int lda = std::max(1, n_);
    if constexpr (lapack::is_complex<T>)
      lapack::Routines<T>::syevd("V", uplo_, &n_, a, &lda, w, work, &lwork, rwork, &lrwork, iwork, &liwork, &info, 1,
                                 1);
    else
      lapack::Routines<T>::syevd("V", uplo_, &n_, a, &lda, w, work, &lwork, iwork, &liwork, &info, 1, 1);
    return info;
  }
  int n_;
  const char* uplo_;
  int lwork_ = 1, lrwork_ = 1, liwork_ = 1;
  Workspace<T> work_;
  Workspace<R> rwork_;
  Workspace<int> iwork_;
};

// Whether the triangle that is read is finite.
template <class T>
bool triangle_finite(const T* a, std::int64_t n, bool lower) {
  bool finite = true;
  for (std::int64_t r = 0; r < n; ++r)
    finite = finite && (lower ? all_finite(a + r * n, r + 1) : all_finite(a + r * n + r, n - r));
  return finite;
}

template <class T>
void decompose(std::span<const HostOperand> in, std::span<const HostResult> out, bool lower) {
  using R = lapack::Real<T>;
  const auto n = extent("eigh", columns(in[0].shape()));
  const auto size = std::int64_t{n} * n;
  const auto from = stack<const T>(in[0]);
  const auto v = stack<T>(out[0]);
  const auto w = stack<R>(out[1], 1);
  if (n == 0) return;
  Solver<T> solve(n, lower);
  const Workspace<T> a(size);
  for (std::int64_t i = 0; i < count(in[0]); ++i) {
    to_columns(from[i], n, n, static_cast<T*>(a), n);
    if (triangle_finite(from[i], n, lower) && solve(a, w[i])) {
      to_rows<T>(a, n, n, n, v[i]);
    } else {
      fill_nan(v[i], size);
      fill_nan(w[i], n);
    }
  }
}

struct EighPrimitive {
  static constexpr std::string_view name = "eigh";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (bool, lower));
  };
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_square(name, in[0]);
    const auto& s = in[0].shape;
    return {{s, in[0].dtype, false}, {leading(s, 1), real_dtype(in[0].dtype), false}};
  }
  // dw = diag(V^H da V), dV = V (F * V^H da V), F = 1 / (w_j - w_i) off the diagonal.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    auto results = bind_all<EighPrimitive>(args.primals, p);
    const auto& v = results[0];
    const auto& w = results[1];
    const auto eye = identity_like(per_row(w, v.shape()), columns(v.shape()));
    const auto gaps = sub(add(eye, per_column(w, v.shape())), per_row(w, v.shape()));
    const auto real_f = sub(integer_pow(gaps, -1), eye);
    const auto f = real_f.dtype() == v.dtype() ? real_f : convert_element_type(real_f, v.dtype());
    const auto inner = product(product(adjoint(v), args.tangents[0]), v);
    return {std::move(results), {product(v, mul(f, inner)), real_part(diagonal(inner))}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<EighPrimitive>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<EighPrimitive>(b, in, p, [p](auto from, auto to) {
      visit_element(to[0].dtype(), [&]<class T>() { decompose<T>(from, to, p.lower); });
    });
  }
};

}  // namespace

Eigh eigh(const Array& a, const EighOptions& options) {
  check_square(EighPrimitive::name, a.aval());
  const auto x = options.symmetrize_input ? hermitian_part(a) : a;
  auto r = bind_all<EighPrimitive>({&x, 1}, {options.lower});
  return {std::move(r[0]), std::move(r[1])};
}

void list_eigh(Readables& to) {
  to.push_back(readable<EighPrimitive>(1));
}

}  // namespace fluxion::lax::linalg
