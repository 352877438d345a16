// The state behind the public scoped guards; all thread-local.
#pragma once

#include <cstddef>

#include <fluxion/dtype.hpp>

namespace fluxion {

struct Config {
  bool disable_jit = false;
  bool debug_nans = false;
  bool log_compiles = false;
  bool strict_promotion = false;
  DType default_float = DType::float64;

  /// What belongs into a jit cache key.
  std::size_t key() const {
    return (static_cast<std::size_t>(default_float) << 2) | (strict_promotion ? 2U : 0U) | (debug_nans ? 1U : 0U);
  }
};

Config& config();

}  // namespace fluxion
