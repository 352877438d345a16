// The four benchmarks as Fluxion programs, written as one would write them: functions of trees of arrays.
#pragma once

#include <fluxion/fluxion.hpp>

#include "problems.hpp"

namespace adbench {

using fluxion::Array;

// --- GMM ----------------------------------------------------------------------------------------------------

struct Gmm { Array alphas, means, icf; };  // [k], [k, d], [k, d (d + 1) / 2]

Gmm gmm_of(const GmmInput& in);
/// The data are constants: points as columns [d, n], and the prior's numbers.
struct GmmData { Array x; double gamma; std::int64_t m; };
GmmData gmm_data_of(const GmmInput& in);
/// Log-likelihood of the points under the mixture, and the logarithm of a Wishart prior.
Array gmm_objective(const Gmm& p, const GmmData& data);

// --- BA -----------------------------------------------------------------------------------------------------

struct Ba { Array cameras, points, weights; };                 // [n, 11], [m, 3], [p]
struct BaData { Array features, camera_of, point_of; };        // [p, 2], [p], [p]

Ba ba_of(const BaInput& in);
BaData ba_data_of(const BaInput& in);
/// Residuals [3 p]: two per observation, then one per weight.
Array ba_objective(const Ba& x, const BaData& data);
/// The stored entries of the Jacobian, row after row.
Array ba_jacobian(const Ba& x, const BaData& data);

// --- LSTM ---------------------------------------------------------------------------------------------------

struct Lstm { Array main, extra; };          // [l, 2, 4, b], [3, b]
struct LstmData { Array state, sequence; };  // [l, 2, b], [c, b]

Lstm lstm_of(const LstmInput& in);
LstmData lstm_data_of(const LstmInput& in);
/// How badly the network predicts each next symbol, on average.
Array lstm_objective(const Lstm& p, const LstmData& data);

// --- HAND ---------------------------------------------------------------------------------------------------

struct Hand { Array theta, us; };  // [26], [n, 2] or [0, 2]

/// What does not change: bones, skin, measured points.
struct HandData {
  std::vector<std::vector<std::int64_t>> levels;  // bones by their distance from the root
  std::vector<std::vector<std::int64_t>> parents; // of each: positions in the level before
  std::vector<std::int64_t> position;             // of each bone in the levels, one after the other
  Array base, inverse;                            // [bones, 4, 4]
  Array weights, vertices;                        // [bones, v], [4, v]
  Array skin;                                     // [v, 4 bones]: their products
  Array corners, points;                          // [n] or [3, n] vertices; [n, 3]
};
Hand hand_of(const HandInput& in);
HandData hand_data_of(const HandInput& in);
/// Residuals [n, 3].
Array hand_objective(const Hand& x, const HandData& data);
/// Their derivatives [n, 3, 26]; in the complicated variant [n, 3, 28], first by the own u. Only points that residuals
/// depend on are posed.
Array hand_jacobian(const Hand& x, const HandData& data);

}  // namespace adbench

BOOST_HANA_ADAPT_STRUCT(adbench::Gmm, alphas, means, icf);
BOOST_HANA_ADAPT_STRUCT(adbench::Ba, cameras, points, weights);
BOOST_HANA_ADAPT_STRUCT(adbench::BaData, features, camera_of, point_of);
BOOST_HANA_ADAPT_STRUCT(adbench::Lstm, main, extra);
BOOST_HANA_ADAPT_STRUCT(adbench::LstmData, state, sequence);
BOOST_HANA_ADAPT_STRUCT(adbench::Hand, theta, us);
