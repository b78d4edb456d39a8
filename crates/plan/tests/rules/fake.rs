//! A source that takes columns, filters and limits, and says so.

use std::sync::Arc;

use blockfold_core::{Block, Columns, DType, Expr, Field, Grid, Result, Scalar, Schema, SchemaRef};
use blockfold_ops::frame::Read;
use blockfold_plan::{BlockStream, PartitionEstimate, Plan, Source, TaskContext};

#[derive(Clone, Debug)]
pub struct Fake {
    name: &'static str,
    columns: Vec<String>,
    filter: Option<Expr>,
    limit: Option<u64>,
    takes_filters: bool,
}

/// A source of columns `a`, `b` and `c` that filters while it reads.
pub fn table(name: &'static str) -> Plan {
    plan(name, true)
}

/// The same, but one that cannot filter.
pub fn plain(name: &'static str) -> Plan {
    plan(name, false)
}

fn plan(name: &'static str, takes_filters: bool) -> Plan {
    let columns = ["a", "b", "c"].map(String::from).to_vec();
    Read::plan(Arc::new(Fake { name, columns, filter: None, limit: None, takes_filters })).unwrap()
}

impl Source for Fake {
    fn name(&self) -> &'static str {
        self.name
    }

    fn detail(&self) -> String {
        let mut text = format!("[{}]", self.columns.join(", "));
        if let Some(filter) = &self.filter {
            text += &format!(" where {filter}");
        }
        if let Some(limit) = self.limit {
            text += &format!(" first {limit}");
        }
        text
    }

    fn token(&self) -> Option<String> {
        Some(format!("{self:?}"))
    }

    fn schema(&self) -> SchemaRef {
        let field = |name: &String| Field::new(name, if name == "c" { DType::Utf8 } else { DType::Int64 }, true);
        Arc::new(Schema::new(self.columns.iter().map(field).collect::<Vec<_>>()))
    }

    fn grid(&self) -> Grid {
        if self.filter.is_some() { Grid::unknown(2) } else { Grid::known([10, 20]) }
    }

    fn estimate(&self, _: usize) -> PartitionEstimate {
        PartitionEstimate::default()
    }

    fn with_columns(&self, wanted: &Columns) -> Result<Option<Arc<dyn Source>>> {
        let columns = self.columns.iter().filter(|name| wanted.contains(name)).cloned().collect();
        Ok(Some(Arc::new(Fake { columns, ..self.clone() })))
    }

    fn with_filter(&self, predicate: &Expr) -> Result<Option<Arc<dyn Source>>> {
        if !self.takes_filters {
            return Ok(None);
        }
        let filter = Expr::all_of(self.filter.iter().chain([predicate]).cloned());
        Ok(Some(Arc::new(Fake { filter, ..self.clone() })))
    }

    fn with_limit(&self, rows: u64) -> Option<Arc<dyn Source>> {
        Some(Arc::new(Fake { limit: Some(rows), ..self.clone() }))
    }

    fn column_range(&self, _: &str) -> Option<(Scalar, Scalar)> {
        None
    }

    fn open(&self, _: usize, _: &TaskContext) -> Result<Box<dyn BlockStream>> {
        Ok(Box::new(std::iter::empty::<Result<Block>>()))
    }
}
