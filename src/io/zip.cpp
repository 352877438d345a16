#include "io/zip.hpp"

#include <algorithm>
#include <cstring>
#include <limits>
#include <memory>

#include <zlib.h>

#include "base/text.hpp"

namespace fluxion::io {

namespace {

constexpr std::uint32_t kLocal = 0x04034b50, kCentral = 0x02014b50, kEnd = 0x06054b50, kEnd64 = 0x06064b50,
                        kLocator = 0x07064b50;
constexpr std::uint64_t kIn64 = 0xffffffff;  // a field of 32 bits whose value is in the ZIP64 extra field
constexpr std::uint64_t kMostExpansion = 1032;  // of deflate: 258 bytes from two bits
constexpr std::size_t kEndSize = 22;

[[noreturn]] void fail(const Place& at, const std::string& message) {
  throw ValueError(text(at.op, ": ", at.what, ": ", message));
}

/// Reads little-endian numbers; a place outside is a damaged archive.
class Reader {
 public:
  Reader(Bytes all, const Place& at) : all_(all), at_(at) {}
  std::size_t size() const { return all_.size(); }
  Bytes range(std::uint64_t begin, std::uint64_t n) const {
    if (begin > all_.size() || n > all_.size() - begin)
      fail(at_, text("all parts must lie within the archive's ", all_.size(), " bytes, got one of ", n, " bytes at ",
                     begin, "; the file is truncated or damaged"));
    return all_.subspan(begin, n);
  }
  std::uint64_t number(std::uint64_t begin, std::size_t n) const {
    const auto b = range(begin, n);
    std::uint64_t v = 0;
    for (std::size_t i = n; i-- > 0;) v = v << 8 | static_cast<std::uint64_t>(b[i]);
    return v;
  }
  std::uint32_t u32(std::uint64_t begin) const { return static_cast<std::uint32_t>(number(begin, 4)); }
  std::uint16_t u16(std::uint64_t begin) const { return static_cast<std::uint16_t>(number(begin, 2)); }

 private:
  Bytes all_;
  const Place& at_;
};

struct Directory {
  std::uint64_t n, offset;
};

Directory directory(const Reader& r, const Place& at) {
  if (r.size() < kEndSize)
    fail(at, text("a .npz file is a ZIP archive, got ", r.size(),
                  " bytes, too few for one; write it with fx::savez or numpy.savez"));
  // The end record is followed by a comment of at most 65535 bytes.
  const auto last = r.size() - kEndSize, first = last > 65535 ? last - 65535 : 0;
  auto end = last;
  while (r.u32(end) != kEnd || r.u16(end + 20) != last - end) {
    if (end == first)
      fail(at,
           "a .npz file is a ZIP archive, got no end record; the file is truncated, or not written by fx::savez or "
           "numpy.savez");
    --end;
  }
  Directory d{r.u16(end + 10), r.u32(end + 16)};
  if (end >= 20 && r.u32(end - 20) == kLocator) {
    const auto end64 = r.number(end - 20 + 8, 8);
    if (r.u32(end64) != kEnd64)
      fail(at, "the ZIP64 end record must be where its locator says, got something else; the file is damaged");
    d = {r.number(end64 + 32, 8), r.number(end64 + 48, 8)};
  }
  return d;
}

/// The fields that did not fit 32 bits, in their order.
void read_extra64(const Reader& r, std::uint64_t begin, std::uint64_t n, std::initializer_list<std::uint64_t*> fields) {
  for (auto at = begin; at + 4 <= begin + n;) {
    const auto id = r.u16(at), length = r.u16(at + 2);
    if (id == 1) {
      auto next = at + 4;
      for (auto* f : fields)
        if (*f == kIn64 && next + 8 <= at + 4 + length) {
          *f = r.number(next, 8);
          next += 8;
        }
      return;
    }
    at += 4U + length;
  }
}

/// Reads the member at `at` in the directory, and advances it.
Member member(const Reader& r, std::uint64_t& at, const Place& place) {
  if (r.u32(at) != kCentral)
    fail(place, text("the directory must have a member at byte ", at, ", got something else; the file is damaged"));
  const auto flags = r.u16(at + 8), method = r.u16(at + 10);
  std::uint64_t packed = r.u32(at + 20), size = r.u32(at + 24), local = r.u32(at + 42);
  const std::uint64_t name_size = r.u16(at + 28), extra = r.u16(at + 30), comment = r.u16(at + 32);
  const auto name_bytes = r.range(at + 46, name_size);
  Member m{{reinterpret_cast<const char*>(name_bytes.data()), name_bytes.size()}, {}, 0, r.u32(at + 16), method == 8};
  r.range(at + 46 + name_size, extra);
  read_extra64(r, at + 46 + name_size, extra, {&size, &packed, &local});
  at += 46 + name_size + extra + comment;
  if ((flags & 1) != 0)
    fail(place, text("members must not be encrypted, got '", m.name, "'; write it with fx::savez or numpy.savez"));
  if (method != 0 && method != 8)
    fail(place, text("members must be stored or deflated, got '", m.name, "' with method ", method,
                     "; write it with numpy.savez_compressed"));
  if (r.u32(local) != kLocal)
    fail(place, text("'", m.name, "' must be where the directory says, got something else; the file is damaged"));
  const auto begin = local + 30 + r.u16(local + 26) + r.u16(local + 28);
  m.data = r.range(begin, packed);
  if (m.deflated ? size / kMostExpansion > packed : size != packed)
    fail(place, text("'", m.name, "' cannot have ", size, " bytes, got ", packed, m.deflated ? " compressed ones" : "",
                     "; the file is damaged"));
  m.size = size;
  return m;
}

void put(std::vector<std::byte>& out, std::uint64_t v, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) out.push_back(static_cast<std::byte>(v >> (8 * i) & 0xff));
}
void put(std::vector<std::byte>& out, const std::string& s) {
  const auto* p = reinterpret_cast<const std::byte*>(s.data());
  out.insert(out.end(), p, p + s.size());
}

std::uint32_t checksum_of(Bytes data) {
  return static_cast<std::uint32_t>(crc32_z(0, reinterpret_cast<const Bytef*>(data.data()), data.size()));
}

Bytef* bytes_of(const std::byte* p) { return reinterpret_cast<Bytef*>(const_cast<std::byte*>(p)); }
uInt chunk(std::size_t n) { return static_cast<uInt>(std::min<std::size_t>(n, 1U << 30)); }

std::vector<std::byte> deflated(Bytes data) {
  z_stream z{};
  if (deflateInit2(&z, Z_DEFAULT_COMPRESSION, Z_DEFLATED, -MAX_WBITS, 8, Z_DEFAULT_STRATEGY) != Z_OK)
    throw ValueError("savez_compressed: zlib must have memory, got none; use fx::savez");
  const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&z, deflateEnd);
  std::vector<std::byte> out;
  std::size_t taken = 0;
  std::byte block[1 << 16];
  for (int status = Z_OK; status != Z_STREAM_END;) {
    if (z.avail_in == 0) {
      z.next_in = bytes_of(data.data() + taken);
      z.avail_in = chunk(data.size() - taken);
      taken += z.avail_in;
    }
    z.next_out = bytes_of(block);
    z.avail_out = sizeof block;
    status = deflate(&z, taken == data.size() ? Z_FINISH : Z_NO_FLUSH);
    out.insert(out.end(), block, block + (sizeof block - z.avail_out));
  }
  return out;
}

}  // namespace

std::vector<Member> members(Bytes archive, const Place& place) {
  const Reader r(archive, place);
  const auto d = directory(r, place);
  std::vector<Member> out;
  std::uint64_t at = d.offset, packed = 0;
  for (std::uint64_t i = 0; i < d.n; ++i) {
    out.push_back(member(r, at, place));
    packed += out.back().data.size() + 76;  // the least size of its two headers
    if (packed > archive.size())
      fail(place, "members must not overlap, got some that do; the file is damaged, or meant to do harm");
  }
  std::vector<std::string> names;
  for (const auto& m : out) names.push_back(m.name);
  std::sort(names.begin(), names.end());
  const auto twice = std::adjacent_find(names.begin(), names.end());
  if (twice != names.end()) fail(place, text("names of members must differ, got '", *twice, "' twice; rename one"));
  return out;
}

std::vector<std::byte> unpacked(const Member& m, const Place& place) {
  std::vector<std::byte> out;
  if (!m.deflated) {
    out.assign(m.data.begin(), m.data.end());
  } else {
    z_stream z{};
    if (inflateInit2(&z, -MAX_WBITS) != Z_OK) fail(place, "zlib must have memory, got none; load a smaller file");
    const std::unique_ptr<z_stream, int (*)(z_stream*)> guard(&z, inflateEnd);
    std::size_t taken = 0, made = 0;
    int status = Z_OK;
    // Memory grows with what really comes out, and by one byte more than it may, to see whether there is more.
    while (status == Z_OK && made <= m.size) {
      if (z.avail_in == 0) {
        z.next_in = bytes_of(m.data.data() + taken);
        z.avail_in = chunk(m.data.size() - taken);
        taken += z.avail_in;
      }
      const auto room = std::min<std::size_t>(m.size + 1, std::max<std::size_t>(2 * made, 1 << 16));
      out.resize(std::max(room, made + 1));
      z.next_out = bytes_of(out.data() + made);
      z.avail_out = chunk(out.size() - made);
      const auto before = z.avail_out;
      status = inflate(&z, Z_NO_FLUSH);
      made += before - z.avail_out;
    }
    if (status != Z_STREAM_END || made != m.size)
      fail(place, text("'", m.name, "' must decompress to ", m.size, " bytes, got ",
                       made > m.size ? "more" : std::to_string(made), "; the file is damaged"));
    out.resize(made);
  }
  if (const auto sum = checksum_of(out); sum != m.checksum)
    fail(place, text("'", m.name, "' must have the checksum ", m.checksum, ", got ", sum, "; the file is damaged"));
  return out;
}

// Sizes are in the ZIP64 extra field always, as NumPy writes them.
void ZipWriter::add(const std::string& name, Bytes data) {
  std::vector<std::byte> packed;
  if (compress_) packed = deflated(data);
  const Bytes body = compress_ ? Bytes(packed) : data;
  Entry e{name, out_.size(), data.size(), body.size(), checksum_of(data)};
  put(out_, kLocal, 4);
  put(out_, 45, 2);
  put(out_, 0x0800, 2);  // names are UTF-8
  put(out_, compress_ ? 8 : 0, 2);
  put(out_, 0, 2);
  put(out_, 0x21, 2);  // 1980-01-01: files are equal if arrays are
  put(out_, e.checksum, 4);
  put(out_, kIn64, 4);
  put(out_, kIn64, 4);
  put(out_, name.size(), 2);
  put(out_, 20, 2);
  put(out_, name);
  put(out_, 1, 2);
  put(out_, 16, 2);
  put(out_, e.size, 8);
  put(out_, e.packed, 8);
  out_.insert(out_.end(), body.begin(), body.end());
  entries_.push_back(std::move(e));
}

std::vector<std::byte> ZipWriter::finish() {
  const auto begin = out_.size();
  for (const auto& e : entries_) {
    put(out_, kCentral, 4);
    put(out_, 45, 2);
    put(out_, 45, 2);
    put(out_, 0x0800, 2);
    put(out_, compress_ ? 8 : 0, 2);
    put(out_, 0, 2);
    put(out_, 0x21, 2);
    put(out_, e.checksum, 4);
    put(out_, kIn64, 4);
    put(out_, kIn64, 4);
    put(out_, e.name.size(), 2);
    put(out_, 28, 2);
    put(out_, 0, 2);
    put(out_, 0, 2);
    put(out_, 0, 2);
    put(out_, 0, 4);
    put(out_, kIn64, 4);
    put(out_, e.name);
    put(out_, 1, 2);
    put(out_, 24, 2);
    put(out_, e.size, 8);
    put(out_, e.packed, 8);
    put(out_, e.offset, 8);
  }
  const auto end = out_.size();
  put(out_, kEnd64, 4);
  put(out_, 44, 8);
  put(out_, 45, 2);
  put(out_, 45, 2);
  put(out_, 0, 4);
  put(out_, 0, 4);
  put(out_, entries_.size(), 8);
  put(out_, entries_.size(), 8);
  put(out_, end - begin, 8);
  put(out_, begin, 8);
  put(out_, kLocator, 4);
  put(out_, 0, 4);
  put(out_, end, 8);
  put(out_, 1, 4);
  put(out_, kEnd, 4);
  put(out_, 0, 4);
  const auto few = std::min<std::uint64_t>(entries_.size(), 0xffff);
  put(out_, few, 2);
  put(out_, few, 2);
  put(out_, std::min<std::uint64_t>(end - begin, kIn64), 4);
  put(out_, std::min<std::uint64_t>(begin, kIn64), 4);
  put(out_, 0, 2);
  return std::move(out_);
}

}  // namespace fluxion::io
