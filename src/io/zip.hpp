// ZIP archives of whole members: what .npz files are. Stored and deflated members, ZIP64, checksums.
// Source: PKWARE's APPNOTE 6.3.9, RFC 1951.
#pragma once

#include <string>
#include <vector>

#include "io/npy.hpp"

namespace fluxion::io {

/// A member of an archive that has been read; `data` is compressed unless it is stored.
struct Member {
  std::string name;
  Bytes data;
  std::size_t size = 0;  // once decompressed, as the archive says
  std::uint32_t checksum = 0;
  bool deflated = false;
};

/// The members as the directory lists them, in its order. They lie within `archive` and do not overlap, and none claims
/// more than deflate can give, so that all sizes together are bounded by the archive's.
std::vector<Member> members(Bytes archive, const Place& place);
/// The bytes of a member, its size and checksum verified.
std::vector<std::byte> unpacked(const Member& m, const Place& place);

/// Writes an archive member by member.
class ZipWriter {
 public:
  explicit ZipWriter(bool compress) : compress_(compress) {}
  void add(const std::string& name, Bytes data);
  /// Once, at the end.
  std::vector<std::byte> finish();

 private:
  struct Entry {
    std::string name;
    std::uint64_t offset, size, packed;
    std::uint32_t checksum;
  };
  bool compress_;
  std::vector<std::byte> out_;
  std::vector<Entry> entries_;
};

}  // namespace fluxion::io
