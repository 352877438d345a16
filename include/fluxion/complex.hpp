// Complex numbers: their parts, made and taken. Everything else works on them where it has a meaning.
#pragma once

#include <fluxion/array.hpp>

namespace fluxion {

namespace lax {

/// Re x and Im x of complex x: float32 of complex64, float64 of complex128. Source: jax.lax.real, jax.lax.imag.
Array real(const Array& x);
Array imag(const Array& x);
/// The complex conjugate of complex x. Linear over the reals only; its derivative is that of a map of (Re x, Im x).
/// Source: jax.lax.conj.
Array conj(const Array& x);
/// re + i im, of two operands of dtype float32 or of dtype float64. Source: jax.lax.complex.
Array complex(const Array& re, const Array& im);

}  // namespace lax

/// Re x, elementwise; x itself if it is not complex. Source: jax.numpy.real.
Array real(const Array& x);
/// Im x, elementwise; zeros if x is not complex. Source: jax.numpy.imag.
Array imag(const Array& x);
/// The complex conjugate; x itself if it is not complex. Source: jax.numpy.conjugate.
Array conj(const Array& x);
Array conjugate(const Array& x);
/// The argument of z in (-pi, pi], or in degrees: 0 or pi for real numbers, 0 for 0. Source: jax.numpy.angle.
Array angle(const Array& z, bool degrees = false);

/// Whether the imaginary part is zero, is not zero: bools of x's shape. Source: jax.numpy.isreal, iscomplex.
Array isreal(const Array& x);
Array iscomplex(const Array& x);
/// Whether the dtype is complex, or is not. Source: jax.numpy.iscomplexobj, isrealobj.
bool iscomplexobj(const Array& x);
bool isrealobj(const Array& x);

}  // namespace fluxion
