// Layout: a header, a table of rows, then the packs, each at a multiple of k_alignment. Numbers as the processor has them.
#include "plan/pack_file.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cstring>
#include <filesystem>
#include <vector>

#include "base/error.h"
#include "base/log.h"

namespace mo::plan {

namespace {

constexpr uint64_t k_magic = 0x314b4341504f4d00;  // ".MOPACK1", and not that where bytes lie the other way round

constexpr uint64_t k_tail = 4096;  // zeros behind the last pack, for kernels that load whole registers

struct Header {
  uint64_t magic;
  uint64_t bytes;  // of the whole file
  uint64_t rows;
  uint64_t reserved;
  ContentHash identity;
  ContentHash table;
};

uint64_t aligned(uint64_t n) { return (n + k_alignment - 1) / k_alignment * k_alignment; }

}  // namespace

PackFile::PackFile(std::string folder, const std::string& identity) : folder_(std::move(folder)), identity_(content_hash(identity)) {
  name_ = text(hex(identity_), ".packs");
  open();
}

void PackFile::open() {
  map_.reset();
  rows_.clear();
  if (!file_exists(text(folder_, "/", name_))) return;
  try {
    read();
  } catch (const Error& e) {
    map_.reset();
    rows_.clear();
    log(LogLevel::warning, "packed weights are made again: '", printable(text(folder_, "/", name_)), "' ", e.message());
  }
}

void PackFile::read() {
  FileReader file = FileReader::open_below(folder_, name_);
  struct stat st;
  require(::fstat(file.descriptor(), &st) == 0 && (st.st_uid == ::geteuid() || st.st_uid == 0) && !(st.st_mode & S_IWOTH), Code::io,
          "belongs to another user, or everybody may write it");
  Header header;
  require(file.size() >= static_cast<int64_t>(sizeof header), Code::format, "is too short");
  map_ = std::make_shared<MappedFile>(file);
  std::memcpy(&header, map_->data(), sizeof header);
  const auto size = static_cast<uint64_t>(map_->size());
  require(header.magic == k_magic && header.identity == identity_, Code::format, "is no file of these packs");
  require(header.bytes == size && header.rows <= (size - sizeof header) / sizeof(Row), Code::format, "is truncated");
  const auto* table = map_->data() + sizeof header;
  require(content_hash(table, header.rows * sizeof(Row)) == header.table, Code::format, "is damaged");
  for (uint64_t i = 0; i < header.rows; ++i) {
    Row row;
    std::memcpy(&row, table + i * sizeof row, sizeof row);
    require(row.offset % k_alignment == 0 && row.offset <= size && row.bytes <= size - row.offset && k_tail <= size - row.offset - row.bytes,
            Code::format, "is damaged");
    rows_.emplace(row.key, row);
  }
}

const char* PackFile::whole(const Row& row) const {
  const char* data = reinterpret_cast<const char*>(map_->data()) + row.offset;
  return content_hash(data, row.bytes) == row.contents ? data : nullptr;
}

kernels::Pack PackFile::find(const ContentHash& key, int64_t bytes) {
  auto it = rows_.find(key);
  if (it == rows_.end()) return {};
  const Row row = it->second;
  if (const char* data = whole(row); data && row.bytes == static_cast<uint64_t>(bytes)) return {map_, data};
  rows_.erase(it);
  log(LogLevel::warning, "packed weights are made again: '", printable(text(folder_, "/", name_)), "' is damaged at byte ", row.offset);
  return {};
}

void PackFile::save(const Items& packs) {
  Items all = packs;
  for (const auto& [key, row] : rows_)
    if (const char* data = whole(row)) all.try_emplace(key, Item{{map_, data}, static_cast<int64_t>(row.bytes)});
  std::vector<Row> table;
  uint64_t at = aligned(sizeof(Header) + all.size() * sizeof(Row));
  for (const auto& [key, pack] : all) {
    const auto bytes = static_cast<uint64_t>(pack.bytes);
    table.push_back({key, at, bytes, content_hash(pack.data.get(), bytes)});
    at = aligned(at + bytes);
  }
  at += k_tail;
  const Header header{k_magic, at, table.size(), 0, identity_, content_hash(table.data(), table.size() * sizeof(Row))};
  std::error_code error;
  std::filesystem::create_directories(folder_, error);
  require(!error, Code::io, "cannot make the folder '", printable(folder_), "': ", error.message());
  AtomicFile file(text(folder_, "/", name_));
  file.write(&header, sizeof header);
  file.write(table.data(), table.size() * sizeof(Row));
  for (const auto& [key, pack] : all) {
    file.pad_to(k_alignment);
    file.write(pack.data.get(), static_cast<size_t>(pack.bytes));
  }
  file.pad_to(static_cast<int64_t>(at));
  file.not_durable();
  file.commit();
  open();
}

}  // namespace mo::plan
