#include <algorithm>

#include <fluxion/testing/draw.hpp>

#include "base/text.hpp"
#include "testing/words.hpp"

namespace fluxion::testing::gen::detail {

namespace {

std::int64_t draw_extent(const ShapeOptions& o, Words& w, int size) {
  if (w.one_in(8)) return o.min_extent;
  if (w.one_in(4)) return std::clamp<std::int64_t>(1, o.min_extent, o.max_extent);
  const auto most = std::max<std::int64_t>(1, o.max_extent * (10 + size) / 60);
  return w.between(std::max<std::int64_t>(o.min_extent, std::min<std::int64_t>(1, o.max_extent)),
                   std::clamp(most, o.min_extent, o.max_extent));
}

bool allowed(const ShapeOptions& o, const Shape& s) {
  const auto rank = static_cast<std::int64_t>(s.size());
  if (rank < o.min_rank || rank > o.max_rank || element_count(s) > o.max_size) return false;
  return std::all_of(s.begin(), s.end(), [&](std::int64_t n) { return n >= o.min_extent && n <= o.max_extent; });
}

void add_if(std::vector<Shape>& out, const ShapeOptions& o, const Shape& candidate, const Shape& than) {
  if (allowed(o, candidate) && !(candidate == than) &&
      std::find(out.begin(), out.end(), candidate) == out.end())
    out.push_back(candidate);
}

// Of rank 0 below 1 below 2, then by the sum of distances from 1: an empty axis is a special case, not a simple one.
std::int64_t cost(const Shape& s) {
  std::int64_t n = 1000 * static_cast<std::int64_t>(s.size());
  for (const auto d : s) n += d == 0 ? 2 : 2 * d - 1;
  return n;
}

}  // namespace

void check_options(const char* what, const ShapeOptions& o) {
  if (o.min_rank < 0 || o.max_rank < o.min_rank || o.min_extent < 0 || o.max_extent < o.min_extent)
    throw ValueError(
        text(what, ": 0 <= min_rank <= max_rank and 0 <= min_extent <= max_extent are required, got ranks ",
             o.min_rank, " to ", o.max_rank, " and extents ", o.min_extent, " to ", o.max_extent));
  std::int64_t least = 1;
  for (std::int64_t i = 0; i < o.min_rank && least <= o.max_size; ++i) least *= o.min_extent;
  if (least > o.max_size)
    throw ValueError(text(what, ": max_size must allow the smallest shape, which has ", o.min_rank,
                          " axes of extent ", o.min_extent, ", got ", o.max_size, "; raise it"));
}

std::int64_t last_extent(const char* what, const Shape& shape, std::int64_t least) {
  if (shape.empty() || shape.back() < least)
    throw ValueError(text(what, ": a shape whose last extent is at least ", least, " is required, got ", shape));
  return shape.back();
}

Shape draw_shape(const ShapeOptions& o, std::uint64_t seed, int size) {
  Words w(seed);
  const auto most = std::min(o.max_rank, o.min_rank + 1 + size / 20);
  Shape s;
  for (auto rank = w.between(o.min_rank, most); rank > 0; --rank) s.push_back(draw_extent(o, w, size));
  while (element_count(s) > o.max_size) --*std::max_element(s.begin(), s.end());
  return s;
}

std::vector<Shape> draw_broadcastable_shapes(std::size_t n, const ShapeOptions& o, std::uint64_t seed, int size) {
  const auto whole = draw_shape(o, seed, size);
  Words w(seed + 1);
  std::vector<Shape> out;
  for (std::size_t k = 0; k < n; ++k) {
    const auto rank = static_cast<std::size_t>(w.between(o.min_rank, static_cast<std::int64_t>(whole.size())));
    Shape s(whole.data() + whole.size() - rank, rank);
    for (auto& d : s)
      if (o.min_extent <= 1 && o.max_extent >= 1 && w.one_in(3)) d = 1;
    out.push_back(s);
  }
  return out;
}

std::vector<Shape> simpler_shapes(const ShapeOptions& o, const Shape& s) {
  std::vector<Shape> out;
  add_if(out, o, Shape(static_cast<std::size_t>(o.min_rank), std::max<std::int64_t>(1, o.min_extent)), s);
  for (std::size_t i = 0; i < s.size(); ++i) {
    auto without = s;
    without.erase(i);
    add_if(out, o, without, s);
  }
  for (std::size_t i = 0; i < s.size(); ++i)
    for (const auto d : {std::int64_t{1}, s[i] / 2, s[i] - 1, std::int64_t{0}}) {
      auto smaller = s;
      smaller[i] = d;
      if (d >= 0) add_if(out, o, smaller, s);
    }
  std::erase_if(out, [&](const Shape& c) { return cost(c) >= cost(s); });
  return out;
}

std::vector<std::vector<Shape>> simpler_broadcastable_shapes(const ShapeOptions& o, const std::vector<Shape>& shapes) {
  std::vector<std::vector<Shape>> out;
  out.emplace_back(shapes.size(), Shape(static_cast<std::size_t>(o.min_rank), std::max<std::int64_t>(1, o.min_extent)));
  if (!allowed(o, out[0][0])) out.clear();
  std::size_t most = 0;
  for (const auto& s : shapes) most = std::max(most, s.size());
  for (std::size_t from_end = 1; from_end <= most; ++from_end) {  // one axis of all: without it, or smaller
    for (const std::int64_t to : {-1, 1, 2}) {
      auto smaller = shapes;
      for (auto& s : smaller) {
        if (s.size() < from_end) continue;
        const auto at = s.size() - from_end;
        if (to < 0) s.erase(at);
        else if (s[at] > to) s[at] = to;
      }
      out.push_back(std::move(smaller));
    }
  }
  for (std::size_t k = 0; k < shapes.size(); ++k) {  // one shape without its first axis
    if (shapes[k].empty()) continue;
    auto smaller = shapes;
    smaller[k].erase(0);
    out.push_back(std::move(smaller));
  }
  const auto total = [](const std::vector<Shape>& all) {
    std::int64_t n = 0;
    for (const auto& s : all) n += cost(s);
    return n;
  };
  std::erase_if(out, [&](const std::vector<Shape>& c) {
    return total(c) >= total(shapes) || !std::all_of(c.begin(), c.end(), [&](const Shape& s) { return allowed(o, s); });
  });
  return out;
}

}  // namespace fluxion::testing::gen::detail
