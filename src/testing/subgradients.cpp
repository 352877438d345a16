#include "testing/subgradients.hpp"

#include <limits>

namespace fluxion::testing {

namespace {

constexpr double kInf = std::numeric_limits<double>::infinity(),
                 kNotFinite = std::numeric_limits<double>::quiet_NaN();

using Rows = std::vector<Subgradient>;

// Established from the tangent rules of src/lax and src/numpy; each is held against the library by
// subgradients_test.cpp.
const Rows kElementwise{
    {"abs", "x = 0", "1", {1}},
    {"abs", "z = 0, complex", "0", {0, 0}},
    {"sign", "x = 0", "0", {0}},
    {"sign", "everywhere, complex", "0", {0, 0}},
    {"floor, ceil, trunc, rint", "x an integer", "0", {0}},
    {"round", "x halfway between integers", "0", {0}},
    {"astype(int64)", "everywhere", "0", {0}},
    {"maximum, minimum", "x = y", "1/2 in x, 1/2 in y", {1.5, 1.5}},
    {"fmax, fmin", "x = y", "0 in x, 1 in y", {0, 3}},
    {"lax::clamp", "x = min", "0 in each argument", {0, 0, 0}},
    {"lax::clamp", "x = max", "0 in each argument", {0, 0, 0}},
    {"clip", "x = min", "1/2 in x, 1/2 in min", {0.5, 0.5, 0}},
    {"clip", "x = max", "1/2 in x, 1/2 in max", {0.5, 0, 0.5}},
    {"where", "at the condition's boundary", "that of the side chosen", {5}},
    {"heaviside", "x = 0", "0 in x, 1 in the value for 0", {0, 1}},
    {"copysign", "x = 0, y > 0", "1 in x, 0 in y", {1, 0}},
    {"fmod, lax::rem", "x = k y", "1 in x, -k in y", {1, -3}},
    {"remainder, %", "x = k y", "1 in x, -k in y", {1, -3}},
    {"floor_divide", "x = k y", "0", {0, 0}},
    {"nan_to_num", "x = nan", "0", {0}},
    {"stop_gradient", "everywhere", "0", {0}},
    {"lax::reduce_precision", "everywhere", "1; tangents are rounded alike", {1}},
};

const Rows kSingular{
    {"sqrt", "x = 0", "inf", {kInf}},
    {"cbrt", "x = 0", "inf", {kInf}},
    {"log", "x = 0", "inf", {kInf}},
    {"log1p", "x = -1", "inf", {kInf}},
    {"reciprocal", "x = 0", "-inf", {-kInf}},
    {"arcsin", "x = 1", "inf", {kInf}},
    {"arccos", "x = 1", "-inf", {-kInf}},
    {"arccosh", "x = 1", "inf", {kInf}},
    {"arctanh", "x = 1", "inf", {kInf}},
    {"lax::erf_inv", "x = 1", "inf", {kInf}},
    {"arctan2", "y = x = 0", "not finite", {kNotFinite, kNotFinite}},
    {"hypot", "x = y = 0", "1/2 in x, 1/2 in y", {0.5, 0.5}},
    {"power", "x = 0, y = 0", "not finite in x, 0 in y", {kNotFinite, 0}},
    {"power", "x = 0, y = 1/2", "inf in x, 0 in y", {kInf, 0}},
    {"power", "x = 0, y = 1", "1 in x, 0 in y", {1, 0}},
    {"power", "x = 0, y = 2", "0 in x, 0 in y", {0, 0}},
    {"power", "x = -2, y = 2", "-4 in x, not finite in y", {-4, kNotFinite}},
    {"power", "x = 0, y = 0 of an integer dtype", "0", {0}},
    {"lax::integer_pow", "x = 0, exponent 0", "0", {0}},
    {"sinc", "x = 0", "0, and all higher ones its own", {0}},
    {"logaddexp", "x = y", "1/2 in x, 1/2 in y", {0.5, 0.5}},
    {"logaddexp", "x = y = -inf", "1 in x, 1 in y", {1, 1}, "not finite"},
    {"scipy::special::xlogy", "x = y = 0", "not finite", {kNotFinite, kNotFinite}},
    {"scipy::special::entr", "x = 0", "inf", {kInf}},
    {"where(x > 0, sqrt(x), 0)", "x = 0", "0: docs/nan-safe-where.md", {0}, "not finite"},
};

const Rows kActivations{
    {"nn::relu", "x = 0", "0", {0}},
    {"nn::relu6", "x = 0", "0", {0}},
    {"nn::relu6", "x = 6", "0", {0}},
    {"nn::leaky_relu", "x = 0", "1", {1}},
    {"nn::elu", "x = 0, alpha = 1/2", "alpha", {0.5}},
    {"nn::celu", "x = 0, alpha = 1/2", "1", {1}},
    {"nn::selu", "x = 0", "1.0507 * 1.6733", {1.0507009873554805 * 1.6732632423543772}},
    {"nn::hard_tanh", "x = 1", "1", {1}},
    {"nn::hard_tanh", "x = -1", "1", {1}},
    {"nn::hard_sigmoid", "x = 3", "0", {0}},
    {"nn::hard_sigmoid", "x = -3", "0", {0}},
    {"nn::hard_silu", "x = 3", "1", {1}},
    {"nn::hard_silu", "x = -3", "0", {0}},
    {"nn::sparse_plus", "x = 1", "1", {1}},
    {"nn::sparse_plus", "x = -1", "0", {0}},
    {"nn::sparse_sigmoid", "x = 1", "1/4", {0.25}},
    {"nn::soft_sign", "x = 0", "1", {1}},
    {"nn::max_pool", "a window's two greatest tie", "1 in the first", {1, 1, 0}},
};

const Rows kReductions{
    {"max, min", "k elements tie", "1/k in each of them", {1.0 / 3, 0, 1.0 / 3, 1.0 / 3}},
    {"ptp", "all elements are equal", "0", {0, 0}},
    {"argmax, argsort, searchsorted", "everywhere", "0", {0, 0}},
    {"sort", "x[0] = x[1]", "that of the stable order", {2, 3, 1}},
    {"lax::top_k", "x[0] = x[1]", "x[0] comes first", {1, 2, 0}},
    {"median", "x[0] = x[1], the middle of 3", "1 in the one that the stable order puts there", {0, 1, 0}},
    {"median", "the middle two of 4 are equal", "1/2 in each", {0, 0.5, 0.5, 0}},
    {"quantile", "at an element", "1 in that element", {0, 1, 0}},
    {"lax::cummax, cummin", "x[0] = x[1]", "1/2 in each, for the second result", {2, 1}},
    {"lax::cummax, cummin",
     "x[0] = x[1] = x[2]",
     "1/4, 1/4, 1/2: prefixes tie pair by pair",
     {0.25, 0.25, 0.5}},
    {"lax::reduce_window_max, _min", "all windows of two tie", "1 in the first of each window", {1, 2, 0}},
    {"x.at(i).max(y), .min(y)", "x[i] = y", "1/2 in x[i], 1/2 in y", {0.5, 1, 0.5}},
    {"lax::scatter_max, scatter_min", "the element and an update tie", "1/2 in each", {0.5, 1, 0.5}},
    {"segment_max", "two of a segment tie", "1/2 in each", {0.5, 0.5, 1}},
    {"prod", "one zero", "the product of the others", {0, 6, 0}},
    {"prod", "two zeros", "0", {0, 0, 0}},
    {"cumprod", "one zero", "the product of the others", {0, 6, 0}},
    {"var", "all elements are equal", "0", {0, 0}},
    {"std", "all elements are equal", "not finite", {kNotFinite, kNotFinite}},
    {"logsumexp", "all elements are -inf", "not finite", {kNotFinite, kNotFinite}},
    {"interp", "at an inner knot", "the slope to the right", {4}},
};

const Rows kLinearAlgebra{
    {"linalg::norm", "x = 0", "not finite", {kNotFinite, kNotFinite}},
    {"linalg::norm, ord 1", "x[0] = 0", "1 in x[0], as of abs", {1, -1}},
    {"linalg::norm, ord inf", "two of the greatest size", "1/2 of each one's sign", {0.5, -0.5}},
    {"linalg::det", "a singular matrix", "the adjugate, transposed", {4, -2, -2, 1}},
    {"linalg::slogdet", "a singular matrix", "not finite", {kNotFinite, kNotFinite, kNotFinite, kNotFinite}},
    {"linalg::cholesky", "a singular matrix", "not finite", {kNotFinite, kNotFinite, kNotFinite, kNotFinite}},
    {"linalg::eigvalsh", "a repeated eigenvalue", "by the eigenvectors found", {1, 0, 0, 2}},
    {"linalg::eigh, vectors",
     "a repeated eigenvalue",
     "not finite",
     {kNotFinite, kNotFinite, kNotFinite, kNotFinite}},
    {"linalg::svdvals", "a repeated singular value", "by the vectors found", {1, 0, 0, 2}},
    {"linalg::svd, vectors",
     "a repeated singular value",
     "not finite",
     {kNotFinite, kNotFinite, kNotFinite, kNotFinite}},
    {"linalg::qr", "a singular matrix", "not finite", {kNotFinite, kNotFinite, kNotFinite, kNotFinite}},
};

}  // namespace

const std::vector<Subgradient>& subgradients() {
  static const auto& all = *new Rows([] {
    Rows rows;
    for (const auto* part : {&kElementwise, &kSingular, &kActivations, &kReductions, &kLinearAlgebra})
      rows.insert(rows.end(), part->begin(), part->end());
    return rows;
  }());
  return all;
}

}  // namespace fluxion::testing
