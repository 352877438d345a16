// The Cholesky factor and its update by a vector.
#include <cmath>

#include "core/dense.hpp"
#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax::linalg {

namespace {

// The lower triangle with half the diagonal.
Array phi(const Array& x) {
  const auto l = lower_part(x);
  const auto halves = add(constant(x, 1), identity_like(x, rows(x.shape())));
  return div(l, halves);
}

// The derivative of the factor L of a when a moves by da.
Array factor_tangent(const Array& l, const Array& da) {
  const auto right = triangular_solve(l, da, {.lower = true, .transpose_a = true, .conjugate_a = true});
  return product(l, phi(triangular_solve(l, right, {.left_side = true, .lower = true})));
}

// Row-major memory holds the transpose, whose upper triangle is the lower one of a; and its factor U = L^T lies where
// L belongs. But the routine finds lower factors faster: up to this order that is worth two transpositions.
constexpr int most_turned = 256;

template <class T>
void factorise_one(const T* from, int n, T* a, T* to) {
  const bool turned = n <= most_turned;
  const auto size = static_cast<std::int64_t>(n) * n, bytes = size * static_cast<std::int64_t>(sizeof(T));
  if (turned) dense::transpose(from, n, n, sizeof(T), a);
  else std::memcpy(a, from, static_cast<std::size_t>(bytes));
  int info = 0;
  lapack::Routines<T>::potrf(turned ? "L" : "U", &n, a, &n, &info, 1);
  if (info != 0) fill_nan<T>(a, size);
  if (turned) dense::transpose(a, n, n, sizeof(T), to);
  else if (a != to) std::memcpy(to, a, static_cast<std::size_t>(bytes));
  for (std::int64_t r = 0; r < n; ++r) fill(to + r * n + r + 1, n - 1 - r, T(0));
}

template <class T>
void factorise_here(DType t, const T* from, std::int64_t n, T* aside, T* to) {
  if (dense::cholesky(t, n, from, aside, to)) return;
  for (std::int64_t r = 0; r < n; ++r) {
    fill_nan(to + r * n, r + 1);
    fill(to + r * n + r + 1, n - 1 - r, T(0));
  }
}

template <class T>
void factorise(std::span<const HostOperand> in, std::span<const HostResult> out) {
  const auto n = extent("cholesky", columns(in[0].shape()));
  if (dense::side_by_side(in[0].dtype(), n))
    return dense::cholesky({in[0].dtype(), n, count(in[0])}, in[0].bytes(), out[0].bytes());
  const auto from = stack<const T>(in[0]);
  const auto to = stack<T>(out[0]);
  if constexpr (!lapack::is_complex<T>)
    if (const auto t = in[0].dtype(); n <= dense::factorised_order(t)) {
      const Workspace<T> aside(dense::cholesky_workspace(t, n));
      for (std::int64_t i = 0; n > 0 && i < count(in[0]); ++i) factorise_here<T>(t, from[i], n, aside, to[i]);
      return;
    }
  const Workspace<T> aside(static_cast<std::int64_t>(n) * n);
  const bool there = n > most_turned && to.aligned(count(in[0]));
  for (std::int64_t i = 0; n > 0 && i < count(in[0]); ++i) factorise_one<T>(from[i], n, there ? to[i] : aside, to[i]);
}

struct Cholesky {
  static constexpr std::string_view name = "cholesky";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_square(name, in[0]);
    return {{in[0].shape, in[0].dtype, false}};
  }
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto l = bind_one<Cholesky>(args.primals, p);
    return {{l}, {factor_tangent(l, args.tangents[0])}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<Cholesky>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<Cholesky>(b, in, p, [](auto from, auto to) {
      visit_element(to[0].dtype(), [&]<class T>() { factorise<T>(from, to); });
    });
  }
};

// Givens rotations turn the rows (R; w^T) into (R'; 0).
template <class T>
void update(const T* from, const T* vector, std::int64_t n, T* r, T* w) {
  std::memcpy(r, from, sizeof(T) * static_cast<std::size_t>(n * n));
  std::memcpy(w, vector, sizeof(T) * static_cast<std::size_t>(n));
  for (std::int64_t k = 0; k < n; ++k) {
    T* row = r + k * n;
    fill(row, k, T(0));
    const T length = std::hypot(row[k], w[k]);
    const T c = length == 0 ? T(1) : row[k] / length, s = length == 0 ? T(0) : w[k] / length;
    for (auto j = k; j < n; ++j) {
      const T x = row[j], y = w[j];
      row[j] = c * x + s * y;
      w[j] = c * y - s * x;
    }
  }
}

struct CholeskyUpdate {
  static constexpr std::string_view name = "cholesky_update";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_square(name, in[0]);
    if (is_complex(in[0].dtype))
      throw TypeError(text(name, ": real matrices are required, got ", in[0], "; factorise the sum with cholesky"));
    auto vector = in[0].shape;
    vector.pop_back();
    if (in[1].dtype != in[0].dtype || in[1].shape != vector)
      throw TypeError(text(name, ": the vector must be ", Aval{vector, in[0].dtype}, " for ", in[0], ", got ", in[1],
                           "; broadcast or convert it"));
    return {{in[0].shape, in[0].dtype, false}};
  }
  // R'^T is the Cholesky factor of R^T R + w w^T.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto r = upper_part(args.primals[0]);
    const auto ans = bind_one<CholeskyUpdate>(args.primals, p);
    Array half;  // of the sum's tangent: it and its transpose
    if (!args.tangents[0].is_empty_handle()) half = product(swapped(upper_part(args.tangents[0])), r);
    if (!args.tangents[1].is_empty_handle())
      half = ops::add_tangents(half, mul(per_column(args.tangents[1], r.shape()), per_row(args.primals[1], r.shape())));
    return {{ans}, {swapped(factor_tangent(swapped(ans), add(half, swapped(half))))}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<CholeskyUpdate>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<CholeskyUpdate>(b, in, p, [](auto from, auto to) {
      const auto run = [&]<class T>() {
        const auto n = columns(from[0].shape());
        const Workspace<T> w(n);
        for (std::int64_t i = 0; i < count(from[0]); ++i)
          update<T>(stack<const T>(from[0])[i], stack<const T>(from[1], 1)[i], n, stack<T>(to[0])[i], w);
      };
      if (to[0].dtype() == DType::float32) run.template operator()<float>();
      else run.template operator()<double>();
    });
  }
};

}  // namespace

Array cholesky(const Array& a, const CholeskyOptions& options) {
  if (!options.symmetrize_input) return bind_one<Cholesky>({&a, 1}, {});
  check_square(Cholesky::name, a.aval());
  const auto h = hermitian_part(a);
  return bind_one<Cholesky>({&h, 1}, {});
}

Array cholesky_update(const Array& r, const Array& w) {
  const Array args[] = {r, w};
  return bind_one<CholeskyUpdate>(args, {});
}

void list_cholesky(Readables& to) {
  to.insert(to.end(), {readable<Cholesky>(1), readable<CholeskyUpdate>(2)});
}

}  // namespace fluxion::lax::linalg
