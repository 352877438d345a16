// Dtypes, constants, printing and files.
#include <cstddef>
#include <span>
#include <string>

#include "numpy/surface_headers.hpp"

namespace fx = fluxion;

namespace fluxion::test {

SurfaceRows surface_of_types() {
  return {
      // util
      FLUXION_PRESENT("ndim", fx::ndim(x)),
      FLUXION_PRESENT("shape", fx::shape(x)),
      FLUXION_PRESENT("size", fx::size(x)),
      // dtypes
      FLUXION_PRESENT("isdtype", fx::isdtype(fx::float32, "real floating")),
      // array type
      FLUXION_PRESENT("ndarray", fx::Array(1.0)),
      // scalar_types
      FLUXION_PRESENT("bfloat16", fx::bfloat16),
      FLUXION_PRESENT("bool", fx::bool_),
      FLUXION_PRESENT("bool_", fx::bool_),
      FLUXION_PRESENT("cdouble", fx::cdouble),
      FLUXION_PRESENT("complex128", fx::complex128),
      FLUXION_PRESENT("complex64", fx::complex64),
      FLUXION_PRESENT("complex_", fx::complex_),
      FLUXION_PRESENT("csingle", fx::csingle),
      FLUXION_PRESENT("double", fx::double_),
      FLUXION_PRESENT("float16", fx::float16),
      FLUXION_PRESENT("float32", fx::float32),
      FLUXION_ABSENT("float4_e2m1fn", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_PRESENT("float64", fx::float64),
      FLUXION_ABSENT("float6_e2m3fn", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float6_e3m2fn", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float8_e3m4", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float8_e4m3", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float8_e4m3b11fnuz", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float8_e4m3fn", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float8_e4m3fnuz", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float8_e5m2", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float8_e5m2fnuz", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_ABSENT("float8_e8m0fnu", "floats of 8 bits and fewer have no storage: widen to float16 or bfloat16"),
      FLUXION_PRESENT("float_", fx::float_),
      FLUXION_ABSENT("int1", "elements are whole bytes: widen to int8 or uint8"),
      FLUXION_PRESENT("int16", fx::int16),
      FLUXION_ABSENT("int2", "elements are whole bytes: widen to int8 or uint8"),
      FLUXION_PRESENT("int32", fx::int32),
      FLUXION_ABSENT("int4", "elements are whole bytes: widen to int8 or uint8"),
      FLUXION_PRESENT("int64", fx::int64),
      FLUXION_PRESENT("int8", fx::int8),
      FLUXION_PRESENT("int_", fx::int_),
      FLUXION_PRESENT("single", fx::single),
      FLUXION_PRESENT("uint", fx::uint),
      FLUXION_ABSENT("uint1", "elements are whole bytes: widen to int8 or uint8"),
      FLUXION_PRESENT("uint16", fx::uint16),
      FLUXION_ABSENT("uint2", "elements are whole bytes: widen to int8 or uint8"),
      FLUXION_PRESENT("uint32", fx::uint32),
      FLUXION_ABSENT("uint4", "elements are whole bytes: widen to int8 or uint8"),
      FLUXION_PRESENT("uint64", fx::uint64),
      FLUXION_PRESENT("uint8", fx::uint8),
      // re-exported from NumPy (constants, abstract dtypes, printing, I/O)
      FLUXION_PRESENT("array_repr", fx::array_repr(x)),
      FLUXION_PRESENT("array_str", fx::array_str(x)),
      FLUXION_ABSENT("character", "arrays hold no strings"),
      FLUXION_PRESENT("complexfloating", fx::complexfloating),
      FLUXION_PRESENT("dtype", x.dtype()),
      FLUXION_PRESENT("e", fx::e),
      FLUXION_PRESENT("euler_gamma", fx::euler_gamma),
      FLUXION_ABSENT("flexible", "arrays hold no strings or records"),
      FLUXION_PRESENT("floating", fx::floating),
      FLUXION_PRESENT("generic", fx::generic),
      FLUXION_PRESENT("inexact", fx::inexact),
      FLUXION_PRESENT("inf", fx::inf),
      FLUXION_PRESENT("integer", fx::integer),
      FLUXION_ABSENT("iterable", "a question about Python objects; std::ranges::range is the concept"),
      FLUXION_PRESENT("nan", fx::nan),
      FLUXION_PRESENT("newaxis", fx::newaxis),
      FLUXION_PRESENT("number", fx::number),
      FLUXION_ABSENT("object_", "arrays hold no objects"),
      FLUXION_PRESENT("pi", fx::pi),
      FLUXION_PRESENT("save", static_cast<void (*)(const std::string&, const Array&)>(fx::save)),
      FLUXION_PRESENT("savez", fx::savez),
      FLUXION_PRESENT("signedinteger", fx::signedinteger),
      FLUXION_PRESENT("unsignedinteger", fx::unsignedinteger),
  };
}

}  // namespace fluxion::test
