// Jaxprs from text: what prints can be read, runs as the original does, and is refused with its place when it is wrong.
#include <catch2/catch.hpp>

#include <rapidcheck/catch.h>

#include <random>

#include <fluxion/extend.hpp>
#include <fluxion/fluxion.hpp>
#include <fluxion/parse.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

std::string again(const std::string& text) { return str(parse_jaxpr(text)); }

template <class F, class... A>
void check_round_trip(const F& f, const A&... args) {
  const auto jaxpr = make_jaxpr(f)(args...);
  const auto text = str(jaxpr);
  CHECK(again(text) == text);
  const auto got = eval_jaxpr(parse_jaxpr(text, {.consts = jaxpr.consts}), {Array(args)...});
  CHECK(differs(got[0], eval_jaxpr(jaxpr, {Array(args)...})[0]) == "");
}

const Array vec = array({0.5, -1.25, 2.0});

std::string message(const std::string& text) { return thrown<ValueError>([&] { parse_jaxpr(text); }); }

}  // namespace

TEST_CASE("functions, gradients and batches print, parse and print the same, and run the same") {
  const auto f = [](const Array& x) { return sum(sin(x) * 2.0 + exp(-x) / 3); };
  check_round_trip(f, vec);
  check_round_trip(grad(f), vec);
  check_round_trip(jit(grad(f)), vec);
  check_round_trip(vmap(grad(f)), stack({vec, 2 * vec}));
  check_round_trip(grad(jit(f)), vec);
  check_round_trip([](const Array& x) { return x + array({1.0, 2.0, 3.0}); }, vec);
  check_round_trip([](const Array& x) { return where(x > 0, x, 0) + x[range(0, none, 2)][0]; }, vec);
  check_round_trip([](const Array& x) { return nn::softmax(dot(reshape(x, {3, 1}), reshape(x, {1, 3}))); }, vec);
  check_round_trip(grad([](const Array& x) { return sum(take(x, array({2, 0, 7})) * x[array({0, 1, 1})]); }), vec);
  check_round_trip(grad([](const Array& x) { return sum(convolve(x, x)); }), vec);
  check_round_trip([](const Array& x) { return cumsum(sort(x)) + linalg::det(x.reshape({3, 1}) * x); }, vec);
  check_round_trip([](const Array& x) { return x.astype(complex128) * std::complex<double>(1, 2); }, vec);
  check_round_trip([](const Array& x) { return lax::pad(x, 0.0, {{1, 2, 0}}) + random::uniform(random::key(3), {6}); }, vec);
}

TEST_CASE("control flow, with its nested jaxprs") {
  const auto loop = [](const Array& x) {
    return fori_loop(0, 3, [](const Array&, const Array& c) { return c * 1.5; }, x);
  };
  check_round_trip(loop, vec);
  check_round_trip([](const Array& x) {
    return cond(sum(x) > 0, [](const Array& y) { return sin(y); }, [](const Array& y) { return cos(y); }, x);
  }, vec);
  const auto scanned = [](const Array& x) {
    return scan([](const Array& c, const Array& y) { return std::pair{c + y, c * y}; }, Array(0.0), x).second;
  };
  check_round_trip(scanned, vec);
  check_round_trip(grad([=](const Array& x) { return sum(scanned(x)); }), vec);
  check_round_trip([](const Array& x) {
    return while_loop([](const Array& c) { return sum(c) < 100.0; }, [](const Array& c) { return c * c + 1.0; }, x);
  }, vec);
  check_round_trip(checkpoint([](const Array& x) { return sin(sin(x)); }), vec);
}

TEST_CASE("a jaxpr that is shared is shared again") {
  const auto f = jit([](const Array& x) { return x * 2.0; });
  const auto g = [f](const Array& x) {
    const auto once = f(x);
    return f(once);
  };
  const auto text = str(make_jaxpr(g)(vec));
  CHECK(text.starts_with("let lambda = "));
  CHECK(again(text) == text);
  const auto both = [](const Array& x) {
    const auto same = jit([](const Array& y) { return y * 2.0; });
    return cond(sum(x) > 0, same, same, x);
  };
  check_round_trip(both, vec);
}

TEST_CASE("what was read can be jitted, mapped and differentiated") {
  const auto read = parse_jaxpr("{ lambda ; a:f64[]. let b:f64[] = sin a; c:f64[] = mul b 2.0:f64[] in (c,) }");
  const auto f = [read](const Array& x) { return eval_jaxpr(read, {x})[0]; };
  const auto g = [](const Array& x) { return sin(x) * 2.0; };
  CHECK(differs(jit(f)(0.5), g(0.5), Tolerance::close(0, 0)) == "");
  CHECK(differs(grad(f)(0.5), grad(g)(0.5)) == "");
  CHECK(differs(grad(grad(jit(f)))(0.5), grad(grad(g))(0.5)) == "");
  CHECK(differs(vmap(grad(f))(vec), vmap(grad(g))(vec)) == "");
}

TEST_CASE("the layout of the text does not matter, and unused results need no name") {
  CHECK(again("{lambda;a:f64[2].let\n\n b:f64[2]=neg\n a;c:f64[2] = add b\t1.0:f64[];_:f64[2] = sin a in(c,b)}") ==
        "{ lambda ; a:f64[2]. let\n    b:f64[2] = neg a\n    c:f64[2] = add b 1.0:f64[]\n    _:f64[2] = sin a\n  in "
        "(c, b) }");
  CHECK(again("{ lambda ; . let  in () }") == "{ lambda ; . let  in () }");
}

TEST_CASE("literals of every dtype keep their values") {
  for (const std::string literal :
       {"True:bool[]", "False:bool[]", "-128:i8[]", "127:i8[]", "-5:i16[]", "7:i32[]", "-9223372036854775808:i64[]", "255:u8[]",
        "65535:u16[]", "4294967295:u32[]", "18446744073709551615:u64[]", "0.1:f32[]", "1e-45:f32[]", "3.4028235e+38:f32[]", "0.1:f64[]",
        "5e-324:f64[]", "-0.0:f64[]", "nan:f64[]", "inf:f64[]", "-inf:f32[]", "(1.5-2j):c128[]", "(nan+infj):c64[]", "0.1001:f16[]", "-inf:bf16[]", "0x7:key<fry>[]", "0xffffffffffffffff:key<fry>[]"}) {
    const auto text = "{ lambda ; . let  in (" + literal + ",) }";
    CHECK(again(text) == text);
  }
  const auto key = random::key(42);
  const auto draw = [key](const Array& x) { return x + random::uniform(key, {3}); };
  check_round_trip(draw, vec);
}

TEST_CASE("names that are not plain are quoted, and reserved words are no variables") {
  const auto f = jit([](const Array& x) { return x + 1.0; }, {.name = "two words, it's [odd]"});
  const auto text = str(make_jaxpr(f)(1.0));
  CHECK(text.find("name='two words, it\\'s [odd]'") != std::string::npos);
  CHECK(again(text) == text);
  const auto many = [](const Array& x) {
    auto y = x;
    for (int i = 0; i < 300; ++i) y = sin(y);
    return y;
  };
  const auto long_text = str(make_jaxpr(many)(1.0));
  CHECK(long_text.find(" in:f64[]") == std::string::npos);
  CHECK(again(long_text) == long_text);
}

TEST_CASE("calls with custom rules have their values, and say that the rule is lost") {
  const auto f = custom_jvp([](const Array& x) { return sin(x); },
                            [](const auto& p, const auto& t) {
                              return std::pair{sin(std::get<0>(p)), 10.0 * std::get<0>(t)};
                            });
  const auto text = str(make_jaxpr(f)(0.5));
  CHECK(again(text) == text);
  const auto read = parse_jaxpr(text);
  const auto g = [read](const Array& x) { return eval_jaxpr(read, {x})[0]; };
  CHECK(differs(g(0.5), sin(Array(0.5))) == "");
  CHECK(thrown<UnsupportedError>([&] { grad(g)(0.5); }).find("custom_jvp: the rule must be a C++ function, got") == 0);
}

TEST_CASE("calls of the host are refused") {
  const auto f = [](const Array& x) {
    debug::print("x = {}", x);
    return x;
  };
  CHECK(message(str(make_jaxpr(f)(1.0))).find("the parameter 'callback' is no text") != std::string::npos);
}

TEST_CASE("wrong text is refused with its line, its column, what is required and what came") {
  CHECK(message("") == "parse_jaxpr: 1:1: '{' is required, got the end; the text must be what a jaxpr prints");
  CHECK(message("{ lambda ; a:f65[]. let  in (a,) }") ==
        "parse_jaxpr: 1:14: an aval such as f64[2,3] is required, got 'f65[].'; the text must be what a jaxpr prints");
  CHECK(message("{ lambda ; a:f64[]. let\n    b:f64[] = sin c\n  in (b,) }") ==
        "parse_jaxpr: 2:19: a literal or a variable that has been defined is required, got 'c'; the text must be what "
        "a jaxpr prints");
  CHECK(message("{ lambda ; a:f64[]. let\n    b:f64[] = sine a\n  in (b,) }") ==
        "parse_jaxpr: 2:15: a known primitive is required, got 'sine'; pass a primitive of your own in "
        "ParseOptions::primitives");
  CHECK(
      message("{ lambda ; a:f64[]. let b:f64[] = add a in (b,) }").find("1:35: add: 2 operands are required, got 1") !=
      std::string::npos);
  CHECK(message("{ lambda ; a:f64[]. let b:f32[] = sin a in (b,) }").find("sin: result 0 is f64[], got f32[]") !=
        std::string::npos);
  CHECK(message("{ lambda ; a:i64[]. let b:i64[] = sin a in (b,) }")
            .find("1:35: sin: operands must be floating or complex, got i64[]") != std::string::npos);
  CHECK(
      message("{ lambda ; a:f64[]. let b:f64[] c:f64[] = sin a in (b,) }").find("sin: 1 results are required, got 2") !=
      std::string::npos);
  CHECK(message("{ lambda ; a:f64[3]. let b:f64[] = reduce_sum a in (b,) }")
            .find("the parameter 'axes=' in brackets is required") != std::string::npos);
  CHECK(
      message("{ lambda ; a:f64[3]. let b:f64[] = reduce_sum[axes=(7,)] a in (b,) }").find("axes must be in [0, 1)") !=
      std::string::npos);
  CHECK(message("{ lambda ; a:f64[3]. let b:f64[] = reduce_sum[axis=(0,)] a in (b,) }")
            .find("'axes=' is required, got 'axis=") != std::string::npos);
  CHECK(message("{ lambda ; a:f64[] a:f64[]. let  in (a,) }").find("'a' must be defined once") != std::string::npos);
  CHECK(message("{ lambda ; . let  in (300:u8[],) }").find("a literal of rank 0 that its dtype can hold") !=
        std::string::npos);
  CHECK(message("{ lambda ; . let  in (1.0:f64[2],) }").find("a literal of rank 0") != std::string::npos);
  CHECK(message("{ lambda ; a:f64[-1]. let  in (a,) }").find("an extent that is not negative") != std::string::npos);
  CHECK(message("{ lambda ; a:f64[99999999999999999999]. let  in (a,) }").find("an integer of 64 bits") !=
        std::string::npos);
  CHECK(message("{ lambda ; a:f64[4611686018427387904,4]. let  in (a,) }").find("fewer than 2^59") !=
        std::string::npos);
  CHECK(message("let f = { lambda ; a:f64[]. let b:f64[] = jit[name=f jaxpr=f] a in (b,) } in\n"
                "{ lambda ; a:f64[]. let b:f64[] = jit[name=f jaxpr=f] a in (b,) }")
            .find("'f' must not contain itself") != std::string::npos);
  CHECK(message("{ lambda ; a:f64[]. let  in (a,) } extra").find("the end of the text is required, got 'extra'") !=
        std::string::npos);
}

TEST_CASE("depth is bounded") {
  std::string text = "{ lambda ; a:f64[]. let  in (a,) }";
  for (int i = 0; i < 150; ++i) text = "{ lambda ; a:f64[]. let b:f64[] = jit[name=f jaxpr=" + text + "] a in (b,) }";
  CHECK(message(text).find("nested at most 100 deep") != std::string::npos);
  CHECK(message(std::string(1000000, '{')).find("'lambda' is required") != std::string::npos);
}

TEST_CASE("constants need values to be run") {
  const auto text = "{ lambda a:f64[3]; b:f64[3]. let c:f64[3] = add b a in (c,) }";
  CHECK(again(text) == text);
  CHECK(differs(eval_jaxpr(parse_jaxpr(text, {.consts = {vec}}), {vec})[0], vec + vec) == "");
  CHECK(
      thrown<ValueError>([&] { eval_jaxpr(parse_jaxpr(text), {vec}); }) ==
      "eval_jaxpr: the jaxpr has 1 constants, got 0 values for them; pass them to parse_jaxpr in ParseOptions::consts");
  CHECK(thrown<ValueError>([&] { parse_jaxpr(text, {.consts = {Array(1.0)}}); }) ==
        "parse_jaxpr: constant 0 must be f64[3], got f64[]; convert with astype and reshape");
  CHECK(thrown<ValueError>([&] { eval_jaxpr(parse_jaxpr(text, {.consts = {vec}}), {vec, vec}); }) ==
        "eval_jaxpr: the jaxpr has 1 arguments, got 2; pass one array for each");
}

namespace {

/// scale^power x
struct ScaleBy {
  static constexpr std::string_view name = "scale_by";
  struct Params {
    BOOST_HANA_DEFINE_STRUCT(Params, (double, scale), (int, power), (std::string, note));
  };
  static Avals abstract_eval(AvalSpan in, const Params&) { return {in[0]}; }
  static constexpr Linear jvp = linear;
  static Arrays transpose(const TransposeArgs& args, const Params& p) {
    return {bind_one<ScaleBy>({&args.cotangents[0], 1}, p)};
  }
  static BatchOut batch(const BatchArgs& args, const Params& p) { return {{bind_one<ScaleBy>(args.operands, p)}, {1}}; }
  static ir::Values lower(ir::Builder& b, std::span<const ir::ValueId> in, const Params& p) {
    return lower_as(b, in, [p](const Arrays& x) -> Arrays { return {x[0] * std::pow(p.scale, p.power)}; });
  }
};

}  // namespace

TEST_CASE("a user's primitive is read when it is listed") {
  const auto f = [](const Array& x) { return bind_one<ScaleBy>({&x, 1}, {1.5, 2, "a note"}); };
  const auto text = str(make_jaxpr(f)(vec));
  CHECK(text.find("scale_by[scale=1.5 power=2 note='a note'] a") != std::string::npos);
  CHECK(message(text).find("got 'scale_by'; pass a primitive of your own") != std::string::npos);
  const auto read = parse_jaxpr(text, {.primitives = {readable<ScaleBy>(1)}});
  CHECK(str(read) == text);
  CHECK(differs(eval_jaxpr(read, {vec})[0], vec * 2.25) == "");
}

namespace {

// Reads the text, or throws what the documentation says; runs nothing.
void survive(const std::string& text) {
  try {
    const auto read = parse_jaxpr(text);
    static_cast<void>(str(read));
  } catch (const ValueError&) {
  }
}

std::vector<std::string> seeds() {
  const auto f = [](const Array& x) { return sum(sin(x) * 2.0); };
  const auto g = [](const Array& x) {
    return sum(scan([](const Array& c, const Array& y) { return std::pair{c + y, c * y}; }, Array(0.0), x).second);
  };
  const auto h = [](const Array& x) {
    const auto same = jit([](const Array& y) { return y * 2.0; });
    return while_loop([](const Array& c) { return sum(c) < 100.0; }, [](const Array& c) { return c * c + 1.0; },
                      cond(sum(x) > 0, same, same, same(x)));
  };
  const auto shapes = [](const Array& x) {
    return sum(dot(lax::pad(x, 0.0, {{1, 2, 0}}),
                   concatenate({x, x[range(none, none, -1)]}).reshape({2, 3}).T().reshape({6}))) +
           argmax(x);
  };
  return {str(make_jaxpr(grad(f))(vec)), str(make_jaxpr(grad(g))(vec)), str(make_jaxpr(h)(vec)), str(make_jaxpr(shapes)(vec)),
          str(make_jaxpr([](const Array& x) { return x + random::uniform(random::key(1), {3}); })(vec)),
          str(make_jaxpr(grad([](const Array& x) { return sum(take(x, array({2, 0, 7})) * x[array({0, 1, 1})]); }))(vec)),
          str(make_jaxpr([](const Array& x) { return cumsum(sort(x)) + argmin(x) + linalg::det(x.reshape({3, 1}) * x); })(vec)),
          str(make_jaxpr(grad([](const Array& x) { return sum(convolve(x, x)); }))(vec))};
}

}  // namespace

TEST_CASE("text cut anywhere is refused") {
  for (const auto& text : seeds())
    for (std::size_t n = 0; n < text.size(); ++n) CHECK_THROWS_AS(parse_jaxpr(text.substr(0, n)), ValueError);
}

TEST_CASE("random edits of jaxprs never do harm") {
  const auto texts = seeds();
  const std::vector<std::string> pieces{"-1",     "0",         "2",       "9223372036854775807",
                                        "(",      ")",         "[",       "]",
                                        "{",      "}",         ":",       ";",
                                        ",",      ".",         "=",       " ",
                                        "'",      "in",        "let",     "lambda",
                                        "a",      "b",         "c",       "f64[]",
                                        "f64[3]", "i32[]",     "True",    "False",
                                        "None",   "()",        "(0,)",    "(-1,)",
                                        "(0, 0)", "1.0:f64[]", "2:i32[]", "_",
                                        "jaxpr=", "sin",       "scan"};
  rc::check("parse_jaxpr gives a jaxpr or a ValueError", [&] {
    auto text = *rc::gen::elementOf(texts);
    const auto edits = *rc::gen::inRange(1, 6);
    for (int i = 0; i < edits; ++i) {
      const auto at = *rc::gen::inRange<std::size_t>(0, text.size() + 1);
      switch (*rc::gen::inRange(0, 4)) {
        case 0: text.insert(at, *rc::gen::elementOf(pieces)); break;
        case 1: text.erase(at, *rc::gen::inRange<std::size_t>(0, 8)); break;
        case 2: text.replace(at, *rc::gen::inRange<std::size_t>(0, 4), *rc::gen::elementOf(pieces)); break;
        default: {
          const auto from = *rc::gen::inRange<std::size_t>(0, text.size());
          text.insert(at, text.substr(from, *rc::gen::inRange<std::size_t>(0, 40)));
        }
      }
    }
    survive(text);
  });
  // Digits alone: parameters, extents and literals out of their ranges.
  std::mt19937 random(5);
  for (const auto& original : texts)
    for (int i = 0; i < 600; ++i) {
      auto text = original;
      for (int edits = 0; edits < 3; ++edits) {
        auto at = text.find_first_of("0123456789", random() % text.size());
        if (at == std::string::npos) continue;
        text.replace(at, 1, std::to_string(static_cast<int>(random() % 12) - 2));
      }
      survive(text);
    }
}

}  // namespace fluxion::test
