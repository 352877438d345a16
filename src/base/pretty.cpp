#include "base/pretty.hpp"

#include <utility>

namespace fluxion::pretty {

struct Node {
  enum class Kind { text, brk, concat, nest, group } kind;
  std::string str;
  int indent = 0;
  std::vector<Doc> parts;
};

namespace {

Doc make(Node n) { return std::make_shared<const Node>(std::move(n)); }

struct Item {
  int indent;
  bool flat;
  const Node* doc;
};

void push_parts(std::vector<Item>& stack, const Item& it, int extra) {
  for (std::size_t i = it.doc->parts.size(); i-- > 0;)
    stack.push_back({it.indent + extra, it.flat, it.doc->parts[i].get()});
}

// Whether the group on top fits: everything up to the first break that the enclosing groups will take.
bool fits(int room, const std::vector<Item>& rest, const Item& group) {
  std::vector<Item> stack{group};
  std::size_t next = rest.size();
  while (room >= 0) {
    if (stack.empty()) {
      if (next == 0) return true;
      stack.push_back(rest[--next]);
    }
    const Item it = stack.back();
    stack.pop_back();
    switch (it.doc->kind) {
      case Node::Kind::text: room -= static_cast<int>(it.doc->str.size()); break;
      case Node::Kind::brk:
        if (!it.flat) return true;
        room -= static_cast<int>(it.doc->str.size());
        break;
      default: push_parts(stack, it, 0);
    }
  }
  return false;
}

}  // namespace

Doc text(std::string s) { return make({Node::Kind::text, std::move(s), 0, {}}); }
Doc brk(std::string flat) { return make({Node::Kind::brk, std::move(flat), 0, {}}); }
Doc concat(std::vector<Doc> parts) { return make({Node::Kind::concat, {}, 0, std::move(parts)}); }
Doc nest(int n, Doc d) { return make({Node::Kind::nest, {}, n, {std::move(d)}}); }
Doc group(Doc d) { return make({Node::Kind::group, {}, 0, {std::move(d)}}); }

Doc join(const Doc& separator, const std::vector<Doc>& parts) {
  std::vector<Doc> out;
  for (const auto& p : parts) {
    if (!out.empty()) out.push_back(separator);
    out.push_back(p);
  }
  return concat(std::move(out));
}

std::string format(const Doc& d, int width) {
  std::string out;
  int column = 0;
  std::vector<Item> stack{{0, false, d.get()}};
  while (!stack.empty()) {
    Item it = stack.back();
    stack.pop_back();
    switch (it.doc->kind) {
      case Node::Kind::text:
        out += it.doc->str;
        column += static_cast<int>(it.doc->str.size());
        break;
      case Node::Kind::brk:
        if (it.flat) {
          out += it.doc->str;
          column += static_cast<int>(it.doc->str.size());
        } else {
          out += '\n' + std::string(static_cast<std::size_t>(it.indent), ' ');
          column = it.indent;
        }
        break;
      case Node::Kind::group:
        it.flat = it.flat || fits(width - column, stack, {it.indent, true, it.doc});
        push_parts(stack, it, 0);
        break;
      default: push_parts(stack, it, it.doc->indent);
    }
  }
  return out;
}

}  // namespace fluxion::pretty
