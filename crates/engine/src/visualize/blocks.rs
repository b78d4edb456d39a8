//! The blocks of each step, and which blocks of its inputs each is made from.
//!
//! Kernels of arrays ask their inputs for boxes, and nobody knows for which but they: small ones are asked for a block over
//! inputs of zeros that note what was read. Where that is too much work, or zeros are refused, all blocks of an input meet
//! in one node before all blocks of the result.

use std::sync::{Arc, Mutex, PoisonError};

use blockfold_core::tensor::TensorMut;
use blockfold_core::{Chunks, DType, Region, Result, Tensor};
use blockfold_draw::{Edge, Graph, Node, Shape};
use blockfold_plan::chain::step_label;
use blockfold_plan::tiles::{TileReader, element_type, largest_block};
use blockfold_plan::{BlockMap, Kernel, Step, StepGraph, StepId, TaskContext};

use super::plans::step_inputs;

/// Elements of a block up to which a kernel is asked for it.
const MOST_ELEMENTS: u64 = 1 << 16;
/// Blocks of a step up to which a kernel is asked for each.
const MOST_BLOCKS: usize = 400;

/// The blocks of all steps.
pub(super) fn blocks(graph: &StepGraph) -> Graph {
    let mut drawn = Drawn { graph: Graph::default(), firsts: Vec::with_capacity(graph.nodes.len()) };
    for step in 0..graph.nodes.len() {
        drawn.add(graph, StepId(step));
    }
    drawn.graph
}

struct Drawn {
    graph: Graph,
    /// Where the first block of each step is drawn.
    firsts: Vec<usize>,
}

impl Drawn {
    fn add(&mut self, graph: &StepGraph, id: StepId) {
        let node = graph.node(id);
        let (label, blocks) = (step_label(&node.step), node.grid.blocks());
        let made_from = made_from(graph, id);
        let hubs: Vec<Option<usize>> = made_from.iter().map(|of| self.hub(graph, of, &label)).collect();
        let first = self.graph.nodes.len();
        self.firsts.push(first);
        for block in 0..blocks {
            let mut drawn = Node::new(block_label(&label, node.grid.chunks(), block, blocks), &*label);
            drawn.shape = shape_of(&node.step);
            drawn.group = Some(format!("{}: {label}", id.0));
            drawn.order = Some((first + block) as u64);
            self.graph.nodes.push(drawn);
            for (of, hub) in made_from.iter().zip(&hubs) {
                match (hub, &of.blocks) {
                    (Some(hub), _) => self.graph.edges.push(Edge::new(*hub, first + block)),
                    (None, Some(blocks)) => {
                        let from = blocks.get(block).into_iter().flatten();
                        let edges = from.map(|from| Edge::new(self.firsts[of.input.0] + from, first + block));
                        self.graph.edges.extend(edges);
                    }
                    (None, None) => {}
                }
            }
        }
    }

    /// A node in which all blocks of an input meet, where it is not known which block is made from which.
    fn hub(&mut self, graph: &StepGraph, of: &MadeFrom, label: &str) -> Option<usize> {
        if of.blocks.is_some() {
            return None;
        }
        let (hub, first) = (self.graph.nodes.len(), self.firsts[of.input.0]);
        self.graph.nodes.push(Node::new(format!("into {label}"), label));
        let blocks = graph.node(of.input).grid.blocks();
        self.graph.edges.extend((first..first + blocks).map(|block| Edge::new(block, hub)));
        Some(hub)
    }
}

fn shape_of(step: &Step) -> Shape {
    match step {
        Step::Read { .. } | Step::Write { .. } => Shape::Cylinder,
        Step::Map { .. } | Step::Reduce { .. } | Step::Exchange { .. } => Shape::Circle,
    }
}

/// A step's name with the place of a block: `ones 0,2`.
fn block_label(label: &str, chunks: Option<&Chunks>, block: usize, blocks: usize) -> String {
    match chunks {
        _ if blocks == 1 => label.to_owned(),
        None => format!("{label} {block}"),
        Some(chunks) => {
            let place: Vec<String> = chunks.position(block).iter().map(ToString::to_string).collect();
            format!("{label} {}", place.join(","))
        }
    }
}

/// An input, and for each block of the result those of the input that it is made from, if that is known.
struct MadeFrom {
    input: StepId,
    blocks: Option<Vec<Vec<usize>>>,
}

fn made_from(graph: &StepGraph, id: StepId) -> Vec<MadeFrom> {
    let node = graph.node(id);
    let blocks = node.grid.blocks();
    let all = |input: StepId| MadeFrom { input, blocks: None };
    match &node.step {
        Step::Map { inputs, kernel } => {
            let boxes = boxes_read(graph, id, inputs, kernel.as_ref());
            let of = |(place, (input, map)): (usize, &(StepId, BlockMap))| {
                let count = graph.node(*input).grid.blocks();
                let by_map = (0..blocks).map(|block| mapped(map, block, count)).collect::<Option<Vec<_>>>();
                let by_box = || boxes.as_ref().and_then(|boxes| boxes.get(place).cloned());
                MadeFrom { input: *input, blocks: by_map.or_else(by_box) }
            };
            inputs.iter().enumerate().map(of).collect()
        }
        Step::Reduce { input, .. } if blocks == 1 => {
            let all = (0..graph.node(*input).grid.blocks()).collect();
            vec![MadeFrom { input: *input, blocks: Some(vec![all]) }]
        }
        Step::Exchange { input, routing, .. } if routing.name() == "in-place" => {
            vec![MadeFrom { input: *input, blocks: Some((0..blocks).map(|block| vec![block]).collect()) }]
        }
        Step::Write { input, .. } => {
            vec![MadeFrom { input: *input, blocks: Some((0..blocks).map(|block| vec![block]).collect()) }]
        }
        other => step_inputs(other).into_iter().map(all).collect(),
    }
}

/// Blocks of an input that a map of blocks names.
fn mapped(map: &BlockMap, block: usize, count: usize) -> Option<Vec<usize>> {
    match map {
        BlockMap::Boxes => None,
        BlockMap::Share { .. } | BlockMap::Runs { .. } => map.run(block, count).map(Iterator::collect),
        _ => Some(map.input_block(block).into_iter().filter(|input| *input < count).collect()),
    }
}

/// For each input the blocks that each block of a map over boxes reads; none where that is not found out.
fn boxes_read(
    graph: &StepGraph,
    id: StepId,
    inputs: &[(StepId, BlockMap)],
    kernel: &dyn Kernel,
) -> Option<Vec<Vec<Vec<usize>>>> {
    let node = graph.node(id);
    let chunks = node.grid.chunks().filter(|chunks| largest_block(chunks) <= MOST_ELEMENTS)?;
    if chunks.blocks() > MOST_BLOCKS || !inputs.iter().any(|(_, map)| *map == BlockMap::Boxes) {
        return None;
    }
    let mut read = vec![Vec::with_capacity(chunks.blocks()); inputs.len()];
    for block in 0..chunks.blocks() {
        let noted = noted(graph, inputs, kernel, &chunks.region(block)).ok()?;
        for (place, ((input, _), regions)) in inputs.iter().zip(noted).enumerate() {
            let below = graph.node(*input).grid.chunks()?;
            let mut blocks: Vec<usize> = regions.iter().flat_map(|region| below.touching(region)).collect();
            blocks.sort_unstable();
            blocks.dedup();
            read[place].push(blocks);
        }
    }
    Some(read)
}

type Log = Arc<Mutex<Vec<Region>>>;

/// The boxes that a kernel asks each input for when it is asked for a box.
fn noted(
    graph: &StepGraph,
    inputs: &[(StepId, BlockMap)],
    kernel: &dyn Kernel,
    region: &Region,
) -> Result<Vec<Vec<Region>>> {
    let logs: Vec<Log> = inputs.iter().map(|_| Log::default()).collect();
    let readers = inputs.iter().zip(&logs).map(|((input, _), log)| -> Result<Box<dyn TileReader>> {
        Ok(Box::new(Zeros { dtype: element_type(&graph.node(*input).schema)?, log: log.clone() }))
    });
    let mut reader = kernel.open_tiles(readers.collect::<Result<_>>()?, &TaskContext::default())?;
    for tile in region.tiles() {
        reader.read(&tile)?;
    }
    let taken = |log: &Log| std::mem::take(&mut *log.lock().unwrap_or_else(PoisonError::into_inner));
    Ok(logs.iter().map(taken).collect())
}

/// Zeros that note which of them were read.
struct Zeros {
    dtype: DType,
    log: Log,
}

impl TileReader for Zeros {
    fn read(&mut self, region: &Region) -> Result<Tensor> {
        self.log.lock().unwrap_or_else(PoisonError::into_inner).push(region.clone());
        Ok(TensorMut::zeros(self.dtype.clone(), region.shape.clone())?.freeze())
    }
}
