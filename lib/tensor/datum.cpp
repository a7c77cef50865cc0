// Construction of sequences.
#include "tensor/datum.h"

namespace mo {

Datum Datum::sequence(std::vector<Datum> list) {
  Datum d;
  d.kind = Kind::sequence;
  d.items = std::make_shared<const std::vector<Datum>>(std::move(list));
  return d;
}

}  // namespace mo
