//! Decompositions of matrices that do not fit in memory, a panel of columns after the other.
//!
//! Both go from the left: before a panel is decomposed in memory, what the columns before it take off is computed as a product
//! that streams from scratch, where finished panels are kept (Toledo, "A survey of out-of-core algorithms in numerical linear
//! algebra", 1999). The matrix is read once, the panels about half as often as there are of them.

use blockfold_core::{DType, Error, Result, Tensor};
use blockfold_dense::decompose::{Triangle, check_diagonal, cholesky_panel, lu_panel, solve_triangle};

use super::persist::Kept;
use super::{Array, Chunking, Index};

/// A panel with its copies takes no more than this share of the budget.
const PANEL_SHARE: u64 = 12;

/// Columns of a panel: fewer are not worth a pass over what came before, more do not make products faster.
const COLUMNS: (u64, u64) = (16, 1024);

/// Rows `from..to` of all columns, and the like.
fn cut(rows: (u64, u64), columns: (u64, u64)) -> [Index; 2] {
    let index = |(from, to): (u64, u64)| Index::Slice(Some(from.cast_signed()), Some(to.cast_signed()), 1);
    [index(rows), index(columns)]
}

impl Array {
    /// The side of a square matrix, and the columns of a panel of it.
    fn panels(&self, op: &str) -> Result<(u64, u64)> {
        let side = match self.shape()?[..] {
            [rows, columns] if rows == columns => rows,
            ref other => {
                return Err(Error::argument(op, format!("an array of shape {other:?}; it takes a square matrix")));
            }
        };
        let fits = self.session.memory_budget().0 / PANEL_SHARE / (8 * side.max(1));
        if fits < COLUMNS.0.min(side) {
            let needed_bytes = COLUMNS.0 * PANEL_SHARE * 8 * side;
            return Err(Error::OverBudget {
                step: op.to_string(),
                needed_bytes,
                budget_bytes: self.session.memory_budget().0,
                remedy: format!("raise the memory budget; {} columns have to fit", COLUMNS.0),
            });
        }
        Ok((side, fits.min(COLUMNS.1)))
    }

    fn kept(&self, side: u64) -> Result<(Kept, Array)> {
        let kept = Kept::new(&self.session, &DType::Float64, &[side, side])?;
        let chunks = Chunking::Auto.whole_rows(&self.session, &[side, side], &DType::Float64)?;
        let array = kept.array(chunks)?;
        Ok((kept, array))
    }

    /// The lower triangle `L` of `L L^T`, panel by panel.
    pub(super) fn cholesky_by_panels(&self) -> Result<Array> {
        let (side, columns) = self.panels("cholesky")?;
        let (kept, lower) = self.kept(side)?;
        let mut first = 0;
        while first < side {
            let end = (first + columns).min(side);
            let mut panel = self.index(cut((first, side), (first, end)));
            if first > 0 {
                let below = lower.index(cut((first, side), (0, first)));
                let beside = lower.index(cut((first, end), (0, first)));
                panel = panel - below.dot(&beside.t());
            }
            let values = self.in_panel(&panel, cholesky_panel)?;
            kept.write(&[first, first], &values)?;
            first = end;
        }
        Ok(lower)
    }

    /// A panel computed, and what `f` makes of it, as an array.
    fn in_panel(&self, panel: &Array, f: impl FnOnce(&Tensor) -> Result<Tensor>) -> Result<Array> {
        let found = f(panel.compute()?.tensor())?;
        self.of_result(found)
    }

    /// The rows of a matrix in the order in which partial pivoting takes them, and both triangles in that order in one
    /// matrix: below the diagonal `L`, whose diagonal is 1, on and above it `U`.
    pub(super) fn lu_by_panels(&self) -> Result<(Vec<u64>, Array)> {
        let (side, columns) = self.panels("lu")?;
        // Rows stay where they are in the matrix; `order` says which were taken.
        let (kept, factors) = self.kept(side)?;
        let mut order: Vec<u64> = Vec::new();
        let mut rest: Vec<u64> = (0..side).collect();
        let mut first = 0;
        while first < side {
            let end = (first + columns).min(side);
            let width = (end - first) as usize;
            let answer = self.index(cut((0, side), (first, end))).compute()?;
            let mut panel = answer.tensor().values::<f64>()?.to_vec();
            drop(answer);
            let _held = self.permit("lu", panel.len() as u64 * 8)?;
            let rows_of = |panel: &[f64], rows: &[u64]| -> Result<Tensor> {
                let elements = rows.iter().flat_map(|row| panel[*row as usize * width..][..width].to_vec());
                Tensor::from_vec(DType::Float64, vec![rows.len(), width], elements.collect::<Vec<f64>>())
            };
            let mut before = 0;
            while before < first {
                let before_end = before + columns;
                let pivots = &order[before as usize..before_end as usize];
                let places: Vec<i64> = pivots.iter().map(|row| row.cast_signed()).collect();
                let triangle = factors.index(cut((0, side), (before, before_end))).take(&places, 0).compute()?;
                let upper = solve_triangle(triangle.tensor(), Triangle::UnitLower, &rows_of(&panel, pivots)?)?;
                drop(triangle);
                for (row, values) in pivots.iter().zip(upper.values::<f64>()?.chunks_exact(width)) {
                    panel[*row as usize * width..][..width].copy_from_slice(values);
                }
                let upper = self.of_result(upper)?;
                let taken = factors.index(cut((0, side), (before, before_end))).dot(&upper).compute()?;
                let taken = taken.tensor().values::<f64>()?;
                for row in order[before_end as usize..].iter().chain(&rest) {
                    let at = *row as usize * width;
                    panel[at..at + width].iter_mut().zip(&taken[at..at + width]).for_each(|(to, x)| *to -= x);
                }
                before = before_end;
            }
            let (taken, values) = lu_panel(&rows_of(&panel, &rest)?)?;
            let rows: Vec<u64> = taken.iter().map(|at| rest[*at]).collect();
            for (row, values) in rows.iter().zip(values.values::<f64>()?.chunks_exact(width)) {
                panel[*row as usize * width..][..width].copy_from_slice(values);
            }
            order.extend(&rows[..width]);
            rest = rows[width..].to_vec();
            let panel = Tensor::from_vec(DType::Float64, vec![side as usize, width], panel)?;
            kept.write(&[0, first], &self.of_result(panel)?)?;
            first = end;
        }
        let places: Vec<i64> = order.iter().map(|row| row.cast_signed()).collect();
        Ok((order, factors.take(&places, 0)))
    }

    /// The solution of `self x = right`, whose columns fit in memory, by panels.
    pub(super) fn solve_by_panels(&self, right: &Array) -> Result<Array> {
        let (side, columns) = self.panels("solve")?;
        let shape = right.shape()?;
        if shape.first() != Some(&side) || shape.len() != 2 {
            let (left, right) = (format!("{:?}", self.shape()?), format!("{shape:?}"));
            return Err(Error::Shape { op: "solve".into(), left, right });
        }
        let budget = self.session.executor().budget();
        let remedy = "raise the memory budget, or solve for fewer columns at a time";
        let bytes = right.size()?.saturating_mul(16);
        drop(budget.permit("the right side of solve, with its solution,", bytes, remedy)?);
        let (order, factors) = self.lu_by_panels()?;
        let pivots = factors.diag().compute()?;
        check_diagonal("solve", pivots.tensor().values::<f64>()?)?;
        let places: Vec<i64> = order.iter().map(|row| row.cast_signed()).collect();
        let _held = self.permit("solve", right.size()?.saturating_mul(8))?;
        let mut x = right.astype(&DType::Float64).take(&places, 0).compute()?.to_vec()?;
        let width = shape[1] as usize;
        let starts: Vec<u64> = (0..side).step_by(columns as usize).collect();
        let passes = starts.iter().map(|start| (*start, Triangle::UnitLower));
        for (start, triangle) in passes.chain(starts.iter().rev().map(|start| (*start, Triangle::Upper))) {
            let end = (start + columns).min(side);
            let own = start as usize * width..end as usize * width;
            let square = factors.index(cut((start, end), (start, end))).compute()?;
            let part = Tensor::from_vec(DType::Float64, vec![(end - start) as usize, width], x[own.clone()].to_vec())?;
            let solved = solve_triangle(square.tensor(), triangle, &part)?;
            x[own].copy_from_slice(solved.values()?);
            let others = if triangle == Triangle::Upper { (0, start) } else { (end, side) };
            if others.0 < others.1 {
                let taken = factors.index(cut(others, (start, end))).dot(&self.of_result(solved)?).compute()?;
                let from = x[others.0 as usize * width..others.1 as usize * width].iter_mut();
                from.zip(taken.tensor().values::<f64>()?).for_each(|(to, x)| *to -= x);
            }
        }
        self.of_result(Tensor::from_vec(DType::Float64, vec![side as usize, width], x)?)
    }

    /// `P`, `L` and `U` of what [`Array::lu_by_panels`] gives, lazily.
    pub(super) fn triangles(&self, order: &[u64]) -> Result<[Array; 3]> {
        let side = order.len() as u64;
        let signed: Vec<i64> = order.iter().map(|row| row.cast_signed()).collect();
        let taken = self.session.from_vec(signed, [order.len()], ());
        let numbers = self.session.arange(0, side.cast_signed(), 1, ());
        let (down, across) = (numbers.expand_dims(1), numbers.expand_dims(0));
        let permutation = down.equal(taken.expand_dims(0)).astype(&DType::Float64);
        let lower = down.greater(&across).r#where(self, 0.0) + self.session.eye(side, side, 0, ());
        Ok([permutation, lower, down.less_equal(&across).r#where(self, 0.0)])
    }
}
