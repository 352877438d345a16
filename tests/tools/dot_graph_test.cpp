// The graph of a jaxpr, as text.
#include <catch2/catch.hpp>

#include <fluxion/fluxion.hpp>
#include <fluxion/parse.hpp>

namespace fluxion::test {

TEST_CASE("operations are boxes, values arrows, held jaxprs clusters") {
  const auto read = parse_jaxpr(
      "{ lambda a:f64[2]; b:f64[]. let\n"
      "    c:f64[2] = mul a 2.0:f64[]\n"
      "    d:f64[2] = jit[name='f \"x\"' jaxpr={ lambda ; e:f64[2]. let g:f64[2] = sin e in (g,) }] c\n"
      "  in (d, b) }");
  CHECK(to_dot(read) == R"(digraph jaxpr {
  node [shape=box];
  n0 [label="const 0" shape=ellipse style=dashed];
  n1 [label="arg 0" shape=ellipse];
  n2 [label="mul"];
  n0 -> n2 [label="f64[2]"];
  n3 [label="2.0" shape=plaintext];
  n3 -> n2 [label="f64[]"];
  n4 [label="jit\nname='f \"x\"'"];
  n2 -> n4 [label="f64[2]"];
  subgraph cluster_0 {
    label="jaxpr";
    n5 [label="arg 0" shape=ellipse];
    n6 [label="sin"];
    n5 -> n6 [label="f64[2]"];
    n7 [label="result 0" shape=ellipse];
    n6 -> n7 [label="f64[2]"];
  }
  n4 -> n5 [style=dotted arrowhead=none];
  n8 [label="result 0" shape=ellipse];
  n4 -> n8 [label="f64[2]"];
  n9 [label="result 1" shape=ellipse];
  n1 -> n9 [label="f64[]"];
}
)");
}

}  // namespace fluxion::test
