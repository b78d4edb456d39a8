//! Arrow IPC files, memory-mapped.
