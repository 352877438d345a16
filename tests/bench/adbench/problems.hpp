// The inputs of four derivative benchmarks (ADBench, github.com/microsoft/ADBench): GMM, BA, LSTM, HAND.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <vector>

namespace adbench {

using Numbers = std::vector<double>;

/// A Gaussian mixture: k components in d dimensions, n points.
struct GmmInput {
  std::int64_t d = 0, k = 0, n = 0;
  Numbers alphas;  // [k]
  Numbers means;   // [k, d]
  Numbers icf;     // [k, d (d + 1) / 2]: logarithms of the diagonal, then the strictly lower triangle by columns
  Numbers x;       // [n, d]
  double gamma = 1;
  std::int64_t m = 0;  // of the Wishart prior
};

/// Bundle adjustment: n cameras, m points, p observations; observation i is of point i mod m by camera i mod n.
struct BaInput {
  std::int64_t n = 0, m = 0, p = 0;
  Numbers cameras;   // [n, 11]: rotation, centre, focal length, principal point, distortion
  Numbers points;    // [m, 3]
  Numbers weights;   // [p]
  Numbers features;  // [p, 2]
};

/// An element-wise LSTM of l layers over c symbols of b bits.
struct LstmInput {
  std::int64_t l = 0, c = 0, b = 0;
  Numbers main;      // [l, 2, 4, b]: weights and biases of the gates forget, in, out, change
  Numbers extra;     // [3, b]: weights of input and output, bias of output
  Numbers state;     // [l, 2, b]: hidden, cell
  Numbers sequence;  // [c, b]
};

/// A hand: bones with a parent each (-1 for the first), and a skin of vertices that bones carry along.
struct HandModel {
  std::vector<int> parents;                        // a parent comes before its children
  Numbers base, inverse;                           // [bones, 4, 4]: relative to the parent; of the absolute transform
  Numbers vertices;                                // [vertices, 3]
  Numbers weights;                                 // [bones, vertices]
  std::vector<std::array<std::int64_t, 3>> triangles;
};

/// Measured points, each at a vertex (simple) or within a triangle at u (complicated).
struct HandInput {
  HandModel model;
  std::vector<std::int64_t> correspondences;  // [n]
  Numbers points;                             // [n, 3]
  Numbers us;                                 // [n, 2]; empty in the simple variant
  Numbers theta;                              // [26]
};

/// Readers of the suite's files. A name that ends in `.xz` is unpacked by the program xz. They throw
/// std::runtime_error for a file that cannot be read.
GmmInput read_gmm(const std::string& path);
BaInput read_ba(const std::string& path);
LstmInput read_lstm(const std::string& path);
HandInput read_hand(const std::string& path, const std::string& model, bool complicated);

/// Random inputs of the same kinds and sizes.
GmmInput random_gmm(std::int64_t d, std::int64_t k, std::int64_t n);
BaInput random_ba(std::int64_t n, std::int64_t m, std::int64_t p);
LstmInput random_lstm(std::int64_t l, std::int64_t c, std::int64_t b);
HandInput random_hand(std::int64_t vertices, std::int64_t n, bool complicated);

}  // namespace adbench
