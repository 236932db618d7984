import cffi

ffi = cffi.FFI()
ffi.cdef("int ca_context_create(int); int ca_array_put(long, unsigned long, void *, const void *);")
ca = ffi.dlopen("libca.so")
ca.ca_context_create(0)
ca.ca_array_put(6, 1, ffi.NULL, ffi.new("double *", 2.5))
