// A table of the mistakes that only show at run time: each throws one clear error of the form
// `operation: what is required, got what came; the way out`, and everything is usable afterwards.
#include <catch2/catch.hpp>

#include <functional>
#include <thread>

#include <fluxion/complex.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/nn.hpp>
#include <fluxion/numpy.hpp>
#include <fluxion/random.hpp>
#include <fluxion/transforms.hpp>
#include <fluxion/guards.hpp>

#include "core/trace.hpp"
#include "support/text.hpp"

namespace fluxion::test {

namespace {

enum class Kind { type, value, index, concretization, unexpected_tracer, unsupported, floating_point };

struct Mistake {
  const char* name;
  Kind kind;
  std::function<void()> make;
  std::vector<std::string> says;
};

std::string_view kind_of(const std::exception& e) {
  if (dynamic_cast<const ConcretizationError*>(&e)) return "concretization";
  if (dynamic_cast<const TypeError*>(&e)) return "type";
  if (dynamic_cast<const ValueError*>(&e)) return "value";
  if (dynamic_cast<const IndexError*>(&e)) return "index";
  if (dynamic_cast<const UnexpectedTracerError*>(&e)) return "unexpected tracer";
  if (dynamic_cast<const UnsupportedError*>(&e)) return "unsupported";
  if (dynamic_cast<const FloatingPointError*>(&e)) return "floating point";
  return dynamic_cast<const InternalError*>(&e) ? "internal" : "foreign";
}
std::string_view name(Kind k) {
  switch (k) {
    case Kind::type: return "type";
    case Kind::value: return "value";
    case Kind::index: return "index";
    case Kind::concretization: return "concretization";
    case Kind::unexpected_tracer: return "unexpected tracer";
    case Kind::unsupported: return "unsupported";
    case Kind::floating_point: return "floating point";
  }
  return "";
}

// Nothing of a failed call is left behind: eager work, a gradient and a compiled program are as ever.
bool all_usable() {
  const auto f = [](const Array& x) { return sum(sin(x) * x); };
  const auto x = array({0.5, -1.25});
  const auto want = grad(f)(x).to_vector<double>();
  return current_trace() == nullptr && jit(grad(f))(x).to_vector<double>() == want &&
         vmap(grad(f))(stack({x, x}))[1].to_vector<double>() == want &&
         std::abs(want[0] - (std::sin(0.5) + 0.5 * std::cos(0.5))) < 1e-15;
}

void check(const Mistake& m) {
  INFO(m.name);
  std::string message = "nothing was thrown", kind = "none";
  try {
    m.make();
  } catch (const std::exception& e) {
    message = e.what();
    kind = kind_of(e);
  }
  INFO(message);
  CHECK(kind == name(m.kind));
  for (const auto& piece : m.says) CHECK_THAT(message, Catch::Contains(piece));
  CHECK(message.find(": ") != std::string::npos);
  CHECK_THAT(message, Catch::Contains("got "));
  CHECK_THAT(message, Catch::Contains("; "));  // the way out
  CHECK(message.find('\n') == std::string::npos);
  CHECK(all_usable());
}

void check_all(const std::vector<Mistake>& table) {
  for (const auto& m : table) check(m);
}

const Array v3 = array({1.0, 2.0, 3.0});
const Array m23 = array({{1.0, 2.0, 3.0}, {4.0, 5.0, 6.0}});

}  // namespace

TEST_CASE("mistakes of shape and rank") {
  check_all({
      {"shapes that do not broadcast", Kind::value, [] { v3 + array({1.0, 2.0}); }, {"add: ", "(3,) and (2,)", "last axis"}},
      {"compound assignment", Kind::value, [] { auto x = v3; x *= array({1.0, 2.0}); }, {"mul: ", "(3,)", "(2,)"}},
      {"strict lax shapes", Kind::type, [] { lax::add(v3, m23); }, {"add: ", "f64[3]", "f64[2,3]", "broadcast"}},
      {"where of three shapes", Kind::value, [] { where(array({true, false}), v3, m23); }, {"where: ", "(2,)", "(2, 3)"}},
      {"reshape to another size", Kind::value, [] { reshape(m23, {4, 2}); }, {"reshape: ", "(4, 2)", "(2, 3)"}},
      {"two unknown extents", Kind::value, [] { reshape(m23, {-1, -1}); }, {"reshape: ", "-1", "(-1, -1)"}},
      {"an extent that does not divide", Kind::value, [] { reshape(m23, {4, -1}); }, {"reshape: ", "(4, -1)"}},
      {"broadcast to a smaller shape", Kind::value, [] { broadcast_to(m23, {3}); }, {"broadcast_to: ", "(3,)", "(2, 3)"}},
      {"products of unequal inner sizes", Kind::value, [] { dot(m23, m23); }, {"dot: ", "3 and 2", "(2, 3)"}},
      {"matmul of a scalar", Kind::value, [] { matmul(m23, 2.0); }, {"matmul: ", "rank 1", "()"}},
      {"concatenation of unequal shapes", Kind::value, [] { concatenate({m23, ones({2, 2})}); }, {"concatenate: ", "axis 0", "(2, 3)", "(2, 2)"}},
      {"concatenation of nothing", Kind::value, [] { concatenate(Arrays{}); }, {"concatenate: ", "at least one"}},
      {"concatenation of scalars", Kind::value, [] { concatenate({Array(1.0), Array(2.0)}); }, {"concatenate: ", "scalar", "stack"}},
      {"stack of unequal shapes", Kind::value, [] { stack({v3, m23}); }, {"stack: ", "(3,)", "(2, 3)"}},
      {"ragged lists", Kind::value, [] { array({{1.0, 2.0}, {3.0}}); }, {"array: ", "one length"}},
      {"elements that do not fill a shape", Kind::value, [] { array(std::vector<double>{1, 2, 3}, {2, 2}); }, {"array: ", "(2, 2)", "3"}},
      {"a negative extent", Kind::value, [] { zeros({2, -1}); }, {"extents must not be negative", "(2, -1)"}},
      {"squeeze of a longer axis", Kind::value, [] { squeeze(m23, 0); }, {"squeeze: ", "size 1", "(2, 3)"}},
      {"operators say the primitive's name", Kind::value, [] { v3 - array({1.0, 2.0}); }, {"sub: ", "(3,)", "(2,)"}},
      {"a comparison of unequal shapes", Kind::value, [] { (void)(v3 < array({1.0, 2.0})); }, {"lt: ", "(3,)", "(2,)"}},
      {"too many dimensions to fold", Kind::value, [] { tensordot(v3, m23, 2); }, {"tensordot: ", "axes"}},
  });
}

TEST_CASE("sizes that no memory holds") {
  static constexpr std::int64_t large = std::int64_t{1} << 32, huge = std::int64_t{1} << 61;
  const auto key = random::key(0);
  const auto empty = zeros({0});
  check_all({
      {"a product beyond int64", Kind::value, [] { zeros({large, large}); }, {"zeros: ", "2^59", "(4294967296, 4294967296)"}},
      {"bytes beyond int64", Kind::value, [] { ones({huge}); }, {"ones: ", "2^59", "(2305843009213693952,)"}},
      {"also beside an empty axis", Kind::value, [] { zeros({large, 0, large}); }, {"zeros: ", "2^59"}},
      {"more than the system has", Kind::value, [] { zeros({std::int64_t{1} << 50}); }, {"allocate: ", "9007199254740992 bytes"}},
      {"full", Kind::value, [] { full({large, large}, 1); }, {"full: ", "2^59"}},
      {"eye", Kind::value, [] { eye(large); }, {"eye: ", "2^59"}},
      {"elements", Kind::value, [] { array(std::vector<double>{}, {large, large}); }, {"array: ", "2^59"}},
      {"external memory", Kind::value, [] { from_external(&large, {large, large}); }, {"from_external: ", "2^59"}},
      {"tile", Kind::value, [] { tile(v3, {huge}); }, {"tile: ", "2^59"}},
      {"tile of nothing", Kind::value, [&] { tile(empty, {huge}); }, {"tile: ", "2^59"}},
      {"repeat", Kind::value, [] { repeat(v3, huge); }, {"repeat: ", "2^59"}},
      {"broadcast_to", Kind::value, [] { broadcast_to(Array(1.0), {large, large}); }, {"broadcast_to: ", "2^59"}},
      {"reshape of nothing", Kind::value, [&] { reshape(empty, {large, large}); }, {"reshape: ", "2^59"}},
      {"reshape with an unknown extent", Kind::value, [&] { reshape(empty, {large, large, -1}); }, {"reshape: ", "2^59"}},
      {"arange", Kind::value, [] { arange(huge); }, {"arange: ", "2^59"}},
      {"arange over all of int64", Kind::value, [] { arange(-huge * 2, huge * 2 - 1 + huge * 2); }, {"arange: ", "2^59"}},
      {"linspace", Kind::value, [] { linspace(0, 1, huge); }, {"linspace: ", "2^59"}},
      {"one_hot", Kind::value, [] { nn::one_hot(array({1, 2}), huge); }, {"one_hot: ", "2^59"}},
      {"split", Kind::value, [&] { random::split(key, huge); }, {"split: ", "2^59"}},
      {"uniform", Kind::value, [&] { random::uniform(key, {large, large}); }, {"uniform: ", "2^59"}},
      {"randint", Kind::value, [&] { random::randint(key, {large, large}, 0, 9); }, {"randint: ", "2^59"}},
  });
}

TEST_CASE("mistakes of axes") {
  check_all({
      {"an axis that is not there", Kind::value, [] { sum(m23, 2); }, {"sum: ", "[-2, 2)", "got 2", "(2, 3)"}},
      {"a negative axis that is not there", Kind::value, [] { max(m23, -3); }, {"max: ", "-3"}},
      {"an axis of a scalar", Kind::value, [] { mean(Array(1.0), 0); }, {"mean: ", "scalar", "axis 0"}},
      {"one axis twice", Kind::value, [] { sum(m23, {0, -2}); }, {"sum: ", "distinct"}},
      {"argmax over several axes", Kind::value, [] { argmax(m23, {0, 1}); }, {"argmax: ", "one axis"}},
      {"a permutation with a hole", Kind::value, [] { transpose(m23, {0, 0}); }, {"transpose: ", "(0, 0)"}},
      {"a permutation that is too short", Kind::value, [] { transpose(m23, {0}); }, {"transpose: ", "(0,)"}},
      {"the maximum of nothing", Kind::value, [] { max(zeros({0, 3}), 0); }, {"max: ", "at least one element", "(0, 3)"}},
      {"lax axes", Kind::value, [] { lax::reduce_sum(m23, {-1}); }, {"reduce_sum: ", "[0, 2)", "(-1,)"}},
      {"expand_dims twice at one place", Kind::value, [] { expand_dims(v3, {0, 0}); }, {"expand_dims: ", "distinct"}},
      {"softmax says its own name", Kind::value, [] { softmax(Array(1.0)); }, {"softmax: ", "scalar", "axis -1"}},
      {"log_softmax, too", Kind::value, [] { log_softmax(v3, 1); }, {"log_softmax: ", "[-1, 1)"}},
      {"any, too", Kind::value, [] { any(v3, 1); }, {"any: ", "[-1, 1)"}},
      {"norm, too", Kind::value, [] { norm(v3, 1); }, {"norm: ", "[-1, 1)"}},
      {"a shape query", Kind::value, [] { m23.shape(2); }, {"shape: ", "[-2, 2)", "f64[2,3]"}},
  });
}

TEST_CASE("mistakes of dtype") {
  const auto key = random::key(0);
  check_all({
      {"sin of integers in lax", Kind::type, [] { lax::sin(array({1, 2})); }, {"sin: ", "floating", "i32[2]", "astype"}},
      {"mixed dtypes in lax", Kind::type, [] { lax::add(array({1}), array({1.0})); }, {"add: ", "i32[1]", "f64[1]", "astype"}},
      {"bits of floats", Kind::type, [] { v3 & v3; }, {"and: ", "&", "integers or bool", "f64[3]", "fx::logical_and"}},
      {"shift of floats", Kind::type, [] { v3 << 1; }, {"shift_left: ", "f64"}},
      {"arithmetic on keys", Kind::type, [&] { key + 1; }, {"add: ", "key<fry>", "fx::random"}},
      {"order of keys", Kind::type, [&] { lax::lt(key, key); }, {"lt: ", "key<fry>"}},
      {"conversion of keys", Kind::type, [&] { key.astype(float64); }, {"astype: ", "key<fry>"}},
      {"a negative power of integers", Kind::type, [] { power(array({2}), -1); }, {"power: ", "negative", "floating"}},
      {"an integer that does not fit", Kind::value, [] { array({1}) + (std::int64_t{1} << 40); }, {"convert: ", "1099511627776", "int32"}},
      {"a negative number beside unsigned ones", Kind::value, [] { array({1U}) + -1; }, {"convert: ", "-1", "uint32"}},
      {"words that are no key data", Kind::type, [] { random::wrap_key_data(v3); }, {"wrap_key_data: ", "uint32", "f64[3]"}},
      {"key data of numbers", Kind::type, [] { random::key_data(v3); }, {"key_data: ", "f64[3]"}},
      {"an integer probability", Kind::type, [&] { random::bernoulli(key, 1); }, {"bernoulli: ", "floating", "i64[]"}},
      {"addition to a key", Kind::type, [&] { (void)random::split(key, 2).at(0).add(1); }, {"at.add: ", "keys"}},
      {"the order of complex numbers", Kind::type, [] { Array x = std::complex<double>(0, 1); x < x; }, {"lt: ", "c128[]", "real numbers"}},
      {"the real part of a real number", Kind::type, [] { lax::real(v3); }, {"real: ", "complex", "f64[3]", "astype"}},
      {"complex parts that are no floats", Kind::type, [] { lax::complex(array({1}), array({1})); }, {"complex: ", "float32 or float64", "i32[1]"}},
      {"the remainder of complex numbers", Kind::type, [] { Array x = std::complex<double>(0, 1); lax::rem(x, x); }, {"rem: ", "real numbers", "fx::real"}},
      {"strict promotion", Kind::type, [] { const promotion guard(strict); array({1}) + array({1.0}); }, {"add: ", "strict", "int32", "float64", "astype"}},
      {"a default dtype that is no float", Kind::type, [] { const default_dtype guard(int32); }, {"default_dtype", "int32"}},
      {"a product of bools", Kind::type, [] { lax::dot_general(array({true}), array({true}), {{0}, {0}, {}, {}}); }, {"dot_general: ", "bool[1]"}},
      {"bits of half an element", Kind::value, [] { lax::bitcast_convert_type(array({1.0F, 2.0F, 3.0F}), float64); }, {"bitcast_convert_type: ", "2 parts", "f32[3]", "float64"}},
  });
}

TEST_CASE("mistakes of index") {
  check_all({
      {"beyond the end", Kind::index, [] { v3[3]; }, {"index: ", "axis 0", "size 3", "got index 3", "[-3, 3)"}},
      {"before the beginning", Kind::index, [] { m23(0, -4); }, {"index: ", "axis 1", "-4", "(2, 3)"}},
      {"too many indices", Kind::index, [] { m23(0, 0, 0); }, {"index: ", "got 3", "(2, 3)"}},
      {"an index of a scalar", Kind::index, [] { Array(1.0)[0]; }, {"index: ", "()"}},
      {"two ellipses", Kind::index, [] { m23(ellipsis, ellipsis); }, {"index: ", "ellipsis", "got 2"}},
      {"a step of 0", Kind::value, [] { v3[range(0, 3, 0)]; }, {"index: ", "step", "zero"}},
      {"an update beyond the end", Kind::index, [] { (void)v3.at(5).set(0.0); }, {"at.set: ", "got index 5"}},
      {"an update of another shape", Kind::value, [] { (void)m23.at(0).set(array({1.0, 2.0})); }, {"at.set: ", "(3,)", "(2,)"}},
      {"an index that is no integer", Kind::type, [] { v3[Array(1.0)]; }, {"index: ", "integer or boolean type", "f64[]"}},
      {"iteration over a scalar", Kind::type, [] { for (const Array& x : Array(1.0)) (void)x; }, {"iteration: ", "f64[]"}},
      {"a slice beyond the end", Kind::value, [] { lax::slice(v3, {1}, {5}); }, {"slice: ", "limit 5", "f64[3]"}},
      {"padding away more than there is", Kind::value, [] { lax::pad(v3, Array(0.0), {{-2, -2, 0}}); }, {"pad: ", "at least 0", "f64[3]"}},
  });
}

TEST_CASE("mistakes in reading values") {
  check_all({
      {"item of many", Kind::value, [] { v3.item<double>(); }, {"item: ", "one element", "f64[3]", "to_vector"}},
      {"item that is not exact", Kind::value, [] { Array(2.5).item<int>(); }, {"item: ", "exact", "astype"}},
      {"to_vector of another type", Kind::type, [] { v3.to_vector<float>(); }, {"to_vector: ", "float32", "f64[3]", "astype"}},
      {"span of a view with gaps", Kind::value, [] { m23.T().span<double>(); }, {"span: ", "contiguous", "(1, 3)", "to_vector"}},
      {"span of another type", Kind::type, [] { v3.span<std::int64_t>(); }, {"span: ", "int64", "f64[3]"}},
      {"truth of many", Kind::value, [] { (void)bool(v3 > 1.0); }, {"bool: ", "one element", "bool[3]", "fx::all"}},
      {"external memory that is null", Kind::value, [] { from_external<double>(nullptr, {2}); }, {"from_external: ", "null", "(2,)"}},
      {"an endless range", Kind::value, [] { arange(0, 3, 0); }, {"arange: ", "step", "zero"}},
      {"keys where numbers are wanted", Kind::type, [] { random::uniform(Array(0.5)); }, {"uniform: ", "key", "f64[]"}},
      {"an array of keys for one key", Kind::value, [] { random::uniform(random::split(random::key(0), 3)); }, {"uniform: ", "single key", "(3,)", "vmap"}},
  });
}

TEST_CASE("mistakes in einsum specifications") {
  check_all({
      {"too few operands", Kind::value, [] { einsum("ij,jk->ik", {m23}); }, {"einsum: ", "2 operands", "got 1"}},
      {"a missing letter", Kind::value, [] { einsum("i->i", {m23}); }, {"einsum: ", "letter per axis"}},
      {"an unknown result letter", Kind::value, [] { einsum("ij->ik", {m23}); }, {"einsum: ", "'k'"}},
      {"a result letter twice", Kind::value, [] { einsum("ij->ii", {m23}); }, {"einsum: ", "distinct"}},
      {"sizes that disagree", Kind::value, [] { einsum("ij,jk->ik", {m23, m23}); }, {"einsum: ", "one size"}},
      {"a stray character", Kind::value, [] { einsum("i1->i", {m23}); }, {"einsum: ", "letters", "'1'"}},
      {"no operand", Kind::value, [] { einsum("->", Arrays{}); }, {"einsum: ", "operand"}},
  });
}

TEST_CASE("mistakes in derivatives") {
  const auto square_of = [](const Array& x) { return x * x; };
  check_all({
      {"gradient of a vector", Kind::type, [&] { grad(square_of)(v3); }, {"grad: ", "scalar", "f64[3]", "fx::sum", "fx::jacrev"}},
      {"gradient with respect to integers", Kind::type, [&] { grad(square_of)(3); }, {"grad: ", "floating", "i64[]", "arg0", "allow_int"}},
      {"gradient of an integer result", Kind::type, [] { grad([](const Array& x) { return x.astype(int32); })(1.0); }, {"grad: ", "floating", "i32[]"}},
      {"value_and_grad says its name", Kind::type, [&] { value_and_grad(square_of)(v3); }, {"value_and_grad: ", "scalar"}},
      {"an empty handle", Kind::type, [&] { grad(square_of)(Array()); }, {"grad: ", "empty handle", "arg0"}},
      {"a result that is an empty handle", Kind::type, [] { grad([](const Array&) { return Array(); })(1.0); }, {"empty handle"}},
      {"a tangent of another shape", Kind::value, [&] { jvp(square_of, v3, Array(1.0)); }, {"jvp: ", "tangent", "f64[3]", "f64[]"}},
      {"a tangent of another dtype", Kind::type, [&] { jvp(square_of, Array(1.0), Array(1)); }, {"jvp: ", "f64[]", "i64[]"}},
      {"a cotangent of another shape", Kind::value, [&] { vjp(square_of, v3).second(Array(1.0)); }, {"vjp: ", "cotangent", "f64[3]"}},
      {"Jacobian with respect to integers", Kind::type, [&] { jacfwd(square_of)(array({1, 2})); }, {"floating", "i32[2]"}},
  });
}

TEST_CASE("mistakes in vmap") {
  const auto add2 = [](const Array& x, const Array& y) { return x + y; };
  check_all({
      {"sizes that disagree", Kind::value, [&] { vmap(add2)(v3, m23); }, {"vmap: ", "arg0", "arg1", "3", "2"}},
      {"a scalar has no axis", Kind::value, [] { vmap([](const Array& x) { return x; })(Array(1.0)); }, {"vmap: ", "arg0", "f64[]"}},
      {"nothing is mapped", Kind::value, [&] { vmap(add2, {.in_axes = none})(v3, v3); }, {"vmap: ", "in_axes"}},
      {"an axis that is not there", Kind::value, [&] { vmap(add2, {.in_axes = {0, 1}})(v3, v3); }, {"vmap: ", "arg1", "f64[3]"}},
      {"a mapped result that should not be", Kind::value, [&] { vmap(add2, {.out_axes = none})(v3, v3); }, {"vmap: ", "out_axes none"}},
      {"a result axis that is not there", Kind::value, [&] { vmap(add2, {.out_axes = 1})(v3, v3); }, {"vmap: ", "out_axes", "[-1, 1)", "got 1"}},
      {"too many axes", Kind::value, [&] { vmap(add2, {.in_axes = {0, 0, 0}})(v3, v3); }, {"vmap: ", "in_axes"}},
  });
}

TEST_CASE("values that are only known later") {
  const auto branch = [](const Array& x) { return x > 0.0 ? x : -x; };
  check_all({
      {"branching under jit", Kind::concretization, [&] { jit(branch)(1.0); }, {"bool: ", "concrete value", "Traced<bool[]> of jit", "fx::where", "static"}},
      {"branching under vmap", Kind::concretization, [&] { vmap(branch)(v3); }, {"bool: ", "Traced<bool[]> of vmap", "fx::where"}},
      {"branching under grad of jit", Kind::concretization, [&] { grad(jit(branch))(1.0); }, {"bool: ", "jit"}},
      {"branching under jit of grad", Kind::concretization, [&] { jit(grad(branch))(1.0); }, {"bool: ", "concrete"}},
      {"item under jit", Kind::concretization, [] { jit([](const Array& x) { return x * x.item<double>(); })(1.0); }, {"item: ", "jit"}},
      {"to_vector under vmap", Kind::concretization, [] { vmap([](const Array& x) { x.to_vector<double>(); return x; })(m23); }, {"to_vector: ", "vmap"}},
      {"span under jit", Kind::concretization, [] { jit([](const Array& x) { x.span<double>(); return x; })(v3); }, {"span: "}},
      {"strides under jit", Kind::concretization, [] { jit([](const Array& x) { x.strides(); return x; })(v3); }, {"strides: "}},
      {"a traced mask", Kind::index, [] { jit([](const Array& m) { return v3[m > 1]; })(v3); }, {"index: ", "concrete mask", "fx::where"}},
      {"a traced bound", Kind::concretization, [] { jit([](const Array& n) { return arange(n); })(3); }, {"arange: ", "concrete"}},
  });
}

TEST_CASE("values that outlive or leave their transformation") {
  Array leaked;
  const auto leak = [&leaked](const Array& x) { leaked = x; return x * 2.0; };
  check_all({
      {"a leaked tracer of jit", Kind::unexpected_tracer, [&] { jit(leak)(1.0); leaked + 1.0; }, {"add: ", "finished jit", "return them"}},
      {"a leaked tracer of grad", Kind::unexpected_tracer, [&] { grad(leak)(1.0); sin(leaked); }, {"sin: ", "finished grad"}},
      {"a leaked tracer of vmap", Kind::unexpected_tracer, [&] { vmap(leak)(v3); leaked * leaked; }, {"mul: ", "finished vmap"}},
      {"reading a leaked tracer", Kind::unexpected_tracer, [&] { jit(leak)(1.0); leaked.item<double>(); }, {"item: ", "finished jit"}},
      {"a leaked tracer within another jit", Kind::unexpected_tracer,
       [&] { jit(leak)(1.0); jit([&](const Array& x) { return x + leaked; })(1.0); }, {"add: ", "finished jit"}},
      {"a leaked tracer as an argument", Kind::unexpected_tracer,
       [&] { jit(leak)(1.0); jit([](const Array& x) { return x * x; })(leaked); }, {"finished jit"}},
      {"a tracer on another thread", Kind::unexpected_tracer,
       [] {
         jit([](const Array& x) {
           std::exception_ptr error;
           std::thread([&] {
             try {
               x + 1.0;
             } catch (...) {
               error = std::current_exception();
             }
           }).join();
           if (error) std::rethrow_exception(error);
           return x;
         })(1.0);
       },
       {"add: ", "another thread"}},
      {"a result that belongs to an inner transformation", Kind::unexpected_tracer,
       [] {
         jit([](const Array& x) {
           Array inner;
           grad([&](const Array& y) { inner = y; return y; })(x);
           return inner;
         })(1.0);
       },
       {"finished grad"}},
  });
}

TEST_CASE("a NaN under debug_nans names its primitive, eager and compiled") {
  check_all({
      {"eager", Kind::floating_point, [] { const debug_nans guard; log(Array(-1.0)); }, {"log: ", "NaN", "f64[]"}},
      {"compiled", Kind::floating_point, [] { const debug_nans guard; jit([](const Array& x) { return sqrt(x) + 1.0; })(Array(-1.0)); }, {"sqrt: ", "NaN"}},
  });
}

TEST_CASE("an exception thrown by the user's function passes through unchanged") {
  struct Mine {};
  const auto f = [](const Array& x) -> Array { if (x.ndim() == 0) throw Mine(); return x; };
  CHECK_THROWS_AS(jit(f)(1.0), Mine);
  CHECK_THROWS_AS(grad(f)(1.0), Mine);
  CHECK_THROWS_AS(vmap(f)(v3), Mine);
  CHECK_THROWS_AS(jit(vmap(grad(f)))(v3), Mine);
  CHECK(all_usable());
}

}  // namespace fluxion::test
