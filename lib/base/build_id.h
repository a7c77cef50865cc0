// What tells this build of the library from every other: the build id that the linker wrote into it.
#pragma once
#include <string>

namespace mo {

std::string build_id();  // hex; empty where the linker wrote none

}  // namespace mo
