// Format strings of debug::print against what std::format and Python give, and their errors.
#include <catch2/catch.hpp>

#include <sstream>

#include <fluxion/fluxion.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

template <class... A>
std::string printed(std::string_view format, const A&... args) {
  std::ostringstream os;
  const debug::output_to here(os);
  debug::print(format, args...);
  return os.str();
}
template <class... A>
std::string refused(std::string_view format, const A&... args) {
  return thrown<ValueError>([&] { printed(format, args...); });
}

}  // namespace

TEST_CASE("fields are positional, numbered or named, and braces are doubled") {
  CHECK(printed("nothing") == "nothing\n");
  CHECK(printed("x = {}, y = {}", 1.5, 2) == "x = 1.5, y = 2\n");
  CHECK(printed("{1} {0} {1}", 1.5, 2) == "2 1.5 2\n");
  CHECK(printed("{} {loss}", 1, debug::arg("loss", 0.25)) == "1 0.25\n");
  CHECK(printed("{{{}}} }} {{", 1) == "{1} } {\n");
  CHECK(printed("{} {}", array({1.0, 2.5}), true) == "[1.  2.5] True\n");
  CHECK(printed("{}: {:s}|{:>4}|{:4}|", std::string("step"), "done", "ab", "cd") == "step: done|  ab|cd  |\n");
}

TEST_CASE("formats are those of std::format, for every element of an array") {
  CHECK(printed("{:.3f} {:.1e} {:g} {:.0f}", 3.14159, 12345.0, 0.5, 2.5) == "3.142 1.2e+04 0.5 2\n");
  CHECK(printed("{:8.2f}|{:<8.2f}|{:^8.2f}|{:*>8.2f}|{:08.2f}", 1.5, 1.5, 1.5, 1.5, -1.5) == "    1.50|1.50    |  1.50  |****1.50|-0001.50\n");
  CHECK(printed("{:d} {:5d}|{:+d} {:x} {:X} {:o} {:.2f}", 7, 7, 7, 255, 255, 8, 7) == "7     7|+7 ff FF 10 7.00\n");
  CHECK(printed("{:d} {:x}", scalar(std::uint64_t{18446744073709551615U}), -255) == "18446744073709551615 -ff\n");
  CHECK(printed("{:.2f}", array({{1.0, 2.0}, {3.0, 4.5}})) == "[[1.00 2.00] [3.00 4.50]]\n");
  CHECK(printed("{:>3}|{:5}|{:d}", array({1, 22}), true, true) == "[  1  22]|True |1\n");
  CHECK(printed("{:.3}", scalar(0.1F)) == "0.1\n");
  CHECK(printed("{:>6}", 0.1) == "   0.1\n");
}

TEST_CASE("formats that do not fit are refused when the function is traced") {
  using Catch::Contains;
  CHECK_THAT(refused("{} {}", 1), Contains("debug::print: ") && Contains("got 1 arguments") && Contains("\"{} {}\""));
  CHECK_THAT(refused("{2}", 1, 2), Contains("{2}"));
  CHECK_THAT(refused("{}", 1, 2), Contains("every argument needs a field") && Contains("argument 1"));
  CHECK_THAT(refused("x", debug::arg("loss", 1)), Contains("\"loss\""));
  CHECK_THAT(refused("{loss}", 1), Contains("{loss}") && Contains("fx::debug::arg"));
  CHECK_THAT(refused("{} {0}", 1), Contains("got both"));
  CHECK_THAT(refused("{", 1), Contains("must end with }"));
  CHECK_THAT(refused("}", 1), Contains("}}"));
  CHECK_THAT(refused("{0a}", 1), Contains("{0a}"));
  CHECK_THAT(refused("{:q}", 1), Contains("got {:q}"));
  CHECK_THAT(refused("{:.f}", 1.0), Contains("precision needs digits"));
  CHECK_THAT(refused("{:d}", 1.0), Contains("needs integers, got f64[]"));
  CHECK_THAT(refused("{:s}", 1.0), Contains("needs a string, got f64[]"));
  CHECK_THAT(refused("{:.2f}", "text"), Contains("needs a number, got a string"));
  CHECK_THAT(refused("{:.2f}", random::key(0)), Contains("needs real numbers, got key"));
  int runs = 0;
  const auto f = jit([&](const Array& x) {
    ++runs;
    debug::print("{} {}", x);
    return x;
  });
  CHECK_THAT(thrown<ValueError>([&] { f(1.0); }), Contains("debug::print: "));
  CHECK(runs == 1);
  CHECK_THAT(thrown<TypeError>([&] { debug::print("{}", Array()); }), Contains("debug::print"));
}

}  // namespace fluxion::test
