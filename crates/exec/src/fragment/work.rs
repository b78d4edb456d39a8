//! How a fragment runs.

use std::cell::Cell;
use std::collections::HashMap;
use std::ops::Range;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use blockfold_core::block::slice_bytes;
use blockfold_core::tensor::{TensorMut, Tile};
use blockfold_core::{Block, Cancel, Error, Permit, RecordBatch, Result};
use blockfold_plan::estimate::exchange_task_bytes;
use blockfold_plan::tiles::element_type;
use blockfold_plan::{Chain, ChainEnd, Packed, Reducer, Step, StepId};

use super::cut::{Fragment, Fragments, Role, Stage, Work};
use super::needs::Need;
use super::parcel::{Labelled, PackedPartial, Parcel};
use crate::executor::Executor;
use crate::feeder::Feeder;
use crate::reduce::{Folding, Held, MergeTree, Place, Spread};
use crate::state::{RunState, Shared, Stored};
use crate::store::Store;
use crate::tasks::TaskPlan;
use crate::{exchange, stream};

const REMEDY: &str = "give workers more memory, fewer threads, or make smaller fragments";

/// How long a fragment sleeps before it asks again for memory that others hold.
const NAP: Duration = Duration::from_millis(2);

impl Executor {
    /// Does a fragment on the calling thread, under a permit of this executor's budget.
    ///
    /// Fragments that run side by side wait for each other's memory; one that outgrows the budget is done again with nobody
    /// beside it.
    ///
    /// # Errors
    /// The first error of its tasks; [`Error::OverBudget`] when it does not fit though it runs alone.
    pub fn run_fragment(
        &self,
        fragments: &Fragments,
        at: usize,
        inputs: &[Arc<Parcel>],
        cancel: &Cancel,
    ) -> Result<Parcel> {
        match self.fragments.beside(|| fragments.run(self, at, inputs, cancel)) {
            Err(error) if matches!(error.root(), Error::OverBudget { .. }) => {}
            done => return done,
        }
        self.fragments.alone(|| {
            fragments.finished.lock().unwrap_or_else(PoisonError::into_inner).clear();
            fragments.run(self, at, inputs, cancel)
        })
    }
}

/// The fragments that run in an executor.
#[derive(Default)]
pub(crate) struct Running {
    lock: RwLock<()>,
    count: AtomicUsize,
}

impl Running {
    fn beside<R>(&self, work: impl FnOnce() -> R) -> R {
        let _beside = self.lock.read().unwrap_or_else(PoisonError::into_inner);
        self.count.fetch_add(1, Ordering::AcqRel);
        let _counted = Counted(&self.count);
        work()
    }

    fn alone<R>(&self, work: impl FnOnce() -> R) -> R {
        let _alone = self.lock.write().unwrap_or_else(PoisonError::into_inner);
        work()
    }

    fn has_others(&self) -> bool {
        self.count.load(Ordering::Acquire) > 1
    }
}

struct Counted<'a>(&'a AtomicUsize);

impl Drop for Counted<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Ordering::AcqRel);
    }
}

/// What a fragment asks memory of.
struct Asking<'a> {
    state: &'a Arc<RunState>,
    running: &'a Running,
    /// Whether it has some already: then it does not wait for others, which may wait for it.
    has_some: Cell<bool>,
}

impl Asking<'_> {
    fn permit(&self, place: &str, bytes: u64) -> Result<Permit> {
        let budget = self.state.budget();
        loop {
            self.state.cancel.check()?;
            if let Some(permit) = budget.try_permit(bytes) {
                self.has_some.set(true);
                return Ok(permit);
            }
            let may_wait = bytes <= budget.total_bytes() && !self.has_some.get() && self.running.has_others();
            if !self.state.make_room(bytes)? {
                if !may_wait {
                    return budget.permit(place, bytes, REMEDY);
                }
                std::thread::sleep(NAP);
            }
        }
    }
}

impl Fragments {
    fn run(&self, executor: &Executor, at: usize, inputs: &[Arc<Parcel>], cancel: &Cancel) -> Result<Parcel> {
        let fragment = self.list().get(at).ok_or_else(|| Error::internal(format!("no fragment {at}")))?;
        if inputs.len() != fragment.roles.len() {
            let what = format!("a fragment of {} inputs was handed {}", fragment.roles.len(), inputs.len());
            return Err(Error::internal(what));
        }
        let state = Arc::new(RunState::of(self.shared(cancel)?, cancel.clone(), executor.room().clone()));
        let asking = Asking { state: &state, running: &executor.fragments, has_some: Cell::new(false) };
        let stage = &self.stages[fragment.stage];
        let operands = self.take_in(&state, fragment, inputs)?;
        match &fragment.work {
            Work::Fold(tasks) => self.fold(&asking, stage, tasks.clone(), operands),
            Work::Merge => {
                let folding = self.folding(&state, stage)?;
                let mut tree = MergeTree::new(operands.len());
                for (index, operand) in operands.into_iter().enumerate() {
                    put(&mut tree, &folding, index, unpack(&asking, &folding, operand)?)?;
                }
                packed(&state, &folding, tree.into_root().ok_or_else(|| Error::internal("a merge of nothing"))?)
            }
            Work::Finish => {
                let operand = operands.first().ok_or_else(|| Error::internal("a result of no partial"))?;
                Ok(match self.finish(self.graph.root, operand)? {
                    Block::Frame(batch) => Parcel::of_rows(vec![batch]),
                    Block::Array(tile) => Parcel::of_tile(tile),
                    Block::Object { .. } => return Err(Error::internal("an object as the answer")),
                })
            }
            Work::Send(tasks) => self.send(&asking, stage, tasks.clone()),
            Work::Answer(blocks) => {
                let mut parcel = Parcel::default();
                for block in blocks.clone() {
                    answer(&asking, stage, block, &mut parcel)?;
                }
                Ok(parcel)
            }
        }
    }

    fn shared(&self, cancel: &Cancel) -> Result<Arc<Shared>> {
        let mut shared = self.shared.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(shared) = shared.as_ref() {
            return Ok(shared.clone());
        }
        Ok(shared.insert(Arc::new(Shared::of(self.graph.clone(), self.cut.budget_bytes, cancel)?)).clone())
    }

    fn reducer(&self, id: StepId) -> Result<&Arc<dyn Reducer>> {
        match &self.graph.node(id).step {
            Step::Reduce { reducer, .. } => Ok(reducer),
            _ => Err(Error::internal("a partial of no reduction")),
        }
    }

    /// Makes what a fragment is handed look as if earlier chains had left it; returns partials that it goes on from.
    fn take_in<'a>(
        &self,
        state: &RunState,
        fragment: &Fragment,
        inputs: &'a [Arc<Parcel>],
    ) -> Result<Vec<&'a PackedPartial>> {
        let mut operands = Vec::new();
        let mut parts: HashMap<StepId, Vec<(usize, &Parcel)>> = HashMap::new();
        let missing = || Error::internal("a partial was not handed over");
        for (role, parcel) in fragment.roles.iter().zip(inputs) {
            match role {
                Role::Operand => operands.push(parcel.partial.as_ref().ok_or_else(missing)?),
                Role::Need(Need::Result(id)) => {
                    let partial = parcel.partial.as_ref().ok_or_else(missing)?;
                    match partial.chunks {
                        Some(_) => drop(parts.entry(*id).or_default()),
                        None => state.store(*id, self.finished(state, *id, partial)?),
                    }
                }
                Role::Need(Need::Part(id, part) | Need::Given(id, part)) => {
                    parts.entry(*id).or_default().push((*part, parcel));
                }
            }
        }
        // Exchanges of which nothing came are empty, or were not needed.
        for id in &fragment.stored {
            match &self.graph.node(*id).step {
                Step::Exchange { unless: Some(unless), .. } if state.is_one_block(*unless) => {
                    parts.remove(id);
                    state.store(*id, Stored::Passed);
                }
                _ => drop(parts.entry(*id).or_default()),
            }
        }
        for (id, parcels) in parts {
            if !state.is_one_block(id) {
                state.store(id, Stored::Store(self.given(state, id, &parcels)?));
            }
        }
        Ok(operands)
    }

    /// The rows of some parts of a step, as they were handed over.
    fn given(&self, state: &RunState, id: StepId, parcels: &[(usize, &Parcel)]) -> Result<Arc<Store>> {
        let node = self.graph.node(id);
        let schema =
            parcels.iter().find_map(|(_, parcel)| parcel.schema.clone()).unwrap_or_else(|| node.schema.clone());
        let parts = match &node.step {
            Step::Reduce { reducer, .. } => reducer.spread().map_or(1, |router| router.parts()),
            _ => node.grid.blocks(),
        };
        let mut pieces = Vec::new();
        for (part, parcel) in parcels {
            let stored = parcel.parts.iter().flatten();
            pieces.extend(stored.map(|piece| (*part, piece.label, piece.bytes, piece.rows.clone())));
            let mut add = |rows: RecordBatch| pieces.push((*part, (0, 0), slice_bytes(&rows), rows));
            for batch in parcel.rows.iter().flatten() {
                add(conformed(batch, &node.schema)?);
            }
            for tile in &parcel.tiles {
                add(RecordBatch::try_new(node.schema.clone(), vec![tile.values.to_column()?])?);
            }
        }
        Store::given(state.store_context(parts), schema, parts, pieces)
    }

    /// The result of a reduction, made once for the fragments that read it.
    fn finished(&self, state: &RunState, id: StepId, partial: &PackedPartial) -> Result<Stored> {
        // Tables are made by one thread, while others that need them wait.
        let mut finished = self.finished.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(stored) = finished.get(&id) {
            return Ok(stored.clone());
        }
        let block = self.finish(id, partial)?;
        let permit = state.budget().permit(self.reducer(id)?.name(), block.bytes(), REMEDY)?;
        let stored = Stored::block(block, permit);
        finished.insert(id, stored.clone());
        Ok(stored)
    }

    fn finish(&self, id: StepId, partial: &PackedPartial) -> Result<Block> {
        let reducer = self.reducer(id)?;
        let partial = reducer.unpack(partial.packed.clone())?;
        reducer.finish(partial).map_err(|error| error.at(reducer.name()))
    }

    fn folding(&self, state: &RunState, stage: &Stage) -> Result<Folding> {
        let ChainEnd::Reduce(id) = stage.chain.end else { return Err(Error::internal("a fold of no reduction")) };
        let reducer = self.reducer(id)?.clone();
        let spread = reducer.spread().map(|router| Arc::new(Spread::new(state, router, stage.stream_bytes, None)));
        Ok(Folding { id, reducer, spread })
    }

    fn fold(
        &self,
        asking: &Asking<'_>,
        stage: &Stage,
        tasks: Range<usize>,
        operands: Vec<&PackedPartial>,
    ) -> Result<Parcel> {
        let state = asking.state;
        let folding = self.folding(state, stage)?;
        let end = folding.reducer.may_stop_early();
        let mut sum = operands.into_iter().next().map(|operand| unpack(asking, &folding, operand)).transpose()?;
        let mut tree = MergeTree::new(tasks.len());
        for (index, n) in tasks.enumerate() {
            if sum.as_ref().is_some_and(|sum| sum.partial.is_complete()) {
                break;
            }
            let plan = bounded(state, &stage.chain, stage.nth(n, end));
            let bytes = plan.stream_bytes.saturating_add(folding.reducer.initial_bytes());
            let permit = asking.permit(folding.reducer.name(), bytes)?;
            let held = folding.fold(state, stage.chain.top, &plan, n, permit)?;
            match end {
                Some(end) => {
                    sum = Some(match sum.take() {
                        Some(sum) if end == blockfold_plan::End::First => folding.merge(sum, held)?,
                        Some(sum) => folding.merge(held, sum)?,
                        None => held,
                    });
                }
                None => put(&mut tree, &folding, index, held)?,
            }
        }
        let held = match sum.or_else(|| tree.into_root()) {
            Some(held) => held,
            None => folding.empty(state)?,
        };
        packed(state, &folding, held)
    }

    fn send(&self, asking: &Asking<'_>, stage: &Stage, tasks: Range<usize>) -> Result<Parcel> {
        let state = asking.state;
        let ChainEnd::Exchange(id) = stage.chain.end else { return Err(Error::internal("an exchange of nothing")) };
        let Step::Exchange { made_from, unless, routing, .. } = &self.graph.node(id).step else {
            return Err(Error::internal("a chain's end is not an exchange"));
        };
        if unless.is_some_and(|unless| state.is_one_block(unless)) {
            return Ok(Parcel::default());
        }
        let made_from = made_from.map(|from| state.block(from)).transpose()?;
        let router = routing.router(made_from.as_ref())?;
        let node = self.graph.node(id);
        let parts = node.grid.blocks();
        let store = Store::new(state.store_context(parts), node.schema.clone(), parts);
        let place = format!("{} exchange", routing.name());
        for n in tasks {
            let plan = bounded(state, &stage.chain, &stage.plans[n]);
            let bytes = plan.stream_bytes.saturating_add(exchange_task_bytes(parts, self.cut.budget_bytes));
            let _permit = asking.permit(&place, bytes)?;
            let feeder = Feeder::new(store.clone(), router.clone(), u32::try_from(n).unwrap_or(u32::MAX));
            exchange::send(state, (stage.chain.top, id), &plan, feeder, router.as_ref())
                .map_err(|error| error.at(&place))?;
        }
        let mut parcel = Parcel::default();
        put_rows(state, &store, &mut parcel)?;
        Ok(parcel)
    }
}

/// A plan with the bounds that are known now.
fn bounded(state: &RunState, chain: &Chain, plan: &TaskPlan) -> TaskPlan {
    let bytes = plan.all().map(|block| chain.bounds(&state.graph, state, block).peak_bytes).max().unwrap_or(0);
    TaskPlan { stream_bytes: bytes, ..plan.clone() }
}

/// Puts a partial into the tree in which it is merged, and merges what is complete.
fn put(tree: &mut MergeTree, folding: &Folding, index: usize, held: Held) -> Result<()> {
    let mut next = (Place { level: 0, index }, held);
    while let Some((parent, earlier, later)) = tree.put(next.0, next.1) {
        next = (parent, folding.merge(earlier, later)?);
    }
    Ok(())
}

fn unpack(asking: &Asking<'_>, folding: &Folding, operand: &PackedPartial) -> Result<Held> {
    let mut partial = match operand.chunks {
        Some(_) => folding.reducer.partial()?,
        None => folding.reducer.unpack(operand.packed.clone())?,
    };
    let permit = asking.permit(folding.reducer.name(), partial.bytes())?;
    let task = operand.task as usize;
    let feeder = match (operand.chunks, &folding.spread) {
        (Some(chunks), Some(spread)) => Some(spread.feeder(task, partial.as_mut(), chunks)?),
        _ => None,
    };
    Ok(Held { partial, permit, task, feeder })
}

/// A partial that leaves, with the rows that were drained.
fn packed(state: &RunState, folding: &Folding, held: Held) -> Result<Parcel> {
    let Held { partial, permit, task, feeder } = held;
    let chunks = feeder.as_ref().map(Feeder::chunks);
    drop(feeder);
    let packed = if chunks.is_some() { Packed::default() } else { partial.pack()? };
    drop(permit);
    let task = u32::try_from(task).unwrap_or(u32::MAX);
    let mut parcel = Parcel { partial: Some(PackedPartial { task, chunks, packed }), ..Parcel::default() };
    if let Some(store) = folding.spread.as_ref().and_then(|spread| spread.stored()) {
        put_rows(state, &store, &mut parcel)?;
    }
    Ok(parcel)
}

/// Takes the rows of a store out, by part.
fn put_rows(state: &RunState, store: &Arc<Store>, parcel: &mut Parcel) -> Result<()> {
    parcel.schema = Some(store.schema.clone());
    for part in 0..store.parts() {
        let piece = |piece: &crate::store::Piece| {
            let rows = store.read(piece, None, &state.metrics)?;
            Ok(Labelled { label: piece.label(), bytes: piece.bytes(), rows })
        };
        parcel.parts.push(store.pieces(part).iter().map(piece).collect::<Result<_>>()?);
    }
    Ok(())
}

/// A block of the answer, paid for while it is made.
fn answer(asking: &Asking<'_>, stage: &Stage, block: usize, parcel: &mut Parcel) -> Result<()> {
    let state = asking.state;
    let plan = bounded(state, &stage.chain, &stage.plans[block]);
    let mut permit = asking.permit("the answer", plan.stream_bytes)?;
    let top = stage.chain.top;
    let mut stream = stream::open(state, top, block)?;
    let node = state.graph.node(top);
    if let Some(chunks) = node.grid.chunks() {
        let region = chunks.region(block);
        let mut values = TensorMut::zeros(element_type(&node.schema)?, region.shape.clone())?;
        while let Some(tile) = stream.next()? {
            let tile = tile.array()?;
            values.paste(&tile.region.offset_in(&region), &tile.values)?;
        }
        parcel.tiles.push(Tile { region, values: values.freeze() });
        return Ok(());
    }
    let (mut batches, mut bytes) = (Vec::new(), 0);
    while let Some(batch) = stream.next()? {
        let batch = batch.frame()?.clone();
        bytes += slice_bytes(&batch);
        state.resize(&mut permit, plan.stream_bytes.saturating_add(bytes), "the answer", REMEDY)?;
        batches.push(batch);
    }
    parcel.rows.push(batches);
    Ok(())
}

/// Rows given from outside, with the columns that are read of them.
fn conformed(batch: &RecordBatch, schema: &blockfold_core::SchemaRef) -> Result<RecordBatch> {
    let column = |field: &Arc<blockfold_core::Field>| {
        let have = || batch.schema().fields().iter().map(|field| field.name().clone()).collect();
        let found = batch.column_by_name(field.name());
        let found = found.ok_or_else(|| Error::ColumnNotFound { name: field.name().clone(), have: have() })?;
        blockfold_core::cast::cast(found, field.data_type(), false)
    };
    let columns = schema.fields().iter().map(column).collect::<Result<_>>()?;
    let options = arrow::array::RecordBatchOptions::new().with_row_count(Some(batch.num_rows()));
    Ok(RecordBatch::try_new_with_options(schema.clone(), columns, &options)?)
}
