-- Writes down what is called, with the arguments as Lua prints them.

local function call (...)
   local words = {}
   for i = 1, select ("#", ...) do
      words[i] = tostring ((select (i, ...)))
   end
   local log = assert (io.open ("calls.log", "a"))
   log:write (table.concat (words, " "), "\n")
   log:close ()
end

local empty = string.rep ("\0", 65536)

call ("top level")

function dump_plugin () call ("dump_plugin") end
function config (key, value) call ("config", key, value) end
function config_complete () call ("config_complete") end

local opens = 0

function open (readonly)
   opens = opens + 1
   call ("open", opens, readonly)
   return { opens = opens }
end

function close (h) call ("close", h.opens) end
function get_size (h) call ("get_size", h.opens) return 8388608 end
function can_write (h) call ("can_write", h.opens) return true end
function can_flush (h) call ("can_flush", h.opens) return true end
function can_trim (h) call ("can_trim", h.opens) return true end
function is_rotational (h) call ("is_rotational", h.opens) return true end

function pread (h, count, offset)
   call ("pread", h.opens, count, offset)
   return empty:rep (math.ceil (count / #empty))
end

function pwrite (h, buf, offset)
   call ("pwrite", h.opens, #buf, offset)
   if offset == 7340032 then error ("no") end
end

function flush (h) call ("flush", h.opens) end
function trim (h, count, offset) call ("trim", h.opens, count, offset) end

function zero (h, count, offset, may_trim)
   call ("zero", h.opens, count, offset, may_trim)
end
