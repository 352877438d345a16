// Arrays in files: NumPy's .npy for one array, .npz for several and for trees.
#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include <fluxion/tree.hpp>

namespace fluxion {

using NamedArrays = std::map<std::string, Array>;

/// The array in a .npy file: versions 1.0 to 3.0 of the format, either byte order, either order of elements (Fortran
/// order is kept as a view). The result is strong. Two opaque bytes per element ('<V2') are bfloat16, for that is how
/// NumPy writes it. ValueError if the file cannot be read, is damaged or has more behind the array; TypeError for other
/// dtypes: strings, records, and pickled objects, which are never read. Source: numpy.load.
Array load(const std::string& path);
/// The same from memory.
Array load(std::span<const std::byte> npy);
/// Writes x as a .npy file. TypeError for keys (save their key_data) and float0; ConcretizationError for a traced
/// value; ValueError if the file cannot be written. Source: numpy.save.
void save(const std::string& path, const Array& x);
/// What `save` would write.
std::vector<std::byte> npy_bytes(const Array& x);

/// The arrays in a .npz file by their names, stored or compressed. Names are but keys: nothing is written anywhere.
/// Memory is bounded by the members' sizes, and these by 1032 times the file's. ValueError for a damaged file.
/// Source: numpy.load.
NamedArrays load_npz(const std::string& path);
NamedArrays load_npz(std::span<const std::byte> npz);
/// Writes a .npz file; equal arrays give equal files. Errors as `save`'s. Source: numpy.savez, numpy.savez_compressed.
void savez(const std::string& path, const NamedArrays& arrays);
void savez_compressed(const std::string& path, const NamedArrays& arrays);
std::vector<std::byte> npz_bytes(const NamedArrays& arrays, bool compressed = false);

namespace detail {
void save_leaves(const std::string& path, const TreeDef& def, const Arrays& leaves, bool compressed);
/// The leaves of that structure. Where `like` has a leaf that holds a value, shape and dtype must be its.
Arrays load_leaves(const std::string& path, const TreeDef& def, const Arrays& like);
}  // namespace detail

struct SaveTreeOptions {
  bool compressed = false;
};
/// Writes the leaves of a tree as a .npz file, each under its key path: `layers[1].w`. A tree that is one leaf has the
/// name `arr_0`.
template <TreeLike T>
void save_tree(const std::string& path, const T& tree, SaveTreeOptions options = {}) {
  const auto [leaves, def] = fluxion::tree::flatten(tree);
  detail::save_leaves(path, def, leaves, options.compressed);
}

/// A tree like `like` from such a file. ValueError that lists the paths which are missing, too many, or of another
/// shape or dtype than like's; leaves of `like` that are empty handles may be anything. Leaves come back strong.
template <TreeLike T>
traced_t<T> load_tree(const std::string& path, const T& like) {
  const auto [leaves, def] = fluxion::tree::flatten(like);
  return detail::build_tree<T>(def, detail::load_leaves(path, def, leaves));
}
/// The same for a type whose structure a default-constructed value has: structs of arrays, not of vectors.
template <TreeLike T>
traced_t<T> load_tree(const std::string& path) { return load_tree(path, T{}); }

}  // namespace fluxion
