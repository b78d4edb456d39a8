//! One loop, compiled for several instruction sets and chosen when the program runs.
//!
//! The loops are plain Rust and use integers or exact float operations only, so every set gives the same bits. This is the only module of
//! the crate with unsafe code: the calls of functions whose instructions the processor was asked for.
#![allow(unsafe_code)]

use crate::stream::{Fill, Lanes};

/// An instruction set the loops are compiled for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    /// What every processor of the target has.
    Portable,
    /// AVX2. Made by [`Level::available`] only.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// AVX-512 F, DQ and VL. Made by [`Level::available`] only.
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Level {
    /// The widest instruction set of this processor.
    pub(crate) fn detect() -> Self {
        Self::available().last().unwrap_or(Self::Portable)
    }

    /// The instruction sets of this processor, narrowest first.
    #[cfg(target_arch = "x86_64")]
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        let avx2 = is_x86_feature_detected!("avx2");
        let avx512 = is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl");
        [Some(Self::Portable), avx2.then_some(Self::Avx2), avx512.then_some(Self::Avx512)].into_iter().flatten()
    }

    /// The instruction sets of this processor, narrowest first.
    #[cfg(not(target_arch = "x86_64"))]
    pub(crate) fn available() -> impl Iterator<Item = Self> {
        std::iter::once(Self::Portable)
    }

    /// Overwrites `words` from `lanes` and `piece` from `words`, with the instructions of this level.
    pub(crate) fn run<F: Fill>(self, fill: &F, lanes: &mut Lanes, words: &mut [u64], piece: &mut [F::Value]) {
        match self {
            Self::Portable => fill_portable(fill, lanes, words, piece),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` makes this variant only where the processor has AVX2.
            Self::Avx2 => unsafe { fill_avx2(fill, lanes, words, piece) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `available` makes this variant only where the processor has AVX-512 F, DQ and VL.
            Self::Avx512 => unsafe { fill_avx512(fill, lanes, words, piece) },
        }
    }
}

#[inline(always)]
fn fill_portable<F: Fill>(fill: &F, lanes: &mut Lanes, words: &mut [u64], piece: &mut [F::Value]) {
    lanes.fill(words);
    fill.fill(words, piece);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
fn fill_avx2<F: Fill>(fill: &F, lanes: &mut Lanes, words: &mut [u64], piece: &mut [F::Value]) {
    fill_portable(fill, lanes, words, piece);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512dq,avx512vl")]
fn fill_avx512<F: Fill>(fill: &F, lanes: &mut Lanes, words: &mut [u64], piece: &mut [F::Value]) {
    fill_portable(fill, lanes, words, piece);
}
