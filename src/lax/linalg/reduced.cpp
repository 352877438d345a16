// Reductions by orthogonal similarity: Hessenberg, tridiagonal and Schur form.
#include <algorithm>

#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax::linalg {

namespace {

std::int64_t one_less(std::int64_t n) { return std::max<std::int64_t>(n - 1, 0); }

// Runs a routine first to ask for its memory, then on every matrix of the stack.
template <class T, class Call>
void over_stack(const HostOperand& x, std::span<const HostResult> out, const Call& call) {
  const auto n = extent("linalg", columns(x.shape()));
  if (n == 0) return;
  T asked{};
  call(static_cast<T*>(nullptr), &asked, -1, 0);
  const int lwork = std::max(1, asked_size(asked));
  const Workspace<T> a(std::int64_t{n} * n), work(lwork);
  for (std::int64_t i = 0; i < count(x); ++i) {
    to_columns(stack<const T>(x)[i], n, n, static_cast<T*>(a), n);
    call(static_cast<T*>(a), static_cast<T*>(work), lwork, i);
    to_rows<T>(a, n, n, n, stack<T>(out[0])[i]);
  }
}

struct HessenbergPrimitive {
  static constexpr std::string_view name = "hessenberg";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_square(name, in[0]);
    const auto& s = in[0].shape;
    return {{s, in[0].dtype, false}, {with_last(leading(s), {one_less(rows(s))}), in[0].dtype, false}};
  }
  static JvpOut jvp(const JvpArgs&, const Params&) { no_derivative(name, "differentiate eig or solve"); }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<HessenbergPrimitive>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<HessenbergPrimitive>(b, in, p, [](auto from, auto to) {
      visit_element(to[0].dtype(), [&]<class T>() {
        const int n = extent(name, columns(from[0].shape())), first = 1, lda = std::max(1, n);
        const auto taus = stack<T>(to[1], 1);
        over_stack<T>(from[0], to, [&](T* a, T* work, int lwork, std::int64_t i) {
          int info = 0;
          lapack::Routines<T>::gehrd(&n, &first, &n, a, &lda, taus[i], work, &lwork, &info);
        });
      });
    });
  }
};

struct TridiagonalPrimitive {
  static constexpr std::string_view name = "tridiagonal";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (bool, lower));
  };
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_square(name, in[0]);
    const auto& s = in[0].shape;
    const auto real = real_dtype(in[0].dtype);
    const auto less = with_last(leading(s), {one_less(rows(s))});
    return {{s, in[0].dtype, false}, {leading(s, 1), real, false}, {less, real, false}, {less, in[0].dtype, false}};
  }
  static JvpOut jvp(const JvpArgs&, const Params&) { no_derivative(name, "differentiate eigh"); }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<TridiagonalPrimitive>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<TridiagonalPrimitive>(b, in, p, [p](auto from, auto to) {
      visit_element(to[0].dtype(), [&]<class T>() {
        using R = lapack::Real<T>;
        const int n = extent(name, columns(from[0].shape())), lda = std::max(1, n);
        const auto d = stack<R>(to[1], 1), e = stack<R>(to[2], 1);
        const auto taus = stack<T>(to[3], 1);
        over_stack<T>(from[0], to, [&](T* a, T* work, int lwork, std::int64_t i) {
          int info = 0;
          lapack::Routines<T>::sytrd(p.lower ? "L" : "U", &n, a, &lda, d[i], e[i], taus[i], work, &lwork, &info, 1);
        });
      });
    });
  }
};

struct SchurPrimitive {
  static constexpr std::string_view name = "schur";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_square(name, in[0]);
    const Aval a{in[0].shape, in[0].dtype, false};
    return {a, a};
  }
  static JvpOut jvp(const JvpArgs&, const Params&) {
    no_derivative(name, "differentiate eig, or eigh of a symmetric matrix");
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<SchurPrimitive>(args, p); }

  template <class T>
  static int gees(int n, T* a, T* z, T* w, lapack::Real<T>* real_work, T* work, int lwork) {
    int info = 0, selected = 0;
    const int lda = std::max(1, n);
    if constexpr (lapack::is_complex<T>)
      lapack::Routines<T>::gees("V", "N", nullptr, &n, a, &lda, &selected, w, z, &lda, work, &lwork, real_work, nullptr,
                                &info, 1, 1);
    else
      lapack::Routines<T>::gees("V", "N", nullptr, &n, a, &lda, &selected, w, w + n, z, &lda, work, &lwork, nullptr,
                                &info, 1, 1);
    return info;
  }
  template <class T>
  static void decompose(const HostOperand& in, std::span<const HostResult> out) {
    const auto n = extent(name, columns(in.shape()));
    const auto size = std::int64_t{n} * n;
    const Workspace<T> z(size), w(2 * std::int64_t{n});
    const Workspace<lapack::Real<T>> real_work(n);
    over_stack<T>(in, out, [&](T* a, T* work, int lwork, std::int64_t i) {
      if (lwork == -1) return void(gees<T>(n, a, z, w, real_work, work, lwork));
      if (!all_finite(a, size) || gees<T>(n, a, z, w, real_work, work, lwork) != 0) {
        fill_nan(a, size);
        fill_nan<T>(z, size);
      }
      to_rows<T>(z, n, n, n, stack<T>(out[1])[i]);
    });
  }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<SchurPrimitive>(b, in, p, [](auto from, auto to) {
      visit_element(to[0].dtype(), [&]<class T>() { decompose<T>(from[0], to); });
    });
  }
};

}  // namespace

Hessenberg hessenberg(const Array& a) {
  auto r = bind_all<HessenbergPrimitive>({&a, 1}, {});
  return {std::move(r[0]), std::move(r[1])};
}
Tridiagonal tridiagonal(const Array& a, bool lower) {
  auto r = bind_all<TridiagonalPrimitive>({&a, 1}, {lower});
  return {std::move(r[0]), std::move(r[1]), std::move(r[2]), std::move(r[3])};
}
Schur schur(const Array& a) {
  auto r = bind_all<SchurPrimitive>({&a, 1}, {});
  return {std::move(r[0]), std::move(r[1])};
}

void list_reduced(Readables& to) {
  to.insert(to.end(), {readable<HessenbergPrimitive>(1), readable<TridiagonalPrimitive>(1),
                       readable<SchurPrimitive>(1)});
}

}  // namespace fluxion::lax::linalg
