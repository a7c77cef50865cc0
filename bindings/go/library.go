package libmo

import (
	"encoding/json"
	"fmt"
	"runtime/cgo"
	"sync"

	"libmo.ai/libmo/internal/native"
)

// abiVersion is the binary interface this package was written for.
const abiVersion = 1

// Version is the release of the library, "0.1.0"; "" when it did not load, see [ErrNoLibrary].
func Version() string { return native.Mo_version() }

// ABIVersion is the number of the library's binary interface; 0 when it did not load.
func ABIVersion() int { return native.Mo_abi_version() }

// compatible tells why there is no library that fits; every constructor asks.
var compatible = sync.OnceValue(func() error {
	if native.Missing != "" {
		return &Error{Code: CodeUnsupported, Message: native.Missing, cause: ErrNoLibrary}
	}
	if got := ABIVersion(); got != abiVersion {
		message := fmt.Sprintf("the libmo library that was loaded (%s) has ABI %d, this package needs %d", Version(), got, abiVersion)
		return &Error{Code: CodeUnsupported, Message: message, cause: ErrNoLibrary}
	}
	return nil
})

// BuildInfo says how the library was built, as a JSON object.
func BuildInfo() (json.RawMessage, error) {
	if err := compatible(); err != nil {
		return nil, err
	}
	var out uintptr
	return bytes(out2(&out, native.Mo_build_info_json))
}

// Device is something that can run models.
type Device struct {
	Name        string   `json:"name"`
	Description string   `json:"description"`
	Threads     int      `json:"threads"` // what the process may use, not what the machine has
	Features    []string `json:"features"`
}

// Devices lists the devices that can run models.
func Devices() ([]Device, error) {
	if err := compatible(); err != nil {
		return nil, err
	}
	var out uintptr
	data, err := bytes(out2(&out, native.Mo_devices_json))
	if err != nil {
		return nil, err
	}
	var list struct{ Devices []Device }
	return list.Devices, json.Unmarshal(data, &list)
}

func out2(out *uintptr, call func(*uintptr) uintptr) (uintptr, error) {
	err := check(call(out))
	return *out, err
}

// LogLevel is how much [SetLog] reports.
type LogLevel int

// The levels.
const (
	LogOff     LogLevel = 0
	LogError   LogLevel = 1
	LogWarning LogLevel = 2
	LogInfo    LogLevel = 3
	LogDebug   LogLevel = 4
)

var (
	logLock   sync.Mutex
	logHandle cgo.Handle
)

// SetLog sends the library's log lines up to level to sink; nil turns logging off, which is the default. One sink for the process. It is called
// from any goroutine or thread, one call at a time, and must not use this package; a panic in it is dropped together with the line. When
// SetLog returns, the former sink is not running and will not be called again.
func SetLog(level LogLevel, sink func(level LogLevel, message string)) {
	logLock.Lock()
	defer logLock.Unlock()
	old := logHandle
	logHandle = 0
	if sink != nil {
		logHandle = cgo.NewHandle(native.LogFunc(func(level int, message string) { sink(LogLevel(level), message) }))
	}
	native.Mo_set_log(uintptr(logHandle), int(level))
	if old != 0 {
		old.Delete()
	}
}
