function open(readonly) return {} end
function get_size(h) return 1024 * 1024 end
function pread(h, count, offset) return string.rep("\0", count) end

pwrite = "x" -- want: warning pwrite is a string, not a function
can_multi_conn = true -- want: warning can_multi_conn is true, not a function
thread_model = nbdkit.THREAD_MODEL_PARALLEL -- want: warning thread_model is 3, not a function
config = {} -- a place for parameters is no mistake
