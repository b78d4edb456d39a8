//! Paths, folders, globs and hive partitions to lists of files.
