// Scoped settings of the calling thread: each guard holds from its construction to the end of its scope.
#pragma once

#include <fluxion/dtype.hpp>

namespace fluxion {

/// Runs jitted functions, loops and branches operation by operation, with concrete values; bodies of loops are traced
/// once before, for their types. Source: jax.disable_jit.
class [[nodiscard]] disable_jit {
 public:
  explicit disable_jit(bool on = true);
  ~disable_jit();
  disable_jit(const disable_jit&) = delete;

 private:
  bool saved_;
};

/// Throws FloatingPointError, naming the primitive, as soon as one yields a NaN; also inside jitted functions.
/// Source: jax.debug_nans.
class [[nodiscard]] debug_nans {
 public:
  explicit debug_nans(bool on = true);
  ~debug_nans();
  debug_nans(const debug_nans&) = delete;

 private:
  bool saved_;
};

/// Writes a line to stderr whenever a function is traced and compiled. Source: jax.log_compiles.
class [[nodiscard]] log_compiles {
 public:
  explicit log_compiles(bool on = true);
  ~log_compiles();
  log_compiles(const log_compiles&) = delete;

 private:
  bool saved_;
};

/// The floating dtype of creators and samplers that are given none; float64 unless set. Throws TypeError for
/// anything but float32 and float64.
class [[nodiscard]] default_dtype {
 public:
  explicit default_dtype(DType floating);
  ~default_dtype();
  default_dtype(const default_dtype&) = delete;

 private:
  DType saved_;
};

enum class Promotion { standard, strict };
inline constexpr Promotion strict = Promotion::strict, standard = Promotion::standard;

/// Under `strict`, operands of different strong dtypes are an error instead of being promoted.
/// Source: jax.numpy_dtype_promotion.
class [[nodiscard]] promotion {
 public:
  explicit promotion(Promotion mode);
  ~promotion();
  promotion(const promotion&) = delete;

 private:
  bool saved_;
};

}  // namespace fluxion
