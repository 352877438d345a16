// The exponential of a matrix. Source: Higham 2005, The scaling and squaring method for the matrix exponential
// revisited.
#include <array>
#include <span>

#include <fluxion/control.hpp>
#include <fluxion/scipy/linalg.hpp>
#include <fluxion/transforms/jvp.hpp>
#include <fluxion/transforms/vmap.hpp>

#include "core/node.hpp"
#include "linalg/support.hpp"

namespace fluxion::scipy::linalg {

namespace la = lax::linalg;
using fluxion::linalg::rows_of;

namespace {

/// Numerator and denominator of a Padé approximation are v + u and v - u.
struct Pade {
  Array u, v;
};
Array plus(const Array& sum, const Array& power, double c) {
  const auto term = lax::mul(literal(power, c), power);
  return sum.is_empty_handle() ? term : lax::add(sum, term);
}

// Of order 3 to 9: odd powers of a to u, even ones to v.
Pade pade(const Array& a, std::span<const double> b) {
  const auto one = la::identity(a.dtype(), rows_of(a)), a2 = la::product(a, a);
  auto power = one;
  Array odd, even;
  for (std::size_t k = 0; k < b.size(); k += 2) {
    if (k > 0) power = k == 2 ? a2 : la::product(power, a2);
    even = plus(even, power, b[k]);
    odd = plus(odd, power, b[k + 1]);
  }
  return {la::product(a, odd), even};
}
constexpr std::array<double, 4> k3{120, 60, 12, 1};
constexpr std::array<double, 6> k5{30240, 15120, 3360, 420, 30, 1};
constexpr std::array<double, 8> k7{17297280, 8648640, 1995840, 277200, 25200, 1512, 56, 1};
constexpr std::array<double, 10> k9{17643225600, 8821612800, 2075673600, 302702400, 30270240,
                                    2162160,     110880,     3960,       90,        1};
constexpr std::array<double, 14> k13{64764752532480000,
                                     32382376266240000,
                                     7771770303897600,
                                     1187353796428800,
                                     129060195264000,
                                     10559470521600,
                                     670442572800,
                                     33522128640,
                                     1323241920,
                                     40840800,
                                     960960,
                                     16380,
                                     182,
                                     1};

// Of order 13 with six products.
Pade pade13(const Array& a) {
  const auto& b = k13;
  const auto one = la::identity(a.dtype(), rows_of(a));
  const auto a2 = la::product(a, a), a4 = la::product(a2, a2), a6 = la::product(a4, a2);
  const auto sum = [&](std::size_t c6, std::size_t c4, std::size_t c2) {
    return plus(plus(plus(Array(), a6, b[c6]), a4, b[c4]), a2, b[c2]);
  };
  const auto odd = plus(la::product(a6, sum(13, 11, 9)) + sum(7, 5, 3), one, b[1]);
  const auto even = plus(la::product(a6, sum(12, 10, 8)) + sum(6, 4, 2), one, b[0]);
  return {la::product(a, odd), even};
}

/// Up to which norms the orders are accurate to the dtype's last digit; beyond the last one a is scaled.
struct Orders {
  std::vector<double> bounds;
  double largest;
};
Orders orders(DType t) {
  if (la::real_dtype(t) == DType::float32) return {{4.258730016922831e-1, 1.880152677804762}, 3.925724783138660};
  return {{1.495585217958292e-2, 2.539398330063230e-1, 9.504178996162932e-1, 2.097847961257068}, 5.371920351148152};
}

// 2^-n, exactly.
Array power_of_half(const Array& n, DType t) {
  if (t == DType::float32) {
    const auto bits =
        lax::shift_left(lax::sub(make_scalar(DType::int32, 127), lax::convert_element_type(n, DType::int32)),
                        make_scalar(DType::int32, 23));
    return lax::bitcast_convert_type(bits, DType::float32);
  }
  return lax::bitcast_convert_type(
      lax::shift_left(lax::sub(make_scalar(DType::int64, 1023), n), make_scalar(DType::int64, 52)), DType::float64);
}

// v + u over v - u for the order that the norm asks for; a is scaled where that is the highest.
Array approximation(const Array& a, const Array& scaled, const Array& norm, bool upper_triangular) {
  const auto o = orders(a.dtype());
  auto order = make_scalar(DType::int64, 0);
  for (auto bound : o.bounds) order = order + convert(norm >= literal(norm, bound), DType::int64);
  const bool single = la::real_dtype(a.dtype()) == DType::float32;
  using Branch = std::function<Array(const Array&, const Array&)>;
  const auto solved = [upper_triangular](const Pade& p) {
    const auto numerator = p.v + p.u, denominator = p.v - p.u;
    return upper_triangular ? la::triangular_solve(denominator, numerator, {.left_side = true})
                            : la::solve(denominator, numerator);
  };
  std::vector<Branch> branches{[&](const Array& x, const Array&) { return solved(pade(x, k3)); },
                               [&](const Array& x, const Array&) { return solved(pade(x, k5)); }};
  if (single) {
    branches.push_back([&](const Array&, const Array& y) { return solved(pade(y, k7)); });
  } else {
    branches.push_back([&](const Array& x, const Array&) { return solved(pade(x, k7)); });
    branches.push_back([&](const Array& x, const Array&) { return solved(pade(x, k9)); });
    branches.push_back([&](const Array&, const Array& y) { return solved(pade13(y)); });
  }
  return switch_(order, branches, a, scaled);
}

Array expm_of_matrix(const Array& a, bool upper_triangular, std::int64_t max_squarings) {
  const auto norm = stop_gradient(fluxion::linalg::matrix_norm(a, 1));
  const auto doublings =
      ceil(log(norm / literal(norm, orders(a.dtype()).largest)) / literal(norm, 0.69314718055994530942));
  const auto squarings = convert(maximum(doublings, literal(norm, 0)), DType::int64);
  const auto limit = make_scalar(DType::int64, static_cast<double>(max_squarings));
  const auto factor = power_of_half(lax::min(squarings, make_scalar(DType::int64, 120)), la::real_dtype(a.dtype()));
  const auto scaled = lax::mul(a, lax::convert_element_type(factor, a.dtype()));
  const auto start = approximation(a, scaled, norm, upper_triangular);
  const auto square = [&](const Array& r, const Array& i) {
    const auto next = cond(
        i < squarings, [](const Array& x) { return la::product(x, x); }, [](const Array& x) { return x; }, r);
    return std::pair(next, none);
  };
  const auto r = max_squarings == 0 ? start : scan(square, start, lax::iota(DType::int64, {max_squarings}, 0)).first;
  return where(squarings > limit, literal(r, std::numeric_limits<double>::quiet_NaN()), r);
}

}  // namespace

Array expm(const Array& a, bool upper_triangular, std::int64_t max_squarings) {
  const auto x = fluxion::linalg::inexact_square("expm", a);
  if (max_squarings < 0)
    throw ValueError(text("expm: max_squarings must not be negative, got ", max_squarings, "; 16 is the default"));
  const auto of_matrix = [=](const Array& m) { return expm_of_matrix(m, upper_triangular, max_squarings); };
  if (x.size() == 0) return x;
  if (x.ndim() == 2) return of_matrix(x);
  const auto n = rows_of(x);
  return reshape(vmap(of_matrix)(reshape(x, {element_count(la::leading(x.shape())), n, n})), x.shape());
}

ExpmFrechet expm_frechet(const Array& a, const Array& e) {
  const auto given = promote_inexact("expm_frechet", {a, e});
  fluxion::linalg::require_square("expm_frechet", a);
  if (a.shape() != e.shape())
    throw ValueError(text("expm_frechet: a direction of the matrix's shape is required, got ", e.aval(), " for ",
                          a.aval(), "; broadcast it"));
  const auto r = jvp([](const Array& x) { return expm(x); }, given[0], given[1]);
  return {r.first, r.second};
}

}  // namespace fluxion::scipy::linalg
