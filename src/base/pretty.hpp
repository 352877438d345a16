// A pretty printer after Wadler ("A prettier printer", 2003): documents with groups that are laid out on one
// line if they fit, else broken.
#pragma once

#include <memory>
#include <string>
#include <vector>

namespace fluxion::pretty {

struct Node;
using Doc = std::shared_ptr<const Node>;

Doc text(std::string s);
/// A line break; printed as `flat` when its group fits on the line.
Doc brk(std::string flat = " ");
Doc concat(std::vector<Doc> parts);
/// Breaks inside are indented by `n` more.
Doc nest(int n, Doc d);
Doc group(Doc d);
Doc join(const Doc& separator, const std::vector<Doc>& parts);

std::string format(const Doc& d, int width);

}  // namespace fluxion::pretty
