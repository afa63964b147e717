-- write
function open(readonly) return workbench.memory(1024 * 1024) end
function get_size(h) return h:size() end
function pread(h, count, offset) return h:pread(count, offset) end
function pwrite(h, buf, offset) h:pwrite(buf, offset) end
function can_multi_conn(h) return true end -- want: error a second client does not see what the first has written
