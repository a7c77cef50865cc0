// Choosing the reader by what the path is, then the samples the caller wants.
#include <sys/stat.h>

#include "data/npy.h"
#include "data/source.h"

namespace mo::data {

namespace {

std::vector<int64_t> thin(const std::vector<int64_t>& all, const OpenOptions& o) {
  require(o.skip >= 0, Code::invalid_argument, "skip must not be negative, got ", o.skip);
  int64_t total = static_cast<int64_t>(all.size()), first = std::min(o.skip, total), left = total - first;
  int64_t want = o.limit < 0 ? left : std::min(o.limit, left);
  std::vector<int64_t> out;
  // Spread: files are often sorted by class, and the first samples would show only the first classes.
  for (int64_t i = 0; i < want; ++i) out.push_back(all[static_cast<size_t>(first + (o.spread ? i * left / want : i))]);
  return out;
}

std::vector<int64_t> everything(int64_t total) { return select(total, {}); }

}  // namespace

std::unique_ptr<Dataset> open(const std::string& path, const OpenOptions& options) {
  struct stat st;
  require(stat(path.c_str(), &st) == 0, Code::not_found, "data set ", printable(path), " does not exist");
  std::string_view p = path;
  Described d;
  if (S_ISDIR(st.st_mode)) {
    d.source = folder_source(path, options);
  } else if (p.ends_with(".npz")) {
    d.source = array_source(read_npz(path, options.max_bytes), options.label, path);
  } else if (p.ends_with(".npy")) {
    d.source = array_source({{options.input, read_npy(path, options.max_bytes)}}, options.label, path);
  } else if (p.ends_with(".yaml") || p.ends_with(".yml")) {
    d = described_source(path, options);
  } else {
    fail(Code::invalid_argument, "data set ", printable(path), " is none of: .npz, .npy, a folder of samples, a data set .yaml");
  }
  std::vector<int64_t> indices = thin(select(d.source->count(), d.selection), options);
  return batched(std::move(d.source), std::move(indices), options);
}

std::unique_ptr<Dataset> from_arrays(std::vector<std::pair<std::string, Tensor>> arrays, const OpenOptions& options) {
  auto source = array_source(std::move(arrays), options.label, "data set");
  std::vector<int64_t> indices = thin(everything(source->count()), options);
  return batched(std::move(source), std::move(indices), options);
}

}  // namespace mo::data
