// The table of a tree's leaves.
#include <catch2/catch.hpp>

#include <fluxion/fluxion.hpp>
#include <fluxion/summary.hpp>

namespace fluxion::test {

namespace {
struct Layer {
  BOOST_HANA_DEFINE_STRUCT(Layer, (Array, w), (Array, b));
};
}  // namespace

TEST_CASE("a summary lists paths, shapes, dtypes and sizes, and sums them up") {
  const std::vector<Layer> layers{{ones<float>({784, 128}), zeros<float>({128})}, {ones({128, 10}), Array()}};
  CHECK(tree::summary(layers) ==
        "path      shape       dtype    elements    bytes\n"
        "------------------------------------------------\n"
        "[0].w     (784, 128)  float32   100,352  401,408\n"
        "[0].b     (128,)      float32       128      512\n"
        "[1].w     (128, 10)   float64     1,280   10,240\n"
        "[1].b                 (empty)\n"
        "------------------------------------------------\n"
        "4 leaves                        101,760  412,160\n");
  CHECK(tree::summary(Array(1.0)).find("(leaf)  ()     float64         1      8") != std::string::npos);
}

TEST_CASE("a summary of traced leaves needs no values") {
  std::string seen;
  jit([&](const Array& x) {
    seen = tree::summary(x);
    return x;
  })(ones({2, 3}));
  CHECK(seen.find("(2, 3)  float64         6     48") != std::string::npos);
}

}  // namespace fluxion::test
