// Batching with a loader thread: at most `prefetch` batches wait, errors travel to the reader.
#include <deque>
#include <exception>
#include <mutex>
#include <thread>

#include "base/wait.h"
#include "data/source.h"

namespace mo::data {

namespace {

class Batched : public Dataset {
 public:
  Batched(std::shared_ptr<Source> source, std::vector<int64_t> indices, const OpenOptions& options)
      : source_(std::move(source)),
        indices_(std::move(indices)),
        batch_(std::max<int64_t>(1, std::min(options.batch_size, source_->max_batch()))),
        ahead_(options.prefetch) {}
  ~Batched() override { stop(); }

  int64_t count() const override { return static_cast<int64_t>(indices_.size()); }

  void rewind() override {
    stop();
    at_ = 0;
  }

  std::optional<Batch> next() override {
    if (ahead_ <= 0) return at_ < count() ? std::optional(load_next()) : std::nullopt;
    if (!worker_.joinable() && !start()) return next_unthreaded();
    std::unique_lock lock(mutex_);
    wait(changed_, lock, [&] { return !ready_.empty() || finished_; });
    if (ready_.empty()) {
      if (error_) std::rethrow_exception(std::exchange(error_, nullptr));
      return std::nullopt;
    }
    Batch b = std::move(ready_.front());
    ready_.pop_front();
    changed_.notify_all();
    return b;
  }

 private:
  Batch load_next() {
    int64_t n = std::min(batch_, count() - at_);
    Batch b = source_->load(std::span(indices_).subspan(static_cast<size_t>(at_), static_cast<size_t>(n)));
    at_ += n;
    return b;
  }

  std::optional<Batch> next_unthreaded() {
    ahead_ = 0;
    return next();
  }

  // False when no thread can be had: then batches are loaded on the caller's.
  bool start() {
    stopping_ = finished_ = false;
    try {
      worker_ = std::thread([this] { work(); });
    } catch (const std::system_error&) { return false; }
    return true;
  }

  void work() {
    try {
      while (true) {
        {
          std::unique_lock lock(mutex_);
          wait(changed_, lock, [&] { return stopping_ || static_cast<int64_t>(ready_.size()) < ahead_; });
          if (stopping_) break;
        }
        if (at_ >= count()) break;
        Batch b = load_next();
        std::lock_guard lock(mutex_);
        ready_.push_back(std::move(b));
        changed_.notify_all();
      }
    } catch (...) {
      std::lock_guard lock(mutex_);
      error_ = std::current_exception();
    }
    std::lock_guard lock(mutex_);
    finished_ = true;
    changed_.notify_all();
  }

  void stop() {
    {
      std::lock_guard lock(mutex_);
      stopping_ = true;
      changed_.notify_all();
    }
    if (worker_.joinable()) worker_.join();
    ready_.clear();
    error_ = nullptr;
    finished_ = false;
  }

  std::shared_ptr<Source> source_;
  std::vector<int64_t> indices_;
  int64_t batch_, ahead_, at_ = 0;  // at_ belongs to the worker while it runs
  std::thread worker_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<Batch> ready_;
  std::exception_ptr error_;
  bool stopping_ = false, finished_ = false;
};

}  // namespace

std::vector<int64_t> select(int64_t total, const Selection& s) {
  require(s.every >= 1, Code::invalid_argument, "select: every must be at least 1, got ", s.every);
  require(s.skip >= 0, Code::invalid_argument, "select: skip must not be negative, got ", s.skip);
  std::vector<int64_t> chosen, others;
  for (int64_t i = 0; i < total; ++i) {
    bool in = i >= s.skip && (i - s.skip) % s.every == 0 && (s.count < 0 || static_cast<int64_t>(chosen.size()) < s.count);
    (in ? chosen : others).push_back(i);
  }
  return s.invert ? others : chosen;
}

std::unique_ptr<Dataset> batched(std::shared_ptr<Source> source, std::vector<int64_t> indices, const OpenOptions& options) {
  require(options.batch_size >= 1, Code::invalid_argument, "batch size must be at least 1, got ", options.batch_size);
  return std::make_unique<Batched>(std::move(source), std::move(indices), options);
}

}  // namespace mo::data
