-- API version 2: a buffer to fill, and flags.

API_VERSION = 2

local disk = workbench.memory("1M")

function open(readonly) return disk end
function get_size(h) return h:size() end
function can_fua(h) return nbdkit.FUA_NATIVE end
function can_fast_zero(h) return true end

function pread(h, buf, offset, flags)
  buf:set(0, h:pread(#buf, offset))
end

function pwrite(h, buf, offset, flags)
  print("pwrite flags=" .. flags)
  h:pwrite(buf, offset)
end

function flush(h, flags)
  print("flush flags=" .. flags)
  h:flush()
end

function trim(h, count, offset, flags)
  print("trim flags=" .. flags)
  h:trim(count, offset)
end

function zero(h, count, offset, flags)
  print("zero flags=" .. flags)
  if bit32.band(flags, nbdkit.FLAG_FAST_ZERO) ~= 0 then
    error("ENOTSUP: there is nothing faster than writing")
  end
  h:zero(count, offset, bit32.band(flags, nbdkit.FLAG_MAY_TRIM) ~= 0)
end
