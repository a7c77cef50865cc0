//go:build libmo_linked

package native

// With this tag the program is linked with the libmo that pkg-config names, and does not start without it.

// #cgo pkg-config: mo
// #cgo CXXFLAGS: -DMO_GO_LINKED
import "C"

// Missing says why there is no library; "" as there is one.
const Missing = ""
