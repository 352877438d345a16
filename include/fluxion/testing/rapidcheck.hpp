// Generators for rapidcheck: dtypes, shapes, arrays, keys, trees, constrained domains and random programs. The only
// public header that includes rapidcheck. Values are functions of rapidcheck's random numbers alone, so that RC_PARAMS
// replays them.
//
//   rc::check("exp is positive", [](const fx::Array& x) { RC_ASSERT(static_cast<bool>(fx::all(fx::exp(x) > 0))); });
//   const fx::Array p = *fx::testing::gen::simplex({4});
//   const Params w = *fx::testing::gen::tree_like(example);
#pragma once

#include <initializer_list>
#include <string>
#include <utility>
#include <vector>

#include <rapidcheck.h>

#include <fluxion/random.hpp>
#include <fluxion/testing/bijection.hpp>
#include <fluxion/testing/compare.hpp>
#include <fluxion/testing/draw.hpp>
#include <fluxion/testing/random_program.hpp>
#include <fluxion/tree.hpp>

namespace fluxion::testing::gen {

namespace detail {

inline std::uint64_t seed_of(const rc::Random& random) { return rc::Random(random).next(); }

/// draw(seed, size) with `simpler(value)` as shrinks.
template <class Draw, class Simpler>
auto drawn(Draw draw, Simpler simpler) {
  using T = std::decay_t<decltype(draw(std::uint64_t{}, int{}))>;
  return rc::Gen<T>([draw, simpler](const rc::Random& random, int size) {
    return rc::shrinkable::shrinkRecur(draw(seed_of(random), size),
                                       [simpler](const T& v) { return rc::seq::fromContainer(simpler(v)); });
  });
}

/// A generator of shapes that knows its options, so that arrays of such shapes shrink to smaller ones of the same
/// elements.
class ShapeGen : public rc::Gen<Shape> {
 public:
  explicit ShapeGen(const ShapeOptions& o)
      : rc::Gen<Shape>(drawn([o](std::uint64_t seed, int size) { return draw_shape(o, seed, size); },
                             [o](const Shape& s) { return simpler_shapes(o, s); })),
        options_(o) {}
  const ShapeOptions& options() const { return options_; }

 private:
  ShapeOptions options_;
};

/// What stands for a shape: one, {2, 3}, or a generator of them.
class ShapeChoice {
 public:
  ShapeChoice(std::initializer_list<std::int64_t> extents) : shape_(extents) {}  // {} is rank 0
  ShapeChoice(const Shape& shape) : shape_(shape) {}  // NOLINT: implicit on purpose, as are the others
  ShapeChoice(const ShapeGen& shapes) : options_(shapes.options()) {}
  ShapeChoice(const rc::Gen<Shape>& shapes) : gen_(shapes) {}

  /// A generator of f(recipe) for arrays of such shapes.
  template <class F>
  rc::Gen<Array> arrays(ArrayRecipe recipe, F f) const {
    if (gen_) return rc::gen::mapcat(*gen_, [recipe, f](const Shape& s) {
      auto of_shape = recipe;
      of_shape.shape = s;
      return f(of_shape);
    });
    recipe.shape = shape_;
    recipe.shapes = options_;
    return f(recipe);
  }

 private:
  Shape shape_;
  std::optional<ShapeOptions> options_;
  std::optional<rc::Gen<Shape>> gen_;
};

inline rc::Gen<Array> of_recipe(const char* what, const ArrayRecipe& recipe) {
  check_options(what, recipe);
  return drawn([recipe](std::uint64_t seed, int size) { return draw_array(recipe, seed, size); },
               [recipe](const Array& x) { return simpler_arrays(recipe, x); });
}

/// f(y) for unconstrained y of a shape, which shrinks towards 0.
template <class F>
rc::Gen<Array> mapped(const char* what, const ShapeChoice& shape, DType dtype, F f) {
  return shape.arrays({.dtype = dtype},
                      [what, f](const ArrayRecipe& r) { return rc::gen::map(of_recipe(what, r), f); });
}
/// The same for a shape whose last extent n stands for parameters_of(n) unconstrained ones.
template <class F>
rc::Gen<Array> mapped_last(const char* what, const Shape& shape, std::int64_t least,
                           std::int64_t (*parameters_of)(std::int64_t), DType dtype, F f) {
  auto free = shape;
  free[free.size() - 1] = parameters_of(last_extent(what, shape, least));
  return rc::gen::map(of_recipe(what, {.dtype = dtype, .shape = free}), f);
}

}  // namespace detail

/// A dtype of numbers, or bool; float64 is the simplest. Or one of those given, the first the simplest.
inline rc::Gen<DType> dtype(std::vector<DType> among = {float64, float32, int64, int32, bool_, int8, int16,
                                                        uint8, uint16, uint32, uint64, float16, bfloat16,
                                                        complex128, complex64}) {
  return detail::drawn([among](std::uint64_t seed, int) { return among.at(seed % among.size()); },
                       [among](DType t) {
                         std::vector<DType> before;
                         for (std::size_t i = 0; i < among.size() && among[i] != t; ++i) before.push_back(among[i]);
                         return before;
                       });
}
inline rc::Gen<DType> floating_dtype() { return dtype({float64, float32, float16, bfloat16}); }
inline rc::Gen<DType> integer_dtype() { return dtype({int64, int32, int8, int16, uint8, uint16, uint32, uint64}); }
inline rc::Gen<DType> complex_dtype() { return dtype({complex128, complex64}); }

/// A shape: shape({.max_rank = 2, .min_extent = 1}). Rank 0, empty axes and axes of extent 1 are frequent. Shrinks to
/// the smallest. Throws ValueError for options that no shape fits.
inline detail::ShapeGen shape(const ShapeOptions& options = {}) {
  detail::check_options("gen::shape", options);
  return detail::ShapeGen(options);
}
/// `n` shapes that broadcast together.
inline rc::Gen<std::vector<Shape>> broadcastable_shapes(std::size_t n = 2, const ShapeOptions& options = {}) {
  detail::check_options("gen::broadcastable_shapes", options);
  return detail::drawn(
      [=](std::uint64_t seed, int size) { return detail::draw_broadcastable_shapes(n, options, seed, size); },
      [=](const std::vector<Shape>& s) { return detail::simpler_broadcastable_shapes(options, s); });
}

/// An array: array(float32, {2, 3}), array(int64, gen::shape({.max_rank = 1}), {.low = 0, .special = true});
/// of any shape if none is given. Shrinks to smaller shapes, then to simpler elements (0, 1, -1, 2, 0.5, then
/// whole numbers). Throws TypeError for dtypes without numbers, ValueError for bounds that have none between
/// them.
inline rc::Gen<Array> array(DType dtype = float64, const detail::ShapeChoice& shape = detail::ShapeGen({}),
                            const ArrayOptions& options = {}) {
  return shape.arrays({.dtype = dtype, .values = options},
                      [](const detail::ArrayRecipe& r) { return detail::of_recipe("gen::array", r); });
}
inline rc::Gen<Array> array(const rc::Gen<DType>& dtype,
                            const detail::ShapeChoice& shape = detail::ShapeGen({}),
                            const ArrayOptions& options = {}) {
  return rc::gen::mapcat(dtype, [=](DType t) { return array(t, shape, options); });
}

/// A key for fluxion::random: random::key(seed), whose seed shrinks to 0.
inline rc::Gen<Array> keys() {
  const auto seeds = rc::gen::resize(rc::kNominalSize, rc::gen::arbitrary<std::uint32_t>());
  return rc::gen::map(seeds, [](std::uint32_t seed) { return random::key(seed); });
}

// --- constrained domains: bijections of unconstrained numbers, which shrink to 0 ------------------------------------

/// Numbers above 0; 1 is the simplest.
inline rc::Gen<Array> positive(const detail::ShapeChoice& shape = detail::ShapeGen({}), DType dtype = float64) {
  return detail::mapped("gen::positive", shape, dtype, bijection::positive);
}
/// Numbers in (0, 1); 1/2 is the simplest.
inline rc::Gen<Array> unit_interval(const detail::ShapeChoice& shape = detail::ShapeGen({}), DType dtype = float64) {
  return detail::mapped("gen::unit_interval", shape, dtype, bijection::unit_interval);
}
/// Numbers in (low, high); the middle is the simplest.
inline rc::Gen<Array> interval(double low, double high,
                               const detail::ShapeChoice& shape = detail::ShapeGen({}),
                               DType dtype = float64) {
  return detail::mapped("gen::interval", shape, dtype,
                        [low, high](const Array& y) { return bijection::interval(y, low, high); });
}
/// Ascending along the last axis.
inline rc::Gen<Array> ordered(const Shape& shape, DType dtype = float64) {
  return detail::mapped_last("gen::ordered", shape, 0, [](std::int64_t n) { return n; }, dtype, bijection::ordered);
}
/// Positive with sum 1 along the last axis; equal ones are the simplest.
inline rc::Gen<Array> simplex(const Shape& shape, DType dtype = float64) {
  return detail::mapped_last("gen::simplex", shape, 1, [](std::int64_t n) { return n - 1; }, dtype, bijection::simplex);
}
/// Correlation matrices of order n, `batch` of them, uniformly distributed (LKJ with shape 1), and their lower Cholesky
/// factors; the identity is the simplest. float64.
rc::Gen<Array> correlation(std::int64_t n, const Shape& batch = {});
rc::Gen<Array> correlation_cholesky(std::int64_t n, const Shape& batch = {});
/// Symmetric positive definite matrices of order n; the identity is the simplest.
inline rc::Gen<Array> positive_definite(std::int64_t n, const Shape& batch = {}, DType dtype = float64) {
  auto shape = batch;
  shape.push_back(n);
  return detail::mapped_last(
      "gen::positive_definite", shape, 0, [](std::int64_t k) { return k * (k + 1) / 2; }, dtype,
      bijection::positive_definite);
}

namespace detail {
template <class F>
rc::Gen<Array> correlation_by(const char* what, std::int64_t n, Shape shape, F f) {
  shape.push_back(n);
  shape[shape.size() - 1] = n * (last_extent(what, shape, 1) - 1) / 2;
  const ArrayRecipe recipe{.shape = shape, .values = {.low = -30, .high = 30}};
  return rc::gen::map(drawn([=](std::uint64_t seed, int) { return draw_correlation_parameters(shape, n, seed); },
                            [recipe](const Array& y) { return simpler_arrays(recipe, y); }), f);
}
}  // namespace detail
inline rc::Gen<Array> correlation(std::int64_t n, const Shape& batch) {
  return detail::correlation_by("gen::correlation", n, batch, bijection::correlation);
}
inline rc::Gen<Array> correlation_cholesky(std::int64_t n, const Shape& batch) {
  return detail::correlation_by("gen::correlation_cholesky", n, batch, bijection::correlation_cholesky);
}

// --- trees and programs ----------------------------------------------------------------------------------------------

/// A tree like an example: its structure, shapes and dtypes, other numbers. Its keys become other keys. Each leaf
/// shrinks by itself.
template <TreeLike T>
rc::Gen<traced_t<T>> tree_like(const T& example, const ArrayOptions& options = {}) {
  const auto [leaves, structure] = fluxion::tree::flatten(example);
  std::vector<rc::Gen<Array>> gens;
  for (const auto& x : leaves) gens.push_back(is_key(x.dtype()) ? keys() : array(x.dtype(), x.shape(), options));
  return rc::Gen<traced_t<T>>([gens, def = structure](const rc::Random& random, int size) {
    auto r = random;
    std::vector<rc::Shrinkable<Array>> drawn;
    for (const auto& g : gens) drawn.push_back(g(r.split(), size));
    const auto shrunk =
        rc::shrinkable::shrinkRecur(std::move(drawn), [](const std::vector<rc::Shrinkable<Array>>& now) {
          return rc::shrink::eachElement(now,
                                         [](const rc::Shrinkable<Array>& leaf) { return leaf.shrinks(); });
        });
    return rc::shrinkable::map(shrunk, [def](const std::vector<rc::Shrinkable<Array>>& now) {
      Arrays values;
      for (const auto& s : now) values.push_back(s.value());
      return fluxion::tree::unflatten<T>(def, std::move(values));
    });
  });
}

namespace detail {
/// Trees of one type: `gen(arrays)`.
template <class T>
struct TreeGen {
  static rc::Gen<T> gen(const rc::Gen<Array>& arrays) {
    if constexpr (fluxion::detail::is_hana_struct<T>) return record(arrays);
    else
      static_assert(fluxion::detail::dependent_false<T>,
                    "fluxion::testing::gen::tree: only arrays, numbers, adapted structs and the standard containers of "
                    "these can be drawn from their type; for another tree give an example: gen::tree_like(example)");
  }

 private:
  static rc::Gen<T> record(const rc::Gen<Array>& arrays) {
    return boost::hana::unpack(boost::hana::accessors<T>(), [&](auto... field) {
      return rc::gen::map(
          rc::gen::tuple(TreeGen<fluxion::detail::FieldType<T, decltype(field)>>::gen(arrays)...),
          [field...](auto&& members) {
            T out{};
            std::apply([&](auto&&... m) { ((boost::hana::second(field)(out) = m), ...); }, members);
            return out;
          });
    });
  }
};
template <>
struct TreeGen<Array> {
  static rc::Gen<Array> gen(const rc::Gen<Array>& arrays) { return arrays; }
};
template <Scalar T>
struct TreeGen<T> {
  static rc::Gen<T> gen(const rc::Gen<Array>&) {
    return rc::gen::map(array(dtype_of<T>, Shape{}), [](const Array& x) { return x.template item<T>(); });
  }
};
template <>
struct TreeGen<None> {
  static rc::Gen<None> gen(const rc::Gen<Array>&) { return rc::gen::just(None{}); }
};
template <class T>
struct TreeGen<Static<T>> {
  static rc::Gen<Static<T>> gen(const rc::Gen<Array>&) {
    return rc::gen::map(rc::gen::arbitrary<T>(), [](const T& v) { return Static<T>(v); });
  }
};
template <class T>
struct TreeGen<std::vector<T>> {
  static rc::Gen<std::vector<T>> gen(const rc::Gen<Array>& arrays) {
    return rc::gen::mapcat(
        rc::gen::resize(rc::kNominalSize, rc::gen::inRange<std::size_t>(0, 4)),
        [g = TreeGen<T>::gen(arrays)](std::size_t n) { return rc::gen::container<std::vector<T>>(n, g); });
  }
};
template <class T, std::size_t N>
struct TreeGen<std::array<T, N>> {
  static rc::Gen<std::array<T, N>> gen(const rc::Gen<Array>& arrays) {
    return rc::gen::container<std::array<T, N>>(TreeGen<T>::gen(arrays));
  }
};
template <class A, class B>
struct TreeGen<std::pair<A, B>> {
  static rc::Gen<std::pair<A, B>> gen(const rc::Gen<Array>& arrays) {
    return rc::gen::pair(TreeGen<A>::gen(arrays), TreeGen<B>::gen(arrays));
  }
};
template <class... T>
struct TreeGen<std::tuple<T...>> {
  static rc::Gen<std::tuple<T...>> gen(const rc::Gen<Array>& arrays) {
    return rc::gen::tuple(TreeGen<T>::gen(arrays)...);
  }
};
template <class T>
struct TreeGen<std::optional<T>> {
  static rc::Gen<std::optional<T>> gen(const rc::Gen<Array>& arrays) {
    return rc::gen::map(TreeGen<std::vector<T>>::gen(arrays),
                        [](const std::vector<T>& v) { return v.empty() ? std::optional<T>() : v[0]; });
  }
};
template <class T>
struct TreeGen<std::map<std::string, T>> {
  static rc::Gen<std::map<std::string, T>> gen(const rc::Gen<Array>& arrays) {
    return rc::gen::map(TreeGen<std::vector<T>>::gen(arrays), [](const std::vector<T>& v) {
      std::map<std::string, T> out;
      for (std::size_t i = 0; i < v.size(); ++i) out.emplace(std::string(1, static_cast<char>('a' + i)), v[i]);
      return out;
    });
  }
};
}  // namespace detail

/// A tree of a type: any adapted struct, standard containers (up to three elements), arrays and numbers, nested. Each
/// array is drawn by itself from `arrays`: where shapes must fit each other, use tree_like.
template <class T>
rc::Gen<T> tree(const rc::Gen<Array>& arrays = array()) { return detail::TreeGen<T>::gen(arrays); }

/// A random differentiable program: const auto f = *gen::program({.max_equations = 10}); check_grads(f, f.inputs()).
/// Shrinks by dropping equations. See RandomProgram.
inline rc::Gen<RandomProgram> program(const ProgramOptions& options = {}) {
  return detail::drawn([options](std::uint64_t seed, int size) { return random_program(seed, options, size); },
                       [](const RandomProgram& p) { return p.simpler(); });
}

}  // namespace fluxion::testing::gen

namespace fluxion {
/// How rapidcheck shows counterexamples: with dtype, shape and every digit.
inline void showValue(const Array& x, std::ostream& os) { os << testing::detail::show_array(x); }
}  // namespace fluxion

/// Properties can take these as parameters: float64 arrays of any shape, dtypes, shapes, programs, adapted structs.
template <>
struct rc::Arbitrary<fluxion::Array> {
  static Gen<fluxion::Array> arbitrary() { return fluxion::testing::gen::array(); }
};
template <>
struct rc::Arbitrary<fluxion::DType> {
  static Gen<fluxion::DType> arbitrary() { return fluxion::testing::gen::dtype(); }
};
template <>
struct rc::Arbitrary<fluxion::Shape> {
  static Gen<fluxion::Shape> arbitrary() { return fluxion::testing::gen::shape(); }
};
template <>
struct rc::Arbitrary<fluxion::testing::RandomProgram> {
  static Gen<fluxion::testing::RandomProgram> arbitrary() { return fluxion::testing::gen::program(); }
};
template <class T>
struct rc::Arbitrary<T, std::enable_if_t<fluxion::detail::is_hana_struct<T>>> {
  static Gen<T> arbitrary() { return fluxion::testing::gen::tree<T>(); }
};
/// Adapted structs print leaf by leaf, unless they have operator<< or showValue.
template <class T> requires fluxion::detail::is_hana_struct<T>
struct rc::detail::ShowDefault<T, false, false> {
  static void show(const T& t, std::ostream& os) {
    os << fluxion::testing::detail::show_tree(fluxion::tree::flatten(t));
  }
};
