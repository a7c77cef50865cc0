// The library as a whole: versions, build, devices, log.
#include <nlohmann/json.hpp>

#include "api/buffer.h"
#include "base/log.h"

using namespace mo::api;

namespace {

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
  if (level <= MO_LOG_OFF) function = nullptr;
  if (level > MO_LOG_DEBUG) level = MO_LOG_DEBUG;
  // the two function types differ in an enumeration whose representation is int32_t
  mo::set_log(reinterpret_cast<mo::LogFunction>(function), user, static_cast<mo::LogLevel>(level));
}
