// Donated memory: when results take it over, and that nobody else's data is ever touched.
#include <iostream>
#include <sstream>

#include "transforms/typed_support.hpp"

#include "support/allocations.hpp"
#include "support/text.hpp"

using namespace fluxion;
using namespace fluxion::test;

namespace {

const double* place(const Array& x) { return x.span<double>().data(); }
Array big(double first = 0.0) { return arange(4096.0) + first; }

Array step(const Array& p, const Array& g) { return p - 0.5 * g; }
Numbers stepped(const Array& p, const Array& g) { return numbers(step(p, g)); }

/// What is written to stderr meanwhile.
template <class F>
std::string logged(const F& f) {
  std::ostringstream os;
  auto* const old = std::cerr.rdbuf(os.rdbuf());
  const log_compiles on;
  f();
  std::cerr.rdbuf(old);
  return os.str();
}

const auto deleted = Catch::Contains("array: it must not have been donated, got a deleted f64[4096], whose memory was given to a jitted "
                                     "function by donate_argnums");

}  // namespace

TEST_CASE("an argument that is moved in becomes the result's memory") {
  const auto f = jit(step);
  Array p = big();
  const Array g = big(1.0);
  const auto want = stepped(p, g);
  const auto* const where = place(p);
  p = f(std::move(p), g);
  CHECK(place(p) == where);
  CHECK(numbers(p) == want);
  CHECK(numbers(g) == numbers(big(1.0)));
  for (int i = 0; i < 3; ++i) p = f(std::move(p), g);
  CHECK(place(p) == where);
  CHECK(place(f(big(), g)) != place(g));  // a temporary is given as well
}

TEST_CASE("a loop of moved steps takes no new memory") {
  const auto f = jit([](const Layer& p, const Array& x) { return Layer{p.w - 0.1 * sin(p.w) * x, p.b + exp(-p.b)}; });
  Layer p{big(), big(2.0)};
  const Array x = big(3.0);
  p = f(std::move(p), x);
  const auto *const w = place(p.w), *const b = place(p.b);
  for (int i = 0; i < 5; ++i) p = f(std::move(p), x);
  CHECK(place(p.w) == w);
  CHECK(place(p.b) == b);
  Layer q{big(), big(2.0)};
  for (int i = 0; i < 6; ++i) q = f(q, x);
  CHECK(numbers(p.w) == numbers(q.w));
  CHECK(numbers(p.b) == numbers(q.b));
}

TEST_CASE("what is overwritten has been read, whatever its length") {
  const auto f = jit([](const Array& x, const Array& y) { return (x * 3.0 + y) * x - abs(y); });
  for (const double n : {63.0, 65.0, 100.0, 127.0, 129.0, 500.0, 4099.0}) {
    const Array y = sin(arange(n));
    const auto want = numbers((arange(n) * 3.0 + y) * arange(n) - abs(y));
    Array x = arange(n) + 0.0;
    const auto* const where = place(x);
    x = f(std::move(x), y);
    CHECK(place(x) == where);
    CHECK(numbers(x) == want);
  }
}

TEST_CASE("what anyone else holds is never overwritten") {
  const auto f = jit(step);
  const Array g = big(1.0);
  const auto original = numbers(big());
  const auto unharmed = [&](const char* what, Array p, const auto& holder) {
    INFO(what);
    const auto want = stepped(p, g);
    CHECK(numbers(f(std::move(p), g)) == want);
    CHECK(numbers(holder()) == original);
  };
  {
    const Array p = big();
    unharmed("another handle", p, [&] { return p; });
  }
  {
    Array p = big();
    const Array view = p.reshape({64, 64});
    unharmed("a view", std::move(p), [&] { return view.reshape({4096}); });
  }
  {
    const Array base = concatenate({big(), big()});
    unharmed("the array that it is a part of", base[range(0, 4096)], [&] { return base[range(0, 4096)]; });
  }
  {
    Array p = big();
    const auto keeps = jit([p](const Array& x) { return x + p; });
    keeps(g);
    unharmed("a compiled program", std::move(p), [&] { return keeps(zeros({4096})); });
  }
  {
    Array p = big();
    Array other = p;
    CHECK(numbers(f(std::move(p), other)) == numbers(0.5 * big()));
    CHECK(numbers(other) == original);
  }
  {
    Array p = big();
    const auto twice = jit([](const Array& a, const Array& b) { return std::pair{a + 1.0, b * 2.0}; });
    const Array also = p;
    const auto [a, b] = twice(std::move(p), Array(also));
    CHECK(numbers(a) == numbers(big() + 1.0));
    CHECK(numbers(b) == numbers(big() * 2.0));
    CHECK(numbers(also) == original);
  }
}

TEST_CASE("memory is reused only where no element is read after it is written") {
  const Array g = big(1.0);
  const auto same_as_lvalue = [&](const char* what, const auto& f) {
    INFO(what);
    const auto compiled = jit(f);
    Array p = sin(big()) + 2.0;
    const auto want = tree::flatten(compiled(p, g)).leaves;
    const auto got = tree::flatten(compiled(std::move(p), g)).leaves;
    REQUIRE(got.size() == want.size());
    for (std::size_t i = 0; i < got.size(); ++i) CHECK(numbers(got[i]) == numbers(want[i]));
  };
  same_as_lvalue("read again by a later operation", [](const Array& p, const Array& x) { return std::pair{p + x, (p + x) * p}; });
  same_as_lvalue("each result needs both", [](const Array& p, const Array& x) {
    return std::pair{p - 0.1 * sin(x), x + exp(-p)};
  });
  same_as_lvalue("two results", [](const Array& p, const Array& x) { return std::tuple{p + x, p - x, p * x}; });
  same_as_lvalue("reversed", [](const Array& p, const Array& x) { return flip(p) + p * x; });
  same_as_lvalue("shifted", [](const Array& p, const Array& x) { return roll(p, 1) + x; });
  same_as_lvalue("transposed", [](const Array& p, const Array& x) { return p.reshape({64, 64}).T() + p.reshape({64, 64}) * x[0]; });
  same_as_lvalue("summed too", [](const Array& p, const Array& x) { return std::pair{p * x, sum(p)}; });
  same_as_lvalue("summed first", [](const Array& p, const Array& x) { return p * x / sum(p * p); });
  same_as_lvalue("a product of matrices", [](const Array& p, const Array& x) { return dot(p.reshape({64, 64}), x.reshape({64, 64})); });
  same_as_lvalue("returned itself", [](const Array& p, const Array& x) { return std::pair{p, p + x}; });
  same_as_lvalue("returned as a view", [](const Array& p, const Array& x) { return std::pair{p.reshape({64, 64}).T(), p + x}; });
  same_as_lvalue("an element of it", [](const Array& p, const Array& x) { return p[7] * x + p; });
  same_as_lvalue("carried by a scan", [](const Array& p, const Array& x) {
    return scan([&](const Array& c, None) { return std::pair(c * 0.9 + x + 0.1 * p, None{}); }, p, none, {.length = 5}).first;
  });
  same_as_lvalue("carried by a loop", [](const Array& p, const Array& x) {
    return while_loop([](const Array& c) { return max(c) < 1e5; }, [&](const Array& c) { return c * 1.5 + x; }, p);
  });
  same_as_lvalue("the operand of a branch", [](const Array& p, const Array& x) {
    return cond(p[0] > 0.0, [](const Array& a, const Array& b) { return flip(a) + b; }, [](const Array& a, const Array& b) { return a - b; }, p, x);
  });
  same_as_lvalue("bits of it", [](const Array& p, const Array& x) { return where(p > 2.0, p, x) + where(p > 2.5, 1.0, 0.0); });
}

TEST_CASE("donate_argnums deletes what it is given") {
  const auto f = jit(step, donate_argnums<0>);
  const Array p = big(), g = big(1.0);
  const auto* const where = place(p);
  const Array q = f(p, g);
  CHECK(place(q) == where);
  CHECK(numbers(q) == numbers(big() - 0.5 * big(1.0)));
  CHECK_THROWS_WITH(p + 1.0, deleted);
  CHECK_THROWS_WITH(f(p, g), deleted);
  CHECK_THROWS_WITH(p.to_vector<double>(), deleted);
  CHECK_THROWS_WITH(text_of(p), deleted);
  CHECK_THROWS_WITH(grad([](const Array& x) { return fluxion::sum(x); })(p), deleted);
  CHECK_THROWS_WITH(vmap([](const Array& x) { return x + 1.0; })(p), deleted);
  CHECK(p.shape() == Shape{4096});
  CHECK(numbers(f(q, g)).size() == 4096);
}

TEST_CASE("trees are donated leaf by leaf, counted from the end too") {
  const auto f = jit([](const Array& x, const Layer& p) { return Layer{p.w * x, p.b + x}; }, donate_argnums<-1>);
  const Layer p{big(), big(1.0)};
  const Array x = 2.0;
  const auto *const w = place(p.w), *const b = place(p.b);
  const Layer q = f(x, p);
  CHECK(place(q.w) == w);
  CHECK(place(q.b) == b);
  CHECK_THROWS_WITH(p.w + 1.0, deleted);
  CHECK_THROWS_WITH(p.b + 1.0, deleted);
  CHECK(x.item<double>() == 2.0);
}

TEST_CASE("donated memory that others look into is left alone, and the donated array deleted all the same") {
  const auto f = jit(step, donate_argnums<0>);
  const Array g = big(1.0);
  const Array p = big(), view = p[range(0, 4)];
  f(p, g);
  CHECK(numbers(view) == Numbers{0, 1, 2, 3});
  CHECK_THROWS_WITH(p + 1.0, deleted);
  const Array q = big(), alias = q;
  f(q, g);
  CHECK_THROWS_WITH(alias + 1.0, deleted);  // one array, held twice
  const Array base = concatenate({big(), big()});
  f(base[range(0, 4096)], g);
  CHECK(numbers(base[range(0, 4)]) == Numbers{0, 1, 2, 3});
  const auto identity = jit([](const Array& x) { return x; }, donate_argnums<0>);
  const Array r = big(), s = identity(r);
  CHECK(numbers(s) == numbers(big()));
  CHECK_THROWS_WITH(r + 1.0, deleted);
}

TEST_CASE("scalars are kept, and transformations donate nothing") {
  const auto f = jit([](const Array& p, const Array& g) { return p - 0.5 * g; }, donate_argnums<0>);
  const Array one = 1.0;
  CHECK(f(one, 2.0).item<double>() == 0.0);
  CHECK(one.item<double>() == 1.0);
  const Array p = big(), g = big(1.0);
  vmap(f)(p, g);
  grad([&](const Array& x) { return fluxion::sum(f(x, g)); })(p);
  jit([&](const Array& x) { return f(x, g); })(p);
  make_jaxpr(f)(p, g);
  {
    const disable_jit off;
    f(p, g);
  }
  CHECK(numbers(p) == numbers(big()));
  const debug_nans on;
  f(p, g);
  CHECK_THROWS_WITH(p + 1.0, deleted);
}

TEST_CASE("what a callback interrupts leaves no half-written array to read") {
  const auto refuse = [](const Array& v) -> Array {
    if (v[0].item<double>() < 0.0) throw std::runtime_error("negative");
    return v;
  };
  const auto f = jit([=](const Array& p, const Array& g) {
    const Array q = p - g;
    return std::pair{q, io_callback(refuse, ShapeDtypeStruct{{4096}, float64}, q)};
  }, donate_argnums<0>);
  const Array p = big(), g = big(1.0);
  const auto* const where = place(p);
  CHECK(place(f(p, zeros({4096})).first) == where);
  const Array q = big();
  CHECK_THROWS_WITH(f(q, g), Catch::Contains("negative"));
  CHECK_THROWS_WITH(q + 1.0, deleted);
  CHECK(numbers(g) == numbers(big(1.0)));
}

TEST_CASE("donating an array that is another argument too is an error") {
  const auto f = jit(step, donate_argnums<0>);
  const Array p = big();
  CHECK(message<ValueError>([&] { f(p, p); }) ==
        "jit: a donated array must be an argument once, got f64[4096] as arg0 and as arg1; pass a copy, or do not donate it");
  CHECK_THAT(message<ValueError>([&] { jit([](const Layer& l) { return l.w + l.b; }, donate_argnums<0>)(Layer{p, p}); }),
             Catch::Contains("as arg0.w and as arg0.b"));
  CHECK(numbers(p) == numbers(big()));
}

TEST_CASE("log_compiles names donations that cannot be used") {
  const auto donating = jit([](const Array& x, const Array& y, const Array& z) { return fluxion::sum(x) + y + z; }, donate_argnums<0, 1, 2>,
                            {.name = "f"});
  const Array z = big();
  const auto log = logged([&] { donating(ones({3}), z[range(0, 2)], 1.0); });
  CHECK_THAT(log, Catch::Contains("jit: f cannot reuse the memory of arg0, a donated f64[3]: no result of its type is written after it is last read\n"));
  CHECK_THAT(log, Catch::Contains("jit: f cannot reuse the memory of arg1, a donated f64[2]: it is a scalar, a view, or held elsewhere\n"));
  CHECK_THAT(log, Catch::Contains("of arg2, a donated f64[]: it is a scalar"));
  CHECK(logged([&] { donating(ones({3}), z[range(0, 2)], 1.0); }).empty());
}
