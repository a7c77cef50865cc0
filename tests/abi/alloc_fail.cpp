// The allocation-failure loop over the C ABI: every allocation of every call fails once, and once from there on.
// Wanted each time: MO_ERR_OUT_OF_MEMORY (or success, where the library could do without), NULL outputs, no leak, no crash.
// Spared are allocations by code that cannot stand it and is not ours: oneDNN, the OpenMP runtime and the loader (by where they lie), libarchive
// and protobuf inside libmo.so (by the names on the stack). docs/dependencies.md says what happens there instead.
// usage: mo_alloc_fail MODEL.onnx DATA.npz FOLDER [SCENARIO]      the last line is "N passed, N failed, N skipped"
#include <elf.h>
#include <execinfo.h>
#include <fcntl.h>
#include <link.h>
#include <malloc.h>
#include <mo/mo.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <functional>
#include <new>
#include <string>
#include <vector>

// ---- the allocator with a fault in it ---------------------------------------------------------------------------------------------

namespace fault {
std::atomic<long> countdown{0};  // allocations until one fails; 0: none does
std::atomic<bool> from_there_on{false};
std::atomic<bool> hit{false};
std::atomic<long> live{0};  // blocks allocated and not yet freed
struct Range {
  uintptr_t begin, end;
};
std::vector<Range> spared;       // whole libraries
std::vector<Range> spared_code;  // functions inside libmo.so, sorted

bool inside(const std::vector<Range>& ranges, uintptr_t at) {
  auto it = std::upper_bound(ranges.begin(), ranges.end(), at, [](uintptr_t a, const Range& r) { return a < r.begin; });
  return it != ranges.begin() && at < (it - 1)->end;
}

bool called_by_spared_code() {
  void* stack[64];
  const int depth = backtrace(stack, 64);
  for (int i = 0; i < depth; ++i)
    if (inside(spared_code, reinterpret_cast<uintptr_t>(stack[i]))) return true;
  return false;
}

bool fails(void* caller) {
  if (countdown.load(std::memory_order_relaxed) <= 0) return false;
  if (inside(spared, reinterpret_cast<uintptr_t>(caller))) return false;
  if (!(from_there_on && hit) && countdown.fetch_sub(1) != 1) return false;
  countdown = 0;  // the stack walk may allocate
  const bool spare = called_by_spared_code();
  if (!spare) hit = true;
  if (spare || from_there_on) countdown = 1;
  return !spare;
}

// The functions of libmo.so that belong to protobuf, its generated code and libarchive, by their names in the symbol table.
void note_code(const char* path, uintptr_t base) {
  const int file = open(path, O_RDONLY);
  struct stat about;
  if (file < 0 || fstat(file, &about) != 0) return;
  const char* image = static_cast<const char*>(mmap(nullptr, static_cast<size_t>(about.st_size), PROT_READ, MAP_PRIVATE, file, 0));
  close(file);
  if (image == MAP_FAILED) return;
  const auto* header = reinterpret_cast<const Elf64_Ehdr*>(image);
  const auto* sections = reinterpret_cast<const Elf64_Shdr*>(image + header->e_shoff);
  for (int i = 0; i < header->e_shnum; ++i) {
    if (sections[i].sh_type != SHT_SYMTAB) continue;
    const auto* symbols = reinterpret_cast<const Elf64_Sym*>(image + sections[i].sh_offset);
    const char* names = image + sections[sections[i].sh_link].sh_offset;
    for (size_t k = 0; k < sections[i].sh_size / sizeof(Elf64_Sym); ++k) {
      const char* name = names + symbols[k].st_name;
      if (ELF64_ST_TYPE(symbols[k].st_info) != STT_FUNC || symbols[k].st_size == 0) continue;
      const bool cxx = std::strncmp(name, "_ZN", 3) == 0;
      if (cxx) name += name[3] == 'K' ? 4 : 3;
      const bool theirs = cxx ? std::strncmp(name, "6google8protobuf", 16) == 0 || std::strncmp(name, "4onnx", 5) == 0
                              : std::strncmp(name, "archive_", 8) == 0 || std::strncmp(name, "_archive", 8) == 0 ||
                                    std::strncmp(name, "__archive", 9) == 0 || std::strncmp(name, "zip_", 4) == 0;
      if (theirs) spared_code.push_back({base + symbols[k].st_value, base + symbols[k].st_value + symbols[k].st_size});
    }
  }
  munmap(const_cast<char*>(image), static_cast<size_t>(about.st_size));
}

int note(dl_phdr_info* info, size_t, void*) {
  if (std::strstr(info->dlpi_name, "libmo.so")) note_code(info->dlpi_name, info->dlpi_addr);
  for (const char* name : {"libgomp", "ld-linux", "libdnnl"}) {
    if (!std::strstr(info->dlpi_name, name)) continue;
    for (int i = 0; i < info->dlpi_phnum; ++i)
      if (info->dlpi_phdr[i].p_type == PT_LOAD && (info->dlpi_phdr[i].p_flags & PF_X)) {
        const auto begin = static_cast<uintptr_t>(info->dlpi_addr + info->dlpi_phdr[i].p_vaddr);
        spared.push_back({begin, begin + info->dlpi_phdr[i].p_memsz});
      }
  }
  return 0;
}

void note_spared() {
  dl_iterate_phdr(note, nullptr);
  const auto by_begin = [](const Range& a, const Range& b) { return a.begin < b.begin; };
  std::sort(spared.begin(), spared.end(), by_begin);
  std::sort(spared_code.begin(), spared_code.end(), by_begin);
  void* warm[4];
  backtrace(warm, 4);
}
}  // namespace fault

extern "C" {
void* __libc_malloc(size_t);
void* __libc_calloc(size_t, size_t);
void* __libc_realloc(void*, size_t);
void* __libc_memalign(size_t, size_t);
void __libc_free(void*);

static void* counted(void* block) {
  if (block) fault::live.fetch_add(1, std::memory_order_relaxed);
  return block;
}
static void* refuse() {
  errno = ENOMEM;
  return nullptr;
}
void* malloc(size_t size) { return fault::fails(__builtin_return_address(0)) ? refuse() : counted(__libc_malloc(size)); }
void* calloc(size_t count, size_t size) { return fault::fails(__builtin_return_address(0)) ? refuse() : counted(__libc_calloc(count, size)); }
void* realloc(void* block, size_t size) {
  if (fault::fails(__builtin_return_address(0))) return refuse();
  void* moved = __libc_realloc(block, size);
  return block ? moved : counted(moved);
}
void* memalign(size_t alignment, size_t size) {
  return fault::fails(__builtin_return_address(0)) ? refuse() : counted(__libc_memalign(alignment, size));
}
void* aligned_alloc(size_t alignment, size_t size) {
  return fault::fails(__builtin_return_address(0)) ? refuse() : counted(__libc_memalign(alignment, size));
}
int posix_memalign(void** out, size_t alignment, size_t size) {
  if (fault::fails(__builtin_return_address(0))) return ENOMEM;
  void* block = counted(__libc_memalign(alignment, size));
  if (!block) return ENOMEM;
  *out = block;
  return 0;
}
void free(void* block) {
  if (block) fault::live.fetch_sub(1, std::memory_order_relaxed);
  __libc_free(block);
}
}

static void* made_by_new(size_t size, size_t alignment, void* caller) {
  if (fault::fails(caller)) return nullptr;
  return counted(alignment ? __libc_memalign(alignment, size) : __libc_malloc(size ? size : 1));
}
static void* or_throw(void* block) {
  if (!block) throw std::bad_alloc();
  return block;
}
#define CALLER __builtin_return_address(0)
void* operator new(size_t n) { return or_throw(made_by_new(n, 0, CALLER)); }
void* operator new[](size_t n) { return or_throw(made_by_new(n, 0, CALLER)); }
void* operator new(size_t n, const std::nothrow_t&) noexcept { return made_by_new(n, 0, CALLER); }
void* operator new[](size_t n, const std::nothrow_t&) noexcept { return made_by_new(n, 0, CALLER); }
void* operator new(size_t n, std::align_val_t a) { return or_throw(made_by_new(n, static_cast<size_t>(a), CALLER)); }
void* operator new[](size_t n, std::align_val_t a) { return or_throw(made_by_new(n, static_cast<size_t>(a), CALLER)); }
void operator delete(void* p) noexcept { free(p); }
void operator delete[](void* p) noexcept { free(p); }
void operator delete(void* p, size_t) noexcept { free(p); }
void operator delete[](void* p, size_t) noexcept { free(p); }
void operator delete(void* p, std::align_val_t) noexcept { free(p); }
void operator delete[](void* p, std::align_val_t) noexcept { free(p); }
void operator delete(void* p, size_t, std::align_val_t) noexcept { free(p); }
void operator delete[](void* p, size_t, std::align_val_t) noexcept { free(p); }

// ---- what is called ---------------------------------------------------------------------------------------------------------------

namespace {

std::string g_model, g_data, g_folder, g_npz, g_onnx, g_statistics, g_statistics2;
std::string g_wrong;  // what the scenario itself found wrong; filled without the fault

void must(mo_error* error, const char* what) {
  if (!error) return;
  std::fprintf(stderr, "%s: %s\n", what, mo_error_message(error));
  std::exit(3);
}

// The objects the scenarios work on, made without faults.
struct World {
  mo_options *session_options = nullptr, *kept_options = nullptr, *benchmark_options = nullptr, *evaluate_options = nullptr,
             *compare_options = nullptr;
  mo_tensors *arrays = nullptr, *inputs = nullptr, *outputs = nullptr;
  mo_tensor* tensor = nullptr;
  mo_model *model = nullptr, *quantized = nullptr;
  mo_dataset* dataset = nullptr;
  mo_session* session = nullptr;
  mo_calibration *calibration = nullptr, *other = nullptr;
  mo_report* about = nullptr;
  std::vector<char> bytes;

  World() {
    must(mo_options_create("session", &session_options), "options");
    must(mo_options_parse(session_options, "{\"threads\": 1}"), "session options");
    must(mo_options_create("session", &kept_options), "options");
    must(mo_options_parse(kept_options, "{\"threads\": 1, \"prepare\": true}"), "session options");
    must(mo_options_set_string(kept_options, "cache_folder", (g_folder + "/packs").c_str()), "session options");
    must(mo_options_create("benchmark", &benchmark_options), "options");
    must(mo_options_parse(benchmark_options, "{\"threads\": 1, \"seconds\": 0.01}"), "benchmark options");
    must(mo_options_create("evaluate", &evaluate_options), "options");
    must(mo_options_parse(evaluate_options, "{\"threads\": 1}"), "evaluate options");
    must(mo_options_create("compare", &compare_options), "options");
    must(mo_options_parse(compare_options, "{\"threads\": 1, \"seconds\": 0.01}"), "compare options");
    must(mo_model_load(g_model.c_str(), nullptr, &model), "load");
    must(mo_tensors_load(g_data.c_str(), 0, &arrays), "data");
    must(mo_dataset_create(arrays, nullptr, &dataset), "dataset");
    must(mo_dataset_next(dataset, &inputs, nullptr), "next");
    must(mo_dataset_rewind(dataset), "rewind");
    must(mo_tensors_get(inputs, mo_tensors_name(inputs, 0), &tensor), "get");
    must(mo_session_create(model, session_options, &session), "session");
    must(mo_session_run(session, inputs, nullptr, &outputs), "run");
    must(mo_calibration_create(model, nullptr, &calibration), "calibration");
    must(mo_calibration_feed(calibration, inputs, nullptr), "feed");
    must(mo_calibration_create(model, nullptr, &other), "calibration");
    must(mo_calibration_feed(other, inputs, nullptr), "feed");
    must(mo_calibration_save(calibration, g_statistics.c_str()), "save statistics");
    must(mo_quantize(model, calibration, nullptr, nullptr, &quantized, &about), "quantize");
    mo_buffer* buffer = nullptr;
    must(mo_model_save_bytes(model, nullptr, &buffer), "save");
    const char* data = static_cast<const char*>(mo_buffer_data(buffer));
    bytes.assign(data, data + mo_buffer_size(buffer));
    mo_buffer_free(buffer);
  }
};

// Runs a call with one output: frees it on success, notes it when a failed call left something in it.
template <class T, class Call>
mo_error* with_output(void (*free_it)(T*), Call call) {
  T* out = nullptr;
  mo_error* error = call(&out);
  if (error && out) g_wrong = "a failed call left an output";
  if (!error && !out) g_wrong = "a call succeeded without an output";
  if (!error) free_it(out);
  return error;
}
template <class Call>
mo_error* buffer(Call call) {
  return with_output<mo_buffer>(mo_buffer_free, call);
}
template <class Call>
mo_error* report(Call call) {
  return with_output<mo_report>(mo_report_free, call);
}

struct Scenario {
  std::string name;
  std::function<mo_error*(World&)> call;
};

std::vector<Scenario> scenarios() {
  std::vector<Scenario> all = {
      {"build_info", [](World&) { return buffer([](auto o) { return mo_build_info_json(o); }); }},
      {"devices", [](World&) { return buffer([](auto o) { return mo_devices_json(o); }); }},
      {"control_create",
       [](World&) { return with_output<mo_control>(mo_control_free, [](auto o) { return mo_control_create(nullptr, nullptr, o); }); }},
      {"options_set_string", [](World& w) { return mo_options_set_string(w.session_options, "threads", "1"); }},
      {"options_set_int", [](World& w) { return mo_options_set_int(w.session_options, "threads", 1); }},
      {"options_parse_json", [](World& w) { return mo_options_parse(w.benchmark_options, "{\"threads\": 1, \"seconds\": 0.01}"); }},
      {"options_parse_yaml", [](World& w) { return mo_options_parse(w.benchmark_options, "threads: 1\nseconds: 0.01\n"); }},
      {"options_json", [](World& w) { return buffer([&](auto o) { return mo_options_json(w.benchmark_options, o); }); }},
      {"tensor_create",
       [](World&) {
         const int64_t dims[2] = {2, 3};
         return with_output<mo_tensor>(mo_tensor_free, [&](auto o) { return mo_tensor_create(MO_DTYPE_FLOAT32, dims, 2, nullptr, 0, o); });
       }},
      {"tensor_view",
       [](World&) {
         static float memory[6];
         const int64_t dims[2] = {2, 3};
         return with_output<mo_tensor>(mo_tensor_free, [&](auto o) { return mo_tensor_view(MO_DTYPE_FLOAT32, dims, 2, memory, sizeof memory, o); });
       }},
      {"tensors_create", [](World&) { return with_output<mo_tensors>(mo_tensors_free, [](auto o) { return mo_tensors_create(o); }); }},
      {"tensors_set", [](World& w) { return mo_tensors_set(w.inputs, mo_tensors_name(w.inputs, 0), w.tensor); }},
      {"tensors_get",
       [](World& w) {
         return with_output<mo_tensor>(mo_tensor_free, [&](auto o) { return mo_tensors_get(w.inputs, mo_tensors_name(w.inputs, 0), o); });
       }},
      {"tensors_load", [](World&) { return with_output<mo_tensors>(mo_tensors_free, [](auto o) { return mo_tensors_load(g_data.c_str(), 0, o); }); }},
      {"tensors_save", [](World& w) { return mo_tensors_save(w.inputs, g_npz.c_str()); }},
      {"model_load", [](World&) { return with_output<mo_model>(mo_model_free, [](auto o) { return mo_model_load(g_model.c_str(), nullptr, o); }); }},
      {"model_load_bytes",
       [](World& w) {
         return with_output<mo_model>(
             mo_model_free, [&](auto o) { return mo_model_load_bytes(w.bytes.data(), static_cast<int64_t>(w.bytes.size()), nullptr, nullptr, o); });
       }},
      {"model_save", [](World& w) { return mo_model_save(w.model, g_onnx.c_str(), nullptr); }},
      {"model_save_bytes", [](World& w) { return buffer([&](auto o) { return mo_model_save_bytes(w.model, nullptr, o); }); }},
      {"model_describe", [](World& w) { return buffer([&](auto o) { return mo_model_describe_json(w.model, o); }); }},
      {"model_digest", [](World& w) { return buffer([&](auto o) { return mo_model_digest(w.model, o); }); }},
      {"model_metadata_set",
       [](World& w) {
         return with_output<mo_model>(mo_model_free, [&](auto o) { return mo_model_metadata_set(w.model, "key", "a value of some length", o); });
       }},
      {"dataset_open",
       [](World&) { return with_output<mo_dataset>(mo_dataset_free, [](auto o) { return mo_dataset_open(g_data.c_str(), nullptr, o); }); }},
      {"dataset_create",
       [](World& w) { return with_output<mo_dataset>(mo_dataset_free, [&](auto o) { return mo_dataset_create(w.arrays, nullptr, o); }); }},
      {"dataset_next",
       [](World& w) {
         return with_output<mo_tensors>(mo_tensors_free, [&](auto o) {
           mo_error* error = mo_dataset_rewind(w.dataset);
           return error ? error : mo_dataset_next(w.dataset, o, nullptr);
         });
       }},
      {"session_create",
       [](World& w) { return with_output<mo_session>(mo_session_free, [&](auto o) { return mo_session_create(w.model, w.session_options, o); }); }},
      {"session_load",
       [](World& w) {
         return with_output<mo_session>(mo_session_free, [&](auto o) { return mo_session_load(g_model.c_str(), nullptr, w.kept_options, o); });
       }},
      {"session_first_run",
       [](World& w) {
         mo_session* session = nullptr;
         mo_error* error = mo_session_create(w.model, w.session_options, &session);
         if (!error) error = with_output<mo_tensors>(mo_tensors_free, [&](auto o) { return mo_session_run(session, w.inputs, nullptr, o); });
         mo_session_free(session);
         return error;
       }},
      {"session_run",
       [](World& w) { return with_output<mo_tensors>(mo_tensors_free, [&](auto o) { return mo_session_run(w.session, w.inputs, nullptr, o); }); }},
      {"session_run_into", [](World& w) { return mo_session_run_into(w.session, w.inputs, nullptr, w.outputs); }},
      {"session_explain_json", [](World& w) { return buffer([&](auto o) { return mo_session_explain_json(w.session, o); }); }},
      {"session_explain_text", [](World& w) { return buffer([&](auto o) { return mo_session_explain_text(w.session, o); }); }},
      {"session_profile", [](World& w) { return buffer([&](auto o) { return mo_session_profile_json(w.session, w.inputs, 1, o); }); }},
      {"session_memory", [](World& w) { return buffer([&](auto o) { return mo_session_memory_json(w.session, o); }); }},
      {"calibration_create",
       [](World& w) { return with_output<mo_calibration>(mo_calibration_free, [&](auto o) { return mo_calibration_create(w.model, nullptr, o); }); }},
      {"calibration_feed", [](World& w) { return mo_calibration_feed(w.calibration, w.inputs, nullptr); }},
      {"calibration_merge", [](World& w) { return mo_calibration_merge(w.calibration, w.other); }},
      {"calibration_save", [](World& w) { return mo_calibration_save(w.other, g_statistics2.c_str()); }},
      {"calibration_load",
       [](World& w) {
         return with_output<mo_calibration>(mo_calibration_free, [&](auto o) { return mo_calibration_load(g_statistics.c_str(), w.model, o); });
       }},
      {"quantize",
       [](World& w) {
         mo_report* about = nullptr;
         mo_error* error =
             with_output<mo_model>(mo_model_free, [&](auto o) { return mo_quantize(w.model, w.calibration, nullptr, nullptr, o, &about); });
         if (error && about) g_wrong = "a failed call left a report";
         mo_report_free(about);
         return error;
       }},
      {"report_html", [](World& w) { return with_output<mo_buffer>(mo_buffer_free, [&](auto o) { return mo_report_html(w.about, o); }); }},
      {"benchmark", [](World& w) { return report([&](auto o) { return mo_benchmark(w.model, w.inputs, w.benchmark_options, nullptr, o); }); }},
      {"evaluate", [](World& w) { return report([&](auto o) { return mo_evaluate(w.model, w.dataset, w.evaluate_options, nullptr, o); }); }},
      {"compare",
       [](World& w) { return report([&](auto o) { return mo_compare(w.model, w.quantized, w.dataset, w.compare_options, nullptr, o); }); }},
  };
  for (const char* operation : {"load", "save", "session", "dataset", "calibration", "quantize", "benchmark", "evaluate", "compare"}) {
    all.push_back({std::string("options_create ") + operation, [operation](World&) {
                     return with_output<mo_options>(mo_options_free, [&](auto o) { return mo_options_create(operation, o); });
                   }});
    all.push_back({std::string("options_describe ") + operation,
                   [operation](World&) { return buffer([&](auto o) { return mo_options_describe_json(operation, o); }); }});
  }
  return all;
}

// ---- the loop ---------------------------------------------------------------------------------------------------------------------

// One call with the n-th allocation failing. Returns whether the fault was reached.
bool strike(const Scenario& scenario, World& world, long n, bool on, std::string& wrong) {
  g_wrong.clear();
  fault::from_there_on = on;
  fault::hit = false;
  fault::countdown = n;
  mo_error* error = scenario.call(world);
  fault::countdown = 0;
  if (!g_wrong.empty()) wrong = g_wrong;
  if (error && !fault::hit) wrong = std::string("fails without a fault: ") + mo_error_message(error);
  if (error && fault::hit && mo_error_code(error) != MO_ERR_OUT_OF_MEMORY)
    wrong = std::string("gives ") + mo_error_name(mo_error_code(error)) + " (" + mo_error_message(error) + ")";
  mo_error_free(error);
  return fault::hit;
}

// All positions up to 300, then ever wider steps, so that a call of 100,000 allocations takes about a thousand strikes.
int try_all(const Scenario& scenario, World& world, bool on, int result_pipe) {
  std::string wrong;
  for (int i = 0; i < 2; ++i) strike(scenario, world, 0, false, wrong);
  if (!wrong.empty()) {
    dprintf(result_pipe, "before any fault: %s", wrong.c_str());
    return 1;
  }
  long strikes = 0;
  for (long n = 1;; n += n < 300 ? 1 : n / 150) {
    dprintf(result_pipe, "\x01%ld", n);  // how far it is, should it crash
    const long before = fault::live;
    if (!strike(scenario, world, n, on, wrong)) break;
    ++strikes;
    long grown = fault::live - before;
    for (int again = 0; again < 3 && grown > 0 && wrong.empty(); ++again) {  // a cache grows once, a leak every time
      const long start = fault::live;
      const bool struck = strike(scenario, world, n, on, wrong);
      grown = struck ? fault::live - start : 0;  // a call that came through, its caches filled, may keep what it is there to keep
    }
    if (grown > 0 && wrong.empty()) wrong = "leaks " + std::to_string(grown) + " blocks";
    if (!wrong.empty()) {
      dprintf(result_pipe, "\x01at allocation %ld: %s", n, wrong.c_str());
      return 1;
    }
  }
  strike(scenario, world, 0, false, wrong);
  if (!wrong.empty()) {
    dprintf(result_pipe,
            "\x01"
            "afterwards: %s",
            wrong.c_str());
    return 1;
  }
  dprintf(result_pipe, "\x01%ld strikes", strikes);
  return 0;
}

bool in_child(const Scenario& scenario, bool on) {
  int ends[2];
  if (pipe(ends)) return false;
  const pid_t child = fork();
  if (child == 0) {
    close(ends[0]);
    alarm(120);
    World world;
    _exit(try_all(scenario, world, on, ends[1]));
  }
  close(ends[1]);
  std::string said;
  char part[4096];
  for (ssize_t n; (n = read(ends[0], part, sizeof part)) > 0;) said.append(part, static_cast<size_t>(n));
  close(ends[0]);
  int status = 0;
  waitpid(child, &status, 0);
  const std::string last = said.substr(said.find_last_of('\x01') + 1);
  const bool good = WIFEXITED(status) && WEXITSTATUS(status) == 0;
  std::printf("%-6s %-28s %-14s %s", good ? "ok" : "FAILED", scenario.name.c_str(), on ? "from there on" : "once", last.c_str());
  if (WIFSIGNALED(status)) std::printf(": signal %d (%s)", WTERMSIG(status), strsignal(WTERMSIG(status)));
  if (WIFEXITED(status) && WEXITSTATUS(status) > 1) std::printf(": exit status %d", WEXITSTATUS(status));
  std::printf("\n");
  std::fflush(stdout);
  return good;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc < 4) {
    std::fprintf(stderr, "usage: mo_alloc_fail MODEL.onnx DATA.npz FOLDER [SCENARIO]\n");
    return 2;
  }
  g_model = argv[1], g_data = argv[2], g_folder = argv[3];
  g_npz = g_folder + "/saved.npz", g_onnx = g_folder + "/saved.onnx";
  g_statistics = g_folder + "/statistics", g_statistics2 = g_folder + "/statistics2";
  fault::note_spared();
  int passed = 0, failed = 0;
  for (const Scenario& scenario : scenarios()) {
    if (argc > 4 && scenario.name != argv[4]) continue;
    for (bool on : {false, true}) ++(in_child(scenario, on) ? passed : failed);
  }
  std::printf("%d passed, %d failed, 0 skipped\n", passed, failed);
  return failed != 0;
}
