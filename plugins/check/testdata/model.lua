function thread_model() return nbdkit.THREAD_MODEL_PARALLEL end -- want: note thread_model asks for parallel
function open(readonly) return {} end
function get_size(h) return 65536 end
function pread(h, count, offset) return string.rep("\0", count) end
