#include <fluxion/summary.hpp>

#include <algorithm>
#include <array>

#include "base/text.hpp"

namespace fluxion::detail {

namespace {

using Row = std::array<std::string, 5>;

// 1234567 as 1,234,567
std::string grouped(std::int64_t n) {
  auto s = std::to_string(n);
  for (auto i = static_cast<std::ptrdiff_t>(s.size()) - 3; i > 0; i -= 3) s.insert(static_cast<std::size_t>(i), ",");
  return s;
}

std::string aligned(const std::vector<Row>& rows) {
  std::array<std::size_t, 5> width{};
  for (const auto& r : rows)
    for (std::size_t k = 0; k < r.size(); ++k) width[k] = std::max(width[k], r[k].size());
  std::size_t total = 8;
  for (const auto w : width) total += w;
  std::string out;
  for (std::size_t i = 0; i < rows.size(); ++i) {
    std::string line;
    for (std::size_t k = 0; k < width.size(); ++k) {
      const std::string blanks(width[k] - rows[i][k].size(), ' ');
      line += (k == 0 ? "" : "  ") + (k < 3 ? rows[i][k] + blanks : blanks + rows[i][k]);  // numbers to the right
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += line + '\n';
    if (i == 0 || i + 2 == rows.size()) out += std::string(total, '-') + '\n';
  }
  return out;
}

}  // namespace

std::string summary_of(const TreeDef& def, const Arrays& leaves) {
  const auto paths = def.paths();
  std::vector<Row> rows{{"path", "shape", "dtype", "elements", "bytes"}};
  std::int64_t elements = 0, bytes = 0;
  for (std::size_t i = 0; i < leaves.size(); ++i) {
    const auto& x = leaves[i];
    const auto path = paths[i].empty() ? "(leaf)" : paths[i];
    if (x.is_empty_handle()) {
      rows.push_back({path, "", "(empty)", "", ""});
      continue;
    }
    const auto size = x.size() * static_cast<std::int64_t>(itemsize(x.dtype()));
    rows.push_back({path, text(x.shape()), text(x.dtype()), grouped(x.size()), grouped(size)});
    elements += x.size();
    bytes += size;
  }
  rows.push_back(
      {text(leaves.size(), leaves.size() == 1 ? " leaf" : " leaves"), "", "", grouped(elements), grouped(bytes)});
  return aligned(rows);
}

}  // namespace fluxion::detail
