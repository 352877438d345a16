// Arrays and trees in files.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>

#include <fluxion/io.hpp>
#include "base/text.hpp"
#include "io/zip.hpp"

namespace fluxion {

namespace {

using io::Bytes;
using io::Place;

constexpr std::string_view kSuffix = ".npy";

using File = std::unique_ptr<std::FILE, int (*)(std::FILE*)>;

File open_file(const char* op, const std::string& path, const char* mode) {
  File f(std::fopen(path.c_str(), mode), std::fclose);
  if (f == nullptr)
    throw ValueError(text(op, ": ", path, ": a file that can be ", *mode == 'r' ? "read" : "written",
                          " is required, got '", std::strerror(errno), "'; check the path"));
  return f;
}

std::vector<std::byte> read_file(const char* op, const std::string& path) {
  const auto f = open_file(op, path, "rb");
  std::vector<std::byte> out;
  std::size_t n = 0;
  do {  // the size is not asked for: a pipe has none
    out.resize(std::max<std::size_t>(2 * n, 1 << 16));
    n += std::fread(out.data() + n, 1, out.size() - n, f.get());
  } while (n == out.size());
  if (std::ferror(f.get()) != 0)
    throw ValueError(text(op, ": ", path, ": a file that can be read is required, got '", std::strerror(errno),
                          "'; check the path"));
  out.resize(n);
  return out;
}

void write_file(const char* op, const std::string& path, Bytes bytes) {
  auto f = open_file(op, path, "wb");
  const bool written = std::fwrite(bytes.data(), 1, bytes.size(), f.get()) == bytes.size();
  const bool closed = std::fclose(f.release()) == 0;
  if (!written || !closed)
    throw ValueError(text(op, ": ", path, ": room for ", bytes.size(), " bytes is required, got '",
                          std::strerror(errno), "'; free some"));
}

std::vector<std::byte> npz_of(const char* op, const NamedArrays& arrays, bool compressed) {
  io::ZipWriter zip(compressed);
  for (const auto& [name, x] : arrays) {
    if (name.size() > 60000)
      throw ValueError(text(op, ": names must have at most 60000 bytes, got ", name.size(), "; use shorter ones"));
    zip.add(name + std::string(kSuffix), io::npy_bytes(x, {op, name}));
  }
  return zip.finish();
}

NamedArrays arrays_of(Bytes npz, const Place& at) {
  NamedArrays out;
  for (const auto& m : io::members(npz, at)) {
    if (!std::string_view(m.name).ends_with(kSuffix))
      throw ValueError(text(at.op, ": ", at.what, ": members must be .npy files, got '", m.name,
                            "'; write it with fx::savez or numpy.savez"));
    const auto bytes = io::unpacked(m, at);
    const auto name = m.name.substr(0, m.name.size() - kSuffix.size());
    out.emplace(name, io::array_from_npy(bytes, {at.op, at.what + "[" + name + "]"}));
  }
  return out;
}

std::vector<std::string> names_of(const TreeDef& def) {
  auto names = def.paths();
  for (auto& n : names)
    if (n.empty()) n = "arr_0";
    else if (n.front() == '.') n.erase(0, 1);
  return names;
}

}  // namespace

Array load(const std::string& path) { return io::array_from_npy(read_file("load", path), {"load", path}); }
Array load(std::span<const std::byte> npy) { return io::array_from_npy(npy, {"load", "bytes"}); }
void save(const std::string& path, const Array& x) { write_file("save", path, io::npy_bytes(x, {"save", path})); }
std::vector<std::byte> npy_bytes(const Array& x) { return io::npy_bytes(x, {"npy_bytes", "the array"}); }

NamedArrays load_npz(const std::string& path) { return arrays_of(read_file("load_npz", path), {"load_npz", path}); }
NamedArrays load_npz(std::span<const std::byte> npz) { return arrays_of(npz, {"load_npz", "bytes"}); }
void savez(const std::string& path, const NamedArrays& arrays) {
  write_file("savez", path, npz_of("savez", arrays, false));
}
void savez_compressed(const std::string& path, const NamedArrays& arrays) {
  write_file("savez_compressed", path, npz_of("savez_compressed", arrays, true));
}
std::vector<std::byte> npz_bytes(const NamedArrays& arrays, bool compressed) {
  return npz_of("npz_bytes", arrays, compressed);
}

namespace detail {

void save_leaves(const std::string& path, const TreeDef& def, const Arrays& leaves, bool compressed) {
  const auto names = names_of(def);
  NamedArrays named;
  for (std::size_t i = 0; i < leaves.size(); ++i)
    if (!named.emplace(names[i], leaves[i]).second)
      throw ValueError(text("save_tree: paths of leaves must differ, got '", names[i], "' twice; rename a key"));
  write_file("save_tree", path, npz_of("save_tree", named, compressed));
}

Arrays load_leaves(const std::string& path, const TreeDef& def, const Arrays& like) {
  auto named = arrays_of(read_file("load_tree", path), {"load_tree", path});
  std::string problems;
  const auto problem = [&](const std::string& what) { problems += (problems.empty() ? "" : ", ") + what; };
  const auto names = names_of(def);
  Arrays out;
  for (std::size_t i = 0; i < names.size(); ++i) {
    auto node = named.extract(names[i]);
    if (node.empty()) {
      problem(text("no ", names[i]));
      continue;
    }
    out.push_back(std::move(node.mapped()));
    if (!like[i].is_empty_handle() && !same_type(like[i].aval(), out.back().aval()))
      problem(text(names[i], " of ", out.back().aval(), " instead of ", like[i].aval()));
  }
  for (const auto& [name, x] : named) problem(text(name, " of ", x.aval(), ", which the tree does not have"));
  if (!problems.empty())
    throw ValueError(text("load_tree: ", path, ": the arrays must be the tree's leaves, got ", problems,
                          "; pass a tree of the same structure, shapes and dtypes as the one that was saved"));
  return out;
}

}  // namespace detail
}  // namespace fluxion
