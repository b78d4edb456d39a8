//! Trees to lazy arrays.

use std::collections::BTreeMap;

use anyhow::{Result, anyhow, bail};
use blockfold::array::{Axes, AxisChunks, Boundary, Chunking, Operand};
use blockfold::{Array, DType, Index, Scalar, Session, complex};

use super::parser::Tree;

/// What a part of an expression is.
#[derive(Clone, Debug)]
enum Value {
    Array(Array),
    Integer(i64),
    Float(f64),
    /// A number with a real and an imaginary part.
    Complex(f64, f64),
    Bool(bool),
    Text(String),
    None,
    List(Vec<Value>),
}

struct Env<'a> {
    names: &'a BTreeMap<String, Array>,
    session: &'a Session,
}

pub(super) fn evaluate(tree: &Tree, names: &BTreeMap<String, Array>, session: &Session) -> Result<Vec<Array>> {
    let one = |value: Value| match value {
        Value::Array(array) => Ok(array),
        Value::Integer(value) => Ok(session.full([], value, &DType::Int64, ())),
        Value::Float(value) => Ok(session.full([], value, &DType::Float64, ())),
        Value::Complex(re, im) => Ok(session.zeros([], ()).complex_number(re, im)),
        other => bail!("the expression is {}, not an array", kind(&other)),
    };
    match (Env { names, session }).value(tree)? {
        Value::List(values) if !values.is_empty() => values.into_iter().map(one).collect(),
        value => Ok(vec![one(value)?]),
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Array(_) => "an array",
        Value::Integer(_) | Value::Float(_) | Value::Complex(..) => "a number",
        Value::Bool(_) => "True or False",
        Value::Text(_) => "a text",
        Value::None => "None",
        Value::List(_) => "a list",
    }
}

/// Arguments of a call, taken one after the other or by name.
struct Args {
    function: String,
    args: std::vec::IntoIter<Value>,
    named: Vec<(String, Value)>,
}

impl Args {
    fn next(&mut self, name: &str) -> Option<Value> {
        match self.named.iter().position(|(known, _)| known == name) {
            Some(at) => Some(self.named.swap_remove(at).1),
            None => self.args.next(),
        }
    }

    fn named(&mut self, name: &str) -> Option<Value> {
        let at = self.named.iter().position(|(known, _)| known == name)?;
        Some(self.named.swap_remove(at).1)
    }

    fn need(&mut self, name: &str) -> Result<Value> {
        let function = self.function.clone();
        self.next(name).ok_or_else(|| anyhow!("{function} needs '{name}'"))
    }

    fn array(&mut self, name: &str) -> Result<Array> {
        let value = self.need(name)?;
        match value {
            Value::Array(array) => Ok(array),
            other => bail!("{}: '{name}' should be an array, not {}", self.function, kind(&other)),
        }
    }

    fn operand(&mut self, name: &str) -> Result<Operand> {
        let value = self.need(name)?;
        operand(value).map_err(|error| anyhow!("{}: '{name}': {error}", self.function))
    }

    fn integer(&mut self, name: &str) -> Result<i64> {
        let value = self.need(name)?;
        integer(&value).map_err(|error| anyhow!("{}: '{name}': {error}", self.function))
    }

    fn integer_or(&mut self, name: &str, default: i64) -> Result<i64> {
        match self.next(name) {
            Some(value) => integer(&value).map_err(|error| anyhow!("{}: '{name}': {error}", self.function)),
            None => Ok(default),
        }
    }

    fn float(&mut self, name: &str) -> Result<f64> {
        match self.need(name)? {
            Value::Float(value) => Ok(value),
            Value::Integer(value) => Ok(value as f64),
            other => bail!("{}: '{name}' should be a number, not {}", self.function, kind(&other)),
        }
    }

    fn integers(&mut self, name: &str) -> Result<Vec<i64>> {
        let value = self.need(name)?;
        integers(value).map_err(|error| anyhow!("{}: '{name}': {error}", self.function))
    }

    fn shape(&mut self) -> Result<Vec<u64>> {
        let shape = self.integers("shape")?;
        let lengths: Option<Vec<u64>> = shape.iter().map(|length| u64::try_from(*length).ok()).collect();
        lengths.ok_or_else(|| anyhow!("{}: a shape of {shape:?}; lengths are not negative", self.function))
    }

    /// `axis` and `keepdims` of a reduction.
    fn axes(&mut self) -> Result<Axes> {
        let axes = match self.next("axis") {
            None | Some(Value::None) => Axes::default(),
            Some(axes) => integers(axes)?.into(),
        };
        Ok(match self.named("keepdims") {
            Some(Value::Bool(true)) => axes.keepdims(),
            _ => axes,
        })
    }

    /// An axis; `None` when all elements are meant, row by row.
    fn axis(&mut self) -> Result<Option<i64>> {
        match self.next("axis") {
            None | Some(Value::None) => Ok(None),
            Some(axis) => Ok(Some(integer(&axis)?)),
        }
    }

    fn chunks(&mut self) -> Result<Chunking> {
        self.named("chunks").map_or(Ok(Chunking::Auto), chunking)
    }

    fn end(mut self) -> Result<()> {
        if let Some((name, _)) = self.named.pop() {
            bail!("{} does not take '{name}'", self.function);
        }
        match self.args.len() {
            0 => Ok(()),
            more => bail!("{} is given {more} arguments too many", self.function),
        }
    }
}

fn operand(value: Value) -> Result<Operand> {
    Ok(match value {
        Value::Array(array) => array.into(),
        Value::Integer(value) => value.into(),
        Value::Float(value) => value.into(),
        Value::Bool(value) => value.into(),
        other => bail!("an array or a number is needed, not {}", kind(&other)),
    })
}

fn integer(value: &Value) -> Result<i64> {
    match value {
        Value::Integer(value) => Ok(*value),
        other => bail!("a whole number is needed, not {}", kind(other)),
    }
}

fn integers(value: Value) -> Result<Vec<i64>> {
    match value {
        Value::List(values) => values.iter().map(integer).collect(),
        one => Ok(vec![integer(&one)?]),
    }
}

/// Chunks as they are written: a number, -1, 'auto', or one of these or a list of lengths for each axis.
fn chunking(value: Value) -> Result<Chunking> {
    let axis = |value: &Value| match value {
        Value::Integer(chunk) => Ok(AxisChunks::from(*chunk)),
        Value::Text(text) if text == "auto" => Ok(AxisChunks::Auto),
        Value::List(lengths) => {
            let lengths = lengths.iter().map(|length| Ok(u64::try_from(integer(length)?)?)).collect::<Result<_>>();
            Ok(AxisChunks::Lengths(lengths?))
        }
        other => bail!("chunks are a number, -1, 'auto' or a list, not {}", kind(other)),
    };
    match value {
        Value::List(axes) => Ok(Chunking::Axes(axes.iter().map(axis).collect::<Result<_>>()?)),
        Value::Text(text) if text == "auto" => Ok(Chunking::Auto),
        one => Ok(Chunking::Every(axis(&one)?)),
    }
}

impl Env<'_> {
    fn value(&self, tree: &Tree) -> Result<Value> {
        Ok(match tree {
            Tree::Integer(value) => Value::Integer(*value),
            Tree::Float(value) => Value::Float(*value),
            Tree::Imaginary(value) => Value::Complex(0.0, *value),
            Tree::Bool(value) => Value::Bool(*value),
            Tree::Text(text) => Value::Text(text.clone()),
            Tree::None => Value::None,
            Tree::Tuple(items) | Tree::List(items) => {
                Value::List(items.iter().map(|item| self.value(item)).collect::<Result<_>>()?)
            }
            Tree::Name(name) => self.name(name)?,
            Tree::Unary(sign, operand) => unary(sign, self.value(operand)?)?,
            Tree::Binary(op, left, right) => binary(op, self.value(left)?, self.value(right)?)?,
            Tree::Attribute(of, name) => self.attribute(of, name)?,
            Tree::Index(of, indices) => self.indexed(of, indices)?,
            Tree::Call(function, args, named) => self.call(function, args, named)?,
            Tree::Slice(..) | Tree::Ellipsis => bail!("a slice can stand in square brackets only"),
        })
    }

    fn name(&self, name: &str) -> Result<Value> {
        if let Some(array) = self.names.get(name) {
            return Ok(Value::Array(array.clone()));
        }
        Ok(match name {
            "pi" => Value::Float(std::f64::consts::PI),
            "e" => Value::Float(std::f64::consts::E),
            "inf" => Value::Float(f64::INFINITY),
            "nan" => Value::Float(f64::NAN),
            _ => {
                let known: Vec<&str> = self.names.keys().map(String::as_str).collect();
                bail!(
                    "no array is called '{name}'; there are: {}. Name one with --npy {name}=FILE or --random {name}=SHAPE",
                    known.join(", ")
                )
            }
        })
    }

    fn array(&self, tree: &Tree) -> Result<Array> {
        match self.value(tree)? {
            Value::Array(array) => Ok(array),
            other => bail!("an array is needed, not {}", kind(&other)),
        }
    }

    fn attribute(&self, of: &Tree, name: &str) -> Result<Value> {
        if *of == Tree::Name("np".into()) || *of == Tree::Name("numpy".into()) {
            if dtype_of(Value::Text(name.to_string())).is_ok() {
                return Ok(Value::Text(name.to_string()));
            }
            return self.name(name);
        }
        let array = self.array(of)?;
        Ok(match name {
            "T" => Value::Array(array.t()),
            "real" => Value::Array(array.real()),
            "imag" => Value::Array(array.imag()),
            "ndim" => Value::Integer(array.ndim()? as i64),
            "size" => Value::Integer(i64::try_from(array.size()?)?),
            "shape" => {
                let lengths = array.shape()?.into_iter().map(|length| Ok(Value::Integer(i64::try_from(length)?)));
                Value::List(lengths.collect::<Result<_>>()?)
            }
            other => bail!(
                "an array has no '{other}'; it has T, shape, size, ndim and the functions as methods: x.{other}()"
            ),
        })
    }

    fn indexed(&self, of: &Tree, indices: &[Tree]) -> Result<Value> {
        // x[(1, 2)] is x[1, 2], and x[()] is x.
        let indices = match indices {
            [Tree::Tuple(inner)] => inner.as_slice(),
            other => other,
        };
        let of = self.value(of)?;
        if let (Value::List(items), [index]) = (&of, indices) {
            let at = integer(&self.value(index)?)?;
            let at = if at < 0 { at + items.len() as i64 } else { at };
            let item = usize::try_from(at).ok().and_then(|at| items.get(at));
            return item.cloned().ok_or_else(|| anyhow!("index {at} of a list of {}", items.len()));
        }
        let Value::Array(array) = of else { bail!("{} cannot be indexed", kind(&of)) };
        if let [one] = indices
            && !matches!(one, Tree::Slice(..) | Tree::Ellipsis)
            && let Value::Array(mask) = self.value(one)?
            && mask.dtype()? == DType::Boolean
            && mask.shape()? == array.shape()?
        {
            return Ok(Value::Array(array.mask(&mask)?));
        }
        let bound = |part: &Option<Box<Tree>>| part.as_ref().map(|tree| integer(&self.value(tree)?)).transpose();
        let index = |tree: &Tree| {
            Ok(match tree {
                Tree::Ellipsis => Index::Ellipsis,
                Tree::Slice(start, stop, step) => Index::Slice(bound(start)?, bound(stop)?, bound(step)?.unwrap_or(1)),
                other => match self.value(other)? {
                    Value::Integer(at) => Index::At(at),
                    Value::None => Index::NewAxis,
                    Value::List(rows) if matches!(rows.first(), Some(Value::List(_))) => {
                        let rows = rows.into_iter().map(integers).collect::<Result<Vec<_>>>()?;
                        let shape = [rows.len(), rows.first().map_or(0, Vec::len)];
                        Index::Of(self.session.from_vec(rows.concat(), shape, ()))
                    }
                    Value::List(places) => Index::Places(places.iter().map(integer).collect::<Result<_>>()?),
                    Value::Array(places) => Index::Of(places),
                    other => bail!("{} is no index", kind(&other)),
                },
            })
        };
        let indices: Vec<Index> = indices.iter().map(index).collect::<Result<_>>()?;
        Ok(Value::Array(array.index(indices)))
    }

    /// Whether a name is NumPy, or a part of it.
    fn is_module(&self, of: &Tree) -> bool {
        match of {
            Tree::Name(module) => ["np", "numpy", "da"].contains(&module.as_str()) && !self.names.contains_key(module),
            Tree::Attribute(inner, part) => {
                ["linalg", "random", "fft"].contains(&part.as_str()) && self.is_module(inner)
            }
            _ => false,
        }
    }

    fn call(&self, function: &Tree, args: &[Tree], named: &[(String, Tree)]) -> Result<Value> {
        let mut values = Vec::new();
        let name = match function {
            Tree::Name(name) => name.clone(),
            Tree::Attribute(of, name) => {
                if !self.is_module(of) {
                    values.push(self.value(of)?);
                }
                name.clone()
            }
            _ => bail!("only functions and methods can be called"),
        };
        for arg in args {
            values.push(self.value(arg)?);
        }
        let named = named.iter().map(|(name, tree)| Ok((name.clone(), self.value(tree)?))).collect::<Result<_>>()?;
        let mut args = Args { function: name.clone(), args: values.into_iter(), named };
        let result = match self.several(&name, &mut args)? {
            Some(several) => Value::List(several.into_iter().map(Value::Array).collect()),
            None => Value::Array(self.function(&name, &mut args)?),
        };
        args.end()?;
        Ok(result)
    }

    /// A function that gives several arrays; `None` for others.
    fn several(&self, name: &str, args: &mut Args) -> Result<Option<Vec<Array>>> {
        if !matches!(name, "lu" | "qr" | "svd") {
            return Ok(None);
        }
        let x = args.array("x")?;
        Ok(Some(match name {
            "lu" => x.lu()?.to_vec(),
            "qr" => {
                let (q, r) = x.qr()?;
                vec![q, r]
            }
            _ => {
                let (u, s, v) = x.svd()?;
                vec![u, s, v]
            }
        }))
    }

    /// A Fourier transform; `None` for other functions.
    fn fourier(&self, name: &str, args: &mut Args) -> Result<Option<Array>> {
        if name == "fftfreq" {
            let length = u64::try_from(args.integer("n")?)?;
            let step = args.next("d").map_or(Ok(1.0), |value| float(&value))?;
            return Ok(Some(self.session.fftfreq(length, step)));
        }
        if !matches!(name, "fft" | "ifft" | "rfft" | "irfft" | "fft2" | "ifft2" | "fftshift" | "ifftshift") {
            return Ok(None);
        }
        let x = args.array("x")?;
        Ok(Some(match name {
            "fft2" => x.fftn(&[-2, -1]),
            "ifft2" => x.ifftn(&[-2, -1]),
            "fftshift" | "ifftshift" => {
                let ndim = i64::try_from(x.ndim()?)?;
                let axes = match args.next("axes") {
                    None | Some(Value::None) => (0..ndim).collect(),
                    Some(axes) => integers(axes)?,
                };
                let shift =
                    |x: Array, axis: &i64| if name == "fftshift" { x.fftshift(*axis) } else { x.ifftshift(*axis) };
                axes.iter().fold(x, shift)
            }
            _ => {
                let length = match args.next("n") {
                    None | Some(Value::None) => None,
                    Some(length) => Some(u64::try_from(integer(&length)?)?),
                };
                let axis = args.integer_or("axis", -1)?;
                if name == "irfft" {
                    let ndim = i64::try_from(x.ndim()?)?;
                    let at = usize::try_from(if axis < 0 { axis + ndim } else { axis }).ok();
                    let own = at.and_then(|at| x.shape().ok()?.get(at).copied()).unwrap_or(1);
                    let length = length.unwrap_or(2 * own.saturating_sub(1));
                    return Ok(Some(x.resized(length / 2 + 1, axis).irfft(length, axis)));
                }
                let x = length.map_or(x.clone(), |length| x.resized(length, axis));
                match name {
                    "fft" => x.fft(axis),
                    "ifft" => x.ifft(axis),
                    _ => x.rfft(axis),
                }
            }
        }))
    }

    fn function(&self, name: &str, args: &mut Args) -> Result<Array> {
        if let Some(array) = self.fourier(name, args)? {
            return Ok(array);
        }
        if let Some(array) = reduction(name, args)? {
            return Ok(array);
        }
        if let Some(array) = self.creation(name, args)? {
            return Ok(array);
        }
        if name == "einsum" {
            let Value::Text(spec) = args.need("subscripts")? else { bail!("einsum takes its indices as a text first") };
            let arrays = args.args.by_ref().map(|value| match value {
                Value::Array(array) => Ok(array),
                other => bail!("einsum takes arrays, not {}", kind(&other)),
            });
            return Ok(Array::einsum(&spec, &arrays.collect::<Result<Vec<_>>>()?)?);
        }
        let mut first = args.need("x")?;
        // The number takes the array's place on the left.
        if number(&first).is_some() && matches!(name, "maximum" | "minimum") {
            let number = std::mem::replace(&mut first, args.need("other")?);
            args.named.push(("other".to_string(), number));
        }
        let x = match first {
            Value::Array(array) => array,
            Value::List(arrays) if matches!(name, "concatenate" | "stack") => {
                let arrays = arrays.into_iter().map(|value| match value {
                    Value::Array(array) => Ok(array),
                    other => bail!("{name} takes arrays, not {}", kind(&other)),
                });
                let arrays: Vec<Array> = arrays.collect::<Result<_>>()?;
                if arrays.is_empty() {
                    bail!("{name} needs at least one array");
                }
                let axis = args.integer_or("axis", 0)?;
                return Ok(if name == "stack" {
                    Array::stack(&arrays, axis)
                } else {
                    Array::concatenate(&arrays, axis)
                });
            }
            value => match operand(value)? {
                Operand::Array(array) => array,
                Operand::Value(_) => bail!("{name} is given a number; it takes an array"),
            },
        };
        Ok(match name {
            "where" => x.r#where(args.operand("x1")?, args.operand("x2")?),
            "clip" => x.clip(args.operand("min")?, args.operand("max")?),
            "minimum" => x.minimum(args.operand("other")?),
            "maximum" => x.maximum(args.operand("other")?),
            "power" => x.pow(args.operand("exponent")?),
            "arctan2" => x.arctan2(args.operand("x2")?),
            "isclose" => {
                let other = args.operand("other")?;
                let rtol = args.next("rtol").map_or(Ok(1e-5), |value| float(&value))?;
                let atol = args.next("atol").map_or(Ok(1e-8), |value| float(&value))?;
                x.isclose(other, rtol, atol)
            }
            "astype" => x.astype(&dtype_of(args.need("dtype")?)?),
            "dot" | "matmul" => x.dot(&args.array("other")?),
            "outer" => x.outer(&args.array("other")?),
            "transpose" => match args.next("axes") {
                Some(axes) => {
                    let mut order = integers(axes)?;
                    for axis in args.args.by_ref() {
                        order.push(integer(&axis)?);
                    }
                    x.transpose(&order)
                }
                None => x.t(),
            },
            "reshape" => {
                let mut shape = args.integers("shape")?;
                for length in args.args.by_ref() {
                    shape.push(integer(&length)?);
                }
                x.reshape(shape)
            }
            "ravel" => x.ravel(),
            "squeeze" => x.squeeze(),
            "expand_dims" => x.expand_dims(args.integer("axis")?),
            "swapaxes" => x.swapaxes(args.integer("axis1")?, args.integer("axis2")?),
            "broadcast_to" => x.broadcast_to(args.shape()?),
            "flip" => {
                let ndim = i64::try_from(x.ndim()?)?;
                let axes = match args.next("axis") {
                    None | Some(Value::None) => (0..ndim).collect(),
                    Some(axes) => integers(axes)?,
                };
                axes.iter().fold(x, |x, axis| x.flip(*axis))
            }
            "roll" => {
                let shift = args.integer("shift")?;
                match args.axis()? {
                    Some(axis) => x.roll(shift, axis),
                    None => {
                        let shape = x.shape()?.into_iter().map(u64::cast_signed).collect::<Vec<i64>>();
                        x.ravel().roll(shift, 0).reshape(shape)
                    }
                }
            }
            "repeat" => {
                let repeats = u64::try_from(args.integer("repeats")?)?;
                match args.axis()? {
                    Some(axis) => x.repeat(repeats, axis),
                    None => x.ravel().repeat(repeats, 0),
                }
            }
            "flatten" => x.ravel(),
            "tile" => {
                let repeats = args.integers("reps")?.into_iter().map(u64::try_from).collect::<Result<Vec<_>, _>>()?;
                x.tile(&repeats)
            }
            "take" => {
                let places = args.integers("indices")?;
                match args.axis()? {
                    Some(axis) => x.take(&places, axis),
                    None => x.ravel().take(&places, 0),
                }
            }
            "sort" => x.sort(args.integer_or("axis", -1)?),
            "argsort" => x.argsort(args.integer_or("axis", -1)?),
            "cumsum" | "cumprod" => {
                // Without an axis of all elements, row by row.
                let (lanes, axis) = match args.next("axis") {
                    None | Some(Value::None) => (x.ravel(), 0),
                    Some(axis) => (x, integer(&axis)?),
                };
                if name == "cumsum" { lanes.cumsum(axis) } else { lanes.cumprod(axis) }
            }
            "diff" => x.diff(args.integer_or("axis", -1)?),
            "unique" => x.unique()?,
            "bincount" => x.bincount()?,
            "flatnonzero" => x.flatnonzero()?,
            "digitize" => x.digitize(&floats(args.need("bins")?)?),
            "take_along_axis" => {
                let places = args.array("indices")?;
                x.take_along_axis(&places, args.integer_or("axis", -1)?)
            }
            "pad" => padded(&x, args)?,
            "real" => x.real(),
            "imag" => x.imag(),
            "conj" | "conjugate" => x.conj(),
            "angle" => x.angle(),
            "abs" | "absolute" => x.abs(),
            "exp" => x.exp(),
            "log" => x.log(),
            "sqrt" => x.sqrt(),
            "trace" => x.trace(),
            "diag" => x.diag(),
            "cholesky" => x.cholesky()?,
            "solve" => x.solve(&args.array("b")?)?,
            "svdvals" => x.svd()?.1,
            "tensordot" => {
                let other = args.array("b")?;
                let (left, right) = match args.next("axes") {
                    Some(Value::List(axes)) if axes.len() == 2 => {
                        (integers(axes[0].clone())?, integers(axes[1].clone())?)
                    }
                    axes => {
                        let count = axes.map_or(Ok(2), |axes| integer(&axes))?;
                        let ndim = i64::try_from(x.ndim()?)?;
                        ((ndim - count..ndim).collect(), (0..count).collect())
                    }
                };
                x.tensordot(&other, (&left, &right))
            }
            "median" | "nanmedian" | "quantile" | "percentile" | "nanquantile" => {
                let q = match name {
                    "median" | "nanmedian" => 0.5,
                    "percentile" => args.float("q")? / 100.0,
                    _ => args.float("q")?,
                };
                let axes = args.axes()?;
                if name.starts_with("nan") { x.nanquantile(q, axes) } else { x.quantile(q, axes) }
            }
            "rechunk" => x.rechunk(chunking(args.need("chunks")?)?),
            "square" => x.square(),
            "reciprocal" => x.reciprocal(),
            "isnan" => x.isnan(),
            "isinf" => x.isinf(),
            "isfinite" => x.isfinite(),
            "logical_not" => x.logical_not(),
            other => {
                if !Array::has_function(other) {
                    bail!("no function is called '{other}'; blockfold array eval --help lists them");
                }
                x.apply(other)
            }
        })
    }

    fn creation(&self, name: &str, args: &mut Args) -> Result<Option<Array>> {
        let session = self.session;
        Ok(Some(match name {
            "zeros" => session.zeros(args.shape()?, args.chunks()?),
            "ones" => session.ones(args.shape()?, args.chunks()?),
            "full" => {
                let shape = args.shape()?;
                match args.need("fill_value")? {
                    Value::Integer(value) => session.full(shape, Scalar::Int(value), &DType::Int64, args.chunks()?),
                    value => session.full(shape, float(&value)?, &DType::Float64, args.chunks()?),
                }
            }
            "arange" => {
                let first = args.integer("start")?;
                let (start, stop) = match args.next("stop") {
                    Some(stop) => (first, integer(&stop)?),
                    None => (0, first),
                };
                session.arange(start, stop, args.integer_or("step", 1)?, args.chunks()?)
            }
            "linspace" => {
                let (start, stop) = (args.float("start")?, args.float("stop")?);
                session.linspace(start, stop, u64::try_from(args.integer_or("num", 50)?)?, args.chunks()?)
            }
            "eye" => {
                let rows = u64::try_from(args.integer("N")?)?;
                let columns = args
                    .next("M")
                    .map_or(Ok(rows), |value| Ok::<u64, anyhow::Error>(u64::try_from(integer(&value)?)?))?;
                session.eye(rows, columns, args.integer_or("k", 0)?, args.chunks()?)
            }
            _ => return Ok(None),
        }))
    }
}

fn floats(value: Value) -> Result<Vec<f64>> {
    match value {
        Value::List(values) => values.iter().map(float).collect(),
        one => Ok(vec![float(&one)?]),
    }
}

/// NumPy's `pad`.
fn padded(x: &Array, args: &mut Args) -> Result<Array> {
    let width = args.need("pad_width")?;
    let mode = match args.next("mode") {
        None => "constant".to_string(),
        Some(Value::Text(mode)) => mode,
        Some(other) => bail!("pad: 'mode' should be a text, not {}", kind(&other)),
    };
    let constant = args.named("constant_values").map_or(Ok(0.0), |value| float(&value))?;
    let boundary = match mode.as_str() {
        "constant" => Boundary::Constant(constant),
        "edge" => Boundary::Nearest,
        "reflect" => Boundary::Reflect,
        "symmetric" => Boundary::Symmetric,
        "wrap" => Boundary::Periodic,
        other => bail!("pad: no mode is called '{other}'; there are constant, edge, reflect, symmetric, wrap"),
    };
    let ndim = x.ndim()?;
    let pair = |value: &Value| {
        let both = integers(value.clone())?;
        let of = |count: &i64| u64::try_from(*count).map_err(|_| anyhow!("pad: {count} elements to add"));
        match both.as_slice() {
            [one] => Ok((of(one)?, of(one)?)),
            [before, after] => Ok((of(before)?, of(after)?)),
            more => bail!("pad: {} numbers for the two ends of an axis", more.len()),
        }
    };
    let widths = match &width {
        Value::List(axes) if axes.len() == ndim && matches!(axes.first(), Some(Value::List(_))) => {
            axes.iter().map(pair).collect::<Result<Vec<_>>>()?
        }
        one => vec![pair(one)?; ndim],
    };
    let mut padded = x.clone();
    for (axis, (before, after)) in widths.into_iter().enumerate() {
        padded = padded.pad(i64::try_from(axis)?, before, after, boundary);
    }
    Ok(padded)
}

fn float(value: &Value) -> Result<f64> {
    match value {
        Value::Float(value) => Ok(*value),
        Value::Integer(value) => Ok(*value as f64),
        other => bail!("a number is needed, not {}", kind(other)),
    }
}

fn dtype_of(value: Value) -> Result<DType> {
    let Value::Text(name) = value else { bail!("a type is written as 'float64', not as {}", kind(&value)) };
    Ok(match name.as_str() {
        "bool" => DType::Boolean,
        "int8" | "i1" => DType::Int8,
        "int16" | "i2" => DType::Int16,
        "int32" | "i4" => DType::Int32,
        "int64" | "i8" | "int" => DType::Int64,
        "uint8" | "u1" => DType::UInt8,
        "uint16" | "u2" => DType::UInt16,
        "uint32" | "u4" => DType::UInt32,
        "uint64" | "u8" => DType::UInt64,
        "float32" | "f4" => DType::Float32,
        "float64" | "f8" | "float" => DType::Float64,
        "complex64" | "c8" => complex(&DType::Float32),
        "complex128" | "c16" | "complex" => complex(&DType::Float64),
        other => bail!(
            "no type is called '{other}'; there are bool, int8 to int64, uint8 to uint64, float32, float64, complex64, complex128"
        ),
    })
}

/// A reduction by its name; `None` for other functions.
fn reduction(name: &str, args: &mut Args) -> Result<Option<Array>> {
    type Plain = fn(&Array, Axes) -> Array;
    let plain: Plain = match name {
        "sum" => |x, axes| x.sum(axes),
        "prod" => |x, axes| x.prod(axes),
        "mean" => |x, axes| x.mean(axes),
        "std" | "var" | "nanstd" | "nanvar" => |x, _| x.clone(),
        "min" | "amin" => |x, axes| x.min(axes),
        "max" | "amax" => |x, axes| x.max(axes),
        "argmin" => |x, axes| x.argmin(axes),
        "argmax" => |x, axes| x.argmax(axes),
        "any" => |x, axes| x.any(axes),
        "all" => |x, axes| x.all(axes),
        "count_nonzero" => |x, axes| x.count_nonzero(axes),
        "norm" => |x, axes| x.norm(axes),
        "nansum" => |x, axes| x.nansum(axes),
        "nanprod" => |x, axes| x.nanprod(axes),
        "nanmean" => |x, axes| x.nanmean(axes),
        "nanmin" => |x, axes| x.nanmin(axes),
        "nanmax" => |x, axes| x.nanmax(axes),
        "nanargmin" => |x, axes| x.nanargmin(axes),
        "nanargmax" => |x, axes| x.nanargmax(axes),
        _ => return Ok(None),
    };
    let x = args.array("x")?;
    let axes = args.axes()?;
    let ddof = match name {
        "std" | "var" | "nanstd" | "nanvar" => args.named("ddof").map_or(Ok(0), |value| integer(&value))?,
        _ => 0,
    };
    let ddof = u32::try_from(ddof).map_err(|_| anyhow!("{name}: a ddof of {ddof}; it is not negative"))?;
    Ok(Some(match name {
        "std" => x.std_ddof(axes, ddof),
        "var" => x.var_ddof(axes, ddof),
        "nanstd" => x.nanstd_ddof(axes, ddof),
        "nanvar" => x.nanvar_ddof(axes, ddof),
        _ => plain(&x, axes),
    }))
}

fn unary(sign: &str, value: Value) -> Result<Value> {
    Ok(match (sign, value) {
        ("-", Value::Integer(value)) => {
            Value::Integer(value.checked_neg().ok_or_else(|| anyhow!("a number is too large"))?)
        }
        ("-", Value::Float(value)) => Value::Float(-value),
        ("-", Value::Complex(re, im)) => Value::Complex(-re, -im),
        ("+", value @ (Value::Integer(_) | Value::Float(_) | Value::Array(_))) => value,
        ("-", Value::Array(array)) => Value::Array(-array),
        ("~", Value::Array(array)) => Value::Array(array.invert()),
        (sign, value) => bail!("'{sign}' is not for {}", kind(&value)),
    })
}

fn binary(op: &str, left: Value, right: Value) -> Result<Value> {
    if let (Some(a), Some(b)) = (number(&left), number(&right)) {
        return numbers(op, (&left, a), (&right, b));
    }
    if let (Some((a, b)), Some((c, d))) = (parts(&left), parts(&right)) {
        return Ok(match op {
            "+" => Value::Complex(a + c, b + d),
            "-" => Value::Complex(a - c, b - d),
            "*" => Value::Complex(a * c - b * d, a * d + b * c),
            other => bail!("'{other}' of two complex numbers; write one of them as an array"),
        });
    }
    let array = match (left, right) {
        (Value::Array(left), Value::Complex(re, im)) => arrays(op, &left, left.complex_number(re, im).into())?,
        (Value::Complex(re, im), Value::Array(right)) => arrays(op, &right.complex_number(re, im), (&right).into())?,
        (Value::Array(left), right) => arrays(op, &left, operand(right)?)?,
        (left, Value::Array(right)) => {
            // The number takes the array's place on the left.
            let left = operand(left)?;
            match (op, left) {
                ("+", left) => right + left,
                ("*", left) => right * left,
                ("&", left) => right & left,
                ("|", left) => right | left,
                ("==", left) => right.equal(left),
                ("!=", left) => right.not_equal(left),
                ("<", left) => right.greater(left),
                (">", left) => right.less(left),
                ("<=", left) => right.greater_equal(left),
                (">=", left) => right.less_equal(left),
                ("-", left) => left - &right,
                ("/", left) => left / &right,
                ("%", left) => left % &right,
                ("**", left) => right.rpow(left),
                (op, _) => bail!("'{op}' does not take a number on the left of an array"),
            }
        }
        (left, right) => bail!("'{op}' is not for {} and {}", kind(&left), kind(&right)),
    };
    Ok(Value::Array(array))
}

fn arrays(op: &str, left: &Array, right: Operand) -> Result<Array> {
    Ok(match op {
        "+" => left + right,
        "-" => left - right,
        "*" => left * right,
        "/" => left / right,
        "//" => left.floor_divide(right),
        "%" => left % right,
        "**" => left.pow(right),
        "&" => left & right,
        "|" => left | right,
        "==" => left.equal(right),
        "!=" => left.not_equal(right),
        "<" => left.less(right),
        "<=" => left.less_equal(right),
        ">" => left.greater(right),
        ">=" => left.greater_equal(right),
        "@" => match right {
            Operand::Array(right) => left.dot(&right),
            Operand::Value(_) => bail!("'@' takes two arrays"),
        },
        other => bail!("'{other}' is not known"),
    })
}

/// The parts of a number.
fn parts(value: &Value) -> Option<(f64, f64)> {
    match value {
        Value::Complex(re, im) => Some((*re, *im)),
        other => number(other).map(|re| (re, 0.0)),
    }
}

fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Integer(value) => Some(*value as f64),
        Value::Float(value) => Some(*value),
        _ => None,
    }
}

fn numbers(op: &str, (left, a): (&Value, f64), (right, b): (&Value, f64)) -> Result<Value> {
    if let (Value::Integer(a), Value::Integer(b)) = (left, right) {
        let whole = match op {
            "+" => a.checked_add(*b),
            "-" => a.checked_sub(*b),
            "*" => a.checked_mul(*b),
            "//" if *b != 0 => {
                a.checked_div_euclid(*b).map(|q| if *b < 0 && a.rem_euclid(*b) != 0 { q - 1 } else { q })
            }
            "%" if *b != 0 => a.checked_rem(*b).map(|r| if r != 0 && (r < 0) != (*b < 0) { r + b } else { r }),
            "**" => u32::try_from(*b).ok().and_then(|b| a.checked_pow(b)),
            _ => None,
        };
        if let Some(whole) = whole {
            return Ok(Value::Integer(whole));
        }
    }
    Ok(match op {
        "+" => Value::Float(a + b),
        "-" => Value::Float(a - b),
        "*" => Value::Float(a * b),
        "/" => Value::Float(a / b),
        "//" => Value::Float((a / b).floor()),
        "**" => Value::Float(a.powf(b)),
        other => bail!("'{other}' of two numbers"),
    })
}
