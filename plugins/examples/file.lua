-- A disk in a file, with nothing but Lua's own io library.
--
--   truncate -s 64M disk.img
--   workbench run file.lua file=disk.img
--
-- It is an nbdkit plugin to the letter, and can be compared with the original:
--
--   nbdkit lua file.lua file=disk.img

name = "file"
description = "a disk in a file"
config_help = "file=PATH    the file (required)"

local path

function config(key, value)
  if key ~= "file" then
    error("there is no parameter " .. key .. ": give file=disk.img")
  end
  path = value
end

function config_complete()
  if not path then
    error("which file? Give file=disk.img")
  end
end

-- Each client gets a file of its own, and with it a position of its own.
-- assert raises what io.open says when it fails: "disk.img: No such file ...".
function open(readonly)
  local mode = readonly and "rb" or "r+b"
  return { file = assert(io.open(path, mode)) }
end

function close(h)
  h.file:close()
end

-- seek returns where it went, so the end of the file is its size.
function get_size(h)
  return assert(h.file:seek("end"))
end

function can_write(h)
  return true
end

function can_flush(h)
  return true
end

function pread(h, count, offset)
  assert(h.file:seek("set", offset))
  local data = h.file:read(count)
  if not data or #data < count then
    error("the file ended before " .. offset + count)
  end
  return data
end

function pwrite(h, buf, offset)
  assert(h.file:seek("set", offset))
  assert(h.file:write(buf))
end

function flush(h)
  assert(h.file:flush())
end
