-- How a disk fails: the ways to raise an error, and what the client gets.
--
--   workbench run errors.lua
--   qemu-io -f raw -c "write 1M 4k" "nbd+unix:///?socket=..."
--
-- The screen shows each failure with this file's line, the error that the script
-- raised and the one that NBD has for it: NBD knows eight, so EFBIG arrives as ENOSPC.

name = "errors"
description = "a disk in memory that fails in many ways"

local size = 8 * 1024 * 1024
local full = 1024 * 1024       -- from here on there is no space
local scratch = 2 * 1024 * 1024 -- this sector cannot be read
local disk = workbench.memory("errors", size)

function open(readonly)
  return disk
end

function get_size(h)
  return size
end

-- An error without a name is EIO, as with nbdkit.
function pread(h, count, offset)
  if offset <= scratch and scratch < offset + count then
    error("the disk is scratched at " .. scratch)
  end
  return h:pread(count, offset)
end

-- An error that begins with a name is what the client gets.
function pwrite(h, buf, offset)
  if offset + #buf > full then
    error("ENOSPC: there is space up to " .. full .. " only")
  end
  h:pwrite(buf, offset)
end

-- set_error says beforehand what any failure of this call shall be.
function trim(h, count, offset)
  nbdkit.set_error("EPERM")
  assert(offset >= full, "what is written cannot be trimmed")
  h:trim(count, offset)
end

-- ENOTSUP is special in zero: the zeroes are written instead, by pwrite.
function zero(h, count, offset, may_trim)
  error("ENOTSUP: no faster way to zero here")
end
