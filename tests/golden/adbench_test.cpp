// Four derivative benchmarks (ADBench) against the results of the suite's hand-differentiated programs: objective and
// derivatives, eager and compiled. Small inputs are here; the large ones are read from the reference data.
#include <catch2/catch.hpp>

#include <cmath>
#include <filesystem>

#include "bench/adbench/programs.hpp"

using namespace adbench;
namespace fx = fluxion;

namespace {

constexpr double tolerance = 1e-11;

std::string shipped(const std::string& name) { return FLUXION_TEST_DATA "/adbench/" + name; }
/// Of the reference data; empty, with a message, where they are absent.
std::string reference(const std::string& name) {
  const std::string path = FLUXION_CORPORA "/adbench/" + name;
  if (std::filesystem::exists(path)) return path;
  WARN("skipped: there is no " << path << "; set FLUXION_CORPORA to the folder of reference data");
  return {};
}

double norm_of(std::span<const double> v) {
  long double sum = 0;
  for (const double x : v) sum += static_cast<long double>(x) * x;
  return static_cast<double>(std::sqrt(sum));
}
double largest_of(std::span<const double> v) {
  double out = 0;
  for (const double x : v) out = std::max(out, std::abs(x));
  return out;
}
double sum_of(std::span<const double> v) {
  long double sum = 0;
  for (const double x : v) sum += x;
  return static_cast<double>(sum);
}
void check_close(double got, double expected, double scale) {
  CAPTURE(got, expected, scale);
  CHECK(std::abs(got - expected) <= tolerance * scale);
}
void check_relative(double got, double expected) { check_close(got, expected, std::abs(expected)); }

struct Golden {
  double sum, norm;
  Numbers first;  // entries
};
void check_vector(const Numbers& got, const Golden& golden) {
  check_relative(norm_of(got), golden.norm);
  check_close(sum_of(got), golden.sum, golden.norm);
  REQUIRE(got.size() >= golden.first.size());
  for (std::size_t i = 0; i < golden.first.size(); ++i) {
    CAPTURE(i);
    check_close(got[i], golden.first[i], largest_of(got));
  }
}

Numbers numbers(const Array& x) { return fx::ravel(x).to_vector<double>(); }
void append(Numbers& to, const Array& x) {
  const auto more = numbers(x);
  to.insert(to.end(), more.begin(), more.end());
}

// --- GMM ------------------------------------------------------------------------------------------------------

Numbers in_order(const Gmm& g) {
  auto out = numbers(g.alphas);
  append(out, g.means);
  append(out, g.icf);
  return out;
}

struct GmmGolden {
  double value;
  Golden gradient;
  Numbers parts;  // norms of what belongs to alphas, means, diagonals, triangles
};

void check_gmm(const std::pair<Array, Gmm>& got, const GmmGolden& golden) {
  check_relative(got.first.item<double>(), golden.value);
  check_vector(in_order(got.second), golden.gradient);
  const auto d = got.second.means.shape(1);
  const auto diagonal = got.second.icf(fx::ellipsis, fx::range(0, d));
  const auto below = got.second.icf(fx::ellipsis, fx::range(d, got.second.icf.shape(1)));
  const Array parts[] = {got.second.alphas, got.second.means, diagonal, below};
  for (std::size_t i = 0; i < golden.parts.size(); ++i) check_relative(norm_of(numbers(parts[i])), golden.parts[i]);
}

void check_gmm(const std::string& path, const GmmGolden& golden, bool eager) {
  if (path.empty()) return;
  CAPTURE(path);
  const auto in = read_gmm(path);
  const auto p = gmm_of(in);
  const auto data = gmm_data_of(in);
  const auto both = fx::value_and_grad([&data](const Gmm& at) { return gmm_objective(at, data); });
  const auto compiled = fx::jit(both)(p);
  check_gmm(compiled, golden);
  if (!eager) return;
  const auto slow = both(p);
  check_gmm(slow, golden);
  if (in.d > 4) return;  // larger products may go to BLAS, where bits depend on layouts
  CHECK(slow.first.item<double>() == compiled.first.item<double>());
  CHECK(in_order(slow.second) == in_order(compiled.second));
}

}  // namespace

TEST_CASE("GMM: a point and three components give the suite's log-likelihood and all of its gradient") {
  check_gmm(shipped("gmm_test.txt"),
            {8.07380408004976,
             {12.4734682305381,
              6.68964746241659,
              {0.108662855508652,  -0.741270039523898, 0.632607184015246,   1.11692576532787,   0.163333013551455,
               -0.0219989824071193, 0.227778292254236, 1.20963025612832,    -0.0606375920733956, 2.58529994051162,
               0.112632694524214,  0.385744309849612,  0.0735180573182306,  5.41836362715595,   -0.321494409677446,
               1.71892309775005,   0.860091090790867,  -0.994640930466323}},
             {0.980551241359041, 1.6713617257589, 6.30515539123027, 1.11421178803409}},
            true);
}

TEST_CASE("GMM: the Wishart prior's numbers count, in value and gradient") {
  check_gmm(shipped("gmm_test_wishart.txt"),
            {15.442798158697,
             {7.32512552830825,
              8.91174940214545,
              {0.108662855508652,   -0.741270039523898, 0.632607184015246,  1.11692576532787,    0.163333013551455,
               -0.0219989824071193, 0.227778292254236,  1.20963025612832,   -0.0606375920733956, 2.81490021123762,
               -1.76179049618378,   0.937965799849612,  -1.89276900748007,  7.39598628472358,    -0.489019509677447,
               0.682177542277716,   -1.12636612875404,  -1.87098992046632}},
             {0.980551241359041, 1.6713617257589, 8.42880913571768, 2.14930761060842}},
            true);
}

TEST_CASE("GMM: a thousand points in two dimensions give the suite's numbers") {
  check_gmm(shipped("gmm_d2_K5.txt"),
            {-5240.59056254965,
             {-1001.22833317781,
              1277.18886467943,
              {167.215275110001, -507.213782157537, 38.7680242216223, 231.553513286089, 69.6769695398248}},
             {587.538627106423, 697.301267619317, 716.10816927561, 535.695613004491}},
            true);
}

TEST_CASE("GMM: larger dimensions give the suite's numbers") {
  check_gmm(reference("gmm/gmm_d10_K25.txt"),
            {-25649.6526211976,
             {-17695.9952351957,
              2662.39860131242,
              {48.3466834161105, -35.2755006047058, 32.1039011604422, -5.59229475001922, 41.8530739443707}},
             {298.760208687671, 1799.59170805985, 1294.7273773882, 1443.69641978463}},
            true);
  check_gmm(reference("gmm/gmm_d32_K25.txt.xz"),
            {-225816.310184145,
             {-319972.514391286,
              16748.9943727956,
              {2.59671829457646, -65.5441281490462, -4.81810296798172, 17.4045988559359, 10.9869462044492}},
             {249.829138224004, 12374.4190149649, 8061.30170608586, 7896.55410588466}},
            false);
  check_gmm(reference("gmm/gmm_d64_K25.txt.xz"),
            {-944188.54186602,
             {-1509952.70299346,
              50253.3046011715,
              {21.2231576996068, -22.9399528235224, 29.1649784334915, 18.0619870573219, 35.220503644972}},
             {282.573020463026, 41023.7676773944, 19143.7230075562, 21814.7457190627}},
            false);
}

// --- BA -------------------------------------------------------------------------------------------------------

namespace {

struct BaGolden {
  Golden residuals;
  double sum_of_squares;  // of the Jacobian
  Golden gradient;        // of half the sum of squared residuals
  Numbers row0, row1;     // of the Jacobian: stored entries
};

/// J'e for the entries of the Jacobian as they are stored.
Numbers transposed_product(const BaInput& in, const Numbers& j, const Numbers& e) {
  Numbers g(static_cast<std::size_t>(11 * in.n + 3 * in.m + in.p), 0.0);
  const auto add = [&](std::int64_t column, double v) { g[static_cast<std::size_t>(column)] += v; };
  for (std::int64_t i = 0; i < in.p; ++i) {
    for (std::int64_t h = 0; h < 2; ++h) {
      const auto* row = j.data() + 15 * (2 * i + h);
      const double r = e[static_cast<std::size_t>(2 * i + h)];
      for (std::int64_t k = 0; k < 11; ++k) add(11 * (i % in.n) + k, row[k] * r);
      for (std::int64_t k = 0; k < 3; ++k) add(11 * in.n + 3 * (i % in.m) + k, row[11 + k] * r);
      add(11 * in.n + 3 * in.m + i, row[14] * r);
    }
    add(11 * in.n + 3 * in.m + i,
        j[static_cast<std::size_t>(30 * in.p + i)] * e[static_cast<std::size_t>(2 * in.p + i)]);
  }
  return g;
}

void check_rows(const Numbers& j, std::size_t first, const Numbers& expected) {
  const std::span row(j.data() + first, expected.size());
  for (std::size_t k = 0; k < expected.size(); ++k) {
    CAPTURE(first, k);
    check_close(row[k], expected[k], largest_of(expected));
  }
}

void check_ba(const BaInput& in, const Numbers& e, const Numbers& j, const BaGolden& golden) {
  check_vector(e, golden.residuals);
  REQUIRE(j.size() == static_cast<std::size_t>(31 * in.p));
  check_relative(std::pow(norm_of(j), 2), golden.sum_of_squares);
  check_rows(j, 0, golden.row0);
  check_rows(j, 15, golden.row1);
  for (std::size_t i = j.size() - static_cast<std::size_t>(in.p); i < j.size(); ++i)
    if (j[i] != -0.834044) FAIL_CHECK("the derivative by a weight is " << j[i]);
  const auto g = transposed_product(in, j, e);
  check_relative(norm_of(g), golden.gradient.norm);
  check_close(sum_of(g), golden.gradient.sum, golden.gradient.norm);
  for (std::size_t i = 0; i < golden.gradient.first.size(); ++i) check_close(g[i], golden.gradient.first[i],
      largest_of(g));
}

void check_ba(const std::string& name, double turn, const BaGolden& golden, bool eager) {
  CAPTURE(name, turn);
  auto in = read_ba(shipped(name));
  for (std::size_t i = 0; i < in.cameras.size(); ++i)
    if (i % 11 < 3) in.cameras[i] *= turn;
  const auto x = ba_of(in);
  const auto data = ba_data_of(in);
  const auto e = numbers(fx::jit(ba_objective)(x, data)), j = numbers(fx::jit(ba_jacobian)(x, data));
  check_ba(in, e, j, golden);
  if (!eager) return;
  CHECK(numbers(ba_objective(x, data)) == e);
  CHECK(numbers(ba_jacobian(x, data)) == j);
}

}  // namespace

TEST_CASE("BA: ten observations give the suite's residuals and Jacobian, also where nothing turns") {
  check_ba("ba_test.txt", 1,
           {{8.16988594958712, 2.86773019547494, {-0.269048849235189, 0.259944792677902}},
            23034077.4273555,
            {3222.74668383494,
             3599.59815809692,
             {-464.567632019536, -1354.92686699483, 1179.06580122816, -5.58584397440363, 21.2506761679141}},
            {228.877202208247, 634.574811495545, -782.222866259341, 2.4289261560716, -11.7828079628011,
             2.54169312487743,
             -1.03657084958518, 0.417022, 0, -350.739521096005, -912.107773668009, -2.4289261560716, 11.7828079628011,
             -2.54169312487743, -0.645167039712987},
            {-120.542435994997, -385.67324076646, 97.5476291403326, -1.78372108529577, 4.15466799433126,
             2.04025718029899, 0.349176397433146, 0, 0.417022, 118.149147704415, 307.250108960343, 1.78372108529577,
             -4.15466799433126, -2.04025718029899, 0.623335921553064}},
           true);
  check_ba("ba_test.txt", 1e-5,
           {{36262.5527222023, 9570.34967005721, {2950.09979943261, 675.329380136101}},
            32614908145.4922,
            {2290305173.55709, 1211436093.52804, {}},
            {-11341.0831956706, 42215.6129798646, -749.377823913669, 132.903860559373, 27.8005729530272,
             -445.023199066303},
            {-3972.63316296546, 11340.9631194506, 2730.88766929813, 27.8081980835586, 39.1283582331312,
             -122.046252731684}},
           true);
  check_ba("ba_test.txt", 0,
           {{36262.2673783843, 9570.20996952061, {2950.0494960185, 675.351149168418}},
            32613717824.1392,
            {2290229754.45991, 1211396162.87275, {}},
            {-11341.1958384515, 42214.5740352272, -748.986747516183, 132.898607323609, 27.8084061065848,
             -445.013366433729},
            {-3972.79372640738, 11341.1958384515, 2730.9510088695, 27.8084061065848, 39.1304569261937,
             -122.048734248221}},
           true);
}

TEST_CASE("BA: 31,843 observations give the suite's residuals and sparse Jacobian") {
  check_ba("ba1_n49_m7776_p31843.txt", 1,
           {{27335.9648186009, 149.026997518608, {0.101335837914461, -0.0689677659244811}},
            224563829032.878,
            {-3307209.75783985,
             468797.276605894,
             {5636.37911738241, 25660.5931714708, -28391.1445737634, 472.998239710275, 140.946585935345}},
            {-461.446321001599, 178.867928014446, -19.4239164722063, -3.06159834204103, 6.39245755622644,
             -3.34028228129902, 0.264760249207032, 0.417022, 0, 243.62824566083, 676.486778265868, 3.06159834204103,
             -6.39245755622644, 3.34028228129902, 0.24299878163373},
            {-803.743623364879, -309.595417523449, 604.780284662503, -15.0496281703405, 6.24848631207982,
             3.21947995160492, 0.838196085731331, 0, 0.417022, 771.294945136633, 2141.66806115995, 15.0496281703405,
             -6.24848631207982, -3.21947995160492, -0.165381600789601}},
           false);
}

// --- LSTM -----------------------------------------------------------------------------------------------------

TEST_CASE("LSTM: a sequence of 1,024 symbols gives the suite's loss and gradient") {
  const auto path = reference("lstm/lstm_l2_c1024.txt");
  if (path.empty()) return;
  const auto in = read_lstm(path);
  const auto p = lstm_of(in);
  const auto data = lstm_data_of(in);
  const auto both = fx::value_and_grad(lstm_objective);
  const auto [value, gradient] = fx::jit(both)(p, data);
  check_relative(value.item<double>(), 0.666665179558852);
  auto g = numbers(gradient.main);
  append(g, gradient.extra);
  check_vector(g, {-0.0381950009733421,
                   0.0947413801144608,
                   {3.14387024996101e-06, 0, 0, 0, 0, 0, 0, -3.6784080733607e-05, -0.000154848612683181,
                    5.48717267869774e-06, -4.04527413533285e-06, -8.77353908686236e-07, -1.81973718092835e-06,
                    -6.61404620766666e-07}});
  for (const std::size_t first : {1, 29, 225})  // bits that no symbol has
    for (std::size_t i = first; i < first + 6; ++i) CHECK(g.at(i) == 0);
  const double norms[] = {0.000159348791403223, 0.000424673424411305, 0.000223396351397889, 0.00136189058210691,
                          0.00164106942021695,  0.000855305323721923, 0.00217600709938919,  0.0065369858191281,
                          0.00480666684272796,  0.00220051286906743,  0.00638611664999775,  0.00865360338480266,
                          0.00923933732117064,  0.00417441913926349,  0.0123768811203847,   0.0203486579502964,
                          0.000367433120358763, 0.0436997744771989,   0.0787366606810073};
  for (std::size_t i = 0; i < std::size(norms); ++i) {
    CAPTURE(i);
    check_relative(norm_of(std::span(g).subspan(14 * i, 14)), norms[i]);
  }
}

TEST_CASE("LSTM: a short sequence gives the same bits eager and compiled, and differences agree with its gradient") {
  const auto in = random_lstm(2, 9, 5);
  const auto p = lstm_of(in);
  const auto data = lstm_data_of(in);
  const auto both = fx::value_and_grad(lstm_objective);
  const auto slow = both(p, data);
  const auto fast = fx::jit(both)(p, data);
  CHECK(slow.first.item<double>() == fast.first.item<double>());
  CHECK(numbers(slow.second.main) == numbers(fast.second.main));
  CHECK(numbers(slow.second.extra) == numbers(fast.second.extra));
  for (const std::size_t i : {0, 17, 41, 79}) {
    Numbers step(in.main.size(), 0);
    step[i] = 1e-5;
    const auto at = [&](double sign) {
      return lstm_objective({p.main + sign * fx::array(step, p.main.shape()), p.extra}, data).item<double>();
    };
    CHECK((at(1) - at(-1)) / 2e-5 == Approx(numbers(fast.second.main)[i]).margin(1e-9));
  }
}

// --- HAND -----------------------------------------------------------------------------------------------------

namespace {

struct HandGolden {
  Golden residuals;
  double sum_of_squares;  // of the Jacobian
  double norm;            // of J'e
  Numbers product;        // the first entries of J'e
  Numbers row0, row1;
};

Numbers row(std::size_t columns, const std::vector<std::pair<std::size_t, double>>& entries) {
  Numbers out(columns, 0);
  for (const auto& [i, v] : entries) out[i] = v;
  return out;
}

void check_hand(const std::string& instance, const HandGolden& golden) {
  const auto path = reference("hand/" + instance), model = reference("hand/model");
  if (path.empty() || model.empty()) return;
  const auto in = read_hand(path, model, instance.starts_with("complicated"));
  const auto x = hand_of(in);
  const auto data = hand_data_of(in);
  const auto objective = [&](const Hand& at) { return hand_objective(at, data); };
  const auto jacobian = [&](const Hand& at) { return hand_jacobian(at, data); };
  const auto e = numbers(fx::jit(objective)(x)), j = numbers(fx::jit(jacobian)(x));
  check_vector(e, golden.residuals);
  check_relative(std::pow(norm_of(j), 2), golden.sum_of_squares);
  const auto columns = golden.row0.size();
  REQUIRE(j.size() == e.size() * columns);
  Numbers product(columns, 0);
  for (std::size_t i = 0; i < j.size(); ++i) product[i % columns] += j[i] * e[i / columns];
  check_relative(norm_of(product), golden.norm);
  for (std::size_t i = 0; i < golden.product.size(); ++i) check_close(product[i], golden.product[i],
      largest_of(product));
  check_rows(j, 0, golden.row0);
  check_rows(j, columns, golden.row1);
  CHECK(numbers(objective(x)) == e);
  CHECK(numbers(jacobian(x)) == j);
}

}  // namespace

TEST_CASE("HAND: measured points at vertices give the suite's residuals and Jacobian") {
  check_hand("simple_small_hand1_t26_c100.txt",
             {{-1.12493459343133,
               1.76769337526023,
               {0.192243394535881, 0.0824719159318972, -0.236519466547532, 0.00129968272151149, 0.0838637201807923}},
              302.110575375143,
              1.72087038463324,
              {0.0257185502560402, 0.0571107252147538, 0.0402579320540177, 1.24272766024744, -0.895714930769943},
              row(26, {{0, -0.101459393098745}, {1, -0.0278741528093231}, {2, 0.0451295285914642}, {3, -1},
                       {14, -0.030064094896223}, {15, -0.0234045443366681}, {16, -0.0206630607188266},
                       {17, -0.00227230007783888}}),
              row(26, {{0, 0.0279048118054124}, {1, -0.00243773077163852}, {2, 0.0369799573299969}, {4, -1},
                       {14, -0.0160206721556934}, {15, 0.0197533298062407}, {16, 0.016684134486221},
                       {17, 0.00179028567280461}})});
}

TEST_CASE("HAND: measured points within triangles give the suite's residuals and compressed Jacobian") {
  check_hand("complicated_small_hand1_t26_c100.txt",
             {{0.837798731240889,
               1.79638946539141,
               {-0.106894294628795, -0.010055240144601, 0.00215333875426138, -0.0735920106564329, 0.151224842819103}},
              302.183367108174,
              0.982515422781777,
              {-0.0144121691644232, 0.0153467287101257, -0.00730990803048536, 0.0693216038909832, -0.0165521910929969},
              row(28, {{0, 0.000338470418774245}, {1, 0.00284318951381904}, {2, 0.00145180733506709}, {3,
                         0.00140293329673268},
                       {4, -0.0610530377735761}, {5, -1}, {20, 0.0294531117968848}, {21, 0.0167477210847275},
                       {22, 0.0328231162815656}, {23, 0.0169268570989676}}),
              row(28, {{0, -0.00659880311456518}, {1, 0.000230249472111144}, {2, 0.0175972050477346}, {3,
                         0.0434419624776106},
                       {4, 0.0351594416852517}, {6, -1}, {20, 0.0249437826379382}, {21, 0.00941666210926814},
                       {22, -0.00291356901042912}, {23, -0.00502250507528534}})});
}
