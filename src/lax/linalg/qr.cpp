// QR decomposition, and Householder's form of it.
#include <algorithm>

#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"

namespace fluxion::lax::linalg {

namespace {

/// The routines of one stack of m x n matrices, with memory for the largest of its matrices.
template <class T>
class Householder {
 public:
  Householder(int m, int n, int q_columns)
      : m_(m),
        n_(n),
        a_(std::int64_t{m} * std::max(n, q_columns)),
        tau_(std::min(m, n)),
        lwork_(asked(q_columns)),
        work_(lwork_) {}

  T* a() const { return a_; }
  T* tau() const { return tau_; }
  void factorise(const T* from) {
    to_columns(from, m_, n_, a(), m_);
    int info = 0;
    if (std::min(m_, n_) > 0) lapack::Routines<T>::geqrf(&m_, &n_, a_, &m_, tau_, work_, &lwork_, &info);
  }
  /// The first `columns` columns of the product of k reflectors, in place.
  void multiply_out(int columns, int k) {
    int info = 0;
    if (columns > 0) lapack::Routines<T>::orgqr(&m_, &columns, &k, a_, &m_, tau_, work_, &lwork_, &info);
  }

 private:
  int asked(int q_columns) const {
    const int ask = -1, k = std::min({m_, n_, q_columns}), lda = std::max(1, m_);
    int info = 0;
    T first{}, second{}, tau{}, a{};
    lapack::Routines<T>::geqrf(&m_, &n_, &a, &lda, &tau, &first, &ask, &info);
    lapack::Routines<T>::orgqr(&m_, &q_columns, &k, &a, &lda, &tau, &second, &ask, &info);
    return std::max({1, asked_size(first), asked_size(second)});
  }
  int m_, n_;
  Workspace<T> a_, tau_;
  int lwork_;
  Workspace<T> work_;
};

template <class T>
void decompose(std::span<const HostOperand> in, std::span<const HostResult> out) {
  const auto m = extent("qr", rows(in[0].shape())), n = extent("qr", columns(in[0].shape()));
  const auto q_columns = extent("qr", columns(out[0].shape())), k = std::min(m, n);
  Householder<T> h(m, n, q_columns);
  const auto from = stack<const T>(in[0]);
  const auto q = stack<T>(out[0]), r = stack<T>(out[1]);
  for (std::int64_t i = 0; i < count(in[0]); ++i) {
    h.factorise(from[i]);
    for (std::int64_t row = 0; row < q_columns; ++row)
      for (std::int64_t c = 0; c < n; ++c) r[i][row * n + c] = row <= c && row < m ? h.a()[c * m + row] : T(0);
    h.multiply_out(q_columns, k);
    to_rows<T>(h.a(), m, m, q_columns, q[i]);
  }
}

struct Qr {
  static constexpr std::string_view name = "qr";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (bool, full_matrices));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    check_matrix(name, in[0]);
    const auto& s = in[0].shape;
    const auto m = rows(s), n = columns(s), k = p.full_matrices ? m : std::min(m, n);
    return {{with_last(leading(s), {m, k}), in[0].dtype, false}, {with_last(leading(s), {k, n}), in[0].dtype, false}};
  }

  static Array first_columns(const Array& x, std::int64_t from, std::int64_t to) {
    auto start = Dims(x.shape().size(), 0), limit = x.shape();
    start[start.size() - 1] = from;
    limit[limit.size() - 1] = to;
    return slice(x, start, limit);
  }

  // With X = Q^H da R^-1 and its skew part S: dQ = Q (S - X) + da R^-1, dR = (X - S) R. What R has beyond a square is
  // Q^H times the columns of a there.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    const auto m = rows(args.primals[0].shape()), n = columns(args.primals[0].shape()), k = std::min(m, n);
    if (p.full_matrices && m > n)
      throw UnsupportedError(text(name, ": the derivative of a tall matrix needs full_matrices = false, got ",
                                  args.primals[0].aval(), "; the columns of q beyond those of a are not determined"));
    auto results = bind_all<Qr>(args.primals, p);
    const auto &q = results[0], &r = results[1];
    const auto r1 = m < n ? first_columns(r, 0, k) : r;
    const auto da = m < n ? first_columns(args.tangents[0], 0, k) : args.tangents[0];
    const auto da_rinv = triangular_solve(r1, da);
    const auto x = product(adjoint(q), da_rinv);
    const auto below = lower_part(x, -1);
    auto skew = sub(below, adjoint(below));
    if (is_complex(x.dtype())) {
      const auto imaginary = sub(x, convert_element_type(real_part(x), x.dtype()));
      skew = add(skew, mul(identity_like(x, k), imaginary));
    }
    const auto dq = add(product(q, sub(skew, x)), da_rinv);
    auto dr = product(sub(x, skew), r1);
    if (m < n) {
      const auto rest = first_columns(args.tangents[0], k, n), a_rest = first_columns(args.primals[0], k, n);
      const Array parts[] = {dr, add(product(adjoint(dq), a_rest), product(adjoint(q), rest))};
      dr = concatenate(parts, dr.ndim() - 1);
    }
    return {std::move(results), {dq, dr}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<Qr>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<Qr>(
        b, in, p, [](auto from, auto to) { visit_element(to[0].dtype(), [&]<class T>() { decompose<T>(from, to); }); });
  }
};

struct GeqrfPrimitive {
  static constexpr std::string_view name = "geqrf";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_matrix(name, in[0]);
    const auto& s = in[0].shape;
    return {{s, in[0].dtype, false}, {with_last(leading(s), {std::min(rows(s), columns(s))}), in[0].dtype, false}};
  }
  static JvpOut jvp(const JvpArgs&, const Params&) { no_derivative(name, "differentiate qr"); }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<GeqrfPrimitive>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<GeqrfPrimitive>(b, in, p, [](auto from, auto to) {
      visit_element(to[0].dtype(), [&]<class T>() {
        const auto m = extent(name, rows(from[0].shape())), n = extent(name, columns(from[0].shape()));
        Householder<T> h(m, n, std::min(m, n));
        for (std::int64_t i = 0; i < count(from[0]); ++i) {
          h.factorise(stack<const T>(from[0])[i]);
          to_rows<T>(h.a(), m, m, n, stack<T>(to[0])[i]);
          std::copy_n(h.tau(), std::min(m, n), stack<T>(to[1], 1)[i]);
        }
      });
    });
  }
};

struct HouseholderProduct {
  static constexpr std::string_view name = "householder_product";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_matrix(name, in[0]);
    const auto& s = in[0].shape;
    const auto k = in[1].ndim() == 0 ? 0 : in[1].shape.back();
    if (in[1].dtype != in[0].dtype || in[1].ndim() == 0 || leading(s) != leading(in[1].shape, 1) ||
        rows(s) < columns(s) || columns(s) < k)
      throw TypeError(text(
          name, ": reflectors (.., m, n) and their factors (.., k) with m >= n >= k and one dtype are required, got ",
          in[0], " and ", in[1], "; take them from geqrf"));
    return {{s, in[0].dtype, false}};
  }
  static JvpOut jvp(const JvpArgs&, const Params&) { no_derivative(name, "differentiate qr"); }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<HouseholderProduct>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<HouseholderProduct>(b, in, p, [](auto from, auto to) {
      visit_element(to[0].dtype(), [&]<class T>() {
        const auto m = extent(name, rows(from[0].shape())), n = extent(name, columns(from[0].shape()));
        const auto k = extent(name, from[1].shape().back());
        Householder<T> h(m, n, n);
        for (std::int64_t i = 0; i < count(from[0]); ++i) {
          to_columns(stack<const T>(from[0])[i], m, n, h.a(), m);
          std::copy_n(stack<const T>(from[1], 1)[i], k, h.tau());
          h.multiply_out(n, k);
          to_rows<T>(h.a(), m, m, n, stack<T>(to[0])[i]);
        }
      });
    });
  }
};

}  // namespace

QR qr(const Array& a, const QROptions& options) {
  auto r = bind_all<Qr>({&a, 1}, {options.full_matrices});
  return {std::move(r[0]), std::move(r[1])};
}

Geqrf geqrf(const Array& a) {
  auto r = bind_all<GeqrfPrimitive>({&a, 1}, {});
  return {std::move(r[0]), std::move(r[1])};
}

Array householder_product(const Array& a, const Array& taus) {
  const Array args[] = {a, taus};
  return bind_one<HouseholderProduct>(args, {});
}

void list_qr(Readables& to) {
  to.insert(to.end(), {readable<Qr>(1), readable<GeqrfPrimitive>(1), readable<HouseholderProduct>(2)});
}

}  // namespace fluxion::lax::linalg
