//! Einstein's notation.

use blockfold_core::{Error, Result};

use super::Array;

/// An array whose axes have letters.
struct Lettered {
    array: Array,
    letters: Vec<char>,
}

pub(super) fn einsum(spec: &str, arrays: &[Array]) -> Result<Array> {
    let wrong = |what: &str| Error::argument("einsum", format!("'{spec}': {what}"));
    let spec_text: String = spec.chars().filter(|c| !c.is_whitespace()).collect();
    let (inputs, output) = match spec_text.split_once("->") {
        Some((inputs, output)) => (inputs, Some(output)),
        None => (spec_text.as_str(), None),
    };
    let inputs: Vec<Vec<char>> = inputs.split(',').map(|letters| letters.chars().collect()).collect();
    if inputs.len() != arrays.len() {
        return Err(wrong(&format!("{} lists of indices for {} arrays", inputs.len(), arrays.len())));
    }
    if inputs.iter().flatten().any(|letter| !letter.is_alphabetic()) {
        return Err(wrong("indices are letters"));
    }
    let output: Vec<char> = match output {
        Some(output) => output.chars().collect(),
        None => {
            let mut once: Vec<char> = inputs.iter().flatten().copied().collect();
            once.sort_unstable();
            let all = once.clone();
            once.retain(|letter| all.iter().filter(|other| *other == letter).count() == 1);
            once
        }
    };
    let has = |letter: &char| inputs.iter().flatten().any(|known| known == letter);
    let twice = (1..output.len()).any(|i| output[..i].contains(&output[i]));
    if !output.iter().all(has) || twice {
        return Err(wrong("the result's indices are some of the arrays', each once"));
    }
    let mut operands: Vec<Lettered> = Vec::new();
    for (array, letters) in arrays.iter().zip(&inputs) {
        if array.ndim()? != letters.len() {
            return Err(wrong(&format!("{} indices for an array of shape {:?}", letters.len(), array.shape()?)));
        }
        operands.push(without_repeats(Lettered { array: array.clone(), letters: letters.clone() })?);
    }
    let mut lengths: Vec<(char, u64)> = Vec::new();
    for operand in &operands {
        for (letter, length) in operand.letters.iter().zip(operand.array.shape()?) {
            match lengths.iter().find(|(known, _)| known == letter) {
                Some((_, known)) if *known != length => {
                    return Err(wrong(&format!("index {letter} is {known} long in one array, {length} in another")));
                }
                Some(_) => {}
                None => lengths.push((*letter, length)),
            }
        }
    }
    let mut rest = operands.into_iter();
    let mut sum = rest.next().ok_or_else(|| wrong("no array"))?;
    while let Some(next) = rest.next() {
        let later: Vec<char> =
            rest.as_slice().iter().flat_map(|operand| operand.letters.clone()).chain(output.clone()).collect();
        sum = product(sum, next, &later);
    }
    let gone: Vec<i64> = axes_of(&sum.letters, |letter| !output.contains(letter));
    if !gone.is_empty() {
        sum = Lettered {
            array: sum.array.sum(gone),
            letters: sum.letters.into_iter().filter(|letter| output.contains(letter)).collect(),
        };
    }
    let order: Vec<i64> = output
        .iter()
        .filter_map(|letter| sum.letters.iter().position(|own| own == letter))
        .map(|axis| axis as i64)
        .collect();
    Ok(sum.array.transpose(&order))
}

fn axes_of(letters: &[char], wanted: impl Fn(&char) -> bool) -> Vec<i64> {
    letters.iter().enumerate().filter(|(_, letter)| wanted(letter)).map(|(axis, _)| axis as i64).collect()
}

/// The diagonal along axes that have the same letter.
fn without_repeats(mut of: Lettered) -> Result<Lettered> {
    while let Some(second) = (1..of.letters.len()).find(|i| of.letters[..*i].contains(&of.letters[*i])) {
        let letter = of.letters[second];
        let first = of.letters.iter().position(|own| *own == letter).unwrap_or(0);
        let shape = of.array.shape()?;
        let (n, m) = (shape[first], shape[second]);
        if n != m {
            return Err(Error::argument("einsum", format!("index {letter} is {n} and {m} long in one array")));
        }
        // Both axes go to the end, and are one with a step over the diagonal.
        let others: Vec<usize> = (0..shape.len()).filter(|axis| *axis != first && *axis != second).collect();
        let order: Vec<i64> = others.iter().chain(&[first, second]).map(|axis| *axis as i64).collect();
        let mut flat: Vec<i64> = others.iter().map(|axis| shape[*axis].cast_signed()).collect();
        flat.push((n * m).cast_signed());
        let step = n.cast_signed() + 1;
        of.array = of.array.transpose(&order).reshape(flat).slice_axis(-1, None, None, step);
        of.letters = others.iter().map(|axis| of.letters[*axis]).chain([letter]).collect();
    }
    Ok(of)
}

/// The product of two arrays, summed over the indices that both have and nothing later needs.
fn product(left: Lettered, right: Lettered, later: &[char]) -> Lettered {
    let summed: Vec<char> = left
        .letters
        .iter()
        .copied()
        .filter(|letter| right.letters.contains(letter) && !later.contains(letter))
        .collect();
    let shared = left.letters.iter().any(|letter| right.letters.contains(letter) && !summed.contains(letter));
    if !shared && !summed.is_empty() {
        let axes = |letters: &[char]| {
            summed
                .iter()
                .filter_map(|letter| letters.iter().position(|own| own == letter))
                .map(|axis| axis as i64)
                .collect::<Vec<i64>>()
        };
        let array = left.array.tensordot(&right.array, (&axes(&left.letters), &axes(&right.letters)));
        let letters =
            left.letters.iter().chain(&right.letters).copied().filter(|letter| !summed.contains(letter)).collect();
        return Lettered { array, letters };
    }
    // Indices of both that stay: elements are multiplied where they stand, over all indices of either.
    let mut letters = left.letters.clone();
    letters.extend(right.letters.iter().filter(|letter| !left.letters.contains(letter)));
    let spread = |of: &Lettered| {
        let present: Vec<char> = letters.iter().copied().filter(|letter| of.letters.contains(letter)).collect();
        let order: Vec<i64> = present
            .iter()
            .filter_map(|letter| of.letters.iter().position(|own| own == letter))
            .map(|axis| axis as i64)
            .collect();
        let mut array = of.array.transpose(&order);
        for (axis, letter) in letters.iter().enumerate() {
            if !of.letters.contains(letter) {
                array = array.expand_dims(axis as i64);
            }
        }
        array
    };
    let array = &spread(&left) * &spread(&right);
    let gone = axes_of(&letters, |letter| summed.contains(letter));
    let array = if gone.is_empty() { array } else { array.sum(gone) };
    Lettered { array, letters: letters.into_iter().filter(|letter| !summed.contains(letter)).collect() }
}
