// What the layout of packed constants depends on beside the kernels' own keys.
#include "base/build_id.h"
#include "base/cpu.h"
#include "kernels/cpu/onednn.h"
#include "kernels/cpu/simd.h"

namespace mo::kernels {

std::string pack_identity() {
  const std::string build = build_id();
  if (build.empty()) return {};
  const dnnl_version_t* v = dnnl_version();
  return text("libmo ", build, ", oneDNN ", v->major, ".", v->minor, ".", v->patch, " ", v->hash, " ", static_cast<int>(dnnl_get_effective_cpu_isa()),
              ", ", isa_name(), " ", cpu_isa_name(), has_vbmi() ? " vbmi" : "");
}

}  // namespace mo::kernels
