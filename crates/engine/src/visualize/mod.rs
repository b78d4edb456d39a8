//! Pictures of frames, arrays and delayed calls: what was typed, what runs, and what a run took.
//!
//! Nothing is run for a picture of a plan. It needs no program beside this crate: layout, SVG and PNG are libraries.

mod blocks;
mod calls;
mod chunks;
mod plans;
mod tasks;

use std::path::Path;
use std::str::FromStr;

/// Why a picture could not be drawn.
pub use blockfold_draw::Error as DrawError;
pub use blockfold_draw::{Background, ColorBy, Format, Graph, Node, Options, Picture, Rankdir, Shape};

use blockfold_core::{Error, Result};
use blockfold_exec::RunReport;
use blockfold_io::output::OutputFile;
use blockfold_plan::{Lower, Plan, optimize};

use crate::array::Array;
use crate::frame::LazyFrame;

/// What of a plan is drawn.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum View {
    /// The ops, or calls, as typed.
    Logical,
    /// The ops after all rules; calls with chains of associative functions regrouped.
    Optimized,
    /// The steps that the ops lower to.
    Steps,
    /// The steps fused to chains.
    Fused,
    /// The blocks of each step, with those that each is made from.
    Blocks,
    /// The tasks: one block of one chain, or one call.
    #[default]
    Tasks,
}

impl View {
    /// All views in order, with the names that users type.
    pub const ALL: [(&'static str, View); 6] = [
        ("logical", View::Logical),
        ("optimized", View::Optimized),
        ("steps", View::Steps),
        ("fused", View::Fused),
        ("blocks", View::Blocks),
        ("tasks", View::Tasks),
    ];
}

impl FromStr for View {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        let found = View::ALL.into_iter().find(|(name, _)| *name == text);
        let names = || View::ALL.map(|(name, _)| name).join(", ");
        found.map(|(_, view)| view).ok_or_else(|| Error::argument("view", format!("'{text}' is none of {}", names())))
    }
}

/// What can be drawn as a graph.
pub trait Visualize {
    /// The graph of a view, as data.
    ///
    /// # Errors
    /// What was wrong with the plan.
    fn drawing(&self, view: View) -> Result<Graph>;

    /// The picture of a view, in memory. A graph of more nodes than the options allow is collapsed by step, with counts;
    /// the picture's note says how.
    ///
    /// # Errors
    /// What was wrong with the plan.
    fn picture(&self, view: View, format: Format, options: &Options) -> Result<Picture> {
        blockfold_draw::draw(&self.drawing(view)?, format, options).map_err(undrawn)
    }

    /// Writes the picture of a view to a file, which appears whole or not at all; its extension says the format: `svg`,
    /// `png`, `dot`, `mmd` or `md`. An existing file is replaced. Returns how the graph was collapsed, if it was.
    ///
    /// # Errors
    /// What was wrong with the plan, an extension that is no format, or a file that cannot be written.
    ///
    /// # Examples
    /// ```no_run
    /// use blockfold::prelude::*;
    /// use blockfold::visualize::{Options, View, Visualize};
    ///
    /// # fn main() -> blockfold::Result<()> {
    /// let session = Session::builder().build()?;
    /// let x = session.ones([15, 15], 5);
    /// (x.dot(&x.t()) - x.mean(0)).std(()).visualize("std.svg", View::Tasks, &Options::default())?;
    /// # Ok(())
    /// # }
    /// ```
    fn visualize(&self, path: impl AsRef<Path>, view: View, options: &Options) -> Result<Option<String>> {
        let path = path.as_ref();
        let picture = self.picture(view, Format::from_path(path).map_err(undrawn)?, options)?;
        write(path, &picture)?;
        Ok(picture.note)
    }
}

/// Writes a picture to a file, which appears whole or not at all.
fn write(path: &Path, picture: &Picture) -> Result<()> {
    let output = OutputFile::create(path, true)?;
    output.write_at(&picture.bytes, 0)?;
    output.commit()
}

/// An error of drawing as one of the engine.
fn undrawn(error: blockfold_draw::Error) -> Error {
    Error::argument("visualize", error.to_string())
}

impl Visualize for Graph {
    /// The graph itself, whatever the view.
    fn drawing(&self, _view: View) -> Result<Graph> {
        Ok(self.clone())
    }
}

/// The graph of a view of a plan, lowered for a budget.
fn of_plan(plan: &Plan, budget_bytes: u64, view: View) -> Result<Graph> {
    let steps = || Lower::graph(&optimize(plan)?, budget_bytes);
    match view {
        View::Logical => Ok(plans::ops(plan)),
        View::Optimized => Ok(plans::ops(&optimize(plan)?)),
        View::Steps => Ok(plans::steps(&steps()?)),
        View::Fused => Ok(plans::chains(&steps()?, None)),
        View::Blocks => Ok(blocks::blocks(&steps()?)),
        View::Tasks => Ok(tasks::tasks(&steps()?)),
    }
}

impl Visualize for LazyFrame {
    fn drawing(&self, view: View) -> Result<Graph> {
        of_plan(&self.plan()?, self.session.memory_budget().0, view)
    }
}

impl LazyFrame {
    /// The chains of a run with what each took, to be coloured by time or bytes.
    ///
    /// # Errors
    /// What was wrong with the plan; the report of a run of another frame.
    pub fn drawing_of_run(&self, report: &RunReport) -> Result<Graph> {
        Ok(plans::chains(&self.graph()?, Some(report)))
    }
}

impl Visualize for Array {
    fn drawing(&self, view: View) -> Result<Graph> {
        of_plan(&self.plan()?, self.session.memory_budget().0, view)
    }
}
