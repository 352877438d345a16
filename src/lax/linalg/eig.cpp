// Eigenvalues of general matrices: complex results, whatever the operand.
#include <algorithm>

#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax::linalg {

namespace {

template <class T>
using ComplexOf = std::complex<lapack::Real<T>>;

// What a real routine says of vectors, column by column: x_j and x_j+1 are the parts of a pair's vector.
template <class R>
void complex_vectors(const R* wi, const R* packed, std::int64_t n, std::complex<R>* to) {
  for (std::int64_t j = 0; j < n; ++j) {
    const bool pair = wi[j] != 0 && j + 1 < n;
    for (std::int64_t i = 0; i < n; ++i) {
      const R re = packed[j * n + i], im = pair ? packed[(j + 1) * n + i] : R(0);
      to[i * n + j] = {re, im};
      if (pair) to[i * n + j + 1] = {re, -im};
    }
    if (pair) ++j;
  }
}

/// geev for matrices of order n, with its memory.
template <class T>
class Solver {
  using R = lapack::Real<T>;
  using C = ComplexOf<T>;

 public:
  Solver(int n, bool left, bool right)
      : n_(n),
        left_(left ? 'V' : 'N'),
        right_(right ? 'V' : 'N'),
        w_(2 * std::int64_t{n}),
        vl_(left ? square() : 1),
        vr_(right ? square() : 1),
        rwork_(2 * std::int64_t{n}),
        work_(1) {
    T work{};
    call(nullptr, &work, -1);
    lwork_ = std::max(1, asked_size(work));
    work_ = Workspace<T>(lwork_);
  }
  bool operator()(T* a) { return call(a, work_, lwork_) == 0; }

  void values(C* to) const {
    for (std::int64_t i = 0; i < n_; ++i) {
      if constexpr (lapack::is_complex<T>)
        to[i] = w_[i];
      else
        to[i] = {w_[i], w_[n_ + i]};
    }
  }
  void left(C* to) const { vectors(vl_, to); }
  void right(C* to) const { vectors(vr_, to); }

 private:
  std::int64_t square() const { return std::int64_t{n_} * n_; }
  void vectors(const T* packed, C* to) const {
    if constexpr (lapack::is_complex<T>)
      to_rows(packed, n_, n_, n_, to);
    else
      complex_vectors(static_cast<const R*>(w_) + n_, packed, n_, to);
  }
  int call(T* a, T* work, int lwork) {
    int info = 0;
    const int lda = std::max(1, n_);
    if constexpr (lapack::is_complex<T>)
      lapack::Routines<T>::geev(&left_, &right_, &n_, a, &lda, w_, vl_, &lda, vr_, &lda, work, &lwork, rwork_, &info, 1,
                                1);
    else
      lapack::Routines<T>::geev(&left_, &right_, &n_, a, &lda, w_, w_ + n_, vl_, &lda, vr_, &lda, work, &lwork, &info,
                                1, 1);
    return info;
  }
  int n_;
  char left_, right_;
  int lwork_ = 1;
  Workspace<T> w_, vl_, vr_;
  Workspace<R> rwork_;
  Workspace<T> work_;
};

struct EigPrimitive {
  static constexpr std::string_view name = "eig";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (bool, compute_left_eigenvectors), (bool, compute_right_eigenvectors));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_square(name, in[0]);
    const Aval vectors{in[0].shape, complex_dtype(in[0].dtype), false};
    check_element(name, vectors);
    Avals out{{leading(in[0].shape, 1), vectors.dtype, false}};
    if (p.compute_left_eigenvectors) out.push_back(vectors);
    if (p.compute_right_eigenvectors) out.push_back(vectors);
    return out;
  }

  template <class T>
  static void decompose(const HostOperand& in, std::span<const HostResult> out, const Params& p) {
    using C = ComplexOf<T>;
    const auto n = extent(name, columns(in.shape()));
    const auto size = std::int64_t{n} * n;
    if (n == 0) return;
    Solver<T> solve(n, p.compute_left_eigenvectors, p.compute_right_eigenvectors);
    const Workspace<T> a(size);
    for (std::int64_t i = 0; i < count(in); ++i) {
      const auto* from = stack<const T>(in)[i];
      to_columns(from, n, n, static_cast<T*>(a), n);
      if (!all_finite(from, size) || !solve(a)) {
        fill_nan(stack<C>(out[0], 1)[i], n);
        for (std::size_t k = 1; k < out.size(); ++k) fill_nan(stack<C>(out[k])[i], size);
        continue;
      }
      solve.values(stack<C>(out[0], 1)[i]);
      if (p.compute_left_eigenvectors) solve.left(stack<C>(out[1])[i]);
      if (p.compute_right_eigenvectors) solve.right(stack<C>(out.back())[i]);
    }
  }

  // With X = V^-1 da V: dw is its diagonal. dV = V (F * X), F = 1 / (w_j - w_i) off the diagonal, less what would
  // change the length of a vector.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    if (p.compute_left_eigenvectors)
      throw UnsupportedError(text(name,
                                  ": left eigenvectors have no derivative; ask for eigenvalues and right eigenvectors, "
                                  "or for the right ones of the adjoint"));
    const auto r = bind_all<EigPrimitive>(args.primals, {false, true});
    const auto &w = r[0], &v = r[1];
    const auto da =
        args.tangents[0].dtype() == v.dtype() ? args.tangents[0] : convert_element_type(args.tangents[0], v.dtype());
    const auto x = linalg::solve(v, product(da, v));
    const auto dw = diagonal(x);
    if (!p.compute_right_eigenvectors) return {{w}, {dw}};
    const auto eye = identity_like(v, columns(v.shape()));
    const auto gaps = sub(add(eye, per_column(w, v.shape())), per_row(w, v.shape()));
    const auto dv = product(v, mul(sub(div(constant(gaps, 1), gaps), eye), x));
    const auto along = reduce_sum(mul(conjugate(v), dv), {v.ndim() - 2});
    const auto stretch = convert_element_type(real_part(along), v.dtype());
    return {{w, v}, {dw, sub(dv, mul(v, per_column(stretch, v.shape())))}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<EigPrimitive>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<EigPrimitive>(b, in, p, [p](auto from, auto to) {
      visit_element(from[0].dtype(), [&]<class T>() { decompose<T>(from[0], to, p); });
    });
  }
};

}  // namespace

Eig eig(const Array& a, const EigOptions& options) {
  auto r = bind_all<EigPrimitive>({&a, 1}, {options.compute_left_eigenvectors, options.compute_right_eigenvectors});
  Eig out{r[0], {}, {}};
  if (options.compute_left_eigenvectors) out.vl = r[1];
  if (options.compute_right_eigenvectors) out.vr = r.back();
  return out;
}

void list_eig(Readables& to) {
  to.push_back(readable<EigPrimitive>(1));
}

}  // namespace fluxion::lax::linalg
