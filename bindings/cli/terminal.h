// What surrounds the work: Ctrl-C, the progress bar, output to standard output.
#pragma once
#include <chrono>
#include <string>

#include "handles.h"

namespace cli {

// The control of every long call of this program; Ctrl-C and SIGTERM cancel it.
mo_control* control();
void catch_signals();
bool interrupted();

// While one lives, a signal cancels the control; otherwise it ends the program at once, which is safe because nothing is being written.
class Uninterrupted {
 public:
  Uninterrupted();
  ~Uninterrupted();
};

// A bar on standard error, only when that is a terminal: "calibrate  [=====>    ]  45/100  0:03".
void show_progress(const char* stage, int64_t done, int64_t total);
void clear_progress();

void print(const std::string& text);                                // to standard output; throws when it cannot be written
void write_file(const std::string& path, const std::string& text);  // the whole file or none

}  // namespace cli
