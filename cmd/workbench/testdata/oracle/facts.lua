-- Answers the can_* questions in another way at every open: first each
-- combination of true and false, then what is no boolean.

local opens = 0

function open (readonly)
   opens = opens + 1
   return { n = opens - 1 }
end

local strange = {
   function () return 1 end,
   function () return 0 end,
   function () return "true" end,
   function () return nil end,
   function () return end,
   function () return {} end,
   function () error ("not today") end,
   function () return true, false end,
}

local function answer (h, i)
   if h.n < 16 then
      return math.floor (h.n / 2 ^ i) % 2 == 0
   end
   local n = h.n - 16
   if n % 4 == i then
      return strange[math.floor (n / 4) % #strange + 1] ()
   end
   return true
end

function get_size (h) return 1048576 end
function can_write (h) return answer (h, 0) end
function can_flush (h) return answer (h, 1) end
function can_trim (h) return answer (h, 2) end
function is_rotational (h) return answer (h, 3) end
function pread (h, count, offset) return string.rep ("r", count) end
function pwrite (h, buf, offset) end
function flush (h) end
function trim (h, count, offset) end
function zero (h, count, offset, may_trim) end
