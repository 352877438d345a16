#include "testing/frozen_pieces.hpp"

#include <cmath>
#include <limits>
#include <unordered_map>

#include <fluxion/elementwise.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/math.hpp>
#include <fluxion/reductions.hpp>

#include "base/text.hpp"
#include "core/node.hpp"
#include "testing/frozen_choices.hpp"

namespace fluxion::testing {

Array widened(const Array& x) {
  return is_inexact(x.dtype()) ? lax::convert_element_type(x, wide(x.dtype())) : x;
}

const std::string& Parameters::operator[](const char* name) const {
  const auto found = texts_.find(name);
  if (found == texts_.end())
    throw InternalError(fluxion::text("frozen: the parameter ", name, " is missing"));
  return found->second;
}

const std::vector<JaxprPtr>& Parameters::jaxprs(const char* name) const {
  const auto found = jaxprs_.find(name);
  if (found == jaxprs_.end()) throw InternalError(fluxion::text("frozen: the jaxpr ", name, " is missing"));
  return found->second;
}

Dims Parameters::integers(const char* name) const {
  const auto& s = (*this)[name];
  Dims out;
  for (std::size_t i = 0; i < s.size();) {
    const bool number = std::isdigit(static_cast<unsigned char>(s[i])) != 0 || s[i] == '-';
    if (!number) {
      ++i;
      continue;
    }
    std::size_t length = 0;
    out.push_back(std::stoll(s.substr(i), &length));
    i += length;
  }
  return out;
}

void Ties::add(std::string_view primitive, std::int64_t tied, std::int64_t of, std::string_view how) {
  if (tied == 0) return;
  auto& c = counts_[std::string(primitive)];
  c.tied += tied;
  c.of += of;
  c.how = how;
}

std::vector<std::string> Ties::list() const {
  std::vector<std::string> out;
  for (const auto& [name, c] : counts_)
    out.push_back(text(name, ": ", c.tied, " of ", c.of, " elements ", c.how));
  return out;
}

std::int64_t count(const Array& mask) { return count_nonzero(mask).item<std::int64_t>(); }

Array number(double v) { return make_scalar(DType::float64, v); }

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity();

// The results at the point, whatever the operands are.
Replay held() { return nullptr; }

Replay as_it_is(const AtPoint& at) {
  return [p = at.eqn.prim, params = at.eqn.params](ArraySpan in) { return p->bind(in, params.view()); };
}

// In the dtypes of the program: for what knows no others.
Replay narrowed(const AtPoint& at) {
  std::vector<DType> dtypes;
  for (const auto& x : at.in) dtypes.push_back(x.dtype());
  return [p = at.eqn.prim, params = at.eqn.params, dtypes](ArraySpan in) {
    Arrays own;
    for (std::size_t i = 0; i < in.size(); ++i) own.push_back(lax::convert_element_type(in[i], dtypes[i]));
    auto out = p->bind(own, params.view());
    for (auto& y : out) y = widened(y);
    return out;
  };
}

Replay identity(const AtPoint&, Ties&) {
  return [](ArraySpan in) { return Arrays{in[0]}; };
}

Replay converted(const AtPoint& at, Ties&) {
  return
      [to = wide(at.out[0].dtype())](ArraySpan in) { return Arrays{lax::convert_element_type(in[0], to)}; };
}

// Where the mask holds: the value and slope at the point, of which the first alone counts where nothing
// moves. So that a slope that is infinite or NaN shows in differences only.
Replay steep(const AtPoint& at, const Array& mask, const Array& slope) {
  return [rest = as_it_is(at), mask, slope, x = widened(at.in[0]), y = widened(at.out[0])](ArraySpan in) {
    const auto moved = in[0] - x;
    const auto line = y + where(moved == 0.0, 0.0, slope * moved);
    return Arrays{where(mask, line, rest(in)[0])};
  };
}

template <class Slope>
Replay singular(const AtPoint& at, Ties& ties, const Array& mask, const Slope& slope) {
  if (is_complex(at.in[0].dtype()) || count(mask) == 0) return as_it_is(at);
  ties.add(at.eqn.prim->name(), count(mask), mask.size(), "have an infinite slope");
  return steep(at, mask, slope());
}

// --- piecewise constant ----------------------------------------------------------------

Replay step_at_integers(const AtPoint& at, Ties& ties) {
  const auto tied = at.in[0] == at.out[0];
  ties.add(at.eqn.prim->name(), count(tied), tied.size(), "are at a step");
  return held();
}
Replay step_at_halves(const AtPoint& at, Ties& ties) {
  const auto tied = abs(widened(at.in[0]) - widened(at.out[0])) == 0.5;
  ties.add(at.eqn.prim->name(), count(tied), tied.size(), "are at a step");
  return held();
}
Replay sign_piece(const AtPoint& at, Ties& ties) {
  const auto tied = is_complex(at.in[0].dtype()) ? isfinite(at.in[0]) : at.in[0] == 0;
  ties.add("sign", count(tied), tied.size(),
           is_complex(at.in[0].dtype()) ? "are complex and held" : "are at a step");
  return held();
}
Replay comparison(const AtPoint& at, Ties& ties) {
  if (!is_inexact(at.in[0].dtype())) return held();
  const auto tied = at.in[0] == at.in[1];
  ties.add(at.eqn.prim->name(), count(tied), tied.size(), "are equal");
  return held();
}
Replay stopped(const AtPoint& at, Ties& ties) {
  ties.add("stop_gradient", at.in[0].size(), at.in[0].size(), "are held");
  return held();
}

// --- piecewise linear ------------------------------------------------------------------

Replay abs_piece(const AtPoint& at, Ties& ties) {
  const auto& x = at.in[0];
  const auto zero = x == 0;
  ties.add("abs", count(zero), zero.size(), "are 0");
  if (is_complex(x.dtype())) return [zero](ArraySpan in) { return Arrays{where(zero, 0.0, abs(in[0]))}; };
  return [slope = where(x >= 0, number(1), number(-1))](ArraySpan in) { return Arrays{in[0] * slope}; };
}

// The one that wins; at a tie the mean of both.
Replay extremum(const AtPoint& at, Ties& ties) {
  const auto x_wins = at.in[0] == at.out[0], y_wins = at.in[1] == at.out[0];
  const auto tied = x_wins & y_wins;
  ties.add(at.eqn.prim->name(), count(tied), tied.size());
  return [x_wins, tied](ArraySpan in) {
    return Arrays{where(tied, 0.5 * (in[0] + in[1]), where(x_wins, in[0], in[1]))};
  };
}

// Operands are the lower bound, x, and the upper bound. At a bound nothing moves the result.
Replay clamp_piece(const AtPoint& at, Ties& ties) {
  const auto &low = at.in[0], &x = at.in[1], &high = at.in[2];
  const auto inside = (low < x) & (x < high), below = (x < low) & (low < high), above = high < x;
  const auto tied = (x == low) | (x == high);
  ties.add("clamp", count(tied), tied.size(), "are at a bound");
  return [inside, below, above, y = widened(at.out[0])](ArraySpan in) {
    return Arrays{where(inside, in[1], where(below, in[0], where(above, in[2], y)))};
  };
}

// x - q y with the quotient of the point.
Replay rem_piece(const AtPoint& at, Ties& ties) {
  const auto x = widened(at.in[0]), y = widened(at.in[1]), r = widened(at.out[0]);
  const auto tied = r == 0.0;
  ties.add("rem", count(tied), tied.size(), "are multiples");
  return [q = lax::round((x - r) / y)](ArraySpan in) { return Arrays{in[0] - q * in[1]}; };
}

// --- infinite slopes -------------------------------------------------------------------

Replay root(const AtPoint& at, Ties& ties) {
  return singular(at, ties, at.in[0] == 0, [] { return number(kInf); });
}
Replay asin_piece(const AtPoint& at, Ties& ties) {
  return singular(at, ties, abs(at.in[0]) == 1, [] { return number(kInf); });
}
Replay acos_piece(const AtPoint& at, Ties& ties) {
  return singular(at, ties, abs(at.in[0]) == 1, [] { return number(-kInf); });
}
Replay acosh_piece(const AtPoint& at, Ties& ties) {
  return singular(at, ties, at.in[0] == 1, [] { return number(kInf); });
}
Replay atan2_piece(const AtPoint& at, Ties& ties) {
  const auto origin = (at.in[0] == 0) & (at.in[1] == 0);
  return singular(at, ties, origin, [] { return number(std::nan("")); });
}
// At x = 0 the slope in x is y x^(y-1), which is NaN for y = 0, and none in y.
Replay pow_piece(const AtPoint& at, Ties& ties) {
  return singular(at, ties, at.in[0] == 0, [&] {
    const auto y = widened(at.in[1]);
    return y * lax::pow(number(0), y - 1.0);
  });
}

// --- what is chosen by position --------------------------------------------------------

Replay chosen_place(const AtPoint& at, Ties&) {
  return [rest = as_it_is(at), by = widened(at.in[1])](ArraySpan in) {
    const Array operands[] = {in[0], by};
    return rest(operands);
  };
}

Replay arg_piece(const AtPoint& at, Ties& ties) {
  if (!is_inexact(at.in[0].dtype())) return held();
  const auto axis = at.fields.integer("axes");
  const auto best = at.eqn.prim->name() == "argmax" ? max(at.in[0], axis, true) : min(at.in[0], axis, true);
  const auto tied = sum((at.in[0] == best).astype(DType::int64), axis) > 1;
  ties.add(at.eqn.prim->name(), count(tied), tied.size());
  return held();
}

Replay to_integer(const AtPoint& at, Ties& ties) {
  if (is_inexact(at.out[0].dtype())) return converted(at, ties);
  const auto& x = at.in[0];
  if (is_inexact(x.dtype()) && at.out[0].dtype() != DType::bool_) {
    const auto tied = x == lax::convert_element_type(at.out[0], x.dtype());
    ties.add("convert_element_type", count(tied), tied.size(), "are at a step");
  }
  return held();
}

bool takes_own_dtypes(const Primitive& p) {
  return p.name() == "pure_callback" || p.name() == "linear_call";
}

// Whether a primitive of the user's goes with wide operands; what it says otherwise does not matter.
bool goes_wide(const Replay& f, const AtPoint& at) {
  Arrays in;
  for (const auto& x : at.in) in.push_back(widened(x));
  try {
    const auto out = f(in);
    for (std::size_t k = 0; k < out.size(); ++k)
      if (out[k].shape() != at.out[k].shape() || out[k].dtype() != wide(at.out[k].dtype())) return false;
    return out.size() == at.out.size();
  } catch (const Error&) {
    return false;
  }
}

// A program that an equation holds, in float64.
ClosedJaxpr held_wide(const JaxprPtr& held, ArraySpan like) {
  return widened(ClosedJaxpr{held, {}}, Arrays(like.begin(), like.end())).program;
}
Arrays carried_out(const ClosedJaxpr& program, const Arrays& args) {
  auto all = program.consts;
  all.insert(all.end(), args.begin(), args.end());
  return eval_jaxpr(*program.jaxpr, all);
}

// The solution moves with matvec, whatever of it the solver holds by stop_gradient (a factorisation, as a
// rule): what the solver leaves is solved for again. Each round is as good as the displacement is small.
Replay linear_solve(const AtPoint& at, Ties&) {
  const auto n = static_cast<std::ptrdiff_t>(at.fields.integer("num_consts"));
  const auto matvec = held_wide(at.fields.jaxprs("matvec")[0], at.in);
  const auto solve = held_wide(at.fields.jaxprs("solve")[0], at.in);
  return [matvec, solve, n](ArraySpan in) {
    const auto with = [&](const Arrays& xs) {
      Arrays all(in.begin(), in.begin() + n);
      all.insert(all.end(), xs.begin(), xs.end());
      return all;
    };
    const Arrays b(in.begin() + n, in.end());
    auto x = carried_out(solve, with(b));
    constexpr int rounds = 5;
    for (int round = 0; round < rounds; ++round) {
      auto left = carried_out(matvec, with(x));
      for (std::size_t k = 0; k < left.size(); ++k) left[k] = b[k] - left[k];
      const auto more = carried_out(solve, with(left));
      for (std::size_t k = 0; k < x.size(); ++k) x[k] = x[k] + more[k];
    }
    return x;
  };
}

// The root moves with the equation, the guess does not count.
Replay root_of_equation(const AtPoint& at, Ties&) {
  return [solve = held_wide(at.fields.jaxprs("solve")[0], at.in)](ArraySpan in) {
    return carried_out(solve, {in.begin(), in.end()});
  };
}

using Make = Replay (*)(const AtPoint&, Ties&);
const std::unordered_map<std::string_view, Make>& pieces() {
  static const auto& all = *new std::unordered_map<std::string_view, Make>{
      {"floor", step_at_integers},
      {"ceil", step_at_integers},
      {"round_half_even", step_at_halves},
      {"round_half_away", step_at_halves},
      {"round", step_at_halves},
      {"sign", sign_piece},
      {"stop_gradient", stopped},
      {"eq", comparison},
      {"ne", comparison},
      {"lt", comparison},
      {"le", comparison},
      {"gt", comparison},
      {"ge", comparison},
      {"argmax", arg_piece},
      {"argmin", arg_piece},
      {"convert_element_type", to_integer},
      {"reduce_precision", identity},
      {"abs", abs_piece},
      {"max", extremum},
      {"min", extremum},
      {"clamp", clamp_piece},
      {"rem", rem_piece},
      {"sqrt", root},
      {"cbrt", root},
      {"asin", asin_piece},
      {"acos", acos_piece},
      {"acosh", acosh_piece},
      {"atan2", atan2_piece},
      {"pow", pow_piece},
      {"select_and_gather_add", chosen_place},
      {"select_and_scatter_add", chosen_place},
      {"reduce_max", reduced_extremum},
      {"reduce_min", reduced_extremum},
      {"sort", sorted_piece},
      {"top_k", top_piece},
      {"cummax", cumulative_extremum},
      {"cummin", cumulative_extremum},
      {"reduce_window_max", window_extremum},
      {"reduce_window_min", window_extremum},
      {"scatter_max", scattered_extremum},
      {"scatter_min", scattered_extremum},
      {"lu", lu_piece},
      {"eigh", spectrum},
      {"svd", spectrum},
      {"eig", spectrum},
      {"custom_linear_solve", linear_solve}, {"custom_root", root_of_equation},
  };
  return all;
}

}  // namespace

Replay frozen_piece(const AtPoint& at, Ties& ties) {
  const auto& p = *at.eqn.prim;
  const auto found = pieces().find(p.name());
  if (found != pieces().end() && is_known(p)) return found->second(at, ties);
  const auto f = as_it_is(at);
  bool is_wide = true;
  for (const auto& x : at.in) is_wide = is_wide && x.dtype() == wide(x.dtype());
  if (is_wide) return f;
  if (p.name() == "gather" && !goes_wide(f, at)) return gathered_places(at);
  return takes_own_dtypes(p) || !goes_wide(f, at) ? narrowed(at) : f;
}

}  // namespace fluxion::testing
