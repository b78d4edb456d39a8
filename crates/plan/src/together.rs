//! Reductions of one array in one pass over it.
//!
//! Steps that reduce the same input become one, whose result is the bytes of theirs, one after the other; a map hands out
//! each. What reads a result does not see the difference.

use std::any::Any;
use std::collections::HashMap;
use std::sync::Arc;

use blockfold_core::tensor::{Tensor, TensorMut, Tile, width};
use blockfold_core::{Block, Chunks, DType, Error, Grid, Region, Result};

use crate::step::{BlockMap, BlockMeta, Kernel, Packed, Partial, Reducer, Step, StepGraph, StepId, StepNode};
use crate::task::TaskContext;
use crate::tiles::{TileReader, array_schema, element_type};

/// Results begin at multiples of so many bytes, fit for any type of elements.
const ALIGNMENT: usize = 64;

/// The graph with reductions of arrays that have one input made one step.
///
/// # Errors
/// Results that cannot be addressed.
pub(crate) fn reduce_together(graph: StepGraph) -> Result<StepGraph> {
    let mut groups: HashMap<StepId, Vec<usize>> = HashMap::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        if let (Step::Reduce { input, .. }, Some(_)) = (&node.step, node.grid.chunks()) {
            groups.entry(*input).or_default().push(i);
        }
    }
    if groups.values().all(|members| members.len() < 2) {
        return Ok(graph);
    }
    let mut nodes: Vec<StepNode> = Vec::new();
    let mut moved: Vec<StepId> = Vec::new();
    let mut done: HashMap<StepId, (StepId, Arc<[Place]>)> = HashMap::new();
    for (i, node) in graph.nodes.iter().enumerate() {
        let mut step = node.step.clone();
        step.needed_mut().into_iter().for_each(|input| *input = moved[input.0]);
        let members = match &node.step {
            Step::Reduce { input, .. } => groups.get(input).filter(|members| members.len() > 1 && members.contains(&i)),
            _ => None,
        };
        let (Some(members), Step::Reduce { input, .. }) = (members, &step) else {
            moved.push(StepId(nodes.len()));
            nodes.push(StepNode { step, schema: node.schema.clone(), grid: node.grid.clone() });
            continue;
        };
        let (all, places) = match done.get(input) {
            Some(done) => done.clone(),
            None => {
                let places = places(members.iter().map(|member| &graph.nodes[*member]))?;
                let reducers = members.iter().filter_map(|member| match &graph.nodes[*member].step {
                    Step::Reduce { reducer, .. } => Some(reducer.clone()),
                    _ => None,
                });
                let together = Together::new(reducers.collect(), places.clone());
                let bytes = places.last().map_or(0, Place::end) as u64;
                let all = StepId(nodes.len());
                nodes.push(StepNode {
                    step: Step::Reduce { input: *input, reducer: Arc::new(together) },
                    schema: array_schema(&DType::UInt8),
                    grid: Grid::array(Chunks::one(&[bytes])),
                });
                done.insert(*input, (all, places.clone()));
                (all, places)
            }
        };
        let number = members.iter().position(|member| *member == i).unwrap_or(0);
        moved.push(StepId(nodes.len()));
        nodes.push(StepNode {
            step: Step::Map {
                inputs: vec![(all, BlockMap::Boxes)],
                kernel: Arc::new(Pick { place: places[number].clone(), number }),
            },
            schema: node.schema.clone(),
            grid: node.grid.clone(),
        });
    }
    Ok(StepGraph { nodes, root: moved[graph.root.0] })
}

/// Where a result is among the bytes of several.
#[derive(Clone, Debug)]
struct Place {
    first: usize,
    dtype: DType,
    shape: Vec<usize>,
}

impl Place {
    fn bytes(&self) -> usize {
        self.shape.iter().product::<usize>() * width(&self.dtype).unwrap_or(8)
    }

    fn end(&self) -> usize {
        self.first + self.bytes()
    }
}

fn places<'a>(nodes: impl Iterator<Item = &'a StepNode>) -> Result<Arc<[Place]>> {
    let mut first = 0;
    let place = |node: &StepNode| {
        let shape = node.grid.chunks().map(Chunks::shape).unwrap_or_default();
        let place = Place { first, dtype: element_type(&node.schema)?, shape: Region::whole(&shape)?.shape };
        first = place.end().next_multiple_of(ALIGNMENT);
        Ok(place)
    };
    nodes.map(place).collect()
}

/// Several reducers as one.
#[derive(Debug)]
struct Together {
    reducers: Vec<Arc<dyn Reducer>>,
    /// The reducer whose partial each takes: the mean comes of what the deviation keeps.
    partial_of: Vec<usize>,
    places: Arc<[Place]>,
}

impl Together {
    fn new(reducers: Vec<Arc<dyn Reducer>>, places: Arc<[Place]>) -> Self {
        let tokens: Vec<Option<(String, u32)>> = reducers.iter().map(|reducer| reducer.shared_partial()).collect();
        let partial_of = tokens.iter().enumerate().map(|(own, token)| {
            let Some((text, _)) = token else { return own };
            let same = tokens.iter().enumerate().filter_map(|(i, other)| {
                other.as_ref().filter(|(other, _)| other == text).map(|(_, known)| (*known, std::cmp::Reverse(i)))
            });
            same.max().map_or(own, |(_, std::cmp::Reverse(i))| i)
        });
        Together { partial_of: partial_of.collect(), reducers, places }
    }

    /// The reducers whose partials are kept.
    fn kept(&self) -> impl Iterator<Item = (usize, &Arc<dyn Reducer>)> {
        self.reducers.iter().enumerate().filter(|(i, _)| self.partial_of[*i] == *i)
    }
}

impl Reducer for Together {
    fn name(&self) -> &'static str {
        "reduce together"
    }

    fn detail(&self) -> String {
        self.reducers.iter().map(|reducer| reducer.detail()).collect::<Vec<_>>().join("; ")
    }

    fn partial(&self) -> Result<Box<dyn Partial>> {
        let partials: Result<Vec<_>> = self.kept().map(|(_, reducer)| reducer.partial()).collect();
        Ok(Box::new(Partials(partials?)))
    }

    fn finish(&self, partial: Box<dyn Partial>) -> Result<Block> {
        let partials =
            partial.into_any().downcast::<Partials>().map_err(|_| Error::internal("a partial of another kind"))?;
        let mut partials: Vec<Option<Box<dyn Partial>>> = partials.0.into_iter().map(Some).collect();
        let bytes = self.places.last().map_or(0, Place::end);
        let mut all = TensorMut::zeros(DType::UInt8, vec![bytes])?;
        for ((reducer, of), place) in self.reducers.iter().zip(&self.partial_of).zip(self.places.iter()) {
            let at = self.kept().position(|(i, _)| i == *of).unwrap_or(partials.len());
            let kept = partials.get_mut(at).ok_or_else(|| Error::internal("a result of no partial"))?;
            let is_shared = self.partial_of.iter().filter(|other| *other == of).count() > 1;
            let partial = if is_shared { kept.as_ref().map(|kept| kept.copied()).transpose()? } else { kept.take() };
            let result = reducer.finish(partial.ok_or_else(|| Error::internal("a partial that was taken"))?)?;
            let values = &result.array()?.values;
            if values.shape() != place.shape || *values.dtype() != place.dtype {
                return Err(Error::internal(format!("{} gave {values:?}, not {place:?}", reducer.name())));
            }
            all.bytes_mut()[place.first..place.end()].copy_from_slice(values.data());
        }
        Ok(Block::Array(Tile { region: Region::new([0], [bytes]), values: all.freeze() }))
    }

    fn unpack(&self, packed: Packed) -> Result<Box<dyn Partial>> {
        let (mut batches, mut numbers) = (packed.batches.into_iter(), packed.numbers.into_iter());
        let count = |numbers: &mut std::vec::IntoIter<u64>| numbers.next().map_or(0, |count| count as usize);
        let mut partials = Vec::new();
        for (_, reducer) in self.kept() {
            let (of_batches, of_numbers) = (count(&mut numbers), count(&mut numbers));
            let (batches, numbers) = (batches.by_ref().take(of_batches), numbers.by_ref().take(of_numbers));
            partials.push(reducer.unpack(Packed { batches: batches.collect(), numbers: numbers.collect() })?);
        }
        Ok(Box::new(Partials(partials)))
    }

    fn initial_bytes(&self) -> u64 {
        self.kept().map(|(_, reducer)| reducer.initial_bytes()).sum()
    }

    fn expected_bytes(&self, input: BlockMeta) -> u64 {
        self.kept().map(|(_, reducer)| reducer.expected_bytes(input)).sum()
    }
}

struct Partials(Vec<Box<dyn Partial>>);

impl Partial for Partials {
    fn fold(&mut self, block: &Block) -> Result<()> {
        self.0.iter_mut().try_for_each(|partial| partial.fold(block))
    }

    fn merge(&mut self, later: Box<dyn Partial>) -> Result<()> {
        let later =
            later.into_any().downcast::<Partials>().map_err(|_| Error::internal("a partial of another kind"))?;
        self.0.iter_mut().zip(later.0).try_for_each(|(own, later)| own.merge(later))
    }

    fn pack(self: Box<Self>) -> Result<Packed> {
        let mut all = Packed::default();
        for partial in self.0 {
            let Packed { batches, numbers } = partial.pack()?;
            all.numbers.extend([batches.len() as u64, numbers.len() as u64]);
            all.numbers.extend(numbers);
            all.batches.extend(batches);
        }
        Ok(all)
    }

    fn bytes(&self) -> u64 {
        self.0.iter().map(|partial| partial.bytes()).sum()
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

/// Hands out one of several results.
#[derive(Debug)]
struct Pick {
    place: Place,
    number: usize,
}

impl Kernel for Pick {
    fn name(&self) -> &'static str {
        "result"
    }

    fn detail(&self) -> String {
        self.number.to_string()
    }

    fn run(&self, _: &[Block], _: &TaskContext) -> Result<Block> {
        Err(Error::internal("a kernel of arrays gives a reader"))
    }

    fn peak_bytes(&self, _: &[BlockMeta]) -> u64 {
        self.place.bytes() as u64
    }

    fn open_tiles(&self, mut inputs: Vec<Box<dyn TileReader>>, _: &TaskContext) -> Result<Box<dyn TileReader>> {
        let input = inputs.pop().ok_or_else(|| Error::internal("a result of nothing"))?;
        Ok(Box::new(PickReader { input, place: self.place.clone(), values: None }))
    }
}

struct PickReader {
    input: Box<dyn TileReader>,
    place: Place,
    values: Option<Tensor>,
}

impl TileReader for PickReader {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        let values = match &self.values {
            Some(values) => values,
            None => {
                let bytes = self.input.read(&Region::new([self.place.first as u64], [self.place.bytes()]))?;
                let (dtype, shape) = (self.place.dtype.clone(), self.place.shape.clone());
                self.values.insert(Tensor::new(dtype, shape, bytes.data().clone())?)
            }
        };
        values.part(&region.offset_in(&Region::new(vec![0; region.ndim()], self.place.shape.clone())), &region.shape)
    }
}
