// dynamic_slice and dynamic_update_slice, against loops over the window.
#include <algorithm>

#include <fluxion/lax/indexing.hpp>

#include "lax/case_parts.hpp"

namespace fluxion::test {

namespace {

constexpr DType kTypes[] = {DType::float64, DType::complex128, DType::int32, DType::bool_, DType::float16};

struct WindowAt {
  const char* variant;
  Shape shape, sizes;
};
std::vector<WindowAt> windows() {
  return {{"element", {7}, {1}},
          {"window", {7}, {3}},
          {"all", {4}, {4}},
          {"row", {4, 3}, {1, 3}},
          {"column", {4, 3}, {4, 1}},
          {"rows", {4, 3}, {2, 3}},
          {"block", {4, 5}, {2, 3}},
          {"middle", {2, 5, 3}, {2, 2, 3}},
          {"middle_element", {2, 5, 3}, {2, 1, 3}},
          {"two_leading", {3, 4, 2}, {1, 1, 2}},
          {"nothing", {3, 2}, {0, 2}},
          {"scalar", {}, {}}};
}

/// The first place of the window along each axis, for starts that count from the end when negative.
Dims clamped_starts(const WindowAt& w, const std::vector<Host>& in, std::size_t first) {
  Dims starts;
  for (std::size_t a = 0; a < w.shape.size(); ++a) {
    auto i = in[first + a].v[0].i;
    if (i < 0) i += w.shape[a];
    starts.push_back(std::clamp<std::int64_t>(i, 0, w.shape[a] - w.sizes[a]));
  }
  return starts;
}
Dims moved(const Dims& at, const Dims& by) {
  Dims out = at;
  for (std::size_t a = 0; a < by.size(); ++a) out[a] += by[a];
  return out;
}
void add_starts(Signature& s, const WindowAt& w, std::int64_t start) {
  for (std::size_t a = 0; a < w.shape.size(); ++a)
    s.args.push_back({DType::int64, {}, 0, 0, {whole(start + static_cast<std::int64_t>(a))}});
}
constexpr std::int64_t kStarts[] = {0, 1, 3, 50, -2, -50};

Case slice_case(const WindowAt& w) {
  Case c{std::string("dynamic_slice/") + w.variant, "dynamic_slice", {}, {}, {}, 0, 0, {1}, {1}, {}};
  c.differentiable.resize(w.shape.size() + 1, 0);
  c.linear.resize(w.shape.size() + 1, 0);
  c.f = [=](const Arrays& a) -> Arrays { return {lax::dynamic_slice(a[0], Arrays(a.begin() + 1, a.end()), w.sizes)}; };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out{in[0].dtype, w.sizes, {}};
    const auto starts = clamped_starts(w, in, 1);
    for_each_index(w.sizes, [&](const Dims& at, std::size_t) {
      out.v.push_back(in[0].v[flat_index(w.shape, moved(at, starts))]);
    });
    return {out};
  };
  for (const auto t : kTypes)
    for (const auto start : kStarts) {
      Signature s{{{t, w.shape}}};
      add_starts(s, w, start);
      c.signatures.push_back(s);
    }
  return c;
}

Case update_slice_case(const WindowAt& w) {
  Case c{std::string("dynamic_update_slice/") + w.variant,
         "dynamic_update_slice",
         {},
         {},
         {},
         0,
         0,
         {1, 1},
         {0, 0},
         {},
         {1, 1}};
  c.differentiable.resize(w.shape.size() + 2, 0);
  c.linear.resize(w.shape.size() + 2, 0);
  c.affine.resize(w.shape.size() + 2, 0);
  c.f = [=](const Arrays& a) -> Arrays {
    return {lax::dynamic_update_slice(a[0], a[1], Arrays(a.begin() + 2, a.end()))};
  };
  c.reference = [=](const std::vector<Host>& in) -> std::vector<Host> {
    Host out = in[0];
    const auto starts = clamped_starts(w, in, 2);
    for_each_index(w.sizes,
                   [&](const Dims& at, std::size_t i) { out.v[flat_index(w.shape, moved(at, starts))] = in[1].v[i]; });
    return {out};
  };
  for (const auto t : kTypes)
    for (const auto start : kStarts) {
      Signature s{{{t, w.shape}, {t, w.sizes}}};
      add_starts(s, w, start);
      c.signatures.push_back(s);
    }
  return c;
}

Case refusing_slice() {
  auto c = slice_case({"refuses", {3}, {2}});
  c.errors = {{[] {
                 return Arrays{zeros({3}), 0.5};
               },
               {"starts must be integer scalars", "f64[]"}},
              {[] {
                 return Arrays{zeros({3}), array({1})};
               },
               {"integer scalars", "i32[1]"}},
              {[] {
                 return Arrays{zeros({3}), 0, 0};
               },
               {"one start and one size per axis", "got 2 and 1"}},
              {[] {
                 return Arrays{zeros({1}), 0};
               },
               {"between 0 and the extents", "(2,)"}}};
  return c;
}
Case refusing_update_slice() {
  auto c = update_slice_case({"refuses", {3}, {2}});
  c.errors = {{[] {
                 return Arrays{zeros({3}), zeros({2}, float32), 0};
               },
               {"operand's dtype", "f32[2]"}},
              {[] {
                 return Arrays{zeros({3}), zeros({4}), 0};
               },
               {"between 0 and the extents", "(4,)"}},
              {[] {
                 return Arrays{zeros({3}), zeros({2})};
               },
               {"one start", "got 0"}}};
  return c;
}

}  // namespace

void add_dynamic_slicing_cases(std::vector<Case>& to) {
  for (const auto& w : windows()) {
    to.push_back(slice_case(w));
    to.push_back(update_slice_case(w));
  }
  to.push_back(refusing_slice());
  to.push_back(refusing_update_slice());
}

}  // namespace fluxion::test
