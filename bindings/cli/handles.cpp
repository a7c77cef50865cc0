// Error objects to exceptions.
#include "handles.h"

namespace cli {

void check(mo_error* error, const std::string& about, Status status) {
  if (!error) return;
  std::string message = mo_error_message(error), node = mo_error_node(error), op = mo_error_op(error);
  int32_t code = mo_error_code(error);
  mo_error_free(error);
  if (code == MO_ERR_CANCELLED) throw Failure(k_interrupted, "interrupted");
  if (code == MO_ERR_THRESHOLD) status = k_gate;
  // the library names files itself where it can
  if (!about.empty() && message.find(about) == std::string::npos) message = about + ": " + message;
  if (!node.empty() || !op.empty()) message += " (" + (op.empty() ? "" : op + " ") + "node " + (node.empty() ? "without a name" : node) + ")";
  throw Failure(status, message);
}

}  // namespace cli
