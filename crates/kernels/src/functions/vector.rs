//! Functions of many numbers at once: loops without branches, which compilers make vector instructions of.
//!
//! Arguments are reduced and polynomials evaluated as in Sun's fdlibm (e_log.c, k_sin.c, k_cos.c, e_rem_pio2.c, 1993), whose
//! constants these are; the exponential is Taylor's series after Cody and Waite's reduction. Errors stay within one unit in
//! the last place. Numbers outside of a function's fast range (very large ones, NaN, poles, results that are denormal) are
//! left to the standard library. The same operations run with every instruction set, so that results do not differ.

// Constants are written as they were published, digits beyond a double's among them.
#![allow(clippy::excessive_precision)]

use blockfold_core::dispatched;

/// Added and taken off again, it rounds a number below 2^51 to a whole one, which is then in the lowest bits of the sum.
const ROUNDER: f64 = 6755399441055744.0;

const LN2_HIGH: f64 = 6.93147180369123816490e-01;
const LN2_LOW: f64 = 1.90821492927058770002e-10;

/// `f` of each number by the fast function, and by the exact one where `is_fast` does not hold.
macro_rules! of_many {
    ($($(#[$doc:meta])* $name:ident: $fast:ident, $exact:expr, $is_fast:expr;)*) => {
        $(dispatched! {
            $(#[$doc])*
            pub(super) fn $name(from: &[f64], to: &mut [f64]) {
                let mut are_fast = true;
                for (x, to) in from.iter().zip(to.iter_mut()) {
                    are_fast &= $is_fast(*x);
                    *to = $fast(*x);
                }
                if !are_fast {
                    for (x, to) in from.iter().zip(to.iter_mut()) {
                        if !$is_fast(*x) {
                            *to = $exact(*x);
                        }
                    }
                }
            }
        })*
    };
}

of_many! {
    /// e to the power of each number.
    exp: exp_one, f64::exp, |x: f64| (-708.0..=709.0).contains(&x);
    /// The natural logarithm of each number.
    log: log_one, f64::ln, |x: f64| (f64::MIN_POSITIVE..=f64::MAX).contains(&x);
    /// The sine of each number.
    sin: sin_one, f64::sin, |x: f64| x.abs() <= LONGEST_ANGLE;
    /// The cosine of each number.
    cos: cos_one, f64::cos, |x: f64| x.abs() <= LONGEST_ANGLE;
}

/// Angles up to here are reduced exactly.
const LONGEST_ANGLE: f64 = 1e6;

#[inline(always)]
fn exp_one(x: f64) -> f64 {
    let shifted = x * std::f64::consts::LOG2_E + ROUNDER;
    let n = shifted - ROUNDER;
    let r = (x - n * LN2_HIGH) - n * LN2_LOW;
    // 1 / k!, from 2 to 13.
    let r2 = r * r;
    let r4 = r2 * r2;
    let a = (1.0 / 2.0 + r * (1.0 / 6.0)) + r2 * (1.0 / 24.0 + r * (1.0 / 120.0));
    let b = (1.0 / 720.0 + r * (1.0 / 5040.0)) + r2 * (1.0 / 40320.0 + r * (1.0 / 362_880.0));
    let c = (1.0 / 3_628_800.0 + r * (1.0 / 39_916_800.0)) + r2 * (1.0 / 479_001_600.0 + r * (1.0 / 6_227_020_800.0));
    let tail = r2 * (a + r4 * (b + r4 * c));
    // The whole number is in the low bits of the shifted one: moved up, it is the exponent of a power of two.
    let power = f64::from_bits(shifted.to_bits().wrapping_add(1023) << 52);
    (1.0 + (r + tail)) * power
}

#[inline(always)]
fn log_one(x: f64) -> f64 {
    const LG: [f64; 7] = [
        6.666666666666735130e-01,
        3.999999999940941908e-01,
        2.857142874366239149e-01,
        2.222219843214978396e-01,
        1.818357216161805012e-01,
        1.531383769920937332e-01,
        1.479819860511658591e-01,
    ];
    // The mantissa is moved to between half the root of 2 and the root of 2.
    let bits = x.to_bits().wrapping_add(0x3ff0_0000_0000_0000 - 0x3fe6_a09e_667f_3bcd);
    let exponent = bits >> 52;
    let mantissa = (bits & 0x000f_ffff_ffff_ffff).wrapping_add(0x3fe6_a09e_667f_3bcd);
    // A small whole number as a float: put among the low bits of 2^52.
    let k = f64::from_bits(exponent | 0x4330_0000_0000_0000) - 4503599627370496.0 - 1023.0;
    let f = f64::from_bits(mantissa) - 1.0;
    let s = f / (2.0 + f);
    let z = s * s;
    let w = z * z;
    let even = w * (LG[1] + w * (LG[3] + w * LG[5]));
    let odd = z * (LG[0] + w * (LG[2] + w * (LG[4] + w * LG[6])));
    let half_square = 0.5 * f * f;
    k * LN2_HIGH - ((half_square - (s * (half_square + (even + odd)) + k * LN2_LOW)) - f)
}

/// What is left of an angle after as many right angles as come nearest, with its own rounding error, and their number in the
/// lowest bits.
#[inline(always)]
fn reduced(x: f64) -> (f64, f64, u64) {
    const RIGHT: [f64; 4] = [
        1.57079632673412561417e+00,
        6.07710050630396597660e-11,
        2.02226624871116645580e-21,
        8.47842766036889956997e-32,
    ];
    let shifted = x * std::f64::consts::FRAC_2_PI + ROUNDER;
    let n = shifted - ROUNDER;
    let first = x - n * RIGHT[0];
    let second = first - n * RIGHT[1];
    let lost = (first - second) - n * RIGHT[1];
    let third = n * RIGHT[2] - lost;
    let rest = second - third;
    (rest, ((second - rest) - third) - n * RIGHT[3], shifted.to_bits())
}

/// The sine of a number between minus and plus an eighth of a circle, given with its rounding error.
#[inline(always)]
fn sin_near(x: f64, error: f64) -> f64 {
    const S: [f64; 6] = [
        -1.66666666666666324348e-01,
        8.33333333332248946124e-03,
        -1.98412698298579493134e-04,
        2.75573137070700676789e-06,
        -2.50507602534068634195e-08,
        1.58969099521155010221e-10,
    ];
    let z = x * x;
    let cube = z * x;
    let r = S[1] + z * (S[2] + z * S[3]) + z * (z * z) * (S[4] + z * S[5]);
    x - ((z * (0.5 * error - cube * r) - error) - cube * S[0])
}

/// The cosine of such a number.
#[inline(always)]
fn cos_near(x: f64, error: f64) -> f64 {
    const C: [f64; 6] = [
        4.16666666666666019037e-02,
        -1.38888888888741095749e-03,
        2.48015872894767294178e-05,
        -2.75573143513906633035e-07,
        2.08757232129817482790e-09,
        -1.13596475577881948265e-11,
    ];
    let z = x * x;
    let w = z * z;
    let r = z * (C[0] + z * (C[1] + z * C[2])) + w * w * (C[3] + z * (C[4] + z * C[5]));
    let half = 0.5 * z;
    let below = 1.0 - half;
    below + (((1.0 - below) - half) + (z * r - x * error))
}

/// Of the sine and the cosine that which a quarter turn asks for, with its sign.
#[inline(always)]
fn quarter(sine: f64, cosine: f64, turns: u64) -> f64 {
    let odd = 0u64.wrapping_sub(turns & 1);
    let value = (sine.to_bits() & !odd) | (cosine.to_bits() & odd);
    f64::from_bits(value ^ ((turns & 2) << 62))
}

#[inline(always)]
fn sin_one(x: f64) -> f64 {
    let (rest, error, turns) = reduced(x);
    let value = quarter(sin_near(rest, error), cos_near(rest, error), turns);
    // The sine of -0.0 is -0.0.
    if x == 0.0 { x } else { value }
}

#[inline(always)]
fn cos_one(x: f64) -> f64 {
    let (rest, error, turns) = reduced(x);
    quarter(sin_near(rest, error), cos_near(rest, error), turns.wrapping_add(1))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    type Many = fn(&[f64], &mut [f64]);
    type One = fn(f64) -> f64;
    const FUNCTIONS: [(&str, Many, One); 4] =
        [("exp", exp, f64::exp), ("log", log, f64::ln), ("sin", sin, f64::sin), ("cos", cos, f64::cos)];

    fn check(values: &[f64]) {
        let mut got = vec![0.0; values.len()];
        for (name, many, one) in FUNCTIONS {
            many(values, &mut got);
            for (x, got) in values.iter().zip(&got) {
                let expected = one(*x);
                let near = (got.is_nan() && expected.is_nan())
                    || (got.is_sign_negative() == expected.is_sign_negative()
                        && got.to_bits().abs_diff(expected.to_bits()) <= 1);
                assert!(near, "{name}({x:e}) is {expected:e}, not {got:e}");
            }
        }
    }

    #[test]
    fn special_numbers_are_those_of_the_library() {
        let quarter = std::f64::consts::FRAC_PI_2;
        let mut values = vec![
            0.0,
            -0.0,
            1.0,
            -1.0,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
            f64::MAX,
            f64::MIN_POSITIVE,
            5e-324,
            -5e-324,
            709.78,
            -745.2,
            710.0,
            -708.5,
            1e22,
            1e-300,
            std::f64::consts::SQRT_2,
            std::f64::consts::FRAC_1_SQRT_2,
        ];
        values.extend((0..2000).map(|turns| f64::from(turns) * quarter));
        values.extend((0..2000).map(|turns| f64::from(turns * 317) * quarter));
        check(&values);
    }

    proptest! {
        #[test]
        fn numbers_are_within_one_unit_of_the_last_place(
            small in prop::collection::vec(-800.0f64..800.0, 64),
            angles in prop::collection::vec(-1.2e6f64..1.2e6, 64),
            bits in prop::collection::vec(any::<u64>(), 64),
        ) {
            check(&small);
            check(&angles);
            check(&bits.iter().map(|bits| f64::from_bits(*bits)).collect::<Vec<_>>());
        }
    }
}
