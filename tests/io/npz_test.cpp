// .npz files and trees in them: members come back stored and compressed, trees by their key paths; damaged and hostile
// archives are refused without harm.
#include <catch2/catch.hpp>

#include <cstring>
#include <filesystem>
#include <random>

#include <fluxion/io.hpp>
#include <fluxion/numpy.hpp>

#include "support/text.hpp"

namespace fluxion::test {

namespace {

using Bytes = std::vector<std::byte>;

struct Layer {
  BOOST_HANA_DEFINE_STRUCT(Layer, (Array, w), (Array, b));
};
struct Model {
  BOOST_HANA_DEFINE_STRUCT(Model, (std::vector<Layer>, layers), (Array, scale));
};

Model model() { return {{{ones({2, 3}), zeros({3})}, {full({3, 1}, 0.5), array({1.0})}}, scalar(2.0F)}; }

NamedArrays sample() {
  return {{"a", array({{1.0, 2.0}, {3.0, 4.0}})},
          {"b/c", array({1, 2, 3})},
          {"", scalar(1.0F)},
          {"empty", zeros({0, 3})},
          {"long", broadcast_to(Array(7), {20000})}};
}

void check_same(const NamedArrays& a, const NamedArrays& b) {
  REQUIRE(a.size() == b.size());
  for (const auto& [name, x] : a) {
    INFO(name);
    REQUIRE(b.contains(name));
    CHECK((npy_bytes(x) == npy_bytes(b.at(name))));
  }
}

struct TempFile {
  explicit TempFile(const char* name) : path((std::filesystem::temp_directory_path() / name).string()) {}
  ~TempFile() { std::filesystem::remove(path); }
  std::string path;
};

void survive(const Bytes& file) {
  try {
    load_npz(file);
  } catch (const ValueError&) {
  } catch (const TypeError&) {
  }
}

std::string message(const Bytes& file) {
  try {
    load_npz(file);
    return "nothing was thrown";
  } catch (const Error& e) {
    return e.what();
  }
}

std::size_t find(const Bytes& file, std::string_view what) {
  return std::string_view(reinterpret_cast<const char*>(file.data()), file.size()).find(what);
}
void put(Bytes& file, std::size_t at, std::uint64_t v, std::size_t n) { std::memcpy(file.data() + at, &v, n); }

}  // namespace

TEST_CASE("named arrays come back from .npz files, stored and compressed") {
  const TempFile f("fluxion_npz_test.npz");
  savez(f.path, sample());
  check_same(load_npz(f.path), sample());
  const auto stored = std::filesystem::file_size(f.path);
  savez_compressed(f.path, sample());
  check_same(load_npz(f.path), sample());
  CHECK(std::filesystem::file_size(f.path) < stored / 10);
  CHECK(load_npz(npz_bytes({})).empty());
  CHECK((npz_bytes(sample(), true) == npz_bytes(sample(), true)));
}

TEST_CASE("archives as Python's zipfile writes them are read: no ZIP64, a comment, data before the archive") {
  // zipfile.ZipFile(..., "w", ZIP_DEFLATED).writestr("x.npy", npy of int8 [1, 2, 3]); comment "hello"
  Bytes file;
  const auto npy = npy_bytes(array<std::int8_t>({1, 2, 3}));
  const auto le = [&](std::uint64_t v, std::size_t n) {
    for (std::size_t i = 0; i < n; ++i) file.push_back(static_cast<std::byte>(v >> (8 * i)));
  };
  const auto reference = npz_bytes({{"x", array<std::int8_t>({1, 2, 3})}});
  std::uint32_t crc = 0;
  std::memcpy(&crc, reference.data() + 14, 4);
  le(0x04034b50, 4), le(20, 2), le(0, 2), le(0, 2), le(0, 4), le(crc, 4), le(npy.size(), 4), le(npy.size(), 4),
      le(5, 2), le(0, 2);
  for (const char c : std::string("x.npy")) file.push_back(static_cast<std::byte>(c));
  file.insert(file.end(), npy.begin(), npy.end());
  const auto begin = file.size();
  le(0x02014b50, 4), le(20, 2), le(20, 2), le(0, 2), le(0, 2), le(0, 4), le(crc, 4), le(npy.size(), 4),
      le(npy.size(), 4), le(5, 2);
  le(0, 2), le(0, 2), le(0, 2), le(0, 2), le(0, 4), le(0, 4);
  for (const char c : std::string("x.npy")) file.push_back(static_cast<std::byte>(c));
  const auto end = file.size();
  le(0x06054b50, 4), le(0, 2), le(0, 2), le(1, 2), le(1, 2), le(end - begin, 4), le(begin, 4), le(5, 2);
  for (const char c : std::string("hello")) file.push_back(static_cast<std::byte>(c));
  const auto back = load_npz(file);
  REQUIRE(back.contains("x"));
  CHECK(back.at("x").to_vector<std::int8_t>() == std::vector<std::int8_t>{1, 2, 3});
}

TEST_CASE("trees come back by the key paths of their leaves") {
  const TempFile f("fluxion_tree_test.npz");
  for (const bool compressed : {false, true}) {
    save_tree(f.path, model(), {.compressed = compressed});
    const auto named = load_npz(f.path);
    CHECK(named.contains("layers[1].w"));
    CHECK(named.contains("scale"));
    const auto back = load_tree(f.path, model());
    CHECK(array_equal(back.layers[1].w, model().layers[1].w).item<bool>());
    CHECK(back.scale.item<float>() == 2);
  }
  save_tree(f.path, Layer{ones({2}), Array(1)});
  CHECK(load_tree<Layer>(f.path).w.shape() == Shape{2});
  save_tree(f.path, ones({2}));
  CHECK(load_npz(f.path).contains("arr_0"));
  CHECK(load_tree<Array>(f.path).size() == 2);
}

TEST_CASE("leaves that are missing, too many or of other avals are listed") {
  const TempFile f("fluxion_tree_errors_test.npz");
  save_tree(f.path, model());
  auto other = model();
  other.layers.pop_back();
  other.scale = scalar(1.0);
  CHECK_THROWS_WITH(
      load_tree(f.path, other),
      Catch::Contains(
          "got scale of f32[] instead of f64[], layers[1].b of f64[1], which the tree does not have, layers[1].w"));
  other = model();
  other.layers.push_back(other.layers[0]);
  CHECK_THROWS_WITH(load_tree(f.path, other), Catch::Contains("no layers[2].w, no layers[2].b"));
  CHECK_THROWS_WITH(load_tree<Model>(f.path), Catch::Contains("layers[0].b of f64[3], which the tree does not have"));
}

TEST_CASE("a damaged archive says what is wrong") {
  const auto good = npz_bytes(sample(), true);
  CHECK(message({}).find("too few for one") != std::string::npos);
  CHECK(message(Bytes(100)).find("no end record") != std::string::npos);
  const auto central = find(good, std::string_view("PK\x01\x02", 4));
  auto bad = good;
  put(bad, central + 8, 1, 2);
  CHECK(message(bad).find("must not be encrypted") != std::string::npos);
  bad = good;
  put(bad, central + 10, 99, 2);
  CHECK(message(bad).find("stored or deflated") != std::string::npos);
  bad = good;
  put(bad, central + 16, 12345, 4);
  CHECK(message(bad).find("must have the checksum 12345") != std::string::npos);
  // The sizes of ZIP64 are behind the fixed 46 bytes, the name and the head of the extra field.
  const auto sizes = central + 46 + 4 + 4;
  bad = good;
  put(bad, sizes, 1ULL << 40, 8);
  CHECK(message(bad).find("cannot have 1099511627776 bytes") != std::string::npos);
  bad = good;
  put(bad, sizes, 100, 8);
  CHECK(message(bad).find("must decompress to 100 bytes, got more") != std::string::npos);
  bad = good;
  put(bad, sizes + 8, 1ULL << 62, 8);
  CHECK(message(bad).find("must lie within the archive") != std::string::npos);
  const auto text = find(good, "b/c.npy");
  bad = good;
  put(bad, text, 'x', 1);  // in the local header, whose name does not count
  CHECK(load_npz(bad).contains("b/c"));
}

TEST_CASE("members that share their bytes are refused, for that is how a small file becomes a large one") {
  auto file = npz_bytes({{"aa", broadcast_to(Array(7), {100000})}, {"bb", broadcast_to(Array(7), {100000})}}, true);
  const auto first = find(file, std::string_view("PK\x01\x02", 4));
  const auto second = first + 46 + 6 + 28;
  REQUIRE(std::memcmp(file.data() + second, "PK\x01\x02", 4) == 0);
  Bytes archive(file.begin(), file.begin() + static_cast<std::ptrdiff_t>(first));
  Bytes entry(file.begin() + static_cast<std::ptrdiff_t>(first), file.begin() + static_cast<std::ptrdiff_t>(second));
  const auto begin = archive.size();
  for (char c = 'a'; c < 'a' + 20; ++c) {
    entry[46] = static_cast<std::byte>(c);
    archive.insert(archive.end(), entry.begin(), entry.end());
  }
  const auto end = archive.size();
  Bytes tail(22);
  put(tail, 0, 0x06054b50, 4), put(tail, 8, 20, 2), put(tail, 10, 20, 2), put(tail, 12, end - begin, 4),
      put(tail, 16, begin, 4);
  archive.insert(archive.end(), tail.begin(), tail.end());
  CHECK(message(archive).find("must not overlap") != std::string::npos);
}

TEST_CASE("other members and equal names are refused") {
  auto file = npz_bytes({{"a", Array(1)}, {"b", Array(1)}});
  auto bad = file;
  put(bad, bad.size() - 22 - 20 - 56 - 28 - 5, 'a', 1);  // the name in the last entry of the directory
  CHECK(message(bad).find("names of members must differ, got 'a.npy' twice") != std::string::npos);
  bad = file;
  put(bad, bad.size() - 22 - 20 - 56 - 28 - 1, 'z', 1);
  CHECK(message(bad).find("members must be .npy files, got 'b.npz'") != std::string::npos);
}

TEST_CASE("an archive cut anywhere is refused, and one with bytes changed never does harm") {
  for (const bool compressed : {false, true}) {
    const auto whole = npz_bytes({{"a", array({1.0, 2.0})}, {"b", array({1, 2, 3})}}, compressed);
    for (std::size_t n = 0; n < whole.size(); ++n)
      CHECK_THROWS_AS(load_npz(Bytes(whole.begin(), whole.begin() + static_cast<std::ptrdiff_t>(n))), ValueError);
    for (std::size_t i = 0; i < whole.size(); ++i)
      for (const int flip : {1, 16, 128, 255}) {
        auto changed = whole;
        changed[i] ^= static_cast<std::byte>(flip);
        survive(changed);
      }
    std::mt19937 random(11);
    for (int i = 0; i < 3000; ++i) {
      auto changed = whole;
      for (auto edits = 1 + random() % 6; edits > 0; --edits)
        changed[random() % changed.size()] = static_cast<std::byte>(random() % 4 == 0 ? 0xff : random() % 256);
      survive(changed);
    }
  }
}

}  // namespace fluxion::test
