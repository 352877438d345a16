#include <catch2/catch.hpp>
#include <fluxion/print_options.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::printed;

TEST_CASE("options of printing hold until the end of their scope") {
  const auto x = array({3.14159265, 0.5});
  {
    const printoptions few({.precision = 3});
    CHECK(printed(x) == "[3.142 0.5  ]");
    {
      const printoptions fewer({.precision = 1});
      CHECK(printed(x) == "[3.1 0.5]");
    }
    CHECK(*get_printoptions().precision == 3);
    CHECK(*get_printoptions().threshold == 1000);
  }
  CHECK(printed(x) == "[3.14159265 0.5       ]");
  const printoptions guard({});
  set_printoptions({.threshold = 4, .edgeitems = 1});
  CHECK(printed(arange(10)) == "[0 ... 9]");
  CHECK(printed(arange(4)) == "[0 1 2 3]");
  set_printoptions({.threshold = 1000, .linewidth = 12});
  CHECK(printed(arange(10)) == "[0 1 2 3 4\n 5 6 7 8 9]");
  set_printoptions({.linewidth = 75, .suppress = true});
  CHECK(printed(array({1e-10, 1.0})) == "[0. 1.]");
}

TEST_CASE("printing options must make sense") {
  CHECK(message_of<ValueError>([] { set_printoptions({.precision = -1}); }) ==
        "set_printoptions: options must not be negative, got precision -1; leave an option out to keep it");
  CHECK(message_of<ValueError>([] { const printoptions bad({.edgeitems = -2}); }) ==
        "set_printoptions: options must not be negative, got edgeitems -2; leave an option out to keep it");
  CHECK(*get_printoptions().edgeitems == 3);
}

TEST_CASE("arrays as text, with and without their dtype") {
  CHECK(array_str(array({1.0, 2.5})) == "[1.  2.5]");
  CHECK(array_repr(array({1.0, 2.5})) == "Array([1. , 2.5], dtype=float64)");
  CHECK(array_repr(array({{1, 2}, {3, 4}})) == "Array([[1, 2],\n       [3, 4]], dtype=int32)");
  CHECK(array_repr(scalar(1.5F)) == "Array(1.5, dtype=float32)");
  CHECK(array_repr(Array(2)) == "Array(2, dtype=int64, weak_type=True)");
  CHECK(array_repr(zeros({0})) == "Array([], shape=(0,), dtype=float64)");
  CHECK(array_repr(arange(30)) == "Array([ 0,  1,  2,  3,  4,  5,  6,  7,  8,  9, 10, 11, 12, 13, 14, 15, 16,\n       17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29], dtype=int64)");
}

}  // namespace fluxion
