// Processor features agree with the kernel's list; the cap removes a level and all above it.
#include "base/cpu.h"

#include <doctest/doctest.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/system_files.h"
#include "support/skip.h"

using namespace mo;

TEST_CASE("cpu: detected features agree with /proc/cpuinfo") {
  std::string info = read_system_file("/proc/cpuinfo");
  size_t at = info.find("flags");
  if (at == std::string::npos) MO_SKIP("no flags line in /proc/cpuinfo");
#ifndef __x86_64__
  MO_SKIP("features are asked of x86-64 only");  // an emulator shows the flags of the machine below it
#endif
  std::string flags = info.substr(at, info.find('\n', at) - at) + " ";
  auto listed = [&](const char* flag) { return flags.find(std::string(" ") + flag + " ") != std::string::npos; };
  CpuFeatures f = cpu_detected();
  CHECK(f.avx2 == listed("avx2"));
  CHECK(f.fma == listed("fma"));
  CHECK(f.avx512 == (listed("avx512f") && listed("avx512bw") && listed("avx512vl") && listed("avx512dq") && listed("avx512cd")));
  CHECK(f.avx512_vnni == listed("avx512_vnni"));
  CHECK(f.avx512_bf16 == listed("avx512_bf16"));
  CHECK(f.avx_vnni == listed("avx_vnni"));
  CHECK(f.amx_int8 == listed("amx_int8"));
  CHECK(!cpu_name().empty());
  CHECK(!cpu_isa_name().empty());
}

TEST_CASE("cpu: a cap removes its upper neighbours and nothing below") {
  CpuFeatures all;
  all.sse42 = all.avx2 = all.fma = all.f16c = all.avx512 = all.avx512_vnni = all.avx512_bf16 = all.avx512_fp16 = all.avx512_vbmi = true;
  all.avx_vnni = all.amx_tile = all.amx_int8 = all.amx_bf16 = true;
  CHECK(!capped(all, "scalar").sse42);
  CHECK((capped(all, "avx2").avx2 && !capped(all, "avx2").avx512 && !capped(all, "avx2").avx_vnni));
  CHECK((capped(all, "avx512").avx512 && !capped(all, "avx512").avx512_vnni));
  CHECK((capped(all, "bf16").avx512_bf16 && !capped(all, "bf16").amx_tile));
  CHECK(capped(all, "anything").amx_tile);
}

TEST_CASE("memory: resident size and room are reported") {
  CHECK(current_rss() > 1 << 20);
  CHECK(peak_rss() >= current_rss() / 2);
  CHECK(available_memory() > 0);
  trim_memory();
}

TEST_CASE("random: the same seed gives the same numbers everywhere; streams differ") {
  Random a(42), b(42), c(42, 1);
  CHECK(a.next() == b.next());
  CHECK(a.next() != c.next());
  double mean = 0, square = 0;
  for (int i = 0; i < 20000; ++i) {
    double v = a.normal();
    mean += v / 20000;
    square += v * v / 20000;
  }
  CHECK(mean == doctest::Approx(0).epsilon(0.05));
  CHECK(square == doctest::Approx(1).epsilon(0.05));
  for (int i = 0; i < 1000; ++i) CHECK(a.below(7) < 7);
}
