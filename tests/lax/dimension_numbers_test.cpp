// Every way in which a gather's or scatter's dimension numbers can be wrong has a message.
#include <catch2/catch.hpp>

#include <fluxion/creation.hpp>
#include <fluxion/lax.hpp>
#include <fluxion/lax/indexing.hpp>
#include <fluxion/transforms.hpp>

namespace fluxion::test {

namespace {

using Catch::Contains;
using lax::GatherDimensionNumbers;
using lax::ScatterDimensionNumbers;

struct Wrong {
  GatherDimensionNumbers numbers;
  Dims slice_sizes;
  const char* says;
};

Array x() { return zeros({2, 3, 4}); }
Array indices() { return zeros({2, 5, 1}, int64); }

}  // namespace

TEST_CASE("dimension numbers of gather that do not fit") {
  const Wrong all[] = {
      {{{1, 2}, {3}, {0}}, {1, 3, 4}, "gather: collapsed_slice_dims must be in [0, 3), got (3,)"},
      {{{1}, {1, 0}, {0}}, {1, 3, 4}, "gather: collapsed_slice_dims must be sorted and without repetitions, got (1, 0)"},
      {{{2, 3}, {0}, {-1}}, {1, 3, 4}, "gather: start_index_map must be in [0, 3), got (-1,)"},
      {{{2, 3}, {0}, {0}, {0}, {0}}, {1, 3, 4}, "gather: collapsed_slice_dims and operand_batching_dims must have no axis"},
      {{{2, 3}, {}, {0}, {0}, {0}}, {1, 3, 4}, "gather: start_index_map and operand_batching_dims must have no axis in common"},
      {{{2, 3}, {}, {1}, {0}, {}}, {1, 3, 4}, "gather: operand_batching_dims and start_indices_batching_dims must be of one"},
      {{{2, 3}, {}, {1}, {0}, {2}}, {1, 3, 4}, "gather: start_indices_batching_dims must be in [0, 2), got (2,)"},
      {{{2, 3}, {}, {1}, {0}, {1}}, {1, 3, 4}, "gather: shared axes must have equal sizes, got axis 0 of f64[2,3,4] and axis 1"},
      {{{2}, {0}, {0}}, {1, 3, 4}, "gather: offset_dims must have one axis for each of the 2 that a window keeps, got (2,)"},
      {{{3, 2}, {0}, {0}}, {1, 3, 4}, "gather: offset_dims must be sorted and without repetitions, got (3, 2)"},
      {{{2, 4}, {0}, {0}}, {1, 3, 4}, "gather: offset_dims must be in [0, 4), got (2, 4)"},
      {{{2, 3}, {0}, {0}}, {1, 3}, "gather: slice_sizes must have one entry per axis, got (1, 3)"},
      {{{2, 3}, {0}, {0}}, {1, 3, 5}, "gather: slice_sizes must be between 0 and the extent, got (1, 3, 5)"},
      {{{2, 3}, {0}, {0}}, {2, 3, 4}, "gather: axes that are left out must have window size 1, got (2, 3, 4) with axis 0"},
      {{{2, 3}, {0}, {0, 1}}, {1, 3, 4}, "gather: start_index_map must have one axis per component of an index vector"},
  };
  for (const auto& w : all) CHECK_THROWS_WITH(lax::gather(x(), indices(), w.numbers, w.slice_sizes), Contains(w.says));
}

TEST_CASE("dimension numbers of scatter that do not fit, in scatter's words") {
  const auto refused = [](const ScatterDimensionNumbers& d, const Shape& updates, const char* says) {
    CHECK_THROWS_WITH(lax::scatter(x(), indices(), zeros(updates), d), Contains(says));
  };
  refused({{2, 3}, {3}, {0}}, {2, 5, 3, 4}, "scatter: inserted_window_dims must be in [0, 3), got (3,)");
  refused({{2, 3}, {0}, {5}}, {2, 5, 3, 4}, "scatter: scatter_dims_to_operand_dims must be in [0, 3), got (5,)");
  refused({{2}, {0}, {0}}, {2, 5, 3}, "scatter: update_window_dims must have one axis for each of the 2");
  refused({{2, 3}, {}, {1}, {0}, {0}}, {2, 5, 4, 4}, "scatter: windows of updates must be between 0 and the extent, got (1, 4, 4)");
  refused({{2, 3}, {0}, {0}}, {2, 6, 3, 4}, "scatter: updates must have shape (2, 5, 3, 4)");
}

TEST_CASE("fill values that are none") {
  const GatherDimensionNumbers rows{{2, 3}, {0}, {0}};
  const auto filled = [&](const Array& v) { return lax::gather(x(), indices(), rows, {1, 3, 4}, {.fill_value = v}); };
  CHECK_THROWS_WITH(filled(zeros({1})), Contains("gather: fill_value must be a concrete scalar, got f64[1]"));
  CHECK_THROWS_WITH(jit(filled)(0.0), Contains("gather: fill_value must be a concrete scalar, got f64[] that is traced"));
  CHECK_THROWS_WITH(lax::gather(x(), indices(), rows, {1, 3, 4}, {.fill_value = Array(lax::random_wrap(zeros({2}, uint32)))}),
                    Contains("gather: fill_value must be of the operand's kind, got key<fry>[]"));
}

}  // namespace fluxion::test
