#include <limits>

#include <catch2/catch.hpp>
#include <fluxion/complex.hpp>
#include <fluxion/constants.hpp>
#include <fluxion/dtype_info.hpp>
#include <fluxion/logic.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("kinds of dtypes") {
  CHECK(issubdtype(float32, floating));
  CHECK(issubdtype(float32, inexact));
  CHECK(issubdtype(bfloat16, number));
  CHECK(issubdtype(uint8, unsignedinteger));
  CHECK_FALSE(issubdtype(uint8, signedinteger));
  CHECK(issubdtype(int8, integer));
  CHECK_FALSE(issubdtype(bool_, integer));
  CHECK(issubdtype(bool_, generic));
  CHECK(issubdtype(complex64, complexfloating));
  CHECK_FALSE(issubdtype(complex64, floating));
  CHECK(issubdtype(signedinteger, number));
  CHECK_FALSE(issubdtype(number, signedinteger));
  CHECK(issubdtype(DType::key_fry, extended));
  CHECK(issubdtype(float64, float64));
  CHECK_FALSE(issubdtype(float64, float32));
  CHECK(isdtype(int8, "signed integer"));
  CHECK(isdtype(uint8, "integral"));
  CHECK(isdtype(float16, "real floating"));
  CHECK(isdtype(complex64, "numeric"));
  CHECK_FALSE(isdtype(bool_, "numeric"));
  CHECK(isdtype(bool_, {"integral", "bool"}));
  CHECK(isdtype(float32, float32));
  CHECK(message_of<ValueError>([] { isdtype(int8, "real"); }) ==
        "isdtype: the kind must be bool, signed integer, unsigned integer, integral, real floating, complex "
        "floating or numeric, got "
        "\"real\"; pass a dtype to compare with one");
}

TEST_CASE("casts are those of NumPy") {
  CHECK(can_cast(int32, int64));
  CHECK_FALSE(can_cast(int64, int32));
  CHECK(can_cast(int64, float64));
  CHECK_FALSE(can_cast(int64, float32));
  CHECK_FALSE(can_cast(int32, float32));
  CHECK(can_cast(int16, float32));
  CHECK(can_cast(uint8, int16));
  CHECK_FALSE(can_cast(uint8, int8));
  CHECK_FALSE(can_cast(int8, uint64));
  CHECK(can_cast(uint32, int64));
  CHECK(can_cast(float32, complex64));
  CHECK_FALSE(can_cast(float64, complex64));
  CHECK(can_cast(float16, float32));
  CHECK(can_cast(int8, float16));
  CHECK_FALSE(can_cast(bfloat16, float16));
  CHECK(can_cast(bool_, int8));
  CHECK_FALSE(can_cast(int8, bool_));
  CHECK(can_cast(float64, float32, Casting::same_kind));
  CHECK(can_cast(uint64, int8, Casting::same_kind));
  CHECK_FALSE(can_cast(int8, uint64, Casting::same_kind));
  CHECK_FALSE(can_cast(float64, int64, Casting::same_kind));
  CHECK(can_cast(float64, int64, Casting::unsafe));
  CHECK_FALSE(can_cast(float64, float32, Casting::no));
}

TEST_CASE("limits of dtypes") {
  CHECK(finfo(float64).eps == std::numeric_limits<double>::epsilon());
  CHECK(finfo(float64).max == std::numeric_limits<double>::max());
  CHECK(finfo(float64).tiny == std::numeric_limits<double>::min());
  CHECK(finfo(float64).smallest_subnormal == std::numeric_limits<double>::denorm_min());
  CHECK(finfo(float64).precision == 15);
  CHECK(finfo(float32).max == double{std::numeric_limits<float>::max()});
  CHECK(finfo(float32).precision == 6);
  CHECK(finfo(float16).max == 65504);
  CHECK(finfo(float16).eps == 0.0009765625);
  CHECK(finfo(bfloat16).eps == 0.0078125);
  CHECK(finfo(complex64).dtype == float32);
  CHECK(finfo(zeros({2})).bits == 64);
  CHECK(iinfo(int8).min == -128);
  CHECK(iinfo(int8).max == 127);
  CHECK(iinfo(int64).min == std::numeric_limits<std::int64_t>::min());
  CHECK(iinfo(uint64).max == std::numeric_limits<std::uint64_t>::max());
  CHECK(iinfo(uint16).max == 65535);
  CHECK(message_of<TypeError>([] { finfo(int32); }) ==
        "finfo: a floating or complex dtype is required, got int32; iinfo is for integers");
  CHECK(message_of<TypeError>([] { iinfo(float32); }) ==
        "iinfo: an integer dtype is required, got float32; finfo is for floats");
}

TEST_CASE("questions about whole arrays") {
  CHECK(bool(array_equiv(array({1, 2}), array({{1, 2}, {1, 2}}))));
  CHECK_FALSE(bool(array_equiv(array({1, 2}), array({{1, 2}, {1, 3}}))));
  CHECK_FALSE(bool(array_equiv(array({1, 2}), array({1, 2, 3}))));
  const auto z = array({1.0, 2.0}).astype(complex128);
  CHECK(bool(allclose(z, z + 1e-12)));
  CHECK_FALSE(bool(allclose(z, z + lax::complex(scalar(0.0), scalar(0.1)))));
  CHECK(bool(array_equal(z / 0.0, z / 0.0, true)));
  CHECK(bool(allclose(array({true, false}), array({true, false}))));
  CHECK(isscalar(3));
  CHECK(isscalar(scalar(3.0)));
  CHECK_FALSE(isscalar(array({1})));
  CHECK_FALSE(isscalar("text"));
  const auto x = zeros({2, 3});
  CHECK(ndim(x) == 2);
  CHECK(shape(x) == Shape{2, 3});
  CHECK(size(x) == 6);
  CHECK(size(x, -1) == 3);
  CHECK(astype(x, int32).dtype() == int32);
  CHECK(bool(isnan(nan)));
  CHECK(inf > 1e308);
}

}  // namespace fluxion
