// Reading, mapping, contained opening and atomic saves, faults included.
#include "base/file.h"

#include <doctest/doctest.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <cstring>
#include <thread>

#include "base/error.h"
#include "support/temp_folder.h"

namespace {

using namespace mo;

template <class F>
Code code_of(F&& work) {
  try {
    work();
  } catch (const Error& e) { return e.code(); }
  return Code{0};
}

std::string contents(const std::string& path) {
  std::vector<char> bytes = read_file(path, 1 << 26);
  return {bytes.begin(), bytes.end()};
}

}  // namespace

TEST_CASE("files: what is written is read and mapped back") {
  TempFolder folder;
  std::string big(700000, 'x');
  for (size_t i = 0; i < big.size(); ++i) big[i] = static_cast<char>(i * 7 >> 3);
  {
    AtomicFile file(folder / "a.bin");
    file.write("abc", 3);
    file.pad_to(64);
    CHECK(file.position() == 64);
    file.write(big.data(), big.size());
    CHECK(!file_exists(folder / "a.bin"));
    file.commit();
  }
  CHECK(folder.count() == 1);
  FileReader reader(folder / "a.bin");
  REQUIRE(reader.size() == 64 + static_cast<int64_t>(big.size()));
  MappedFile map(reader);
  CHECK(std::memcmp(map.data() + 64, big.data(), big.size()) == 0);
  std::string part(1000, 0);
  reader.read_at(64 + 5000, part.data(), 1000);
  CHECK(part == big.substr(5000, 1000));
  CHECK(code_of([&] { reader.read_at(reader.size() - 10, part.data(), 11); }) == Code::io);
  CHECK(code_of([&] { read_file(folder / "a.bin", 100); }) == Code::limit);
  CHECK(code_of([&] { FileReader(folder / "none"); }) == Code::not_found);
  CHECK(code_of([&] { FileReader(folder.path.string()); }) == Code::io);
  write_file(folder / "empty", "");
  CHECK(MappedFile(FileReader(folder / "empty")).size() == 0);
}

TEST_CASE("atomic files: without commit the old contents stay and nothing is left over") {
  TempFolder folder;
  write_file(folder / "f", "old");
  {
    AtomicFile file(folder / "f");
    file.write("new", 3);
    file.stage();
    CHECK(contents(folder / "f") == "old");
  }
  CHECK(contents(folder / "f") == "old");
  CHECK(folder.count() == 1);
  write_file(folder / "f", "new");
  CHECK(contents(folder / "f") == "new");
  CHECK(folder.count() == 1);
}

TEST_CASE("atomic files: a new file gets the umask's mode, a replaced one keeps its own") {
  TempFolder folder;
  mode_t old = ::umask(027);
  write_file(folder / "n", "x");
  ::umask(old);
  struct stat st;
  REQUIRE(::stat((folder / "n").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0640);
  ::chmod((folder / "n").c_str(), 0604);
  write_file(folder / "n", "y");
  REQUIRE(::stat((folder / "n").c_str(), &st) == 0);
  CHECK((st.st_mode & 0777) == 0604);
}

TEST_CASE("atomic files: a planted symbolic link is replaced, its target is not touched") {
  TempFolder folder;
  write_file(folder / "target", "keep");
  REQUIRE(::symlink("target", (folder / "link").c_str()) == 0);
  write_file(folder / "link", "new");
  CHECK(contents(folder / "target") == "keep");
  CHECK(contents(folder / "link") == "new");
}

TEST_CASE("atomic files: a disk that refuses gives one error naming the path, and no stray file") {
  TempFolder folder;
  write_file(folder / "f", "old");
  pid_t child = ::fork();
  REQUIRE(child >= 0);
  if (child == 0) {
    // RLIMIT_FSIZE makes write(2) fail with EFBIG past 100 kB, as a full disk does with ENOSPC.
    ::signal(SIGXFSZ, SIG_IGN);
    struct rlimit limit {
      100000, 100000
    };
    ::setrlimit(RLIMIT_FSIZE, &limit);
    int result = 1;
    try {
      AtomicFile file(folder / "f");
      std::string block(50000, 'z');
      for (int i = 0; i < 40; ++i) file.write(block.data(), block.size());
      file.commit();
    } catch (const Error& e) { result = e.code() == Code::io && e.message().find(folder / "f") != std::string::npos ? 0 : 2; }
    ::_exit(result);
  }
  int status = 0;
  ::waitpid(child, &status, 0);
  CHECK((WIFEXITED(status) && WEXITSTATUS(status) == 0));
  CHECK(contents(folder / "f") == "old");
  CHECK(folder.count() == 1);
  CHECK(code_of([&] { AtomicFile(folder / "none/f"); }) == Code::io);
  CHECK(code_of([&] { AtomicFile("/dev/null"); }) == Code::io);
  CHECK(code_of([&] { AtomicFile(""); }) == Code::invalid_argument);
}

TEST_CASE("contained open: plain files below the folder open") {
  TempFolder folder;
  std::filesystem::create_directories(folder.path / "base/sub");
  write_file(folder / "base/w.bin", "weights");
  write_file(folder / "base/sub/w.bin", "deeper");
  CHECK(FileReader::open_below(folder / "base", "w.bin").size() == 7);
  CHECK(FileReader::open_below(folder / "base", "./w.bin").size() == 7);
  CHECK(FileReader::open_below(folder / "base", "sub/w.bin").size() == 6);
  CHECK(FileReader::open_below(folder / "base", "sub//w.bin").size() == 6);
}

TEST_CASE("contained open: every way out is refused") {
  TempFolder folder;
  namespace fs = std::filesystem;
  fs::create_directories(folder.path / "base/sub");
  fs::create_directories(folder.path / "base_evil");
  write_file(folder / "secret", "secret");
  write_file(folder / "base_evil/secret", "secret");
  write_file(folder / "base/ok", "ok");
  fs::create_symlink("../secret", folder.path / "base/link");
  fs::create_symlink("ok", folder.path / "base/inner_link");
  fs::create_symlink("..", folder.path / "base/up");
  fs::create_symlink("/", folder.path / "base/root");
  fs::create_hard_link(folder.path / "secret", folder.path / "base/hard");
  REQUIRE(::mkfifo((folder / "base/fifo").c_str(), 0600) == 0);
  std::string base = folder / "base", absolute = folder / "secret";
  auto tried = [&](std::string_view location) { return code_of([&] { FileReader::open_below(base, location); }); };
  for (const char* location : {"../secret",
                               "sub/../../secret",
                               "..",
                               ".",
                               "",
                               "/",
                               "/etc/passwd",
                               "link",
                               "inner_link",
                               "up/secret",
                               "root/etc/passwd",
                               "hard",
                               "fifo",
                               "sub",
                               "../base_evil/secret",
                               "sub/..",
                               "C:\\x",
                               "c:/x",
                               "..\\secret",
                               "\\\\host\\share\\x"}) {
    CAPTURE(location);
    CHECK(tried(location) == Code::format);
  }
  CHECK(tried(absolute) == Code::format);
  CHECK(tried(std::string_view("ok\0x", 4)) == Code::format);
  CHECK(tried(std::string(5000, 'a')) == Code::format);
  CHECK(tried("%2e%2e/secret") == Code::not_found);
  CHECK(tried("OK") == Code::not_found);
  CHECK(tried("ok/x") == Code::not_found);
  CHECK(code_of([&] { FileReader::open_below(folder / "nowhere", "ok"); }) == Code::io);
}

TEST_CASE("contained open: a name swapped between file and link never leads outside") {
  TempFolder folder;
  std::filesystem::create_directories(folder.path / "base");
  write_file(folder / "secret", "secret!");
  std::string name = folder / "base/w", other = folder / "base/other";
  std::atomic<bool> stop{false};
  std::thread swapper([&] {
    while (!stop) {
      { Descriptor(::open(other.c_str(), O_CREAT | O_WRONLY, 0600)); }
      ::rename(other.c_str(), name.c_str());
      [[maybe_unused]] int ignored = ::symlink("../secret", other.c_str());
      ::rename(other.c_str(), name.c_str());
    }
  });
  int outside = 0;
  for (int i = 0; i < 5000; ++i) {
    try {
      if (FileReader::open_below(folder / "base", "w").size() != 0) ++outside;
    } catch (const Error&) {}
  }
  stop = true;
  swapper.join();
  CHECK(outside == 0);
}
