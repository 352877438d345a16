// How arrays print. Names and defaults are NumPy's.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include <fluxion/array.hpp>

namespace fluxion {

struct PrintOptions {
  /// Digits behind the point, at most; 8.
  std::optional<int> precision = {};
  /// Arrays of more elements are summarised; 1000.
  std::optional<std::int64_t> threshold = {};
  /// How many elements a summary shows at each end of an axis; 3.
  std::optional<std::int64_t> edgeitems = {};
  /// Characters per line; 75.
  std::optional<std::int64_t> linewidth = {};
  /// Never print exponents; false.
  std::optional<bool> suppress = {};
};

/// All options of the calling thread, each with a value.
PrintOptions get_printoptions();
/// Sets those given, for the calling thread. Throws ValueError for negative ones.
void set_printoptions(const PrintOptions& options);

/// Sets the options given until the end of its scope: const fx::printoptions few({.precision = 3});
class [[nodiscard]] printoptions {
 public:
  explicit printoptions(const PrintOptions& options);
  ~printoptions();
  printoptions(const printoptions&) = delete;

 private:
  PrintOptions saved_;
};

/// As `<<` prints it.
std::string array_str(const Array& x);
/// With its dtype: Array([1., 2.], dtype=float64), as jax does.
std::string array_repr(const Array& x);

}  // namespace fluxion
