#include "support.hpp"

#include <algorithm>
#include <numeric>

#include <fluxion/error.hpp>

using namespace kernel_tests;

namespace {

/// Copies element by element.
void plain_copy(char* dst, const std::int64_t* ds, const char* src, const std::int64_t* ss, const std::int64_t* shape,
                std::size_t ndim, std::size_t size) {
  if (ndim == 0) {
    std::memcpy(dst, src, size);
    return;
  }
  for (std::int64_t i = 0; i < shape[0]; ++i)
    plain_copy(dst + i * ds[0], ds + 1, src + i * ss[0], ss + 1, shape + 1, ndim - 1, size);
}

}  // namespace

TEST_CASE("copy_strided moves every element of random views", "[kernels]") {
  std::mt19937 random(3);
  for (int round = 0; round < 3000; ++round) {
    const std::size_t size = std::size_t(1) << random() % 5, ndim = random() % 5;
    std::vector<std::int64_t> shape(ndim), ss(ndim), ds(ndim);
    std::vector<std::size_t> order(ndim);
    std::iota(order.begin(), order.end(), 0u);
    for (auto& s : shape) s = random() % 40 == 0 ? 0 : 1 + random() % (ndim > 3 ? 6 : 19);
    // The destination is dense in a random order; the source is dense in another, then flipped, spread or broadcast.
    const auto dense = [&](std::vector<std::int64_t>& strides, std::int64_t unit) {
      std::shuffle(order.begin(), order.end(), random);
      for (std::size_t d : order) {
        strides[d] = unit;
        unit *= std::max<std::int64_t>(shape[d], 1);
      }
      return std::size_t(unit);
    };
    const std::size_t dst_bytes = dense(ds, std::int64_t(size));
    const std::size_t src_bytes = dense(ss, std::int64_t(size) * (random() % 4 == 0 ? 3 : 1));
    std::int64_t first = 0;
    for (std::size_t d = 0; d < ndim; ++d) {
      if (random() % 4 == 0)
        ss[d] = 0;
      else if (random() % 4 == 0 && shape[d] > 0)
        first += ss[d] * (shape[d] - 1), ss[d] = -ss[d];
    }
    std::vector<char> src(src_bytes + 64), want(dst_bytes), got(dst_bytes);
    for (auto& c : src) c = char(random());
    plain_copy(want.data(), ds.data(), src.data() + first, ss.data(), shape.data(), ndim, size);
    kernels::copy_strided(got.data(), ds.data(), src.data() + first, ss.data(), shape.data(), ndim, size);
    REQUIRE(got == want);
  }
}

TEST_CASE("copy_strided refuses an item size that no dtype has", "[kernels]") {
  char a = 0, b = 0;
  CHECK_THROWS_AS(kernels::copy_strided(&a, nullptr, &b, nullptr, nullptr, 0, 3), InternalError);
}
