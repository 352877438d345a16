// LU decomposition with partial pivoting.
#include <algorithm>
#include <utility>

#include "core/dense.hpp"
#include "lax/linalg/matrices.hpp"
#include "lax/readable.hpp"
#include "lax/rows.hpp"

namespace fluxion::lax::linalg {

namespace {

// The order of rows after the exchanges (row i with row pivots[i]).
void permutation_of(const std::int32_t* pivots, std::int64_t k, std::int32_t* order, std::int64_t m) {
  for (std::int64_t i = 0; i < m; ++i) order[i] = static_cast<std::int32_t>(i);
  for (std::int64_t i = 0; i < k; ++i) std::swap(order[i], order[pivots[i]]);
}

template <class T>
void factorise(std::span<const HostOperand> in, std::span<const HostResult> out) {
  const auto m = extent("lu", rows(in[0].shape())), n = extent("lu", columns(in[0].shape()));
  const auto k = std::min(m, n);
  const auto from = stack<const T>(in[0]);
  const auto lu = stack<T>(out[0]);
  const auto pivots = stack<std::int32_t>(out[1], 1), order = stack<std::int32_t>(out[2], 1);
  if (m == n && dense::side_by_side(in[0].dtype(), n)) {
    dense::lu({in[0].dtype(), n, count(in[0])}, in[0].bytes(), out[0].bytes(), pivots.data);
    for (std::int64_t i = 0; i < count(in[0]); ++i) permutation_of(pivots[i], k, order[i], m);
    return;
  }
  const Workspace<T> a(static_cast<std::int64_t>(m) * n);
  for (std::int64_t i = 0; i < count(in[0]); ++i) {
    if (k > 0) {
      to_columns(from[i], m, n, static_cast<T*>(a), m);
      int info = 0;
      lapack::Routines<T>::getrf(&m, &n, a, &m, pivots[i], &info);
      to_rows(static_cast<const T*>(a), m, m, n, lu[i]);
    }
    for (std::int64_t r = 0; r < k; ++r) --pivots[i][r];
    permutation_of(pivots[i], k, order[i], m);
  }
}

class Factorise final : public dense::Factorisation {
 public:
  std::string name() const override { return "lu"; }
  void operator()(std::span<const HostOperand> in, std::span<const HostResult> out) const override {
    visit_element(out[0].dtype(), [&]<class T>() { factorise<T>(in, out); });
  }
};

struct Lu {
  static constexpr std::string_view name = "lu";
  using Params = NoParams;
  static Avals abstract_eval(AvalSpan in, const Params&) {
    check_matrix(name, in[0]);
    const auto& s = in[0].shape;
    const auto k = std::min(rows(s), columns(s));
    return {{s, in[0].dtype, false},
            {with_last(leading(s), {k}), DType::int32, false},
            {with_last(leading(s), {rows(s)}), DType::int32, false}};
  }

  // L and U, the smaller one filled up with the identity to a square.
  static Array unit_lower(const Array& lu) {
    const auto m = rows(lu.shape()), k = std::min(m, columns(lu.shape()));
    auto limit = lu.shape();
    limit[limit.size() - 1] = k;
    const auto part = lower_part(slice(lu, Dims(limit.size(), 0), limit), -1);
    return add(padded(part, m, m), identity_like(lu, m));
  }
  static Array square_upper(const Array& lu) {
    const auto n = columns(lu.shape()), k = std::min(rows(lu.shape()), n);
    auto limit = lu.shape();
    limit[limit.size() - 2] = k;
    const auto part = padded(upper_part(slice(lu, Dims(limit.size(), 0), limit)), n, n);
    if (k == n) return part;
    const std::vector<Padding> corner{{k, 0, 0}, {k, 0, 0}};
    const auto ones = pad(identity(lu.dtype(), n - k), constant(lu, 0), corner);
    const auto r = lu.ndim();
    return add(part, r == 2 ? ones : broadcast_in_dim(ones, part.shape(), {r - 2, r - 1}));
  }

  // L' = L tril(X, -1), U' = triu(X) U, for X = L^-1 P da U^-1.
  static JvpOut jvp(const JvpArgs& args, const Params& p) {
    auto results = bind_all<Lu>(args.primals, p);
    const auto& lu = results[0];
    const auto order = convert_element_type(results[2], DType::int64);
    const auto da = take_rows(args.tangents[0], order, lu.ndim() - 2);
    const auto l = unit_lower(lu), u = square_upper(lu);
    const auto la = triangular_solve(l, da, {.left_side = true, .lower = true, .unit_diagonal = true});
    const auto x = triangular_solve(u, la);
    const auto d = add(product(l, lower_part(x, -1)), product(upper_part(x), u));
    return {std::move(results), {d, Array(), Array()}};
  }
  static constexpr no_transpose transpose{"not linear"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<Lu>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_call<Lu>(b, in, p, std::make_shared<const Factorise>());
  }
};

struct PivotsToPermutation {
  static constexpr std::string_view name = "lu_pivots_to_permutation";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (std::int64_t, permutation_size));
  };
  static Avals abstract_eval(AvalSpan in, const Params& p) {
    if (in[0].dtype != DType::int32 || in[0].ndim() == 0 || in[0].shape.back() > p.permutation_size)
      throw TypeError(text(name, ": at most permutation_size = ", p.permutation_size,
                           " exchanges of int32 are required, got ", in[0], "; take them from lu"));
    auto s = in[0].shape;
    s[s.size() - 1] = p.permutation_size;
    return {{s, DType::int32, false}};
  }
  static constexpr no_jvp jvp{"integer result"};
  static constexpr no_transpose transpose{"integer result"};
  static BatchOut batch(const BatchArgs& args, const Params& p) { return batch_leading<PivotsToPermutation>(args, p); }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_to_host<PivotsToPermutation>(b, in, p, [](auto from, auto to) {
      const auto pivots = stack<const std::int32_t>(from[0], 1);
      const auto order = stack<std::int32_t>(to[0], 1);
      for (std::int64_t i = 0; i < count(from[0], 1); ++i) {
        for (std::int64_t k = 0; k < pivots.size; ++k)
          if (pivots[i][k] < 0 || pivots[i][k] >= order.size)
            throw ValueError(
                text(name, ": pivots must be in [0, ", order.size, "), got ", pivots[i][k], "; take them from lu"));
        permutation_of(pivots[i], pivots.size, order[i], order.size);
      }
    });
  }
};

}  // namespace

LU lu(const Array& a) {
  auto r = bind_all<Lu>({&a, 1}, {});
  return {std::move(r[0]), std::move(r[1]), std::move(r[2])};
}

Array lu_pivots_to_permutation(const Array& pivots, std::int64_t permutation_size) {
  return bind_one<PivotsToPermutation>({&pivots, 1}, {permutation_size});
}

void list_lu(Readables& to) {
  to.insert(to.end(), {readable<Lu>(1), readable<PivotsToPermutation>(1)});
}

}  // namespace fluxion::lax::linalg
