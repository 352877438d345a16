// Array as a value: handles, views, weak types, reading.
#include <catch2/catch.hpp>

#include <fluxion/numpy.hpp>
#include <fluxion/transforms.hpp>

#include "support/text.hpp"

namespace fluxion::test {

TEST_CASE("C++ integers and doubles are weak, all other scalars strong") {
  CHECK(Array(2).aval() == Aval{{}, int64, true});
  CHECK(Array(2U).aval() == Aval{{}, int64, true});
  CHECK(Array('a').aval() == Aval{{}, int64, true});
  CHECK(Array(static_cast<short>(-3)).aval() == Aval{{}, int64, true});
  CHECK(Array(2.0).aval() == Aval{{}, float64, true});
  CHECK(Array(2.0F).aval() == Aval{{}, float32, false});
  CHECK(Array(true).aval() == Aval{{}, bool_, false});
  CHECK(scalar<std::int32_t>(2).aval() == Aval{{}, int32, false});
  CHECK(scalar(2.5).aval() == Aval{{}, float64, false});
  CHECK(array({1, 2}).aval() == Aval{{2}, int32, false});
  CHECK(Array(std::uint64_t{1} << 62).item<std::int64_t>() == std::int64_t{1} << 62);
  CHECK_THAT(thrown<ValueError>([] { Array x(~std::uint64_t{0}); }), Catch::Contains("18446744073709551615") && Catch::Contains("scalar<std::uint64_t>"));
}

TEST_CASE("weak operands give way, and weak results stay weak") {
  const auto f32 = array({1.5F, 2.5F});
  const auto i32 = array({1, 2});
  CHECK((f32 * 2.0).aval() == Aval{{2}, float32, false});
  CHECK((f32 * 2).aval() == Aval{{2}, float32, false});
  CHECK((i32 * 2).aval() == Aval{{2}, int32, false});
  CHECK((i32 * 2.0).aval() == Aval{{2}, float64, true});
  CHECK((Array(2) * Array(3)).aval() == Aval{{}, int64, true});
  CHECK((Array(2) * 3.0).aval() == Aval{{}, float64, true});
  CHECK((Array(2.0) * scalar(3.0F)).aval() == Aval{{}, float32, false});
  CHECK(sin(Array(2)).aval() == Aval{{}, float64, true});
  CHECK((Array(1) < Array(2)).aval() == Aval{{}, bool_, false});
  CHECK((Array(1.0) == Array(2.0)).aval() == Aval{{}, bool_, false});
  CHECK(where(array({true, false}), Array(1), Array(2.0)).aval() == Aval{{2}, float64, true});
}

TEST_CASE("weak types pass through jit and are part of its key") {
  int traces = 0;
  const auto f = jit([&traces](const Array& x) { ++traces; return x * x; });
  CHECK(f(3).aval() == Aval{{}, int64, true});
  CHECK(f(scalar<std::int64_t>(3)).aval() == Aval{{}, int64, false});
  CHECK(traces == 2);
  CHECK(f(4).item<std::int64_t>() == 16);
  CHECK(traces == 2);
  CHECK((f(3) * array({1.5F})).dtype() == float32);
  CHECK((f(scalar<std::int64_t>(3)) * array({1})).dtype() == int64);
  CHECK(jit([](const Array& x, const Array& y) { return x * 2 + y; })(array({1}), 3).aval() == Aval{{1}, int32, false});
}

TEST_CASE("a handle is a shared immutable value") {
  Array a = array({1.0, 2.0});
  const Array b = a;
  a += 1.0;
  CHECK(off(b, {2}, {1, 2}) == "");
  CHECK(off(a, {2}, {2, 3}) == "");
  Array c = std::move(a);
  CHECK(a.is_empty_handle());
  CHECK(off(c, {2}, {2, 3}) == "");
  c = static_cast<const Array&>(c);
  CHECK(off(c, {2}, {2, 3}) == "");
}

TEST_CASE("every use of an empty handle throws a TypeError") {
  const Array empty;
  CHECK(empty.is_empty_handle());
  for (const auto& use : std::vector<std::function<void()>>{
           [&] { empty.shape(); }, [&] { empty.dtype(); }, [&] { empty.item<double>(); }, [&] { empty.to_vector<double>(); },
           [&] { (void)(empty + 1.0); }, [&] { sin(empty); }, [&] { empty[0]; }, [&] { empty.strides(); }, [&] { (void)bool(empty); },
           [&] { sum(empty); }, [&] { empty.astype(float32); }, [&] { concatenate({empty, empty}); }, [&] { empty.devices(); },
           [&] { for (const Array& row : empty) (void)row; }, [&] { (void)empty.at(0).set(1.0); }, [&] { jit([](const Array& x) { return x; })(empty); },
           [&] { grad([](const Array& x) { return x; })(empty); }, [&] { vmap([](const Array& x) { return x; })(empty); }})
    CHECK_THAT(thrown<TypeError>(use), Catch::Contains("empty handle"));
}

TEST_CASE("item converts between numbers where the value stays exact") {
  CHECK(Array(3).item<double>() == 3.0);
  CHECK(Array(3.0).item<std::int32_t>() == 3);
  CHECK(array({{2.5F}}).item<double>() == 2.5);
  CHECK(scalar(true).item<bool>());
  CHECK(scalar<std::uint64_t>(~0ULL).item<std::uint64_t>() == ~0ULL);
  CHECK(scalar(0.1).item<float>() == 0.1F);
  CHECK_THAT(thrown<ValueError>([] { Array(2.5).item<int>(); }), Catch::Contains("item") && Catch::Contains("exact"));
  CHECK_THAT(thrown<ValueError>([] { Array(-1).item<std::uint32_t>(); }), Catch::Contains("exact"));
  CHECK_THAT(thrown<ValueError>([] { Array(std::int64_t{1} << 40).item<std::int32_t>(); }), Catch::Contains("exact"));
  CHECK_THAT(thrown<ValueError>([] { Array(1e30).item<std::int64_t>(); }), Catch::Contains("exact"));
  CHECK_THAT(thrown<ValueError>([] { Array(kNaN).item<std::int64_t>(); }), Catch::Contains("exact"));
}

TEST_CASE("to_vector gives row-major elements of any view; span only those that lie so") {
  const auto x = array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});
  CHECK(x.to_vector<double>() == std::vector<double>{1, 2, 3, 4, 5, 6});
  CHECK(x.T().to_vector<double>() == std::vector<double>{1, 4, 2, 5, 3, 6});
  CHECK(flip(x).to_vector<double>() == std::vector<double>{6, 5, 4, 3, 2, 1});
  CHECK(broadcast_to(x[0], {2, 3}).to_vector<double>() == std::vector<double>{1, 2, 3, 1, 2, 3});
  CHECK(array({true, false}).to_vector<bool>() == std::vector<bool>{true, false});
  CHECK(zeros({0, 3}).to_vector<double>().empty());
  const auto row = x[1];
  const auto s = row.span<double>();
  CHECK(std::vector<double>(s.begin(), s.end()) == std::vector<double>{4, 5, 6});
  CHECK(s.data() == x.span<double>().data() + 3);
}

TEST_CASE("transposes, slices, reversals and broadcasts are views of the same memory") {
  const auto x = arange(24).reshape({2, 3, 4});
  CHECK(x.is_contiguous());
  CHECK(x.strides() == Dims{12, 4, 1});
  CHECK(x.T().strides() == Dims{1, 4, 12});
  CHECK(!x.T().is_contiguous());
  CHECK(x(range(), range(none, none, 2)).strides() == Dims{12, 8, 1});
  CHECK(x(1, range(), range(1, 3)).strides() == Dims{4, 1});
  CHECK(flip(x, 2).strides() == Dims{12, 4, -1});
  CHECK(broadcast_to(x[0][0], {5, 4}).strides() == Dims{0, 1});
  CHECK(x[0].span<std::int64_t>().data() == x.span<std::int64_t>().data());
  CHECK(x.reshape({6, 4}).span<std::int64_t>().data() == x.span<std::int64_t>().data());
  CHECK(x.T().T().is_contiguous());
}

TEST_CASE("elementwise results keep the order of their operands' strides") {
  const auto x = arange(12.0).reshape({3, 4}).T();
  CHECK((x + 1.0).strides() == Dims{1, 4});
  CHECK(sin(x).strides() == Dims{1, 4});
  CHECK((x * x).strides() == Dims{1, 4});
  CHECK((x + make(read(x))).shape() == Shape{4, 3});
}

TEST_CASE("shape, size, rank and device are known") {
  const auto x = zeros({2, 0, 3}, float32);
  CHECK(x.shape() == Shape{2, 0, 3});
  CHECK(x.shape(-1) == 3);
  CHECK(x.ndim() == 3);
  CHECK(x.size() == 0);
  CHECK(x.dtype() == float32);
  CHECK(x.devices() == std::vector<std::string>{"cpu:0"});
  CHECK_THAT(thrown<ValueError>([&] { x.shape(3); }), Catch::Contains("shape: axis must be in [-3, 3), got 3"));
}

TEST_CASE("iteration goes over the leading axis, of tracers too") {
  double total = 0;
  for (const Array& row : array({{1.0, 2.0}, {3.0, 4.0}})) total = total * 10 + sum(row).item<double>();
  CHECK(total == 37);
  const auto f = [](const Array& x) {
    Array product = 1.0;
    for (const Array& e : x) product = product * e;
    return product;
  };
  CHECK(off(grad(f)(array({2.0, 3.0, 4.0})), {3}, {12, 8, 6}) == "");
  CHECK(jit(f)(array({2.0, 3.0, 4.0})).item<double>() == 24);
}

TEST_CASE("truth needs one element and sees through grad to a concrete value") {
  CHECK(bool(array({{2.0}})));
  CHECK(!bool(Array(0)));
  CHECK(bool(Array(kNaN)));
  CHECK(!bool(Array(-0.0)));
  const auto f = [](const Array& x) { return x > 1.0 ? x * x : -x; };
  CHECK(grad(f)(3.0).item<double>() == 6);
  CHECK(grad(f)(0.5).item<double>() == -1);
  CHECK(jvp(f, Array(3.0), Array(1.0)).second.item<double>() == 6);
}

TEST_CASE("a shape of more than four axes works like any other") {
  const auto x = arange(64.0).reshape({2, 2, 2, 2, 2, 2});
  CHECK(x.T()(1, 0, 0, 0, 0, 0).item<double>() == 1);
  CHECK(sum(x, {0, 2, 4}).shape() == Shape{2, 2, 2});
  CHECK(off(sum(x.T(), {0, 1, 2, 3, 4}), {2}, {496, 1520}) == "");
  CHECK(str(x.aval()) == "f64[2,2,2,2,2,2]");
}

TEST_CASE("elements of a strided view that is computed on are those of its copy") {
  const auto x = arange(60.0).reshape({3, 4, 5});
  const auto view = x.T()(range(1, none), range(none, none, -2));
  const auto copy = make(read(view));
  CHECK(view.shape() == Shape{4, 2, 3});
  CHECK(differs(sum(view, 1), sum(copy, 1)) == "");
  CHECK(differs(exp(view * 0.1) + view, exp(copy * 0.1) + copy) == "");
  CHECK(differs(concatenate({view, view}, 1), concatenate({copy, copy}, 1)) == "");
}

}  // namespace fluxion::test
