// Error objects to exceptions.
#include "handles.h"

namespace cli {

namespace {

// Names that a user or a file chose, made fit for a terminal as the library makes its own messages.
std::string printable(std::string text) {
  for (char& c : text)
    if (static_cast<unsigned char>(c) < 0x20 || c == 0x7f) c = '?';
  return text;
}

}  // namespace

void check(mo_error* error, const std::string& about, Status status) {
  if (!error) return;
  std::string message = mo_error_message(error), node = mo_error_node(error), op = mo_error_op(error);
  int32_t code = mo_error_code(error);
  mo_error_free(error);
  if (code == MO_ERR_CANCELLED) throw Failure(k_interrupted, "interrupted");
  if (code == MO_ERR_THRESHOLD) status = k_gate;
  // the library names files itself where it can
  std::string file = printable(about);
  if (!file.empty() && message.find(file) == std::string::npos) message = file + ": " + message;
  if (!node.empty() || !op.empty()) message += " (" + (op.empty() ? "" : op + " ") + "node " + (node.empty() ? "without a name" : node) + ")";
  throw Failure(status, message);
}

}  // namespace cli
