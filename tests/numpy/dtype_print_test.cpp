// Halves, narrow integers and complex numbers print as NumPy prints them, and as literals of jaxprs.
#include <catch2/catch.hpp>

#include <cmath>
#include <sstream>

#include <fluxion/lax.hpp>
#include <fluxion/numpy.hpp>
#include <fluxion/transforms.hpp>

#include "support/text.hpp"

namespace fluxion {

namespace {
using C = std::complex<double>;
using C64 = std::complex<float>;
}  // namespace

TEST_CASE("float16 prints the fewest digits that name it, bfloat16 six at most") {
  CHECK(test::str(array({0.1, 2.5, 1000.0}).astype(float16)) == "[1.0e-01 2.5e+00 1.0e+03]");
  CHECK(test::str(array({0.1, 0.25}).astype(float16)) == "[0.1  0.25]");
  CHECK(test::str(scalar(float16_t(65504))) == "65500.0");
  CHECK(test::str(scalar(float16_t(1.0 / 3))) == "0.3333");
  CHECK(test::str(scalar(float16_t(1e-5))) == "1e-05");
  CHECK(test::str(scalar(float16_t(1e9))) == "inf");
  CHECK(test::str(array({1.0, 2.5, 0.1}).astype(bfloat16)) == "[1 2.5 0.100098]");
  CHECK(test::str(scalar(bfloat16_t(3e38))) == "3.00406e+38");
}

TEST_CASE("complex numbers line up part by part") {
  CHECK(test::str(array<C>({C(1, 2), C(3.5, -0.5)})) == "[1. +2.j  3.5-0.5j]");
  CHECK(test::str(array<C>({C(1, 2), C(1, -10)})) == "[1. +2.j 1.-10.j]");
  CHECK(test::str(array<C64>({C64(0.1F, 0)})) == "[0.1+0.j]");
  CHECK(test::str(array<C>({C(NAN, INFINITY), C(1, -0.0)})) == "[nan+infj  1. -0.j]");
  CHECK(test::str(array<C>({C(1e10, 1), C(1, 1)})) == "[1.e+10+1.j 1.e+00+1.j]");
}

TEST_CASE("complex scalars print as Python's") {
  CHECK(test::str(scalar(C(1, 2))) == "(1+2j)");
  CHECK(test::str(scalar(C(0, 2.5))) == "2.5j");
  CHECK(test::str(scalar(C(-0.0, 2))) == "(-0+2j)");
  CHECK(test::str(scalar(C(1.5, -2))) == "(1.5-2j)");
  CHECK(test::str(scalar(C64(0.1F, 1e20F))) == "(0.1+1e+20j)");
  CHECK(test::str(scalar(C(NAN, NAN))) == "(nan+nanj)");
}

TEST_CASE("literals of every dtype stand in jaxprs") {
  const auto with = [](const Array& literal) {
    std::ostringstream os;
    os << make_jaxpr([&](const Array& x) { return lax::eq(x, literal); })(literal);
    return os.str();
  };
  CHECK_THAT(with(scalar(std::int8_t{-7})), Catch::Contains("eq a -7:i8[]"));
  CHECK_THAT(with(scalar(std::uint64_t{18446744073709551615U})), Catch::Contains("eq a 18446744073709551615:u64[]"));
  CHECK_THAT(with(scalar(float16_t(0.1))), Catch::Contains("eq a 0.1:f16[]"));
  CHECK_THAT(with(scalar(bfloat16_t(2.5))), Catch::Contains("eq a 2.5:bf16[]"));
  CHECK_THAT(with(scalar(C(1, -2))), Catch::Contains("eq a (1-2j):c128[]"));
  CHECK_THAT(with(scalar(C64(0, 1))), Catch::Contains("eq a 1j:c64[]"));
}

}  // namespace fluxion
