//! Delayed calls of Python functions, and futures.
//!
//! A call keeps its arguments as they were typed, with places for the results of other calls; these may stand inside of
//! lists, tuples and dictionaries. Functions run on threads of their own, not in the pool of blocks. A thread takes the GIL
//! once for many calls; whoever sleeps or waits lets it go as usual, and then the next thread comes in.

use std::sync::Arc;
use std::time::Duration;

use blockfold::delayed::{CallError, Callable, Client, Delayed, Future, Later, Submit, describe_with, try_delayed};
use pyo3::exceptions::{PyTimeoutError, PyTypeError};
use pyo3::intern;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

use crate::error::{Answer, raised};
use crate::pictures::{Look, drawn};
use crate::run::{run, run_under};
use crate::session::PySession;

/// A value of Python.
pub struct Object(Py<PyAny>);

/// An argument as it was typed.
enum Part {
    Value(Py<PyAny>),
    /// The result of the call of this number among those that are read.
    Read(usize),
    List(Vec<Part>),
    Tuple(Vec<Part>),
    Dict(Vec<(Py<PyAny>, Part)>),
}

/// Arguments of a call.
pub struct Arguments {
    positional: Vec<Part>,
    named: Vec<(Py<PyAny>, Part)>,
}

type PyCallable = Callable<fn(&Arguments, &[Arc<Object>]) -> Object>;

/// A function whose calls are put off.
#[pyclass(name = "DelayedFunction", module = "blockfold._blockfold", frozen)]
pub struct PyDelayedFunction {
    callable: PyCallable,
    #[pyo3(get)]
    function: Py<PyAny>,
}

/// A call that is made when its result is asked for.
#[pyclass(name = "Delayed", module = "blockfold._blockfold", frozen)]
pub struct PyDelayed(pub Delayed<Object>);

/// The result of a call that was submitted.
#[pyclass(name = "Future", module = "blockfold._blockfold", frozen)]
pub struct PyFuture(Future<Object>);

/// What makes calls at once.
#[pyclass(name = "Client", module = "blockfold._blockfold", frozen)]
pub struct PyClient(Client);

impl Part {
    /// The argument as it is passed.
    fn value(&self, py: Python<'_>, read: &[Arc<Object>]) -> PyResult<Py<PyAny>> {
        let all = |parts: &[Part]| parts.iter().map(|part| part.value(py, read)).collect::<PyResult<Vec<_>>>();
        match self {
            Part::Value(value) => Ok(value.clone_ref(py)),
            Part::Read(place) => match read.get(*place) {
                Some(object) => Ok(object.0.clone_ref(py)),
                None => Err(PyTypeError::new_err("an argument of a delayed call is gone")),
            },
            Part::List(parts) => Ok(PyList::new(py, all(parts)?)?.into_any().unbind()),
            Part::Tuple(parts) => Ok(PyTuple::new(py, all(parts)?)?.into_any().unbind()),
            Part::Dict(items) => {
                let dict = PyDict::new(py);
                for (key, part) in items {
                    dict.set_item(key, part.value(py, read)?)?;
                }
                Ok(dict.into_any().unbind())
            }
        }
    }
}

impl Arguments {
    fn call(&self, py: Python<'_>, function: &Py<PyAny>, read: &[Arc<Object>]) -> PyResult<Object> {
        let values = self.positional.iter().map(|part| part.value(py, read)).collect::<PyResult<Vec<_>>>()?;
        let positional = PyTuple::new(py, values)?;
        if self.named.is_empty() {
            return Ok(Object(function.bind(py).call1(positional)?.unbind()));
        }
        let named = PyDict::new(py);
        for (name, part) in &self.named {
            named.set_item(name, part.value(py, read)?)?;
        }
        Ok(Object(function.bind(py).call(positional, Some(&named))?.unbind()))
    }
}

impl Object {
    /// The value.
    pub fn value<'py>(&self, py: Python<'py>) -> &Bound<'py, PyAny> {
        self.0.bind(py)
    }
}

/// Takes arguments apart, and collects the calls that they read.
#[derive(Default)]
struct Reading(Vec<Later<Object>>);

impl Reading {
    fn arguments(&mut self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Arguments> {
        let positional = args.iter().map(|value| self.part(&value)).collect::<PyResult<_>>()?;
        let named = kwargs.map(|dict| self.items(dict)).transpose()?.unwrap_or_default();
        Ok(Arguments { positional, named })
    }

    fn items(&mut self, dict: &Bound<'_, PyDict>) -> PyResult<Vec<(Py<PyAny>, Part)>> {
        dict.iter().map(|(key, value)| Ok((key.unbind(), self.part(&value)?))).collect()
    }

    fn read(&mut self, later: Later<Object>) -> Part {
        self.0.push(later);
        Part::Read(self.0.len() - 1)
    }

    /// An object of the package: a call, a future, or what has a `compute` of its own.
    fn lazy(&mut self, value: &Bound<'_, PyAny>) -> PyResult<Part> {
        if let Some(own) = value.getattr_opt(intern!(value.py(), "_core"))? {
            if let Ok(delayed) = own.cast_exact::<PyDelayed>() {
                return Ok(self.read(Later::Delayed(delayed.get().0.clone())));
            }
            if let Ok(future) = own.cast_exact::<PyFuture>() {
                return Ok(self.read(Later::Future(future.get().0.clone())));
            }
        }
        let Some(compute) = value.getattr_opt(intern!(value.py(), "compute"))? else {
            return Ok(Part::Value(value.clone().unbind()));
        };
        let call = PyDelayedFunction::of(&compute, None)?;
        let delayed = call.make(&PyTuple::empty(value.py()), None)?;
        Ok(self.read(Later::Delayed(delayed)))
    }

    fn part(&mut self, value: &Bound<'_, PyAny>) -> PyResult<Part> {
        if is_plain(value) {
            return Ok(Part::Value(value.clone().unbind()));
        }
        if is_ours(value)? {
            return self.lazy(value);
        }
        if let Ok(list) = value.cast_exact::<PyList>() {
            let parts = list.iter().map(|item| self.part(&item)).collect::<PyResult<Vec<_>>>()?;
            return Ok(kept(value, parts, Part::List));
        }
        if let Ok(tuple) = value.cast_exact::<PyTuple>() {
            let parts = tuple.iter().map(|item| self.part(&item)).collect::<PyResult<Vec<_>>>()?;
            return Ok(kept(value, parts, Part::Tuple));
        }
        if let Ok(dict) = value.cast_exact::<PyDict>() {
            let items = self.items(dict)?;
            let is_plain = items.iter().all(|(_, part)| matches!(part, Part::Value(_)));
            return Ok(if is_plain { Part::Value(value.clone().unbind()) } else { Part::Dict(items) });
        }
        Ok(Part::Value(value.clone().unbind()))
    }
}

/// A container as it was, unless it holds results of calls.
fn kept(value: &Bound<'_, PyAny>, parts: Vec<Part>, container: impl FnOnce(Vec<Part>) -> Part) -> Part {
    let is_plain = parts.iter().all(|part| matches!(part, Part::Value(_)));
    if is_plain { Part::Value(value.clone().unbind()) } else { container(parts) }
}

/// Whether a value is a number or a text, and so holds no call.
fn is_plain(value: &Bound<'_, PyAny>) -> bool {
    value.is_exact_instance_of::<PyInt>()
        || value.is_exact_instance_of::<PyFloat>()
        || value.is_exact_instance_of::<PyString>()
}

/// Whether a value is of a class of the package.
fn is_ours(value: &Bound<'_, PyAny>) -> PyResult<bool> {
    let module = value.get_type().getattr(intern!(value.py(), "__module__"))?;
    Ok(module.cast_exact::<PyString>().is_ok_and(|name| name.to_str().is_ok_and(|name| name.starts_with("blockfold."))))
}

impl PyDelayedFunction {
    fn of(function: &Bound<'_, PyAny>, name: Option<String>) -> PyResult<Self> {
        describe_objects();
        let name = match name {
            Some(name) => name,
            None => name_of(function)?,
        };
        let own = function.clone().unbind();
        let body =
            move |arguments: &Arguments, read: &[Arc<Object>]| Python::attach(|py| arguments.call(py, &own, read));
        Ok(PyDelayedFunction { callable: try_delayed(body).named(&name), function: function.clone().unbind() })
    }

    fn make(&self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<Delayed<Object>> {
        let mut reading = Reading::default();
        let arguments = reading.arguments(args, kwargs)?;
        Ok(self.callable.call(arguments, reading.0))
    }
}

/// What a function is called.
fn name_of(function: &Bound<'_, PyAny>) -> PyResult<String> {
    match function.getattr_opt("__name__")? {
        Some(name) => Ok(name.str()?.to_string()),
        None => Ok(function.get_type().name()?.to_string()),
    }
}

/// Has errors say what arguments a call had: their types, and their shape or length.
pub fn describe_objects() {
    static ONCE: std::sync::Once = std::sync::Once::new();
    ONCE.call_once(|| {
        describe_with(|arguments: &Arguments| {
            Python::attach(|py| {
                arguments.positional.iter().map(|part| described(py, part)).collect::<Vec<_>>().join(", ")
            })
        });
        describe_with(|object: &Object| Python::attach(|py| described_value(object.0.bind(py))));
    });
}

fn described(py: Python<'_>, part: &Part) -> String {
    match part {
        Part::Value(value) => described_value(value.bind(py)),
        Part::Read(place) => format!("result {place}"),
        Part::List(parts) => format!("list of {}", parts.len()),
        Part::Tuple(parts) => format!("tuple of {}", parts.len()),
        Part::Dict(items) => format!("dict of {}", items.len()),
    }
}

fn described_value(value: &Bound<'_, PyAny>) -> String {
    let class = value.get_type().name().map_or_else(|_| "object".to_owned(), |name| name.to_string());
    let shape = value.getattr("shape").ok().and_then(|shape| shape.extract::<Vec<u64>>().ok());
    match shape {
        Some(shape) => format!("{class} of shape {shape:?}"),
        None => class,
    }
}

#[pymethods]
impl PyDelayedFunction {
    #[new]
    #[pyo3(signature = (function, name=None))]
    fn new(function: &Bound<'_, PyAny>, name: Option<String>) -> PyResult<Self> {
        Self::of(function, name)
    }

    #[getter]
    fn name(&self) -> &str {
        self.callable.name()
    }

    /// A call of the function.
    fn call_delayed(&self, args: &Bound<'_, PyTuple>, kwargs: Option<&Bound<'_, PyDict>>) -> PyResult<PyDelayed> {
        self.make(args, kwargs).map(PyDelayed)
    }
}

#[pymethods]
impl PyDelayed {
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    /// Whether both are one call.
    fn is_same(&self, other: &PyDelayed) -> bool {
        self.0.is_same(&other.0)
    }

    fn explain(&self) -> Answer<String> {
        Ok(self.0.explain()?)
    }

    fn picture(&self, look: &Bound<'_, PyDict>) -> Answer<(Vec<u8>, Option<String>)> {
        drawn(&self.0, &Look::of(look)?)
    }
}

/// Makes several calls in one run.
#[pyfunction]
pub fn compute_delayed(
    py: Python<'_>,
    session: &PySession,
    calls: Vec<Bound<'_, PyDelayed>>,
) -> Answer<Vec<Py<PyAny>>> {
    let calls: Vec<Delayed<Object>> = calls.iter().map(|call| call.get().0.clone()).collect();
    let objects = run(py, &session.0, move |session| session.compute_calls(&calls))?;
    Ok(objects.iter().map(|object| object.0.clone_ref(py)).collect())
}

/// A value as a call that is made already.
#[pyfunction]
pub fn delayed_value(value: Py<PyAny>) -> PyDelayed {
    PyDelayed(Delayed::value(Object(value)))
}

#[pymethods]
impl PyClient {
    #[new]
    fn new(session: &PySession, threads: usize) -> Answer<Self> {
        let settings = session.0.call_settings().threads(threads);
        Ok(PyClient(Client::new(settings)?))
    }

    /// Starts a call.
    fn submit(
        &self,
        function: &PyDelayedFunction,
        args: &Bound<'_, PyTuple>,
        kwargs: Option<&Bound<'_, PyDict>>,
        options: (i32, u32, Option<f64>),
    ) -> Answer<PyFuture> {
        let call = function.make(args, kwargs)?;
        Ok(PyFuture(self.0.submit_with(&call, submit(options)?)?))
    }

    /// Starts a delayed call with all that it reads.
    fn start(&self, call: &PyDelayed, options: (i32, u32, Option<f64>)) -> Answer<PyFuture> {
        Ok(PyFuture(self.0.submit_with(&call.0, submit(options)?)?))
    }

    fn scatter(&self, value: Py<PyAny>) -> Answer<PyFuture> {
        Ok(PyFuture(self.0.scatter(Object(value))?))
    }

    fn close(&self, py: Python<'_>) {
        py.detach(|| self.0.close());
    }
}

fn submit((priority, retries, timeout): (i32, u32, Option<f64>)) -> PyResult<Submit> {
    let submit = Submit::new().priority(priority).retries(retries);
    match timeout.map(Duration::try_from_secs_f64).transpose() {
        Ok(Some(limit)) => Ok(submit.timeout(limit)),
        Ok(None) => Ok(submit),
        Err(_) => Err(PyTypeError::new_err("a timeout is a number of seconds, not negative")),
    }
}

#[pymethods]
impl PyFuture {
    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    fn done(&self) -> bool {
        self.0.is_done()
    }

    /// What the call ended with, as an exception; none if it has not, or has a result.
    fn exception(&self, py: Python<'_>) -> Option<Py<PyAny>> {
        self.0.error().map(|error| raised_of(py, &error).into_value(py).into_any())
    }

    fn cancelled(&self) -> bool {
        matches!(self.0.error(), Some(CallError::Cancelled { .. }))
    }

    fn cancel(&self) {
        self.0.cancel();
    }

    /// The result, once it is there; none when `seconds` are over before.
    fn wait(&self, py: Python<'_>, seconds: Option<f64>) -> Answer<Py<PyAny>> {
        let future = self.0.clone();
        let limit = seconds.map(Duration::try_from_secs_f64).transpose();
        let limit = limit.map_err(|_| PyTypeError::new_err("a timeout is a number of seconds, not negative"))?;
        let cancel = blockfold::Cancel::default();
        let flag = cancel.clone();
        let outcome = run_under(py, &cancel, &future, move |future| Ok(waited(future, limit, &flag)))?;
        match outcome {
            Ok(object) => Ok(object.0.clone_ref(py)),
            Err(error) => Err(raised_of(py, &error).into()),
        }
    }
}

/// Waits in steps, so that whoever is interrupted leaves nobody waiting.
fn waited(
    future: &Future<Object>,
    limit: Option<Duration>,
    flag: &blockfold::Cancel,
) -> Result<Arc<Object>, CallError> {
    const STEP: Duration = Duration::from_millis(50);
    let mut left = limit;
    loop {
        let step = left.map_or(STEP, |left| left.min(STEP));
        match future.result_within(step) {
            Err(CallError::NotYet { .. }) if !flag.is_cancelled() && left.is_none_or(|left| left > step) => {
                left = left.map(|left| left - step);
            }
            outcome => return outcome,
        }
    }
}

/// The exception of a call's error: what the function raised, with a note of the call, or one of ours.
pub fn raised_of(py: Python<'_>, error: &CallError) -> PyErr {
    match error {
        CallError::Failed { call, arguments, source, .. } => match source.downcast_ref::<PyErr>() {
            Some(own) => {
                let own = own.clone_ref(py);
                let arguments = arguments.trim_end_matches(", list of 0 x Object");
                let note = format!("in the delayed call {call}({arguments})");
                // Without a note the exception says less, and is the same.
                let _ = own.value(py).call_method1("add_note", (note,));
                own
            }
            None => raised(py, "EngineError", error),
        },
        CallError::Cancelled { .. } => raised(py, "CancelledError", error),
        CallError::TimedOut { .. } | CallError::NotYet { .. } => PyTimeoutError::new_err(error.to_string()),
        _ => raised(py, "EngineError", error),
    }
}
