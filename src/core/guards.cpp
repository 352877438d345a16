#include "core/guards.hpp"

#include <utility>

#include <fluxion/error.hpp>
#include <fluxion/guards.hpp>
#include "base/text.hpp"

namespace fluxion {

Config& config() {
  thread_local Config c;
  return c;
}

disable_jit::disable_jit(bool on) : saved_(std::exchange(config().disable_jit, on)) {}
disable_jit::~disable_jit() { config().disable_jit = saved_; }

debug_nans::debug_nans(bool on) : saved_(std::exchange(config().debug_nans, on)) {}
debug_nans::~debug_nans() { config().debug_nans = saved_; }

log_compiles::log_compiles(bool on) : saved_(std::exchange(config().log_compiles, on)) {}
log_compiles::~log_compiles() { config().log_compiles = saved_; }

default_dtype::default_dtype(DType floating) : saved_(config().default_float) {
  if (floating != DType::float32 && floating != DType::float64)
    throw TypeError(text("default_dtype: float32 or float64 is required, got ", floating,
                         "; give other dtypes where arrays are made"));
  config().default_float = floating;
}
default_dtype::~default_dtype() { config().default_float = saved_; }

promotion::promotion(Promotion mode) : saved_(std::exchange(config().strict_promotion, mode == Promotion::strict)) {}
promotion::~promotion() { config().strict_promotion = saved_; }

}  // namespace fluxion
