//! The program as users run it: every command, every way to fail.

#![allow(clippy::unwrap_used, clippy::panic)]

mod program;

mod bad_input;
mod commands;
mod dashboard;
mod demo;
mod moves;
#[cfg(unix)]
mod signals;
mod visualize;
