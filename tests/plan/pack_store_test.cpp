// Packed weights kept in a folder: the next session maps them and gives the same bytes; what is damaged, foreign or half is never believed.
#include <doctest/doctest.h>
#include <sys/stat.h>

#include <atomic>
#include <fstream>
#include <thread>

#include "base/log.h"
#include "kernels/cpu/simd.h"
#include "support/plan_case.h"
#include "support/temp_folder.h"

using namespace mo;
using runtime::Session;
using runtime::SessionOptions;
using test::random_tensor;

namespace {

Tensor bytes_of(const Shape& shape, int seed) {
  Tensor t = Tensor::allocate(DType::i8, shape);
  auto* dst = static_cast<int8_t*>(t.raw_mutable());
  for (int64_t i = 0; i < t.size(); ++i) dst[i] = static_cast<int8_t>((i * 37 + seed) % 255 - 127);
  return t;
}

// A float convolution, an 8-bit product and a recurrent layer: three kinds of packs. `n` stays open.
graph::Graph model(float scale = 0.5f, uint64_t seed = 1) {
  graph::Graph g = graph::parse(
      "(float32[n, 16, 4, 4] x) -> (y, z, h) { cw = const float32[1] {0}; c = Conv<kernel_shape=[3, 3], pads=[1, 1, 1, 1]>(x, cw); y = Relu(c);"
      " s = const float32[] {0.05}; zero = const uint8[] {128}; shape = const int64[2] {-1, 256}; f = Reshape(x, shape);"
      " q = QuantizeLinear(f, s, zero); d = DequantizeLinear(q, s, zero); qw = const int8[1] {0}; ws = const float32[] {0.01}; w = "
      "DequantizeLinear(qw, ws);"
      " z = MatMul(d, w); steps = const int64[3] {4, -1, 64}; r = Reshape(x, steps); lw = const float32[1] {0}; lr = const float32[1] {0};"
      " h = LSTM<hidden_size=32>(r, lw, lr); }");
  auto put = [&](const char* name, Tensor t) {
    graph::Value& v = g.value(g.find_value(name));
    v.type = graph::Type::tensor(t.dtype(), t.shape());
    v.constant = std::move(t);
  };
  put("cw", random_tensor({32, 16, 3, 3}, seed));
  put("qw", bytes_of({256, 64}, static_cast<int>(seed)));
  put("ws", Tensor::scalar<float>(0.01f * scale));
  put("lw", random_tensor({1, 128, 64}, seed + 1));
  put("lr", random_tensor({1, 128, 32}, seed + 2));
  return g;
}

std::vector<Datum> input(int64_t n = 2) { return {random_tensor({n, 16, 4, 4}, 9)}; }

struct Ran {
  std::vector<Datum> results;
  int64_t made, mapped;
};
Ran run(const graph::Graph& g, const std::string& folder, int64_t n = 2) {
  SessionOptions options;
  options.threads = 1;
  options.cache_folder = folder;
  Session s(g, options);
  std::vector<Datum> results = s.run(input(n));
  const Session::Memory m = s.memory();
  return {std::move(results), m.packs_made, m.packs_mapped};
}

bool same(const std::vector<Datum>& a, const std::vector<Datum>& b) {
  bool all = a.size() == b.size();
  for (size_t k = 0; all && k < a.size(); ++k) all = identical(a[k].tensor, b[k].tensor);
  return all;
}

// The messages of the library while one lives.
struct Listening {
  std::vector<std::string> heard;
  Listening() {
    set_log([](void* user, LogLevel, const char* message) { static_cast<Listening*>(user)->heard.emplace_back(message); }, this, LogLevel::warning);
  }
  ~Listening() { set_log(nullptr, nullptr, LogLevel::error); }
};

std::string the_file(const TempFolder& folder) {
  REQUIRE(folder.count() == 1);
  return std::filesystem::directory_iterator(folder.path)->path().string();
}

std::string contents(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

void put(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::trunc);
  out << bytes;
}

}  // namespace

TEST_CASE("kept packs: the second session packs nothing and gives the same bytes; another set of shapes adds to the file") {
  TempFolder folder;
  const graph::Graph g = model();
  const std::vector<Datum> want = Session(g).run(input()), wide = Session(g).run(input(7));
  Listening log;
  const Ran first = run(g, folder / "deep/er");
  CHECK(first.made >= 3);
  CHECK(first.mapped == 0);
  CHECK(same(first.results, want));
  const Ran second = run(g, folder / "deep/er");
  CHECK(second.made == 0);
  CHECK(second.mapped == first.made);
  CHECK(same(second.results, want));
  const Ran other = run(g, folder / "deep/er", 7);
  CHECK(same(other.results, wide));
  for (int64_t n : {2, 7}) {
    const Ran again = run(g, folder / "deep/er", n);
    CHECK(again.made == 0);
    CHECK(same(again.results, n == 2 ? want : wide));
  }
  CHECK(log.heard.empty());
}

TEST_CASE("kept packs: models that differ in a large or in a small constant do not meet") {
  TempFolder folder;
  run(model(), folder.path.string());
  for (const graph::Graph& other : {model(0.25f), model(0.5f, 3)}) {
    const std::vector<Datum> want = Session(other).run(input());
    CHECK(same(run(other, folder.path.string()).results, want));
    CHECK(same(run(other, folder.path.string()).results, want));
  }
}

TEST_CASE("kept packs: an instruction set that packs otherwise has a file of its own") {
  TempFolder folder;
  run(model(), folder.path.string());
  const kernels::Isa best = kernels::isa();
  kernels::limit_isa(kernels::Isa::scalar);
  const Ran scalar = run(model(), folder.path.string());
  kernels::limit_isa(kernels::Isa::avx512_vnni);
  if (best == kernels::Isa::scalar) return;
  CHECK(scalar.mapped == 0);
  CHECK(folder.count() == 2);
}

TEST_CASE("kept packs: a file that is truncated, changed anywhere, foreign or not a file is left aside and made again") {
  TempFolder folder;
  const graph::Graph g = model();
  const Ran first = run(g, folder.path.string());
  const std::string path = the_file(folder), good = contents(path);
  std::vector<std::string> bad = {
      "", "x", good.substr(0, 40), good.substr(0, good.size() / 2), good.substr(0, good.size() - 64), good + good, std::string(good.size(), 'q')};
  for (size_t at = 0; at < good.size(); at += at < 512 ? 5 : good.size() / 40) {
    bad.push_back(good);
    bad.back()[at] = static_cast<char>(bad.back()[at] ^ 0x20);
  }
  int unheard = 0;
  for (const std::string& bytes : bad) {
    put(path, bytes);
    {
      Listening log;
      const Ran ran = run(g, folder.path.string());
      CHECK(same(ran.results, first.results));
      CHECK(ran.made + ran.mapped == first.made);
      CHECK((ran.made > 0) == !log.heard.empty());
      unheard += log.heard.empty();  // a reserved or padding byte
    }
    const Ran mended = run(g, folder.path.string());
    CHECK(mended.made == 0);
    CHECK(same(mended.results, first.results));
  }
  CHECK(unheard < static_cast<int>(bad.size()) / 4);
  CHECK(folder.count() == 1);
}

TEST_CASE("kept packs: links, files that everybody may write and folders in their place are not believed") {
  TempFolder folder, elsewhere;
  const graph::Graph g = model();
  const Ran first = run(g, folder.path.string());
  const std::string path = the_file(folder), moved = elsewhere / "packs";
  ::chmod(path.c_str(), 0666);
  CHECK(run(g, folder.path.string()).mapped == 0);
  ::chmod(path.c_str(), 0644);
  std::filesystem::rename(path, moved);
  std::filesystem::create_symlink(moved, path);
  CHECK(run(g, folder.path.string()).mapped == 0);
  std::filesystem::remove(path);
  std::filesystem::create_directory(path);
  Listening log;
  const Ran ran = run(g, folder.path.string());  // and cannot be put in its place
  CHECK(same(ran.results, first.results));
  CHECK(ran.mapped == 0);
  CHECK(!log.heard.empty());
  log.heard.clear();
  CHECK(same(run(g, moved + "/below a file").results, first.results));
  CHECK(!log.heard.empty());
}

TEST_CASE("kept packs: sessions made at once in one folder") {
  TempFolder folder;
  const graph::Graph g = model();
  const std::vector<Datum> want = Session(g).run(input());
  std::atomic<int> wrong{0};
  std::vector<std::thread> threads;
  for (int t = 0; t < 6; ++t)
    threads.emplace_back([&] {
      for (int i = 0; i < 5; ++i) wrong += !same(run(g, folder.path.string()).results, want);
    });
  for (std::thread& t : threads) t.join();
  CHECK(wrong == 0);
  CHECK(folder.count() == 1);
  CHECK(run(g, folder.path.string()).made == 0);
}
