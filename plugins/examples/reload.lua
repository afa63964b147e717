-- A script that hands its own data on when it is saved.
--
--   workbench mount reload.lua /tmp/notes
--   echo "remember the milk" | dd of=/tmp/notes conv=notrunc; cat /tmp/notes
--
-- Change something here and save: the screen says what was handed on, and the note is
-- still there. workbench.memory(name, size) survives by itself, variables do not.

name = "reload"
description = "a disk in a variable, which survives a reload"

local size = 64 * 1024
local data = ("\0"):rep(size)
local reloads = 0

-- Called in the old script, when the new one has started well. What it returns may be
-- nil, booleans, numbers, strings, and tables of these.
function before_reload()
  return { data = data, reloads = reloads }
end

-- Called in the new one, before its first request. An error here refuses the new
-- script, and the old one goes on; so this is the place to judge what came.
function after_reload(old)
  assert(#old.data == size, "the size has changed: a client would not notice")
  data, reloads = old.data, old.reloads + 1
  print("reload " .. reloads .. ": " .. size .. " bytes were handed on")
end

function open(readonly)
  return {}
end

function get_size(h)
  return size
end

function pread(h, count, offset)
  return data:sub(offset + 1, offset + count)
end

function pwrite(h, buf, offset)
  data = data:sub(1, offset) .. buf .. data:sub(offset + #buf + 1)
end
