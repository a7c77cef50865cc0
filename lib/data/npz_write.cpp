// Writing .npz: an uncompressed zip through libarchive into an atomically replaced file.
#include <archive.h>
#include <archive_entry.h>

#include "base/file.h"
#include "data/npy.h"

namespace mo::data {

namespace {
la_ssize_t write_piece(struct archive*, void* user, const void* data, size_t size) {
  static_cast<std::string*>(user)->append(static_cast<const char*>(data), size);
  return static_cast<la_ssize_t>(size);
}
}  // namespace

void write_npz(const std::string& path, const NamedTensors& arrays) {
  std::string pending;
  AtomicFile file(path);
  auto flush = [&] {
    file.write(pending.data(), pending.size());
    pending.clear();
  };
  std::unique_ptr<struct archive, int (*)(struct archive*)> zip(archive_write_new(), archive_write_free);
  if (!zip) throw std::bad_alloc();
  archive_write_set_format_zip(zip.get());
  archive_write_set_options(zip.get(), "zip:compression=store");
  archive_write_set_bytes_in_last_block(zip.get(), 1);
  auto check = [&](int status) { require(status == ARCHIVE_OK || status == ARCHIVE_WARN, Code::io, path, ": ", archive_error_string(zip.get())); };
  check(archive_write_open(zip.get(), &pending, nullptr, write_piece, nullptr));
  for (const auto& [name, tensor] : arrays) {
    std::string bytes = npy_bytes(tensor);
    std::unique_ptr<archive_entry, void (*)(archive_entry*)> entry(archive_entry_new(), archive_entry_free);
    archive_entry_set_pathname(entry.get(), (name + ".npy").c_str());
    archive_entry_set_size(entry.get(), static_cast<la_int64_t>(bytes.size()));
    archive_entry_set_filetype(entry.get(), AE_IFREG);
    archive_entry_set_perm(entry.get(), 0644);
    check(archive_write_header(zip.get(), entry.get()));
    require(archive_write_data(zip.get(), bytes.data(), bytes.size()) == static_cast<la_ssize_t>(bytes.size()), Code::io, path, ": ",
            archive_error_string(zip.get()));
    flush();
  }
  check(archive_write_close(zip.get()));
  flush();
  file.commit();
}

}  // namespace mo::data
