#include "io/npy.hpp"

#include <bit>
#include <cctype>
#include <cstring>
#include <limits>
#include <string_view>

#include "base/text.hpp"
#include "core/node.hpp"

namespace fluxion::io {

namespace {

static_assert(std::endian::native == std::endian::little);

constexpr std::string_view kMagic = "\x93NUMPY";
constexpr std::size_t kLongestHeader = 1 << 20;
constexpr std::size_t kMostAxes = 64;

struct Header {
  DType dtype = DType::float64;
  bool swapped = false;  // big-endian
  bool fortran_order = false;
  Shape shape;
};

[[noreturn]] void fail(const Place& at, const std::string& message) {
  throw ValueError(text(at.op, ": ", at.what, ": ", message));
}

struct Kind {
  DType dtype;
  const char* descr;  // without the byte order
};
// bfloat16 is what NumPy writes for the extension type of ml_dtypes: two opaque bytes.
constexpr Kind kKinds[] = {
    {DType::bool_, "b1"},     {DType::int8, "i1"},        {DType::int16, "i2"},    {DType::int32, "i4"},
    {DType::int64, "i8"},     {DType::uint8, "u1"},       {DType::uint16, "u2"},   {DType::uint32, "u4"},
    {DType::uint64, "u8"},    {DType::float16, "f2"},     {DType::float32, "f4"},  {DType::float64, "f8"},
    {DType::complex64, "c8"}, {DType::complex128, "c16"}, {DType::bfloat16, "V2"},
};

std::string printable(std::string_view s) {
  std::string out;
  for (const char c : s.substr(0, 60)) out += std::isprint(static_cast<unsigned char>(c)) ? c : '?';
  return s.size() > 60 ? out + "..." : out;
}

/// Reads the header's dictionary, which is Python text: {'descr': '<f8', 'fortran_order': False, 'shape': (3, 4), }
class HeaderReader {
 public:
  HeaderReader(std::string_view s, const Place& at) : s_(s), at_(at) {}

  Header read() {
    Header h;
    bool descr = false, order = false, shape = false;
    expect('{');
    while (!accept('}')) {
      const auto key = quoted();
      expect(':');
      if (key == "descr" && !std::exchange(descr, true)) read_descr(h);
      else if (key == "fortran_order" && !std::exchange(order, true)) h.fortran_order = truth();
      else if (key == "shape" && !std::exchange(shape, true)) h.shape = extents();
      else broken("each of 'descr', 'fortran_order' and 'shape' once", text("'", printable(key), "'"));
      if (!accept(',') && peek() != '}') unexpected("',' or '}'");
    }
    if (!descr || !order || !shape)
      broken("the keys 'descr', 'fortran_order' and 'shape'", text("'", printable(s_), "'"));
    if (peek() != '\0') unexpected("the end of the header");
    return h;
  }

 private:
  [[noreturn]] void broken(const std::string& required, const std::string& got) const {
    fail(at_, text("the header must have ", required, ", got ", got, "; the file is damaged, or not written by NumPy"));
  }
  [[noreturn]] void unexpected(const char* required) const {
    const auto rest = s_.substr(std::min(i_, s_.size()));
    broken(required,
           rest.empty() ? std::string("its end") : text("'", printable(rest.substr(0, 20)), "' at byte ", i_));
  }
  char peek() {
    while (i_ < s_.size() && (s_[i_] == ' ' || s_[i_] == '\n' || s_[i_] == '\t' || s_[i_] == '\r')) ++i_;
    return i_ < s_.size() ? s_[i_] : '\0';
  }
  bool accept(char c) {
    if (c == '\0' || peek() != c) return false;
    ++i_;
    return true;
  }
  void expect(char c) {
    const char shown[] = {'\'', c, '\'', '\0'};
    if (!accept(c)) unexpected(shown);
  }
  std::string_view quoted() {
    const char quote = peek();
    if (quote != '\'' && quote != '"') unexpected("a quoted text");
    const auto end = s_.find(quote, i_ + 1);
    if (end == std::string_view::npos) unexpected("a quoted text that ends");
    const auto out = s_.substr(i_ + 1, end - i_ - 1);
    i_ = end + 1;
    return out;
  }
  bool truth() {
    peek();
    for (const std::string_view word : {"True", "False"})
      if (s_.substr(i_).starts_with(word)) {
        i_ += word.size();
        return word == "True";
      }
    unexpected("True or False");
  }
  Shape extents() {
    Shape shape;
    expect('(');
    while (!accept(')')) {
      shape.push_back(extent());
      if (shape.size() > kMostAxes) broken(text("at most ", kMostAxes, " axes"), "more");
      if (!accept(',') && peek() != ')') unexpected("',' or ')'");
    }
    return shape;
  }
  std::int64_t extent() {
    if (std::isdigit(static_cast<unsigned char>(peek())) == 0) unexpected("an extent that is not negative");
    std::int64_t n = 0;
    for (; i_ < s_.size() && std::isdigit(static_cast<unsigned char>(s_[i_])); ++i_)
      if (__builtin_mul_overflow(n, std::int64_t{10}, &n) || __builtin_add_overflow(n, std::int64_t{s_[i_] - '0'}, &n))
        broken("extents below 2^63", "a larger one");
    if (i_ < s_.size() && s_[i_] == 'L') ++i_;  // as Python 2 wrote them
    return n;
  }
  void read_descr(Header& h) {
    if (peek() == '[')
      throw TypeError(text(at_.op, ": ", at_.what,
                           ": one number per element is required, got a structured dtype; save its "
                           "fields as arrays of their own"));
    const auto descr = quoted();
    const bool has_order = !descr.empty() && std::string_view("<>|=").find(descr[0]) != std::string_view::npos;
    for (const auto& k : kKinds)
      if (descr.substr(has_order ? 1 : 0) == k.descr) {
        h.dtype = k.dtype;
        h.swapped = descr[0] == '>';
        return;
      }
    const bool object = descr.find('O') != std::string_view::npos;
    throw TypeError(text(at_.op, ": ", at_.what,
                         ": a dtype of bool, integers, floats or complex numbers is required, got '", printable(descr),
                         object ? "' (pickled Python objects, which are never read)" : "'",
                         "; convert in NumPy with astype before saving"));
  }

  std::string_view s_;
  const Place& at_;
  std::size_t i_ = 0;
};

std::uint32_t little(Bytes b, std::size_t n) {
  std::uint32_t v = 0;
  for (std::size_t i = n; i-- > 0;) v = v << 8 | static_cast<std::uint32_t>(b[i]);
  return v;
}

/// The header's text; what is left of `bytes` is behind it.
std::string_view header_text(Bytes& bytes, const Place& at) {
  if (bytes.size() < 10 || std::memcmp(bytes.data(), kMagic.data(), kMagic.size()) != 0)
    fail(at, text("a .npy file begins with \\x93NUMPY, a version and a length, got ", bytes.size(),
                  " bytes that do not; "
                  "write it with fx::save or numpy.save"));
  const auto major = static_cast<int>(bytes[6]);
  if (major < 1 || major > 3)
    fail(at, text("versions 1.0 to 3.0 of the .npy format can be read, got ", major, ".", static_cast<int>(bytes[7]),
                  "; save it again with numpy.save"));
  const std::size_t width = major == 1 ? 2 : 4, begin = 8 + width;
  if (bytes.size() < begin) fail(at, "the file must not end within its header, got a truncated file; copy it again");
  const std::size_t n = little(bytes.subspan(8), width);
  if (n > kLongestHeader)
    fail(at, text("the header must have at most ", kLongestHeader, " bytes, got ", n, "; the file is damaged"));
  if (n > bytes.size() - begin)
    fail(at, text("the header must have ", n, " bytes, got ", bytes.size() - begin, "; the file is truncated"));
  const std::string_view s(reinterpret_cast<const char*>(bytes.data()) + begin, n);
  bytes = bytes.subspan(begin + n);
  return s;
}

void swap_bytes(std::byte* data, std::size_t n, std::size_t width) {
  for (std::size_t i = 0; i + width <= n; i += width)
    for (std::size_t k = 0; k < width / 2; ++k) std::swap(data[i + k], data[i + width - 1 - k]);
}

Dims column_major_strides(const Shape& shape) {
  Dims strides;
  std::int64_t step = 1;
  for (const auto d : shape) {
    strides.push_back(step);
    step *= d;
  }
  return strides;
}

std::string_view descr_of(DType t, const Place& at, const Array& x) {
  for (const auto& k : kKinds)
    if (k.dtype == t) return k.descr;
  throw TypeError(text(at.op, ": ", at.what, ": numbers are required, got ", x.aval(),
                       is_key(t) ? "; save fx::random::key_data(keys), and make keys of it with wrap_key_data"
                                 : "; it has no elements to be saved"));
}

}  // namespace

std::vector<std::byte> npy_bytes(const Array& x, const Place& at) {
  require_value(at.op, x);
  const auto* node = concrete_primal(x);
  if (node == nullptr)
    throw ConcretizationError(text(at.op, ": ", at.what, ": an array with a value is required, got ", x,
                                   "; save outside of the transformed function, or from fx::io_callback"));
  const auto descr = descr_of(x.dtype(), at, x);
  const auto header = text("{'descr': '", itemsize(x.dtype()) == 1 ? '|' : '<', descr,
                           "', 'fortran_order': False, 'shape': ", x.shape(), ", }");
  // Magic, version, length and header together are a multiple of 64 bytes, so that the elements are aligned.
  const bool wide = header.size() + 11 > 65535;
  const std::size_t before = wide ? 12 : 10;
  const auto total = (before + header.size() + 1 + 63) / 64 * 64;
  const auto length = total - before;
  std::string head(kMagic);
  head += {static_cast<char>(wide ? 2 : 1), '\0'};
  for (std::size_t i = 0; i < (wide ? 4U : 2U); ++i) head += static_cast<char>(length >> (8 * i) & 0xff);
  head += header;
  head.resize(total - 1, ' ');
  head += '\n';
  const auto width = itemsize(x.dtype());
  const auto n_bytes = static_cast<std::size_t>(x.size()) * width;
  std::vector<std::byte> out(total + n_bytes);
  std::memcpy(out.data(), head.data(), total);
  auto* to = out.data() + total;
  if (node->contiguous) {
    if (n_bytes != 0) std::memcpy(to, node->data, n_bytes);
  } else {
    for_each_element(*node, [&](const std::byte* p) {
      std::memcpy(to, p, width);
      to += width;
    });
  }
  return out;
}

Array array_from_npy(Bytes bytes, const Place& at) {
  const auto h = HeaderReader(header_text(bytes, at), at).read();
  const auto n = checked_element_count(text(at.op, ": ", at.what), h.shape);
  const auto want = static_cast<std::size_t>(n) * itemsize(h.dtype);
  const Aval aval{h.shape, h.dtype, false};
  if (want != bytes.size())
    fail(at, text(aval, " must have ", want, " bytes of elements, got ", bytes.size(),
                  bytes.size() < want ? "; the file is truncated" : "; several arrays belong into a .npz file"));
  auto buffer = allocate(want);
  if (want != 0) std::memcpy(buffer.data(), bytes.data(), want);
  const auto width = is_complex(h.dtype) ? itemsize(h.dtype) / 2 : itemsize(h.dtype);
  if (h.swapped) swap_bytes(buffer.data(), want, width);
  if (h.dtype == DType::bool_)
    for (std::size_t i = 0; i < want; ++i) buffer.data()[i] = std::byte{buffer.data()[i] != std::byte{0}};
  const auto* data = buffer.data();
  if (h.shape.empty()) return make_scalar(h.dtype, false, data);
  return make_array(aval, std::move(buffer), data,
                    h.fortran_order ? column_major_strides(h.shape) : contiguous_strides(h.shape));
}

}  // namespace fluxion::io
