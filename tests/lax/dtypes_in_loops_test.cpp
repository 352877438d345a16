// Loops, branches, checkpoints, lanes and tapes carry every dtype, against the same work written out.
#include <catch2/catch.hpp>

#include <fluxion/complex.hpp>
#include <fluxion/fluxion.hpp>

#include "support/text.hpp"

namespace fluxion {

namespace {

constexpr DType kNumbers[] = {int8,     int16,   int32,   int64,   uint8,     uint16,    uint32,
                              uint64,   bfloat16, float16, float32, float64, complex64, complex128};

Array three(DType t) { return array({1.0, 2.0, 3.0}).astype(t); }
std::vector<DType> inexact_dtypes() {
  std::vector<DType> out;
  for (const auto t : kNumbers)
    if (is_inexact(t)) out.push_back(t);
  return out;
}

// x -> x x / 2 + 1 for inexact numbers, x x + 1 for others.
Array step(const Array& x) { return is_inexact(x.dtype()) ? x * x * 0.5 + 1 : x * x + 1; }
Array three_steps(const Array& x) { return step(step(step(x))); }

Array real_sum(const Array& x) { return sum(real(x)); }

}  // namespace

TEST_CASE("loops of every kind carry every dtype") {
  for (const auto t : kNumbers) {
    INFO(t);
    const Array x = three(t), want = three_steps(x);
    const auto by_scan = [](const Array& v) {
      return scan([](const Array& c, const Array& k) { return std::pair(step(c), c + k.astype(c.dtype())); }, v, arange(3)).first;
    };
    const auto by_for = [](const Array& v) { return fori_loop(0, 3, [](const Array&, const Array& c) { return step(c); }, v); };
    const auto by_while = [](const Array& v) {
      using Carry = std::pair<Array, Array>;
      return while_loop([](const Carry& c) { return c.first < 3; }, [](const Carry& c) { return Carry(c.first + 1, step(c.second)); },
                        Carry(0, v)).second;
    };
    const auto by_cond = [](const Array& v) {
      return cond(scalar(true), three_steps, [](const Array& w) { return w; }, v);
    };
    CHECK(test::differs(by_scan(x), want) == "");
    CHECK(test::differs(jit(by_scan)(x), want) == "");
    CHECK(test::differs(by_for(x), want) == "");
    CHECK(test::differs(jit(by_for)(x), want) == "");
    CHECK(test::differs(by_while(x), want) == "");
    CHECK(test::differs(jit(by_while)(x), want) == "");
    CHECK(test::differs(vmap(by_while)(x), vmap(three_steps)(x)) == "");
    CHECK(test::differs(jit(by_cond)(x), want) == "");
    CHECK(test::differs(checkpoint(three_steps)(x), want) == "");
  }
}

TEST_CASE("lanes of batched conditions and loops carry every dtype") {
  for (const auto t : kNumbers) {
    INFO(t);
    const Array x = three(t), turns = array({0, 3, 1});
    const auto branch = [](const Array& n, const Array& v) {
      return cond(n > 0, [](const Array& w) { return step(w); }, [](const Array& w) { return w; }, v);
    };
    const auto repeat = [](const Array& n, const Array& v) {
      using Carry = std::pair<Array, Array>;
      return while_loop([](const Carry& c) { return c.first > 0; }, [](const Carry& c) { return Carry(c.first - 1, step(c.second)); },
                        Carry(n, v)).second;
    };
    CHECK(test::differs(vmap(branch)(turns, x), stack({x[0], step(x[1]), step(x[2])})) == "");
    CHECK(test::differs(vmap(repeat)(turns, x), stack({x[0], three_steps(x[1]), step(x[2])})) == "");
    CHECK(test::differs(jit(vmap(repeat))(turns, x), stack({x[0], three_steps(x[1]), step(x[2])})) == "");
  }
}

TEST_CASE("reverse mode runs through loops of every inexact dtype, also those that record on tapes") {
  for (const auto t : inexact_dtypes()) {
    INFO(t);
    const Array x = three(t) * scalar(0.25F).astype(t);
    const auto plain = grad([](const Array& v) { return real_sum(three_steps(v)); });
    const auto by_while = grad([](const Array& v) {
      using Carry = std::pair<Array, Array>;
      return real_sum(while_loop([](const Carry& c) { return c.first < 3; },
                                 [](const Carry& c) { return Carry(c.first + 1, step(c.second)); }, Carry(0, v)).second);
    });
    const auto by_scan = grad([](const Array& v) {
      return real_sum(scan([](const Array& c, const Array&) { return std::pair(step(c), c); }, v, arange(3)).first);
    });
    const auto tolerance = is_half(t) ? test::Tolerance::close(0.02, 0.02) : test::Tolerance::close(1e-6, 1e-6);
    CHECK(test::differs(by_while(x), plain(x), tolerance) == "");
    CHECK(test::differs(jit(by_while)(x), by_while(x)) == "");
    CHECK(test::differs(by_scan(x), plain(x), tolerance) == "");
    CHECK(test::differs(vmap(by_while)(stack({x, x}))[1], by_while(x)) == "");
    CHECK(test::differs(grad([](const Array& v) { return real_sum(checkpoint(three_steps)(v)); })(x), plain(x), tolerance) == "");
  }
}

TEST_CASE("indexing, updates and joining move every dtype") {
  for (const auto t : kNumbers) {
    INFO(t);
    const Array x = three(t);
    CHECK(test::differs(x[range(1, 3)], array({2.0, 3.0}).astype(t)) == "");
    CHECK(test::differs(x.at(1).set(7), array({1.0, 7.0, 3.0}).astype(t)) == "");
    CHECK(test::differs(x.at(1).add(5), array({1.0, 7.0, 3.0}).astype(t)) == "");
    CHECK(test::differs(concatenate({x, x})[range(2, 5)], array({3.0, 1.0, 2.0}).astype(t)) == "");
    CHECK(test::differs(where(array({true, false, true}), x, 0), array({1.0, 0.0, 3.0}).astype(t)) == "");
    CHECK(test::differs(outer(x, x).T()[0], x) == "");
    CHECK(test::differs(broadcast_to(x, {2, 3})[1], x) == "");
  }
}

TEST_CASE("debug_nans sees NaNs of every inexact dtype") {
  const debug_nans guard;
  for (const auto t : inexact_dtypes()) {
    INFO(t);
    const Array zero = zeros({}, t);
    CHECK_THROWS_AS(lax::div(zero, zero), FloatingPointError);
  }
}

}  // namespace fluxion
