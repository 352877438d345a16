#include <boost/hana/map.hpp>
#include <unordered_set>

#include "transforms/typed_support.hpp"

using namespace fluxion;
using namespace fluxion::test;
namespace hana = boost::hana;

static_assert(std::is_same_v<traced_t<double>, Array>);
static_assert(std::is_same_v<traced_t<std::vector<double>>, std::vector<Array>>);
static_assert(std::is_same_v<traced_t<std::tuple<int, Net>>, std::tuple<Array, Net>>);
static_assert(std::is_same_v<traced_t<hana::tuple<int, Array>>, hana::tuple<Array, Array>>);
static_assert(!TreeLike<std::string> && !TreeLike<std::vector<std::string>>);

TEST_CASE("leaves come in declaration order, with their key paths") {
  const auto leaves = tree::flatten_with_paths(std::tuple{net(), std::array{1.0, 2.0}});
  std::vector<std::string> paths;
  for (const auto& [path, leaf] : leaves) paths.push_back(path);
  CHECK(paths == std::vector<std::string>{"[0].layers[0].w", "[0].layers[0].b", "[0].layers[1].w", "[0].layers[1].b",
                                          "[0].scale", "[1][0]", "[1][1]"});
  CHECK(numbers(leaves[2].second) == Numbers{3});
}

TEST_CASE("a map's leaves come by key, and an empty optional has none") {
  const std::map<std::string, std::optional<double>> m{{"beta", 2.0}, {"alpha", 1.0}, {"gamma", std::nullopt}};
  const auto leaves = tree::flatten_with_paths(m);
  REQUIRE(leaves.size() == 2);
  CHECK(leaves[0].first == "[\"alpha\"]");
  CHECK(numbers(leaves[1].second) == Numbers{2});
  CHECK(text_of(tree::structure(m)) == R"({["alpha"]=*, ["beta"]=*, ["gamma"]=none})");
}

TEST_CASE("unflatten gives the tree back, static members included") {
  const auto [leaves, structure] = tree::flatten(net());
  CHECK(structure.num_leaves() == 5);
  const Net back = tree::unflatten<Net>(structure, leaves);
  CHECK(back.depth == 7);
  CHECK(back.layers.size() == 2);
  CHECK(numbers(back.layers[0].w) == Numbers{1, 2});
  CHECK(numbers(back.scale) == Numbers{2});
}

TEST_CASE("every supported node survives flatten and unflatten") {
  const auto there_and_back = [](const auto& t) {
    auto [leaves, structure] = tree::flatten(t);
    const auto back = tree::unflatten<std::decay_t<decltype(t)>>(structure, leaves);
    CHECK(tree::structure(back) == structure);
    CHECK(tree::leaves(back).size() == leaves.size());
  };
  there_and_back(1.0);
  there_and_back(std::vector<std::pair<Array, float>>{{1.0, 2.0F}, {3.0, 4.0F}});
  there_and_back(std::tuple<>{});
  there_and_back(None{});
  there_and_back(std::optional<Net>{net()});
  there_and_back(std::optional<Net>{});
  there_and_back(std::map<std::string, std::vector<bool>>{{"a long key of more than eight characters", {true, false}}, {"", {}}});
  there_and_back(hana::make_tuple(1.0, std::tuple{Array(2.0)}));
  there_and_back(hana::make_map(hana::make_pair(BOOST_HANA_STRING("w"), Array(1.0)), hana::make_pair(hana::int_c<2>, 2.0)));
  there_and_back(Static<std::string>("name"));
}

TEST_CASE("hana map keys are path steps") {
  const auto m = hana::make_map(hana::make_pair(BOOST_HANA_STRING("w"), Array(1.0)));
  CHECK(tree::flatten_with_paths(m)[0].first == "[\"w\"]");
}

TEST_CASE("structures compare, hash and print") {
  const auto a = tree::structure(net()), b = tree::structure(net());
  CHECK(a == b);
  CHECK(std::unordered_set<TreeDef>{a, b}.size() == 1);
  auto other = net();
  other.depth = 8;
  CHECK(!(tree::structure(other) == a));
  CHECK(!(tree::structure(std::tuple{1.0}) == tree::structure(std::vector{1.0})));
  CHECK(text_of(tree::structure(std::tuple{std::vector{1.0, 2.0}, 3.0})) == "([*, *], *)");
  CHECK(text_of(a) == "fluxion::test::Net{.layers=[fluxion::test::Layer{.w=*, .b=*}, fluxion::test::Layer{.w=*, .b=*}], "
                      ".scale=*, .depth=Static(7)}");
}

TEST_CASE("map combines trees of one structure") {
  const Net sum = tree::map([](const Array& x, const Array& y) { return x + y; }, net(), net());
  CHECK(numbers(sum.layers[0].w) == Numbers{2, 4});
  CHECK(sum.depth == 7);
  const std::vector<Array> negated = tree::map([](const Array& x) { return -x; }, std::vector<double>{1, 2});
  CHECK(numbers(negated[1]) == Numbers{-2});
}

TEST_CASE("map names the place where structures differ") {
  const auto add = [](const Array& x, const Array& y) { return x + y; };
  auto other = net();
  other.layers.pop_back();
  CHECK(message<ValueError>([&] { tree::map(add, net(), other); }) ==
        "tree::map: trees must have one structure, got a list of 1 where a list of 2 is expected at .layers; pass trees made "
        "by the same code or with tree::map");
  auto deeper = net();
  deeper.depth = 8;
  CHECK_THAT(message<ValueError>([&] { tree::map(add, net(), deeper); }),
             Catch::Contains("got Static 8 where Static 7 is expected at .depth"));
}

TEST_CASE("unflatten refuses what does not fit") {
  const auto structure = tree::structure(net());
  CHECK_THAT(message<ValueError>([&] { tree::unflatten<Net>(structure, {1.0}); }), Catch::Contains("has 5 leaves, got 1 arrays"));
  CHECK_THAT(message<ValueError>([&] { tree::unflatten<Layer>(structure, Arrays(5, 1.0)); }),
             Catch::Contains("the structure must be that of the type asked for"));
}

TEST_CASE("ravel joins the leaves and goes back") {
  const auto [flat, unravel] = tree::ravel(net());
  CHECK(numbers(flat) == Numbers{1, 2, 0.5, 3, 1.5, 2});
  const Net back = unravel(flat * 2);
  CHECK(numbers(back.layers[0].w) == Numbers{2, 4});
  CHECK(back.scale.shape() == Shape{});
  CHECK_THAT(message<ValueError>([&, u = unravel] { u(array({1.0})); }), Catch::Contains("takes an array of shape (6,), got f64[1]"));
  CHECK_THAT(message<TypeError>([&, u = unravel, x = flat] { u(x.astype(float32)); }),
             Catch::Contains("takes float64, the dtype of the ravel, got f32[6]"));
}

TEST_CASE("ravel promotes leaves to one dtype, and its inverse gives them their own") {
  const auto mixed = std::tuple{array({1, 2}), scalar(2.5F), Array(true)};
  const auto [flat, unravel] = tree::ravel(mixed);
  CHECK(flat.aval() == Aval{{4}, float32});
  const auto [a, b, c] = unravel(flat);
  CHECK(a.aval() == Aval{{2}, int32});
  CHECK(b.aval() == Aval{{}, float32});
  CHECK(c.aval() == Aval{{}, bool_});
  CHECK(tree::ravel(std::vector<Array>{}).first.aval() == Aval{{0}, float64});
}
