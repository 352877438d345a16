#include <cstdio>
#include <fstream>
#include <memory>
#include <sstream>
#include <stdexcept>

#include "problems.hpp"

namespace adbench {
namespace {

[[noreturn]] void unreadable(const std::string& path) { throw std::runtime_error(path + ": cannot be read"); }

std::string unpacked(const std::string& path) {
  const auto close = [](std::FILE* f) { if (f != nullptr) pclose(f); };
  const std::unique_ptr<std::FILE, decltype(close)> pipe(popen(("xz -dc '" + path + "'").c_str(), "r"), close);
  if (!pipe) unreadable(path);
  std::string out;
  char piece[1 << 16];
  for (std::size_t n; (n = std::fread(piece, 1, sizeof piece, pipe.get())) > 0;) out.append(piece, n);
  if (out.empty()) unreadable(path);
  return out;
}

std::string contents(const std::string& path) {
  if (path.ends_with(".xz")) return unpacked(path);
  std::ifstream in(path);
  if (!in) unreadable(path);
  return (std::ostringstream() << in.rdbuf()).str();
}

/// The numbers of a file, one after the other.
class Reader {
 public:
  explicit Reader(std::string path) : path_(std::move(path)), in_(contents(path_)) {}
  double number() {
    double v;
    if (!(in_ >> v)) throw std::runtime_error(path_ + ": a number is missing");
    return v;
  }
  std::int64_t integer() { return static_cast<std::int64_t>(number()); }
  Numbers numbers(std::int64_t n) {
    Numbers out(static_cast<std::size_t>(n));
    for (auto& v : out) v = number();
    return out;
  }

 private:
  std::string path_;
  std::istringstream in_;
};

std::vector<std::string> lines(const std::string& path) {
  std::istringstream in(contents(path));
  std::vector<std::string> out;
  for (std::string line; std::getline(in, line);)
    if (!line.empty()) out.push_back(line);
  return out;
}

std::vector<std::string> fields(const std::string& line) {
  std::istringstream in(line);
  std::vector<std::string> out;
  for (std::string field; std::getline(in, field, ':');) out.push_back(field);
  return out;
}

Numbers repeated(const Numbers& once, std::int64_t times) {
  Numbers out;
  for (std::int64_t i = 0; i < times; ++i) out.insert(out.end(), once.begin(), once.end());
  return out;
}

HandModel read_model(const std::string& folder) {
  HandModel model;
  for (const auto& line : lines(folder + "/bones.txt")) {
    const auto f = fields(line);
    model.parents.push_back(std::stoi(f.at(1)));
    for (std::size_t i = 0; i < 16; ++i) model.base.push_back(std::stod(f.at(2 + i)));
    for (std::size_t i = 0; i < 16; ++i) model.inverse.push_back(std::stod(f.at(18 + i)));
  }
  const auto skin = lines(folder + "/vertices.txt");
  model.weights.resize(model.parents.size() * skin.size());
  for (std::size_t v = 0; v < skin.size(); ++v) {
    const auto f = fields(skin[v]);  // position, five fields of no interest, then bones and their weights
    for (std::size_t i = 0; i < 3; ++i) model.vertices.push_back(std::stod(f.at(i)));
    for (std::size_t i = 0; i < std::stoul(f.at(8)); ++i)
      model.weights.at(std::stoul(f.at(9 + 2 * i)) * skin.size() + v) = std::stod(f.at(10 + 2 * i));
  }
  for (const auto& line : lines(folder + "/triangles.txt")) {
    const auto f = fields(line);
    model.triangles.push_back({std::stol(f.at(0)), std::stol(f.at(1)), std::stol(f.at(2))});
  }
  return model;
}

}  // namespace

GmmInput read_gmm(const std::string& path) {
  Reader in(path);
  GmmInput g;
  g.d = in.integer(), g.k = in.integer(), g.n = in.integer();
  g.alphas = in.numbers(g.k);
  g.means = in.numbers(g.k * g.d);
  g.icf = in.numbers(g.k * (g.d * (g.d + 1) / 2));
  g.x = in.numbers(g.n * g.d);
  g.gamma = in.number(), g.m = in.integer();
  return g;
}

BaInput read_ba(const std::string& path) {
  Reader in(path);
  BaInput b;
  b.n = in.integer(), b.m = in.integer(), b.p = in.integer();
  b.cameras = repeated(in.numbers(11), b.n);
  b.points = repeated(in.numbers(3), b.m);
  b.weights = repeated(in.numbers(1), b.p);
  b.features = repeated(in.numbers(2), b.p);
  return b;
}

LstmInput read_lstm(const std::string& path) {
  Reader in(path);
  LstmInput s;
  s.l = in.integer(), s.c = in.integer(), s.b = in.integer();
  s.main = in.numbers(8 * s.l * s.b);
  s.extra = in.numbers(3 * s.b);
  s.state = in.numbers(2 * s.l * s.b);
  s.sequence = in.numbers(s.c * s.b);
  return s;
}

HandInput read_hand(const std::string& path, const std::string& model, bool complicated) {
  Reader in(path);
  HandInput h;
  h.model = read_model(model);
  const auto n = in.integer(), parameters = in.integer();
  for (std::int64_t i = 0; i < n; ++i) {
    h.correspondences.push_back(in.integer());
    for (int k = 0; k < 3; ++k) h.points.push_back(in.number());
  }
  if (complicated) h.us = in.numbers(2 * n);
  h.theta = in.numbers(parameters);
  return h;
}

}  // namespace adbench
