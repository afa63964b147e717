package stdlib

import "workbench/plugins"

// Constants returns the numbers that scripts find under nbdkit's names, as
// nbdkit.FLAG_FUA. The map is the caller's.
func Constants() map[string]int {
	return map[string]int{
		"THREAD_MODEL_SERIALIZE_CONNECTIONS":  int(plugins.SerializeConnections),
		"THREAD_MODEL_SERIALIZE_ALL_REQUESTS": int(plugins.SerializeAllRequests),
		"THREAD_MODEL_SERIALIZE_REQUESTS":     int(plugins.SerializeRequests),
		"THREAD_MODEL_PARALLEL":               int(plugins.Parallel),

		"FLAG_MAY_TRIM":  int(plugins.FlagMayTrim),
		"FLAG_FUA":       int(plugins.FlagFUA),
		"FLAG_REQ_ONE":   int(plugins.FlagReqOne),
		"FLAG_FAST_ZERO": int(plugins.FlagFastZero),

		"FUA_NONE":      int(plugins.None),
		"FUA_EMULATE":   int(plugins.Emulate),
		"FUA_NATIVE":    int(plugins.Native),
		"CACHE_NONE":    int(plugins.None),
		"CACHE_EMULATE": int(plugins.Emulate),
		"CACHE_NATIVE":  int(plugins.Native),

		"EXTENT_HOLE": int(plugins.ExtentHole),
		"EXTENT_ZERO": int(plugins.ExtentZero),
	}
}
