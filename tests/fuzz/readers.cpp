// Fuzzes everything that reads what others wrote: the first byte of the input says which reader. Anything but an answer, a
// ValueError or a TypeError is a find; so is taking more than a quarter of a gigabyte, or a second.
#include <cstdint>
#include <cstdlib>
#include <fstream>

#include <fluxion/fluxion.hpp>
#include <fluxion/io.hpp>
#include <fluxion/parse.hpp>

namespace fx = fluxion;

namespace {

void read(int which, std::span<const std::byte> bytes) {
  switch (which) {
    case 0: fx::load(bytes); return;
    case 1: fx::load_npz(bytes); return;
    default: {
      const auto jaxpr = fx::parse_jaxpr({reinterpret_cast<const char*>(bytes.data()), bytes.size()});
      const auto text = to_string(jaxpr);
      if (to_string(fx::parse_jaxpr(text)) != text) std::abort();
    }
  }
}

void write_seed(const std::string& folder, int which, int number, const void* data, std::size_t n) {
  std::ofstream file(folder + "/" + std::to_string(which) + "_" + std::to_string(number), std::ios::binary);
  file.put(static_cast<char>(which));
  file.write(static_cast<const char*>(data), static_cast<std::streamsize>(n));
}

}  // namespace

// Seeds are written by the library itself, before the fuzzer reads its folder.
extern "C" int LLVMFuzzerInitialize(int*, char***) {
  const char* folder = std::getenv("FLUXION_FUZZ_SEEDS");
  if (folder == nullptr) return 0;
  const auto m = fx::array({{1.0, 2.0}, {3.0, 4.0}});
  const auto npy = fx::npy_bytes(m);
  write_seed(folder, 0, 0, npy.data(), npy.size());
  for (const bool compressed : {false, true}) {
    const auto npz = fx::npz_bytes({{"a", m}, {"b", fx::array({1, 2, 3})}}, compressed);
    write_seed(folder, 1, compressed, npz.data(), npz.size());
  }
  const auto f = [](const fx::Array& x) { return fx::sum(fx::sin(x) * 2.0); };
  const auto loop = [](const fx::Array& x) {
    return fx::sum(fx::scan([](const fx::Array& c, const fx::Array& y) { return std::pair{c + y, c * y}; }, fx::Array(0.0), x).second);
  };
  int number = 0;
  for (const auto& text : {to_string(fx::make_jaxpr(fx::grad(f))(fx::ones({3}))), to_string(fx::make_jaxpr(fx::grad(loop))(fx::ones({3})))})
    write_seed(folder, 2, number++, text.data(), text.size());
  return 0;
}

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t n) {
  if (n == 0) return 0;
  try {
    read(data[0] % 3, std::as_bytes(std::span(data, n)).subspan(1));
  } catch (const fx::ValueError&) {
  } catch (const fx::TypeError&) {
  }
  return 0;
}
