//! Look-ups of many codes at once in a table of codes plus one.
//!
//! The loop runs for every row of a group-by. Processors with AVX-512 gather a vector of entries in one instruction;
//! others, and values of other widths, take the loop in plain Rust, which gives the same codes. This is the only module
//! of the crate with unsafe code, since a gather reads through a pointer.
#![allow(unsafe_code)]

/// Writes the entry less one of each place, [`MISSING`](crate::group::hash::MISSING) for entries that are 0 and for places
/// beyond the table; whether none was missing.
#[inline]
pub(super) fn find(table: &[u32], places: impl Iterator<Item = usize>, codes: &mut [u32]) -> bool {
    let mut all_found = true;
    for (code, place) in codes.iter_mut().zip(places) {
        let entry = table.get(place).copied().unwrap_or(0);
        all_found &= entry != 0;
        *code = entry.wrapping_sub(1);
    }
    all_found
}

/// [`find`] at the distances of values from `base`.
pub(super) fn find_i64(table: &[u32], base: i64, values: &[i64], codes: &mut [u32]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if has_avx512() {
        // SAFETY: the processor has AVX-512 F and VL.
        return unsafe { find_i64_avx512(table, base, values, codes) };
    }
    find(table, values.iter().map(|value| place(*value, base)), codes)
}

/// [`find`] at dictionary keys.
pub(super) fn find_i32(table: &[u32], keys: &[i32], codes: &mut [u32]) -> bool {
    #[cfg(target_arch = "x86_64")]
    if has_avx512() && i32::try_from(table.len()).is_ok() {
        // SAFETY: the processor has AVX-512 F and VL.
        return unsafe { find_i32_avx512(table, keys, codes) };
    }
    find(table, keys.iter().map(|key| usize::try_from(*key).unwrap_or(usize::MAX)), codes)
}

#[inline]
fn place(value: i64, base: i64) -> usize {
    usize::try_from(value.wrapping_sub(base).cast_unsigned()).unwrap_or(usize::MAX)
}

#[cfg(target_arch = "x86_64")]
fn has_avx512() -> bool {
    is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn find_i64_avx512(table: &[u32], base: i64, values: &[i64], codes: &mut [u32]) -> bool {
    use std::arch::x86_64::*;
    let ((eights, rest), (outs, rest_codes)) = (values.as_chunks::<8>(), codes.as_chunks_mut::<8>());
    let len = _mm512_set1_epi64(i64::try_from(table.len()).unwrap_or(0));
    let (bases, ones) = (_mm512_set1_epi64(base), _mm256_set1_epi32(1));
    let mut found: __mmask8 = !0;
    for (eight, out) in eights.iter().zip(outs) {
        // SAFETY: eight values are read from an array of eight.
        let places = _mm512_sub_epi64(unsafe { _mm512_loadu_epi64(eight.as_ptr()) }, bases);
        let inside = _mm512_cmplt_epu64_mask(places, len);
        let zeros = _mm256_setzero_si256();
        // SAFETY: lanes whose place is beyond the table are masked off and not read.
        let entries = unsafe { _mm512_mask_i64gather_epi32::<4>(zeros, inside, places, table.as_ptr().cast()) };
        found &= _mm256_test_epi32_mask(entries, entries);
        // SAFETY: eight codes are written to an array of eight.
        unsafe { _mm256_storeu_epi32(out.as_mut_ptr().cast(), _mm256_sub_epi32(entries, ones)) };
    }
    find(table, rest.iter().map(|value| place(*value, base)), rest_codes) && found == !0
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512vl")]
fn find_i32_avx512(table: &[u32], keys: &[i32], codes: &mut [u32]) -> bool {
    use std::arch::x86_64::*;
    let ((chunks, rest), (outs, rest_codes)) = (keys.as_chunks::<16>(), codes.as_chunks_mut::<16>());
    let len = _mm512_set1_epi32(i32::try_from(table.len()).unwrap_or(0));
    let ones = _mm512_set1_epi32(1);
    let mut found: __mmask16 = !0;
    for (chunk, out) in chunks.iter().zip(outs) {
        // SAFETY: sixteen keys are read from an array of sixteen.
        let places = unsafe { _mm512_loadu_epi32(chunk.as_ptr()) };
        // Negative keys are beyond the table, taken as unsigned.
        let inside = _mm512_cmplt_epu32_mask(places, len);
        let zeros = _mm512_setzero_si512();
        // SAFETY: lanes whose place is beyond the table are masked off and not read.
        let entries = unsafe { _mm512_mask_i32gather_epi32::<4>(zeros, inside, places, table.as_ptr().cast()) };
        found &= _mm512_test_epi32_mask(entries, entries);
        // SAFETY: sixteen codes are written to an array of sixteen.
        unsafe { _mm512_storeu_epi32(out.as_mut_ptr().cast(), _mm512_sub_epi32(entries, ones)) };
    }
    let rest = rest.iter().map(|key| usize::try_from(*key).unwrap_or(usize::MAX));
    find(table, rest, rest_codes) && found == !0
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::group::hash::MISSING;

    #[test]
    fn gathers_as_the_plain_loop_does() {
        let table: Vec<u32> = (0..100u32).map(|i| if i % 7 == 3 { 0 } else { i + 1 }).collect();
        for rows in [0, 1, 7, 8, 9, 15, 16, 17, 33, 100] {
            for shift in [0i64, 3, 90, -5, i64::MAX, i64::MIN] {
                let values: Vec<i64> = (0..rows).map(|i| (i * 5i64).wrapping_add(shift)).collect();
                let base = -2i64;
                let (mut plain, mut gathered) = (vec![0; values.len()], vec![0; values.len()]);
                let expected = find(&table, values.iter().map(|value| place(*value, base)), &mut plain);
                assert_eq!(find_i64(&table, base, &values, &mut gathered), expected);
                assert_eq!(plain, gathered);
            }
            for shift in [0i32, 40, -3, i32::MIN] {
                let keys: Vec<i32> = (0..i32::try_from(rows).unwrap()).map(|i| i.wrapping_add(shift)).collect();
                let (mut plain, mut gathered) = (vec![0; keys.len()], vec![0; keys.len()]);
                let places = keys.iter().map(|key| usize::try_from(*key).unwrap_or(usize::MAX));
                let expected = find(&table, places, &mut plain);
                assert_eq!(find_i32(&table, &keys, &mut gathered), expected);
                assert_eq!(plain, gathered);
            }
        }
        let mut codes = [0];
        assert!(!find_i32(&[], &[0], &mut codes));
        assert_eq!(codes, [MISSING]);
    }
}
