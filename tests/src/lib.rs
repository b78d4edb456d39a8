//! Conformance, fault and oracle tests of blockfold; nothing here is for others to use.
