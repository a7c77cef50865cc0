package libmo

// Live is the number of native objects that are not freed yet.
func Live() int64 { return live.Load() }
