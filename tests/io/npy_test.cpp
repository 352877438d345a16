// .npy: every dtype and layout comes back; what NumPy writes is read; damaged files are refused.
#include <catch2/catch.hpp>

#include <complex>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <random>

#include <fluxion/io.hpp>
#include <fluxion/numpy.hpp>
#include <fluxion/random.hpp>
#include <fluxion/transforms.hpp>

#include "core/node.hpp"
#include "support/text.hpp"

namespace fluxion::test {

namespace {

using Bytes = std::vector<std::byte>;
using Complex = std::complex<double>;

Bytes bytes(std::string_view s) {
  const auto* p = reinterpret_cast<const std::byte*>(s.data());
  return {p, p + s.size()};
}

// A file of that version with this header, unpadded, and these elements.
Bytes npy(std::string header, std::string_view elements, int version = 1) {
  std::string s = "\x93NUMPY";
  s += {static_cast<char>(version), '\0'};
  for (int i = 0; i < (version == 1 ? 2 : 4); ++i) s += static_cast<char>(header.size() >> (8 * i) & 0xff);
  s += header;
  s += elements;
  return bytes(s);
}

template <class T>
std::string raw(std::vector<T> v) { return {reinterpret_cast<const char*>(v.data()), v.size() * sizeof(T)}; }

void check_same(const Array& a, const Array& b) {
  CHECK(a.aval() == b.aval());
  CHECK((npy_bytes(a) == npy_bytes(b)));
}

std::string path_in_temp(const char* name) { return (std::filesystem::temp_directory_path() / name).string(); }

std::string message(const Bytes& file) {
  try {
    load(file);
    return "nothing was thrown";
  } catch (const Error& e) {
    return e.what();
  }
}

}  // namespace

TEST_CASE("arrays of every dtype with elements come back from a .npy file") {
  const auto path = path_in_temp("fluxion_npy_test.npy");
  const std::int64_t bits[3] = {0x3ff0000000000001, -2, 0x400000003f800000};
  for (const auto t : {bool_, int8, int16, int32, int64, uint8, uint16, uint32, uint64, bfloat16, float16, float32,
                       float64, complex64, complex128})
    for (const Shape& shape : {Shape{}, Shape{1}, Shape{0}, Shape{2, 0, 3}, Shape{3}, Shape{2, 3, 1}}) {
      std::byte* data = nullptr;
      auto x = make_array({shape, t, false}, data);
      const auto n = static_cast<std::size_t>(x.size()) * itemsize(t);
      for (std::size_t i = 0; i < n; ++i)
        data[i] = t == bool_ ? std::byte(i % 2) : reinterpret_cast<const std::byte*>(bits)[i % 24];
      save(path, x);
      INFO(x.aval());
      const auto back = load(path);
      CHECK(back.aval() == x.aval());
      CHECK(std::memcmp(concrete(back)->data, concrete(x)->data, n) == 0);
    }
  std::filesystem::remove(path);
}

TEST_CASE("the bytes are NumPy's") {
  const auto file = npy_bytes(array({{1.0, 2.0}, {3.0, 4.0}}));
  const std::string head(reinterpret_cast<const char*>(file.data()), 128);
  CHECK(head.substr(0, 10) == std::string("\x93NUMPY\x01\x00\x76\x00", 10));
  CHECK(head.substr(10, 60) == "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 2), } ");
  CHECK(head.back() == '\n');
  CHECK(file.size() == 128 + 32);
}

TEST_CASE("strided views are written row-major, and weak scalars come back strong") {
  const auto m = array({{1, 2, 3}, {4, 5, 6}});
  check_same(load(npy_bytes(m.T())), m.T());
  CHECK_FALSE(load(npy_bytes(Array(2.0))).weak_type());
  CHECK(load(npy_bytes(Array(2.5))).item<double>() == 2.5);
}

TEST_CASE("files as other programs write them are read") {
  const auto expected = array({{1, 2, 3}, {4, 5, 6}}).astype(int64);
  const auto rows = raw<std::int64_t>({1, 2, 3, 4, 5, 6});
  for (const int version : {1, 2, 3})
    check_same(load(npy("{'descr': '<i8', 'fortran_order': False, 'shape': (2, 3), }\n", rows, version)), expected);
  check_same(load(npy("{\"shape\":(2L,3L) , \"fortran_order\":True,\"descr\":\"<i8\"}",
                      raw<std::int64_t>({1, 4, 2, 5, 3, 6}))),
             expected);
  check_same(load(npy("{'descr': '>i8', 'fortran_order': False, 'shape': (1,)}", {"\0\0\0\0\0\0\1\2", 8})),
             array({258}).astype(int64));
  check_same(load(npy("{'descr': '>c16', 'fortran_order': False, 'shape': ()}",
                      {"\x3f\xf0\0\0\0\0\0\0\x40\0\0\0\0\0\0\0", 16})),
             scalar(Complex(1, 2)));
  check_same(load(npy("{'descr': '|b1', 'fortran_order': False, 'shape': (3,)}", {"\0\1\xff", 3})),
             array({false, true, true}));
  const auto half = load(npy("{'descr': '<V2', 'fortran_order': False, 'shape': (1,)}", {"\x80\x3f", 2}));
  CHECK(half.dtype() == bfloat16);
}

TEST_CASE("what is no array of numbers is refused") {
  const auto header = [](const std::string& descr, const std::string& shape) {
    return "{'descr': " + descr + ", 'fortran_order': False, 'shape': " + shape + "}";
  };
  const auto eight = raw<double>({1});
  CHECK(message({}) ==
        "load: bytes: a .npy file begins with \\x93NUMPY, a version and a length, got 0 bytes that do not; write it "
        "with fx::save or numpy.save");
  CHECK(message(npy(header("'<f8'", "(1,)"), eight, 4)).find("versions 1.0 to 3.0") != std::string::npos);
  CHECK(message(npy(header("'<f8'", "(2,)"), eight)) ==
        "load: bytes: f64[2] must have 16 bytes of elements, got 8; the file is truncated");
  CHECK(message(npy(header("'<f8'", "()"), eight + eight)).find("got 16; several arrays") != std::string::npos);
  CHECK(message(npy(header("'|O'", "(1,)"), eight)).find("pickled Python objects") != std::string::npos);
  CHECK(message(npy(header("'<U4'", "(1,)"), eight)).find("got '<U4'") != std::string::npos);
  CHECK(message(npy(header("[('a', '<f8')]", "(1,)"), eight)).find("structured dtype") != std::string::npos);
  CHECK(message(npy(header("'<f8'", "(-1,)"), eight)).find("extent that is not negative") != std::string::npos);
  CHECK(message(npy(header("'<f8'", "(99999999999999999999,)"), eight)).find("below 2^63") != std::string::npos);
  CHECK(message(npy(header("'<f8'", "(4611686018427387904, 4)"), eight)).find("fewer than 2^59") != std::string::npos);
  CHECK(message(npy(header("'<f8'", "(4611686018427387904, 4, 0)"), "")).find("fewer than 2^59") != std::string::npos);
  CHECK(message(npy("{'descr': '<f8', 'shape': (1,)}", eight)).find("the keys") != std::string::npos);
  CHECK(message(npy("{'descr': '<f8', 'descr': '<f8'}", eight)).find("once, got 'descr'") != std::string::npos);
  CHECK(message(npy(header("'<f8'", "(1,)") + "x", eight)).find("the end of the header") != std::string::npos);
  std::string ones = "(";
  for (int i = 0; i < 65; ++i) ones += "1,";
  CHECK(message(npy(header("'<f8'", ones + ")"), eight)).find("at most 64 axes") != std::string::npos);
  auto long_header = npy(header("'<f8'", "(1,)"), eight, 2);
  long_header[11] = std::byte{0x7f};
  CHECK(message(long_header).find("at most 1048576 bytes") != std::string::npos);
}

TEST_CASE("what has no elements on this machine cannot be saved") {
  CHECK_THROWS_WITH(npy_bytes(random::key(0)), Catch::Contains("key_data"));
  CHECK_THROWS_AS(npy_bytes(Array()), TypeError);
  CHECK_THROWS_AS(jit([](const Array& x) {
                    save("never written", x);
                    return x;
                  })(1.0),
                  ConcretizationError);
  CHECK_THROWS_WITH(save("/no such folder/x.npy", Array(1)),
                    Catch::Contains("No such file") && Catch::Contains("save: /no such"));
  CHECK_THROWS_WITH(load("/no such folder/x.npy"),
                    Catch::Contains("load: /no such folder/x.npy: a file that can be read"));
}

namespace {

// Loads, or throws what the documentation says; anything else fails the test.
void survive(const Bytes& file) {
  try {
    load(file);
  } catch (const ValueError&) {
  } catch (const TypeError&) {
  }
}

}  // namespace

TEST_CASE("a .npy file cut anywhere is refused, and one with any byte changed never does harm") {
  for (const auto& whole :
       {npy_bytes(array({{1.5, 2.5, 3.5}})), npy_bytes(array({true, false})), npy_bytes(scalar(1.0F))}) {
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK_THROWS_AS(load(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n))), ValueError);
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (const int flip : {1, 2, 4, 8, 16, 32, 64, 128, 255}) {
        auto changed = whole;
        changed[i] ^= static_cast<std::byte>(flip);
        survive(changed);
      }
  }
}

TEST_CASE("random edits of .npy headers never do harm") {
  std::mt19937 random(7);
  const std::string header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2, 1), }";
  const std::string pieces[] = {
      "'",    "\"",      "(", ")", ",",  ":", "{",     "}",    "-1", "0", "9223372036854775807",
      "True", "'shape'", "L", " ", "\n", "[", "'>f2'", "'<c8'"};
  for (int i = 0; i < 4000; ++i) {
    auto h = header;
    for (auto edits = 1 + random() % 4; edits > 0; --edits) {
      const auto at = random() % (h.size() + 1);
      if (random() % 2 == 0) h.insert(at, pieces[random() % std::size(pieces)]);
      else h.erase(at, random() % 6);
    }
    survive(npy(h, raw<double>({1, 2}), 1 + static_cast<int>(random() % 3)));
  }
}

}  // namespace fluxion::test
