// What Fluxion throws. Every message reads `op: what is required, got what came; the way out`.
#pragma once

#include <stdexcept>
#include <string>

namespace fluxion {

/// Base of everything Fluxion throws.
struct Error : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// A dtype, rank or kind of argument that an operation does not take.
struct TypeError : Error { using Error::Error; };
/// A shape, axis, size or option that does not fit.
struct ValueError : Error { using Error::Error; };
/// A static index outside the axis it indexes.
struct IndexError : Error { using Error::Error; };
/// A mask under jit or vmap as an index: how many elements it selects is not known.
struct NonConcreteBooleanIndexError : IndexError { using IndexError::IndexError; };
/// The value of an abstract tracer was asked for (`bool(x)`, `x.item()`, an index) under jit or vmap.
struct ConcretizationError : TypeError { using TypeError::TypeError; };
/// A tracer was used after its transformation had finished, or on another thread.
struct UnexpectedTracerError : Error { using Error::Error; };
/// What Fluxion does not support; the message says what to do instead.
struct UnsupportedError : Error { using Error::Error; };
/// Raised under `debug_nans` when a primitive produces a NaN.
struct FloatingPointError : Error { using Error::Error; };
/// A defect of Fluxion itself, never of the caller.
struct InternalError : Error { using Error::Error; };

}  // namespace fluxion
