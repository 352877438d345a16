// Ahead-of-time compilation, step by step: jit(f).trace(args...).lower().compile(). Source: jax.stages.
#pragma once

#include <concepts>
#include <cstddef>
#include <initializer_list>
#include <memory>
#include <ranges>
#include <span>
#include <string>
#include <type_traits>
#include <utility>

#include <fluxion/analysis.hpp>
#include <fluxion/detail/flat.hpp>
#include <fluxion/tree.hpp>

namespace fluxion {

namespace detail {

template <class R>
concept Elements = std::ranges::contiguous_range<R> && std::ranges::sized_range<R> && Scalar<std::ranges::range_value_t<R>> &&
                   !std::same_as<std::ranges::range_value_t<R>, bool>;

}  // namespace detail

/// Where a compiled program reads an argument: a contiguous range of numbers, or an array. Valid while that is.
class ConstSpan {
 public:
  template <detail::Elements R>
  ConstSpan(const R& elements)  // NOLINT: implicit on purpose
      : data_(std::ranges::data(elements)), size_(std::ranges::size(elements)), dtype_(dtype_of<std::ranges::range_value_t<R>>) {}
  /// Throws ValueError unless the array is contiguous.
  ConstSpan(const Array& x);  // NOLINT

  const void* data() const { return data_; }
  std::size_t size() const { return size_; }
  DType dtype() const { return dtype_; }

 private:
  const void* data_;
  std::size_t size_;
  DType dtype_;
};

/// Where a compiled program writes a result: a contiguous range of numbers that may be changed.
class MutableSpan {
 public:
  template <class R> requires(detail::Elements<std::remove_cvref_t<R>> &&
                              !std::is_const_v<std::remove_reference_t<std::ranges::range_reference_t<R>>>)
  MutableSpan(R&& elements)  // NOLINT: implicit on purpose
      : data_(std::ranges::data(elements)), size_(std::ranges::size(elements)),
        dtype_(dtype_of<std::ranges::range_value_t<std::remove_cvref_t<R>>>) {}

  void* data() const { return data_; }
  std::size_t size() const { return size_; }
  DType dtype() const { return dtype_; }

 private:
  void* data_;
  std::size_t size_;
  DType dtype_;
};

namespace detail {

/// A traced function with the structures of its arguments and result; compiled at most once.
struct Staged;
using StagedPtr = std::shared_ptr<const Staged>;

const TreeDef& staged_out(const Staged& s);
ClosedJaxpr staged_jaxpr(const Staged& s);
Arrays staged_out_info(const Staged& s);
std::string staged_program(const Staged& s);
CostAnalysis staged_program_cost(const Staged& s);
/// Throws TypeError if the function captured a traced value.
void compile_staged(const Staged& s);
std::string compiled_plan(const Staged& s);
CostAnalysis compiled_cost(const Staged& s);
MemoryAnalysis compiled_memory(const Staged& s);
/// `args` gives up its leaves.
void call_compiled(const Staged& s, TreeWriter& args, Arrays& results);
void check_compiled_arguments(const Staged& s, const TreeWriter& args);
void call_compiled_into(const Staged& s, const MutableSpan* results, std::size_t n_results, const ConstSpan* args,
                        std::size_t n_args);

}  // namespace detail

/// A program compiled for arguments of certain structure, shapes and dtypes. Copies share it; it may be called from any
/// number of threads. R is what the function returns. Source: jax.stages.Compiled.
template <class R>
class Compiled {
 public:
  explicit Compiled(detail::StagedPtr staged) : staged_(std::move(staged)) {}

  /// The function's result. The arguments are those of trace without the static ones; throws TypeError naming the leaf
  /// if one has another shape or dtype, or is traced. Rvalues are moved from, as under jit.
  template <class... A>
  traced_t<R> operator()(A&&... args) const {
    if constexpr (!(TreeLike<A> && ...)) {
      static_assert(detail::dependent_false<R>, "fluxion::Compiled: arguments must be arrays, numbers or trees of these; "
                                                "leave out those that were static");
    } else {
      TreeWriter w;
      (detail::TreeOf<A>::flatten(args, w), ...);
      detail::check_compiled_arguments(*staged_, w);
      (let_go<A>(args), ...);
      Arrays results;
      detail::call_compiled(*staged_, w, results);
      return detail::build_tree<R>(detail::staged_out(*staged_), std::move(results));
    }
  }

  /// Reads arguments and writes results where told, one span per leaf in order, and allocates nothing:
  /// call_into({y}, {x, w}). Throws ValueError naming the leaf if a span has another size or dtype, or a result
  /// overlaps an argument or another result.
  void call_into(std::initializer_list<MutableSpan> results, std::initializer_list<ConstSpan> args) const {
    detail::call_compiled_into(*staged_, results.begin(), results.size(), args.begin(), args.size());
  }
  void call_into(std::span<const MutableSpan> results, std::span<const ConstSpan> args) const {
    detail::call_compiled_into(*staged_, results.data(), results.size(), args.data(), args.size());
  }

  /// The planned program: its steps, and where in memory they work.
  std::string as_text() const { return detail::compiled_plan(*staged_); }
  CostAnalysis cost_analysis() const { return detail::compiled_cost(*staged_); }
  MemoryAnalysis memory_analysis() const { return detail::compiled_memory(*staged_); }

 private:
  template <class A>
  static void let_go(std::remove_reference_t<A>& arg) {
    using T = std::remove_reference_t<A>;
    if constexpr (!std::is_lvalue_reference_v<A> && !std::is_const_v<T> && !Scalar<T>) [[maybe_unused]] const T gone = std::move(arg);
  }

  detail::StagedPtr staged_;
};

/// A function lowered to a program over values. Source: jax.stages.Lowered.
template <class R>
class Lowered {
 public:
  explicit Lowered(detail::StagedPtr staged) : staged_(std::move(staged)) {}
  /// The program, one instruction per line.
  std::string as_text() const { return detail::staged_program(*staged_); }
  /// Counted before any optimisation.
  CostAnalysis cost_analysis() const { return detail::staged_program_cost(*staged_); }
  /// The result without its values, as of eval_shape.
  traced_t<R> out_info() const { return detail::build_tree<R>(detail::staged_out(*staged_), detail::staged_out_info(*staged_)); }
  /// Throws TypeError if the function captured a traced value.
  Compiled<R> compile() const {
    detail::compile_staged(*staged_);
    return Compiled<R>(staged_);
  }

 private:
  detail::StagedPtr staged_;
};

/// A traced function. Source: jax.stages.Traced.
template <class R>
class Traced {
 public:
  explicit Traced(detail::StagedPtr staged) : staged_(std::move(staged)) {}
  detail::ClosedJaxpr jaxpr() const { return detail::staged_jaxpr(*staged_); }
  /// The result without its values, as of eval_shape.
  traced_t<R> out_info() const { return lower().out_info(); }
  Lowered<R> lower() const { return Lowered<R>(staged_); }

 private:
  detail::StagedPtr staged_;
};

}  // namespace fluxion
