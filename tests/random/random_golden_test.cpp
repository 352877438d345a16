// The numbers of jax.random, bit for bit, from tests/golden/random.json.
#include <cmath>
#include <cstring>
#include <fstream>
#include <string>
#include <vector>

#include <catch2/catch.hpp>
#include <nlohmann/json.hpp>

#include "numpy/shown.hpp"

namespace fluxion {

namespace {

using nlohmann::json;

const json& golden() {
  static const json j = [] {
    std::ifstream in(FLUXION_TEST_DATA "/random.json");
    REQUIRE(in.good());
    return json::parse(in);
  }();
  return j;
}

// Integers come as JSON integers, decimal strings, or hexadecimal strings; all as two's complement bits.
std::uint64_t bits_of(const json& v) {
  if (v.is_string()) {
    const auto s = v.get<std::string>();
    return s[0] == '-' ? static_cast<std::uint64_t>(std::stoll(s)) : std::stoull(s, nullptr, 0);
  }
  return v.is_number_unsigned() ? v.get<std::uint64_t>() : static_cast<std::uint64_t>(v.get<std::int64_t>());
}

std::vector<std::uint64_t> bits_of_all(const json& list) {
  std::vector<std::uint64_t> out;
  for (const auto& v : list) out.push_back(bits_of(v));
  return out;
}

// The elements' bits, sign-extended for signed integers.
std::vector<std::uint64_t> bits_of(const Array& x) {
  std::vector<std::uint64_t> out;
  const auto all = [&](const auto& values) {
    for (auto v : values) {
      if constexpr (requires { v.bits; }) {
        out.push_back(v.bits);
      } else if constexpr (std::is_floating_point_v<decltype(v)>) {
        std::uint64_t b = 0;
        std::memcpy(&b, &v, sizeof v);
        out.push_back(b);
      } else {
        out.push_back(static_cast<std::uint64_t>(v));
      }
    }
  };
  switch (x.dtype()) {
    case DType::bool_: all(x.to_vector<bool>()); break;
    case DType::int8: all(x.to_vector<std::int8_t>()); break;
    case DType::int16: all(x.to_vector<std::int16_t>()); break;
    case DType::uint8: all(x.to_vector<std::uint8_t>()); break;
    case DType::uint16: all(x.to_vector<std::uint16_t>()); break;
    case DType::float16: all(x.to_vector<float16_t>()); break;
    case DType::bfloat16: all(x.to_vector<bfloat16_t>()); break;
    case DType::int32: all(x.to_vector<std::int32_t>()); break;
    case DType::int64: all(x.to_vector<std::int64_t>()); break;
    case DType::uint32: all(x.to_vector<std::uint32_t>()); break;
    case DType::uint64: all(x.to_vector<std::uint64_t>()); break;
    case DType::float32: all(x.to_vector<float>()); break;
    default: all(x.to_vector<double>()); break;
  }
  return out;
}

DType dtype_named(const std::string& s) {
  for (int i = 0; i <= static_cast<int>(DType::float0); ++i)
    if (name(static_cast<DType>(i)) == s) return static_cast<DType>(i);
  throw std::runtime_error("unknown dtype " + s);
}
Shape shape_of(const json& c) { return Shape(c.at("shape").get<std::vector<std::int64_t>>()); }

Array key_of(const json& c) {
  const auto words = bits_of_all(c.at("key"));
  return random::wrap_key_data(array({static_cast<std::uint32_t>(words[0]), static_cast<std::uint32_t>(words[1])}));
}

Array bound(const json& v) {
  const auto b = bits_of(v);
  const bool negative = v.is_number_integer() && !v.is_number_unsigned() && v.get<std::int64_t>() < 0;
  return negative || b <= INT64_MAX ? Array(static_cast<std::int64_t>(b)) : scalar(b);
}

// What a case draws; `shape` and dtype are the case's.
Array draw(const json& c) {
  const auto fn = c.at("fn").get<std::string>();
  const auto args = c.value("args", json::object());
  if (fn == "key") {
    const auto seed = static_cast<std::int64_t>(bits_of(c.at("seed")));
    const bool wide = c.at("seed_bits") == 64;
    return random::key_data(wide ? random::key(seed) : random::key(Array(seed).astype(int32)));
  }
  const auto key = key_of(c);
  if (fn == "split") return random::key_data(random::split(key, shape_of(c)));
  if (fn == "fold_in") return random::key_data(random::fold_in(key, bound(args.at("data"))));
  if (fn == "threefry2x32") {
    const auto data = random::key_data(key);
    const auto count = bits_of_all(args.at("count"));
    const auto [a, b] = lax::threefry2x32(data[0], data[1], scalar(static_cast<std::uint32_t>(count[0])),
                                          scalar(static_cast<std::uint32_t>(count[1])));
    return stack({a, b});
  }
  const auto t = dtype_named(c.at("dtype"));
  if (fn == "bits") return random::bits(key, shape_of(c), t);
  if (fn == "normal") return random::normal(key, shape_of(c), t);
  if (fn == "bernoulli") return random::bernoulli(key, Array(args.at("p").get<double>()).astype(t), shape_of(c));
  if (fn == "randint") return random::randint(key, shape_of(c), bound(args.at("minval")), bound(args.at("maxval")), t);
  const auto lo = args.is_object() ? args.value("minval", 0.0) : 0.0, hi = args.is_object() ? args.value("maxval", 1.0) : 1.0;
  return random::uniform(key, shape_of(c), t, lo, hi);
}

void check_close(const json& c, const Array& x) {
  const auto got = x.astype(float64).to_vector<double>();
  const auto rtol = c.at("rtol").get<double>(), atol = c.at("atol").get<double>();
  REQUIRE(got.size() == c.at("decimal").size());
  for (std::size_t i = 0; i < got.size(); ++i) {
    const auto want = std::stod(c.at("decimal")[i].get<std::string>());
    CHECK(std::abs(got[i] - want) <= atol + rtol * std::abs(want));
  }
}

void check_digest(const json& c, const Array& x) {
  std::uint64_t sum = 0, xored = 0;
  const auto all = bits_of(x);
  for (auto b : all) sum += b, xored ^= b;
  CHECK(std::vector<std::uint64_t>(all.begin(), all.begin() + 4) == bits_of_all(c.at("first4")));
  CHECK(sum == bits_of(c.at("sum_mod_2_64")));
  CHECK(xored == bits_of(c.at("xor")));
}

void check(const json& c, const Array& x) {
  const auto how = c.at("compare").get<std::string>();
  if (how == "digest") check_digest(c, x);
  else if (how == "close") check_close(c, x);
  else CHECK(bits_of(x) == bits_of_all(c.at("data")));
  if (c.contains("out_shape")) CHECK(x.shape() == Shape(c.at("out_shape").get<std::vector<std::int64_t>>()));
}

}  // namespace

TEST_CASE("random numbers are jax's, eager and jitted") {
  std::size_t checked = 0;
  for (const auto& c : golden().at("cases")) {
    INFO(c.at("id").get<std::string>());
    check(c, draw(c));
    check(c, jit([&] { return draw(c); })());
    ++checked;
  }
  CHECK(checked > 100);
}

TEST_CASE("small words are the low bits of 32-bit words") {
  for (const auto& c : golden().at("cases")) {
    if (c.at("fn") != "bits" || c.at("compare") != "bits") continue;
    const auto t = dtype_named(c.at("dtype"));
    if (itemsize(t) > 2) continue;
    auto words = bits_of(random::bits(key_of(c), shape_of(c), uint32));
    for (auto& w : words) w &= (1U << (8 * itemsize(t))) - 1;
    CHECK(words == bits_of_all(c.at("data")));
  }
}

}  // namespace fluxion
