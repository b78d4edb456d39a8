//! The columns of a join's result and where they come from.

use std::sync::Arc;

use blockfold_core::expr::plain_type;
use blockfold_core::{Columns, Error, Expr, Field, Result, Schema, SchemaRef};
use blockfold_kernels::join::{JoinKind, OutputColumn};

use super::JoinArgs;

/// A column of the result.
#[derive(Clone, Debug, PartialEq)]
pub(in crate::frame) struct Column {
    /// Its name.
    pub(in crate::frame) name: String,
    /// Its name on the left, when it comes from there.
    pub(super) left: Option<String>,
    /// Its name on the right, when it comes from there; a key that both sides have comes from both.
    pub(super) right: Option<String>,
}

impl Column {
    /// The column's name on a side.
    pub(in crate::frame) fn on(&self, i: usize) -> Option<&str> {
        if i == 0 { self.left.as_deref() } else { self.right.as_deref() }
    }

    /// Where a kernel takes the column from.
    pub(in crate::frame) fn source(&self, probe: &Schema, build: &Schema, build_is_left: bool) -> Result<OutputColumn> {
        let (of_probe, of_build) = if build_is_left { (&self.right, &self.left) } else { (&self.left, &self.right) };
        let of_probe = of_probe.as_ref().map(|name| probe.index_of(name)).transpose()?;
        let of_build = of_build.as_ref().map(|name| build.index_of(name)).transpose()?;
        match (of_probe, of_build) {
            (Some(probe), Some(build)) => Ok(OutputColumn::Key { probe, build }),
            (Some(probe), None) => Ok(OutputColumn::Probe(probe)),
            (None, Some(build)) => Ok(OutputColumn::Build(build)),
            (None, None) => Err(Error::internal("a column of a join comes from neither side")),
        }
    }
}

/// The columns of a join: those of the left, then those of the right; keys of one name once.
pub(in crate::frame) fn of_join(left: &Schema, right: &Schema, args: &JoinArgs) -> Result<Vec<Column>> {
    let mut columns: Vec<Column> = Vec::new();
    for field in left.fields() {
        let name = field.name().clone();
        let right = shared_key(field.name(), args).then(|| name.clone());
        columns.push(Column { left: Some(name.clone()), right, name });
    }
    if matches!(args.kind, JoinKind::Semi | JoinKind::Anti) {
        columns.iter_mut().for_each(|column| column.right = None);
        return Ok(columns);
    }
    columns
        .iter_mut()
        .filter(|column| column.right.is_some())
        .try_for_each(|column| of_key(column, left, right, args))?;
    for field in right.fields().iter().filter(|field| !shared_key(field.name(), args)) {
        let is_taken = left.column_with_name(field.name()).is_some();
        let name = if is_taken { format!("{}{}", field.name(), args.suffix) } else { field.name().clone() };
        if columns.iter().any(|column| column.name == name) {
            let dtype =
                |schema: &Schema, name: &str| schema.field_with_name(name).map(|field| field.data_type().clone());
            let on_left = dtype(left, &name).map_or(String::new(), |dtype| format!(" ({dtype} on the left)"));
            let what = format!(
                "two columns would be called '{name}'{on_left}, one of them '{}' of the right, {}; choose another suffix or \
                 rename one of them",
                field.name(),
                field.data_type()
            );
            return Err(Error::argument("join", what));
        }
        columns.push(Column { name, left: None, right: Some(field.name().clone()) });
    }
    Ok(columns)
}

/// Columns that side `i` must give for these of the result.
pub(in crate::frame) fn needed(columns: &[Column], args: &JoinArgs, i: usize, wanted: &Columns) -> Columns {
    let keys = if i == 0 { &args.left_on } else { &args.right_on };
    let needed = keys.iter().fold(Columns::none(), |all, key| all.union(Columns::values(key.columns())));
    let given = columns.iter().filter(|column| wanted.contains(&column.name));
    needed.union(Columns::values(given.filter_map(|column| column.on(i).map(str::to_string))))
}

/// Whether both sides are joined by a column of this name.
fn shared_key(name: &str, args: &JoinArgs) -> bool {
    let is_named = |key: &Expr| matches!(key, Expr::Column(column) if column.as_ref() == name);
    args.left_on.iter().zip(&args.right_on).any(|(a, b)| is_named(a) && is_named(b))
}

/// Takes a key from the side whose rows are all there, from both when neither's are.
fn of_key(column: &mut Column, left: &Schema, right: &Schema, args: &JoinArgs) -> Result<()> {
    let dtype = |schema: &Schema| schema.field_with_name(&column.name).map(|field| plain_type(field.data_type()));
    match args.kind {
        JoinKind::Full if dtype(left)? != dtype(right)? => Err(Error::argument(
            "join",
            format!(
                "the key '{}' is {} on the left and {} on the right; cast one of them",
                column.name,
                dtype(left)?,
                dtype(right)?
            ),
        )),
        JoinKind::Full => Ok(()),
        JoinKind::Right => {
            column.left = None;
            Ok(())
        }
        // A predicate on the key may still move to the right side of an inner join, see `Join::moves_below`.
        JoinKind::Inner if dtype(left)? == dtype(right)? => Ok(()),
        _ => {
            column.right = None;
            Ok(())
        }
    }
}

/// Fields of the result.
pub(in crate::frame) fn schema(columns: &[Column], left: &Schema, right: &Schema, kind: JoinKind) -> Result<SchemaRef> {
    let field = |column: &Column| -> Result<Field> {
        let found = match (&column.left, &column.right) {
            (Some(name), _) => left.field_with_name(name)?,
            (None, Some(name)) => right.field_with_name(name)?,
            (None, None) => return Err(Error::internal("a column of a join comes from neither side")),
        };
        let keeps = matches!(kind, JoinKind::Semi | JoinKind::Anti);
        Ok(found.clone().with_name(&column.name).with_nullable(found.is_nullable() || !keeps))
    };
    Ok(Arc::new(Schema::new(columns.iter().map(field).collect::<Result<Vec<_>>>()?)))
}
