// The library as a whole: versions, build, devices, log.
#include <oneapi/dnnl/dnnl.h>
#include <mutex>
#include <nlohmann/json.hpp>

#include "api/buffer.h"
#include "base/cpu.h"
#include "base/log.h"
#include "base/threads.h"

using namespace mo::api;

namespace {

// The caller's sink, called under the log's own lock.
struct Sink {
  std::mutex mutex;  // one change at a time
  mo_log_fn function = nullptr;
  void* user = nullptr;
};
Sink& sink() {
  static Sink s;
  return s;
}

std::vector<std::string> cpu_features() {
  const mo::CpuFeatures& f = mo::cpu();
  const std::pair<bool, const char*> known[] = {{f.sse42, "sse4_2"},
                                                {f.avx2, "avx2"},
                                                {f.fma, "fma"},
                                                {f.f16c, "f16c"},
                                                {f.avx512, "avx512"},
                                                {f.avx512_vnni, "avx512_vnni"},
                                                {f.avx512_bf16, "avx512_bf16"},
                                                {f.avx512_fp16, "avx512_fp16"},
                                                {f.avx512_vbmi, "avx512_vbmi"},
                                                {f.avx_vnni, "avx_vnni"},
                                                {f.amx_tile, "amx_tile"},
                                                {f.amx_int8, "amx_int8"},
                                                {f.amx_bf16, "amx_bf16"}};
  std::vector<std::string> names;
  for (auto& [there, name] : known)
    if (there) names.emplace_back(name);
  return names;
}

constexpr const char* k_compiler =
#if defined(__clang__)
    "clang " __clang_version__;
#else
    "gcc " __VERSION__;
#endif

}  // namespace

const char* mo_version(void) { return MO_VERSION_STRING; }
int32_t mo_abi_version(void) { return MO_ABI_VERSION; }

void mo_set_log(mo_log_fn function, void* user, int32_t level) {
  Sink& s = sink();
  std::lock_guard lock(s.mutex);
  mo::set_log(nullptr, nullptr, mo::LogLevel::error);  // returns once the former function is not running
  if (!function || level <= MO_LOG_OFF) return;
  s.function = function;
  s.user = user;
  auto forward = [](void* to, mo::LogLevel at, const char* message) {
    auto* target = static_cast<Sink*>(to);
    target->function(target->user, static_cast<int32_t>(at), message);
  };
  mo::set_log(forward, &s, static_cast<mo::LogLevel>(level > MO_LOG_DEBUG ? MO_LOG_DEBUG : level));
}

mo_error* mo_build_info_json(mo_buffer** json) {
  return guard([&] {
    mo_buffer*& result = output(json, "json");
    const dnnl_version_t* v = dnnl_version();
    nlohmann::ordered_json j{{"version", MO_VERSION_STRING},
                             {"abi", MO_ABI_VERSION},
                             {"compiler", k_compiler},
                             {"onednn", mo::text(v->major, ".", v->minor, ".", v->patch)},
                             {"cpu_features", cpu_features()}};
    result = buffer(j.dump(2));
  });
}

mo_error* mo_devices_json(mo_buffer** json) {
  return guard([&] {
    mo_buffer*& result = output(json, "json");
    nlohmann::ordered_json cpu{{"name", "cpu"}, {"description", mo::cpu_name()}, {"threads", mo::available_threads()}, {"features", cpu_features()}};
    result = buffer(nlohmann::ordered_json{{"devices", {cpu}}}.dump(2));
  });
}
