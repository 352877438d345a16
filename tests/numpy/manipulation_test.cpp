#include <catch2/catch.hpp>

#include "numpy/shown.hpp"

namespace fluxion {
using test::message_of;
using test::refuses;
using test::shown;

TEST_CASE("shapes change as in NumPy") {
  const auto x = arange(6);
  CHECK(shown(reshape(x, {2, -1})) == "i64[2,3] [[0 1 2] [3 4 5]]");
  CHECK(shown(x.reshape({3, 2}).T()) == "i64[2,3] [[0 2 4] [1 3 5]]");
  CHECK(shown(ravel(x.reshape({3, 2}).T())) == "i64[6] [0 2 4 1 3 5]");
  CHECK(transpose(zeros({2, 3, 4}), {2, 0, 1}).shape() == Shape{4, 2, 3});
  CHECK(swapaxes(zeros({2, 3, 4}), 0, -1).shape() == Shape{4, 3, 2});
  CHECK(moveaxis(zeros({2, 3, 4}), 0, -1).shape() == Shape{3, 4, 2});
  CHECK(moveaxis(zeros({2, 3, 4, 5}), {0, 1}, {-1, 0}).shape() == Shape{3, 4, 5, 2});
  CHECK(expand_dims(zeros({2, 3}), {0, -1}).shape() == Shape{1, 2, 3, 1});
  CHECK(squeeze(zeros({1, 2, 1})).shape() == Shape{2});
  CHECK(squeeze(zeros({1, 2, 1}), -1).shape() == Shape{1, 2});
  CHECK(shown(broadcast_to(array({1, 2}), {2, 2})) == "i32[2,2] [[1 2] [1 2]]");
  CHECK(broadcast_shapes({2, 1}, {3}) == Shape{2, 3});
}

TEST_CASE("joining promotes") {
  CHECK(shown(concatenate({array({1, 2}), array({0.5F})})) == "f32[3] [1. 2. 0.5]");
  CHECK(shown(concatenate({array({{1}, {2}}), array({{3}, {4}})}, 1)) == "i32[2,2] [[1 3] [2 4]]");
  CHECK(shown(concatenate({array({{1}, {2}}), array({3})}, none)) == "i32[3] [1 2 3]");
  CHECK(shown(stack({array({1, 2}), array({3, 4})}, -1)) == "i32[2,2] [[1 3] [2 4]]");
  CHECK(shown(stack({1, 2.5})) == "f64[2]* [1. 2.5]");
  CHECK(shown(vstack({array({1, 2}), array({3, 4})})) == "i32[2,2] [[1 2] [3 4]]");
  CHECK(shown(hstack({array({1, 2}), array({3})})) == "i32[3] [1 2 3]");
  const Arrays rows{array({1.0}), array({2.0})};
  CHECK(shown(stack(rows)) == "f64[2,1] [[1.] [2.]]");
}

TEST_CASE("reversing, rolling and repeating") {
  const auto x = arange(6).reshape({2, 3});
  CHECK(shown(flip(x)) == "i64[2,3] [[5 4 3] [2 1 0]]");
  CHECK(shown(flip(x, 1)) == "i64[2,3] [[2 1 0] [5 4 3]]");
  CHECK(shown(roll(x, 1)) == "i64[2,3] [[5 0 1] [2 3 4]]");
  CHECK(shown(roll(x, -1, 1)) == "i64[2,3] [[1 2 0] [4 5 3]]");
  CHECK(shown(tile(array({1, 2}), {2, 2})) == "i32[2,4] [[1 2 1 2] [1 2 1 2]]");
  CHECK(shown(tile(array({{1}, {2}}), {3})) == "i32[2,3] [[1 1 1] [2 2 2]]");
  CHECK(shown(repeat(array({{1, 2}}), 2, 1)) == "i32[1,4] [[1 1 2 2]]");
  CHECK(shown(repeat(array({{1, 2}}), 2)) == "i32[4] [1 1 2 2]");
}

TEST_CASE("shape mistakes are named") {
  CHECK(message_of<ValueError>([] { arange(6).reshape({4, -1}); }) ==
        "reshape: the number of elements must stay, got (6,) of size 6 to (4, -1); give one extent as -1 to have it "
        "computed");
  CHECK(refuses<ValueError>([] { arange(6).reshape({-1, -1}); }));
  CHECK(message_of<ValueError>([] { squeeze(zeros({2, 1}), 0); }) ==
        "squeeze: axes must have size 1, got axis 0 of shape (2, 1); leave the axis out to drop all of size 1");
  CHECK(refuses<ValueError>([] { transpose(zeros({2, 3}), {0, 0}); }));
  CHECK(refuses<ValueError>([] { broadcast_to(zeros({2}), {3}); }));
  CHECK(message_of<ValueError>([] { stack({zeros({2}), zeros({3})}); }) ==
        "stack: all arrays must have one shape, got (2,) and (3,); broadcast_to or reshape them first");
  CHECK(message_of<ValueError>([] { concatenate({zeros({2, 2}), zeros({2, 3})}); }) ==
        "concatenate: shapes must agree but for axis 0, got (2, 2) and (2, 3); pick another axis, or "
        "broadcast_to one shape");
  CHECK(refuses<ValueError>([] { concatenate({Array(1.0)}); }));
  CHECK(refuses<ValueError>([] { concatenate(Arrays{}); }));
}

TEST_CASE("members convert and reshape") {
  CHECK(shown(array({1.7, -1.7}).astype(int32)) == "i32[2] [1 -1]");
  CHECK(shown(Array(2).astype(int64)) == "i64[] 2");
  CHECK(shown(array({0.0, 0.5}).astype(bool_)) == "bool[2] [False True]");
  CHECK(refuses<TypeError>([] { random::key(0).astype(int32); }));
}

}  // namespace fluxion
