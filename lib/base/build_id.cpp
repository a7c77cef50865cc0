// Looks for the note NT_GNU_BUILD_ID in the loaded object (library or program) that holds this code.
#include "base/build_id.h"

#include <elf.h>
#include <link.h>

#include <cstdint>
#include <cstring>

namespace mo {

namespace {

struct Search {
  uintptr_t here;
  std::string found;
};

std::string in_notes(const char* at, size_t bytes) {
  static constexpr char k_digits[] = "0123456789abcdef";
  while (bytes >= sizeof(ElfW(Nhdr))) {
    ElfW(Nhdr) note;
    std::memcpy(&note, at, sizeof note);
    const size_t name = (note.n_namesz + 3) / 4 * 4, all = sizeof note + name + (note.n_descsz + 3) / 4 * 4;
    if (all > bytes) break;
    if (note.n_type == NT_GNU_BUILD_ID && note.n_namesz == 4 && std::memcmp(at + sizeof note, "GNU", 4) == 0) {
      std::string out;
      for (size_t i = 0; i < note.n_descsz; ++i) {
        const auto byte = static_cast<uint8_t>(at[sizeof note + name + i]);
        out.push_back(k_digits[byte >> 4]);
        out.push_back(k_digits[byte & 15]);
      }
      return out;
    }
    at += all;
    bytes -= all;
  }
  return {};
}

int look(dl_phdr_info* info, size_t, void* context) {
  auto& search = *static_cast<Search*>(context);
  bool mine = false;
  for (int i = 0; i < info->dlpi_phnum; ++i) {
    const auto& p = info->dlpi_phdr[i];
    mine |= p.p_type == PT_LOAD && search.here - (info->dlpi_addr + p.p_vaddr) < p.p_memsz;
  }
  if (!mine) return 0;
  for (int i = 0; i < info->dlpi_phnum && search.found.empty(); ++i) {
    const auto& p = info->dlpi_phdr[i];
    if (p.p_type == PT_NOTE) search.found = in_notes(reinterpret_cast<const char*>(info->dlpi_addr + p.p_vaddr), p.p_memsz);
  }
  return 1;
}

}  // namespace

std::string build_id() {
  static const std::string id = [] {
    Search search{reinterpret_cast<uintptr_t>(&look), {}};
    dl_iterate_phdr(look, &search);
    return search.found;
  }();
  return id;
}

}  // namespace mo
