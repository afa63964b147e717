-- Says what happens to it.

print("top")

function load() print("load") end
function config(key, value) print("config " .. key .. "=" .. value) end
function config_complete() print("config_complete") end

function thread_model()
  print("thread_model")
  return nbdkit.THREAD_MODEL_PARALLEL
end

function get_ready() print("get_ready") end
function after_fork() print("after_fork") end

function open(readonly) print("open") return {} end
function get_size(h) print("get_size") return 1048576 end
function can_write(h) print("can_write") return true end
function can_flush(h) print("can_flush") return true end
function can_multi_conn(h) print("can_multi_conn") return true end

function pread(h, count, offset)
  print("pread " .. offset)
  return string.rep("x", count)
end

function flush(h) print("flush") end
function close(h) print("close") end
function cleanup() print("cleanup") end
function unload() print("unload") end
