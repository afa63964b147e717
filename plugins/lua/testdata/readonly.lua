function open(readonly) return {} end
function get_size(h) return 1048576 end
function can_write(h) return false end
function pread(h, count, offset) return string.rep("x", count) end
function pwrite(h, buf, offset) error("this disk cannot be written") end
