-- Callbacks that return what they must not.

local bad

function config(key, value)
  bad = value
end

function open(readonly) return {} end

function get_size(h)
  if bad == "get_size" then return nil end
  if bad == "get_size_nan" then return 0 / 0 end
  return 1048576
end

function can_write(h)
  if bad == "can_write" then return 1 end
  return true
end

function can_fua(h)
  if bad == "can_fua" then return 7 end
  return nbdkit.FUA_NONE
end

function pread(h, count, offset)
  if bad == "pread" then return nil end
  if bad == "pread_short" then return string.rep("x", count - 1) end
  return string.rep("x", count + 1) -- a longer one is fine
end

function pwrite(h, buf, offset) end

function list_exports(readonly, is_tls)
  if bad == "list_exports" then return 5 end
  return {""}
end

function extents(h, count, offset, flags)
  if bad == "extents" then return 5 end
  if bad == "extents_entry" then return {5} end
  return {{0, 1048576, 0}}
end
